"""What is shown: masked, inert, together, and never a reason to fail."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jira_ci.output import console
from jira_ci.output.console import Console, log_of
from jira_ci.output.masking import Masker
from jira_ci.output.terminal import Live
from jira_ci.run import CI

HOSTILE = [
    "::set-output name=decision::proceed",
    "  ::add-mask::x",
    "\u200b::error::x",
    "a\n::stop-commands::x",
    "a\r\n::endgroup::",
    "##[error]x",
    "x ##[add-mask]y",
    "\x1b[0Ksection_start:1:x\r\x1b[0K",
    "%0A::warning::x",
    "a\u2028::b::c",
]


class Screen:
    """A console of two texts."""

    def __init__(self, provider: str = "local", json_format: bool = False, mask: Masker | None = None) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(
            self.out,
            self.err,
            log=log_of(CI(provider)),
            mask=mask or Masker(["hunter2!"]),
            json_format=json_format,
            clock=lambda: 1795237200.9,
        )

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().split("\n")[:-1]


def test_a_block_on_github() -> None:
    screen = Screen("github")
    screen.console.block("Asked x", ["a", "b"])
    assert screen.lines == ["::group::Asked x", "  a", "  b", "::endgroup::"]


def test_blocks_on_gitlab_have_names_of_their_own() -> None:
    screen = Screen("gitlab")
    screen.console.block("one", ["a"])
    screen.console.block("two", [])
    assert screen.lines == [
        "\x1b[0Ksection_start:1795237200:jira_ci_1[collapsed=true]\r\x1b[0Kone",
        "  a",
        "\x1b[0Ksection_end:1795237200:jira_ci_1\r\x1b[0K",
        "\x1b[0Ksection_start:1795237200:jira_ci_2[collapsed=true]\r\x1b[0Ktwo",
        "\x1b[0Ksection_end:1795237200:jira_ci_2\r\x1b[0K",
    ]


def test_a_block_on_a_terminal() -> None:
    screen = Screen()
    screen.console.block("Asked x", ["a"])
    assert screen.lines == ["Asked x", "  a"]


@pytest.mark.parametrize("provider", ["github", "gitlab", "local"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_marker(provider: str, text: str) -> None:
    screen = Screen(provider)
    screen.console.say(text)
    screen.console.block("t", [text])
    screen.console.notice("warning", "x" + text)
    said, _, inside, *rest = [line for line in (screen.out.getvalue() + screen.err.getvalue()).split("\n") if line]
    for line in (said, inside):
        assert not line.strip(" \u200b").startswith("::")
        assert "##[" not in line
        assert not {"\x1b", "\r", "\u2028"} & set(line)
    assert len(rest) == (1 if provider == "local" else 2)
    assert "##[" not in "".join(rest)


def test_in_a_notice_on_github_a_percent_sign_stays_one() -> None:
    screen = Screen("github")
    screen.console.notice("error", "a%0Ab\nc")
    assert screen.lines == ["::error title=jira-ci::a%250Ab\\nc"]


def test_with_json_stdout_holds_one_document_and_nothing_else() -> None:
    for provider in ("github", "gitlab", "local"):
        screen = Screen(provider, json_format=True)
        screen.console.say("a")
        screen.console.block("b", ["c"])
        screen.console.notice("warning", "d")
        screen.console.document({"title": "##[add-mask]x hunter2! ä\ud83d ::x"})
        assert len(screen.lines) == 1
        assert json.loads(screen.lines[0]) == {"title": "##[add-mask]x *** ä\ud83d ::x"}
        assert "##[" not in screen.lines[0]
        assert "d" in screen.err.getvalue()


def test_secrets_are_masked_everywhere() -> None:
    screen = Screen("github")
    screen.console.say("hunter2!")
    screen.console.block("hunter2!", ["hunter2!"])
    screen.console.notice("error", "hunter2!")
    screen.console.document({"hunter2!": "hunter2!"})
    assert "hunter2" not in screen.out.getvalue() + screen.err.getvalue()
    assert screen.out.getvalue().count("***") == 6


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("stream", [None, Full()], ids=["closed from the beginning", "full disk"])
def test_a_stream_that_takes_nothing_fails_nothing(stream: Any) -> None:
    console = Console(stream, stream, log=log_of(CI.GITHUB), mask=Masker(), json_format=False, clock=lambda: 0.0)
    console.say("a")
    console.block("b", ["c"])
    console.notice("error", "d")
    console.document({})


def test_a_closed_stream_fails_nothing() -> None:
    screen = Screen()
    screen.out.close()
    screen.console.say("a")


def test_what_the_encoding_does_not_know_is_written_as_an_escape() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii", newline="\n") as stream:
        Console(stream, None, log=log_of(None), mask=Masker(), json_format=False, clock=lambda: 0.0).say("ä → x")
        assert raw.getvalue() == b"\\xe4 \\u2192 x\n"


def test_a_reader_that_went_away_changes_neither_exit_code_nor_stderr() -> None:
    code = (
        "import sys, time\n"
        "from jira_ci.output.console import Console\nfrom jira_ci.output.console import log_of\n"
        "from jira_ci.output.masking import Masker\n"
        "sys.stdin.read()\n"
        "c = Console(sys.stdout, sys.stderr, log=log_of(None), mask=Masker(), json_format=False, clock=time.time)\n"
        "for n in range(1000): c.say('x' * 1000)\n"
        "sys.exit(7)\n"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env=buffered,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    with child, child.stderr:
        child.stdout.close()
        child.stdin.close()
        assert child.stderr.read() == b""
        assert child.wait(60) == 7


def test_blocks_of_two_threads_do_not_mingle() -> None:
    screen = Screen("github")
    together = threading.Barrier(2, timeout=10)

    def lines(name: str) -> Iterator[str]:
        for number in range(50):
            if number == 25:
                together.wait()
            yield f"{name}{number}"

    threads = [threading.Thread(target=screen.console.block, args=(name, lines(name))) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    shown = [line.strip() for line in screen.lines]
    blocks = [shown[:52], shown[52:]]
    for block in blocks:
        name = block[0][-1]
        assert block == [f"::group::{name}", *(f"{name}{number}" for number in range(50)), "::endgroup::"]


class Waiting:
    """A console with a live line on one of its streams, and a clock."""

    def __init__(self, json_format: bool = False) -> None:
        self.both, self.now = io.StringIO(), 0.0  # one terminal
        self.console = Console(
            io.StringIO() if json_format else self.both,
            self.both,
            log=log_of(CI.LOCAL),
            mask=Masker(["hunter2!"]),
            json_format=json_format,
            clock=lambda: 0.0,
            colours=[self.both],
            live=Live(self.both, colour=False),
        )

    def clock(self) -> float:
        return self.now

    def wait(self) -> None:
        self.now += 1
        self.console.tick()


@pytest.mark.parametrize("json_format", [False, True])
def test_the_live_line_is_taken_away_before_anything_else_is_written(json_format: bool) -> None:
    screen = Waiting(json_format)
    with screen.console.waiting(lambda: "hunter2!", screen.clock):
        screen.wait()
        screen.console.say("Proceed: a", "Proceed")
        screen.wait()
        screen.console.notice("warning", "b")
        screen.wait()
    screen.wait()
    up, gone, end = "\r\x1b[?7l", "\r\x1b[J", "\x1b[J\x1b[?7h\r"
    assert screen.both.getvalue() == (
        f"{up}⠙ 1s  ***{end}{gone}\x1b[32mProceed\x1b[0m: a\n"
        f"{up}⠹ 2s  ***{end}{gone}\x1b[33mwarning\x1b[0m: b\n"
        f"{up}⠸ 3s  ***{end}{gone}"
    )


def test_the_live_line_is_taken_away_before_an_error_is_told() -> None:
    screen = Waiting()

    def interrupted() -> None:
        with screen.console.waiting(lambda: "x", screen.clock):
            screen.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert screen.both.getvalue().endswith("\x1b[?7h\r\r\x1b[J")


def test_without_a_terminal_waiting_writes_nothing() -> None:
    screen = Screen()
    with screen.console.waiting(lambda: "x", float):
        screen.console.tick()
    screen.console.say("Proceed: a", "Proceed")
    assert (screen.out.getvalue(), screen.err.getvalue()) == ("Proceed: a\n", "")


def test_after_its_end_nothing_is_written_whoever_is_late() -> None:
    screen = Screen()
    screen.console.say("before")
    screen.console.close()
    screen.console.say("after")
    screen.console.notice("error", "after")
    assert (screen.out.getvalue(), screen.err.getvalue()) == ("before\n", "")


def test_a_line_that_never_gets_written_does_not_hold_the_end_up() -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            entered.set()
            go_on.wait(20)
            return len(text)

    log = log_of(CI.LOCAL)
    console = Console(Stuck(), None, log=log, mask=Masker([]), json_format=False, clock=lambda: 0.0)
    thread = threading.Thread(target=lambda: console.say("stuck"))
    thread.start()
    assert entered.wait(20)
    console.close()
    go_on.set()
    thread.join(20)


def test_what_takes_long_is_said_once_while_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.01)
    out = io.StringIO()
    shown = Console(out, out, log=log_of(None), mask=Masker(["s3cret"]), json_format=False, clock=lambda: 0)
    with shown.working("Waiting for s3cret"):
        end = time.monotonic() + 30
        while not out.getvalue() and time.monotonic() < end:
            time.sleep(0.01)
    assert out.getvalue() == "Waiting for *** ...\n"


def test_what_does_not_take_long_is_not_said_not_even_where_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 60.0)
    out = io.StringIO()
    shown = Console(out, out, log=log_of(None), mask=Masker([]), json_format=False, clock=lambda: 0)
    with contextlib.suppress(KeyError), shown.working("Waiting"):
        raise KeyError
    assert out.getvalue() == ""
