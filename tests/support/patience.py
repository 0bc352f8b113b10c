"""A deadline whose clock moves only when somebody waits, so that no test does."""

from __future__ import annotations

from jira_ci.timing import Deadline


class Clock:
    """Seconds that pass by being waited for."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Patience(Deadline):
    """Remembers how long it was asked to wait, and does not."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.clock = Clock()
        self.waits: list[float] = []
        super().__init__(seconds, self.clock)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.now += seconds
