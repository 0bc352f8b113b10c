"""Data Center: what is not there, what is different, and the experimental approvals."""

from __future__ import annotations

import pytest

from jira_sandbox.accounts import BEN
from pretend import Pretend, basic

REQUEST = "/rest/servicedeskapi/request"


@pytest.fixture
def center() -> Pretend:
    return Pretend("data-center")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_edge/tenant_info"),
        ("POST", "/oauth/token"),
        ("POST", "/rest/api/2/search/jql"),
        ("GET", "/rest/api/3/myself"),
        ("POST", "/jira/builds/0.1/cloud/11111111-2222-4333-8444-555555555555/bulk"),
        ("POST", "/rest/deployments/0.1/bulk"),
        ("GET", "/ex/jira/11111111-2222-4333-8444-555555555555/rest/api/2/myself"),
    ],
)
def test_what_cloud_has_is_not_there(center: Pretend, method: str, path: str) -> None:
    assert center.refused(method, path)[0] == 404


def test_issues_are_not_looked_up_together_but_by_search(center: Pretend) -> None:
    assert center.refused("POST", "/rest/api/2/issue/bulkfetch", {"issueIdsOrKeys": ["WEB-1"]})[0] == 405


def test_it_says_what_it_is_and_who_is_asking(center: Pretend) -> None:
    assert center.get("/rest/api/2/serverInfo", authorization="")["deploymentType"] == "Server"
    me = center.get("/rest/api/latest/myself")
    assert (me["name"], "accountId" in me) == ("release", False)


@pytest.mark.parametrize("authorization", [basic(), "Bearer wrong", "", basic("release:sandbox-personal-token")])
def test_only_the_personal_access_token_is_taken(center: Pretend, authorization: str) -> None:
    assert center.refused("GET", "/rest/api/2/myself", authorization=authorization)[0] == 401


def test_approvals_are_experimental(center: Pretend) -> None:
    key = center.raised()
    center.desk.transition(key, "Authorize")
    status, body = center.refused("GET", f"{REQUEST}/{key}/approval")
    assert (status, "X-ExperimentalApi" in body) == (412, True)
    (approval,) = center.approvals(key, x_experimentalapi="opt-in")["values"]
    assert approval["approvers"][0]["approver"]["name"] == "ana"
    assert approval["condition"] == {"type": "number", "value": "1"}


def test_an_issue_belongs_to_somebody_or_nobody(center: Pretend) -> None:
    center.desk.assign("WEB-1", "ana")
    shown = {key: center.get(f"/rest/api/2/issue/{key}")["fields"]["assignee"] for key in ("WEB-1", "WEB-2")}
    assert (shown["WEB-1"]["displayName"], shown["WEB-2"]) == ("Ana Souza", None)
    center.desk.assign("WEB-1")
    assert center.get("/rest/api/2/issue/WEB-1")["fields"]["assignee"] is None


def test_people_are_named_by_user_name_and_texts_are_plain(center: Pretend) -> None:
    key = center.raised(description="Plain", customfield_10303=[{"name": "ben"}])
    fields = center.issue(key)["fields"]
    assert fields["description"] == "Plain"
    assert fields["customfield_10303"][0]["name"] == BEN.name
    center.ask("PUT", f"/rest/api/2/issue/{key}", {"fields": {"description": "Other"}})
    log = center.issue(key, "?expand=changelog")["changelog"]
    assert log["histories"][0]["items"][0]["toString"] == "Other"


def test_the_whole_history_comes_with_the_issue_oldest_first(center: Pretend) -> None:
    key = center.raised()
    for number in range(120):
        center.desk.edit(key, {"summary": f"Deploy {number}"})
    log = center.issue(key, "?expand=changelog")["changelog"]
    assert (log["total"], len(log["histories"])) == (120, 120)
    assert log["histories"][0]["items"][0]["toString"] == "Deploy 0"
