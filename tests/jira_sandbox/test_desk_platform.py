"""Changes over the platform's API: reading, editing, history, transitions, comments, links, properties, permissions."""

from __future__ import annotations

from typing import Any

import pytest

from jira_sandbox.accounts import RELEASE
from pretend import Pretend, basic

ISSUE = "/rest/api/3/issue"
DOC = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}]}


@pytest.fixture
def site() -> Pretend:
    return Pretend()


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


@pytest.mark.parametrize(
    ("query", "present", "absent"),
    [
        ("?fields=summary,customfield_10345", {"summary", "customfield_10345"}, {"status"}),
        ("?fields=summary&fields=status", {"summary", "status"}, {"description"}),
        ("?fields=*navigable", {"summary", "customfield_10346"}, {"comment"}),
        ("?fields=*all,-comment,-worklog", {"summary", "labels"}, {"comment"}),
        ("?fields=-summary", {"status", "comment"}, {"summary"}),
        ("", {"summary", "comment", "customfield_10303"}, set()),
        ("?fields=customfield_99", set(), {"customfield_99"}),
    ],
)
def test_an_issue_shows_the_fields_that_are_asked_for(
    site: Pretend, key: str, query: str, present: set[str], absent: set[str]
) -> None:
    shown = set(site.issue(key, query)["fields"])
    assert present <= shown
    assert not absent & shown


def test_names_and_schemas_are_told_on_request(site: Pretend, key: str) -> None:
    shown = site.issue(key, "?fields=customfield_10345&expand=names,schema")
    assert shown["names"] == {"customfield_10345": "Planned start"}
    assert shown["schema"]["customfield_10345"]["type"] == "datetime"


def test_fields_of_one_name_and_missing_fields_can_be_had(site: Pretend, key: str) -> None:
    catalogue = site.desk.desk.catalogue
    again = catalogue.duplicate_field("Planned start")
    catalogue.remove_field("Planned end")
    names = [one["name"] for one in site.get("/rest/api/3/field")]
    assert (names.count("Planned start"), names.count("Planned end")) == (2, 0)
    site.desk.edit(key, {again.id: "2026-03-01T10:00:00Z"})
    fields = site.issue(key)["fields"]
    assert (fields["customfield_10345"], fields[again.id]) == (None, "2026-03-01T10:00:00.000+0000")
    assert "customfield_10346" not in fields


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


def test_no_more_than_a_hundred_entries_come_with_the_issue(site: Pretend, key: str) -> None:
    for number in range(120):
        site.desk.edit(key, {"summary": f"Deploy {number}"})
    log = site.issue(key, "?expand=changelog")["changelog"]
    assert (log["total"], log["maxResults"], len(log["histories"])) == (120, 100, 100)
    assert log["histories"][0]["items"][0]["toString"] == "Deploy 119"


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


def test_a_moved_issue_answers_with_another_key(site: Pretend, key: str) -> None:
    before = site.issue(key)
    site.desk.move(key, "FIN")
    after = site.issue(key)
    assert (after["id"], after["key"], after["fields"]["project"]["key"]) == (before["id"], "FIN-1", "FIN")
    assert site.issue("fin-1")["id"] == before["id"]
    site.desk.move("FIN-1", "OPS")
    assert site.issue(before["id"])["key"] == "OPS-1001"


def test_an_issue_can_be_of_another_type_hidden_and_deleted(site: Pretend, key: str) -> None:
    site.desk.retype(key, "[system] incident")
    assert site.issue(key)["fields"]["issuetype"]["name"] == "[System] Incident"
    site.desk.hide(key)
    assert site.refused("GET", f"{ISSUE}/{key}")[0] == 404
    site.desk.hide(key, hidden=False)
    assert site.issue(key)["key"] == key
    site.desk.delete(key)
    assert site.refused("GET", f"{ISSUE}/{key}")[0] == 404
    assert site.found("project = OPS AND issuetype != Story") == []


def test_a_status_can_be_renamed_and_added(site: Pretend, key: str) -> None:
    workflow = site.desk.desk.workflow
    workflow.rename("Review", "Prüfung")
    assert site.issue(key)["fields"]["status"]["name"] == "Prüfung"
    workflow.add("On hold", "undefined")
    site.desk.transition(key, "on hold")
    assert site.issue(key)["fields"]["status"]["statusCategory"]["key"] == "undefined"


def walk(site: Pretend, key: str, name: str) -> int:
    found = {one["name"]: one["id"] for one in site.get(f"{ISSUE}/{key}/transitions")["transitions"]}
    site.refused("POST", f"{ISSUE}/{key}/transitions", {"transition": {"id": found.get(name, "999")}})
    return site.last.status


def test_the_default_workflow_is_walked_by_its_transitions(site: Pretend, key: str) -> None:
    assert walk(site, key, "Implement") == 400
    assert [walk(site, key, name) for name in ("Start planning", "Request approval")] == [204, 204]
    assert walk(site, key, "Approve") == 400  # only the approval approves
    site.desk.approve(key)
    assert [walk(site, key, name) for name in ("Approve", "Implement", "Complete")] == [204, 204, 204]
    assert site.issue(key)["fields"]["status"]["name"] == "Completed"
    assert site.get(f"{ISSUE}/{key}/transitions")["transitions"] == []


