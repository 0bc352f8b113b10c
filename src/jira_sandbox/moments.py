"""Moments: Jira's clock, which need not be the machine's, and how APIs and pages write one. All are in UTC."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable
from email.utils import format_datetime
from functools import lru_cache

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LAST = 253_402_300_799_000  # the end of the year 9999


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

    def set(self, milliseconds: int) -> None:
        """Lets it be this moment now, and go on from there."""
        self.offset += (milliseconds - self.milliseconds()) / 1000

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


def jira_date(milliseconds: int, style: str = "%Y-%m-%dT%H:%M:%S.") -> str:
    """A moment as the platform's API writes it."""
    return padded(moment(milliseconds).strftime(style) + f"{milliseconds % 1000:03d}+0000")


def padded(text: str) -> str:
    """Some systems write the year 999 without its zero."""
    return text.rjust(28, "0")


@lru_cache(8192)  # a page shows the same thousand moments each time
def of(text: str) -> int:
    """Epoch milliseconds of a record's RFC 3339 date-time; 0 for one outside of the calendar's years."""
    match = _MOMENT.fullmatch(text.upper())
    try:
        at = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")) if match else None
        return milliseconds(at) + int((match[2] or "")[:3].ljust(3, "0")) if match and at else 0
    except (ValueError, OverflowError):
        return 0


def _at(milliseconds: int) -> int:
    return min(max(milliseconds, 0), _LAST)


def day(milliseconds: int) -> str:
    """Such as ``12 Mar``."""
    at = moment(_at(milliseconds))
    return f"{at.day} {at:%b}"


def hour(milliseconds: int) -> str:
    """Such as ``14:00``: the full hour before."""
    return f"{moment(_at(milliseconds)):%H}:00"


@lru_cache(8192)
def minute(milliseconds: int) -> str:
    """Such as ``12 Mar 2026, 14:05``."""
    at = moment(_at(milliseconds))
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"


def clock_time(milliseconds: int) -> str:
    """Such as ``14:05:31``."""
    return f"{moment(_at(milliseconds)):%H:%M:%S}"


def machine(milliseconds: int) -> str:
    """For the attribute ``datetime``."""
    return f"{moment(_at(milliseconds)):%Y-%m-%dT%H:%M:%SZ}"


def field(milliseconds: int) -> str:
    """For a form's ``datetime-local``."""
    return f"{moment(_at(milliseconds)):%Y-%m-%dT%H:%M}"


def lasted(seconds: int) -> str:
    """Such as ``3 min 20 s``."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
