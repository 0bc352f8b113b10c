"""What a process touches of the world outside: its environment, streams, clock, signals, and whoever started it."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from types import FrameType
from typing import TextIO

from jira_ci.errors import Interrupted
from jira_ci.frozen import dataclass, field
from jira_ci.given_locale import give_back
from jira_ci.timing import Deadline

_DESCRIPTOR = 3  # where a receipt is written
_LAST_RESORT = 7.0  # seconds; a runner kills after 7.5


class Signals:
    """SIGINT and SIGTERM: what can be finished in five seconds is finished, and nothing is tried again.

    A signal hurries the deadline that was given; without one it interrupts at once.
    """

    def __init__(self) -> None:
        self.received = 0
        """The first signal's number; 0 while there was none."""
        self._deadline: Deadline | None = None

    @property
    def deadline(self) -> Deadline | None:
        """What a signal hurries."""
        return self._deadline

    @deadline.setter
    def deadline(self, deadline: Deadline | None) -> None:
        self._deadline = deadline
        if deadline is not None and self.received:
            deadline.hurry()

    def install(self) -> None:
        """Takes over SIGINT and SIGTERM; to be called in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.received:  # whoever is told twice is already on the way out
            return
        self.received = number
        # Not threading.Timer: starting one takes locks that the interrupted main thread may hold at this moment.
        _thread.start_new_thread(_leave, (128 + number,))
        if self._deadline is None:
            raise Interrupted(number)
        self._deadline.hurry()


def _leave(code: int) -> None:
    """Ends the process if it has not ended by itself: something did not look at the deadline."""
    time.sleep(_LAST_RESORT)
    os._exit(code)


class Receipt:
    """What jira-ci writes for whoever started it, when they ask for it: that it was jira-ci that ran, and how it ended.

    A file in its place may be empty, half of a download or an error page, and a ``python3`` may answer 0 to everything:
    an exit code does not say who gave it, and a gate must not be open because it was never asked. So the GitLab
    template hands over a text, new each time, and believes no end without it.

    The text is taken out of the environment and the descriptor is kept from what ``deploy`` runs: whoever holds it open
    would hold the job up.

    Args:
        environ: the process's own.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._text = environ.pop("JIRA_CI_WORD", "")
        if self._text:
            with contextlib.suppress(OSError):
                os.set_inheritable(_DESCRIPTOR, False)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody asked for it: on GitLab the template, which takes the artifacts too."""
        return bool(self._text)

    def write(self, code: object) -> None:
        """Says how the process is about to end."""
        if self._text:
            with contextlib.suppress(OSError):
                os.write(_DESCRIPTOR, f"jira-ci {self._text} {code}\n".encode())


@dataclass(frozen=True)
class Edges:
    """What a command may touch."""

    environ: Mapping[str, str]
    directory: Path
    """The working directory."""
    stdout: TextIO
    stderr: TextIO
    clock: Callable[[], float] = time.time
    """Epoch seconds, UTC."""
    signals: Signals = field(default_factory=Signals)
    receipt: Receipt = field(default_factory=lambda: Receipt({}))
    """For whoever started this process."""


def real_edges() -> Edges:
    """The process's own. Texts that the streams' encoding does not know are written as escapes (``LANG=C``)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    environ = os.environ
    give_back(environ)
    return Edges(environ, Path.cwd(), sys.stdout, sys.stderr, receipt=Receipt(environ))
