"""What a service desk's answers hold: what is of another shape is an error."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira import parse_change, parse_desk
from jira_ci.jira.parse import Account, WrongShape, granted
from jira_ci.jira.parse_change import candidates
from jira_ci.jira.parse_desk import Field, kinds

APPROVAL = {
    "id": "1",
    "name": "CAB",
    "finalDecision": "approved",
    "canAnswerApproval": False,
    "approvers": [{"approver": {"accountId": "5b10", "displayName": "Ana"}, "approverDecision": "approved"}],
    "createdDate": {"epochMillis": 1},
}


def test_an_approval_keeps_what_jira_says() -> None:
    read = parse_desk.approval({**APPROVAL, "finalDecision": "unheard of", "completedDate": {"epochMillis": 2}})
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
        parse_desk.approval({**APPROVAL, **changed})


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
    assert parse_desk.request_fields(body) == [
        Field("customfield_1", "Change risk", True, False, "option", "", ("Low",)),
        Field("labels", "Labels", False, True, "array", "string", ()),
    ]


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (parse_desk.desk, {"id": "1", "projectId": "10010"}),
        (parse_desk.desk, {"id": 1, "projectId": "10010", "projectKey": "OPS"}),
        (parse_desk.request_type, {"id": "25", "name": "Request a change"}),
        (parse_desk.request_fields, {"requestTypeFields": None}),
        (parse_desk.request_fields, {"requestTypeFields": [{"fieldId": "x", "name": "X", "jiraSchema": None}]}),
        (parse_desk.created, {"issueId": "1"}),
        (parse_desk.created, {"issueId": 1, "issueKey": "OPS-1"}),
        (parse_desk.created, []),
        (parse_change.comment, {"id": "1", "body": "x", "author": None, "jsdPublic": "no"}),
        (kinds, {"10050": "Change"}),
        (kinds, [{"id": "10050"}]),
        (granted, {"permissions": []}),
        (candidates, {"issues": "x"}),
    ],
)
def test_every_other_answer_is_read_strictly_too(parse: Any, body: Any) -> None:
    with pytest.raises(WrongShape):
        parse(body)
