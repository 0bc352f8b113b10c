"""Which of a record's associations the site knows; the others are named in the answer and not stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jira_sandbox.issues import Issue
from jira_sandbox.rules import ISSUE_KEY, MOST_VALUES

_ISSUES = ("issueKeys", "issueIdOrKeys")


@dataclass(frozen=True)
class Sorted:
    """A record's associations, sorted by whether this site knows them.

    ``kept`` is the record with the known ones only, ``issues`` the keys of its issues, ``unknown`` pairs of
    association type and value.
    """

    kept: dict[str, Any]
    issues: tuple[str, ...]
    unknown_keys: tuple[str, ...]
    unknown: tuple[tuple[str, Any], ...]

    @property
    def anything(self) -> bool:
        """Whether something is left to store the record against."""
        return bool(self.kept.get("issueKeys") or self.kept.get("associations"))


def sort(record: dict[str, Any], find: Callable[[str], Issue | None], is_service: Callable[[str], bool]) -> Sorted:
    """Sort the associations of a record that keeps the rules.

    Args:
        find: from an issue's key or id to the issue, None when there is none.
        is_service: whether the site has a service with this id.
    """
    issues: dict[str, None] = {}
    unknown_keys: list[str] = []
    unknown: list[tuple[str, Any]] = []

    def known(kind: str, value: Any) -> bool:
        if kind in _ISSUES:
            issue = find(value)
            if issue:
                issues[issue.key] = None
            elif re.search(ISSUE_KEY, value):
                unknown_keys.append(value)
            return issue is not None
        return is_service(value) if kind == "serviceIdOrKeys" else True

    kept = {name: value for name, value in record.items() if name not in ("issueKeys", "associations")}
    keys = [key for key in record.get("issueKeys", ()) if known("issueKeys", key)]
    associations = []
    for one in record.get("associations", ()):
        kind, values = one["associationType"], []
        for value in one["values"]:
            values.append(value) if known(kind, value) else unknown.append((kind, value))
        if values:
            associations.append({"associationType": kind, "values": values})
    if keys:
        kept["issueKeys"] = keys
    if associations:
        kept["associations"] = associations
    return Sorted(kept, tuple(issues), tuple(unknown_keys), tuple(unknown))


def mentions(record: dict[str, Any]) -> set[str]:
    """Every issue key or id that the record names."""
    values = [
        value for one in record.get("associations", ()) if one["associationType"] in _ISSUES for value in one["values"]
    ]
    return {*record.get("issueKeys", ()), *values}


def grouped(pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Associations of these pairs of type and value: each value once, no list longer than the documents allow."""
    by_kind: dict[str, list[Any]] = {}
    for kind, value in pairs:
        values = by_kind.setdefault(kind, [])
        if value not in values:
            values.append(value)
    return [
        {"associationType": kind, "values": values[start : start + MOST_VALUES]}
        for kind, values in by_kind.items()
        for start in range(0, len(values), MOST_VALUES)
    ]
