"""The first start on a runner, when what the action needs has to be installed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, packages_name
from wrappers.machine import LOCK, PYTHON, ROOT, SITE_PACKAGES, Machine, load, states, writable_copy

PACKAGES = load(ROOT / "wrapper" / "packages.py")


def _wheel(folder: Path, name: str) -> Path:
    """A wheel with one module, as a package index would have it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def small(machine: Machine, tmp_path: Path) -> Runner:
    """An action that needs one small package, which a folder offers; ``environment`` is a command that needs none."""
    wheel = _wheel(tmp_path / "index", "small_package")
    action = writable_copy(ROOT, tmp_path / "_actions" / "v1")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (action / "requirements" / "runtime.txt").write_text(f"small-package==1.0 --hash=sha256:{digest}\n")
    env: dict[str, str] = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "JIRA_CI_ENVIRONMENT": "Prod"}
    return Runner(machine, action, env=env)


def _installed(runner: Runner) -> list[str]:
    """What the tool cache holds, one name for each folder of packages."""
    return sorted(path.name for path in (runner.tool_cache / "jira-ci").iterdir())


def test_the_first_start_installs_and_the_second_does_not(small: Runner) -> None:
    first = small.run(command="environment")
    assert first.code == 0, first.log
    assert "Installing what jira-ci needs" in first.log
    name = packages_name(small.action / "requirements" / "runtime.txt")
    assert _installed(small) == [name]
    assert (small.tool_cache / "jira-ci" / name / "small_package.py").is_file()
    small.env = {"JIRA_CI_ENVIRONMENT": "Prod"}
    second = small.run(command="environment")
    assert second.code == 0, second.log
    assert "Installing" not in second.log


def test_jobs_that_start_at_once_do_each_other_no_harm(small: Runner) -> None:
    started = [small.start({"command": "environment"}) for _ in range(3)]
    steps = [small.finish(*one) for one in started]
    assert [step.code for step in steps] == [0, 0, 0], steps
    assert _installed(small) == [packages_name(small.action / "requirements" / "runtime.txt")]


def test_another_lock_gets_another_folder(small: Runner) -> None:
    lock = small.action / "requirements" / "runtime.txt"
    before = packages_name(lock)
    lock.write_text(lock.read_text() + "# changed\n")
    assert packages_name(lock) != before


@pytest.mark.parametrize(
    ("variables", "config"),
    [
        ({"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1"}, ""),
        ({"PIP_TARGET": "/nonexistent/target", "PIP_PREFIX": "/nonexistent", "PIP_ROOT": "/nonexistent"}, ""),
        ({"PIP_CONSTRAINT": "/nonexistent", "PIP_DRY_RUN": "1", "PIP_PYTHON": "/nonexistent"}, ""),
        ({"PIP_NO_BINARY": ":all:", "PIP_LOG": "/nonexistent/log", "PIP_ISOLATED": "1"}, ""),
        ({}, "[global]\nrequire-virtualenv = true\n[install]\nuser = true\nprefix = /nonexistent\n"),
        ({}, "[install]\ntarget = /nonexistent/target\nno-binary = :all:\ndry-run = true\n"),
        ({}, "this is no configuration"),
    ],
)
def test_pip_settings_of_the_user_break_nothing(variables: dict[str, str], config: str, small: Runner) -> None:
    _configure_pip(small, config)
    small.env = {**small.env, **variables}
    step = small.run(command="environment")
    assert step.code == 0, step.log


@pytest.mark.parametrize("named", [False, True])
def test_a_mirror_that_only_a_configuration_file_names_is_used(named: bool, small: Runner) -> None:
    links = small.env["PIP_FIND_LINKS"]
    config = f"[global]\nfind-links = /nonexistent\n[install]\nno-index = true\nfind-links = {links}\n"
    file = _configure_pip(small, config)
    small.env = {"JIRA_CI_ENVIRONMENT": "Prod"}
    if named:
        file = file.rename(small.machine.folder / "pip.ini")
        small.env["PIP_CONFIG_FILE"] = str(file)
    step = small.run(command="environment")
    assert step.code == 0, step.log


