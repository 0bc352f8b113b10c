"""Moments on a page: all of them in UTC, so that a picture of the page says the same to everybody."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from jira_sandbox import clock

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LAST = 253_402_300_799_000  # the end of the year 9999


@lru_cache(8192)  # a page shows the same thousand moments each time
def of(text: str) -> int:
    """Epoch milliseconds of a record's RFC 3339 date-time; 0 for one outside of the calendar's years."""
    match = _MOMENT.fullmatch(text.upper())
    try:
        at = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")) if match else None
        return clock.milliseconds(at) + int((match[2] or "")[:3].ljust(3, "0")) if match and at else 0
    except (ValueError, OverflowError):
        return 0


def _at(milliseconds: int) -> int:
    return min(max(milliseconds, 0), _LAST)


def day(milliseconds: int) -> str:
    """Such as ``12 Mar``."""
    at = clock.moment(_at(milliseconds))
    return f"{at.day} {at:%b}"


@lru_cache(8192)
def minute(milliseconds: int) -> str:
    """Such as ``12 Mar 2026, 14:05``."""
    at = clock.moment(_at(milliseconds))
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"


def clock_time(milliseconds: int) -> str:
    """Such as ``14:05:31``."""
    return f"{clock.moment(_at(milliseconds)):%H:%M:%S}"


def machine(milliseconds: int) -> str:
    """For the attribute ``datetime``."""
    return f"{clock.moment(_at(milliseconds)):%Y-%m-%dT%H:%M:%SZ}"


def field(milliseconds: int) -> str:
    """For a form's ``datetime-local``."""
    return f"{clock.moment(_at(milliseconds)):%Y-%m-%dT%H:%M}"


def lasted(seconds: int) -> str:
    """Such as ``3 min 20 s``."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
