"""Reporting to Jira Data Center: one request for each issue of each record, as far as the deadline reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira import remote_links
from jira_ci.jira.access import Access
from jira_ci.jira.bulk import Kind
from jira_ci.jira.client import Client
from jira_ci.jira.exchange import Request
from jira_ci.jira.outcome import Links
from jira_ci.jira.records import Record, keys_of, with_keys
from jira_ci.jira.refusals import messages, phrase
from jira_ci.jira.unwelcome import Redirected
from jira_ci.text import one_line

_PATIENCE = 2  # issues in a row without an answer; each was tried for half a minute by then


def requests(kind: Kind, records: Sequence[Record], access: Access) -> Iterator[Request]:
    """Every request that these records mean; the surest issues first, each with all its records."""
    bodies = [remote_links.body(kind, record) for record in records]
    for key, index in _pairs(records):
        yield remote_links.link(access, key, bodies[index])


def submit(kind: Kind, records: Sequence[Record], access: Access, client: Client) -> Links:
    """Makes the links, and says what became of each. Asking on ends with the deadline, and with the first answer that
    is about more than one issue, such as a refused credential."""
    submission = _Submission(kind, records, access, client)
    try:
        submission.send()
    except JiraCiError as error:
        submission.links.error = error
    return submission.result()


class _Submission:
    def __init__(self, kind: Kind, records: Sequence[Record], access: Access, client: Client) -> None:
        self._records, self._access, self._client = records, access, client
        self._bodies: list[dict[str, Any]] = [remote_links.body(kind, record) for record in records]
        self._shown: list[dict[str, None]] = [{} for _ in records]
        self._reasons: list[dict[str, None]] = [{} for _ in records]
        self._forbidden: JiraCiError | None = None
        self._troubles = 0
        self.links = Links(wanted=sum(len(set(keys_of(record))) for record in records))

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
            if self._client.deadline.remaining() <= 0:
                raise self._late()
            try:
                self._one(key, index)
                self._troubles = 0
            except Redirected:
                raise
            except NetworkError as error:
                self._trouble(error)

    def _one(self, key: str, index: int) -> None:
        request = remote_links.link(self._access, key, self._bodies[index])
        answer = self._client.send(request)
        if remote_links.is_linked(request, answer):
            self.links.arrived += 1
            self._shown[index][key] = None
            return
        error = remote_links.final(request, answer)
        if error is not None:
            raise error
        if answer.status == 404:
            self.links.unknown_keys.append(key)
            return
        if answer.status == 403:
            self._forbidden = remote_links.refused(request, answer)
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
        return trouble or remote_links.too_late(self.links.arrived, self.links.wanted)

    def result(self) -> Links:
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
