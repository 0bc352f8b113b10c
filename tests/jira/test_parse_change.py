"""An issue and its history, as Jira gives them: what is another shape is an error."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira.parse import Account, WrongShape
from jira_ci.jira.parse_change import History, Item, Step, Value, issue


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
