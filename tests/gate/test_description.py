"""What the people who approve a change read on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gate_subjects import Subject
from jira_ci.gate.description import LONGEST, description, sendable
from jira_ci.gate.subject import Attempt, Contents
from jira_ci.jira.rich_text import plain

RUN = "https://ci.example/7"
LAST = f"Made by jira-ci in {RUN}. The deployment begins when this change allows it."
CONTENTS = Contents(
    authors=("Ana", "Bo"),
    since="a" * 40,
    comparison="https://git.example/compare/1...2",
    tests="41 passed, 0 failed, 1 skipped",
    titles={"WEB-1": "Pay by card"},
    hidden=("WEB-3",),
)
ATTEMPT = Attempt(RUN, "7", "octocat", ("WEB-1", "WEB-2", "WEB-3"), words={"branch": "main"}, contents=CONTENTS)


def told(template: str = "", attempt: Attempt = ATTEMPT, **subject: Any) -> list[str]:
    return plain(description(Subject(**subject), attempt, template)).splitlines()


def test_an_approver_reads_what_an_approver_asks() -> None:
    assert told(tenant="[EU]") == [
        "Project: Web Site",
        "Version: 1.2.3",
        "Environment: Prod",
        "Tenant: [EU]",
        f"Commit: {Subject().commit}",
        "Started by: octocat",
        "Written by: Ana, Bo",
        "New since the last deployment: https://git.example/compare/1...2",
        "Tests: 41 passed, 0 failed, 1 skipped",
        "",
        "Issues:",
        "WEB-1 Pay by card",
        "WEB-2",
        "WEB-3 (not shown to the account that made this change)",
        "",
        LAST,
    ]


def test_what_is_not_known_is_said_at_the_end() -> None:
    attempt = Attempt(contents=Contents(missing=("How the tests went is not known.",)))
    assert told(attempt=attempt)[3:] == [
        f"Commit: {Subject().commit}",
        "",
        "Not known:",
        "How the tests went is not known.",
        "",
        "Made by jira-ci. The deployment begins when this change allows it.",
    ]
    assert told("{version}", attempt)[0:4] == ["1.2.3", "", "Not known:", "How the tests went is not known."]


def test_the_same_commit_again_has_nothing_to_compare() -> None:
    attempt = Attempt(contents=Contents(since=Subject().commit))
    assert f"New since the last deployment: {Subject().commit} is the same commit" in told(attempt=attempt)


@pytest.mark.parametrize(
    ("template", "lines"),
    [
        ("Deploys {version} to {environment}", ["Deploys 1.2.3 to Prod"]),
        ("{issues}", ["WEB-1 Pay by card", "WEB-2", "WEB-3 (not shown to the account that made this change)"]),
        ("Issues: {comparison} by {authors}", ["Issues: https://git.example/compare/1...2 by Ana, Bo"]),
        ("a\n  {tenant}  \nb\n", ["a", "b"]),
        ("{{version}} {branch}\n\n{run}", ["{version} main", "", RUN]),
        ("${{ github.actor }} {short-commit}", [f"${{{{ github.actor }}}} {Subject().commit[:7]}"]),
    ],
)
def test_a_team_has_a_template_of_its_own(template: str, lines: list[str]) -> None:
    assert told(template) == [*lines, "", LAST]


def test_nothing_in_a_value_is_filled_in_again() -> None:
    assert told("{actor}", Attempt(RUN, actor="{version} *x*"))[0] == "{version} *x*"


def test_the_last_line_names_the_run_even_where_the_template_does_not() -> None:
    assert told("only this")[-1] == LAST


@pytest.mark.parametrize("cloud", [True, False])
@pytest.mark.parametrize("title", ["*" * 255, "Pay"])
def test_what_is_too_long_is_cut_at_a_line_and_that_is_said(cloud: bool, title: str) -> None:
    keys = tuple(f"WEB-{number}" for number in range(1, 501))
    attempt = Attempt(RUN, keys=keys, contents=Contents(titles=dict.fromkeys(keys, title)))
    template = "{issues}\n" * 80
    sent = sendable(description(Subject(), attempt, template), cloud=cloud)
    shown = sent if isinstance(sent, str) else json.dumps(sent, ensure_ascii=False, separators=(",", ":"))
    assert LONGEST - 1000 < len(shown) <= LONGEST
    assert "Cut here: Jira keeps no more of a description." in shown
    assert RUN in shown
    short = sendable(description(Subject(), ATTEMPT), cloud=cloud)
    assert "Cut here" not in str(short)


def test_more_issues_than_are_named_are_counted() -> None:
    keys = tuple(f"WEB-{number}" for number in range(1, 54))
    lines = told("{issues}", Attempt(keys=keys))
    assert lines[49:51] == ["WEB-50", "and 3 more"]


def test_a_line_that_is_too_long_is_left_out_and_that_is_said() -> None:
    attempt = Attempt(RUN, words={"branch": "b" * 200})
    lines = sendable(description(Subject(), attempt, "{branch}" * 1000), cloud=False)
    assert lines == f"\nCut here: Jira keeps no more of a description.\n{LAST}"


def test_many_authors_are_counted_and_titles_have_jira_s_length() -> None:
    people = tuple(f"P{number}" for number in range(1, 23))
    contents = Contents(authors=people, titles={"WEB-1": "t" * 300})
    lines = told("{authors}\n{issues}", Attempt(keys=("WEB-1",), contents=contents))
    assert lines[0].endswith("P19, P20 and 2 more")
    assert lines[1] == "WEB-1 " + "t" * 254 + "…"
    assert told("{authors}", Attempt(contents=Contents(authors=people[:20])))[0].endswith(", P20")
