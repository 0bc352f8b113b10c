"""Real commands: how they end, how they are told to, and what of ours they do not get."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jira_ci.child_process import CannotStart, Child, exit_code, spelt, without_credentials

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no signals")


def start(folder: Path, program: str, *arguments: str) -> Child:
    """A Python program; its output goes to the file ``out``."""
    out = os.open(folder / "out", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        command = [sys.executable, "-I", "-c", program, *arguments]
        return Child(command, directory=folder, environ=dict(os.environ), stdout=out)
    finally:
        os.close(out)


def said(folder: Path, word: str) -> None:
    """Waits until the command has written this."""
    while word not in (folder / "out").read_text(encoding="utf-8"):
        time.sleep(0.01)


@pytest.mark.parametrize("code", [0, 1, 4, 127, 130, 255])
def test_the_exit_code_is_passed_on_as_it_is(tmp_path: Path, code: int) -> None:
    child = start(tmp_path, f"raise SystemExit({code})")
    assert child.wait(lambda: 0)
    assert child.exit == code


@posix
def test_a_command_that_a_signal_ended_has_a_shells_code(tmp_path: Path) -> None:
    child = start(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert child.wait(lambda: 0)
    assert child.exit == 137


def test_windows_codes_keep_their_32_bits() -> None:
    assert [exit_code(code) for code in (0, 259, 0x7FFFFFFF, 0xC0000005)] == [0, 259, 0x7FFFFFFF, -1073741819]


def test_names_of_variables_keep_their_case_where_python_has_capitals() -> None:
    environ = {"PATH": "p", "TARGET": "prod", "JIRA_CI_STATE": "x"}
    assert spelt(environ, ["Path", "target", "gone"]) == {"Path": "p", "target": "prod", "JIRA_CI_STATE": "x"}


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has programs of several endings")
def test_a_program_that_is_called_cmd_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "ship.cmd").write_text("@exit /b 5\n")
    child = Child(["ship"], directory=tmp_path, environ={**os.environ, "PATH": str(tmp_path)})
    assert child.wait(lambda: 0)
    assert child.exit == 5


def test_arguments_and_directory_arrive_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    odd = ["", "a b", '"', "$HOME", "*", "--", "-x", "ü", "line\nbreak"]
    child = start(folder, "import os, sys; print(sys.argv[1:] + [os.path.basename(os.getcwd())], flush=True)", *odd)
    assert child.wait(lambda: 0)
    assert (folder / "out").read_text(encoding="utf-8") == f"{[*odd, 'a b']}\n"


def test_its_duration_stops_when_it_ends(tmp_path: Path) -> None:
    child = start(tmp_path, "")
    assert child.wait(lambda: 0)
    first = child.seconds
    assert 0 < first == child.seconds


@pytest.mark.parametrize(
    ("name", "content", "mode", "code", "sentence"),
    [
        ("missing", None, 0, 127, "was not found"),
        ("data", "no program", 0o644, 126, "cannot be run: Permission denied"),
        ("script", "#!/nowhere/interpreter\n", 0o755, 127, "first line"),
        ("garbage", "\0\1\2", 0o755, 126, "cannot be run: Exec format error"),
    ],
)
@posix
def test_what_cannot_be_started_is_said_in_one_sentence_with_a_shells_code(
    tmp_path: Path, name: str, content: str | None, mode: int, code: int, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)
    with pytest.raises(CannotStart) as caught:
        Child([str(path)], directory=tmp_path, environ={})
    assert caught.value.exit == code
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_program(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        Child([str(tmp_path)], directory=tmp_path, environ={})
    assert caught.value.exit == 126


def test_an_interruption_ends_the_waiting_and_not_the_command(tmp_path: Path) -> None:
    child = start(tmp_path, "import time; time.sleep(60)")
    assert not child.wait(lambda: 15)
    assert child.exit is None
    child.stop(signal.SIGTERM)
    assert child.exit is not None


_POLITE = """
import signal, sys, time
def bye(number, frame):
    print("told", number, flush=True)
    sys.exit(3)
