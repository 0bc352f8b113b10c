"""Search over the API: its answers, its pages, and what is refused."""

from __future__ import annotations

import base64

import pytest

from pretend import Pretend

SEARCH = "/rest/api/3/search/jql"
GARBAGE = (
    b"",
    b":",
    b"2:other",
    b'[2, "other"]',
    b"[" * 3000,
    b'{"a":' * 3000,
    b"9" * 5000 + b":",
    b"-1:",
    b"\xff\xfe",
)


def page_token(site: Pretend) -> str:
    return str(site.post(SEARCH, {"jql": "project = OPS", "maxResults": 1})["nextPageToken"])


@pytest.fixture
def center() -> Pretend:
    return Pretend("data-center")


def test_only_ids_are_told_unless_more_is_asked_for(site: Pretend) -> None:
    made = site.desk.create("Deploy")
    jql = "key = OPS-1000"
    assert site.post(SEARCH, {"jql": jql})["issues"] == [{"id": made.id}]
    site.ask("PUT", "/rest/api/3/issue/OPS-1000/properties/p", {"a": 1})
    body = {"jql": jql, "fields": ["summary"], "expand": "names,changelog", "properties": ["p", "q"]}
    found = site.post(SEARCH, body)
    assert found["names"] == {"summary": "Summary"}
    (issue,) = found["issues"]
    assert (issue["fields"], issue["properties"], "changelog" in issue) == (
        {"summary": "Deploy"},
        {"p": {"a": 1}},
        True,
    )
    got = site.get(f"{SEARCH}?jql=key%3DOPS-1000&fields=summary,status&maxResults=5&failFast=true")
    assert set(got["issues"][0]["fields"]) == {"summary", "status"}


def test_pages_follow_each_other_until_there_is_no_token(site: Pretend) -> None:
    for number in range(5):
        site.desk.create(f"Deploy {number}")
    jql, seen, token = "project = OPS AND issuetype != Story ORDER BY key", [], ""
    while True:
        body = {"jql": jql, "maxResults": 2, "fields": ["summary"], **({"nextPageToken": token} if token else {})}
        page = site.post(SEARCH, body)
        seen += [one["key"] for one in page["issues"]]
        token = page.get("nextPageToken", "")
        assert page["isLast"] is (not token)
        if not token:
            break
    assert seen == [f"OPS-{number}" for number in range(1000, 1005)]
    assert site.post("/rest/api/3/search/approximate-count", {"jql": jql}) == {"count": 5}


@pytest.mark.parametrize(
    "changes",
    [
        {"nextPageToken": "nonsense"},
        {"maxResults": 0},
        {"properties": ["p"] * 6},
        {"reconcileIssues": list(range(51))},
    ],
)
def test_a_page_that_cannot_be_is_refused(site: Pretend, changes: dict[str, object]) -> None:
    site.post(SEARCH, {"jql": "project = OPS", **changes})
    assert site.last.status == 400


@pytest.mark.parametrize("token", GARBAGE, ids=range(len(GARBAGE)))
def test_a_token_that_was_never_given_out_is_jira_s_own_400(site: Pretend, token: bytes) -> None:
    """However deep or long it is: never a fault of the sandbox."""
    mark = base64.urlsafe_b64decode(page_token(site)).partition(b":")[2]
    for garbage in (token, token + mark):
        written = base64.urlsafe_b64encode(garbage).decode() or "="
        for shown in (written, written.rstrip("=") + "A", f"{written}\u20ac", "\udcff"):
            answer = site.post(SEARCH, {"jql": "project = OPS", "nextPageToken": shown})
            assert (site.last.status, answer["errorMessages"]) == (
                400,
                ["The provided next page token is invalid or expired."],
            )


def test_a_token_of_another_query_is_jira_s_own_400(site: Pretend) -> None:
    token = page_token(site)
    assert site.post(SEARCH, {"jql": "project = OPS", "nextPageToken": token})["issues"]
    site.post(SEARCH, {"jql": "project = WEB", "nextPageToken": token})
    assert site.last.status == 400
    site.get(f"{SEARCH}?jql=project%3DOPS&nextPageToken={'WyJ' * 3000}")
    assert site.last.status == 400


@pytest.mark.parametrize(
    "changes", [{"startAt": 5}, {"failFast": True}, {"maxResults": "5"}, {"fields": "summary"}, {"jql": 5}]
)
def test_a_search_of_the_wrong_shape_is_refused(site: Pretend, changes: dict[str, object]) -> None:
    assert site.refused("POST", SEARCH, {"jql": "project = OPS", **changes})[0] == 400


def test_the_old_search_is_gone(site: Pretend) -> None:
    for version in (2, 3):
        status, body = site.refused("GET", f"/rest/api/{version}/search?jql=project%3DOPS")
        assert (status, "CHANGE-2046" in body) == (410, True)
        assert site.refused("POST", f"/rest/api/{version}/search", {"jql": "project = OPS"})[0] == 410


def test_search_counts_and_shows_every_field(center: Pretend) -> None:
    for number in range(3):
        center.desk.create(f"Deploy {number}")
    body = {"jql": "project = OPS AND issuetype != Story ORDER BY key", "startAt": 1, "maxResults": 1}
    found = center.post("/rest/api/2/search", body)
    assert (found["total"], found["startAt"], [one["key"] for one in found["issues"]]) == (3, 1, ["OPS-1001"])
    assert "comment" not in found["issues"][0]["fields"]
    assert found["issues"][0]["fields"]["reporter"]["name"] == "dina"
    got = center.get("/rest/api/2/search?jql=issuetype!%3DStory&fields=summary&maxResults=2")
    assert [set(one["fields"]) for one in got["issues"]] == [{"summary"}] * 2
    assert center.refused("POST", "/rest/api/2/search", {"jql": "project = NO"})[0] == 400


def test_a_search_that_is_not_validated_may_name_issues_that_do_not_exist(center: Pretend) -> None:
    center.desk.move("WEB-1", "OPS")
    body = {"jql": "key in (WEB-1, WEB-2, WEB-5000)", "fields": ["summary"]}
    assert center.refused("POST", "/rest/api/2/search", body)[0] == 400
    assert center.refused("POST", "/rest/api/2/search", {**body, "validateQuery": "false"})[0] == 400
    found = center.post("/rest/api/2/search", {**body, "validateQuery": False})
    assert sorted(one["key"] for one in found["issues"]) == ["OPS-1000", "WEB-2"]
    query = "jql=key+in+(WEB-2,WEB-5000)&validateQuery=false"
    assert center.get(f"/rest/api/2/search?{query}")["total"] == 1
