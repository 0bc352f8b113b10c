"""What becomes of one issue: whether it gets the version, and which transition it takes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jira_ci.after.rule import Rule
from jira_ci.jira.issue_edits import Transition, WorkItem
from jira_ci.text import canonical, one_line

Became = Literal["done", "there", "skipped", "failed"]
_NAMED = 6


@dataclass(frozen=True)
class Step:
    """What became, or is to become, of one issue in one respect."""

    became: Became
    why: str = ""
    """Where it is not done: why not, as the end of a sentence."""
    transition: Transition | None = None


def versioning(item: WorkItem, rule: Rule, version_id: str) -> Step:
    """Whether the issue gets the fix version; it is added, and the others stay."""
    if item.subtask and not rule.sub_tasks:
        return Step("skipped", "it is a sub-task")
    return Step("there") if version_id in item.versions else Step("done")


def moving(item: WorkItem, rule: Rule) -> Step:
    """Which transition the issue takes."""
    wanted = rule.transition
    found = matching(item.transitions, wanted)
    if _is_there(item, wanted, found):
        return Step("there")
    if item.subtask and not rule.sub_tasks:
        return Step("skipped", "it is a sub-task")
    if item.category == "done" and not rule.closed:
        return Step("skipped", f"it is closed ({one_line(item.status, 60)})")
    if found is None:
        return Step("failed", _none(item, wanted))
    return Step("done", transition=found)


def _is_there(item: WorkItem, wanted: str, found: Transition | None) -> bool:
    """Whether the issue is where it is to go. An id that is a transition's here is not taken for its status': the two
    are counted apart."""
    if found is not None and (found.id == wanted or found.to_id == item.status_id):
        return found.to_id == item.status_id
    return wanted == item.status_id or canonical(wanted) == canonical(item.status)


def matching(transitions: Sequence[Transition], wanted: str) -> Transition | None:
    """The transition with this id, else with this name, else to the status with this name or id; of several one that
    leads to the status of this name, then one that asks for nothing."""
    name = canonical(wanted)
    ways = (
        [one for one in transitions if one.id == wanted],
        [one for one in transitions if canonical(one.name) == name],
        [one for one in transitions if canonical(one.to_name) == name or one.to_id == wanted],
    )
    found = next(filter(None, ways), [])
    return min(found, key=lambda one: (canonical(one.to_name) != name, one.screen), default=None)


def screened(fields: Sequence[str]) -> Step:
    """An issue whose transition asks for what only people know."""
    names = ", ".join(one_line(name, 60) for name in fields)
    return Step("skipped", f"its transition asks for {names}")


def _none(item: WorkItem, wanted: str) -> str:
    shown = [one.shown for one in item.transitions[:_NAMED]]
    there = f"there are {', '.join(shown)}" if shown else "there are none for this account"
    return f"no transition leads from {one_line(item.status, 60)} to {one_line(wanted, 60)}; {there}"
