"""Of a record that Jira shows, what may be sent back: the fields of its schema, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.jira.associations import VALUES
from jira_ci.jira.bulk import BUILDS, Kind
from jira_ci.jira.records import Record

_COMMIT = {"commit": {"id": str, "repositoryUri": str}, "ref": {"name": str, "uri": str}}
_COUNTS = dict.fromkeys(("totalNumber", "numberPassed", "numberFailed", "numberSkipped"), int)
_COMMON = {"schemaVersion": str, "displayName": str, "description": str, "label": str, "url": str}
_ABOUT = {"issueKeys": [str], "associations": [{"associationType": str, "values": [object]}]}
_BUILD = {**_COMMON, **_ABOUT, "pipelineId": str, "buildNumber": int, "testInfo": _COUNTS, "references": [_COMMIT]}
# Not the commands: "a list of commands to be actioned", which a closed deployment has nothing of.
_DEPLOYMENT = {
    **_COMMON,
    **_ABOUT,
    "deploymentSequenceNumber": int,
    "duration": int,
    "pipeline": {"id": str, "displayName": str, "url": str},
    "environment": {"id": str, "displayName": str, "type": str},
}
_REQUIRED = {"builds": ("displayName", "url"), "deployments": ("displayName", "url", "description")}
_ISSUES = ("issueIdOrKeys", "issueKeys")
_OTHERS = {"builds": (), "deployments": ("serviceIdOrKeys", "commit", "repository")}
_MOST = 3  # associations of a deployment


def pick(kind: Kind, found: Mapping[str, Any]) -> Record | None:
    """The fields that may be sent back; None when one is missing that Jira always has."""
    record = _picked(found, _BUILD if kind is BUILDS else _DEPLOYMENT)
    return record if all(isinstance(record.get(name), str) for name in _REQUIRED[kind.plural]) else None


def issues_of(record: Mapping[str, Any]) -> list[Record]:
    """What the record is about: its issues first, in one association; empty when there is nothing.

    Jira may show the same issues twice, as associations and as the older ``issueKeys``.
    """
    kind = "builds" if "buildNumber" in record else "deployments"
    associations = record.get("associations", [])
    listed = [value for one in associations if one.get("associationType") in _ISSUES for value in one.get("values", [])]
    keys = [key for key in listed or record.get("issueKeys", []) if isinstance(key, str)]
    issues = {"associationType": _ISSUES[0], "values": list(dict.fromkeys(keys))[:VALUES]}
    others = [one for one in associations if one.get("associationType") in _OTHERS[kind] and one.get("values")]
    return [*([issues] if keys else []), *others][:_MOST]


def _picked(value: Any, shape: Any) -> Any:
    """The parts of a value that have this shape; None for what has another."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return None
        parts = {name: _picked(value.get(name), inner) for name, inner in shape.items()}
        return {name: part for name, part in parts.items() if part not in (None, [], {})}
    if isinstance(shape, list):
        if not isinstance(value, list):
            return None
        return [part for part in (_picked(one, shape[0]) for one in value) if part is not None]
    return value if isinstance(value, shape) and not isinstance(value, bool) else None
