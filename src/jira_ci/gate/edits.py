"""What was edited on a change after its approval, by whom and when, and who moved it to where deployments begin."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from jira_ci.frozen import dataclass
from jira_ci.gate.requirements import Edit, Moved, Requirements, Status
from jira_ci.gate.window import moment
from jira_ci.jira.parse_change import History, Item, Step, Value
from jira_ci.text import canonical, one_line

_Dated = list[tuple[datetime, Step]]

# What the gate itself writes on a change: a label, links, a kept record. Its account is free to.
_OF_THE_GATE = frozenset(
    ("labels", "issuelinks", "link", "attachment", "comment", "remoteissuelink", "remoteworkitemlink")
)


@dataclass(frozen=True)
class Watched:
    """The fields whose edits after approval matter.

    Attributes:
        binding: ids of those that tie the change to its deployment.
        others: ids of those that the policy looks at besides.
        names: what people call the others, in canonical form: older Data Centers give no ids of custom fields.
    """

    binding: Collection[str]
    others: Collection[str] = ()
    names: Collection[str] = ()


@dataclass(frozen=True)
class Edits:
    """What the history tells.

    Attributes:
        edited: whether a field that binds was edited after the last approval that counts, or, when there is none, after
            the status entered the proceed list; ``None`` when the history does not reach back that far, or cannot be
            read.
        found: every edit since then of a field that is watched, the oldest first.
        moved: how the status came into the proceed list; ``None`` when it is not in it, or the history does not tell.
    """

    edited: bool | None
    found: tuple[Edit, ...] = ()
    moved: Moved | None = None


def edits(
    history: History | None,
    watched: Watched,
    status: Status,
    policy: Requirements,
    approved: datetime | None,
    own: str | None = None,
) -> Edits:
    """Reads the history of a change.

    Jira Cloud gives the newest hundred steps with the issue, the newest first, and Data Center all of them, the oldest
    first; ``total`` tells whether there are more
    (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get).

    Args:
        status: the present one.
        approved: when the last approval that counts was given; ``None`` without any.
        own: the gate's own account, whose label, links and kept records are no edits.
    """
    standing = policy.standing(status)
    if approved is None and standing != "proceed":
        return Edits(edited=False)  # nothing has been allowed yet
    steps = _newest_first(history)
    if history is None or steps is None:
        return Edits(edited=None)
    entry, since_entry = _since_entry(steps, policy)
    moved = _moved(entry) if standing == "proceed" else None
    if approved is not None:
        since: datetime | None = approved
        after = [(when, step) for when, step in steps if when >= approved]
    else:
        since, after = entry[0] if entry else None, since_entry
    found = tuple(_found(after, watched, own))
    if any(one.binds for one in found):
        return Edits(edited=True, found=found, moved=moved)
    reaches = history.complete or (since is not None and bool(steps) and steps[-1][0] < since)
    return Edits(edited=False if reaches else None, found=found, moved=moved)


def _found(steps: _Dated, watched: Watched, own: str | None) -> Iterator[Edit]:
    for when, step in reversed(steps):
        for item in step.items:
            binds = item.field in watched.binding
            if not binds and (not _is_watched(item, watched) or _is_ours(step, item, own)):
                continue
            name = one_line(item.name or item.field, 100)
            by = step.author
            yield Edit(name, by.id if by else "", by.name if by else "", when, binds=binds)


def _is_watched(item: Item, watched: Watched) -> bool:
    return item.field in watched.others or canonical(item.name) in watched.names


def _is_ours(step: Step, item: Item, own: str | None) -> bool:
    by_us = step.author is not None and own is not None and step.author.id == own
    return by_us and canonical(item.field or item.name).replace(" ", "") in _OF_THE_GATE


def _moved(entry: tuple[datetime, Step] | None) -> Moved | None:
    if entry is None:
        return None
    when, step = entry
    return Moved(step.author.id if step.author else "", step.author.name if step.author else "", when)


def _newest_first(history: History | None) -> _Dated | None:
    """The steps with their moments. A history with gaps is of use only where Jira gave the newest part of it, in the
    order it promises."""
    if history is None:
        return None
    steps: _Dated = []
    for step in history.steps:
        when = moment(step.created)
        if when is None:
            return None
        steps.append((when, step))
    ordered = sorted(steps, key=lambda one: one[0], reverse=True)
    return ordered if history.complete or steps == ordered else None


def _since_entry(steps: _Dated, policy: Requirements) -> tuple[tuple[datetime, Step] | None, _Dated]:
    """The step with which the status entered the proceed list for the last time, and the steps since; ``None`` and all
    steps when none of them did. What was edited together with the step into the list is part of that step."""
    for index, (when, step) in enumerate(steps):
        for item in step.items:
            if item.field == "status" and allows(item.after, policy) and not allows(item.before, policy):
                return (when, step), steps[:index]
    return None, steps


def allows(status: Value, policy: Requirements) -> bool:
    return policy.standing(Status(status.id or "", status.text or "", None)) == "proceed"
