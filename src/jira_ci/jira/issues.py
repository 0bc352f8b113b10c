"""Issues by their keys, a hundred at a time: how they are asked for, and what an answer tells. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from jira_ci.errors import AccessError, JiraCiError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira.auth import Access, Route
from jira_ci.jira.endpoints import Edition, Question, quoted
from jira_ci.jira.errors import misshapen, unwelcome
from jira_ci.jira.parse import WrongShape, items, mapping, number, optional_text, text

PAGE = 100
"""Jira Cloud takes no more keys in one request
(https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post)."""
_FIELDS = ("summary", "status", "assignee", "issuetype")
_KEY = re.compile(r"[^\W\d_]\w{1,255}-\d{1,255}")
_ADDRESS = re.compile(r"([^\s@<>]+)@[^\s@<>]+")
_ERRORS = ("issueErrors", "errorMessages", "errorMessage", "message", "errors", "warningMessages")
_SHOWN = frozenset(
    (*_ERRORS, *_FIELDS, "issues", "startAt", "maxResults", "total", "id", "key", "fields", "statusCategory", "name")
)


@dataclass(frozen=True)
class IssueSummary:
    """What a reader wants to know of an issue. Its texts are strangers', raw; people have no e-mail addresses here."""

    key: str
    """What the issue is called now: another key than the one that was asked for, when it was moved."""
    title: str
    status: str = ""
    category: str = ""
    """``new``, ``indeterminate`` or ``done``; empty where Jira does not say."""
    assignee: str = ""
    type: str = ""
    link: str = ""
    """To the issue on the site; empty without the site's address."""


@dataclass(frozen=True)
class Page:
    """One answer: the issues, and whether an issue that is not among them is one that the account is not shown."""

    cards: tuple[IssueSummary, ...]
    complete: bool


@dataclass(frozen=True)
class IssueTitles:
    """What became of the question about many issues."""

    cards: Mapping[str, IssueSummary] = field(default_factory=dict)
    """By the key that was asked for."""
    missing: tuple[str, ...] = ()
    """Keys that lead to no issue that the account may see."""
    error: JiraCiError | None = None
    """Why about some keys, or all, nothing is known."""


@dataclass(frozen=True)
class Pairs:
    """The issues of one page by the keys that were asked for, and what is left on both sides."""

    cards: Mapping[str, IssueSummary]
    missing: tuple[str, ...]
    strays: tuple[IssueSummary, ...]
    """Issues under keys that nobody asked for: each belongs to one of the missing ones."""


def fetch(keys: Sequence[str], edition: Edition) -> Question:
    """A question about at most :data:`PAGE` issues. Those that are not there, or not shown, are left out of the answer.

    Data Center has no such operation: a search there would be refused as a whole for one key that does not exist, were
    its query validated (https://docs.atlassian.com/software/jira/docs/api/REST/latest/#api/2/search).
    """
    asks = f"show {len(keys)} issues" if len(keys) != 1 else "show 1 issue"
    if edition == "cloud":
        return Question("POST", "api/issue/bulkfetch", asks, body={"issueIdsOrKeys": [*keys], "fields": [*_FIELDS]})
    jql = f"key in ({', '.join(map(quoted, keys))})"
    body = {"jql": jql, "startAt": 0, "maxResults": PAGE, "fields": [*_FIELDS], "validateQuery": False}
    return Question("POST", "api/search", asks, body=body)


def is_fetch(request: Request) -> bool:
    """Whether a request is one of these questions."""
    return request.url.endswith(("/issue/bulkfetch", "/rest/api/2/search"))


def page(body: Any, edition: Edition, site: str) -> Page:
    """The issues of an answer.

    Args:
        site: its address, for links; may be empty.

    Raises:
        WrongShape: a part is missing.
    """
    answer = mapping(body, "the answer")
    cards = tuple(_summary(mapping(one, "an issue"), site) for one in items(answer.get("issues"), "issues"))
    if edition == "data-center":
        return Page(cards, number(answer, "total") <= len(cards))
    return Page(cards, not answer.get("issueErrors"))  # errors of issues that are there, by their ids


def paired(asked: Sequence[str], cards: Iterable[IssueSummary]) -> Pairs:
    """Which issue is the answer to which key, as far as that can be told.

    An answer names a moved issue by its new key only. It is told by there being no other, or by a whole project having
    been renamed, which leaves the numbers as they are.
    """
    named = {card.key.upper(): card for card in cards}
    found = {key: named.pop(key.upper()) for key in dict.fromkeys(asked) if key.upper() in named}
    missing, strays = [key for key in dict.fromkeys(asked) if key not in found], list(named.values())
    moved = dict(zip(missing, strays, strict=True)) if len(missing) == len(strays) == 1 else _renamed(missing, strays)
    if moved:
        missing, strays = [], []
    return Pairs(
        {key: {**found, **moved}[key] for key in asked if key in found or key in moved}, *_both(missing, strays)
    )


