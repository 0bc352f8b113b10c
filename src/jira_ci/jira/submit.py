"""Submitting records in bulk, and reading what became of each: a 202 is not success."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from jira_ci.errors import JiraCiError
from jira_ci.exchange import Answer, Request
from jira_ci.frozen import dataclass, field
from jira_ci.jira import endpoints, records
from jira_ci.jira.endpoints import Make
from jira_ci.jira.identity import is_shown, keys_of, with_keys
from jira_ci.jira.records import Record
from jira_ci.jira.status_errors import Audience, TooLarge, expect, messages, not_from_jira
from jira_ci.run import Run
from jira_ci.text import one_line


@dataclass
class Submission:
    """What became of the records that were sent."""

    accepted: list[Record] = field(default_factory=list)
    rejected: list[tuple[Record, list[str]]] = field(default_factory=list)
    """Each with Jira's reasons."""
    unknown_keys: list[str] = field(default_factory=list)
    refused_keys: list[str] = field(default_factory=list)
    """Keys that made Jira reject a record; it was sent again without them."""
    unknown_services: list[str] = field(default_factory=list)
    """Ids of services that the site does not have: their deployments are not shown on them."""
    unknown_associations: list[str] = field(default_factory=list)
    """Commits and repositories, each with its kind. No trouble: Jira knows only those that another app told it of."""
    error: JiraCiError | None = None
    """Why a portion was not taken at all, and the portions after it were not sent."""


@dataclass
class LinkSubmission(Submission):
    """What became of the links. A record counts as accepted when one of its issues shows it, or none is known."""

    arrived: int = 0
    wanted: int = 0
    """How many there should be: unknown issues are counted too."""
    refusals: dict[str, str] = field(default_factory=dict)
    """Issues on which Jira does not want the link, and why."""
    left: list[str] = field(default_factory=list)
    """Issues that do not show all they should, because there was no answer or no time."""


LARGEST = 100
M = TypeVar("M")


@dataclass(frozen=True)
class Kind:
    """Builds or deployments: what differs between the two."""

    plural: str
    identify: Callable[[Mapping[str, Any]], tuple[str, ...]]
    """The identity of a record, or of a key in an answer."""


def _build_identity(record: Mapping[str, Any]) -> tuple[str, ...]:
    return _plain(record.get("pipelineId")), _plain(record.get("buildNumber"))


def _deployment_identity(record: Mapping[str, Any]) -> tuple[str, ...]:
    pipeline, environment = record.get("pipeline"), record.get("environment")
    return (
        _plain(pipeline.get("id") if isinstance(pipeline, Mapping) else record.get("pipelineId")),
        _plain(environment.get("id") if isinstance(environment, Mapping) else record.get("environmentId")),
        _plain(record.get("deploymentSequenceNumber")),
    )


def _plain(value: Any) -> str:
    """An id or a number as text; nonsense is nobody's id."""
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


BUILDS = Kind("builds", _build_identity)
DEPLOYMENTS = Kind("deployments", _deployment_identity)


def bulk(kind: Kind, run: Run, properties: Mapping[str, str]) -> Callable[[Sequence[Record]], Make]:
    """How a portion is asked to be taken.

    Args:
        properties: the user's own, kept with each record.
    """

    def make(portion: Sequence[Record]) -> Make:
        body = records.body(kind.plural, portion, run, properties)
        return lambda api, cloud, bearer: endpoints.bulk(api, cloud, kind.plural, body, bearer)

    return make


def submit(
    kind: Kind,
    report: Sequence[Record],
    make: Callable[[Sequence[Record]], M],
    ask: Callable[[M], tuple[Request, Answer]],
    audience: Audience = "report",
) -> Submission:
    """Sends all records, in as few requests as Jira allows, and says what became of each.

    Args:
        make: what is asked about one portion.
        ask: sends that and returns the exchange; it may raise a :class:`JiraCiError`.
        audience: for whom.
    """
    sending = _Sending(kind, audience, Submission(), [])
    try:
        for sending.repeating in (False, True):
            waiting = [(portion, True) for portion in _portions(sending.again if sending.repeating else report)]
            while waiting:
                portion, whole = waiting.pop(0)
                halves = sending.take(portion, *ask(make(portion)), whole=whole)
                waiting[:0] = [(half, False) for half in halves]
    except JiraCiError as error:
        sending.outcome.error = error
    return sending.outcome


