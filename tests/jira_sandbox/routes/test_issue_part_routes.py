"""What belongs to an issue: transitions, comments, links, properties."""

from __future__ import annotations

from typing import Any

import pytest

from jira_sandbox.accounts import DINA
from pretend import Pretend

ISSUE = "/rest/api/3/issue"
DOC = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}]}


def test_who_may_not_transition_sees_no_transitions(site: Pretend, key: str) -> None:
    site.desk.desk.denied.add("TRANSITION_ISSUES")
    assert site.walk(key, "Start planning") == 400


def test_comments_of_the_platform_are_public_unless_they_say_otherwise(site: Pretend, key: str) -> None:
    made = site.post(f"{ISSUE}/{key}/comment", {"body": DOC})
    assert (site.last.status, made["jsdPublic"], made["body"]) == (201, True, DOC)
    internal = {"key": "sd.public.comment", "value": {"internal": True}}
    assert site.post(f"{ISSUE}/{key}/comment", {"body": DOC, "properties": [internal]})["jsdPublic"] is False
    assert site.post(f"/rest/api/2/issue/{key}/comment", {"body": "plain"})["body"] == "plain"
    assert site.refused("POST", f"{ISSUE}/{key}/comment", {"body": "plain"})[0] == 400
    assert site.refused("POST", f"/rest/api/2/issue/{key}/comment", {"body": " "})[0] == 400


@pytest.mark.parametrize("issue", ["OPS-1000", "WEB-12"])
def test_a_remote_link_is_made_once_and_then_updated(site: Pretend, issue: str) -> None:
    site.raised()
    body = {"globalId": "run 1&x", "object": {"url": "https://ci.example.com/1", "title": "Run 1"}}
    first = site.post(f"{ISSUE}/{issue}/remotelink", body)
    assert site.last.status == 201
    body["object"] = {"url": "https://ci.example.com/1", "title": "Run 1 done"}
    assert site.post(f"{ISSUE}/{issue}/remotelink", body)["id"] == first["id"]
    assert site.last.status == 200
    shown = site.get(f"{ISSUE}/{issue}/remotelink")
    assert [one["object"]["title"] for one in shown] == ["Run 1 done"]
    assert site.get(f"{ISSUE}/{issue}/remotelink?globalId=run%201%26x")["id"] == first["id"]
    site.ask("DELETE", f"{ISSUE}/{issue}/remotelink?globalId=run%201%26x")
    assert site.last.status == 204
    assert site.refused("DELETE", f"{ISSUE}/{issue}/remotelink?globalId=x")[0] == 404


@pytest.mark.parametrize("link", [{}, {"title": "t"}, {"title": "", "url": "u"}])
def test_a_remote_link_needs_a_title_and_an_address(site: Pretend, key: str, link: dict[str, str]) -> None:
    assert site.refused("POST", f"{ISSUE}/{key}/remotelink", {"object": link})[0] == 400


def test_a_property_is_set_read_and_removed(site: Pretend, key: str) -> None:
    path = f"{ISSUE}/{key}/properties/jira-ci.change"
    assert site.refused("GET", path)[0] == 404
    site.ask("PUT", path, {"version": "1.2.3"})
    assert site.last.status == 201
    site.ask("PUT", path, {"version": "1.2.4"})
    assert site.last.status == 200
    assert site.get(path) == {"key": "jira-ci.change", "value": {"version": "1.2.4"}}
    assert site.issue(key, "?properties=jira-ci.change")["properties"] == {"jira-ci.change": {"version": "1.2.4"}}
    assert site.issue(key, "?properties=*all,-jira-ci.change")["properties"] == {}
    assert "properties" not in site.issue(key)
    site.ask("DELETE", path)
    assert (site.last.status, site.refused("DELETE", path)[0]) == (204, 404)


@pytest.mark.parametrize("body", [b"", b"{", b'"' + b"x" * 32_768 + b'"'])
def test_a_property_is_json_of_a_certain_size(site: Pretend, key: str, body: bytes) -> None:
    assert site.refused("PUT", f"{ISSUE}/{key}/properties/p", body)[0] == 400


def test_the_properties_of_the_own_account_are_its_own(site: Pretend, key: str) -> None:
    account = site.get("/rest/api/3/myself")["accountId"]
    path, own = "/rest/api/3/user/properties", f"?accountId={account}"
    assert site.refused("GET", f"{path}/p{own}")[0] == 404
    site.ask("PUT", f"{path}/p{own}", {"a": 1})
    assert site.last.status == 201
    assert site.get(f"{path}/p{own}")["value"] == {"a": 1}
    assert [one["key"] for one in site.get(f"{path}{own}")["keys"]] == ["p"]
    for other in ("", f"?accountId={DINA.account}"):
        assert site.refused("GET", f"{path}{other}")[0] == 403
        assert site.refused("PUT", f"{path}/p{other}", {"a": 2})[0] == 403
    assert site.get(f"{ISSUE}/{key}/properties")["keys"] == []