def shown(answer: Answer) -> Answer:
    """The answer without what nobody needs to read in a log: e-mail addresses, pictures and the like."""
    body = answer.json()
    if not isinstance(body, dict):
        return answer
    return replace(answer, body=json.dumps(_allowed(body), ensure_ascii=False).encode("utf-8", "replace"))


def _both(missing: list[str], strays: list[IssueSummary]) -> tuple[tuple[str, ...], tuple[IssueSummary, ...]]:
    return tuple(missing), tuple(strays)


def _renamed(missing: Sequence[str], strays: Sequence[IssueSummary]) -> dict[str, IssueSummary]:
    """Keys of one project that are all issues of another one now, under the same numbers."""
    before = {key.rpartition("-")[2]: key for key in missing}
    now = {card.key.rpartition("-")[2]: card for card in strays}
    projects = {key.rpartition("-")[0] for key in missing}, {card.key.rpartition("-")[0] for card in strays}
    if not missing or before.keys() != now.keys() or {len(one) for one in projects} != {1}:
        return {}
    return {key: now[digits] for digits, key in before.items()} if len(missing) == len(strays) else {}


def _summary(bean: Mapping[str, Any], site: str) -> IssueSummary:
    key, fields = text(bean, "key"), mapping(bean.get("fields"), "fields")
    if not _KEY.fullmatch(key):
        raise WrongShape("key is no issue key")
    status = _part(fields, "status")
    return IssueSummary(
        key=key,
        title=optional_text(fields, "summary") or "",
        status=optional_text(status, "name") or "",
        category=optional_text(_part(status, "statusCategory"), "key") or "",
        assignee=_ADDRESS.sub(r"\1", optional_text(_part(fields, "assignee"), "displayName") or ""),
        type=optional_text(_part(fields, "issuetype"), "name") or "",
        link=f"{site}/browse/{quote(key, safe='')}" if site else "",
    )


def _part(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return {} if value is None else mapping(value, name)


def _allowed(value: Any, inside: str = "") -> Any:
    if isinstance(value, list):
        return [_allowed(one, inside) for one in value]
    if not isinstance(value, dict):
        return _ADDRESS.sub(r"\1", value) if inside == "displayName" and isinstance(value, str) else value
    known = {"displayName"} if inside == "assignee" else _SHOWN
    return {name: _allowed(one, name) for name, one in value.items() if name in known or inside == "errors"}


_MORE = 10
"""Requests besides, at most, to tell which of several moved issues belongs to which key."""
_HINTS = {
    403: "The account needs the permission Browse Projects, its token the scope read:jira-work; an IP allow-list may "
    "be in the way, too.",
    404: "No Jira answers at this address: check site and cloud-id.",
}


def look_up(
    client: Client, access: Access, edition: Edition, keys: Sequence[str], cloud_id: Callable[[], str]
) -> IssueTitles:
    """What the account sees of these issues. Whatever keeps it from being asked is a part of the answer, and what was
    told before that stays known.

    Args:
        access: with a token.
        cloud_id: is asked for it when the token is one for Atlassian's gateway; may raise a ``JiraCiError``.
    """
    found = _LookUp(client, access, edition, cloud_id)
    try:
        for start in range(0, len(keys), PAGE):
            found.batch(keys[start : start + PAGE])
    except JiraCiError as error:
        return IssueTitles(found.cards, tuple(found.missing), error)
    return IssueTitles(found.cards, tuple(found.missing))


class _LookUp:
    def __init__(self, client: Client, access: Access, edition: Edition, cloud_id: Callable[[], str]) -> None:
        self._client, self._access, self._edition, self._cloud_id = client, access, edition, cloud_id
        self._route: Route | None = None
        self._left = _MORE
        self.cards: dict[str, IssueSummary] = {}
        self.missing: list[str] = []

    def batch(self, keys: Sequence[str]) -> None:
        page = self._page(keys)
        pairs = paired(keys, page.cards)
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
        request, answer = self._answered(fetch(keys, self._edition))
        if answer.status != 200:
            raise _unwelcome(request, answer)
        if _is_nobody(answer):
            raise AccessError(
                f"Asked {request.host} to {request.asks}: it answered as to somebody who is not logged in.",
                "Check user and token: expired, revoked, or of another account.",
            )
        try:
            return page(answer.json(), self._edition, self._access.site)
        except WrongShape as error:
            raise misshapen(request, answer, error) from None

    def _answered(self, ask: Question) -> tuple[Request, Answer]:
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

    def _exchange(self, ask: Question, route: Route) -> tuple[Request, Answer]:
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
    hint = "" if "CAPTCHA" in error.hint else _HINTS.get(answer.status, "")
    return type(error)(error.message, hint or error.hint)


def _is_nobody(answer: Answer) -> bool:
    """Jira answers a wrong credential with what everybody may see, where everybody may see something; its headers tell
    (https://support.servicenow.com/kb?id=kb_article_view&sysparm_article=KB2942093)."""
    reason = answer.headers.get("x-seraph-loginreason", "").upper()
    return "FAILED" in reason or "DENIED" in reason or answer.headers.get("x-ausername", "").lower() == "anonymous"
