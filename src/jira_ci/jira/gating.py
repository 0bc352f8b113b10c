"""Jira's own gating of deployments: the requests about one deployment, and what their answers hold. No I/O.

Jira gates a deployment that is reported as *pending* with a command of its own
(https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/). Whom the status belongs to is
compared with who was asked about: pipeline, environment and number. The number is the run's, so a status never speaks
of another run, and a run has one commit; what else a run deploys under the same three is told apart by the record's
displayed name, which holds the version.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from jira_ci.exchange import Request
from jira_ci.frozen import dataclass
from jira_ci.jira import endpoints, records
from jira_ci.jira.auth import Login
from jira_ci.jira.parse import WrongShape, items, mapping, text
from jira_ci.jira.records import Record
from jira_ci.jira.requester import Stamp, Timeline
from jira_ci.jira.status_errors import expect, misshapen
from jira_ci.jira.submit import DEPLOYMENTS, Submission, bulk, submit
from jira_ci.run import Run

_COMMAND = {"command": "initiate_deployment_gating"}
_KEY = re.compile(r"\w{1,255}-\d{1,255}")
_LONGEST_LINK = 2000


@dataclass(frozen=True)
class Identity:
    """What tells one deployment from all others in Jira."""

    pipeline: str
    environment: str
    number: int


@dataclass(frozen=True)
class Gate:
    """A change that Jira names as the one that decides."""

    key: str
    link: str
    """Where a person looks at it; empty when Jira gave no web address."""


@dataclass(frozen=True)
class Status:
    """What Jira says about one deployment."""

    word: str
    gates: tuple[Gate, ...] = ()


def identity_of(record: Record) -> Identity:
    """The identity of a deployment's record."""
    return Identity(record["pipeline"]["id"], record["environment"]["id"], record["deploymentSequenceNumber"])


def gated(record: Record) -> Record:
    """The record with the command."""
    return {**record, "commands": [dict(_COMMAND)]}


def ungated(record: Record) -> Record:
    """The record without the command, which belongs to a pending deployment only."""
    return {name: value for name, value in record.items() if name != "commands"}


def name_of(record: Mapping[str, Any]) -> str:
    """The displayed name, by which two versions that one run deploys are told apart."""
    return " ".join(unicodedata.normalize("NFC", text(record, "displayName")).split())


def status_request(api: str, cloud: str, identity: Identity, bearer: str) -> Request:
    """Asks whether Jira allows a deployment."""
    stored = stored_request(api, cloud, identity, bearer)
    return Request("GET", f"{stored.url}/gating-status", "tell whether it allows a deployment", bearer=bearer)


def stored_request(api: str, cloud: str, identity: Identity, bearer: str) -> Request:
    """Reads a deployment as Jira has it."""
    return endpoints.deployment_by_key(api, cloud, identity.pipeline, identity.environment, identity.number, bearer)


def read_status(body: Any, identity: Identity) -> Status:
    """What an answer says.

    Raises:
        WrongShape: it is not as documented, or about another deployment.
    """
    answer = mapping(body, "the answer")
    asked = {
        "pipelineId": identity.pipeline,
        "environmentId": identity.environment,
        "deploymentSequenceNumber": identity.number,
    }
    for name, wanted in asked.items():
        if name in answer and (type(answer[name]) is not type(wanted) or answer[name] != wanted):
            raise WrongShape(f"{name} is another deployment's")
    details = answer.get("details")
    gates = [_gate(mapping(one, "a detail")) for one in items(details, "details")] if details is not None else []
    return Status(text(answer, "gatingStatus"), tuple(one for one in gates if one))


def read_name(body: Any, identity: Identity) -> str:
    """The displayed name of a stored deployment.

    Raises:
        WrongShape: it is not as documented, or another deployment.
    """
    answer = mapping(body, "the answer")
    for part in ("pipeline", "environment"):
        mapping(answer.get(part), part)
    if (answer["pipeline"].get("id"), answer["environment"].get("id"), answer.get("deploymentSequenceNumber")) != (
        identity.pipeline,
        identity.environment,
        identity.number,
    ):
        raise WrongShape("the deployment is another one")
    return name_of(answer)


def is_of(site: str, link: str) -> bool:
    """Whether a link leads to this site, by http or https."""
    try:
        wanted, found = urlsplit(site), urlsplit(link)
        return found.scheme in ("http", "https") and "@" not in found.netloc and found.netloc.lower() == wanted.netloc
    except ValueError:
        return False


def _gate(detail: Mapping[str, Any]) -> Gate | None:
    if detail.get("type", "issue") != "issue":
        return None
    key, link = text(detail, "issueKey"), detail.get("issueLink")
    if not _KEY.fullmatch(key):
        raise WrongShape("issueKey is no issue key")
    fit = isinstance(link, str) and len(link) <= _LONGEST_LINK and link.isprintable() and " " not in link
    return Gate(key, str(link) if fit else "")


T = TypeVar("T")


class GatingSite:
    """One OAuth client's view of one site. Every method but :meth:`submit` may raise:

    - ``AccessError``: 401 or 403;
    - ``Redirected``: another address was named, also for the site's cloud id: whoever answers for it is not asked;
    - ``NetworkError``: no answer, none that is complete, 429, 5xx, or one of another shape than documented;
    - ``Refused``: any other 4xx.

    Args:
        login: of the client, at the site and the gateway.
        clock: monotonic seconds.
    """

    def __init__(self, login: Login, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._login, self._clock, self._timeline = login, clock, Timeline()
        self.client, self.connect = login.client, login.prepare

    def status(self, identity: Identity) -> tuple[Status | None, Stamp]:
        """What Jira says about a deployment, and when; ``None`` when it knows none or does not gate it (404)."""
        return self._read(status_request, identity, lambda body: read_status(body, identity))

    def name(self, identity: Identity) -> str | None:
        """The displayed name of a stored deployment; ``None`` when there is none."""
        return self._read(stored_request, identity, lambda body: read_name(body, identity))[0]

    def submit(self, report: Sequence[records.Record], run: Run, properties: Mapping[str, str]) -> Submission:
        """Sends the records; what goes wrong is in the outcome.

        Args:
            properties: the user's own, kept with each record.
        """

        make = bulk(DEPLOYMENTS, run, properties)
        return submit(DEPLOYMENTS, report, make, self._login.ask, "gating")

    def _read(
        self, make: Callable[[str, str, Identity, str], Request], identity: Identity, parse: Callable[[Any], T]
    ) -> tuple[T | None, Stamp]:
        request, answer = self._login.ask(lambda api, cloud, token: make(api, cloud, identity, token))
        when = self._timeline.stamp(answer, self._clock())
        if answer.status == 404:
            return None, when
        expect(request, answer, 200, "gating")
        try:
            return parse(answer.json()), when
        except WrongShape as error:
            raise misshapen(request, answer, error) from None
