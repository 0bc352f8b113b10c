"""What other clients ask: making issues, one comment, participants; refused as Jira refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from pretend import Pretend

API = "/rest/api/2"
STORY = {"project": {"key": "WEB"}, "summary": "Pay", "issuetype": {"name": "Story"}}


@pytest.fixture
def shop(site: Pretend) -> Pretend:
    site.desk.desk.catalogue.ensure_project("WEB")
    return site


def test_an_issue_is_made_with_the_next_number(shop: Pretend) -> None:
    made = shop.post(f"{API}/issue", {"fields": {**STORY, "labels": ["new"]}})
    assert (shop.last.status, made["key"]) == (201, "WEB-1000")
    fields = shop.get(f"{API}/issue/WEB-1000")["fields"]
    assert (fields["status"]["name"], fields["labels"]) == ("To Do", ["new"])


@pytest.mark.parametrize(
    "changes",
    [{"project": {"key": "NO"}}, {"project": 7}, {"issuetype": {"name": "[System] Change"}}, {"summary": ""}, {"x": 1}],
)
def test_what_is_no_issue_is_refused(shop: Pretend, changes: dict[str, Any]) -> None:
    assert shop.refused("POST", f"{API}/issue", {"fields": {**STORY, **changes}})[0] == 400


def test_a_comment_is_edited_by_who_wrote_it(shop: Pretend) -> None:
    made = shop.post(f"{API}/issue/WEB-1/comment", {"body": "Hello"})
    path = f"{API}/issue/WEB-1/comment/{made['id']}"
    shop.ask("PUT", path, {"body": "Hello again"})
    assert shop.get(path)["body"] == "Hello again"
    assert shop.refused("PUT", path, {"body": " "})[0] == 400
    assert shop.refused("GET", f"{API}/issue/WEB-1/comment/9")[0] == 404


def test_lists(shop: Pretend) -> None:
    assert {one["key"] for one in shop.get(f"{API}/project")} >= {"OPS", "WEB"}
    assert [one["name"] for one in shop.get(f"{API}/project/WEB")["issueTypes"]] == ["Story", "Sub-task"]
    assert "Done" in [one["name"] for one in shop.get(f"{API}/status")]
    assert len(shop.get(f"{API}/issueLinkType")["issueLinkTypes"]) == 3
    assert shop.get(f"{API}/issue/WEB-1/properties") == {"keys": []}


def test_participants_come_and_go(site: Pretend) -> None:
    path, ana = f"/rest/servicedeskapi/request/{site.raised()}/participant", "5b10ac8d82e05b22cc7d4ef5"
    assert [one["accountId"] for one in site.post(path, {"accountIds": [ana]})["values"]] == [ana]
    assert site.ask("DELETE", path, {"accountIds": [ana]})["values"] == []
    assert site.refused("POST", path, {"accountIds": ["nobody"]})[0] == 404


def test_a_transition_s_id_may_be_a_number(shop: Pretend) -> None:
    [one] = [x for x in shop.get(f"{API}/issue/WEB-1/transitions")["transitions"] if x["name"] == "Done"]
    given = {"transition": {"id": int(one["id"])}}
    shop.bad_requests = True  # the document knows texts only
    with pytest.raises(AssertionError, match="the sandbox took what the documents forbid"):
        shop.ask("POST", f"{API}/issue/WEB-1/transitions", given)
    assert shop.last.status == 204
