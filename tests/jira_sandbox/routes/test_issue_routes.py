"""Issues over the platform's API: looked up, edited, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bare_site import JSON, BareSite
from jira_sandbox.accounts import RELEASE
from pretend import Pretend, basic

ISSUE = "/rest/api/3/issue"
DOC = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}]}


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


def test_issues_are_looked_up_together_in_the_order_of_their_ids(bare: BareSite) -> None:
    wanted = {"issueIdsOrKeys": ["OPS-3", "UTF-8", "web-12", "WEB-12", "WEB-2"], "fields": ["summary"]}
    document = json.loads(bare.ask("POST", "/rest/api/3/issue/bulkfetch", wanted, basic()).body)
    assert [issue["key"] for issue in document["issues"]] == ["WEB-2", "WEB-12", "OPS-3"]
    assert document["issues"][1]["fields"] == {"summary": "Pay by card"}


def test_who_is_not_logged_in_sees_no_issues(bare: BareSite) -> None:
    document = json.loads(bare.ask("POST", "/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": ["WEB-1"]}).body)
    assert document["issues"] == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ({"issueIdsOrKeys": []}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"] * 101}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"], "jql": "x"}, JSON, 400),
        ({"issueIdsOrKeys": [5]}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"], "fieldsByKeys": "yes"}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"], "properties": list("abcdef")}, JSON, 400),
        ({"fields": ["summary"]}, JSON, 400),
        ([], JSON, 400),
        (b"{", JSON, 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_a_look_up_that_breaks_the_rules_is_refused(bare: BareSite, body: Any, kind: str, status: int) -> None:
    assert bare.ask("POST", "/rest/api/3/issue/bulkfetch", body, basic(), kind).status == status


def test_an_edit_is_in_the_history(site: Pretend, key: str) -> None:
    values = {
        "summary": "Deploy shop 1.2.4",
        "description": DOC,
        "customfield_10346": "2026-03-01T14:00:00.000+0000",
        "labels": ["a", "b"],
    }
    assert site.ask("PUT", f"{ISSUE}/{key}", {"fields": values}) == b""
    assert site.last.status == 204
    shown = site.issue(key, "?fields=summary,description,labels&expand=changelog")
    assert shown["fields"] == {"summary": "Deploy shop 1.2.4", "description": DOC, "labels": ["a", "b"]}
    entry = shown["changelog"]["histories"][0]
    assert entry["author"]["accountId"] == RELEASE.account
    told = {item["field"]: (item["fromString"], item["toString"]) for item in entry["items"]}
    assert told["summary"] == ("Deploy shop 1.2.3", "Deploy shop 1.2.4")
    assert told["description"] == ("", "Hi")
    assert told["Planned end"] == (None, "01/Mar/26 02:00 PM")
    site.ask("PUT", f"{ISSUE}/{key}", {"update": {"customfield_10346": [{"set": None}]}})
    assert site.issue(key)["fields"]["customfield_10346"] is None


def test_an_edit_that_changes_nothing_leaves_no_history(site: Pretend, key: str) -> None:
    site.ask("PUT", f"{ISSUE}/{key}", {"fields": {"summary": "Deploy shop 1.2.3"}})
    assert site.issue(key, "?expand=changelog")["changelog"]["total"] == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"fields": {"summary": ""}}, "You must specify a summary"),
        ({"fields": {"customfield_1": 1, "summary": "x"}}, "cannot be set"),
        ({"fields": {"status": {"id": "3"}}}, "cannot be set"),
        ({"fields": {"description": "plain"}}, "Atlassian Document"),
        ({"fields": {"customfield_10345": "soon"}}, "Error parsing time"),
        ({"fields": {"labels": ["a b"]}}, "contains spaces"),
        ({"fields": {"customfield_10303": "ana"}}, "not an array"),
        ({"fields": {"summary": "x"}, "update": {"summary": [{"set": "y"}]}}, "cannot appear in both"),
        ({}, "one of 'fields' or 'update' required"),
    ],
)
def test_an_edit_that_jira_would_not_take_changes_nothing(
    site: Pretend, key: str, body: dict[str, Any], sentence: str
) -> None:
    site.ask("PUT", f"{ISSUE}/{key}", body)
    assert site.last.status == 400
    assert sentence in site.last.body.decode()
    assert site.issue(key)["fields"]["summary"] == "Deploy shop 1.2.3"


def test_an_issue_by_rule_can_be_edited_like_any_other(site: Pretend) -> None:
    before = site.issue("WEB-12")
    site.ask("PUT", f"{ISSUE}/web-12", {"fields": {"summary": "Pay by cheque"}})
    after = site.issue("WEB-12")
    assert (after["id"], after["fields"]["summary"]) == (before["id"], "Pay by cheque")
    assert site.found("key = WEB-12") == ["WEB-12"]
    site.ask("DELETE", f"{ISSUE}/WEB-12")
    assert site.refused("GET", f"{ISSUE}/WEB-12")[0] == 404
    assert site.context.site.find("WEB-12") is None
