"""Service desks over their API: request types, raising requests, comments, statuses, approvals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jira_sandbox.accounts import ANA, RELEASE
from jira_sandbox.http_types import Request
from pretend import Pretend, basic

DESK = "/rest/servicedeskapi/servicedesk"
REQUEST = "/rest/servicedeskapi/request"
TYPES = f"{DESK}/1/requesttype"


@pytest.mark.parametrize("name", ["1", "OPS", "10010"])
def test_a_desk_is_found_by_its_id_and_by_its_project(site: Pretend, name: str) -> None:
    found = site.get(f"{DESK}/{name}")
    assert (found["id"], found["projectKey"], found["projectName"]) == ("1", "OPS", "Operations")


def test_a_desk_that_does_not_exist_is_not_found(site: Pretend) -> None:
    assert site.refused("GET", f"{DESK}/WEB")[0] == 404
    assert site.refused("GET", f"{DESK}/1/requesttype/99/field")[0] == 404


def test_one_request_type_is_shown_by_its_id(site: Pretend) -> None:
    assert outside_the_documents(site, "GET", f"{TYPES}/25") == (200, site.get(TYPES)["values"][0])
    assert outside_the_documents(site, "GET", f"{TYPES}/99")[0] == 404


def test_ids_may_be_numbers_as_jira_reads_both(site: Pretend) -> None:
    values = {"requestFieldValues": {"summary": "x"}}
    status, made = outside_the_documents(site, "POST", REQUEST, {"serviceDeskId": 1, "requestTypeId": 25, **values})
    assert (status, made["requestTypeId"]) == (201, "25")
    assert (
        outside_the_documents(site, "POST", REQUEST, {"serviceDeskId": True, "requestTypeId": 25, **values})[0] == 400
    )


def outside_the_documents(site: Pretend, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """What Jira answers although its documents, as far as we have them, do not say so."""
    headers = {"authorization": site.authorization, "content-type": "application/json"}
    answer = site.api.answer(Request(method, path, "", headers, json.dumps(body).encode() if body else b""))
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?searchQuery=Request+a+change", ["Request a change", "Emergency change"]),
        ("?searchQuery=auto", []),
        (
            "?searchQuery=automated&includeHiddenRequestTypesInSearch=true",
            ["Automated change"],
        ),
        ("?start=1&limit=2", ["Emergency change", "Automated change"]),
        ("", ["Request a change", "Emergency change", "Automated change", "Report an outage"]),
    ],
)
def test_request_types_are_searched_in_name_and_description(site: Pretend, query: str, names: list[str]) -> None:
    assert [one["name"] for one in site.get(TYPES + query)["values"]] == names


def test_pages_say_whether_they_are_the_last(site: Pretend) -> None:
    first, last = site.get(f"{TYPES}?limit=3"), site.get(f"{TYPES}?start=3&limit=3")
    assert (first["isLastPage"], first["size"], last["isLastPage"], last["size"]) == (False, 3, True, 1)
    assert first["_links"]["next"].endswith("?start=3&limit=3")
    assert "next" not in last["_links"]


@pytest.mark.parametrize("path", [DESK, TYPES, "/rest/servicedeskapi/requesttype"])
@pytest.mark.parametrize("query", ["limit=x", "start=99999999999", "limit=%ff"])
def test_a_page_whose_number_is_none_is_not_found(site: Pretend, path: str, query: str) -> None:
    assert site.refused("GET", f"{path}?{query}")[0] == 404


def test_a_request_type_lists_its_fields_with_what_they_take(site: Pretend) -> None:
    fields = {one["name"]: one for one in site.get(f"{TYPES}/25/field")["requestTypeFields"]}
    assert fields["Summary"]["required"]
    assert fields["Planned end"]["fieldId"] == "customfield_10346"
    assert [one["label"] for one in fields["Change type"]["validValues"]] == ["Standard", "Normal", "Emergency"]


def test_a_raised_request_is_a_change_in_review(site: Pretend) -> None:
    fields = {
        "description": "All of it",
        "customfield_10345": "2026-03-01T10:00:00.000+0100",
        "customfield_10305": {"value": "Normal"},
        "customfield_10344": "By hand",
    }
    body = {"serviceDeskId": "OPS", "requestTypeId": "25", "requestFieldValues": {"summary": "Deploy", **fields}}
    made = site.post(REQUEST, body)
    assert site.last.status == 201
    assert (made["issueKey"], made["currentStatus"]["status"]) == ("OPS-1000", "Review")
    shown = site.issue(made["issueKey"])
    assert (shown["fields"]["issuetype"]["name"], shown["fields"]["status"]["name"]) == ("[System] Change", "Review")
    assert shown["fields"]["customfield_10345"] == "2026-03-01T09:00:00.000+0000"
    assert shown["fields"]["customfield_10305"]["value"] == "Normal"
    assert shown["fields"]["description"]["content"][0]["content"][0]["text"] == "All of it"
    assert shown["fields"]["reporter"]["accountId"] == RELEASE.account
    again = site.get(f"{REQUEST}/{made['issueId']}?expand=requestType,serviceDesk")
    assert (again["issueKey"], again["requestType"]["name"]) == ("OPS-1000", "Request a change")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"summary": ""}, "summary: You must specify a summary"),
        ({"summary": "x" * 256}, "can't exceed 255 characters"),
        ({"summary": "a\nb"}, "newline"),
        ({"summary": 5}, "must be a string"),
        ({"customfield_99": "x"}, "customfield_99: Field cannot be set"),
        ({"priority": {"name": "High"}}, "priority: Field cannot be set"),
        ({"customfield_10345": "2026-03-01"}, "Error parsing time"),
        ({"customfield_10345": "2026-02-30T10:00:00.000Z"}, "Error parsing time"),
        ({"customfield_10305": {"value": "Huge"}}, "Option value 'Huge' is not valid"),
        ({"customfield_10303": [{"accountId": "nobody"}]}, "nobody"),
        ({"customfield_10344": {"type": "doc"}}, "must be a string"),
    ],
)
def test_a_field_that_jira_would_not_take_is_named(site: Pretend, changes: dict[str, Any], sentence: str) -> None:
    values = {"summary": "Deploy", **changes}
    body = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": values}
    told = site.post(REQUEST, body)
    assert site.last.status == 400
    assert sentence in told["errorMessage"]
    assert site.desk.desk.ledger.all() == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"serviceDeskId": 1, "requestTypeId": "25"},
        {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "x"}, "fields": {}},
        {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": "x"},
        b"{",
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(site: Pretend, body: Any) -> None:
    assert site.refused("POST", REQUEST, body)[0] == 400


@pytest.mark.parametrize(("desk", "kind"), [("9", "25"), ("1", "99"), ("1", "")])
def test_a_request_to_nowhere_is_a_bad_one(site: Pretend, desk: str, kind: str) -> None:
    told = site.post(REQUEST, {"serviceDeskId": desk, "requestTypeId": kind, "requestFieldValues": {"summary": "x"}})
    assert (site.last.status, "does not exist" in told["errorMessage"]) == (400, True)


def test_an_issue_that_is_no_request_is_none(site: Pretend) -> None:
    assert site.refused("GET", f"{REQUEST}/WEB-1")[0] == 404
    assert site.refused("GET", f"{REQUEST}/WEB-1/approval")[0] == 404


def test_comments_are_internal_or_public(site: Pretend) -> None:
    key = site.raised()
    site.post(f"{REQUEST}/{key}/comment", {"body": "Begun", "public": False})
    made = site.post(f"{REQUEST}/{key}/comment", {"body": "Done", "public": True})
    assert site.get(f"{REQUEST}/{key}/comment/{made['id']}")["body"] == "Done"
    for query, bodies in [("", ["Begun", "Done"]), ("?internal=false", ["Done"]), ("?public=false", ["Begun"])]:
        assert [one["body"] for one in site.get(f"{REQUEST}/{key}/comment{query}")["values"]] == bodies
    assert site.refused("POST", f"{REQUEST}/{key}/comment", {"body": " ", "public": True})[0] == 400
    seen = site.get(f"/rest/api/3/issue/{key}/comment")["comments"]
    assert [one["jsdPublic"] for one in seen] == [False, True]


def test_statuses_are_told_newest_first(site: Pretend) -> None:
    key = site.raised()
    site.desk.transition(key, "planning")
    shown = site.get(f"{REQUEST}/{key}/status")["values"]
    assert [(one["status"], one["statusCategory"]) for one in shown] == [
        ("Planning", "INDETERMINATE"),
        ("Review", "NEW"),
    ]


def test_customers_move_nothing(site: Pretend) -> None:
    key = site.raised()
    assert site.get(f"{REQUEST}/{key}/transition")["values"] == []
    assert site.refused("POST", f"{REQUEST}/{key}/transition", {"id": "11"})[0] == 400


def test_approvals_come_in_pages(site: Pretend) -> None:
    key = site.raised()
    for _ in range(3):
        site.desk.transition(key, "Planning")
        site.desk.transition(key, "Authorize")
    first, second = site.approvals(key, "?limit=2"), site.approvals(key, "?start=2&limit=2")
    assert [(page["size"], page["isLastPage"]) for page in (first, second)] == [(2, False), (1, True)]


def test_an_approver_answers_over_the_api_and_only_once(site: Pretend) -> None:
    site.context.credentials.let_in(ANA.email, "ana-token")
    key = site.raised()
    site.desk.transition(key, "Authorize")
    path = f"{REQUEST}/{key}/approval/{site.approvals(key)['values'][0]['id']}"
    assert site.refused("POST", path, {"decision": "approve"})[0] == 403
    site.authorization = basic(f"{ANA.email}:ana-token")
    assert site.get(path)["canAnswerApproval"] is True
    assert site.refused("POST", path, {"decision": "yes"})[0] == 400
    assert site.post(path, {"decision": "approve"})["finalDecision"] == "approved"
    assert site.refused("POST", path, {"decision": "decline"})[0] == 409
    assert site.refused("GET", f"{REQUEST}/{key}/approval/99")[0] == 404


@pytest.mark.parametrize(
    ("permission", "method", "path", "body", "status"),
    [
        ("CREATE_ISSUES", "POST", REQUEST, {}, 403),
        ("ADD_COMMENTS", "POST", f"{REQUEST}/OPS-1000/comment", {"body": "x"}, 403),
        ("BROWSE_PROJECTS", "GET", f"{REQUEST}/OPS-1000/approval", None, 404),
    ],
)
def test_a_permission_that_is_missing_is_a_refusal(
    site: Pretend, permission: str, method: str, path: str, body: Any, status: int
) -> None:
    site.raised()
    site.desk.desk.denied.add(permission)
    assert site.refused(method, path, body)[0] == status


@pytest.mark.parametrize("authorization", ["", basic("release@example.com:wrong"), "Bearer sandbox-personal-token"])
def test_nobody_else_is_let_in(site: Pretend, authorization: str) -> None:
    site.authorization = authorization
    assert site.refused("GET", DESK)[0] == 401


def _paragraph(text: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    return {"type": "doc", "version": 1, "content": content}


def _raising(adf: bool | None, **values: Any) -> dict[str, Any]:
    body = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "x", **values}}
    return body if adf is None else {**body, "isAdfRequest": adf}


def test_rich_texts_of_a_request_are_all_documents_or_all_markup(site: Pretend) -> None:
    plan, told = _paragraph("(/) *plan*"), _paragraph("1.2-rc [a]")
    key = site.post(REQUEST, _raising(True, description=told, customfield_10342=plan))["issueKey"]
    fields = site.get(f"/rest/api/3/issue/{key}")["fields"]
    assert (fields["description"], fields["customfield_10342"]) == (told, plan)
    assert site.get(f"/rest/api/2/issue/{key}")["fields"]["description"] == "1.2-rc \\[a\\]"
    marked = site.post(REQUEST, _raising(False, description="1.2-rc \\[a\\]", customfield_10342="x"))["issueKey"]
    assert site.get(f"/rest/api/3/issue/{marked}")["fields"]["description"] == told
    for adf, description in ((True, "text"), (False, told), (None, told)):
        assert site.refused("POST", REQUEST, _raising(adf, description=description))[0] == 400
    assert site.refused("POST", REQUEST, _raising(True, description=told, customfield_10342="plan"))[0] == 400


def test_data_center_knows_no_documents() -> None:
    site = Pretend("data-center")
    assert site.refused("POST", REQUEST, _raising(True, description=_paragraph("x")))[0] == 400
    site.post(REQUEST, _raising(None, description="x"))
