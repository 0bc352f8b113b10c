"""When a freeze holds: moments, dates or weekly hours as the file writes them, as stretches of time.

A freeze ends where its ``to`` says, which is no part of it; a date as ``to`` is. Where clocks are set, it begins at the
earlier and ends at the later reading of an hour that is there twice or not at all. Zones are those of the package
``tzdata`` and never the machine's own, which a variable (``PYTHONTZPATH``) could lead elsewhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from jira_ci.errors import nearest
from jira_ci.frozen import dataclass
from jira_ci.text import one_line

UTC = timezone.utc
NEVER = datetime.max.replace(tzinfo=UTC)
"""The end of a stretch that ends after the calendar does."""
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?")
_HOUR = r"([^\W\d]+)\s+([01]?[0-9]|2[0-4]):([0-5][0-9])"
_EVERY = re.compile(rf"\s*{_HOUR}\s*(?:-|–|\bto\b)\s*{_HOUR}\s*")
_WEEK = timedelta(days=7)
_ENDLESS = 600  # stretches that follow one another without a gap: weekly ones for more than ten years


class InvalidFreeze(Exception):
    """A freeze that is invalid.

    Args:
        key: the one to correct; empty for the whole.
        problem: what is wrong, as a sentence without its full stop, to stand behind the key.
        hint: how to put it right.
    """

    def __init__(self, key: str, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.key, self.problem, self.hint = key, problem, hint


@dataclass(frozen=True)
class Span:
    """A stretch of time, in UTC; its end is no part of it."""

    begins: datetime
    ends: datetime

    def covers(self, moment: datetime) -> bool:
        return self.begins <= moment < self.ends


@dataclass(frozen=True)
class Freeze:
    """One entry of ``freeze``.

    Attributes:
        spans: gives the stretches around a moment, the earlier ones first: the last that began before it, and the next.
        zone: in which its end is told; None for UTC.
        zone_name: as in the file; empty for one of which only offsets are known.
        environments: names and globs; with ``types`` empty as well, it is about all.
        exceptions: request types, by name or id, that it does not hold.
    """

    name: str
    spans: Callable[[datetime], Sequence[Span]]
    zone: tzinfo | None
    zone_name: str
    environments: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    def at(self, moment: datetime) -> Span | None:
        """The stretch that covers a moment, which is aware."""
        return next((one for one in self.spans(moment) if one.covers(moment)), None)

    def coming(self, moment: datetime) -> Span | None:
        """The stretch that covers a moment, or else the next one; None when all are over."""
        return next((one for one in self.spans(moment) if moment < one.ends), None)

    def local(self, moment: datetime) -> datetime:
        """A moment in the freeze's own zone; as it is where that zone has no date for it."""
        try:
            return moment.astimezone(self.zone) if self.zone else moment
        except (OverflowError, ValueError):
            return moment


def read(entry: Mapping[str, Any]) -> Freeze:
    """One entry of the file, which fits the schema.

    Raises:
        InvalidFreeze: it is invalid.
    """
    zone = zone_named(str(entry["timezone"])) if "timezone" in entry else None
    spans, own = (_weekly(entry, zone), zone) if "every" in entry else _once(entry, zone)
    return Freeze(
        name=str(entry["name"]),
        spans=spans,
        zone=own,
        zone_name=str(entry.get("timezone", "")),
        environments=tuple(entry.get("environments", ())),
        types=tuple(entry.get("types", ())),
        exceptions=tuple(entry.get("except", ())),
    )


def joined(freezes: Sequence[Freeze], moment: datetime) -> tuple[list[Freeze], datetime] | None:
    """What covers a moment, and what follows without a gap: each freeze once, in the order of their stretches, and the
    end of all (:data:`NEVER` when none is in sight). None when nothing covers it."""
    held, ends = list[Freeze](), moment
    for _ in range(_ENDLESS):
        further = [(span.ends, one) for one in freezes if (span := one.at(ends)) is not None]
        if not further:
            return (held, ends) if held else None
        held += [one for _, one in further if not any(one is known for known in held)]
        ends = max(end for end, _ in further)
    return held, NEVER


def _once(entry: Mapping[str, Any], zone: tzinfo | None) -> tuple[Callable[[datetime], Sequence[Span]], tzinfo | None]:
    """The one stretch, and the zone in which its end is told."""
    for key, other in (("from", "to"), ("to", "from")):
        if key not in entry:
            what = f"there is {other}, and no {key}" if other in entry else "it says neither from and to nor every"
            raise InvalidFreeze("", what, "Say from and to, or every: Fri 16:00 - Mon 06:00.")
    begins, _ = _fixed("from", str(entry["from"]), zone, min)
    ends, own = _fixed("to", str(entry["to"]), zone, max)
    if ends <= begins:
        raise InvalidFreeze("to", f"{_shown(entry['to'])} is not after from, {_shown(entry['from'])}", "Correct one.")
    span = (Span(begins, ends),)
    return lambda _: span, zone or own


