"""The live line where people see it: the real command in a real pseudo-terminal, against the sandbox."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

import scenes
from gate_jobs import POLICY, Scene, commit, scene
from gate_subjects import TITLE
from jira_sandbox.accounts import Person
from jira_sandbox.desk.change_issue import Stage
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from terminals import Screen, Terminal

LIVE = r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏|/\\-] (\d+m )?\d+s(\x1b\[0m)?  "
CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]|\r(?!\n)")
COLOUR = re.compile(r"\x1b\[[\d;]*m")

Start = Callable[..., Terminal]


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    """A job that may ask the gate and report, outside of any CI."""
    made = scene(tmp_path, sandbox)
    made.job.environ = {name: text for name, text in made.job.environ.items() if not name.startswith("GITHUB_")}
    made.job.environ |= {**scenes.reach(sandbox), "GIT_CONFIG_GLOBAL": os.devnull}
    return made


@pytest.fixture
def start(here: Scene) -> Iterator[Start]:
    """Starts ``jira-ci deploy`` at a terminal; variables as keywords."""
    started: list[Terminal] = []

    def begin(
        *flags: str,
        program: str = "print('deploying')",
        width: int = 80,
        stdout: IO[bytes] | None = None,
        **environ: str,
    ) -> Terminal:
        ours = ["deploy", "--environment", "Prod", "--version", "1.2.3", "--issue-keys", "WEB-12", "--interval", "1s"]
        command = [sys.executable, "-I", "-m", "jira_ci", *ours, "--wait", "10m", *flags]
        started.append(
            Terminal(
                [*command, "--", sys.executable, "-I", "-c", program],
                folder=here.job.folder,
                environ={**here.job.environ, **environ},
                width=width,
                stdout=stdout,
            )
        )
        return started[-1]

    yield begin
    for terminal in started:
        terminal.kill()


def waiting(here: Scene) -> str:
    """The key of a change that waits for Ana."""
    trials = here.sandbox.desk
    key = str(trials.create(TITLE).key)
    trials.transition(key, "Authorize")
    return key


def approve(here: Scene, key: str) -> None:
    here.sandbox.desk.approve(key)
    here.sandbox.desk.transition(key, "Implementing")


def test_it_shows_what_is_waited_for_and_leaves_nothing_behind(here: Scene, start: Start) -> None:
    key = waiting(here)
    terminal = start(width=200, program="import sys; print(sys.stdout.isatty(), sys.stdin.isatty())")
    for _ in range(3):  # it goes on by itself
        terminal.until_shown(rf"{LIVE}{key} waits in Authorize for Ana Souza · asked again in \d+ s")
    approve(here, key)
    assert terminal.end() == 0
    shown = terminal.screen.lines
    assert [line for line in shown if re.search(LIVE, line)] == []
    assert shown[0].startswith(
        f"{key} is in Authorize, and waits for approval: Authorize (Ana Souza) must answer in Jira."
    )
    assert any(line.startswith(f"Proceed: {key} is in Implementing") for line in shown)
    assert "True True" in shown
    theirs = terminal.raw.split("Proceed", 1)[1]
    assert CONTROL.sub("", theirs) == COLOUR.sub("", theirs)  # from then on the terminal is the command's
    assert terminal.raw.count("\x1b[?7l") == terminal.raw.count("\x1b[?7h")
    assert "\x1b[?25l" not in terminal.raw  # nobody hid the cursor
    assert "\x1b[33min_progress\x1b[0m: WEB-12" in theirs


def test_a_question_without_an_answer_does_not_stop_the_line(here: Scene, start: Start) -> None:
    key, asked = waiting(here), []

    def before(request: Request) -> Answer | None:
        asked.append(request.path)
        return Answer(503) if len(asked) > 8 else None

    here.sandbox.before = before
    terminal = start(width=200)
    terminal.until_shown(rf"{LIVE}{key} waits .* · asked again")
    for _ in range(2):
        terminal.until_shown(rf"{LIVE}.* · Jira is asked")


@pytest.mark.parametrize(
    ("environ", "live", "colours"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
        ({"CI": "true"}, False, True),
        ({"CI": "true", "NO_COLOR": "1"}, False, False),
    ],
)
def test_the_environment_decides_what_a_terminal_gets(
    here: Scene, start: Start, environ: dict[str, str], live: bool, colours: bool
) -> None:
    key = waiting(here)
    terminal = start("--wait", "4s", **environ)
    assert terminal.end() == 4
    assert bool(re.search(LIVE, terminal.raw)) == live
    assert ("\r\x1b[?7l" in terminal.raw) == live
    assert bool(COLOUR.search(terminal.raw)) == colours
    assert ("\x1b[31merror\x1b[0m: \x1b[33mWait\x1b[0m: " in terminal.raw) == colours
    assert f"error: Wait: {key}" in "".join(terminal.screen.lines)


@pytest.mark.parametrize(("forced", "colours"), [("", False), ("1", True)])
def test_a_pipe_or_a_file_gets_lines(here: Scene, start: Start, tmp_path: Path, forced: str, colours: bool) -> None:
    key = waiting(here)
    with (tmp_path / "out").open("wb") as file:
        terminal = start("--wait", "4s", stdout=file, FORCE_COLOR=forced)
        assert terminal.end() == 4
    written = (tmp_path / "out").read_text(encoding="utf-8")
    assert written.count("\n") == len(written.splitlines()) == 2
    assert not {"\x1b", "\r"} & set(written)
    assert not re.search(LIVE, terminal.raw)
    assert COLOUR.search(terminal.raw)  # stderr is the terminal, and says why
    approve(here, key)
    with (tmp_path / "out").open("wb") as file:
        assert start(stdout=file, FORCE_COLOR=forced).end() == 0
    assert ("\x1b[32mProceed\x1b[0m" in (tmp_path / "out").read_text(encoding="utf-8")) == colours


def test_with_json_it_is_on_stderr(here: Scene, start: Start, tmp_path: Path) -> None:
    key = waiting(here)
    with (tmp_path / "out").open("wb") as file:
        terminal = start("--format", "json", width=200, stdout=file)
        terminal.until_shown(rf"{LIVE}{key} waits in Authorize")
        approve(here, key)
        assert terminal.end() == 0
    assert scenes.Ended(0, (tmp_path / "out").read_text(encoding="utf-8"), "").json["decision"] == "proceed"
    assert not re.search(LIVE, "\n".join(terminal.screen.lines))


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "waits in Authorize for Ana Souza · asked again"),
        ({"PYTHONIOENCODING": "ascii"}, "waits in Authorize for Ana Souza - asked again"),
    ],
)
def test_the_command_gate_shows_it_too(here: Scene, environ: dict[str, str], words: str) -> None:
    key = waiting(here)
    gate = ["gate", "--environment", "Prod", "--version", "1.2.3", "--wait", "10m", "--interval", "1s"]
    command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", "-m", "jira_ci", *gate]
    terminal = Terminal(command, folder=here.job.folder, environ={**here.job.environ, **environ}, width=200)
    try:
        terminal.until_shown(rf"{LIVE}{key} {words}")
        here.sandbox.desk.decline(key)
        assert terminal.end() == 3
    finally:
        terminal.kill()
    assert terminal.raw.isascii() == bool(environ)
    assert terminal.screen.lines[-2].startswith(f"error: Denied: {key} is in Authorize, and was declined")
    assert "\x1b[31mDenied\x1b[0m" in terminal.raw


def test_ctrl_c_leaves_the_line_clean(here: Scene, start: Start) -> None:
    waiting(here)
    terminal = start(width=200)
    terminal.until_shown(LIVE)
    terminal.type("\x03")
    assert terminal.end() == 130
    shown = terminal.screen.lines
    assert [line for line in shown if re.search(LIVE, line) or "^C" in line] == []
    assert "The command was not started: signal 2 came." in shown
    assert shown[-1] == ""


def test_ctrl_z_takes_the_line_away_until_the_command_goes_on(here: Scene, start: Start) -> None:
    key = waiting(here)
    terminal = start(width=400)
    terminal.until_shown(LIVE)
    terminal.type("\x1a")
    terminal.until_shown(r"\[stopped\]")
    assert terminal.screen.lines[1:3] == ["[stopped]", ""]
    terminal.type("fg\n")
    terminal.until_shown(rf"{LIVE}{key}")
    terminal.type("\x1a")  # once more
    terminal.until_shown(r"\[stopped\]")
    terminal.type("bg\n")
    asked = len(here.sandbox.exchanges)
    terminal.until(lambda: len(here.sandbox.exchanges) > asked + 3)
    in_background = terminal.raw.rpartition("[stopped]")[2]
    assert not re.search(LIVE, in_background)
    approve(here, key)
    assert terminal.end() == 0
    assert "\x1b[32mProceed\x1b[0m" in terminal.raw.rpartition("[stopped]")[2]


def test_it_follows_the_width_of_the_window(here: Scene, start: Start) -> None:
    key = waiting(here)
    terminal = start(width=200, COLUMNS="500")
    terminal.until_shown(rf"{LIVE}{key} waits in Authorize for Ana Souza · asked again in \d+ s\x1b\[J")
    terminal.resize(24)
    terminal.until_shown(rf"{LIVE}{key} [a-z ]*…\x1b\[J")
    narrow = terminal.raw.rpartition("\r\x1b[?7l")[2].partition("\x1b[J")[0]
    assert len(COLOUR.sub("", narrow)) == 23
    terminal.resize(0)  # nobody knows
    terminal.until_shown(rf"{LIVE}{key} waits in Authorize for Ana Souza")


def test_names_of_strangers_are_inert(here: Scene, start: Start) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\r\x9b31m\u202e変更\n::error::"
    commit(here.job, POLICY.format(site=here.sandbox.address, more='wait-statuses: ["10102"]'))
    desk = here.sandbox.site.desk
    mallory = desk.people.add(Person("id-of-mallory", "mallory", f"Mallory {evil}", "m@example.com"))
    desk.stages = (Stage("Authorize", (mallory.account,)),)
    key = waiting(here)
    desk.workflow.rename("Authorize", f"Au{evil}")
    terminal = start(width=250)
    harmless = re.escape("\\x1b[2J\\x1b]0;owned\\x07\\r\\x9b31m\\u202e変更\\n::error::")
    terminal.until_shown(rf"{LIVE}{key} waits in Au{harmless} for Mallory {harmless} · ")
    terminal.resize(30)
    terminal.until_shown(rf"{LIVE}{key} [^\n]*…\x1b\[J")
    terminal.type("\x03")
    assert terminal.end() == 130
    Screen(250).feed(terminal.raw)  # which refuses every other control
