"""What a change was made for: the property, and the description for people."""

from __future__ import annotations

from typing import Any

import pytest

from gate_subjects import Subject
from jira_ci.gate.change_property import change_property, description, inert, same_binding
from jira_ci.gate.subject import Attempt


@pytest.mark.parametrize(
    "text",
    ["1.2.3", "1.2.3-rc1+build.5", "Web Site", "Prod-EU", "a_b", "feature/x", "Straße 本番", "O'Neil & Sons", "5 %"],
)
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{color:red}x{color}", "&#123;color:red&#125;x&#123;color&#125;"),
        ("[click|https://evil.example]", "&#91;click&#124;https://evil.example&#93;"),
        ("!https://evil.example/a.png!", "&#33;https://evil.example/a.png&#33;"),
        ("[~ana] *bold* ^up^ ~down~", "&#91;&#126;ana&#93; &#42;bold&#42; &#94;up&#94; &#126;down&#126;"),
        ("_it_ -del- +ins+", "&#95;it&#95; &#45;del&#45; &#43;ins&#43;"),
        ("a\\\\b", "a&#92;&#92;b"),
        ("@ana #1", "&#64;ana &#35;1"),
    ],
)
def test_markup_becomes_text(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_the_property_holds_what_binds_the_change() -> None:
    assert change_property(Subject(tenant="EU"), Attempt(run="7")) == {
        "schema": "jira-ci.change/1",
        "project": "Web Site",
        "environment": "Prod",
        "tenant": "EU",
        "version": "1.2.3",
        "commit": Subject().commit,
        "run": "7",
    }


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"commit": "another"}, True),
        ({"tenant": None}, True),
        ({"tenant": "EU"}, False),
        ({"version": "1.2.4"}, False),
        ({"project": "Other"}, False),
        ({"environment": "prod"}, False),
        ({"environment": ["Prod"]}, False),
    ],
)
def test_a_binding_is_the_same_when_all_of_it_is(changed: dict[str, Any], same: bool) -> None:
    assert same_binding({**change_property(Subject(), Attempt()), **changed}, Subject()) is same


def test_people_read_what_is_deployed_where() -> None:
    attempt = Attempt("https://ci.example/7", "7", "octocat", ("WEB-1", "WEB-2"))
    assert description(Subject(tenant="[EU]"), attempt).splitlines() == [
        "Project: Web Site",
        "Version: 1.2.3",
        "Environment: Prod",
        "Tenant: &#91;EU&#93;",
        f"Commit: {Subject().commit}",
        "Run: https://ci.example/7",
        "Issues: WEB-1, WEB-2",
        "",
        "Made by jira-ci. The deployment begins when this change allows it.",
    ]
