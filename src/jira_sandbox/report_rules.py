"""What Jira demands of a submission of builds or deployments, and which fault has which consequence.

The documents tell two kinds apart. *Request has incorrect format* is answered 400, and nothing is stored. *An
individual build having an invalid format (rather than the request as a whole)* is answered 202 with the fault under
``rejectedBuilds``, and the other records are stored: Jira answers so for a missing field, a long text, a bad state and
no associations (https://github.com/CircleCI-Public/jira-connect-orb/issues/68). A rejection names its record by key,
so a record whose key cannot be read makes the whole request a bad one.

https://developer.atlassian.com/cloud/jira/software/rest/api-group-builds/ and .../api-group-deployments/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jira_sandbox.documents import Rule, anything, choice, date_time, int64, items, record, text, uri
from jira_sandbox.issue_rules import Issue

MOST_RECORDS = 100
MOST_VALUES = 500
ISSUE_KEY = r"^\w{1,255}-\d{1,255}\Z"

_NAME = text(255)
_STATES = ("unknown", "pending", "in_progress", "cancelled", "failed", "successful")
_ISSUE_KEYS = items(text(pattern=ISSUE_KEY), 1, 100)
# The document leaves the ends open; whether Jira does is not known, so that nothing may rely on it.
_KEY_OR_ID = text(pattern=r"^(\w{1,255}-\d{1,255}|\d{1,255})\Z")
_VALUES = {
    "issueKeys": _KEY_OR_ID,
    "issueIdOrKeys": _KEY_OR_ID,
    "serviceIdOrKeys": _NAME,
    "commit": record({"commitHash": _NAME, "repositoryId": _NAME}),
    "repository": record({"repositoryId": _NAME}),
}
# What Jira's store cannot hold: everything outside XML's characters of the Basic Multilingual Plane. One such
# character fails the whole submission (https://gitlab.com/gitlab-org/gitlab/-/issues/565633).
_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]")
_ISSUES = ("issueKeys", "issueIdOrKeys")


def _association(*types: str) -> Rule:
    kind = record({"associationType": choice(*types), "values": items(anything)})

    def rule(value: Any, where: str) -> Iterator[str]:
        faults = list(kind(value, where))
        if faults:
            yield from faults
        elif not value["values"]:
            yield "Associations must provide at least one value."
        else:
            yield from items(_VALUES[value["associationType"]], 1, MOST_VALUES)(value["values"], f"{where}.values")

    return rule


BUILD = record(
    {
        "pipelineId": _NAME,
        "buildNumber": int64,
        "updateSequenceNumber": int64,
        "displayName": _NAME,
        "url": uri,
        "state": choice(*_STATES),
        "lastUpdated": date_time,
    },
    {
        "schemaVersion": choice("1.0"),
        "description": _NAME,
        "label": _NAME,
        "issueKeys": _ISSUE_KEYS,
        "associations": items(_association("issueKeys", "issueIdOrKeys")),
        "testInfo": record(
            {"totalNumber": int64, "numberPassed": int64, "numberFailed": int64}, {"numberSkipped": int64}
        ),
        "references": items(
            record(
                {},
                {
                    "commit": record({"id": _NAME, "repositoryUri": text(2000)}),
                    "ref": record({"name": _NAME, "uri": text(2000)}),
                },
            ),
            1,
            5,
        ),
    },
)
DEPLOYMENT = record(
    {
        "deploymentSequenceNumber": int64,
        "updateSequenceNumber": int64,
        "displayName": _NAME,
        "url": uri,
        "description": _NAME,
        "lastUpdated": date_time,
        "state": choice(*_STATES, "rolled_back"),
        "pipeline": record({"id": _NAME, "displayName": _NAME, "url": uri}),
        "environment": record(
            {
                "id": _NAME,
                "displayName": _NAME,
                "type": choice("unmapped", "development", "testing", "staging", "production"),
            }
        ),
    },
    {
        "schemaVersion": choice("1.0"),
        "label": _NAME,
        "duration": int64,
        "commands": items(record({}, {"command": text()})),
        "issueKeys": _ISSUE_KEYS,
        "associations": items(_association(*_VALUES), 1, 3),
    },
)


@dataclass(frozen=True)
class Family:
    """Builds or deployments: the same API twice, with other names.

    ``identity`` maps the names of a record's key to their places in the record.
    """

    name: str
    noun: str
    rule: Rule
    identity: Mapping[str, tuple[str, ...]]

    def key(self, entry: Any) -> dict[str, Any] | None:
        """The record's key, or None when it cannot be read."""
        found = {name: _at(entry, place) for name, place in self.identity.items()}
        readable = all(
            isinstance(value, int) and not list(int64(value, ""))
            if name.endswith("Number")
            else not list(_NAME(value, ""))
            for name, value in found.items()
        )
        return found if readable else None


BUILDS = Family("builds", "Build", BUILD, {"pipelineId": ("pipelineId",), "buildNumber": ("buildNumber",)})
DEPLOYMENTS = Family(
    "deployments",
    "Deployment",
    DEPLOYMENT,
    {
        "pipelineId": ("pipeline", "id"),
        "environmentId": ("environment", "id"),
        "deploymentSequenceNumber": ("deploymentSequenceNumber",),
    },
)

FAMILIES = (BUILDS, DEPLOYMENTS)


def request_faults(family: Family, document: Any) -> list[str]:
    """What is wrong with the request as a whole; the answer to any of it is 400."""
    refused = next(_refused_characters(document), None)
    if refused is not None:
        return [f"Invalid binary character '#x{refused:X}'"]
    return list(
        record(
            {family.name: items(_readable(family), 1, MOST_RECORDS)},
            {"properties": _properties, "providerMetadata": record({}, {"product": text()})},
        )(document, "")
    )


def record_faults(family: Family, entry: dict[str, Any]) -> list[str]:
    """What is wrong with one record of a good request; it is rejected, and the others are not."""
    faults = list(family.rule(entry, ""))
    if faults:
        return faults
    values = sum(len(one["values"]) for one in entry.get("associations", []))
    if values > MOST_VALUES:  # "counted across all associationTypes": prose only, the schema cannot say it
        return [f"Associations must not have more than {MOST_VALUES} values in total"]
    if family is DEPLOYMENTS and not {"issueKeys", "associations"} & entry.keys():
        return ["One of 'issueKeys' or 'associations' is required"]  # prose only, too
    return []


def _readable(family: Family) -> Rule:
    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"'{where}' must be an object"
        elif family.key(value) is None:
            yield f"'{where}' must have a valid {', '.join('.'.join(place) for place in family.identity.values())}"

    return rule


def _properties(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"'{where}' must be an object"
        return
    if len(value) > 5:
        yield f"'{where}' must not have more than 5 entries"
    for name, content in value.items():
        if ":" in name or name.startswith("_"):
            yield f"'{where}' has a key that contains ':' or starts with '_'"
        yield from _NAME(content, f"{where}.{name}")


def _refused_characters(document: Any) -> Iterator[int]:
    """The UTF-16 units of the characters that Jira's store refuses, in keys and values."""
    waiting = [document]  # no recursion: a document may be nested more deeply than functions may
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            for match in _REFUSED.finditer(value):
                code = ord(match[0])
                yield code if code < 0x10000 else 0xD800 + ((code - 0x10000) >> 10)
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value


def _at(entry: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        entry = entry.get(name) if isinstance(entry, dict) else None
    return entry


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
