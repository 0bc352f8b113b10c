"""What a stream can show: colours, and the live line while something is waited for."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from jira_ci.text import one_line

_GREEN, _YELLOW, _RED = 32, 33, 31
_TONES = {"good": _GREEN, "bad": _RED, "busy": _YELLOW, "off": _YELLOW, "back": _YELLOW}
_LABELS = {
    **dict.fromkeys(("Proceed", "ok"), _GREEN),
    **dict.fromkeys(("Wait", "warning"), _YELLOW),
    **dict.fromkeys(("Denied", "error", "PROBLEM"), _RED),
}
_OWN_MARKERS = ("GITHUB_ACTIONS", "GITLAB_CI")
# Most CIs set CI; these may not: https://adamj.eu/tech/2020/03/09/detect-if-your-tests-are-running-on-ci/
_CIS = (*_OWN_MARKERS, "CI", "DRONE", "HARNESS_BUILD_ID", "JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD")
_UNKNOWN_WIDTH = 80  # columns; a terminal that was not told its size says 0


def takes_colours(environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether words are coloured. ``NO_COLOR`` wins over ``FORCE_COLOR``, as in Python's own tools
    (https://docs.python.org/3/using/cmdline.html#controlling-color); of both any value counts but the empty one
    (https://no-color.org, https://force-color.org). The logs of GitHub and GitLab have markers of their own.
    """
    if environ.get("NO_COLOR") or _is_set(environ, *_OWN_MARKERS):
        return False
    return bool(environ.get("FORCE_COLOR")) or (terminal and not _is_dumb(environ))


def takes_live_line(environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether a line may be written anew: somebody looks at a terminal, and no CI keeps every version in its log."""
    return terminal and not _is_dumb(environ) and not _is_set(environ, *_CIS)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether it is a terminal that understands escape sequences. A Windows console is asked to."""
    try:
        if stream is None or not stream.isatty():
            return False
        return sys.platform != "win32" or _windows_understands(stream.fileno())
    except (OSError, ValueError):  # closed
        return False


def columns(stream: TextIO) -> int:
    """The terminal's width at this moment. ``COLUMNS`` is not asked: it does not follow the window."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _UNKNOWN_WIDTH
    except (OSError, ValueError):
        return _UNKNOWN_WIDTH


def in_foreground(stream: TextIO) -> bool:
    """Whether the terminal is ours at this moment, and not the shell's that sent us to the background."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # a terminal without an owner: in a container
        return True


def painted(line: str, *words: str) -> str:
    """The line with these words in their colours, each once, where it is a label: before a colon or in a column."""
    for word in words:
        colour = _LABELS.get(word) or _colour_of_state(word)
        if colour:
            line = re.sub(rf"(?<![\w-]){word}(?=:|  |$)", f"\x1b[{colour}m{word}\x1b[0m", line, count=1)
    return line


def _colour_of_state(word: str) -> int | None:
    from jira_ci.states import STATES  # only a terminal needs it

    return _TONES.get(STATES[word].tone) if word in STATES else None


def _is_set(environ: Mapping[str, str], *names: str) -> bool:
    return any(environ.get(name, "").lower() not in ("", "false", "0") for name in names)


def _is_dumb(environ: Mapping[str, str]) -> bool:
    """Windows knows no ``TERM``; elsewhere a terminal without one can do nothing."""
    return environ.get("TERM", "windows" if sys.platform == "win32" else "") in ("", "dumb", "unknown")


def _windows_understands(descriptor: int) -> bool:
    """https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences"""
    if sys.platform != "win32":
        return False
    import ctypes
    import msvcrt

    enabled, kernel = 0x0004, ctypes.windll.kernel32
    handle, mode = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor)), ctypes.c_ulong()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(mode.value & enabled or kernel.SetConsoleMode(handle, mode.value | enabled))


_FRAMES, _PLAIN_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_LONGEST = 1000  # characters; no terminal is wider
# Back to the beginning, and everything from there to the end of the screen.
_ERASE = "\r\x1b[J"
# Wrapping is off while the line is written: which characters take two columns, terminals do not agree about.
_BEFORE, _BEHIND = "\r\x1b[?7l", "\x1b[J\x1b[?7h\r"


