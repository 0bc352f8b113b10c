"""The deployments on a line of time: one lane for each environment, and where on it each mark stands.

Time runs from left to right at its own pace: idle time is folded, and no two marks of a lane touch. That a mark stands
to the left of another one, in any lane, means that it came first.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from jira_sandbox import moments
from jira_sandbox.documents import parameter
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.pages import report_view
from jira_sandbox.pages.rendering import HEADERS, known, page, problem, templates_version, versioned, visible
from jira_sandbox.pages.report_view import TYPES, Deployment
from jira_sandbox.report_rules import DEPLOYMENTS
from jira_sandbox.routing import Context, Route

STEP = 28
"""Pixels from one mark of a lane to the next one: enough for a finger."""
MOST = 1000
"""Deployments on a timeline: the newest ones."""
_ROOM = 278_000  # bytes of a page that all this may take
_MARK, _LANE, _DAY_NAME = 155, 90, 50  # bytes of one, besides what it is called
_CROWD = 100  # lanes from which on marks tell less: what they leave out is said by the lane, or by their own pages
_TICK = 64  # pixels that the name of a day needs
_DAY, _HOUR = 86_400_000, 3_600_000
# Milliseconds that passed since the mark before, and the pixels that they are worth.
_PACE = ((_DAY, 22), (3_600_000, 14), (60_000, 8), (1, 2))
_LISTED = 15


@dataclass(frozen=True)
class Mark:
    """A deployment on its lane, and the pixels between it and the mark before."""

    deployment: Deployment
    gap: int


@dataclass
class Lane:
    """One environment. ``marks`` oldest first; ``twin``: another environment of this type has the same name."""

    newest: Deployment
    marks: list[Mark] = field(default_factory=list)
    twin: bool = False
    end: int = 0


@dataclass(frozen=True)
class Timeline:
    """Types of environments with their lanes, the days with the pixels before each, the width in pixels.

    ``shown`` are the deployments that there is room for; ``crowded``: their marks tell less, as there are many lanes.
    """

    groups: tuple[tuple[str, tuple[Lane, ...]], ...]
    days: tuple[tuple[str, int], ...]
    lines: tuple[int, ...]
    width: int
    shown: Sequence[Deployment]
    crowded: bool


def timeline(newest_first: Sequence[Deployment]) -> Timeline:
    """Where everything stands: MOST deployments, or fewer where there are many lanes with long names."""
    crowded = len({one.environment_id for one in newest_first[:MOST]}) > _CROWD
    shown = _fitting(newest_first[:MOST], crowded)
    lanes: dict[str, Lane] = {}
    for one in shown:
        lanes.setdefault(one.environment_id, Lane(one))
    ticks: list[tuple[str, int]] = []
    one_day = bool(shown) and shown[0].at // _DAY == shown[-1].at // _DAY
    unit, name = (_HOUR, moments.hour) if one_day else (_DAY, moments.day)
    at, before = 0, 0
    for one in reversed(shown):
        lane = lanes[one.environment_id]
        at = max(at + _pace(one.at - before) if before else at, lane.end)
        if not ticks or one.at // unit != before // unit:
            ticks.append((name(one.at), at))
        lane.marks.append(Mark(one, at - lane.end))
        lane.end, before = at + STEP, one.at
    groups, lines = _grouped(list(lanes.values())), tuple(x for _, x in ticks)
    return Timeline(groups, _spaced(ticks), lines, at + STEP, shown, crowded)


def _fitting(newest_first: Sequence[Deployment], crowded: bool) -> Sequence[Deployment]:
    """Those that a page has room for, where texts are cut as deployments.html cuts them."""
    room, seen = _ROOM, set[object]()
    for index, one in enumerate(newest_first):
        details = () if crowded else (one.environment[:30], "for 99 min 59 s", ", ".join(one.issues[:3])[:40])
        room -= _MARK + _bytes(one.version[:30], *details)
        if one.at // _DAY not in seen:
            room -= _DAY_NAME
        if one.environment_id not in seen:
            room -= _LANE + _bytes(one.environment[:60], one.version[:30])
        seen |= {one.at // _DAY, one.environment_id}
        if room < 0:
            return newest_first[:index]
    return newest_first


def _bytes(*texts: str) -> int:
    """How long they are on a page, where ``<`` is ``&lt;``."""
    return sum(len(html.escape(visible(one)).encode("utf-8", "replace")) for one in texts)


def _pace(passed: int) -> int:
    return next((pixels for least, pixels in _PACE if passed >= least), 0)


def _spaced(ticks: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The days that have room for their names, each with the pixels between it and the one before."""
    shown, end = [], 0
    for name, at in ticks:
        if at >= end:
            shown.append((name, at - end))
            end = at + _TICK
    return tuple(shown)


def _grouped(lanes: Sequence[Lane]) -> tuple[tuple[str, tuple[Lane, ...]], ...]:
    groups: dict[str, list[Lane]] = {name: [] for name in TYPES}
    names = Counter((lane.newest.type, lane.newest.environment) for lane in lanes)
    for lane in lanes:
        lane.twin = names[lane.newest.type, lane.newest.environment] > 1
        groups[lane.newest.type].append(lane)
    for many in groups.values():
        many.sort(key=lambda lane: (lane.newest.environment.casefold(), lane.newest.environment_id))
    return tuple((name, tuple(many)) for name, many in groups.items() if many)


def _timeline(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    find = parameter(request, "find").strip()[:255]
    wanted = report_view.mark_of(templates_version(), context.address, find)
    version = f"{report_view.fingerprint(context, DEPLOYMENTS)}-{wanted}"
    if known(request, f'"{version}"'):  # an open page asks every other second: not worth a timeline
        return Answer(304, b"", {**HEADERS, "ETag": f'"{version}"', "Cache-Control": "no-cache"})
    every = report_view.deployments(context)
    found = [one for one in every if find.casefold() in one.environment.casefold()]
    drawn = timeline(found)
    answer = page(
        context,
        "deployments.html",
        timeline=drawn,
        total=len(every),
        count=len(found),
        find=find,
        latest=found[:_LISTED],
        states=Counter(one.state for one in drawn.shown),
    )
    return versioned(request, answer, version)


def _deployment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    for record, issues in context.site.stored(DEPLOYMENTS):
        one = report_view.deployment(record, issues)
        if one.mark == captured["mark"]:
            return versioned(request, page(context, "deployment.html", one=one))
    return problem(context, 404, "There is no such deployment", "It was never reported, or was forgotten again.")


ROUTES = (Route("GET", "/deployments", _timeline), Route("GET", "/deployments/{mark}", _deployment))
