"""SIGINT and SIGTERM: finish what can be finished in five seconds, try nothing again, then go."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from jira_ci.deadline import Deadline
from jira_ci.errors import Interrupted

_LAST_RESORT = 6.0  # seconds; a runner kills after 7.5


class Signals:
    """Remembers a signal and hurries the deadline that was given; without one it interrupts at once."""

    def __init__(self) -> None:
        self.received = 0
        self.deadline: Deadline | None = None

    def install(self) -> None:
        """Takes over SIGINT and SIGTERM; to be called in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first, self.received = not self.received, number
        if self.deadline is None:
            raise Interrupted(number)
        self.deadline.hurry()
        if first:
            timer = threading.Timer(_LAST_RESORT, os._exit, [128 + number])
            timer.daemon = True
            timer.start()