def render(width: int, elapsed: float, text: str, *, colour: bool, encoding: str = "utf-8") -> str:
    """The line, in less than the width, so that the cursor never stands in the last column.

    Args:
        width: columns of the terminal.
        elapsed: seconds since the waiting began.
        text: what is waited for; whatever it holds is inert.
        encoding: what it does not know is written as an escape.
    """
    frames = _FRAMES if _knows(encoding, _FRAMES) else _PLAIN_FRAMES
    lead = f"{frames[int(elapsed) % len(frames)]} {_spelled(int(elapsed))}"
    body = one_line(text, _LONGEST).replace("·", "·" if _knows(encoding, "·") else "-")
    line = _cut(f"{lead}  {body}".encode(encoding, "backslashreplace").decode(encoding), width - 1, encoding)
    border = min(len(lead), len(line))
    return f"\x1b[33m{line[:border]}\x1b[0m{line[border:]}" if colour and line else line


class Live:
    """The line of one terminal. It is there between :meth:`begin` and :meth:`end` only; whoever prints something else
    calls :meth:`erase` before. Not for several threads at once.

    Args:
        stream: a terminal.
    """

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream, self._colour = stream, colour
        self._text: Callable[[], str] | None = None
        self._clock: Callable[[], float] = float
        self._begun = 0.0
        self._second = 0
        self._drawn = False

    def begin(self, text: Callable[[], str], clock: Callable[[], float]) -> None:
        """From now on there is something to wait for; the line comes up after a second.

        Args:
            text: what is waited for at this moment.
            clock: monotonic seconds.
        """
        self._text, self._clock, self._begun, self._second = text, clock, clock(), 0

    def tick(self) -> None:
        """Writes the line anew, if there is one and a second is over."""
        if self._text is None:
            return
        elapsed = self._clock() - self._begun
        if int(elapsed) == self._second or not in_foreground(self._stream):
            return
        self._second = int(elapsed)
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        width = columns(self._stream)
        line = render(width, elapsed, self._text(), colour=self._colour, encoding=encoding)
        self._drawn = True  # before it is: a signal may come as soon as it is written, and has to know
        self._drawn = self._write(f"{_BEFORE}{line}{_BEHIND}") and self._drawn

    def erase(self) -> None:
        """Leaves an empty line, with the cursor at its beginning; the next tick brings the line back."""
        if self._drawn:
            self._drawn, self._second = False, -1
            self._write(_ERASE)

    def end(self) -> None:
        """There is nothing to wait for any more."""
        self.erase()
        self._text = None

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """While inside, Ctrl-Z takes the line away before the process stops."""
        if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGTSTP)
        if before is signal.SIG_DFL:  # somebody who ignores it, or has a use for it, knows why
            signal.signal(signal.SIGTSTP, self._stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, before)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Runs between any two steps of the main thread, which may be writing just now: so not through the stream."""
        if sys.platform == "win32":
            return
        if self._drawn:
            self._drawn, self._second = False, -1
            with contextlib.suppress(OSError, ValueError):
                os.write(self._stream.fileno(), _ERASE.encode())
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # stops here, until somebody continues us
        signal.signal(number, self._stop)

    def _write(self, text: str) -> bool:
        """Whether it was written; a terminal that went away is no error."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._text = None
            return False
        return True


def _spelled(seconds: int) -> str:
    minutes, hours = seconds // 60 % 60, seconds // 3600
    if hours:
        return f"{hours}h {minutes:02}m {seconds % 60:02}s"
    return f"{minutes}m {seconds % 60:02}s" if minutes else f"{seconds}s"


def _cut(line: str, width: int, encoding: str) -> str:
    """The line, or its beginning with dots behind it, in so many columns."""
    if sum(map(_columns, line)) <= width:
        return line
    dots = "…" if _knows(encoding, "…") else "..."
    left, kept = width - len(dots), 0
    for character in line:
        left -= _columns(character)
        if left < 0:
            break
        kept += 1
    return (line[:kept] + dots)[: max(0, width)]


def _columns(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") and character != "\xad" else 1


def _knows(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