@dataclass
class _Sending:
    kind: Kind
    audience: Audience
    outcome: Submission
    again: list[Record]
    """Records to be sent once more, without the keys that Jira refused."""
    repeating: bool = False
    """Whether this is that second time; there is no third."""

    def take(
        self, portion: Sequence[Record], request: Request, answer: Answer, *, whole: bool
    ) -> Sequence[Sequence[Record]]:
        """Takes an answer in; what is too large is given back in halves, once."""
        if not self.repeating and self._refused_as_a_whole(portion, answer):
            return ()
        try:
            expect(request, answer, 202, self.audience)
        except TooLarge:
            if not whole or len(portion) < 2:
                raise
            middle = len(portion) // 2
            return portion[:middle], portion[middle:]
        self._read(portion, request, answer)
        return ()

    def _refused_as_a_whole(self, portion: Sequence[Record], answer: Answer) -> bool:
        """Whether a 400 for the whole request names keys: then every record in it, innocent or not, is sent again."""
        reasons = messages(answer) if answer.status == 400 else []
        words = _words(reasons)
        refused = dict.fromkeys(key for record in portion for key in keys_of(record) if key in words)
        for record in portion if refused else ():
            self._once_more(record, refused, reasons)
        return bool(refused)

    def _read(self, portion: Sequence[Record], request: Request, answer: Answer) -> None:
        body = answer.json()
        if not isinstance(body, dict) or not _looks_right(body, self.kind):
            raise not_from_jira(request, answer)
        title = self.kind.plural.capitalize()
        accepted = {self.kind.identify(key) for key in _mappings(body.get(f"accepted{title}"))}
        rejected = {
            self.kind.identify(_mapping(part.get("key"))): _sentences(part)
            for part in _mappings(body.get(f"rejected{title}"))
        }
        _add(self.outcome.unknown_keys, map(_shown, _list(body.get("unknownIssueKeys"))))
        for association in _mappings(body.get("unknownAssociations")):
            _sort_unknown(association, self.outcome)
        for record in portion:
            identity = self.kind.identify(record)
            if identity in rejected:
                self._rejected(record, rejected[identity] or ["Jira gives no reason"])
            elif identity in accepted:
                self.outcome.accepted.append(record)
            else:
                self.outcome.rejected.append((record, ["Jira's answer does not mention it"]))

    def _rejected(self, record: Record, reasons: list[str]) -> None:
        words = _words(reasons)
        refused = dict.fromkeys(key for key in keys_of(record) if key in words)
        if refused and not self.repeating:
            self._once_more(record, refused, reasons)
        else:
            self.outcome.rejected.append((record, reasons))

    def _once_more(self, record: Record, refused: Mapping[str, None], reasons: list[str]) -> None:
        without = with_keys(record, [key for key in keys_of(record) if key not in refused])
        if is_shown(without):
            _add(self.outcome.refused_keys, (key for key in keys_of(record) if key in refused))
            self.again.append(without)
        else:
            self.outcome.rejected.append((record, reasons))


def _sentences(rejection: Mapping[str, Any]) -> list[str]:
    found = (error.get("message") for error in _mappings(rejection.get("errors")))
    return [_shown(message) for message in found if message]


def _looks_right(body: Mapping[str, Any], kind: Kind) -> bool:
    title = kind.plural.capitalize()
    names = (f"accepted{title}", f"rejected{title}", "unknownIssueKeys", "unknownAssociations")
    there = [body[name] for name in names if body.get(name) is not None]
    return bool(there) and all(isinstance(part, list) for part in there)


def _sort_unknown(association: Mapping[str, Any], outcome: Submission) -> None:
    values, kind = _list(association.get("values")), _shown(association.get("associationType"))
    if kind in ("issueKeys", "issueIdOrKeys"):
        _add(outcome.unknown_keys, map(_shown, values))
    elif kind == "serviceIdOrKeys":
        _add(outcome.unknown_services, map(_shown, values))
    else:
        _add(outcome.unknown_associations, (f"{kind}: {_shown(value)}" for value in values))


def _words(reasons: Sequence[str]) -> frozenset[str]:
    """What the reasons name: ``WEB-1`` is no part of ``WEB-12`` or of ``MY-WEB-1``."""
    return frozenset(re.findall(r"[\w-]+", " ".join(reasons)))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in _list(value) if isinstance(part, dict)]


def _shown(value: Any) -> str:
    """A value that should be a text or, for a commit or repository, a flat object; never more than a line of it."""
    if isinstance(value, dict):
        return "/".join(_shown(part) for part in value.values() if not isinstance(part, (dict, list)))
    return one_line(str(value), 1000) if isinstance(value, (str, int, float)) else "?"


def _portions(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + LARGEST] for start in range(0, len(records), LARGEST))


def _add(target: list[str], values: Iterable[str]) -> None:
    target[:] = dict.fromkeys([*target, *values])
