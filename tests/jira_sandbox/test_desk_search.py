"""Search: what is found, near misses and all, what is refused, pages, and an index that comes after."""

from __future__ import annotations

import base64
import math

import pytest

from pretend import Pretend

TITLE = 'Octopus: Deploy "Web Site" version 1.0.1-hotfix-001 to "Dev"'
SEARCH = "/rest/api/3/search/jql"


@pytest.fixture
def site() -> Pretend:
    return Pretend()


def phrase(text: str) -> str:
    words = " ".join(text.replace('"', " ").split())
    return f'summary ~ "\\"{words}\\""'


def test_a_phrase_finds_the_title_and_its_near_misses(site: Pretend) -> None:
    for summary in (
        TITLE,
        TITLE.upper(),
        "Octopus - deploys 'web sites' versions 1.0.1 hotfix 001 to the dev",
        TITLE + " again",
        TITLE.replace("1.0.1", "1.0.10"),
        TITLE.replace("Web Site", "Site Web"),
    ):
        site.desk.create(summary)
    found = site.found(f"project = OPS AND {phrase(TITLE)} ORDER BY created ASC")
    assert sorted(found) == ["OPS-1000", "OPS-1001", "OPS-1002", "OPS-1003"]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = OPS AND issuetype != Story", ["OPS-1002", "OPS-1001", "OPS-1000"]),
        ("project = ops and issuetype in ('[System] Change') ORDER BY key", ["OPS-1000", "OPS-1001", "OPS-1002"]),
        ("project = Operations AND type = 10050 AND statusCategory = Done", ["OPS-1002"]),
        ('issuetype = "[System] Change" AND statusCategory != "done"', ["OPS-1001", "OPS-1000"]),
        ("key = ops-1001", ["OPS-1001"]),
        ("key in (OPS-1000, 'OPS-1002', WEB-3) order by key desc", ["WEB-3", "OPS-1002", "OPS-1000"]),
        ("issuetype != Story and summary ~ mobile", ["OPS-1001"]),
        ("type not in (Story, 10051) && status in (Review, 10100)", ["OPS-1001", "OPS-1000"]),
        ("labels = Release ORDER BY created", ["OPS-1000"]),
        ("labels in (release, 'hot fix', other) AND labels != other", ["OPS-1000"]),
        ("issuetype != Story AND labels != other", ["OPS-1000"]),
        ("issuetype != Story ORDER BY summary DESC, key", ["OPS-1002", "OPS-1000", "OPS-1001"]),
        ("project = WEB AND summary ~ 'passkeys' AND issuekey in (WEB-1, WEB-2)", ["WEB-1"]),
        ('project = OPS AND summary ~ "\\u0073hop" AND statusCategory = "To Do"', ["OPS-1000"]),
        ("project = OPS AND summary ~ 'nothing like it'", []),
    ],
)
def test_a_query_finds(site: Pretend, jql: str, keys: list[str]) -> None:
    site.desk.create("Deploy shop", fields={"Labels": ["Release"]})
    site.desk.create("Deploy mobile")
    site.desk.create("Deployed shop", status="Completed")
    assert site.found(jql) == keys


