"""The gating of Atlassian's own GitHub app as a policy of ours: who moves from there keeps the gate.

``deployments.deploymentGating`` in ``.jira/config.yml`` names environments whose deployments Jira itself allows or
prevents: ``gate-by: jira``. It counts where no file of ours speaks of change control, from the same trusted commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.config import strict_yaml
from jira_ci.config.model import Config
from jira_ci.config.trusted_ref import Committed, Place
from jira_ci.environments import atlassian_mapping
from jira_ci.environments.atlassian_mapping import Gating
from jira_ci.errors import UsageError
from jira_ci.text import canonical

_HINT = (
    "Write in .jira-ci.yml what is meant, such as change-control: {enabled: true, gate-by: jira} and, under "
    "environments, Prod: {change-controlled: true}; or change-control: {enabled: false}."
)
_KEPT = ("project-name", "jira", "connections")


def find(place: Place, ours: Config | None) -> tuple[Committed, Config] | None:
    """The file that gates, and what it means; None where it is certain that there is none.

    Args:
        ours: the committed file of ours, which says nothing of change control.

    Raises:
        UsageError: nobody can tell what is gated.
    """
    for name in atlassian_mapping.NAMES:
        found = place.file(name)
        if isinstance(found, Committed) and (gating := _gating(found)):
            if gating.problem:
                raise UsageError(f"{gating.problem} Jira may gate this deployment, and nobody can tell.", _HINT)
            return found, as_config(gating, found.name, ours)
    return None


def _gating(found: Committed) -> Gating | None:
    try:
        theirs, _ = atlassian_mapping.parse(found.data, found.name)
    except UsageError as error:
        gating = atlassian_mapping.unreadable(found.data)
        return Gating((), 1, f"{error.message} {gating.problem}") if gating else None
    return theirs.gating if theirs else None


def as_config(gating: Gating, name: str, ours: Config | None) -> Config:
    """A file of ours that says the same, with the lines of theirs: no other environment is gated.

    Args:
        name: what their file is called in messages.
        ours: it names the site and the project, where it does.
    """
    environments: dict[str, Any] = {}
    lines: dict[str, int] = {}
    known: set[str] = set()
    for one in gating.environments:
        if canonical(one.name) not in known:
            known.add(canonical(one.name))
            environments[one.name], lines[one.name] = {"change-controlled": True}, one.line
    if "*" not in environments:
        environments["*"], lines["*"] = {"change-controlled": False}, gating.line
    kept = {key: ours.document[key] for key in _KEPT if ours and key in ours.document}
    document = {**kept, "change-control": {"enabled": True, "gate-by": "jira"}, "environments": environments}
    return Config(name, document, _tree(document, gating.line, lines))


def _tree(document: Mapping[str, Any], line: int, lines: Mapping[str, int]) -> strict_yaml.Node:
    """Where their file says what ours would."""
    rules = strict_yaml.Node({}, line)
    for name, at in lines.items():
        rules.hold(name, at, strict_yaml.Node(None, at))
    control = strict_yaml.Node({}, line)
    for key in document["change-control"]:
        control.hold(key, line, strict_yaml.Node(None, line))
    top = strict_yaml.Node({}, line)
    top.hold("change-control", line, control)
    top.hold("environments", line, rules)
    return top
