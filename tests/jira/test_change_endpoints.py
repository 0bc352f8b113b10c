"""Questions about changes, as literals."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira import change_endpoints, endpoints


def test_only_what_creates_something_may_not_be_sent_twice() -> None:
    once = [change_endpoints.create("1", "25", {}), change_endpoints.comment("7", "x", public=False)]
    again = [
        change_endpoints.search("x", "cloud"),
        change_endpoints.set_property("7", {}),
        change_endpoints.link("OPS-7", "WEB-1"),
        change_endpoints.desk("1"),
    ]
    assert [ask.idempotent for ask in once + again] == [False, False, True, True, True, True]


def test_approvals_on_data_center_say_that_they_are_experimental_and_nothing_else_does() -> None:
    assert change_endpoints.approvals("7", 0).headers("data-center") == {"X-ExperimentalApi": "opt-in"}
    assert change_endpoints.approvals("7", 0).headers("cloud") == {}
    assert endpoints.myself().headers("data-center") == {}


@pytest.mark.parametrize(
    ("window", "fields"),
    [
        ((), change_endpoints.BASIC_FIELDS),
        (("customfield_1", "customfield_2"), (*change_endpoints.BASIC_FIELDS, "customfield_1", "customfield_2")),
        (("Planned start", "customfield_2"), ("*all", "-comment", "-worklog", "-attachment", "-issuelinks")),
    ],
)
def test_a_field_that_is_named_makes_the_whole_issue_necessary(window: Any, fields: Any) -> None:
    assert change_endpoints.fields_for(window) == fields


def test_a_search_for_a_made_issue_tells_its_id_as_a_number() -> None:
    assert change_endpoints.search("x", "cloud", after="t", reconcile=("10100",)).body == {
        "jql": "x",
        "fields": ["summary"],
        "maxResults": 100,
        "nextPageToken": "t",
        "reconcileIssues": [10100],
    }
    assert change_endpoints.search("x", "data-center", after="100", reconcile=("10100",)).body == {
        "jql": "x",
        "fields": ["summary"],
        "maxResults": 100,
        "startAt": 100,
    }
