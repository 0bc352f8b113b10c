"""The change window: Jira's dates and times, and where a moment lies between Planned start and Planned end."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Literal

from jira_ci.frozen import dataclass
from jira_ci.text import one_line

State = Literal["none", "before", "in", "after", "inv", "bad"]

# 2015-11-18T14:39:00.000+1100, with or without the colon, a fraction or Z for the offset; never without an offset,
# because then it is unknown which moment it is. datetime.fromisoformat takes these only from Python 3.11 on, and others
# besides, so it gets the parts in the one form that all versions read alike.
_JIRA = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-](?:[01][0-9]|2[0-3])):?([0-5][0-9]))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Edge:
    """One end of the window.

    Attributes:
        moment: when; ``None`` means no limit on this side, if there is no ``problem``.
        problem: why it is unknown; empty when it was readable. Holds Jira's text, cut and harmless in a line.
    """

    moment: datetime | None = None
    problem: str = ""


@dataclass(frozen=True)
class Window:
    """Where a moment lies: none (no limits), before, in (ends included), after, inv (ends before it starts), bad."""

    state: State
    start: Edge
    end: Edge


NO_WINDOW = Window("none", Edge(), Edge())
"""For ``window: off``."""


def moment(value: object) -> datetime | None:
    """A date and time with offset as Jira writes it; ``None`` for whatever is not one."""
    match = _JIRA.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    seconds, fraction, hours, minutes = match.groups()
    try:
        return datetime.fromisoformat(f"{seconds}.{fraction or '0':0<6.6}{hours or '+00'}:{minutes or '00'}")
    except ValueError:  # 30 February, 61 seconds
        return None


def moment_of(date: object) -> datetime | None:
    """The moment of a service desk's DateDTO: its ``epochMillis``, else its text; ``None`` when it has neither."""
    if not isinstance(date, dict):
        return None
    millis = date.get("epochMillis")
    if millis is None:
        return moment(date.get("jira")) or moment(date.get("iso8601"))
    if not isinstance(millis, int) or isinstance(millis, bool):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=millis)
    except OverflowError:
        return None


def edge(values: object) -> Edge:
    """One end of the window, from the values of **every** field of that name on the issue.

    Args:
        values: as Jira gave them. Empty: the issue has no such field. ``None`` among them: the field is there and
            empty, which means no limit.
    """
    if not isinstance(values, (tuple, list)) or not values:
        return Edge(problem="is no field of this change")
    for value in values:
        if value is not None and moment(value) is None:
            shown = f"{one_line(value, 60)!r}" if isinstance(value, str) else f"a {type(value).__name__}"
            return Edge(problem=f"holds {shown}, which is no date and time with an offset")
    found = {moment(value) for value in values}
    if len(found) > 1:
        return Edge(problem="is the name of several fields that disagree")
    return Edge(found.pop())


def window(start: Edge, end: Edge, now: datetime) -> Window:
    """Where ``now`` (aware) lies."""
    return Window(_state(start, end, now), start, end)


def _state(start: Edge, end: Edge, now: datetime) -> State:
    if start.moment and end.moment and start.moment > end.moment:
        return "inv"
    if end.moment and now > end.moment:
        return "after"  # whatever the start says
    if start.problem or end.problem:
        return "bad"
    if start.moment is None and end.moment is None:
        return "none"
    return "before" if start.moment and now < start.moment else "in"
