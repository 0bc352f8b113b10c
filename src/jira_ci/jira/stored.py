"""A record that Jira has stored: read, sent again with another state, deleted; links are taken off again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlencode

from jira_ci import states
from jira_ci.errors import RejectedError
from jira_ci.exchange import Answer, Request
from jira_ci.jira import endpoints, identity, remote_links
from jira_ci.jira.endpoints import Make, Question, segment
from jira_ci.jira.identity import VALUES
from jira_ci.jira.records import Record
from jira_ci.jira.status_errors import expect, messages, not_from_jira, refusal
from jira_ci.jira.submit import BUILDS, Kind
from jira_ci.run import Run
from jira_ci.text import one_line

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


@dataclass(frozen=True)
class Key:
    """Which record."""

    kind: Kind
    pipeline: str
    number: int
    environment: str = ""
    """The environment's id; empty for a build."""

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The key as Jira writes it."""
        if self.kind is BUILDS:
            return {"pipelineId": self.pipeline, "buildNumber": self.number}
        named = {"pipelineId": self.pipeline, "environmentId": self.environment}
        return {**named, "deploymentSequenceNumber": self.number}

    def __str__(self) -> str:
        where = f" to {self.environment}" if self.environment else ""
        return one_line(f"{self.kind.plural[:-1]} #{self.number}{where} of pipeline {self.pipeline}", 600)


@dataclass(frozen=True)
class Stored:
    """A record as it is in Jira."""

    key: Key
    state: str
    """Jira's word."""
    sequence: int
    """Its ``updateSequenceNumber``."""
    record: Record
    """The fields that may be sent back, but for state, time and sequence number."""

    @property
    def going(self) -> bool:
        """Whether Jira shows it as not ended."""
        return states.of(self.state).open


def reading(key: Key) -> Make:
    """Asks for a record."""

    def make(api: str, cloud: str, bearer: str) -> Request:
        if key.kind is BUILDS:
            return endpoints.build_by_key(api, cloud, key.pipeline, key.number, bearer)
        return endpoints.deployment_by_key(api, cloud, key.pipeline, key.environment, key.number, bearer)

    return make


def deleting(key: Key) -> Make:
    """Has one record deleted, if it is there."""

    def make(api: str, cloud: str, bearer: str) -> Request:
        url = reading(key)(api, cloud or endpoints.NO_CLOUD_ID, bearer).url
        return Request("DELETE", url, f"delete a {key.kind.plural[:-1]}", bearer=bearer, bodiless=True)

    return make


def deleting_all(kind: Kind, properties: Sequence[tuple[str, str]]) -> Make:
    """Has every record deleted that was submitted with all of these properties, of which there is at least one."""
    assert properties, "Jira would refuse it, and rightly"  # noqa: S101 - our own mistake, and the worst there is

    def make(api: str, cloud: str, bearer: str) -> Request:
        query = urlencode(properties, quote_via=quote)
        url = f"{api}/jira/{kind.plural}/0.1/cloud/{cloud or endpoints.NO_CLOUD_ID}/bulkByProperties?{query}"
        return Request("DELETE", url, f"delete {kind.plural}", bearer=bearer, bodiless=True)

    return make


def read(key: Key, request: Request, answer: Answer) -> Stored | None:
    """The record, or None when Jira has none with this key.

    Raises:
        JiraCiError: the credential is not let in, or the answer is not Jira's or about another record.
    """
    if answer.status == 404:
        return None
    expect(request, answer, 200)
    body = answer.json()
    found: Mapping[str, Any] = body if isinstance(body, dict) else {}
    state, sequence = found.get("state"), found.get("updateSequenceNumber")
    record = pick(key.kind, found)
    if (
        record is None
        or key.kind.identify(found) != key.kind.identify(key.mapping)
        or not isinstance(state, str)
        or type(sequence) is not int
    ):
        raise not_from_jira(request, answer)
    return Stored(key, state, sequence, record)


def again(stored: Stored, run: Run, state: str, now: float, keys: Iterable[str] = ()) -> Record:
    """The same record with another state, newer than the stored one, and older than a later attempt's.

    Args:
        run: any of the provider's: it says how sequence numbers are made.
        state: Jira's word.
        now: epoch seconds.
        keys: issue keys, for a record that Jira shows without any.

    Raises:
        RejectedError: Jira would drop it, or does not say what it is about.
    """
    number = identity.later_number(run, stored.sequence, int(now * 1000))
    if number <= stored.sequence:
        raise RejectedError(
            f"The {stored.key} has {stored.sequence} as its sequence number in Jira, and no larger one can be sent.",
            "Take it out with jira-ci forget, and report it again.",
        )
    associations = issues_of(stored.record) or issues_of({"issueKeys": list(keys)})
    if not associations:
        raise RejectedError(
            f"Jira does not say which issues the {stored.key} is about, so it cannot be sent again.",
            "Name them: issue-keys.",
        )
    record = {name: value for name, value in stored.record.items() if name not in ("issueKeys", "associations")}
    return {
        **record,
        "associations": associations,
        "updateSequenceNumber": number,
        "lastUpdated": datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds"),
        "state": state,
    }


def unlink(issue: str, key: Key) -> Question:
    """Takes the link that shows this record off one issue, if it is there."""
    link = {"globalId": remote_links.global_id(key.kind, key.mapping)}
    path = f"api/issue/{segment(issue)}/remotelink"
    return Question("DELETE", path, f"take a link off {issue}", link, bodiless=True)


def was_linked(request: Request, answer: Answer) -> bool:
    """Whether the link was there; it is gone now. Jira says 404 for a link and for an issue that is not there.

    Raises:
        JiraCiError: any other answer.
    """
    if answer.status == 204:
        return True
    if answer.status == 404 and messages(answer):
        return False
    raise remote_links.final(request, answer) or refusal(request, answer, "links")
