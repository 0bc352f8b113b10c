"""The issues of a site as search sees them: those that were made, and those that exist by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from jira_sandbox.desk.change import Change
from jira_sandbox.desk.desk import Desk
from jira_sandbox.desk.search import Record, Search, World
from jira_sandbox.desk.workflow import CATEGORIES

Elsewhere = Callable[[str], Iterable[Change]]
"""From a project's key to the issues in it that exist by rule only."""


def world(desk: Desk, me: str) -> World:
    """What a query on this site may speak of."""
    catalogue = desk.catalogue
    return World(
        {
            "project": _lower(text for one in catalogue.projects for text in (one.id, one.key, one.name)),
            "issuetype": _lower(text for one in catalogue.issue_types for text in (one.id, one.name)),
            "status": _lower(text for one in desk.workflow.statuses for text in (one.id, one.name)),
            "statuscategory": _lower(
                text for key, (number, name, _) in CATEGORIES.items() for text in (key, str(number), name)
            ),
        },
        lambda key: desk.find(key) is not None,
        me,
        desk.clock.milliseconds(),
    )


def found(desk: Desk, search: Search, reconciled: Iterable[str], elsewhere: Elsewhere) -> list[Change]:
    """The issues that the search finds, in its order, as the index has them."""
    made = [one for one in desk.ledger.indexed(reconciled) if not one.hidden]
    candidates = [*made, *_by_rule(desk, search, elsewhere)]
    records = ((record(desk, one), one) for one in candidates)
    return search.sorted((seen, one) for seen, one in records if search.finds(seen))


def _by_rule(desk: Desk, search: Search, elsewhere: Elsewhere) -> Iterable[Change]:
    """Issues by rule, of those projects only in which there can be one: there may be a million."""
    for project in desk.catalogue.projects:
        story = {"project": _lower((project.id, project.key, project.name)), "issuetype": _lower(("10001", "story"))}
        if search.finds(story) is not False:
            yield from (one for one in elsewhere(project.key) if desk.ledger.find(one.id) is None)


def record(desk: Desk, change: Change) -> Record:
    """What search knows of one issue."""
    project = next((one for one in desk.catalogue.projects if one.id == change.project), None)
    kind = next((one for one in desk.catalogue.issue_types if one.id == change.issue_type), None)
    status, reporter = desk.workflow.status(change.status), desk.people.of(change.reporter)
    number, name, _ = CATEGORIES[status.category]
    order: dict[str, Any] = {
        "id": change.id,
        "key": (change.key.rpartition("-")[0], int(change.key.rpartition("-")[2])),
        "created": change.created,
        "updated": change.updated,
        "summary": change.summary.casefold(),
    }
    return {
        "order": order,
        "project": _lower((project.id, project.key, project.name)) if project else frozenset(),
        "issuetype": _lower((kind.id, kind.name)) if kind else frozenset(),
        "status": _lower((status.id, status.name)),
        "statuscategory": _lower((status.category, str(number), name)),
        "key": _lower((change.id, change.key, *change.former)),
        "reporter": _lower((reporter.account, reporter.name, reporter.display, reporter.email)),
        "labels": _lower(change.values.get("labels", ())),
        "summary": change.summary,
        "description": change.description,
        "text": f"{change.summary}\n{change.description}",
        "created": change.created,
        "updated": change.updated,
    }


def _lower(texts: Iterable[str]) -> frozenset[str]:
    return _lowered(tuple(texts))


@lru_cache(4096)  # projects, statuses and people are the same for every issue
def _lowered(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)
