"""``jira-ci.pyz`` on every Python: without pip, site-packages, a writable folder beside it, or a network but Jira's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from jira_ci import __version__
from jira_sandbox.server import Sandbox
from releases.pythons import each
from wrappers.machine import PYTHON, Machine, states

TOKEN = "t0ken-of-this-job"
_ISOLATED = ("-I", "-S")
_REPORT = ("deployment", "--environment", "Prod", "--state", "success", "--url", "https://ci.example/7")


def _run(machine: Machine, command: Sequence[str | Path], **more: str) -> subprocess.CompletedProcess[str]:
    environ = machine.environ(**{"RUNNER_TEMP": str(machine.temp), "CI_JOB_TOKEN": TOKEN, **more})
    return subprocess.run(
        [str(part) for part in command],
        cwd=machine.workspace,
        env=environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def _kept(machine: Machine) -> Path:
    """The one file of byte code."""
    (folder,) = machine.temp.iterdir()
    (file,) = folder.iterdir()
    return file


@pytest.mark.parametrize("python", each(10, 11, 12, 13, 14))
def test_it_reports_a_deployment(python: str, archive: Path, machine: Machine, sandbox: Sandbox) -> None:
    machine.commit("WEB-7 Sign in with a passkey")
    (machine.workspace / ".jira-ci.yml").write_text("jira: {projects: [WEB]}\nenvironments: {Prod: production}\n")
    for times in (1, 2):
        done = _run(machine, [python, *_ISOLATED, archive, *_REPORT])
        assert done.returncode == 0, done.stdout + done.stderr
        assert states(sandbox) == ["successful"] * times
    assert [path.name for path in archive.parent.iterdir()] == ["jira-ci.pyz"]
    assert machine.files(machine.home) == []


@pytest.mark.parametrize("python", each(10, 11, 12, 13, 14))
def test_what_is_imported_on_use_is_inside(python: str, built: Path) -> None:
    modules = "jira_ci.ci.github_rest, jira_ci.ci.gitlab_comments, yaml, fastjsonschema, defusedxml.ElementTree, jinja2"
    modules += ", jira_sandbox.server"
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import {modules}; print(len(sys.modules))"
    done = subprocess.run([python, "-I", "-S", "-B", "-c", code, built / "jira-ci.pyz"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


@pytest.mark.parametrize("python", each(10, 11, 12, 13, 14))
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("github.PublicKey.encrypt('key', 'secret')", "PyNaCl is native code, which releases of jira-ci do without"),
        ("github.Auth.AppAuth(1, 'key').create_jwt()", "Do you have cryptography installed?"),
    ],
)
def test_what_needs_native_code_says_so(code: str, said: str, python: str, built: Path) -> None:
    vendor = built / "action" / "vendor"
    script = f"import sys; sys.path.insert(0, {str(vendor)!r}); import github.PublicKey, github.Auth; {code}"
    done = subprocess.run([python, "-I", "-S", "-B", "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize("python", each(6, 7, 8, 9))
def test_an_old_python_is_one_sentence(python: str, archive: Path, machine: Machine) -> None:
    done = _run(machine, [python, archive, "--version"])
    assert done.returncode == 2
    minor = Path(python).name.removeprefix("python3.")
    assert done.stderr == f"jira-ci needs Python 3.10 or newer, and this is 3.{minor}.\n"


def test_the_start_on_its_own_leaves_the_user_s_python_out(archive: Path, machine: Machine, sandbox: Sandbox) -> None:
    machine.commit("WEB-7 Sign in with a passkey")
    # Not what Python itself imports before anything of ours, such as os and site.
    machine.poison("json", "argparse", "pip", "venv", "requests", "yaml", "jira_ci")
    more = {"PYTHONPATH": str(machine.workspace), "PYTHONWARNINGS": "error", "PYTHONPYCACHEPREFIX": "here"}
    done = _run(machine, [PYTHON, archive, *_REPORT], **more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(sandbox) == ["successful"]
    assert machine.poisoned() == ""


def test_a_shell_starts_it_by_its_name(archive: Path, machine: Machine) -> None:
    done = _run(machine, [archive, "--version"])
    assert done.stdout == f"jira-ci {__version__}\n"


def test_byte_code_is_kept_once_for_this_user_alone(archive: Path, machine: Machine) -> None:
    before = os.umask(0)
    try:
        _run(machine, [PYTHON, *_ISOLATED, archive, "environment", "Prod"])
    finally:
        os.umask(before)
    file = _kept(machine)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    first = file.stat().st_mtime_ns
    done = _run(machine, [PYTHON, *_ISOLATED, archive, "environment", "Prod"])
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mtime_ns == first, "the second start compiled something"


@pytest.mark.parametrize("damage", [0, 6, 100, "zeros"])
def test_byte_code_that_a_crash_left_damaged_is_made_again(damage: int | str, archive: Path, machine: Machine) -> None:
    command: list[str | Path] = [PYTHON, *_ISOLATED, archive, "environment", "Prod"]
    _run(machine, command)
    file = _kept(machine)
    whole = file.read_bytes()
    file.write_bytes(whole[:damage] if isinstance(damage, int) else whole[:100] + bytes(len(whole) - 100))
    done = _run(machine, command)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_size == len(whole)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files in memory")
@pytest.mark.parametrize("python", each(10, 11, 12, 13, 14))
def test_authorities_are_read_where_no_temporary_file_can_be_made(python: str, built: Path) -> None:
    """Those of certifi, which has OpenSSL read them from a file."""
    code = (
        "import sys, tempfile; sys.path.insert(0, sys.argv.pop(1)); tempfile.tempdir = '/nonexistent'\n"
        "from wrapper import archive, bytecode\n"
        "sys.path_hooks.insert(0, lambda entry: archive.Importer(entry, sys.path[0], bytecode.store('', {})))\n"
        "sys.path_importer_cache.clear()\n"
        "import ssl, requests.certs; context = ssl.create_default_context(cafile=requests.certs.where())\n"
        "print(len(context.get_ca_certs()))"
    )
    done = subprocess.run([python, *_ISOLATED, "-c", code, built / "jira-ci.pyz"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_jobs_that_start_at_once_do_each_other_no_harm(archive: Path, machine: Machine) -> None:
    environ = machine.environ(RUNNER_TEMP=str(machine.temp), CI_JOB_TOKEN=TOKEN)
    command = [str(PYTHON), *_ISOLATED, str(archive), "environment", "Prod"]
    jobs = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(12)]
    assert {job.communicate(timeout=90)[0] for job in jobs} == {'Prod: production (inferred from the word "prod")\n'}
    assert _kept(machine).is_file()


def test_byte_code_that_cannot_be_stored_leaves_nothing_half_written(archive: Path, machine: Machine) -> None:
    command: list[str | Path] = [PYTHON, *_ISOLATED, archive, "environment", "Prod"]
    _run(machine, command)
    file = _kept(machine)
    file.unlink()
    file.mkdir()
    done = _run(machine, command)
    assert (done.returncode, done.stderr) == (0, "")
    assert _kept(machine) == file


def test_another_archive_never_meets_these_files(archive: Path, machine: Machine, tmp_path: Path) -> None:
    _run(machine, [PYTHON, *_ISOLATED, archive, "--version"])
    other = tmp_path / "other.pyz"
    other.write_bytes(b"#!/bin/other\n" + archive.read_bytes())
    assert _run(machine, [PYTHON, *_ISOLATED, other, "--version"]).stdout == f"jira-ci {__version__}\n"
    assert len(list(machine.temp.iterdir())) == 2


def test_where_nothing_can_be_written_it_runs_from_the_archive(
    archive: Path, machine: Machine, sandbox: Sandbox
) -> None:
    machine.commit("WEB-7 Sign in with a passkey")
    (machine.workspace / ".jira-ci.yml").write_text("environments: {Prod: production}\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from wrapper import archive, private; "
        "private.folder = lambda name, environ: ''; sys.exit(archive.run(sys.path[0]))"
    )
    done = _run(machine, [PYTHON, *_ISOLATED, "-c", code, archive, *_REPORT])
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(sandbox) == ["successful"]
    assert machine.files(machine.temp) == []
