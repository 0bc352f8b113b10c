"""The conversation with one Jira Cloud site about deployments that it gates itself: submitted, and asked about."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from jira_ci.errors import AccessError
from jira_ci.jira import gating, records, wire
from jira_ci.jira.access import Access
from jira_ci.jira.bulk import DEPLOYMENTS, submit
from jira_ci.jira.client import Client
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.gating import Identity, Status
from jira_ci.jira.outcome import Outcome
from jira_ci.jira.service import Stamp, Timeline
from jira_ci.jira.shapes import WrongShape
from jira_ci.jira.unwelcome import NotFound, misshapen, unwelcome
from jira_ci.run import Run

T = TypeVar("T")
_GONE = (404, 410)


class GatingSite:
    """One OAuth client's view of one site. Every method but :meth:`submit` may raise:

    - ``AccessError``: 401 or 403;
    - ``Redirected``: another address was named, also for the site's cloud id: whoever answers for it is not asked;
    - ``NetworkError``: no answer, none that is complete, 429, 5xx, or one of another shape than documented;
    - ``Refused``: any other 4xx.

    Args:
        access: the site, the gateway, and ``client_id`` with ``client_secret``.
        keep_secret: is told an access token as soon as it is there.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        client: Client,
        access: Access,
        *,
        keep_secret: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client, self._access, self._keep_secret, self._clock = client, access, keep_secret, clock
        self._cloud, self._token, self._fresh = access.cloud, "", False
        self._timeline = Timeline()
        self._final: AccessError | None = None
        self._refused: dict[str, AccessError] = {}

    def connect(self) -> None:
        """Fetches the cloud id and an access token, unless they are there. A refused client is not offered again."""
        if self._final is not None:
            raise self._final
        try:
            self._log_in()
        except AccessError as error:
            self._final = error
            raise

    def _log_in(self) -> None:
        if not self._cloud:
            self._cloud = wire.read_cloud_id(*self._answered(wire.tenant_info(self._access.site)))
        if not self._token:
            access = self._access
            request = wire.access_token(access.api, access.client_id, access.client_secret)
            self._token = wire.read_access_token(*self._answered(request))
            self._keep_secret(self._token)
            self._fresh = True

    def status(self, identity: Identity) -> tuple[Status | None, Stamp]:
        """What Jira says about a deployment, and when; ``None`` when it knows none or does not gate it (404)."""
        return self._read(gating.status_request, identity, lambda body: gating.read_status(body, identity))

    def name(self, identity: Identity) -> str | None:
        """The displayed name of a stored deployment; ``None`` when there is none."""
        return self._read(gating.stored_request, identity, lambda body: gating.read_name(body, identity))[0]

    def submit(self, report: Sequence[records.Record], run: Run, properties: Mapping[str, str]) -> Outcome:
        """Sends the records; what goes wrong is in the outcome.

        Args:
            properties: the user's own, kept with each record.
        """

        def post(portion: Sequence[records.Record]) -> tuple[Request, Answer]:
            body = records.body(DEPLOYMENTS.plural, portion, run, properties)
            request, answer = self._send(lambda api, cloud, token: wire.bulk(api, cloud, "deployments", body, token))
            if answer.status in _GONE:
                raise NotFound(f"{request.host} does not know the site any more ({answer.status}).", "Run again.")
            return request, answer

        return submit(DEPLOYMENTS, report, post)

    def _read(
        self, make: Callable[[str, str, Identity, str], Request], identity: Identity, parse: Callable[[Any], T]
    ) -> tuple[T | None, Stamp]:
        request, answer = self._send(lambda api, cloud, token: make(api, cloud, identity, token))
        when = self._timeline.stamp(answer, self._clock())
        if answer.status == 404:
            return None, when
        if answer.status != 200:
            raise unwelcome(request, answer)
        try:
            return parse(answer.json()), when
        except WrongShape as error:
            raise misshapen(request, answer, error) from None

    def _send(self, make: Callable[[str, str, str], Request]) -> tuple[Request, Answer]:
        """One exchange; an access token that has expired is renewed once."""
        self.connect()
        request, answer = self._exchange(make)
        if answer.status == 401 and not self._fresh:
            self._token = ""
            self.connect()
            request, answer = self._exchange(make)
        if answer.status in (401, 403):
            self._refused[request.asks] = gating.no_access(request, answer)
            raise self._refused[request.asks]
        self._fresh = False
        return request, answer

    def _exchange(self, make: Callable[[str, str, str], Request]) -> tuple[Request, Answer]:
        request = make(self._access.api, self._cloud, self._token)
        if request.asks in self._refused:  # whoever may not ask this may still report
            raise self._refused[request.asks]
        return self._answered(request)

    def _answered(self, request: Request) -> tuple[Request, Answer]:
        answer = self.client.send(request)
        if 300 <= answer.status < 400:
            raise unwelcome(request, answer)
        return request, answer
