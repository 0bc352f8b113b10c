"""Issues by their keys, a hundred at a time: asked for, read, and paired with the keys that were asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from jira_ci.errors import JiraCiError
from jira_ci.exchange import Answer, Request
from jira_ci.frozen import dataclass, field, replace
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition, Question
from jira_ci.jira.jql import quoted
from jira_ci.jira.parse import WrongShape, items, mapping, number, optional_text, text
from jira_ci.jira.status_errors import expect, misshapen

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


def look_up(login: Login, edition: Edition, keys: Sequence[str]) -> IssueTitles:
    """What the account sees of these issues. Whatever keeps it from being asked is a part of the answer, and what was
    told before that stays known."""
    found = _LookUp(login, edition)
    try:
        for start in range(0, len(keys), PAGE):
            found.batch(keys[start : start + PAGE])
    except JiraCiError as error:
        return IssueTitles(found.cards, tuple(found.missing), error)
    return IssueTitles(found.cards, tuple(found.missing))


class _LookUp:
    def __init__(self, login: Login, edition: Edition) -> None:
        self._login, self._edition = login, edition
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
        request, answer = self._login.send(fetch(keys, self._edition))
        expect(request, answer, 200, self._login.audience)
        try:
            return page(answer.json(), self._edition, self._login.access.site)
        except WrongShape as error:
            raise misshapen(request, answer, error) from None
