"""JQL: hostile texts in it, and what bounds a search."""

from __future__ import annotations

import pytest

from jira_ci.jira.jql import labelled_issues, open_issues, quoted, quoted_phrase


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ("plain", r'"plain"'),
        ('a "quoted" word', r'"a \"quoted\" word"'),
        ("back\\slash", r'"back\\slash"'),
        ('\\" OR project = SECRET OR summary ~ \\"', r'"\\\" OR project = SECRET OR summary ~ \\\""'),
    ],
)
def test_a_jql_string_ends_where_it_should(text: str, string: str) -> None:
    assert quoted(text) == string


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ('Deploy "Web Site" version 1.2 to "Prod"', r'"\"Deploy Web Site version 1.2 to Prod\""'),
        ('x" OR key = WEB-1 OR summary ~ "y', r'"\"x OR key = WEB-1 OR summary ~ y\""'),
        ("x\\", r'"\"x\""'),
        ('\\"\\"', r'"\"\""'),
    ],
)
def test_a_phrase_cannot_be_left_by_what_stands_in_it(text: str, string: str) -> None:
    assert quoted_phrase(text) == string


@pytest.mark.parametrize(
    ("titles", "more"),
    [
        (['Deploy "Shop"', "Ship"], ' AND (labels = "l" OR summary ~ "\\"Deploy Shop\\"" OR summary ~ "\\"Ship\\"")'),
        (["Ship", ""], ""),
        ([], ""),
    ],
)
def test_issues_without_a_label_are_those_whose_titles_may_be_of_changes(titles: list[str], more: str) -> None:
    open_here = '(labels = "l" OR project = "OPS") AND (labels = "l" OR statusCategory != Done)'
    assert labelled_issues("OPS", "l", titles) == (
        f'(labels = "l" OR labels is EMPTY) AND {open_here}{more} ORDER BY updated DESC'
    )


def test_the_search_is_bounded_by_project_and_looks_for_open_issues_only() -> None:
    assert open_issues("OPS", "a b") == (
        r'project = "OPS" AND statusCategory != Done AND summary ~ "\"a b\"" ORDER BY created ASC'
    )
