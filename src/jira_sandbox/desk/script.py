"""Steps of a trial that wait until an issue has been read often enough."""

from __future__ import annotations

import threading
from collections.abc import Callable

from jira_sandbox.desk.errors import DeskError

Act = Callable[[], object]


class Script:
    """What is to happen to which issue after how many reads.

    Attributes:
        failures: in sentences, the steps that could not be taken when their turn came.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self.failures: list[str] = []
        self._lock = lock
        self._waiting: dict[str, list[tuple[int, Act]]] = {}

    def add(self, identity: str, polls: int, act: Act) -> None:
        """Do this once the issue with this id has been read so many times from now on."""
        with self._lock:
            self._waiting.setdefault(identity, []).append((polls, act))

    def waiting(self, identity: str) -> list[int]:
        """How many reads each step still waits for."""
        with self._lock:
            return [left for left, _ in self._waiting.get(identity, [])]

    def polled(self, identity: str) -> None:
        """A read of the issue with this id has been answered."""
        with self._lock:
            waiting = [(left - 1, act) for left, act in self._waiting.pop(identity, [])]
            later = [(left, act) for left, act in waiting if left > 0]
            if later:
                self._waiting[identity] = later
            for act in [act for left, act in waiting if left <= 0]:
                self._take(identity, act)

    def _take(self, identity: str, act: Act) -> None:
        try:
            act()
        except DeskError as error:
            self.failures.append(f"A scripted step on the issue with id {identity} failed: {error}")
