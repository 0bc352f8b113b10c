"""The live line: what it looks like, and that nothing of it stays."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.output.terminal import Live, render
from terminals import Screen

OPS = "OPS-7 waits in Authorize for Ana, Bo · asked again in 20 s"


@pytest.mark.parametrize(
    ("width", "elapsed", "text", "line"),
    [
        (80, 724.9, OPS, "⠼ 12m 04s  OPS-7 waits in Authorize for Ana, Bo · asked again in 20 s"),
        (80, 0, "x", "⠋ 0s  x"),
        (80, 59.99, "x", "⠏ 59s  x"),
        (80, 60, "x", "⠋ 1m 00s  x"),
        (80, 3599, "x", "⠏ 59m 59s  x"),
        (80, 7385, "x", "⠴ 2h 03m 05s  x"),
        (80, 360_000, "x", "⠋ 100h 00m 00s  x"),
        (40, 12, OPS, "⠹ 12s  OPS-7 waits in Authorize for An…"),
        (12, 12, OPS, "⠹ 12s  OPS…"),
        (9, 12, "x", "⠹ 12s  x"),
        (8, 12, "x", "⠹ 12s …"),
        (4, 12, "x", "⠹ …"),
        (2, 12, "x", "…"),
        (1, 12, "x", ""),
        (0, 12, "x", ""),
        (16, 12, "変更を待つ", "⠹ 12s  変更を…"),
        (17, 12, "変更を待つ", "⠹ 12s  変更を待…"),
        (18, 12, "変更を待つ", "⠹ 12s  変更を待つ"),
        (9, 12, "変更", "⠹ 12s  …"),
        (12, 12, "e\u0301e\u0301e\u0301e\u0301", "⠹ 12s  e\u0301e\u0301e\u0301e\u0301"),
        (12, 12, "🚀🚀🚀", "⠹ 12s  🚀…"),
        (80, 12, "a\nb\x1b[2Jc\rd\x9b1me\u202ef", "⠹ 12s  a\\nb\\x1b[2Jc\\rd\\x9b1me\\u202ef"),
    ],
)
def test_the_line(width: int, elapsed: float, text: str, line: str) -> None:
    assert render(width, elapsed, text, colour=False) == line


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (80, "\x1b[33m⠹ 12s\x1b[0m  OPS-7"),
        (6, "\x1b[33m⠹ 12…\x1b[0m"),
        (1, ""),
    ],
)
def test_colours_take_no_columns_and_always_end(width: int, line: str) -> None:
    assert render(width, 12, "OPS-7", colour=True) == line


@pytest.mark.parametrize(
    ("encoding", "width", "line"),
    [
        ("ascii", 80, "| 12s  \\xc4 - x"),
        ("ascii", 12, "| 12s  \\..."),
        ("latin-1", 80, "| 12s  Ä · x"),
        ("cp437", 80, "| 12s  Ä · x"),
    ],
)
def test_an_encoding_that_knows_less_gets_less(encoding: str, width: int, line: str) -> None:
    assert render(width, 12, "Ä · x", colour=False, encoding=encoding) == line


@given(st.text(), st.integers(0, 60), st.booleans())
def test_whatever_the_text_it_stays_on_its_line_and_can_be_erased(text: str, width: int, colour: bool) -> None:
    screen = Screen(max(width, 1))
    screen.feed("before\r\n" if width > 6 else "")
    rows = screen.lines
    screen.wraps = False  # then the screen refuses a line that is too long
    screen.feed("\r" + _printable(render(width, 5, text, colour=colour)) + "\x1b[J\r")
    assert len(screen.rows) == len(rows)
    screen.feed("\r\x1b[J")
    assert screen.lines == rows


def _printable(line: str) -> str:
    """Without what has no column anyway, or is a character of a Unicode that Python does not know yet."""
    return "".join(one for one in line if one.isprintable() or one == "\x1b")


class Watched:
    """A live line on a stream, with a clock."""

    def __init__(self) -> None:
        self.stream, self.now = io.StringIO(), 100.0
        self.live = Live(self.stream, colour=False)

    def begin(self, text: Callable[[], str] = lambda: "x") -> None:
        self.live.begin(text, lambda: self.now)

    def after(self, seconds: float) -> str:
        """What is written at a tick, so many seconds later."""
        self.now += seconds
        return self.did(self.live.tick)

    def did(self, step: Callable[[], object]) -> str:
        before = len(self.stream.getvalue())
        step()
        return self.stream.getvalue()[before:]


def _drawn(line: str) -> str:
    return f"\r\x1b[?7l{line}\x1b[J\x1b[?7h\r"


def test_it_comes_up_after_a_second_and_is_written_once_a_second() -> None:
    watched = Watched()
    watched.begin()
    assert [watched.after(0.3) for _ in range(9)] == ["", "", "", _drawn("⠙ 1s  x"), "", "", _drawn("⠹ 2s  x"), "", ""]


def test_the_text_is_that_of_the_moment() -> None:
    watched, words = Watched(), iter(["a", "b"])
    watched.begin(lambda: next(words))
    assert (watched.after(1), watched.after(1)) == (_drawn("⠙ 1s  a"), _drawn("⠹ 2s  b"))


def test_before_and_after_there_is_none() -> None:
    watched = Watched()
    assert watched.after(5) == ""
    watched.begin()
    watched.after(5)
    assert watched.did(watched.live.end) == "\r\x1b[J"
    assert watched.after(5) == ""
    assert watched.did(watched.live.end) == ""


def test_it_is_erased_once_and_comes_back_with_the_next_tick() -> None:
    watched = Watched()
    watched.begin()
    assert watched.did(watched.live.erase) == ""
    watched.after(1.1)
    assert watched.did(watched.live.erase) == "\r\x1b[J"
    assert watched.did(watched.live.erase) == ""
    assert watched.after(0.1) == _drawn("⠙ 1s  x")


@pytest.mark.parametrize("step", [Live.erase, Live.tick])
def test_a_line_that_the_window_has_broken_in_three_is_gone_as_a_whole(step: Callable[[Live], None]) -> None:
    watched, screen, words = Watched(), Screen(80), iter(["x" * 60, "y"])
    watched.begin(lambda: next(words))
    screen.feed("before\r\n" + watched.after(1))
    screen.narrow(30)
    assert len(screen.rows) == 4
    watched.now += 1
    screen.feed(watched.did(lambda: step(watched.live)))
    assert screen.lines == ["before", "" if step is Live.erase else "⠹ 2s  y"]


def test_a_second_wait_counts_from_its_own_beginning() -> None:
    watched = Watched()
    watched.begin()
    watched.after(50)
    watched.live.end()
    watched.begin()
    assert watched.after(2) == _drawn("⠹ 2s  x")


def test_a_terminal_that_went_away_fails_nothing() -> None:
    watched = Watched()
    watched.begin()
    watched.after(1)
    watched.stream.close()
    watched.now += 1
    watched.live.tick()
    watched.live.tick()
    watched.live.end()