def test_who_may_not_transition_sees_no_transitions(site: Pretend, key: str) -> None:
    site.desk.desk.denied.add("TRANSITION_ISSUES")
    assert walk(site, key, "Start planning") == 400


def test_texts_are_as_long_as_jira_keeps_them_and_no_longer(site: Pretend, key: str) -> None:
    path, longest = f"/rest/api/2/issue/{key}", "x" * 32_767
    assert site.post(f"{path}/comment", {"body": longest})["body"] == longest
    assert "32,767" in str(site.refused("POST", f"{path}/comment", {"body": longest + "x"}))
    site.ask("PUT", path, {"fields": {"description": longest}})
    assert "description" in str(site.refused("PUT", path, {"fields": {"description": longest + "x"}}))


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


def test_an_issue_by_rule_can_be_edited_like_any_other(site: Pretend) -> None:
    before = site.issue("WEB-12")
    site.ask("PUT", f"{ISSUE}/web-12", {"fields": {"summary": "Pay by cheque"}})
    after = site.issue("WEB-12")
    assert (after["id"], after["fields"]["summary"]) == (before["id"], "Pay by cheque")
    assert site.found("key = WEB-12") == ["WEB-12"]
    site.ask("DELETE", f"{ISSUE}/WEB-12")
    assert site.refused("GET", f"{ISSUE}/WEB-12")[0] == 404
    assert site.context.site.find("WEB-12") is None


def test_permissions_are_told_for_those_that_are_asked_for(site: Pretend, key: str) -> None:
    site.desk.desk.denied.add("ADD_COMMENTS")
    path = "/rest/api/3/mypermissions"
    told = site.get(f"{path}?permissions=ADD_COMMENTS,BROWSE_PROJECTS&issueKey={key}")["permissions"]
    assert {name: one["havePermission"] for name, one in told.items()} == {
        "ADD_COMMENTS": False,
        "BROWSE_PROJECTS": True,
    }
    assert site.refused("GET", path)[0] == 400
    assert site.refused("GET", f"{path}?permissions=FLY")[0] == 400
    assert site.refused("GET", f"{path}?permissions=ADD_COMMENTS&projectKey=NO")[0] == 404


def test_statuses_are_told_by_issue_type(site: Pretend) -> None:
    kinds = {one["name"]: one for one in site.get("/rest/api/3/project/OPS/statuses")}
    assert [one["name"] for one in kinds["[System] Change"]["statuses"]][:3] == ["Review", "Planning", "Authorize"]
    assert [one["name"] for one in site.get("/rest/api/3/project/WEB/statuses")] == ["Story"]
    assert site.refused("GET", "/rest/api/3/project/NO/statuses")[0] == 404


def test_what_can_be_edited_is_told(site: Pretend, key: str) -> None:
    fields = site.get(f"{ISSUE}/{key}/editmeta")["fields"]
    assert fields["summary"]["required"]
    assert [one["value"] for one in fields["customfield_10306"]["allowedValues"]] == [
        "Critical",
        "High",
        "Medium",
        "Low",
    ]
    assert list(site.get(f"{ISSUE}/WEB-1/editmeta")["fields"]) == ["summary", "description", "labels"]


GATEWAY = "/ex/jira/11111111-2222-4333-8444-555555555555"
SERVICE = {"grant_type": "client_credentials", "client_id": "sandbox-service"}


def test_a_service_account_is_let_in_at_the_gateway_only(site: Pretend, key: str) -> None:
    body = {**SERVICE, "client_secret": "sandbox-service-secret"}
    token = site.post("/oauth/token", body, authorization="")
    assert "read:servicedesk-request" in token["scope"]
    site.authorization = f"Bearer {token['access_token']}"
    assert site.get(f"{GATEWAY}/rest/api/3/myself")["accountType"] == "app"
    assert site.get(f"{GATEWAY}/rest/servicedeskapi/request/{key}")["issueKey"] == key
    assert site.refused("GET", f"/rest/servicedeskapi/request/{key}")[0] == 401
    builds = "/jira/builds/0.1/cloud/11111111-2222-4333-8444-555555555555/pipelines/p/builds/7"
    assert site.refused("GET", builds)[0] == 403


def test_the_client_of_the_reports_is_refused_at_the_desk(site: Pretend, key: str) -> None:
    body = {**SERVICE, "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    site.authorization = f"Bearer {site.post('/oauth/token', body, authorization='')['access_token']}"
    assert site.refused("GET", f"{GATEWAY}/rest/servicedeskapi/request/{key}")[0] == 401
    assert site.refused("GET", f"/rest/servicedeskapi/request/{key}")[0] == 401


def test_a_scoped_token_works_at_the_gateway(site: Pretend, key: str) -> None:
    site.authorization = basic("release@example.com:sandbox-scoped-token")
    assert site.get(f"{GATEWAY}/rest/servicedeskapi/request/{key}")["issueKey"] == key
    assert site.get(f"{GATEWAY}/rest/api/3/myself")["emailAddress"] == "release@example.com"
    assert site.refused("GET", f"/rest/servicedeskapi/request/{key}")[0] == 401