def _configure_pip(runner: Runner, text: str) -> Path:
    file = runner.machine.home / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_pip_in_the_checkout_is_not_run(small: Runner) -> None:
    small.machine.poison()
    small.env = {**small.env, "PYTHONPATH": str(small.machine.workspace)}
    assert small.run(command="environment").code == 0
    assert small.machine.poisoned() == ""


def test_a_python_without_pip_makes_itself_one(small: Runner) -> None:
    home = small.machine.folder / "bare"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", home], check=True)
    small.machine.script("python3", f'exec "{home}/bin/python3" "$@"')
    step = small.run(command="environment")
    assert step.code == 0, step.log
    assert len(_installed(small)) == 1


def test_a_file_with_another_hash_is_refused(small: Runner) -> None:
    wheel = _wheel(Path(small.env["PIP_FIND_LINKS"]), "small_package")
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    step = small.run(command="environment")
    assert step.code == 7
    assert "HASH" in step.log.upper()
    assert _installed(small) == []


def test_a_lock_without_hashes_is_refused(small: Runner) -> None:
    (small.action / "requirements" / "runtime.txt").write_text("small-package==1.0\n")
    assert small.run(command="environment").code == 7
    assert _installed(small) == []


UNREACHABLE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nonexistent"}


def test_a_report_that_cannot_start_fails_open(machine: Machine, sandbox: Sandbox) -> None:
    step = Runner(machine, env=UNREACHABLE).run(environment="Prod")
    assert step.code == 0
    assert "::warning title=jira-ci::Not reported: pip could not install what jira-ci needs" in step.log
    assert states(sandbox) == []


def test_a_report_that_cannot_start_fails_the_job_where_that_is_wanted(machine: Machine) -> None:
    step = Runner(machine, env=UNREACHABLE).run(environment="Prod", on_error="fail")
    assert step.code == 7
    assert "::error title=jira-ci::pip could not install" in step.log


@pytest.mark.parametrize("command", ["check", "keys", "gate"])
def test_whatever_is_no_report_fails_closed(command: str, machine: Machine) -> None:
    assert Runner(machine, env=UNREACHABLE).run(command=command).code == 7


def test_a_wrong_setting_is_said_even_then(machine: Machine) -> None:
    step = Runner(machine, env=UNREACHABLE).run(timeout="soon")
    assert step.code == 2
    assert "timeout (the input timeout) is 'soon'" in step.log


def test_a_tool_cache_that_is_no_folder_is_replaced_by_the_temporary_one(small: Runner) -> None:
    small.tool_cache = small.machine.folder / "file"
    small.tool_cache.touch()
    step = small.run(command="environment")
    assert step.code == 0, step.log
    assert [path.name for path in (small.machine.temp / "jira-ci").iterdir()]


@pytest.mark.parametrize(
    ("listing", "found"),
    [
        ("", {}),
        ("global.index-url='https://a'", {"PIP_INDEX_URL": "https://a"}),
        ("install.index-url='https://b'\nglobal.index-url='https://a'", {"PIP_INDEX_URL": "https://b"}),
        ("global.extra-index-url='https://a\\nhttps://b'", {"PIP_EXTRA_INDEX_URL": "https://a\nhttps://b"}),
        ('global.proxy="http://it\'s"', {"PIP_PROXY": "http://it's"}),
        ("global.target='/x'\ninstall.user='true'\ndownload.index-url='https://c'", {}),
        (":env:.index-url='https://d'", {}),
    ],
)
def test_of_pip_s_configuration_only_where_packages_come_from_is_kept(listing: str, found: dict[str, str]) -> None:
    assert PACKAGES.listed(listing) == found


def test_the_locked_dependencies_can_be_installed(machine: Machine, tmp_path: Path, sandbox: Sandbox) -> None:
    line = next(line for line in LOCK.read_text().splitlines() if line.startswith("idna=="))
    package = line.split(" ")[0].rstrip("\\ ")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path / "x"), package]
    if subprocess.run(download, capture_output=True, timeout=60).returncode:
        pytest.skip("no package index can be reached from here")
    step = Runner(machine, env=_reachable()).run(environment="Prod")
    assert step.code == 0, step.log
    assert states(sandbox) == ["successful"]
    assert str(SITE_PACKAGES) not in step.log


def _reachable() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_")) or "_proxy" in name}
