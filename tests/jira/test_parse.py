"""Parts of Jira's answers: people, permissions, pages."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira import parse
from jira_ci.jira.parse import Account, WrongShape, account, granted


@pytest.mark.parametrize(
    ("value", "who"),
    [
        (None, None),
        ({"accountId": "5b10", "displayName": "Ana", "emailAddress": "ana@example.com"}, Account("5b10", "Ana")),
        ({"accountId": "5b10", "key": "k"}, Account("5b10", "5b10")),
        ({"name": "ana", "key": "JIRAUSER1", "displayName": "Ana"}, Account("JIRAUSER1", "Ana")),
        ({"name": "ana"}, Account("ana", "ana")),
    ],
)
def test_people_are_known_by_what_never_changes(value: Any, who: Account | None) -> None:
    assert account(value, "x") == who


@pytest.mark.parametrize("value", [{}, {"accountId": ""}, {"accountId": 7}, {"emailAddress": "a@b.c"}, [], "ana"])
def test_somebody_without_identity_is_an_error(value: Any) -> None:
    with pytest.raises(WrongShape):
        account(value, "x")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"start": 0, "values": []},
        {"start": 0, "values": [], "isLastPage": "true"},
        {"start": 0, "values": [], "isLastPage": None},
        {"values": [], "isLastPage": True},
        {"start": "0", "values": [], "isLastPage": True},
        {"start": -1, "values": [], "isLastPage": True},
        {"start": 0, "values": {}, "isLastPage": True},
        {"start": 0, "isLastPage": True},
        {"start": 0, "values": [], "isLastPage": True, "_links": {"next": "https://acme.example/approval?start=50"}},
    ],
)
def test_a_page_that_does_not_say_what_it_is_is_an_error(body: Any) -> None:
    with pytest.raises(WrongShape):
        parse.page(body)


def test_only_true_is_a_permission() -> None:
    body = {"permissions": {"A": {"havePermission": True}, "B": {"havePermission": "true"}, "C": {}}}
    assert granted(body) == {"A": True, "B": False, "C": False}
