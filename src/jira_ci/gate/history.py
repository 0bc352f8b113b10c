"""Whether what was approved was edited afterwards, from a change's history."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from jira_ci.gate.reading import Policy, Status
from jira_ci.gate.window import moment
from jira_ci.jira.answers import History, Step, Value

_Dated = list[tuple[datetime, Step]]


def edited(
    history: History | None, fields: Collection[str], status: Status, policy: Policy, approved: datetime | None
) -> bool | None:
    """Whether one of the fields was edited after the last approval that counts, or, when there is none, after the
    status entered the proceed list.

    Args:
        status: the present one.
        approved: when the last approval that counts was given; ``None`` without any.

    Returns:
        ``None`` when the history does not reach back that far, or cannot be read.
    """
    if approved is None and policy.standing(status) != "proceed":
        return False  # nothing has been allowed yet
    steps = _newest_first(history)
    if history is None or steps is None:
        return None
    if approved is not None:
        since: datetime | None = approved
        after = [step for when, step in steps if when >= approved]
    else:
        since, after = _since_entry(steps, policy)
    if any(item.field in fields for step in after for item in step.items):
        return True
    reaches = history.complete or (since is not None and bool(steps) and steps[-1][0] < since)
    return False if reaches else None


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


def _since_entry(steps: _Dated, policy: Policy) -> tuple[datetime | None, list[Step]]:
    """When the status entered the proceed list for the last time, and the steps since; ``None`` and all steps when none
    of them entered it. What was edited together with the step into the list is part of that step."""
    for index, (when, step) in enumerate(steps):
        for item in step.items:
            if item.field == "status" and _allows(item.after, policy) and not _allows(item.before, policy):
                return when, [later for _, later in steps[:index]]
    return None, [step for _, step in steps]


def _allows(status: Value, policy: Policy) -> bool:
    return policy.standing(Status(status.id or "", status.text or "", None)) == "proceed"