def test_the_keys_of_all_properties_are_listed(site: Pretend, key: str) -> None:
    assert site.get(f"{ISSUE}/{key}/properties") == {"keys": []}
    for name in ("jira-ci.record.0123456789abcdef", "jira-ci.records"):
        site.ask("PUT", f"{ISSUE}/{key}/properties/{name}", {"a": 1})
    listed = site.get(f"{ISSUE}/{key}/properties")["keys"]
    assert [one["key"] for one in listed] == ["jira-ci.record.0123456789abcdef", "jira-ci.records"]


FORM = {"content-type": "multipart/form-data; boundary=edge"}
FILE = b'--edge\r\nContent-Disposition: form-data; name="%s"; filename="a.json"\r\n\r\n{"a": 1}\r\n--edge--\r\n'


def test_a_file_is_attached_and_the_history_tells(site: Pretend, key: str) -> None:
    (shown,) = site.ask(
        "POST", f"{ISSUE}/{key}/attachments", FILE % b"file", **FORM, **{"x-atlassian-token": "no-check"}
    )
    assert (shown["filename"], shown["size"]) == ("a.json", 8)
    step = site.issue(key, "?expand=changelog")["changelog"]["histories"][0]
    assert [(item["field"], item["toString"]) for item in step["items"]] == [("Attachment", "a.json")]


def test_a_form_that_a_browser_may_have_been_led_to_send_is_refused(site: Pretend, key: str) -> None:
    path = f"{ISSUE}/{key}/attachments"
    assert site.refused("POST", path, FILE % b"file", **FORM)[0] == 403
    assert site.refused("POST", path, FILE % b"other", **FORM, **{"x-atlassian-token": "no-check"})[0] == 400
    assert site.refused("POST", path, b"{}", **{"x-atlassian-token": "no-check"})[0] == 400


def test_issues_are_linked_once(site: Pretend, key: str) -> None:
    body = {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": "WEB-12"}}
    for _ in range(2):
        site.post("/rest/api/3/issueLink", body)
        assert site.last.status == 201
    (link,) = site.issue(key, "?fields=issuelinks")["fields"]["issuelinks"]
    assert (link["outwardIssue"]["key"], link["type"]["outward"]) == ("WEB-12", "relates to")
    (back,) = site.issue("WEB-12", "?fields=issuelinks")["fields"]["issuelinks"]
    assert back["inwardIssue"]["key"] == key
    wrong: list[dict[str, Any]] = [{"type": {"name": "Eats"}}, {"type": {}}, {"inwardIssue": {"key": "NO-1"}}]
    for changes in wrong:
        assert site.refused("POST", "/rest/api/3/issueLink", {**body, **changes})[0] == 404


def test_a_comment_carries_its_properties_and_shows_them_to_who_asks(site: Pretend, key: str) -> None:
    mine = {"key": "tool.mark", "value": {"mark": 7}}
    made = site.post(f"{ISSUE}/{key}/comment", {"body": DOC, "properties": [mine]})
    assert "properties" not in made
    (one,) = site.get(f"{ISSUE}/{key}/comment?expand=properties")["comments"]
    assert (one["id"], one["properties"], one["body"]) == (made["id"], [mine], DOC)
    wrong: list[Any] = [{"key": "x"}, {"value": 1}, {**mine, "more": 1}, {"key": "x" * 256, "value": 1}, "x"]
    for properties in ([one] for one in wrong):
        assert site.refused("POST", f"{ISSUE}/{key}/comment", {"body": DOC, "properties": properties})[0] == 400
    large = {"key": "x", "value": "x" * 32_768}
    assert site.refused("POST", f"{ISSUE}/{key}/comment", {"body": DOC, "properties": [large]})[0] == 400


def test_one_s_own_comment_is_taken_away(site: Pretend, key: str) -> None:
    made = site.post(f"{ISSUE}/{key}/comment", {"body": DOC})
    change = site.context.site.issue(key)
    assert change is not None
    others = site.context.site.desk.extras.comment(change.id, DINA.account, "Mine", 0, public=True)
    assert site.refused("DELETE", f"{ISSUE}/{key}/comment/{others.id}")[0] == 403
    assert site.ask("DELETE", f"{ISSUE}/{key}/comment/{made['id']}") == b""
    assert site.last.status == 204
    assert site.refused("DELETE", f"{ISSUE}/{key}/comment/{made['id']}")[0] == 404
    assert [one["id"] for one in site.get(f"{ISSUE}/{key}/comment")["comments"]] == [others.id]


def test_a_comment_on_an_issue_of_no_desk_is_public_whatever_it_says(site: Pretend) -> None:
    internal = {"key": "sd.public.comment", "value": {"internal": True}}
    assert site.post(f"{ISSUE}/WEB-1/comment", {"body": DOC, "properties": [internal]})["jsdPublic"] is True
