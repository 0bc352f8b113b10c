"""A terminal with somebody at it: a real pseudo-terminal that a shell runs a command in, and what its screen shows."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

_PATIENCE = 60.0  # seconds until a test that waits in vain fails
# A shell with job control: says when its job was stopped, and lets it go on with the next line that is typed.
_SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    os.tcsetpgrp(0, os.getpgrp())
    os.write(0, b"[stopped]\\n")
    if sys.stdin.readline() == "fg\\n":
        os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(status))
"""
_PIECE = re.compile(r"\x1b\[[?\d;]*[A-Za-z]|[^\x1b]", re.DOTALL)


class Screen:
    """What a terminal shows after some text, as far as our text goes: any other control is an error."""

    def __init__(self, width: int = 80) -> None:
        self.width = width
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0
        self.wraps = True
        self.colours: set[str] = set()

    def feed(self, text: str) -> None:
        pieces = _PIECE.findall(text)
        assert "".join(pieces) == text, text
        for piece in pieces:
            self._take(piece)

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self.rows]

    def narrow(self, width: int) -> None:
        """The window became narrower, and its terminal is one of those that break long lines anew."""
        rows: list[list[str]] = []
        for number, row in enumerate(self.rows):
            if number == self.row:
                self.row, self.column = len(rows) + self.column // width, self.column % width
            rows += [row[at : at + width] for at in range(0, max(len(row), 1), width)]
        self.rows, self.width = rows, width

    def _take(self, piece: str) -> None:
        if piece == "\r":
            self.column = 0
        elif piece == "\n":
            self._down()
        elif piece == "\x1b[J":
            del self.rows[self.row + 1 :]
            del self.rows[self.row][self.column :]
        elif piece in ("\x1b[?7l", "\x1b[?7h"):
            self.wraps = piece.endswith("h")
        elif re.fullmatch(r"\x1b\[(0|3[123])m", piece):
            self.colours.add(piece[2:-1])
        else:
            self._put(piece)

    def _put(self, character: str) -> None:
        if unicodedata.category(character) in ("Mn", "Me", "Cf") and self.column:
            return  # above the one before, or not to be seen
        assert character.isprintable(), repr(character)
        wide = unicodedata.east_asian_width(character) in "WF"
        if self.column + wide >= self.width and self.wraps:
            self.column = 0
            self._down()
        row = self.rows[self.row]
        row.extend(" " * (self.column - len(row)))
        row[self.column : self.column + 1 + wide] = [character, *[""] * wide]
        self.column += 1 + wide
        assert self.column < self.width or self.wraps, "the live line reaches the last column"

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])


class Terminal:
    """Runs one command in a pseudo-terminal.

    Args:
        environ: the command's; ``TERM`` comes with the terminal.
        stdout: a file instead of the terminal.
    """

    def __init__(
        self,
        command: list[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        width: int = 80,
        stdout: IO[bytes] | None = None,
    ) -> None:
        self._master, slave = os.openpty()
        self.resize(width)
        self.raw, self._decoder = "", codecs.getincrementaldecoder("utf-8")()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SHELL, *command],
            cwd=folder,
            env={"TERM": "xterm-256color", "PYTHONUTF8": "1", **environ},
            stdin=slave,
            stdout=stdout or slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def resize(self, width: int) -> None:
        import fcntl  # Windows has neither, and wants the screen all the same
        import termios

        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self.width = width

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    @property
    def screen(self) -> Screen:
        """Everything so far, on a screen of the present width that never scrolls."""
        screen = Screen(self.width)
        screen.feed(self.raw)
        return screen

    def until(self, condition: Callable[[], object]) -> None:
        """Reads until this holds."""
        patience = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < patience, self.raw
            assert self._read() or condition(), f"ended: {self.raw}"

    def until_shown(self, pattern: str) -> None:
        """Reads until the terminal got text of this pattern, after whatever it has now."""
        before = len(self.raw)
        self.until(lambda: re.search(pattern, self.raw[before:]))

    def end(self) -> int:
        """Reads to the end; the exit code."""
        patience = time.monotonic() + _PATIENCE
        while self._read():
            assert time.monotonic() < patience, self.raw
        os.close(self._master)
        return self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """Ends what is still running."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_PATIENCE)

    def _read(self) -> bool:
        """Whether the terminal is still in use."""
        if not select.select([self._master], [], [], 0.2)[0]:
            return True
        try:
            read = os.read(self._master, 65536)
        except OSError:  # Linux says so that nobody has the other end any more
            read = b""
        self.raw += self._decoder.decode(read)
        return bool(read)
