"""A record that Jira has stored: reading it, sending it again with another state, and having it deleted.

https://developer.atlassian.com/cloud/jira/software/rest/api-group-builds/ and .../api-group-deployments/. Nothing here
does I/O. Deletion is asynchronous: a 202 says that it will come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlencode

from jira_ci.errors import RejectedError
from jira_ci.jira import identity, wire
from jira_ci.jira.bulk import BUILDS, Kind
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.records import Record
from jira_ci.jira.refusals import expect, not_from_jira
from jira_ci.jira.sent_again import issues_of, pick
from jira_ci.run import Run
from jira_ci.text import one_line

Make = Callable[[str, str, str], Request]
"""A request from the API's address, the cloud id and the access token."""


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
        return self.state in identity.PHASES


def reading(key: Key) -> Make:
    """Asks for a record."""

    def make(api: str, cloud: str, bearer: str) -> Request:
        if key.kind is BUILDS:
            return wire.build_by_key(api, cloud, key.pipeline, key.number, bearer)
        return wire.deployment_by_key(api, cloud, key.pipeline, key.environment, key.number, bearer)

    return make


def deleting(key: Key) -> Make:
    """Has one record deleted, if it is there."""

    def make(api: str, cloud: str, bearer: str) -> Request:
        url = reading(key)(api, cloud or wire.NO_CLOUD_ID, bearer).url
        return Request("DELETE", url, f"delete a {key.kind.plural[:-1]}", bearer=bearer, bodiless=True)

    return make


def deleting_all(kind: Kind, properties: Sequence[tuple[str, str]]) -> Make:
    """Has every record deleted that was submitted with all of these properties, of which there is at least one."""
    assert properties, "Jira would refuse it, and rightly"  # noqa: S101 - our own mistake, and the worst there is

    def make(api: str, cloud: str, bearer: str) -> Request:
        query = urlencode(properties, quote_via=quote)
        url = f"{api}/jira/{kind.plural}/0.1/cloud/{cloud or wire.NO_CLOUD_ID}/bulkByProperties?{query}"
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
