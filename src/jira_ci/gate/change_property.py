"""What a change was made for: an issue property that nobody sees on the change, and its description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jira_ci.gate.subject import Attempt, Subject

_SCHEMA = "jira-ci.change/1"
_BINDING = ("project", "environment", "tenant", "version")
_LISTED_KEYS = 50
# What Jira's wiki markup takes for more than text (https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa).
_MARKUP = re.compile(r"[{}\[\]|!*^~\\]|(?<![^\W_])[-+_?@#]|[-+_?](?![^\W_])")


def change_property(subject: Subject, occasion: Attempt) -> dict[str, Any]:
    """The property's value."""
    return {"schema": _SCHEMA, **_binding(subject), "commit": subject.commit, "run": occasion.url or occasion.run}


def same_binding(found: Mapping[str, Any], subject: Subject) -> bool:
    """Whether a change with this property was made for the same project, environment, tenant and version."""
    return all((found.get(name) or "") == value for name, value in _binding(subject).items())


def description(subject: Subject, occasion: Attempt) -> str:
    """For the people who approve, in wiki markup."""
    keys = occasion.keys[:_LISTED_KEYS]
    more = f" and {len(occasion.keys) - len(keys)} more" if len(occasion.keys) > len(keys) else ""
    lines = {
        "Project": inert(subject.project),
        "Version": inert(subject.version),
        "Environment": inert(subject.environment),
        "Tenant": inert(subject.tenant),
        "Commit": inert(subject.commit),
        "Run": occasion.url,
        "Issues": ", ".join(keys) + more,
    }
    told = [f"{name}: {value}" for name, value in lines.items() if value]
    return "\n".join([*told, "", "Made by jira-ci. The deployment begins when this change allows it."])


def inert(text: str) -> str:
    """A stranger's text for wiki markup: shown as it is."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", text)


def _binding(subject: Subject) -> dict[str, str]:
    return {name: str(getattr(subject, name) or "") for name in _BINDING}
