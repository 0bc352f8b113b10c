"""Submitting records in bulk, and reading what became of each: a 202 is not success.

Jira takes 100 records a request. What it answers has four parts, and each is shown: accepted, rejected, unknown issue
keys, unknown associations. Records it rejects because of an issue key are sent once more without that key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jira_ci.errors import JiraCiError
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.records import Record, keys_of, with_keys
from jira_ci.jira.refusals import TooLarge, expect, messages, not_from_jira

LARGEST = 100
Post = Callable[[Sequence[Record]], tuple[Request, Answer]]


@dataclass(frozen=True)
class Kind:
    """Builds or deployments: what differs between the two."""

    plural: str
    identify: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """The identity of a record, or of a key in an answer."""


def _build_identity(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return record.get("pipelineId"), record.get("buildNumber")


def _deployment_identity(record: Mapping[str, Any]) -> tuple[Any, ...]:
    pipeline, environment = record.get("pipeline"), record.get("environment")
    return (
        pipeline.get("id") if isinstance(pipeline, Mapping) else record.get("pipelineId"),
        environment.get("id") if isinstance(environment, Mapping) else record.get("environmentId"),
        record.get("deploymentSequenceNumber"),
    )


BUILDS = Kind("builds", _build_identity)
DEPLOYMENTS = Kind("deployments", _deployment_identity)


@dataclass
class Outcome:
    """What became of the records that were sent."""

    accepted: list[Record] = field(default_factory=list)
    rejected: list[tuple[Record, list[str]]] = field(default_factory=list)
    """Each with Jira's reasons."""
    unknown_keys: list[str] = field(default_factory=list)
    refused_keys: list[str] = field(default_factory=list)
    """Keys that made Jira reject a record; it was sent again without them."""
    unknown_associations: list[str] = field(default_factory=list)
    error: JiraCiError | None = None
    """Why a portion was not taken at all, and the portions after it were not sent."""


def submit(kind: Kind, records: Sequence[Record], post: Post) -> Outcome:
    """Sends all records, in as few requests as Jira allows, and says what became of each.

    Args:
        post: sends one portion and returns the exchange; it may raise a :class:`JiraCiError`.
    """
    submission = _Submission(kind, post, Outcome(), [])
    try:
        for portion in _portions(records):
            submission.send(portion, first=True)
        for portion in _portions(submission.again):
            submission.send(portion, first=False)
    except JiraCiError as error:
        submission.outcome.error = error
    return submission.outcome


@dataclass
class _Submission:
    kind: Kind
    post: Post
    outcome: Outcome
    again: list[Record]
    """Records to be sent once more, without the keys that Jira refused."""

    def send(self, portion: Sequence[Record], *, first: bool) -> None:
        """Sends one portion; the first time a refused key, or too large a body, gets a second chance."""
        request, answer = self.post(portion)
        if first and self._refused_as_a_whole(portion, answer):
            return
        try:
            expect(request, answer, 202)
        except TooLarge:
            if not first or len(portion) < 2:
                raise
            middle = len(portion) // 2
            self.send(portion[:middle], first=False)
            self.send(portion[middle:], first=False)
            return
        self._read(portion, request, answer, first=first)

    def _refused_as_a_whole(self, portion: Sequence[Record], answer: Answer) -> bool:
        reasons = messages(answer) if answer.status == 400 else []
        refused = {key for record in portion for key in _named(keys_of(record), reasons)}
        if refused:
            _add(self.outcome.refused_keys, sorted(refused))
            for record in portion:
                left = [key for key in keys_of(record) if key not in refused]
                if left:
                    self.again.append(with_keys(record, left))
                else:
                    self.outcome.rejected.append((record, reasons))
        return bool(refused)

    def _read(self, portion: Sequence[Record], request: Request, answer: Answer, *, first: bool) -> None:
        body = answer.json()
        if not isinstance(body, dict) or not _looks_right(body, self.kind):
            raise not_from_jira(request, answer)
        title = self.kind.plural.capitalize()
        accepted = {self.kind.identify(key) for key in body.get(f"accepted{title}") or []}
        reasons = {
            self.kind.identify(part.get("key") or {}): _sentences(part) for part in body.get(f"rejected{title}") or []
        }
        _add(self.outcome.unknown_keys, (str(key) for key in body.get("unknownIssueKeys") or []))
        for association in body.get("unknownAssociations") or []:
            _sort_unknown(association, self.outcome)
        for record in portion:
            identity = self.kind.identify(record)
            if identity in accepted and identity not in reasons:
                self.outcome.accepted.append(record)
            else:
                self._rejected(record, reasons.get(identity) or [_UNMENTIONED], first=first)

    def _rejected(self, record: Record, reasons: list[str], *, first: bool) -> None:
        refused = _named(keys_of(record), reasons) if first else []
        left = [key for key in keys_of(record) if key not in refused]
        if refused and left:
            _add(self.outcome.refused_keys, refused)
            self.again.append(with_keys(record, left))
        else:
            self.outcome.rejected.append((record, reasons))


_UNMENTIONED = "Jira's answer mentions it neither as accepted nor with a reason"


def _sentences(rejection: Mapping[str, Any]) -> list[str]:
    errors = rejection.get("errors")
    found = [str(error.get("message", "")) for error in errors or [] if isinstance(error, dict)]
    return [sentence for sentence in found if sentence]


def _looks_right(body: Mapping[str, Any], kind: Kind) -> bool:
    title = kind.plural.capitalize()
    names = (f"accepted{title}", f"rejected{title}", "unknownIssueKeys", "unknownAssociations")
    lists = all(isinstance(body.get(name) or [], list) for name in names)
    objects = (part for name in (*names[:2], names[3]) for part in body.get(name) or [])
    return lists and any(name in body for name in names) and all(isinstance(part, dict) for part in objects)


def _sort_unknown(association: Mapping[str, Any], outcome: Outcome) -> None:
    values = [str(value) for value in association.get("values") or []]
    if association.get("associationType") in ("issueKeys", "issueIdOrKeys"):
        _add(outcome.unknown_keys, values)
    else:
        _add(outcome.unknown_associations, (f"{association.get('associationType')}: {value}" for value in values))


def _named(keys: Iterable[str], reasons: Sequence[str]) -> list[str]:
    """The keys that the reasons name as whole words."""
    text = " ".join(reasons)
    return [key for key in keys if re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text)] if text else []


def _portions(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + LARGEST] for start in range(0, len(records), LARGEST))


def _add(target: list[str], values: Iterable[str]) -> None:
    target.extend(value for value in dict.fromkeys(values) if value not in target)
