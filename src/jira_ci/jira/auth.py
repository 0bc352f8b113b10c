"""The one login to Jira: which edition a site is, where and with which credential it is asked, and as whom.

A new connection costs two round trips before its first request, so the cloud id (from the site) and the access token
(from the gateway) are fetched side by side, and a report goes out on the connection that brought the token.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from jira_ci.errors import AccessError, JiraCiError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira import endpoints
from jira_ci.jira.access import Access, Route
from jira_ci.jira.endpoints import Edition, Make, Question
from jira_ci.jira.parse import Account, WrongShape, account, mapping, text
from jira_ci.jira.status_errors import (
    Audience,
    expect,
    is_refused,
    misshapen,
    not_from_jira,
    refusal,
    renamed_to,
)
from jira_ci.timing import Call, Late
from jira_ci.transport_errors import explain

T = TypeVar("T")
Refusals = dict[tuple[str, ...], tuple[Request, Answer]]
"""The exchanges in which a credential was refused, by the place and the credential (and, for a client that may do some
things only, by the question): it is not offered there again, whoever asks."""


def _nothing(told: object) -> None:
    del told


class Login:
    """One credential at one site; it may ask something first, as often as that takes, before it asks what was wanted.

    Args:
        audience: for whom Jira is asked, which decides about the words of errors.
        keep_secret: is told an access token as soon as it is there.
        refusals: what was refused before; what is refused now is added.
        cloud_id: how the cloud id is found; by default the site is asked.
        renamed: is told of a site that has another name now, which is asked for its cloud id then; without it such a
            site is an error.

    Attributes:
        see: is shown every answer of the site to the person's questions.
    """

    def __init__(
        self,
        client: Client,
        access: Access,
        audience: Audience = "gate",
        *,
        keep_secret: Callable[[str], object] = _nothing,
        refusals: Refusals | None = None,
        cloud_id: Callable[[], str] | None = None,
        renamed: Callable[[str], object] | None = None,
    ) -> None:
        self.client, self.access, self.audience = client, access, audience
        self.see: Callable[[Answer], object] = _nothing
        self._keep_secret, self._renamed, self._find_cloud_id = keep_secret, renamed, cloud_id or self._told_cloud_id
        self._refusals: Refusals = {} if refusals is None else refusals
        self._cloud, self._asking = access.cloud, threading.Lock()
        self._tokens: dict[str, str] = {}
        self._fresh: set[str] = set()
        self._route: Route | None = None
        self._me: Account | None = None
        self._final: AccessError | None = None

    def connect(self) -> tuple[Route, Account]:
        """Where a person or a service account asks the site, and who that is; asked for once.

        Raises:
            AccessError: there is no credential, or it is refused; from then on nothing is asked any more.
            NetworkError: no usable answer came.
        """
        if self._route is None or self._me is None:
            self._route, self._me = self._once(self._log_in)
        return self._route, self._me

    def send(self, ask: Question) -> tuple[Request, Answer]:
        """The answer to a person or a service account, whatever it is but a refused credential. The first question
        shows where they are let in; a token that has expired is renewed once.

        Raises:
            AccessError: there is no credential, or it is refused.
            NetworkError: no answer came.
        """
        if self._route is None:
            self._route, request, answer = self._first(ask)
        else:
            request, answer = self._exchange(ask, self._route)
        issuer = self.access.token_host
        if answer.status == 401 and self._route.kind == "oauth" and issuer not in self._fresh:
            self._tokens.pop(issuer, None)
            request, answer = self._exchange(ask, self._route)
        if is_refused(answer):
            raise refusal(request, answer, self.audience)
        self._fresh.discard(issuer)
        return request, answer

    def prepare(self) -> None:
        """Fetches what :meth:`ask` needs: the cloud id and a token, side by side where they come from two hosts.

        Raises:
            AccessError: the client is refused; from then on nothing is asked any more.
            NetworkError: one of the two cannot be had.
        """
        self._once(self._prepare)

    def ask(self, make: Make) -> tuple[Request, Answer]:
        """One exchange of the OAuth client about builds and deployments, whatever its status but 401 (for Jira's own
        gating 403, too). A token that has expired is renewed once.

        Args:
            make: a request from the API's address, the cloud id and the access token.

        Raises:
            AccessError: the client is refused, or may not ask this: then it is not asked again.
            NetworkError: no answer came.
        """
        self.prepare()
        issuer, final = self.access.api, (401, 403) if self.audience == "gating" else (401,)
        request = make(issuer, self._cloud, self._tokens[issuer])
        key = (issuer, self._cloud, self.access.client_id, self.access.client_secret, request.asks)
        if key in self._refusals:  # whoever may not ask this may still ask something else
            raise refusal(*self._refusals[key], self.audience)
        answer = self.client.send(request)
        if answer.status == 401 and issuer not in self._fresh:
            del self._tokens[issuer]
            self.prepare()
            request = make(issuer, self._cloud, self._tokens[issuer])
            answer = self.client.send(request)
        if answer.status in final:
            self._refusals[key] = request, answer
            raise refusal(request, answer, self.audience)
        self._fresh.discard(issuer)
        return request, answer

    def cloud_id(self) -> str:
        """The site's cloud id, asked for once, also when two threads want it.

        Raises:
            JiraCiError: the site does not tell it.
        """
        with self._asking:
            self._cloud = self._cloud or self._find_cloud_id()
        return self._cloud

    def access_token(self, issuer: str = "") -> str:
        """An access token of the OAuth client, asked for once.

        Args:
            issuer: who gives it; by default the API's address.

        Raises:
            JiraCiError: the client was refused, or no usable answer came.
        """
        issuer, access = issuer or self.access.api, self.access
        if issuer not in self._tokens:
            key = (issuer, access.client_id, access.client_secret)
            request = endpoints.client_token(issuer, access.client_id, access.client_secret)
            request, answer = self._refusals.get(key) or (request, self.client.send(request))
            if answer.status in (400, 401, 403):
                self._refusals[key] = request, answer
            self._tokens[issuer] = _read_access_token(request, answer, self.audience)
            self._fresh.add(issuer)
            self._keep_secret(self._tokens[issuer])
        return self._tokens[issuer]

    def edition(self) -> Edition:
        """What the site is: as the settings say, or else the site, which is asked without a credential. Data Center has
        no version 3 of the API at all.

        Raises:
            JiraCiError: no usable answer came.
        """
        if self.access.edition is not None:
            return self.access.edition
        question = endpoints.server_info()
        request = Request("GET", question.address(self.access.site, "cloud"), question.asks, site=True)
        answer = self.client.send(request)
        if answer.status == 404:
            return "data-center"
        kind = self._read(request, answer, lambda body: text(mapping(body, "the answer"), "deploymentType"))
        return "cloud" if kind == "Cloud" else "data-center"

    def _once(self, function: Callable[[], T]) -> T:
        if self._final is not None:
            raise self._final
        try:
            return function()
        except AccessError as error:
            self._final = error
            raise

    def _log_in(self) -> tuple[Route, Account]:
        route, request, answer = self._first(endpoints.myself())
        return route, self._read(request, answer, _myself)

    def _first(self, ask: Question) -> tuple[Route, Request, Answer]:
        """The answer to the first question, and where it was given."""
        if not self.access.kind:
            raise AccessError(
                "There are no credentials for the gate.",
                "Set user and token (Jira Cloud), token alone (Data Center), or client-id and client-secret of a "
                "service account.",
            )
        if self.access.edition is None:
            return self._guess(ask)
        return self._on_cloud(ask) if self.access.edition == "cloud" else self._at(self._data_center(), ask)

    def _guess(self, ask: Question) -> tuple[Route, Request, Answer]:
        """One request when the guess is right; the site is asked what it is when it is not."""
        likely, status = self.access.likely, 0
        route = Route(self.access.site, "cloud", "basic", True) if likely == "cloud" else self._data_center()
        if likely is not None:
            route, request, answer = self._at(route, ask)
            status = answer.status
            if status not in (401, 404):
                return route, request, answer
        real = self.edition()
        # At Data Center another try would offer the same credential again.
        if status and (real == "data-center" if status == 401 else real == likely):
            raise refusal(request, answer, self.audience)
        return self._at(self._data_center(), ask) if real == "data-center" else self._on_cloud(ask)

    def _on_cloud(self, ask: Question) -> tuple[Route, Request, Answer]:
        """A token with scopes gets 401 on the site's address, and is let in by the gateway
        (https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/)."""
        kind = self.access.kind
        if kind == "basic" and self.access.site:
            found = self._at(Route(self.access.site, "cloud", kind, True), ask)
            if found[2].status != 401:
                return found
        return self._at(Route(f"{self.access.api}/ex/jira/{self.cloud_id()}", "cloud", kind, False), ask)

    def _data_center(self) -> Route:
        if not self.access.token:
            raise AccessError("There is no token for Jira Data Center.", "Set token to a personal access token.")
        return Route(self.access.site, "data-center", self.access.kind, True)

    def _at(self, route: Route, ask: Question) -> tuple[Route, Request, Answer]:
        return route, *self._exchange(ask, route)

    def _exchange(self, ask: Question, route: Route) -> tuple[Request, Answer]:
        """One exchange; where the credential was refused before, that one."""
        access, issuer = self.access, self.access.token_host
        secrets = (access.client_id, access.client_secret) if route.kind == "oauth" else (access.user, access.token)
        key = (route.base, *secrets)
        if key in self._refusals:
            return self._refusals[key]
        bearer = self.access_token(issuer) if route.kind == "oauth" else access.token
        request = Request(
            ask.method,
            ask.address(route.base, route.edition),
            ask.asks,
            ask.body,
            bearer="" if route.kind == "basic" else bearer,
            basic=access.basic if route.kind == "basic" else "",
            headers=ask.headers(route.edition),
            file=ask.file,
            idempotent=ask.idempotent,
            bodiless=ask.bodiless,
            site=route.site,
        )
        answer = self.client.send(request)
        self.see(answer)
        if is_refused(answer) and (route.kind != "oauth" or issuer in self._fresh):
            self._refusals[key] = request, answer
        return request, answer

    def _prepare(self) -> None:
        one_host = _host(self.access.site) == _host(self.access.api)
        if self._cloud or one_host or self.audience == "gating":  # the gate asks again, so that nothing is hung up
            self.cloud_id()
            self.access_token()
            return
        asked = Call(self.cloud_id)
        try:
            self.access_token()
            asked.result(self.client.deadline)
        except Late as late:
            self.client.close()
            raise explain(endpoints.tenant_info(self.access.site), late, 1) from None
        except JiraCiError:
            self.client.close()  # or the other question goes on being asked
            raise

    def _told_cloud_id(self) -> str:
        request = endpoints.tenant_info(self.access.site)
        answer = self.client.send(request)
        moved = renamed_to(request, answer)
        if moved and self._renamed is not None:
            self._renamed(f"{request.host} is called {_host(moved)} now. Change the setting site.")
            request = endpoints.tenant_info(moved, named_by_user=False)
            answer = self.client.send(request)
        return _read_cloud_id(request, answer, self.audience)

    def _read(self, request: Request, answer: Answer, parse: Callable[[Any], T]) -> T:
        if answer.status != 200 or is_refused(answer):
            raise refusal(request, answer, self.audience)
        try:
            return parse(answer.json())
        except WrongShape as error:
            raise misshapen(request, answer, error) from None


def _read_cloud_id(request: Request, answer: Answer, audience: Audience) -> str:
    """The cloud id from ``tenant_info``'s answer.

    Raises:
        JiraCiError: the site is unknown, moved, or does not answer as Jira Cloud does.
    """
    expect(request, answer, 200, audience)
    found = _object(answer).get("cloudId")
    if not isinstance(found, str) or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", found):
        raise not_from_jira(request, answer, "Check that site names a Jira Cloud site, or set cloud-id.")
    return found


def _read_access_token(request: Request, answer: Answer, audience: Audience) -> str:
    """The access token from the gateway's answer.

    Raises:
        JiraCiError: the credential was refused, or the answer is not of the documented shape.
    """
    expect(request, answer, 200, audience)
    token = _object(answer).get("access_token")
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise not_from_jira(request, answer)
    return token


def _object(answer: Answer) -> Mapping[str, Any]:
    body = answer.json()
    return body if isinstance(body, dict) else {}


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _myself(body: Any) -> Account:
    found = account(mapping(body, "the answer"), "the account")
    if found is None:
        raise WrongShape("the account is nobody")
    return found
