"""Looking many issues up: one request for each hundred of them, and no login before the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jira_ci.errors import AccessError, JiraCiError
from jira_ci.jira import issues
from jira_ci.jira.access import Access, Route
from jira_ci.jira.ask import Ask, Edition
from jira_ci.jira.client import Client
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.issues import Card, Looked, Page
from jira_ci.jira.shapes import WrongShape
from jira_ci.jira.unwelcome import misshapen, unwelcome

_MORE = 10
"""Requests besides, at most, to tell which of several moved issues belongs to which key."""
_MENDS = {
    403: "The account needs the permission Browse Projects, its token the scope read:jira-work; an IP allow-list may "
    "be in the way, too.",
    404: "No Jira answers at this address: check site and cloud-id.",
}


def look_up(
    client: Client, access: Access, edition: Edition, keys: Sequence[str], cloud_id: Callable[[], str]
) -> Looked:
    """What the account sees of these issues. Whatever keeps it from being asked is a part of the answer, and what was
    told before that stays known.

    Args:
        access: with a token.
        cloud_id: is asked for it when the token is one for Atlassian's gateway; may raise a ``JiraCiError``.
    """
    found = _LookUp(client, access, edition, cloud_id)
    try:
        for start in range(0, len(keys), issues.PAGE):
            found.batch(keys[start : start + issues.PAGE])
    except JiraCiError as error:
        return Looked(found.cards, tuple(found.missing), error)
    return Looked(found.cards, tuple(found.missing))


class _LookUp:
    def __init__(self, client: Client, access: Access, edition: Edition, cloud_id: Callable[[], str]) -> None:
        self._client, self._access, self._edition, self._cloud_id = client, access, edition, cloud_id
        self._route: Route | None = None
        self._left = _MORE
        self.cards: dict[str, Card] = {}
        self.missing: list[str] = []

    def batch(self, keys: Sequence[str]) -> None:
        page = self._page(keys)
        pairs = issues.paired(keys, page.cards)
        self.cards |= pairs.cards
        missing = list(pairs.missing)
        if pairs.strays:
            # As many as there are keys left: all of them exist, whichever is which.
            missing = self._one_by_one(missing, certain=len(pairs.strays) == len(missing))
        self.missing += missing if page.complete else []

    def _one_by_one(self, keys: Sequence[str], *, certain: bool) -> list[str]:
        """Those of the keys that lead nowhere, as far as there may be requests about it."""
        nowhere = []
        for key in keys[: self._left]:
            page = self._page([key])
            if len(page.cards) == 1:
                self.cards[key] = page.cards[0]
            elif page.complete and not certain:
                nowhere.append(key)
        self._left = max(0, self._left - len(keys))
        return nowhere

    def _page(self, keys: Sequence[str]) -> Page:
        request, answer = self._answered(issues.fetch(keys, self._edition))
        if answer.status != 200:
            raise _unwelcome(request, answer)
        if _is_nobody(answer):
            raise AccessError(
                f"Asked {request.host} to {request.asks}: it answered as to somebody who is not logged in.",
                "Check user and token: expired, revoked, or of another account.",
            )
        try:
            return issues.page(answer.json(), self._edition, self._access.site)
        except WrongShape as error:
            raise misshapen(request, answer, error) from None

    def _answered(self, ask: Ask) -> tuple[Request, Answer]:
        """A token with scopes gets 401 on the site's address, and is let in by the gateway
        (https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/)."""
        first = self._route is None
        route = self._route = self._route or self._likely()
        request, answer = self._exchange(ask, route)
        if first and answer.status == 401 and route.site and route.edition == "cloud":
            self._route = self._gateway()
            return self._exchange(ask, self._route)
        return request, answer

    def _likely(self) -> Route:
        access, edition = self._access, self._edition
        if edition == "cloud" and not (access.site and access.kind == "basic"):
            return self._gateway()
        return Route(access.site, edition, access.kind, True)

    def _gateway(self) -> Route:
        cloud = self._access.cloud or self._cloud_id()
        return Route(f"{self._access.api}/ex/jira/{cloud}", "cloud", self._access.kind, False)

    def _exchange(self, ask: Ask, route: Route) -> tuple[Request, Answer]:
        request = Request(
            ask.method,
            ask.address(route.base, route.edition),
            ask.asks,
            ask.body,
            bearer=self._access.token if route.kind == "bearer" else "",
            basic=self._access.basic if route.kind == "basic" else "",
            site=route.site,
        )
        return request, self._client.send(request)


def _unwelcome(request: Request, answer: Answer) -> JiraCiError:
    """The error for an unexpected status, with what this question takes, which is less than a change does."""
    error = unwelcome(request, answer)
    mend = "" if "CAPTCHA" in error.mend else _MENDS.get(answer.status, "")
    return type(error)(error.message, mend or error.mend)


def _is_nobody(answer: Answer) -> bool:
    """Jira answers a wrong credential with what everybody may see, where everybody may see something; its headers tell
    (https://support.servicenow.com/kb?id=kb_article_view&sysparm_article=KB2942093)."""
    reason = answer.headers.get("x-seraph-loginreason", "").upper()
    return "FAILED" in reason or "DENIED" in reason or answer.headers.get("x-ausername", "").lower() == "anonymous"
