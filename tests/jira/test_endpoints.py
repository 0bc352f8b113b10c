"""Questions, as literals: one address in each edition."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira import change_endpoints, endpoints
from jira_ci.jira.endpoints import Question

SITE = "https://acme.atlassian.net"


@pytest.mark.parametrize(
    ("ask", "edition", "address"),
    [
        (endpoints.myself(), "cloud", f"{SITE}/rest/api/3/myself"),
        (endpoints.myself(), "data-center", f"{SITE}/rest/api/2/myself"),
        (change_endpoints.search("x", "cloud"), "cloud", f"{SITE}/rest/api/3/search/jql"),
        (change_endpoints.search("x", "data-center"), "data-center", f"{SITE}/rest/api/2/search"),
        (
            change_endpoints.issue("OPS-7", ("summary", "status")),
            "cloud",
            f"{SITE}/rest/api/3/issue/OPS-7?fields=summary,status&properties=jira-ci.change,jira-ci.parked&failFast=true",
        ),
        (
            change_endpoints.issue("../../user?x=1#", ("*all", "-comment"), history=True),
            "cloud",
            f"{SITE}/rest/api/3/issue/..%2F..%2Fuser%3Fx%3D1%23?fields=*all,-comment&properties=jira-ci.change,jira-ci.parked"
            "&failFast=true&expand=changelog,names",
        ),
        (
            change_endpoints.approvals("7", 100),
            "data-center",
            f"{SITE}/rest/servicedeskapi/request/7/approval?start=100&limit=100",
        ),
        (
            change_endpoints.request_types("1", 0, "Risk & change?"),
            "cloud",
            f"{SITE}/rest/servicedeskapi/servicedesk/1/requesttype?includeHiddenRequestTypesInSearch=true&start=0"
            "&limit=100&searchQuery=Risk%20%26%20change%3F",
        ),
    ],
)
def test_a_question_has_one_address_in_each_edition(ask: Question, edition: Any, address: str) -> None:
    assert ask.address(SITE, edition) == address