@pytest.mark.parametrize(
    ("jql", "sentence"),
    [
        ("", "Unbounded JQL queries are not allowed here"),
        ("ORDER BY key", "Unbounded JQL queries are not allowed here"),
        ("project", "Expecting operator but got the end of the query"),
        ("project = ", "Expecting either a value, list or function but got the end of the query"),
        ("project = OPS summary ~ x", "Expecting either 'OR' or 'AND' but got 'summary'"),
        ("project = OPS AND", "Expecting a field name but got the end of the query"),
        ('project = "OPS', "The quoted string 'OPS' has not been completed"),
        ("project = OPS AND summary ~ a@b", "The character '@' is a reserved JQL character"),
        ("project = OPS AND summary ~ a+b", "The character '+' is a reserved JQL character"),
        ("project = OPS AND summary ~ select", "'select' is a reserved JQL word"),
        (r'project = OPS AND summary ~ "a\qb"', r"'\\q' is an illegal JQL escape sequence"),
        ("project = OPS AND summary = x", "The operator '=' is not supported by the 'summary' field"),
        ("project ~ OPS", "The operator '~' is not supported by the 'project' field"),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'"),
        ("issuetype in ('[System] Change', Change)", "The value 'Change' does not exist for the field 'issuetype'"),
        ("project in OPS", "does not support the non-list value 'OPS'"),
        ("key = OPS-5000", "An issue with key 'OPS-5000' does not exist"),
        ('project = OPS AND summary ~ ""', "does not support searching for an empty string"),
        ("project = OPS AND summary ~ '*shop'", "is not allowed to start with '*'"),
        (r'project = OPS AND summary ~ "\"half"', "Unable to parse the text"),
        ("project = " + "(" * 200 + "OPS", "Expecting either a value or a function"),
        ("key = WEB", "The issue key 'WEB' for field 'key' is invalid"),
        ("project = OPS ORDER BY key, key, key, key, key, key, key, key", "maximum number of order by fields is 7"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_in_jira_s_words(site: Pretend, jql: str, sentence: str) -> None:
    site.post(SEARCH, {"jql": jql})
    assert site.last.status == 400
    assert sentence in site.last.body.decode()


@pytest.mark.parametrize(
    ("jql", "what"),
    [
        ("project = OPS OR project = WEB", "OR"),
        ("project = OPS || project = WEB", "OR"),
        ("NOT project = OPS", "NOT and parentheses"),
        ("project = OPS AND !status = Review", "NOT and parentheses"),
        ("(" * 2000 + "project = OPS" + ")" * 2000, "NOT and parentheses"),
        ("sprint in openSprints()", "functions such as openSprints()"),
        ("project = currentUser( )", "functions such as currentUser()"),
        ("labels is not EMPTY", "the operator 'is'"),
        ("status was Review", "the operator 'was'"),
        ("created > -1h", "the operator '>'"),
        ("summary !~ shop", "the operator '!~'"),
        ("labels in (a, NULL)", "EMPTY"),
        ("cf[10001] = 5", "custom fields and properties, such as cf[10001]"),
        ("project = OPS ORDER BY cf[10001]", "custom fields and properties, such as cf[10001]"),
        ('issue.property["deploy"].state = done', "custom fields and properties, such as cf[10001]"),
        ("colour = red", "the field 'colour' there, only project, issuetype, status"),
        ("reporter = ana", "the field 'reporter' there"),
        ("project = OPS ORDER BY status", "the field 'status' there, only key, created, updated, summary"),
        ("key = 10001", "numeric ids of issues, such as 10001"),
        ("issuekey in (OPS-1, 1000001)", "numeric ids of issues, such as 1000001"),
        ("summary ~ 'dep*'", "wildcards outside of phrases"),
    ],
)
def test_a_query_that_only_jira_can_read_is_refused_in_the_sandbox_s_own_name(
    site: Pretend, jql: str, what: str
) -> None:
    for answer in (site.post(SEARCH, {"jql": jql}), Pretend("data-center").post("/rest/api/2/search", {"jql": jql})):
        (sentence,) = answer["errorMessages"]
        assert sentence.startswith(f"This is the sandbox, not Jira: the sandbox's search does not know {what}")
    assert site.last.status == 400


def test_errors_are_found_by_the_parser_too(site: Pretend) -> None:
    queries = ["project = OPS", "project"]
    told = site.post("/rest/api/3/jql/parse?validation=strict", {"queries": queries})["queries"]
    assert [one.get("errors", [])[:1] == [] for one in told] == [True, False]
    assert "(line 1, character 8)" in told[1]["errors"][0]


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


def page_token(site: Pretend) -> str:
    return str(site.post(SEARCH, {"jql": "project = OPS", "maxResults": 1})["nextPageToken"])


@pytest.mark.parametrize(
    "changes", [{"startAt": 5}, {"failFast": True}, {"maxResults": "5"}, {"fields": "summary"}, {"jql": 5}]
)
def test_a_search_of_the_wrong_shape_is_refused(site: Pretend, changes: dict[str, object]) -> None:
    assert site.refused("POST", SEARCH, {"jql": "project = OPS", **changes})[0] == 400


def test_the_index_comes_after(site: Pretend) -> None:
    ledger, jql = site.desk.desk.ledger, "project = OPS AND summary ~ deploy AND issuetype != Story"
    ledger.delay = math.inf
    first, second = site.desk.create("Deploy one"), site.desk.create("Deploy two")
    assert site.found(jql) == []
    assert site.issue(first.key)["key"] == first.key
    assert site.found(jql, reconcileIssues=[int(first.id)]) == [first.key]
    ledger.catch_up()
    assert site.found(jql) == [second.key, first.key]
    site.desk.edit(first.key, {"summary": "Something else"})
    assert site.found(jql) == [second.key, first.key]
    ledger.delay = 0
    site.desk.edit(second.key, {"summary": "Something else too"})
    assert site.found(jql) == [first.key]


def test_the_old_search_is_gone(site: Pretend) -> None:
    for version in (2, 3):
        status, body = site.refused("GET", f"/rest/api/{version}/search?jql=project%3DOPS")
        assert (status, "CHANGE-2046" in body) == (410, True)
        assert site.refused("POST", f"/rest/api/{version}/search", {"jql": "project = OPS"})[0] == 410


def test_hidden_issues_are_not_found_and_strangers_find_nothing(site: Pretend) -> None:
    key = site.desk.create("Deploy").key
    assert site.found("type != Story") == [key]
    site.authorization = ""
    assert site.found("type != Story") == []
    site.authorization = Pretend().authorization
    site.desk.hide(key)
    assert site.found("type != Story") == []