signal.signal(signal.SIGINT, bye)
signal.signal(signal.SIGTERM, bye)
print("ready", flush=True)
time.sleep(60)
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_signal_that_came_is_passed_on_once(tmp_path: Path, number: signal.Signals) -> None:
    child = start(tmp_path, _POLITE)
    said(tmp_path, "ready")
    child.stop(number)
    assert child.exit == 3
    assert (tmp_path / "out").read_text(encoding="utf-8") == f"ready\ntold {int(number)}\n"


@posix
def test_a_command_that_ignores_sigint_is_told_again(tmp_path: Path) -> None:
    child = start(
        tmp_path, "import signal; signal.signal(2, signal.SIG_IGN)\n" + _POLITE.replace("signal.SIGINT", "30")
    )
    said(tmp_path, "ready")
    child.stop(signal.SIGINT, patience=0.2)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "ready\ntold 15\n"


_DEAF = """
import signal, subprocess, sys, time
for number in (2, 15):
    signal.signal(number, signal.SIG_IGN)
more = int(sys.argv[2])
below = [subprocess.Popen([sys.executable, "-I", "-c", sys.argv[1], sys.argv[1], str(more - 1)])] if more else []
print("ready", more, flush=True)
time.sleep(60)
"""


@posix
def test_a_command_that_ignores_everything_is_killed_with_all_that_it_has_started(tmp_path: Path) -> None:
    child = start(tmp_path, _DEAF, _DEAF, "2")
    for depth in (2, 1, 0):
        said(tmp_path, f"ready {depth}")
    child.stop(signal.SIGTERM, patience=0.2, last=0.2)
    assert child.exit == 137
    assert _group_is_gone(child)


def _group_is_gone(child: Child) -> bool:
    """Whether nobody of the command's group runs, once the system has had its time to end those that were killed; the
    dead may wait for their parent to notice."""
    end = time.monotonic() + 20
    while _runs(str(child.pid)):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _runs(group: str) -> bool:
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return any(line.split()[0] == group and "Z" not in line.split()[1] for line in listed.splitlines())


@posix
def test_what_a_shell_has_started_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "polite.py").write_text(_POLITE, encoding="utf-8")
    out = os.open(tmp_path / "out", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    command = ["/bin/sh", "-c", f"{sys.executable} -I polite.py; true"]
    child = Child(command, directory=tmp_path, environ=dict(os.environ), stdout=out)
    os.close(out)
    said(tmp_path, "ready")
    child.stop(signal.SIGTERM)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "ready\ntold 15\n"


@posix
def test_descriptors_that_the_shell_hands_on_are_the_commands_too(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"handed on")
    os.close(write)
    os.set_inheritable(read, True)
    child = start(tmp_path, f"import os; print(os.read({read}, 100).decode(), flush=True)")
    os.close(read)
    assert child.wait(lambda: 0)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "handed on\n"


SECRET = [
    "JIRA_CI_CLIENT_SECRET",
    "JIRA_CI_INPUT_CLIENT_SECRET",
    "PLUGIN_CLIENT_SECRET",
    "JIRA_CI_TOKEN",
    "JIRA_CI_INPUT_TOKEN",
    "JIRA_CI_HEADERS",
    "JIRA_CI_GITHUB_TOKEN",
    "JIRA_CI_INPUT_GITHUB_TOKEN",
    "JIRA_CI_GITLAB_TOKEN",
    "JIRA_CI_EMEA_TOKEN",
    "JIRA_CI_EMEA_1_CLIENT_SECRET",
    "jira_ci_token",
]
KEPT = [
    "GITHUB_TOKEN",
    "CI_JOB_TOKEN",
    "TOKEN",
    "PLUGIN_TOKEN",
    "MY_JIRA_CI_TOKEN",
    "JIRA_CI_SITE",
    "JIRA_CI_ENVIRONMENT",
    "JIRA_CI_TOKENS_LEFT",
    "PATH",
    "GITHUB_OUTPUT",
]


def test_our_secrets_are_withheld_under_all_their_names_and_nothing_else_is() -> None:
    assert list(without_credentials(dict.fromkeys([*SECRET, *KEPT], "x"))) == KEPT
