"""Queries that are refused: in Jira's words, or in the sandbox's own name."""

from __future__ import annotations

import pytest

from pretend import Pretend

SEARCH = "/rest/api/3/search/jql"


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
        ("project is OPS", "Expecting 'EMPTY' but got 'OPS'"),
        ("project in (OPS,)", "Expecting either a value, list or function but got ')'"),
        ("cf[abc] = 5", "The character '[' is a reserved JQL character"),
        ("project = OPS[1]", "The character '[' is a reserved JQL character"),
        ("labels > EMPTY", "'EMPTY' is a reserved JQL word"),
        ("status was changed", "'changed' is a reserved JQL word"),
        ("(project = OPS", "Expecting ')' but got the end of the query"),
        ("created > startOfDay(-1d", "Expecting either ',' or ')' but got the end of the query"),
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
        ("project = OPS OR project = WEB AND labels = a", "AND beside OR"),
        ("(project = OPS AND labels = b) || project = WEB", "AND beside OR"),
        ("NOT project = OPS", "NOT"),
        ("project = OPS AND !status = Review", "NOT"),
        ("(" * 2000 + "project = OPS" + ")" * 2000, "parentheses in parentheses"),
        ("sprint in openSprints()", "functions such as openSprints()"),
        ("project = currentUser( )", "functions such as currentUser()"),
        ("labels is not EMPTY", "the operator 'is not'"),
        ("status was Review", "the operator 'was'"),
        ("created > -1h", "periods, such as -1h"),
        ("updated = 2026-07-01", "the operator '=' of the field 'updated'"),
        ("summary !~ shop", "the operator '!~'"),
        ("labels in (a, NULL)", "EMPTY"),
        ("cf[10001] = 5", "custom fields and properties, such as cf[10001]"),
        ("project = OPS ORDER BY cf[10001]", "custom fields and properties, such as cf[10001]"),
        ('issue.property["deploy"].state = done', "custom fields and properties, such as cf[10001]"),
        ("project = OPS AND cf[10001] is EMPTY", "custom fields and properties, such as cf[10001]"),
        ('reporter in membersOf("jira-users")', "functions such as membersOf()"),
        ("issue not in linkedIssues(OPS-1, 'is caused by')", "functions such as linkedIssues()"),
        ('created >= startOfDay("-1d")', "functions such as startOfDay()"),
        ("status changed FROM a TO (b, c) AFTER -7d BY ana", "the operator 'changed'"),
        ("status was not in (a, b) BEFORE now()", "the operator 'was'"),
        ("project in ((OPS), WEB)", "lists in lists"),
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


def test_a_word_that_only_older_lists_reserve_needs_no_quotes(site: Pretend) -> None:
    site.post(SEARCH, {"jql": "labels = all"})
    assert site.last.status == 200
