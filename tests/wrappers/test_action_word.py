"""A step of the action ends well only when jira-ci itself said so, whatever is started in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gate_subjects import approved
from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner
from wrappers.machine import EVERY_SHELL, PYTHON, ROOT, Machine, states, writable_copy

COMMANDS = [("gate", 7), ("deploy", 7), ("check", 7), ("report", 0), ("deployment", 0), ("", 0)]
DENIED = {"decision": "deny", "approved": "false", "reason": "The gate was not asked."}
ASKED = f'case "$*" in *"for jira-ci"*) exec "{PYTHON}" "$@";; esac'
"""Answers like a Python when it is asked whether it is one."""
PYTHONS = {
    "answers 0 to everything": f"{ASKED}; exit 0",
    "fails": f"{ASKED}; echo Traceback >&2; exit 1",
    "is killed": f"{ASKED}; kill -9 $$",
    "says yesterday's word": f'{ASKED}; echo "word=jira-ci 1-1 0" >> "$GITHUB_OUTPUT"',
    "says another end": f'{ASKED}; echo "word=jira-ci $JIRA_CI_WORD 4" >> "$GITHUB_OUTPUT"',
    "fails after a good word": f'{ASKED}; echo "word=jira-ci $JIRA_CI_WORD 0" >> "$GITHUB_OUTPUT"; exit 1',
    "says no number": f'{ASKED}; echo "word=jira-ci $JIRA_CI_WORD x" >> "$GITHUB_OUTPUT"; exit 1',
    "says that it proceeds": f'{ASKED}; [ $7 = report ] || echo decision=proceed >> "$GITHUB_OUTPUT"',
}


def _ends(runner: Runner, command: str, code: int) -> str:
    given = {"script": "touch deployed"} if command == "deploy" else {}
    step = runner.run(command=command, environment="Prod", **given)
    assert step.code == code, step.log
    assert {name: step.outputs[name] for name in DENIED} == (DENIED if command in ("gate", "deploy") else NOTHING)
    kind = "error title=jira-ci::" if code else "warning title=jira-ci::Not reported: "
    assert [line.startswith(f"::{kind}") for line in step.log.splitlines()].count(True) == 1, step.log
    assert not (runner.machine.workspace / "deployed").exists()
    return step.log


NOTHING = dict.fromkeys(DENIED, "")


@pytest.mark.parametrize("what", PYTHONS)
@pytest.mark.parametrize(("command", "code"), [("gate", 7), ("deploy", 7), ("report", 0)])
def test_what_is_not_jira_ci_opens_no_gate_and_stops_no_report(
    command: str, code: int, what: str, runner: Runner
) -> None:
    runner.machine.script("python3", PYTHONS[what])
    _ends(runner, command, code)


@pytest.mark.parametrize("shell", EVERY_SHELL)
@pytest.mark.parametrize(("command", "code"), COMMANDS)
def test_every_shell_and_every_command(command: str, code: int, shell: str, tmp_path: Path) -> None:
    runner = Runner(Machine(tmp_path / "a runner", shell))
    runner.machine.script("python3", PYTHONS["answers 0 to everything"])
    _ends(runner, command, code)


def _emptied(path: Path) -> None:
    path.write_text("")


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "nothing": Path.unlink,
    "an empty file": _emptied,
    "half of it": _half,
    "a folder": _folder,
    "an error page": lambda path: path.write_text("<html><body>502 Bad Gateway</body></html>"),
    "a pointer of Git LFS": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n"),
    "bytes that run": lambda path: path.write_text("None\n"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", ["wrapper/find-python.sh", "wrapper/launch.py", "src/jira_ci/cli.py"])
def test_half_of_a_download_opens_no_gate_and_stops_no_report(
    file: str, damage: str, runner: Runner, tmp_path: Path
) -> None:
    runner.action = writable_copy(ROOT, tmp_path / "_actions" / "v1")
    DAMAGE[damage](runner.action / file)
    _ends(runner, "gate", 7)
    _ends(runner, "report", 0)


@pytest.mark.parametrize("answer", ["exit 0", "echo 3.12; exit 0", "echo yes; exit 0", "echo 3.12; echo has no json"])
def test_what_answers_yes_to_everything_is_no_python(answer: str, runner: Runner) -> None:
    runner.machine.script("python3", answer)
    said = [_ends(runner, command, min(code, 2)) for command, code in COMMANDS]
    assert all("jira-ci needs Python 3.10 or newer" in log for log in said)


def test_a_python_without_its_library_is_named(runner: Runner) -> None:
    # As Debian's python3-minimal has it: it starts, and finds no json.
    code = f"""exec "{PYTHON}" -I -S -c "import sys; sys.modules['json'] = None\n$4" """
    runner.machine.script("python3", f'case "$*" in *"for jira-ci"*) {code};; esac; exit 1')
    for command, end in (("gate", 2), ("report", 0)):
        assert "found only: python3 has no complete library." in _ends(runner, command, end)


@pytest.mark.parametrize("shell", EVERY_SHELL)
def test_without_cut_printf_and_the_like_it_reports(shell: str, tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(tmp_path / "a runner", shell)
    machine.uses(sandbox)
    runner = Runner(machine)
    runner.has_packages()
    runner.machine.commit("WEB-7 first")
    needed = ("git", "sh", "echo", "[", "python3")  # yash takes echo and [ from PATH
    for name in [path.name for path in machine.bin.iterdir() if path.name not in needed]:
        (machine.bin / name).unlink()
    assert runner.run(environment="Prod").code == 0
    assert states(sandbox) == ["successful"]


def test_a_word_is_no_business_of_what_is_deployed(gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    step = gated.run(command="deploy", environment="Prod", version="1.2.3", script="env > seen")
    assert step.code == 0, step.log
    assert "JIRA_CI_WORD" not in (gated.machine.workspace / "seen").read_text(encoding="utf-8")
