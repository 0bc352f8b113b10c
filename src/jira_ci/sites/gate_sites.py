"""The Jira sites that the policy names: with which credentials each is asked, and the open conversations."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from jira_ci import retry
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.exchange import Answer, Request
from jira_ci.gate.policy.policy import Policy
from jira_ci.http import Client
from jira_ci.jira import addresses
from jira_ci.jira.auth import Access
from jira_ci.jira.gating import GatingSite
from jira_ci.jira.service_desk import Service
from jira_ci.report import report_result
from jira_ci.settings import Settings
from jira_ci.sites import connection, credentials
from jira_ci.timing import Deadline

_TYPES: Mapping[str, Literal["cloud", "data-center"]] = {"cloud": "cloud", "data-center": "data-center"}


def access(context: Context, policy: Policy) -> Access:
    """The credentials for the policy's site, whose secrets the log hides from now on.

    The ``cloud-id`` setting counts for reports only: here the site itself is asked, so that no variable can lead the
    gate to another one.

    Raises:
        UsageError: an address cannot be meant, or ``api-url`` leads to somebody who must not answer for the site.
    """
    given = context.given
    api = addresses.base_url(given.api_url, "api-url")
    if not addresses.is_gateway_of(policy.site, api):
        raise UsageError(
            f"api-url is {api}, which may not answer for {policy.site}.", "Leave api-url out where the gate is asked."
        )
    found = Access(
        policy.site,
        api,
        "",
        _TYPES.get(given.jira_type, "auto"),
        *_credentials(context, policy.credentials),
    )
    for secret in (found.token, found.client_secret, found.token and found.basic):
        if secret:
            context.console.mask.add(secret)
    return found


def withheld(context: Context, *, by_jira: bool = False) -> str:
    """Row 5: what to do about credentials that are not there.

    Args:
        by_jira: whether Jira's own gating is to be asked, which takes one kind of them only.
    """
    why = context.run.secrets_withheld
    because = f" ({why} gets no secrets)" if why else ""
    kinds = (
        "user and token (Jira Cloud), token alone (Data Center), or client-id and client-secret of a service account."
    )
    if by_jira:
        kinds = "client-id and client-secret, with which the deployment is reported to Jira (gate-by: jira)."
    return f"There are no credentials for the gate{because}, and what cannot be asked is not approved. Set {kinds}"


def _credentials(context: Context, word: str) -> tuple[str, str, str, str]:
    """User, token, client id and client secret; those of a connection have its word in their variables' names."""
    if not word:
        given = context.given
        return given.user, given.token, given.client_id, given.client_secret
    own = credentials.of_connection(context.edges.environ, word)
    return own.user, own.token, own.client_id, own.client_secret


class Sites:
    """Conversations with the sites, each opened once.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, context: Context, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock
        self._open: dict[tuple[str, str], tuple[Client, Service]] = {}
        self._gating: dict[tuple[str, str], GatingSite] = {}
        self._not_before = 0.0

    def service(self, policy: Policy) -> Service:
        """The conversation with the policy's site.

        Raises:
            UsageError: a setting cannot be meant.
        """
        place = policy.site, policy.credentials
        if place not in self._open:
            context = self._context
            client = connection.open_client(context, _settings(context, policy), self._hear)
            service = Service(client, access(context, policy), keep_secret=context.console.mask.add, clock=self._clock)
            self._open[place] = client, service
        return self._open[place][1]

    def gating(self, policy: Policy) -> GatingSite:
        """The conversation with the policy's site about deployments that it gates itself.

        Raises:
            UsageError: a setting cannot be meant.
        """
        place = policy.site, policy.credentials
        if place not in self._gating:
            context = self._context
            client = connection.open_client(context, _settings(context, policy), self._hear)
            keep = context.console.mask.add
            self._gating[place] = GatingSite(client, access(context, policy), keep_secret=keep, clock=self._clock)
        return self._gating[place]

    def give(self, deadline: Deadline) -> None:
        """Everything that is asked from now on has to end before this deadline."""
        for client in self._clients():
            client.deadline = deadline

    def retry_after(self) -> float:
        """Seconds for which Jira asked to be left alone."""
        return max(0.0, self._not_before - self._clock())

    def close(self) -> None:
        """Closes the connections."""
        for client in self._clients():
            client.close()

    def _clients(self) -> Iterator[Client]:
        yield from (client for client, _ in self._open.values())
        yield from (site.client for site in self._gating.values())

    def _hear(self, request: Request, answer: Answer) -> None:
        if retry.worth_another_try(answer.status):
            asked_for = retry.delay(1, answer.headers.get("retry-after", ""), self._context.edges.clock(), 0)
            self._not_before = max(self._not_before, self._clock() + asked_for)
        if self._context.given.log_level == "debug":  # otherwise hours of waiting would fill the log
            title = f"Asked {request.host} to {request.asks}: {answer.status}"
            self._context.console.block(title, report_result.exchange_lines(request, answer, debug=True))


def _settings(context: Context, policy: Policy) -> Settings:
    """Extra headers are for the site that they were set for, and for no other host."""
    given = context.given
    if not policy.credentials:
        return given
    own = credentials.of_connection(context.edges.environ, policy.credentials)
    return dataclasses.replace(given, headers=own.headers)
