"""Jira's clock, which need not be the machine's."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from email.utils import format_datetime


class Clock:
    """The time that the site shows: in its ``Date`` headers and in everything that it dates.

    Attributes:
        offset: seconds by which it is ahead of the machine's clock; may be changed at any time.
        standing: epoch seconds at which it stands still; None lets it run.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.offset = 0.0
        self.standing: float | None = None

    def now(self) -> datetime.datetime:
        """The moment, in UTC."""
        return moment(self.milliseconds())

    def milliseconds(self) -> int:
        """Epoch milliseconds."""
        seconds = self._now() if self.standing is None else self.standing
        return int((seconds + self.offset) * 1000)

    def date(self) -> str:
        """The value of a ``Date`` header."""
        return format_datetime(self.now(), usegmt=True)


def moment(milliseconds: int) -> datetime.datetime:
    """Epoch milliseconds as a moment in UTC."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(milliseconds=milliseconds)


def milliseconds(at: datetime.datetime) -> int:
    """Epoch milliseconds of a moment with its offset."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (at - epoch) // datetime.timedelta(milliseconds=1)
