"""Who asks Jira about changes: the credentials there are, and where each kind of them is let in."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from jira_ci.errors import AccessError, JiraCiError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira import endpoints
from jira_ci.jira.endpoints import Edition, Question
from jira_ci.jira.errors import misshapen, unwelcome
from jira_ci.jira.parse import Account, WrongShape, account, mapping, text

Kind = Literal["basic", "bearer", "oauth", ""]

_GATEWAY = "https://api.atlassian.com"
# Service accounts get their tokens from another host than the clients of builds and deployments:
# https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/
_SERVICE_ACCOUNTS = "https://auth.atlassian.com"


@dataclass(frozen=True)
class Access:
    """A site and the credentials for it. Addresses have no slash at their end; what nobody set is empty."""

    site: str
    api: str = _GATEWAY
    cloud: str = ""
    """The cloud id, or empty: then the site is asked when it is needed."""
    jira_type: Literal["auto", "cloud", "data-center"] = "auto"
    user: str = ""
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    def kind(self) -> Kind:
        """How to ask: ``user`` and ``token`` before the OAuth client, which may be there for reporting only.

        Data Center takes a personal access token as a bearer and never as a password, so that a token that has a user
        is a password there (https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html).
        """
        if self.token:
            return "basic" if self.user else "bearer"
        return "oauth" if self.client_id and self.client_secret else ""

    @property
    def edition(self) -> Edition | None:
        """Which edition the settings mean; ``None`` when only the site can tell."""
        if self.jira_type != "auto":
            return self.jira_type
        host = (urlsplit(self.site).hostname or "").lower()
        known = self.client_id or self.client_secret or self.cloud or host.endswith(".atlassian.net")
        return "cloud" if known else None

    @property
    def likely(self) -> Edition | None:
        """Which edition is worth a try before the site is asked what it is: Cloud knows people by their e-mail address,
        and only Data Center takes a token alone."""
        if not self.user:
            return "data-center"
        return "cloud" if "@" in self.user else None

    @property
    def basic(self) -> str:
        """What stands behind *Basic*."""
        return base64.b64encode(f"{self.user}:{self.token}".encode()).decode()

    @property
    def token_host(self) -> str:
        """Where the OAuth client gets its token."""
        return _SERVICE_ACCOUNTS if self.api == _GATEWAY else self.api


@dataclass(frozen=True)
class Route:
    """Where and how a site is asked."""

    base: str
    edition: Edition
    kind: Kind
    site: bool
    """Whether this is the site's own address, and not Atlassian's gateway."""


T = TypeVar("T")


class Login:
    """One account at one site.

    Args:
        keep_secret: is told an access token as soon as it is there.
        see: is shown every answer of the site about the account's questions.
    """

    def __init__(
        self,
        client: Client,
        access: Access,
        keep_secret: Callable[[str], object],
        see: Callable[[Answer], object] = bool,
    ) -> None:
        self.client, self._access, self._keep_secret, self._see = client, access, keep_secret, see
        self._route: Route | None = None
        self._me: Account | None = None
        self._bearer = access.token
        self._fresh = False
        self._cloud = access.cloud
        self._final: JiraCiError | None = None

    def connect(self) -> tuple[Route, Account]:
        """Where the site is asked, and as whom; asked for once.

        Raises:
            AccessError: there is no credential, or it is refused.
            NetworkError: no usable answer came.
        """
        if self._route is None or self._me is None:
            self._only_once()
            try:
                self._route, self._me = self._log_in()
            except AccessError as error:
                self._final = error
                raise
        return self._route, self._me

    def send(self, ask: Question) -> tuple[Request, Answer]:
        """The answer, whatever its status but 401; a token that has expired is renewed once.

        Raises:
            AccessError: the credential is refused; from then on nothing is asked any more.
            NetworkError: no answer came.
        """
        route, _ = self.connect()
        self._only_once()
        request, answer = self._exchange(ask, route)
        if answer.status == 401 and route.kind == "oauth" and not self._fresh:
            self._bearer = ""
            request, answer = self._exchange(ask, route)
        if answer.status == 401:
            self._final = unwelcome(request, answer)
            raise self._final
        self._fresh = False
        return request, answer

    def _only_once(self) -> None:
        if self._final is not None:
            raise self._final

    def _log_in(self) -> tuple[Route, Account]:
        if not self._access.kind:
            raise AccessError(
                "There are no credentials for the gate.",
                "Set user and token (Jira Cloud), token alone (Data Center), or client-id and client-secret of a "
                "service account.",
            )
        edition = self._access.edition
        if edition is None:
            return self._guess()
        return self._cloud_account() if edition == "cloud" else self._who(self._data_center())

    def _guess(self) -> tuple[Route, Account]:
        """One request when the guess is right; the site is asked what it is when it is not."""
        likely = self._access.likely
        route = Route(self._access.site, "cloud", "basic", True) if likely == "cloud" else self._data_center()
        status = 0
        if likely is not None:
            request, answer = self._exchange(endpoints.myself(), route)
            status = answer.status
            if status not in (401, 404):
                return route, _read(request, answer, _myself)
        real = ask_edition(self.client, self._access.site)
        # At Data Center another try would offer the same credential again.
        if status and (real == "data-center" if status == 401 else real == likely):
            raise unwelcome(request, answer)
        if real == "data-center":
            return self._who(self._data_center())
        return self._cloud_account(refused=status == 401 and likely == "cloud")

    def _cloud_account(self, *, refused: bool = False) -> tuple[Route, Account]:
        """A token with scopes gets 401 on the site's address, and is let in by the gateway
        (https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/)."""
        kind = self._access.kind
        if kind == "basic" and self._access.site and not refused:
            route = Route(self._access.site, "cloud", kind, True)
            request, answer = self._exchange(endpoints.myself(), route)
            if answer.status != 401:
                return route, _read(request, answer, _myself)
        return self._who(Route(f"{self._access.api}/ex/jira/{self._cloud_id()}", "cloud", kind, False))

    def _data_center(self) -> Route:
        if not self._access.token:
            raise AccessError("There is no token for Jira Data Center.", "Set token to a personal access token.")
        return Route(self._access.site, "data-center", self._access.kind, True)

    def _who(self, route: Route) -> tuple[Route, Account]:
        return route, _read(*self._exchange(endpoints.myself(), route), _myself)

    def _cloud_id(self) -> str:
        if not self._cloud:
            request = endpoints.tenant_info(self._access.site)
            self._cloud = endpoints.read_cloud_id(*self._answered(request))
        return self._cloud

    def _token(self) -> str:
        if not self._bearer:
            request = endpoints.access_token(
                self._access.token_host, self._access.client_id, self._access.client_secret
            )
            self._bearer = endpoints.read_access_token(*self._answered(request))
            self._keep_secret(self._bearer)
            self._fresh = True
        return self._bearer

    def _answered(self, request: Request) -> tuple[Request, Answer]:
        answer = self.client.send(request)
        if 300 <= answer.status < 400:
            raise unwelcome(request, answer)
        return request, answer

    def _exchange(self, ask: Question, route: Route) -> tuple[Request, Answer]:
        request = Request(
            ask.method,
            ask.address(route.base, route.edition),
            ask.asks,
            ask.body,
            bearer="" if route.kind == "basic" else self._token(),
            basic=self._access.basic if route.kind == "basic" else "",
            headers=ask.headers(route.edition),
            idempotent=ask.idempotent,
            bodiless=ask.bodiless,
            site=route.site,
        )
        answer = self.client.send(request)
        self._see(answer)
        return request, answer


def ask_edition(client: Client, site: str) -> Edition:
    """What the site says it is; it is asked without a credential. Data Center has no version 3 of the API at all.

    Raises:
        JiraCiError: no usable answer came.
    """
    url = endpoints.server_info().address(site, "cloud")
    request = Request("GET", url, endpoints.server_info().asks, site=True)
    answer = client.send(request)
    if answer.status == 404:
        return "data-center"
    kind = _read(request, answer, lambda body: text(mapping(body, "the answer"), "deploymentType"))
    return "cloud" if kind == "Cloud" else "data-center"


def _read(request: Request, answer: Answer, parse: Callable[[Any], T]) -> T:
    if answer.status != 200:
        raise unwelcome(request, answer)
    try:
        return parse(answer.json())
    except WrongShape as error:
        raise misshapen(request, answer, error) from None


def _myself(body: Any) -> Account:
    found = account(mapping(body, "the answer"), "the account")
    if found is None:
        raise WrongShape("the account is nobody")
    return found
