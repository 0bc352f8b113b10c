"""Questions about changes and their answers, as literals; JQL and hostile texts."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira import endpoints, parse
from jira_ci.jira.endpoints import Question, labelled_issues, open_issues, quoted, quoted_phrase
from jira_ci.jira.parse import (
    Account,
    Field,
    Found,
    History,
    Item,
    Page,
    Step,
    Value,
    WrongShape,
    account,
    candidates,
    granted,
    issue,
    kinds,
    plain,
)
from jira_ci.jira.service_desk import Hits, Listed, every_hit, every_page, hits

SITE = "https://acme.atlassian.net"


def bean(**changed: Any) -> dict[str, Any]:
    """An issue as Jira gives it; a field that is ``...`` is left out."""
    fields = {
        "summary": "Deploy",
        "description": None,
        "project": {"id": "10010", "key": "OPS"},
        "issuetype": {"id": "10050", "name": "[System] Change"},
        "status": {"id": "3", "name": "Implementing", "statusCategory": {"id": 4, "key": "indeterminate"}},
        "creator": {"accountId": "5b10", "displayName": "Ana"},
        "reporter": None,
        **changed,
    }
    kept = {name: value for name, value in fields.items() if value is not ...}
    return {"id": "10100", "key": "OPS-7", "fields": kept}


@pytest.mark.parametrize(
    ("ask", "edition", "address"),
    [
        (endpoints.myself(), "cloud", f"{SITE}/rest/api/3/myself"),
        (endpoints.myself(), "data-center", f"{SITE}/rest/api/2/myself"),
        (endpoints.search("x", "cloud"), "cloud", f"{SITE}/rest/api/3/search/jql"),
        (endpoints.search("x", "data-center"), "data-center", f"{SITE}/rest/api/2/search"),
        (
            endpoints.issue("OPS-7", ("summary", "status")),
            "cloud",
            f"{SITE}/rest/api/3/issue/OPS-7?fields=summary,status&properties=jira-ci.change,jira-ci.parked&failFast=true",
        ),
        (
            endpoints.issue("../../user?x=1#", ("*all", "-comment"), history=True),
            "cloud",
            f"{SITE}/rest/api/3/issue/..%2F..%2Fuser%3Fx%3D1%23?fields=*all,-comment&properties=jira-ci.change,jira-ci.parked"
            "&failFast=true&expand=changelog,names",
        ),
        (
            endpoints.approvals("7", 100),
            "data-center",
            f"{SITE}/rest/servicedeskapi/request/7/approval?start=100&limit=100",
        ),
        (
            endpoints.request_types("1", 0, "Risk & change?"),
            "cloud",
            f"{SITE}/rest/servicedeskapi/servicedesk/1/requesttype?includeHiddenRequestTypesInSearch=true&start=0"
            "&limit=100&searchQuery=Risk%20%26%20change%3F",
        ),
    ],
)
def test_a_question_has_one_address_in_each_edition(ask: Question, edition: Any, address: str) -> None:
    assert ask.address(SITE, edition) == address


def test_only_what_creates_something_may_not_be_sent_twice() -> None:
    once = [endpoints.create("1", "25", {}), endpoints.comment("7", "x", public=False)]
    again = [
        endpoints.search("x", "cloud"),
        endpoints.set_property("7", {}),
        endpoints.link("OPS-7", "WEB-1"),
        endpoints.desk("1"),
    ]
    assert [ask.idempotent for ask in once + again] == [False, False, True, True, True, True]


def test_approvals_on_data_center_say_that_they_are_experimental_and_nothing_else_does() -> None:
    assert endpoints.approvals("7", 0).headers("data-center") == {"X-ExperimentalApi": "opt-in"}
    assert endpoints.approvals("7", 0).headers("cloud") == {}
    assert endpoints.myself().headers("data-center") == {}


@pytest.mark.parametrize(
    ("window", "fields"),
    [
        ((), endpoints.BASIC_FIELDS),
        (("customfield_1", "customfield_2"), (*endpoints.BASIC_FIELDS, "customfield_1", "customfield_2")),
        (("Planned start", "customfield_2"), ("*all", "-comment", "-worklog", "-attachment", "-issuelinks")),
    ],
)
def test_a_field_that_is_named_makes_the_whole_issue_necessary(window: Any, fields: Any) -> None:
    assert endpoints.fields_for(window) == fields


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ("plain", r'"plain"'),
        ('a "quoted" word', r'"a \"quoted\" word"'),
        ("back\\slash", r'"back\\slash"'),
        ('\\" OR project = SECRET OR summary ~ \\"', r'"\\\" OR project = SECRET OR summary ~ \\\""'),
    ],
)
def test_a_jql_string_ends_where_it_should(text: str, string: str) -> None:
    assert quoted(text) == string


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ('Deploy "Web Site" version 1.2 to "Prod"', r'"\"Deploy Web Site version 1.2 to Prod\""'),
        ('x" OR key = WEB-1 OR summary ~ "y', r'"\"x OR key = WEB-1 OR summary ~ y\""'),
        ("x\\", r'"\"x\""'),
        ('\\"\\"', r'"\"\""'),
    ],
)
def test_a_phrase_cannot_be_left_by_what_stands_in_it(text: str, string: str) -> None:
    assert quoted_phrase(text) == string


@pytest.mark.parametrize(
    ("titles", "more"),
    [
        (['Deploy "Shop"', "Ship"], ' AND (labels = "l" OR summary ~ "\\"Deploy Shop\\"" OR summary ~ "\\"Ship\\"")'),
        (["Ship", ""], ""),
        ([], ""),
    ],
)
def test_issues_without_a_label_are_those_whose_titles_may_be_of_changes(titles: list[str], more: str) -> None:
    open_here = '(labels = "l" OR project = "OPS") AND (labels = "l" OR statusCategory != Done)'
    assert labelled_issues("OPS", "l", titles) == (
        f'(labels = "l" OR labels is EMPTY) AND {open_here}{more} ORDER BY updated DESC'
    )


def test_the_search_is_bounded_by_project_and_looks_for_open_issues_only() -> None:
    assert open_issues("OPS", "a b") == (
        r'project = "OPS" AND statusCategory != Done AND summary ~ "\"a b\"" ORDER BY created ASC'
    )


def test_a_search_for_a_made_issue_tells_its_id_as_a_number() -> None:
    assert endpoints.search("x", "cloud", after="t", reconcile=("10100",)).body == {
        "jql": "x",
        "fields": ["summary"],
        "maxResults": 100,
        "nextPageToken": "t",
        "reconcileIssues": [10100],
    }
    assert endpoints.search("x", "data-center", after="100", reconcile=("10100",)).body == {
        "jql": "x",
        "fields": ["summary"],
        "maxResults": 100,
        "startAt": 100,
    }


def test_an_issue_is_read_with_all_that_counts() -> None:
    read = issue(
        {
            **bean(reporter={"key": "JIRAUSER1", "name": "bob"}, customfield_1=None),
            "properties": {"jira-ci.change": {"commit": "abc"}},
            "names": {"summary": "Summary", "customfield_1": "Planned start"},
            "changelog": {
                "startAt": 0,
                "maxResults": 100,
                "total": 1,
                "histories": [
                    {
                        "id": "1",
                        "created": "2026-11-20T10:00:00.000+0000",
                        "items": [
                            {
                                "field": "status",
                                "fieldId": "status",
                                "fieldtype": "jira",
                                "from": "1",
                                "fromString": "Review",
                                "to": "3",
                                "toString": "Implementing",
                            }
                        ],
                    }
                ],
            },
        },
        "jira-ci.change",
    )
    assert (read.id, read.key, read.project_id, read.project_key) == ("10100", "OPS-7", "10010", "OPS")
    assert (read.type_id, read.type_name, read.summary) == ("10050", "[System] Change", "Deploy")
    assert (read.status_id, read.status_name, read.status_category) == ("3", "Implementing", "indeterminate")
    assert (read.creator, read.reporter) == (Account("5b10", "Ana"), Account("JIRAUSER1", "JIRAUSER1"))
    assert read.mark == {"commit": "abc"}
    assert read.names == {"summary": "Summary", "customfield_1": "Planned start"}
    assert read.fields["customfield_1"] is None
    assert read.history == History(
        (
            Step(
                "2026-11-20T10:00:00.000+0000",
                (Item("status", Value("1", "Review"), Value("3", "Implementing"), "status"),),
            ),
        ),
        True,
    )


@pytest.mark.parametrize(
    ("category", "done"),
    [({"key": "done"}, True), ({"key": "new"}, False), ({"key": "undefined"}, False), (None, False), ({}, False)],
)
def test_only_the_category_done_closes_an_issue(category: Any, done: bool) -> None:
    status = {"id": "3", "name": "Done", "statusCategory": category}
    assert issue(bean(status=status), "x").done is done


@pytest.mark.parametrize(
    "changed",
    [
        {"summary": ...},
        {"summary": None},
        {"summary": ""},
        {"summary": ["Deploy"]},
        {"status": ...},
        {"status": "Implementing"},
        {"status": {"id": 3, "name": "Implementing"}},
        {"status": {"id": "3", "name": ""}},
        {"status": {"id": "3", "name": "Done", "statusCategory": "done"}},
        {"status": {"id": "3", "name": "Done", "statusCategory": {"key": 4}}},
        {"project": None},
        {"project": {"id": "OPS", "key": "OPS"}},
        {"project": {"id": "10010"}},
        {"issuetype": {"name": "Change"}},
        {"creator": {"displayName": "nobody"}},
        {"reporter": "ana"},
        {"description": 7},
        {"description": {"type": "paragraph"}},
        {"description": {"type": "doc", "content": [None]}},
        {"description": {"type": "doc", "content": [{"type": "text"}]}},
        {"description": {"type": "doc", "content": {"type": "text"}}},
    ],
)
def test_an_issue_of_another_shape_is_an_error(changed: dict[str, Any]) -> None:
    with pytest.raises(WrongShape):
        issue(bean(**changed), "jira-ci.change")


@pytest.mark.parametrize(
    "part",
    [
        {"id": 10100},
        {"id": ""},
        {"id": "１"},
        {"key": None},
        {"fields": []},
        {"properties": []},
        {"properties": {"jira-ci.change": "x"}},
        {"names": {"summary": 1}},
        {"changelog": []},
        {"changelog": {"startAt": 0, "total": 0}},
        {"changelog": {"startAt": 0, "total": True, "histories": []}},
        {"changelog": {"startAt": 0, "total": 1, "histories": [{"created": "x"}]}},
        {"changelog": {"startAt": 0, "total": 1, "histories": [{"created": "x", "items": [{"to": "1"}]}]}},
        {"changelog": {"startAt": 0, "total": 1, "histories": [{"created": "x", "items": [{"field": "a", "to": 1}]}]}},
    ],
)
def test_an_issue_around_its_fields_is_as_strict(part: dict[str, Any]) -> None:
    with pytest.raises(WrongShape):
        issue({**bean(), **part}, "jira-ci.change")


@pytest.mark.parametrize("body", [None, [], "", 7, True, {}, {"id": "1", "key": "A-1"}])
def test_whatever_is_no_issue_is_an_error(body: Any) -> None:
    with pytest.raises(WrongShape):
        issue(body, "x")


@pytest.mark.parametrize(("start", "total", "complete"), [(0, 0, True), (0, 1, False), (1, 0, False)])
def test_a_history_that_is_not_all_is_known_to_be_none(start: int, total: int, complete: bool) -> None:
    log = {"startAt": start, "total": total, "histories": []}
    assert issue({**bean(), "changelog": log}, "x").history == History((), complete)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"field": "summary", "fieldId": "summary", "fieldtype": "jira"}, "summary"),
        ({"field": "Summary", "fieldtype": "jira"}, "summary"),
        ({"field": "summary", "fieldId": "customfield_9", "fieldtype": "custom"}, "customfield_9"),
        ({"field": "summary", "fieldtype": "custom"}, ""),
    ],
)
def test_a_custom_field_does_not_pass_for_a_system_field(item: dict[str, Any], field: str) -> None:
    log = {"startAt": 0, "total": 1, "histories": [{"created": "x", "items": [item]}]}
    read = issue({**bean(), "changelog": log}, "x")
    assert read.history is not None
    assert read.history.steps[0].items[0].field == field


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("h1. *Plain*", "h1. *Plain*"),
        ({"type": "doc", "version": 1, "content": []}, ""),
        (
            {
                "type": "doc",
                "content": [
                    {
                        "type": "paragraph",
                        "content": [
                            {"type": "text", "text": "Version 1."},
                            {"type": "text", "text": "2", "marks": [{"type": "strong"}]},
                            {"type": "hardBreak"},
                            {"type": "text", "text": "to Prod"},
                        ],
                    },
                    {
                        "type": "bulletList",
                        "content": [
                            {
                                "type": "listItem",
                                "content": [
                                    {
                                        "type": "paragraph",
                                        "content": [
                                            {"type": "mention", "attrs": {"text": "@Ana"}},
                                            {"type": "inlineCard", "attrs": {"url": "https://ci/1"}},
                                        ],
                                    }
                                ],
                            }
                        ],
                    },
                ],
            },
            "Version 1.2\nto Prod\n@Anahttps://ci/1",
        ),
        ({"type": "doc", "content": [{"type": "mention", "attrs": None}, {"type": "unheardOf"}]}, ""),
    ],
)
def test_rich_text_becomes_what_people_read(value: Any, text: str) -> None:
    assert plain(value) == text


def test_a_very_deep_document_is_read_to_its_end() -> None:
    node: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(50_000):
        node = {"type": "panel", "content": [node]}
    assert plain({"type": "doc", "content": [node]}) == "deep"


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


FOUND = {"id": "1", "key": "OPS-1", "fields": {"summary": "a"}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"issues": [FOUND]}, Hits((Found("1", "OPS-1", "a"),), "")),
        ({"issues": [], "isLast": True}, Hits((), "")),
        ({"issues": [FOUND], "isLast": False, "nextPageToken": "t"}, Hits((Found("1", "OPS-1", "a"),), "t")),
        ({"issues": [FOUND], "nextPageToken": "t"}, Hits((Found("1", "OPS-1", "a"),), "t")),
        ({"issues": [FOUND], "isLast": True, "nextPageToken": None}, Hits((Found("1", "OPS-1", "a"),), "")),
    ],
)
def test_a_page_of_a_search_says_where_the_next_begins(body: Any, expected: Hits[Found]) -> None:
    assert hits(body, "cloud", candidates) == expected


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"issues": None},
        {"issues": [{}]},
        {"issues": [{"id": "1", "key": "A-1"}]},
        {"issues": [], "isLast": "true"},
        {"issues": [], "isLast": False},
        {"issues": [], "isLast": True, "nextPageToken": "t"},
        {"issues": [], "nextPageToken": 7},
    ],
)
def test_a_page_of_a_search_that_contradicts_itself_is_an_error(body: Any) -> None:
    with pytest.raises(WrongShape):
        hits(body, "cloud", candidates)


@pytest.mark.parametrize(("start", "total", "after"), [(0, 1, ""), (0, 3, "1"), (2, 3, ""), (0, 0, "")])
def test_data_center_counts_its_pages(start: int, total: int, after: str) -> None:
    body = {"issues": [FOUND], "startAt": start, "total": total, "maxResults": 100}
    assert hits(body, "data-center", candidates).after == after


@pytest.mark.parametrize("body", [{"issues": []}, {"issues": [], "startAt": 0, "total": 1}, {"issues": [], "total": 0}])
def test_a_page_of_data_center_that_leads_nowhere_is_an_error(body: Any) -> None:
    with pytest.raises(WrongShape):
        hits(body, "data-center", candidates)


@pytest.mark.parametrize(
    ("pages", "found", "complete"),
    [
        ({"": (["1"], "")}, ["1"], True),
        ({"": (["1"], "a"), "a": (["2"], "b"), "b": (["3"], "")}, ["1", "2", "3"], True),
        ({"": (["1"], "a"), "a": (["2"], "a")}, ["1", "2"], False),
        ({"": (["1"], "a"), "a": (["2"], "b"), "b": (["1"], "a")}, ["1", "2"], False),
    ],
)
def test_a_token_that_repeats_ends_the_search_incomplete(pages: Any, found: list[str], complete: bool) -> None:
    def fetch(after: str) -> Hits[Found]:
        ids, following = pages[after]
        return Hits(tuple(Found(one, f"OPS-{one}", "a") for one in ids), following)

    listed = every_hit(fetch)
    assert ([one.id for one in listed.values], listed.complete) == (found, complete)


def test_a_search_without_end_is_given_up() -> None:
    def fetch(after: str) -> Hits[Found]:
        return Hits((), after + "x")

    listed = every_hit(fetch)
    assert listed == Listed((), False)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([Page(0, ("a",), True)], Listed(("a",), True)),
        ([Page(0, ("a", "b"), False), Page(2, ("c",), True)], Listed(("a", "b", "c"), True)),
        ([Page(0, (), True)], Listed((), True)),
        ([Page(0, ("a",), False), Page(0, ("a",), False)], Listed(("a",), False)),
        ([Page(0, ("a",), False), Page(1, (), False)], Listed(("a",), False)),
        ([Page(1, ("b",), True)], Listed((), False)),
    ],
)
def test_a_list_is_whole_only_when_its_last_page_says_so(pages: list[Page], expected: Listed[str]) -> None:
    left = iter(pages)
    assert every_page(lambda _: next(left)) == expected


def test_a_list_without_end_is_given_up() -> None:
    listed = every_page(lambda start: Page(start, ("a",), False))
    assert (len(listed.values), listed.complete) == (20, False)


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


APPROVAL = {
    "id": "1",
    "name": "CAB",
    "finalDecision": "approved",
    "canAnswerApproval": False,
    "approvers": [{"approver": {"accountId": "5b10", "displayName": "Ana"}, "approverDecision": "approved"}],
    "createdDate": {"epochMillis": 1},
}


def test_an_approval_keeps_what_jira_says() -> None:
    read = parse.approval({**APPROVAL, "finalDecision": "unheard of", "completedDate": {"epochMillis": 2}})
    assert (read.id, read.name, read.decision) == ("1", "CAB", "unheard of")
    assert (read.created, read.completed) == ({"epochMillis": 1}, {"epochMillis": 2})
    assert [(one.account, one.decision) for one in read.approvers] == [(Account("5b10", "Ana"), "approved")]


@pytest.mark.parametrize(
    "changed",
    [
        {"id": None},
        {"id": 1},
        {"name": ""},
        {"finalDecision": None},
        {"finalDecision": True},
        {"approvers": None},
        {"approvers": [None]},
        {"approvers": [{"approver": {"accountId": "5b10"}}]},
        {"approvers": [{"approver": {}, "approverDecision": "approved"}]},
        {"createdDate": None},
        {"createdDate": "2026"},
        {"completedDate": "2026"},
    ],
)
def test_an_approval_of_another_shape_is_an_error(changed: dict[str, Any]) -> None:
    with pytest.raises(WrongShape):
        parse.approval({**APPROVAL, **changed})


def test_the_fields_of_a_request_type_tell_what_they_take() -> None:
    body = {
        "requestTypeFields": [
            {
                "fieldId": "customfield_1",
                "name": "Change risk",
                "required": True,
                "validValues": [{"value": "1", "label": "Low", "children": []}],
                "presetValues": [],
                "jiraSchema": {"type": "option", "custom": "x:select", "customId": 1},
            },
            {
                "fieldId": "labels",
                "name": "Labels",
                "required": False,
                "defaultValues": [{"value": "1", "label": "x"}],
                "jiraSchema": {"type": "array", "items": "string", "system": "labels"},
            },
        ]
    }
    assert parse.request_fields(body) == [
        Field("customfield_1", "Change risk", True, False, "option", "", ("Low",)),
        Field("labels", "Labels", False, True, "array", "string", ()),
    ]


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (parse.desk, {"id": "1", "projectId": "10010"}),
        (parse.desk, {"id": 1, "projectId": "10010", "projectKey": "OPS"}),
        (parse.request_type, {"id": "25", "name": "Request a change"}),
        (parse.request_fields, {"requestTypeFields": None}),
        (parse.request_fields, {"requestTypeFields": [{"fieldId": "x", "name": "X", "jiraSchema": None}]}),
        (parse.created, {"issueId": "1"}),
        (parse.created, {"issueId": 1, "issueKey": "OPS-1"}),
        (parse.created, []),
        (parse.comment, {"id": "1", "body": "x", "author": None, "jsdPublic": "no"}),
        (kinds, {"10050": "Change"}),
        (kinds, [{"id": "10050"}]),
        (granted, {"permissions": []}),
        (candidates, {"issues": "x"}),
    ],
)
def test_every_other_answer_is_read_strictly_too(parse: Any, body: Any) -> None:
    with pytest.raises(WrongShape):
        parse(body)


def test_only_true_is_a_permission() -> None:
    body = {"permissions": {"A": {"havePermission": True}, "B": {"havePermission": "true"}, "C": {}}}
    assert granted(body) == {"A": True, "B": False, "C": False}
