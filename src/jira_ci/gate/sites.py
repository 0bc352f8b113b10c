"""The Jira sites that the policy names: with which credentials each is asked, and the open conversations."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Literal

from jira_ci.context import Context
from jira_ci.deadline import Deadline
from jira_ci.errors import UsageError
from jira_ci.gate.policy import Policy
from jira_ci.jira import addresses, wire
from jira_ci.jira.access import Access
from jira_ci.jira.client import Client
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.service import Service
from jira_ci.report import connection, findings
from jira_ci.settings import Settings

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


def withheld(context: Context) -> str:
    """Row 5: what to do about credentials that are not there."""
    why = context.run.secrets_withheld
    because = f" ({why} gets no secrets)" if why else ""
    return (
        f"There are no credentials for the gate{because}, and what cannot be asked is not approved. Set user and token "
        "(Jira Cloud), token alone (Data Center), or client-id and client-secret of a service account."
    )


def _credentials(context: Context, word: str) -> tuple[str, str, str, str]:
    """User, token, client id and client secret; those of a connection have its word in their variables' names."""
    given, environ = context.given, context.edges.environ
    if not word:
        return given.user, given.token, given.client_id, given.client_secret
    user, token, client, secret = (
        environ.get(f"JIRA_CI_{word}_{name}", "").strip() for name in ("USER", "TOKEN", "CLIENT_ID", "CLIENT_SECRET")
    )
    return user, token, client, secret


class Sites:
    """Conversations with the sites, each opened once.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, context: Context, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock
        self._open: dict[tuple[str, str], tuple[Client, Service]] = {}
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

    def give(self, deadline: Deadline) -> None:
        """Everything that is asked from now on has to end before this deadline."""
        for client, _ in self._open.values():
            client.deadline = deadline

    def retry_after(self) -> float:
        """Seconds for which Jira asked to be left alone."""
        return max(0.0, self._not_before - self._clock())

    def close(self) -> None:
        """Closes the connections."""
        for client, _ in self._open.values():
            client.close()

    def _hear(self, request: Request, answer: Answer) -> None:
        if wire.worth_another_try(answer.status):
            asked_for = wire.delay(1, answer.headers.get("retry-after", ""), self._context.edges.clock(), 0)
            self._not_before = max(self._not_before, self._clock() + asked_for)
        if self._context.given.log_level == "debug":  # otherwise hours of waiting would fill the log
            title = f"Asked {request.host} to {request.asks}: {answer.status}"
            self._context.console.block(title, findings.exchange_lines(request, answer, debug=True))


def _settings(context: Context, policy: Policy) -> Settings:
    """Extra headers are for the site of the settings, and for no other host."""
    return dataclasses.replace(context.given, headers=()) if policy.credentials else context.given
