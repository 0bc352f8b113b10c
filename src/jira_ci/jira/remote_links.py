"""Builds and deployments on Jira Data Center, which has no API for them: a remote link on every issue of the record.

https://developer.atlassian.com/server/jira/platform/jira-rest-api-for-remote-issue-links/ : a link with the same global
id is replaced, so that every later report of one run changes the links that are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

from jira_ci.errors import JiraCiError, NetworkError, Redirected
from jira_ci.exchange import Answer, Request
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Question, segment
from jira_ci.jira.identity import keys_of, with_keys
from jira_ci.jira.records import Record
from jira_ci.jira.status_errors import is_refused, messages, not_from_jira, phrase, refusal
from jira_ci.jira.submit import DEPLOYMENTS, Kind, LinkSubmission
from jira_ci.text import for_jira, identifier, one_line

_TEXT = 255
_APPLICATION = {"type": "jira-ci", "name": "jira-ci"}


def global_id(kind: Kind, record: Mapping[str, Any]) -> str:
    """The link's identity: the record's own, which stays the same from the start of a run to its end.

    Its parts are encoded, so that two records never have the same one; a long one ends in a hash.
    """
    parts = (kind.plural, *kind.identify(record))
    return identifier("jira-ci:" + ":".join(quote(part, safe="/", errors="replace") for part in parts), _TEXT)


def body(kind: Kind, record: Record) -> dict[str, Any]:
    """The link that shows a record on an issue.

    A link that is *resolved* is shown struck through: that is how a build or deployment that ended well looks.
    """
    environment = record.get("environment")
    state = str(record["state"]).replace("_", " ")
    title = f"{environment['displayName']}: {record['displayName']}" if environment else str(record["displayName"])
    what = f"Deployment ({environment['type']})" if environment else "Build"
    return {
        "globalId": global_id(kind, record),
        "application": _APPLICATION,
        "relationship": "deployed to" if kind is DEPLOYMENTS else "built by",
        "object": {
            "url": record["url"],
            "title": for_jira(title, _TEXT),
            "summary": for_jira(_summary(record, state), _TEXT),
            "icon": {"title": f"{what}: {state}"},
            "status": {"resolved": record["state"] == "successful", "icon": {"title": state}},
        },
    }


def link(key: str, document: Mapping[str, Any]) -> Question:
    """Sets one link on one issue. It may be sent again: it is the same link."""
    return Question("POST", f"api/issue/{segment(key)}/remotelink", f"show it on {key}", body=document)


def is_linked(request: Request, answer: Answer) -> bool:
    """Whether the link is there now.

    Raises:
        JiraCiError: the answer says so and is not Jira's, or nobody should ask on: see :func:`final`.
    """
    if answer.status not in (200, 201):
        return False
    document = answer.json()
    if not isinstance(document, dict) or "id" not in document:
        raise not_from_jira(request, answer)
    return True


def final(request: Request, answer: Answer) -> JiraCiError | None:
    """The error of an answer that is about more than one issue; ``None`` for Jira's judgement about this one.

    A refused credential is one: Jira locks accounts behind a CAPTCHA after a few
    (https://confluence.atlassian.com/jirakb/captcha-challenge-in-jira-server-and-data-center).
    """
    status, told = answer.status, bool(messages(answer))
    if status == 404 and not told:
        return not_from_jira(request, answer, "Check site: is the path that Jira has on this host part of it?")
    judged = 400 <= status < 500 and status not in (401, 407, 408, 425, 429)
    if judged and not is_refused(answer) and (told or status != 403):
        return None
    return refusal(request, answer, "links")


def too_late(arrived: int, wanted: int) -> NetworkError:
    """The error when time ran out between two links."""
    return NetworkError(
        f"The deadline came when {arrived} of {wanted} remote links were made.",
        "Raise timeout, or report fewer issues: set projects or since.",
    )


def _summary(record: Record, state: str) -> str:
    tests = record.get("testInfo")
    parts = [state, record.get("description")]
    parts += [f"{tests['numberPassed']} of {tests['totalNumber']} tests passed"] if tests else []
    return ", ".join(str(part) for part in parts if part)


_PATIENCE = 2  # issues in a row without an answer; each was tried for half a minute by then


def requests(kind: Kind, records: Sequence[Record], site: str) -> Iterator[Request]:
    """Every request that these records mean, without a credential; the surest issues first, each with all its records.

    Args:
        site: its address.
    """
    bodies = [body(kind, record) for record in records]
    for key, index in _pairs(records):
        question = link(key, bodies[index])
        yield Request(question.method, question.address(site, "data-center"), question.asks, question.body, site=True)


def submit(kind: Kind, records: Sequence[Record], login: Login) -> LinkSubmission:
    """Makes the links, and says what became of each. Asking on ends with the deadline, and with the first answer that
    is about more than one issue, such as a refused credential."""
    submission = _Linking(kind, records, login)
    try:
        submission.send()
    except JiraCiError as error:
        submission.links.error = error
    return submission.result()


class _Linking:
    def __init__(self, kind: Kind, records: Sequence[Record], login: Login) -> None:
        self._records, self._login = records, login
        self._bodies: list[dict[str, Any]] = [body(kind, record) for record in records]
        self._shown: list[dict[str, None]] = [{} for _ in records]
        self._reasons: list[dict[str, None]] = [{} for _ in records]
        self._forbidden: JiraCiError | None = None
        self._troubles = 0
        self.links = LinkSubmission(wanted=sum(len(set(keys_of(record))) for record in records))

    def send(self) -> None:
        """Makes one link after the other.

        Raises:
            JiraCiError: there is no sense in asking on.
        """
        for key, index in _pairs(self._records):
            if key in self.links.unknown_keys:
                continue
            if key in self.links.refusals:
                self._reasons[index][f"{key}: {self.links.refusals[key]}"] = None
                continue
            if self._login.client.deadline.remaining() <= 0:
                raise self._late()
            try:
                self._one(key, index)
                self._troubles = 0
            except Redirected:
                raise
            except NetworkError as error:
                self._trouble(error)

    def _one(self, key: str, index: int) -> None:
        request, answer = self._login.send(link(key, self._bodies[index]))
        if is_linked(request, answer):
            self.links.arrived += 1
            self._shown[index][key] = None
            return
        error = final(request, answer)
        if error is not None:
            raise error
        if answer.status == 404:
            self.links.unknown_keys.append(key)
            return
        if answer.status == 403:
            self._forbidden = refusal(request, answer, "links")
        reason = one_line("; ".join(messages(answer)) or phrase(answer), 300)
        self.links.refusals[key] = reason
        self._reasons[index][f"{key}: {reason}"] = None

    def _trouble(self, error: NetworkError) -> None:
        """One issue may have trouble of its own; with the next one it is Jira's, or the network's."""
        self.links.error = self.links.error or error
        self._troubles += 1
        if self._troubles >= _PATIENCE:
            raise self.links.error

    def _late(self) -> JiraCiError:
        """Where nothing arrived, a higher timeout would not help: what is wrong there says more."""
        trouble = self.links.error if not self.links.arrived else None
        return trouble or too_late(self.links.arrived, self.links.wanted)

    def result(self) -> LinkSubmission:
        """What became of each record, from what became of its links."""
        links, unknown = self.links, set(self.links.unknown_keys)
        left: dict[str, None] = {}
        for record, shown, reasons in zip(self._records, self._shown, self._reasons, strict=True):
            keys = dict.fromkeys(keys_of(record))
            left.update((key, None) for key in keys if not (key in shown or key in unknown or key in links.refusals))
            if shown or (keys and unknown.issuperset(keys)):
                links.accepted.append(with_keys(record, [key for key in keys if key in shown or key in unknown]))
            elif reasons:
                links.rejected.append((record, list(reasons)))
        links.left = list(left)
        links.refused_keys = list(links.refusals)
        if self._forbidden is not None and not links.arrived:
            links.error = links.error or self._forbidden
        return links


def _pairs(records: Sequence[Record]) -> Iterator[tuple[str, int]]:
    """Each key with the index of each record that claims it, the surest keys of all records first."""
    claims = [dict.fromkeys(keys_of(record)) for record in records]
    for key in dict.fromkeys(key for row in zip_longest(*claims) for key in row if key):
        yield from ((key, index) for index, claim in enumerate(claims) if key in claim)
