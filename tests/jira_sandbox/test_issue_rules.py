"""Which issues exist."""

from __future__ import annotations

import pytest

from jira_sandbox.issue_rules import IssueRule, from_options


@pytest.mark.parametrize(
    ("projects", "issues", "there", "not_there"),
    [
        (None, None, "WEB-1 WEB-999 OPS-5 MOB-1", "WEB-0 WEB-1000 WEB-01 web-1 UTF-8 WEB WEB-1x"),
        ("WEB:50,OPS", None, "WEB-50 OPS-999", "WEB-51 MOB-1"),
        (None, "WEB-1000,ÄÖ_2-7", "WEB-1000 ÄÖ_2-7", "WEB-1 OPS-1"),
        ("OPS:2", "WEB-5", "OPS-1 OPS-2 WEB-5", "WEB-4 OPS-3"),
    ],
)
def test_the_options_say_which_issues_exist(
    projects: str | None, issues: str | None, there: str, not_there: str
) -> None:
    rule = from_options(projects, issues)
    for key in there.split():
        found = rule.find(key)
        assert found
        assert (found.key, rule.find(found.id)) == (key, found)
    assert [key for key in not_there.split() if rule.find(key)] == []


def test_ids_tell_issues_apart_and_unknown_ids_are_none() -> None:
    rule = IssueRule({"WEB": 2, "OPS": 2})
    ids = {issue.id for key in ("WEB-1", "WEB-2", "OPS-1", "OPS-2") if (issue := rule.find(key))}
    assert len(ids) == 4
    assert [rule.find(text) for text in ("0", "1", "1000003", "9000001", "9" * 30)] == [None] * 5


def test_titles_can_be_given() -> None:
    issue = IssueRule(titles={"WEB-12": "Pay by invoice"}).find("web-12", any_case=True)
    assert issue
    assert (issue.key, issue.title) == ("WEB-12", "Pay by invoice")


@pytest.mark.parametrize(
    ("projects", "issues", "sentence"),
    [
        ("web", None, "'web' is not a project"),
        ("WEB:0", None, "'WEB:0' does not say how many issues"),
        ("WEB:many", None, "'WEB:many' does not say how many issues"),
        ("WEB,,OPS", None, "'' is not a project"),
        (None, "WEB", "'WEB' is not an issue key"),
        (None, "web-1", "'web-1' is not an issue key"),
        (None, "", "'' is not an issue key"),
    ],
)
def test_options_that_cannot_be_meant_are_named(projects: str | None, issues: str | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        from_options(projects, issues)
