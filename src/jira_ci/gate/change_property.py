"""What a change was made for: an issue property that nobody sees on the change, and its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.gate.subject import Attempt, Subject
from jira_ci.jira.rich_text import Line, Own

_SCHEMA = "jira-ci.change/1"
_BINDING = ("project", "environment", "tenant", "version")
_LISTED_KEYS = 50


def change_property(subject: Subject, occasion: Attempt) -> dict[str, Any]:
    """The property's value."""
    return {"schema": _SCHEMA, **_binding(subject), "commit": subject.commit, "run": occasion.url or occasion.run}


def same_binding(found: Mapping[str, Any], subject: Subject) -> bool:
    """Whether a change with this property was made for the same project, environment, tenant and version."""
    return all((found.get(name) or "") == value for name, value in _binding(subject).items())


def description(subject: Subject, occasion: Attempt) -> list[Line]:
    """For the people who approve."""
    keys = occasion.keys[:_LISTED_KEYS]
    more = f" and {len(occasion.keys) - len(keys)} more" if len(occasion.keys) > len(keys) else ""
    lines = {
        "Project": subject.project,
        "Version": subject.version,
        "Environment": subject.environment,
        "Tenant": subject.tenant,
        "Commit": subject.commit,
    }
    told: list[Line] = [[f"{name}: ", value] for name, value in lines.items() if value]
    told += [["Run: ", Own(occasion.url, link=True)]] if occasion.url else []
    told += [["Issues: ", Own(", ".join(keys) + more)]] if keys else []
    return [*told, [], ["Made by jira-ci. The deployment begins when this change allows it."]]


def _binding(subject: Subject) -> dict[str, str]:
    return {name: str(getattr(subject, name) or "") for name in _BINDING}