def _weekly(entry: Mapping[str, Any], zone: tzinfo | None) -> Callable[[datetime], Sequence[Span]]:
    text = entry["every"]
    for key in ("from", "to"):
        if key in entry:
            raise InvalidFreeze(key, "every week and from one moment to another are two things", "Make two freezes.")
    found = _EVERY.fullmatch(text)
    if not found:
        raise InvalidFreeze("every", f"{_shown(text)} is no stretch of a week", "Write it as Fri 16:00 - Mon 06:00.")
    if zone is None:
        problem = "there is no timezone, so that its hours are nobody's"
        raise InvalidFreeze("every", problem, "Say timezone: Europe/Berlin.")
    first, last = (_in_week(*found.groups()[at : at + 3]) for at in (0, 3))
    if first == last:
        raise InvalidFreeze("every", f"{_shown(text)} ends when it begins", "For all of the week say from and to.")
    lasts = (last - first) % _WEEK

    def spans(moment: datetime) -> Sequence[Span]:
        here = _naive(moment, zone)
        monday = datetime(here.year, here.month, here.day) - timedelta(days=here.weekday())  # noqa: DTZ001 - on the wall
        return tuple(_spans_of_weeks(monday, first, lasts, zone))

    return spans


def _spans_of_weeks(monday: datetime, first: timedelta, lasts: timedelta, zone: tzinfo) -> Iterator[Span]:
    for weeks in (-1, 0, 1):  # none lasts for a whole week
        try:
            begins = monday + weeks * _WEEK + first
        except OverflowError:  # before the first week of the calendar, or after its last
            continue
        try:
            ends = _utc(begins + lasts, zone, max)
        except OverflowError:
            ends = NEVER
        yield Span(_utc(begins, zone, min), ends)


def _in_week(day: str, hour: str, minute: str) -> timedelta:
    """How long after Monday's beginning."""
    known = [name for name in _DAYS if day.casefold() in (name.casefold(), name[:3].casefold())]
    if not known:
        hint = nearest(day.capitalize(), [*_DAYS, *(name[:3] for name in _DAYS)]) or "Write it as Mon."
        raise InvalidFreeze("every", f"{_shown(day)} is no day of the week", hint)
    if (int(hour), int(minute)) > (24, 0):
        raise InvalidFreeze("every", f"{_shown(f'{hour}:{minute}')} is no time of day", "Write it as 16:00.")
    return timedelta(days=_DAYS.index(known[0]), hours=int(hour), minutes=int(minute)) % _WEEK


def _fixed(
    key: str, text: str, zone: tzinfo | None, pick: Callable[[Iterable[datetime]], datetime]
) -> tuple[datetime, tzinfo | None]:
    """The moment that a text means, and the offset that it names."""
    found = _LOCAL.fullmatch(text)
    hint = "Write it as 2026-12-20, as 2026-12-20T18:00, or with an offset as 2026-12-20T18:00+01:00."
    if not found:
        raise InvalidFreeze(key, f"{_shown(text)} is no date and no date and time", hint)
    date, time, seconds, offset = found.groups()
    midnight = time == "24:00" and seconds in (None, ":00")  # which some versions of Python read, and others do not
    try:
        local = datetime.fromisoformat(f"{date}T{'00:00' if midnight else time or '00:00'}{seconds or ':00'}")
        local += timedelta(days=1) if midnight else timedelta(0)
        if offset:
            aware = datetime.fromisoformat(f"{local.isoformat()}{_offset(offset)}")
            return _clamped(aware), aware.tzinfo
    except (ValueError, OverflowError):
        raise InvalidFreeze(key, f"{_shown(text)} is no date of the calendar", hint) from None
    if zone is None:
        problem = f"{_shown(text)} has no offset, and there is no timezone, so that it is nobody's time"
        raise InvalidFreeze(key, problem, "Say timezone: Europe/Berlin.")
    if time is None and pick is max:
        try:
            local += timedelta(days=1)
        except OverflowError:
            return NEVER, None
    return _utc(local, zone, pick), None


def _offset(text: str) -> str:
    return "+00:00" if text == "Z" else f"{text[:3]}:{text[-2:]}"


def _utc(local: datetime, zone: tzinfo, pick: Callable[[Iterable[datetime]], datetime]) -> datetime:
    """A time on the wall, in UTC: of its two readings the one that makes the freeze longer."""
    return pick(_clamped(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))


def _clamped(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the calendar's first and last day, on one side of Greenwich
        return _ALWAYS if moment.year == 1 else NEVER


def _naive(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone).replace(tzinfo=None)
    except (OverflowError, ValueError):
        return moment.replace(tzinfo=None)


def _shown(text: Any) -> str:
    return f'"{one_line(str(text), 80)}"'


def zone_named(name: str) -> tzinfo:
    """A zone of the IANA's.

    Raises:
        InvalidFreeze: there is none of this name.
    """
    found = _zone(name)
    if found is not None:
        return found
    wanted = name.rpartition("/")[2].replace(" ", "_").casefold()
    names = sorted(_names())
    alike = [one for one in names if one.rpartition("/")[2].casefold() == wanted]
    hint = f"Did you mean {alike[0]}?" if alike else nearest(name, names) or "Write it as Europe/Berlin."
    raise InvalidFreeze("timezone", f"{_shown(name)} is no time zone", hint)


@functools.cache
def _names() -> frozenset[str]:
    from importlib.resources import files

    try:
        return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
    except (ModuleNotFoundError, OSError):
        problem = "time zones are not known here: the package tzdata is not installed"
        raise InvalidFreeze("timezone", problem, "Install jira-ci with what it needs.") from None


@functools.lru_cache(64)
def _zone(name: str) -> tzinfo | None:
    from importlib.resources import files
    from zoneinfo import ZoneInfo

    if name not in _names():
        return None
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
