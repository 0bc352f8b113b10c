"""Questions about many issues at once, and their answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jira_ci.exchange import Answer, Request
from jira_ci.jira import issues
from jira_ci.jira.issues import IssueSummary
from jira_ci.jira.parse import WrongShape

SITE = "https://acme.atlassian.net"
FIELDS = ["summary", "status", "assignee", "issuetype"]


def bean(key: str = "WEB-12", **fields: Any) -> dict[str, Any]:
    known = {
        "summary": "Pay by card",
        "status": {"name": "In Progress", "statusCategory": {"key": "indeterminate"}},
        "assignee": {"displayName": "Ana", "emailAddress": "ana@example.com", "accountId": "5b10"},
        "issuetype": {"name": "Story"},
    }
    return {"id": "10012", "key": key, "fields": {**known, **fields}}


def card(key: str) -> IssueSummary:
    return IssueSummary(key, "A title")


def read(body: Any) -> IssueSummary:
    [found] = issues.page(body, "cloud", SITE).cards
    return found


def test_cloud_is_asked_for_the_fields_that_are_shown_and_no_others() -> None:
    ask = issues.fetch(["WEB-1", "OPS-2"], "cloud")
    assert (ask.method, ask.address(SITE, "cloud")) == ("POST", f"{SITE}/rest/api/3/issue/bulkfetch")
    assert ask.body == {"issueIdsOrKeys": ["WEB-1", "OPS-2"], "fields": FIELDS}


def test_data_center_is_searched_without_minding_keys_that_do_not_exist() -> None:
    ask = issues.fetch(["WEB-1", 'O"PS-2'], "data-center")
    assert ask.address(SITE, "data-center") == f"{SITE}/rest/api/2/search"
    assert ask.body == {
        "jql": 'key in ("WEB-1", "O\\"PS-2")',
        "startAt": 0,
        "maxResults": 100,
        "fields": FIELDS,
        "validateQuery": False,
    }


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"{SITE}/rest/api/3/issue/bulkfetch", True),
        ("https://jira.example/jira/rest/api/2/search", True),
        (f"{SITE}/rest/api/2/issue/WEB-1/remotelink", False),
    ],
)
def test_such_a_question_is_told_by_its_address(url: str, told: bool) -> None:
    assert issues.is_fetch(Request("POST", url, "show")) is told


def test_a_card_has_what_a_reader_wants_to_know() -> None:
    assert read({"issues": [bean()], "issueErrors": []}) == IssueSummary(
        "WEB-12", "Pay by card", "In Progress", "indeterminate", "Ana", "Story", f"{SITE}/browse/WEB-12"
    )


@pytest.mark.parametrize("fields", [{"assignee": None}, {"status": None}, {"issuetype": None}, {"summary": None}])
def test_a_field_that_is_hidden_or_empty_hides_nothing_else(fields: dict[str, Any]) -> None:
    assert read({"issues": [bean(**fields)]}).key == "WEB-12"


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("ana.souza@example.com", "ana.souza"),
        ("Ana <ana@example.com>", "Ana <ana>"),
        ("Ana (ana@example.com)", "Ana (ana"),
        ("Ana @ Acme", "Ana @ Acme"),
    ],
)
def test_nobody_is_called_by_an_address(shown: str, name: str) -> None:
    assert read({"issues": [bean(assignee={"displayName": shown})]}).assignee == name


def test_somebody_without_a_display_name_has_no_name() -> None:
    assert read({"issues": [bean(assignee={"name": "ana@example.com", "key": "JIRAUSER1"})]}).assignee == ""


def test_a_link_leads_to_the_site_only_and_is_left_out_without_one() -> None:
    assert read({"issues": [bean("ÄB-1")]}).link == f"{SITE}/browse/%C3%84B-1"
    assert issues.page({"issues": [bean()]}, "cloud", "").cards[0].link == ""


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"issues": {}},
        {"issues": ["WEB-1"]},
        {"issues": [{"key": "WEB-1"}]},
        {"issues": [{"fields": {}}]},
        {"issues": [bean("x](https://evil.example)")]},
        {"issues": [bean("WEB-1\n::add-mask::x")]},
        {"issues": [bean(summary={"type": "doc"})]},
        {"issues": [bean(status="Done")]},
    ],
)
def test_another_shape_is_no_answer(body: Any) -> None:
    with pytest.raises(WrongShape):
        issues.page(body, "cloud", SITE)


@pytest.mark.parametrize(
    ("body", "edition", "complete"),
    [
        ({"issues": [bean()], "issueErrors": []}, "cloud", True),
        ({"issues": [bean()], "issueErrors": [{"id": "10013", "errorMessage": "busy"}]}, "cloud", False),
        ({"issues": [bean()], "total": 1}, "data-center", True),
        ({"issues": [bean()], "total": 2}, "data-center", False),
    ],
)
def test_an_answer_that_leaves_out_issues_which_are_there_is_not_complete(
    body: Any, edition: Any, complete: bool
) -> None:
    assert issues.page(body, edition, SITE).complete is complete


@pytest.mark.parametrize(
    ("asked", "found", "pairs", "missing", "strays"),
    [
        (["WEB-1", "OPS-2"], ["OPS-2", "WEB-1"], {"WEB-1": "WEB-1", "OPS-2": "OPS-2"}, (), ()),
        (["WEB-1", "WEB-1"], ["WEB-1"], {"WEB-1": "WEB-1"}, (), ()),
        (["WEB-1", "WEB-2"], ["WEB-2"], {"WEB-2": "WEB-2"}, ("WEB-1",), ()),
        (["web-1"], ["WEB-1"], {"web-1": "WEB-1"}, (), ()),
        # One was moved: no other can be meant.
        (["WEB-1", "WEB-2"], ["OPS-7", "WEB-2"], {"WEB-1": "OPS-7", "WEB-2": "WEB-2"}, (), ()),
        # A project was renamed.
        (["WEB-1", "WEB-2"], ["SHOP-2", "SHOP-1"], {"WEB-1": "SHOP-1", "WEB-2": "SHOP-2"}, (), ()),
        # Which of them was moved, or where to, cannot be told.
        (["WEB-1", "WEB-2"], ["OPS-7"], {}, ("WEB-1", "WEB-2"), ("OPS-7",)),
        (["WEB-1", "WEB-2"], ["OPS-7", "OPS-8"], {}, ("WEB-1", "WEB-2"), ("OPS-7", "OPS-8")),
        (["WEB-1", "MOB-2"], ["OPS-1", "OPS-2"], {}, ("WEB-1", "MOB-2"), ("OPS-1", "OPS-2")),
        (["WEB-1", "WEB-2"], ["OPS-1", "MOB-2"], {}, ("WEB-1", "WEB-2"), ("OPS-1", "MOB-2")),
        (["WEB-1", "MOB-1"], ["OPS-1", "SHOP-1"], {}, ("WEB-1", "MOB-1"), ("OPS-1", "SHOP-1")),
        ([], [], {}, (), ()),
    ],
)
def test_each_answer_belongs_to_a_key(
    asked: list[str], found: list[str], pairs: dict[str, str], missing: tuple[str, ...], strays: tuple[str, ...]
) -> None:
    told = issues.paired(asked, map(card, found))
    assert {key: one.key for key, one in told.cards.items()} == pairs
    assert (told.missing, tuple(one.key for one in told.strays)) == (missing, strays)


def test_a_log_shows_of_an_answer_what_a_card_has() -> None:
    person = {"displayName": "ana@example.com", "emailAddress": "ana@example.com", "name": "ana@example.com"}
    body = {"issues": [{**bean(assignee=person), "self": "https://x"}], "issueErrors": [], "names": {"a": "b"}}
    shown = issues.shown(Answer(200, {}, json.dumps(body).encode()))
    assert b"example.com" not in shown.body
    status = {"name": "In Progress", "statusCategory": {"key": "indeterminate"}}
    fields = {"summary": "Pay by card", "status": status, "assignee": {"displayName": "ana"}}
    expected = {"id": "10012", "key": "WEB-12", "fields": {**fields, "issuetype": {"name": "Story"}}}
    assert shown.json() == {"issues": [expected], "issueErrors": []}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errorMessages": ["no"], "errors": {"jql": "bad"}}'])
def test_an_answer_that_is_none_of_issues_is_shown_as_it_is(body: bytes) -> None:
    shown = issues.shown(Answer(502, {}, body))
    assert (shown.status, shown.json() or shown.body) == (502, json.loads(body) if body[:1] == b"{" else body or b"")
