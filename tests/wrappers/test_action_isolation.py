"""The action's own environment: what surrounds it changes nothing in it, and it changes nothing around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner
from wrappers.machine import PYTHON, ROOT, SITE_PACKAGES, Machine, states, writable_copy


def test_modules_in_the_checkout_are_not_imported(runner: Runner, sandbox: Sandbox) -> None:
    runner.machine.poison()
    workspace = str(runner.machine.workspace)
    runner.env = {
        "PYTHONPATH": workspace,
        "PYTHONSTARTUP": f"{workspace}/json.py",
        "PYTHONHOME": workspace,
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONIOENCODING": "ascii:strict",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": workspace,
        "VIRTUAL_ENV": workspace,
    }
    step = runner.run(environment="Prod")
    assert step.code == 0, step.log
    assert states(sandbox) == ["successful"]
    assert runner.machine.poisoned() == ""


def test_a_python_of_the_user_with_site_packages_of_its_own_changes_nothing(runner: Runner, sandbox: Sandbox) -> None:
    venv = runner.machine.folder / "venv"
    library = venv / "lib" / PYTHON.name / "site-packages"
    library.mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "bin" / "python3").symlink_to(PYTHON)
    (venv / "pyvenv.cfg").write_text(f"home = {PYTHON.parent}\n")
    trace = runner.machine.folder / "poisoned"
    (library / "evil.pth").write_text(f"import os; open({str(trace)!r}, 'a').write('pth ')\n")
    (library / "requests.py").write_text(f"open({str(trace)!r}, 'a').write('requests ')\n")
    runner.machine.script("python3", f'exec "{venv}/bin/python3" "$@"')
    assert runner.run(environment="Prod").code == 0
    assert states(sandbox) == ["successful"]
    assert runner.machine.poisoned() == ""


def test_nothing_is_left_behind_but_the_files_the_runner_gave(runner: Runner, tmp_path: Path) -> None:
    runner.action = writable_copy(ROOT, tmp_path / "_actions" / "a b")
    runner.machine.commit("WEB-7 first")
    folders = [runner.action, runner.machine.workspace, runner.machine.home, runner.tool_cache]
    before = [runner.machine.files(folder) for folder in folders]
    assert runner.run(environment="Prod").code == 0
    assert [runner.machine.files(folder) for folder in folders] == before


def test_a_read_only_action_and_home_are_enough(runner: Runner, tmp_path: Path, sandbox: Sandbox) -> None:
    runner.action = writable_copy(ROOT, tmp_path / "_actions" / "v1")
    folders = [path for path in (runner.action, *runner.action.rglob("*"), runner.machine.home) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert runner.run(environment="Prod").code == 0
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert states(sandbox) == ["successful"]


def test_dependencies_that_came_with_the_action_are_used(machine: Machine, tmp_path: Path, sandbox: Sandbox) -> None:
    runner = Runner(machine, writable_copy(ROOT, tmp_path / "_actions" / "v1"))
    (runner.action / "vendor").symlink_to(SITE_PACKAGES)
    step = runner.run(environment="Prod")
    assert step.code == 0, step.log
    assert states(sandbox) == ["successful"]
    assert machine.files(runner.tool_cache) == []


def _too_old(machine: Machine, name: str, version: str) -> None:
    """Python 2 knows no -I, and tells its version on the error output."""
    answer = f"-V) echo Python {version} >&2; exit 0" if version.startswith("2.") else f"-I) echo {version}; exit 0"
    machine.script(name, f'case "$1" in {answer};; esac; echo "ran an old Python" >&2; exit 97')


def test_no_python_is_one_clear_sentence_and_stops_no_report(runner: Runner) -> None:
    (runner.machine.bin / "python3").unlink()
    step = runner.run(environment="Prod")
    assert step.code == 0
    wanted = "::warning title=jira-ci::Not reported: jira-ci needs Python 3.10 or newer, and found none on PATH."
    assert step.log.startswith(wanted)
    assert len(step.log.splitlines()) == 1


@pytest.mark.parametrize("output", ["", "/nonexistent/output"])
def test_a_gate_without_python_denies_even_where_outputs_cannot_be_written(output: str, runner: Runner) -> None:
    (runner.machine.bin / "python3").unlink()
    runner.env = {"GITHUB_OUTPUT": output} if output else {}
    step = runner.run(command="gate", environment="Prod")
    assert step.code == (7 if output else 2)
    assert "jira-ci needs Python 3.10 or newer, and found none on PATH." in step.log
    assert "::error title=jira-ci::" in step.log
    assert step.outputs["approved"] == ("" if output else "false")


def test_a_python_that_is_too_old_is_named(runner: Runner) -> None:
    _too_old(runner.machine, "python3", "3.9")
    _too_old(runner.machine, "python", "2.7.18")
    step = runner.run(environment="Prod", on_error="fail")
    assert step.code == 2
    assert "and found only: python3 is 3.9, python is 2.7.18." in step.log
    assert len(step.log.splitlines()) == 1


@pytest.mark.parametrize("name", ["python", "python3.14", "python3.10"])
def test_a_better_python_under_another_name_is_found(name: str, runner: Runner, sandbox: Sandbox) -> None:
    _too_old(runner.machine, "python3", "3.6")
    runner.machine.link(name, PYTHON)
    assert runner.run(environment="Prod").code == 0
    assert states(sandbox) == ["successful"]


@pytest.mark.parametrize(
    "place",
    ["bin", "./bin", "plain", "linked", ".", "", "../workspace/bin"],
    ids=["absolute", "relative", "by its name", "a link to it", "the folder itself", "an empty entry", "by a detour"],
)
@pytest.mark.parametrize("bits", ["exit 0", "echo 3.12; echo is for jira-ci; exit 0"])
def test_a_python_that_a_branch_brings_is_not_even_asked(
    place: str, bits: str, runner: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    machine = runner.machine
    theirs = machine.workspace if place in ("", ".") else machine.workspace / "bin"
    theirs.mkdir(exist_ok=True)
    for name in ("python3", "python"):
        (theirs / name).write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n{bits}\n")
        (theirs / name).chmod(0o755)
    (tmp_path / "linked").symlink_to(theirs)
    found = {"bin": str(theirs), "linked": str(tmp_path / "linked"), "plain": "bin"}.get(place, place)
    runner.env = {"PATH": f"{found}:{machine.bin}", "CDPATH": str(machine.folder)}  # where another bin is
    step = runner.run(environment="Prod")
    assert step.code == 0, step.log
    assert states(sandbox) == ["successful"]
    assert not (tmp_path / "ran").exists()


def test_no_python_but_that_of_the_checkout_is_said(runner: Runner) -> None:
    (runner.machine.bin / "python3").rename(runner.machine.workspace / "python3")
    runner.env = {"PATH": f"{runner.machine.workspace}:{runner.machine.bin}"}
    assert "found none on PATH (what is in the checkout is not used)." in runner.run(environment="Prod").log


def test_what_the_job_exports_reaches_what_it_deploys_with(gated: Runner, sandbox: Sandbox) -> None:
    gated.env = {"python": "p", "version": "2.3.1", "name": "n", "found": "f", "old": "o"}
    step = gated.run(command="deploy", environment="Dev", script='echo "$python $version $name $found $old"\r\n\r\n')
    assert step.code == 0, step.log
    assert "p 2.3.1 n f o\n" in step.log


def test_a_name_that_only_fails_is_passed_over(runner: Runner, sandbox: Sandbox) -> None:
    runner.machine.script("python3", 'echo "pyenv: python3: command not found" >&2; exit 127')
    runner.machine.link("python3.10", PYTHON)
    assert runner.run(environment="Prod").code == 0
    assert states(sandbox) == ["successful"]
