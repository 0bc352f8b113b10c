"""Data Center: what is not there, what is different, and the experimental approvals."""

from __future__ import annotations

import pytest

from jira_sandbox.accounts import BEN
from pretend import Pretend, basic

DESK = "/rest/servicedeskapi/servicedesk"
REQUEST = "/rest/servicedeskapi/request"


@pytest.fixture
def site() -> Pretend:
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
def test_what_cloud_has_is_not_there(site: Pretend, method: str, path: str) -> None:
    assert site.refused(method, path)[0] == 404


def test_issues_are_not_looked_up_together_but_by_search(site: Pretend) -> None:
    assert site.refused("POST", "/rest/api/2/issue/bulkfetch", {"issueIdsOrKeys": ["WEB-1"]})[0] == 405


def test_it_says_what_it_is_and_who_is_asking(site: Pretend) -> None:
    assert site.get("/rest/api/2/serverInfo", authorization="")["deploymentType"] == "Server"
    me = site.get("/rest/api/latest/myself")
    assert (me["name"], "accountId" in me) == ("release", False)


@pytest.mark.parametrize("authorization", [basic(), "Bearer wrong", "", basic("release:sandbox-personal-token")])
def test_only_the_personal_access_token_is_taken(site: Pretend, authorization: str) -> None:
    assert site.refused("GET", "/rest/api/2/myself", authorization=authorization)[0] == 401


def test_approvals_are_experimental(site: Pretend) -> None:
    key = site.raised()
    site.desk.transition(key, "Authorize")
    status, body = site.refused("GET", f"{REQUEST}/{key}/approval")
    assert (status, "X-ExperimentalApi" in body) == (412, True)
    (approval,) = site.approvals(key, x_experimentalapi="opt-in")["values"]
    assert approval["approvers"][0]["approver"]["name"] == "ana"
    assert approval["condition"] == {"type": "number", "value": "1"}


def test_search_counts_and_shows_every_field(site: Pretend) -> None:
    for number in range(3):
        site.desk.create(f"Deploy {number}")
    body = {"jql": "project = OPS AND issuetype != Story ORDER BY key", "startAt": 1, "maxResults": 1}
    found = site.post("/rest/api/2/search", body)
    assert (found["total"], found["startAt"], [one["key"] for one in found["issues"]]) == (3, 1, ["OPS-1001"])
    assert "comment" not in found["issues"][0]["fields"]
    assert found["issues"][0]["fields"]["reporter"]["name"] == "dina"
    got = site.get("/rest/api/2/search?jql=issuetype!%3DStory&fields=summary&maxResults=2")
    assert [set(one["fields"]) for one in got["issues"]] == [{"summary"}] * 2
    assert site.refused("POST", "/rest/api/2/search", {"jql": "project = NO"})[0] == 400


def test_a_search_that_is_not_validated_may_name_issues_that_do_not_exist(site: Pretend) -> None:
    site.desk.move("WEB-1", "OPS")
    body = {"jql": "key in (WEB-1, WEB-2, WEB-5000)", "fields": ["summary"]}
    assert site.refused("POST", "/rest/api/2/search", body)[0] == 400
    assert site.refused("POST", "/rest/api/2/search", {**body, "validateQuery": "false"})[0] == 400
    found = site.post("/rest/api/2/search", {**body, "validateQuery": False})
    assert sorted(one["key"] for one in found["issues"]) == ["OPS-1000", "WEB-2"]
    query = "jql=key+in+(WEB-2,WEB-5000)&validateQuery=false"
    assert site.get(f"/rest/api/2/search?{query}")["total"] == 1


def test_an_issue_belongs_to_somebody_or_nobody(site: Pretend) -> None:
    site.desk.assign("WEB-1", "ana")
    shown = {key: site.get(f"/rest/api/2/issue/{key}")["fields"]["assignee"] for key in ("WEB-1", "WEB-2")}
    assert (shown["WEB-1"]["displayName"], shown["WEB-2"]) == ("Ana Souza", None)
    site.desk.assign("WEB-1")
    assert site.get("/rest/api/2/issue/WEB-1")["fields"]["assignee"] is None


def test_people_are_named_by_user_name_and_texts_are_plain(site: Pretend) -> None:
    key = site.raised(description="Plain", customfield_10303=[{"name": "ben"}])
    fields = site.issue(key)["fields"]
    assert fields["description"] == "Plain"
    assert fields["customfield_10303"][0]["name"] == BEN.name
    site.ask("PUT", f"/rest/api/2/issue/{key}", {"fields": {"description": "Other"}})
    log = site.issue(key, "?expand=changelog")["changelog"]
    assert log["histories"][0]["items"][0]["toString"] == "Other"


def test_the_whole_history_comes_with_the_issue_oldest_first(site: Pretend) -> None:
    key = site.raised()
    for number in range(120):
        site.desk.edit(key, {"summary": f"Deploy {number}"})
    log = site.issue(key, "?expand=changelog")["changelog"]
    assert (log["total"], len(log["histories"])) == (120, 120)
    assert log["histories"][0]["items"][0]["toString"] == "Deploy 0"
