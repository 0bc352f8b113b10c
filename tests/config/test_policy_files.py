"""Which files make a policy, and the organisation's."""

from __future__ import annotations

import pytest

from jira_ci.config.policy_files import (
    LONGEST_TEXT,
    Elsewhere,
    load,
    named_at,
    organisation_file,
    organisation_inline,
    organisation_place,
)
from jira_ci.config.trusted_ref import Place
from jira_ci.errors import UsageError

A, B = "a" * 40, "b" * 40
FILE = "change-control: {enabled: true, service-desk: OPS}\n"


def place(commit: str, *relaxed: str, **files: str) -> Place:
    contents = {path.replace("_", "."): text.encode() for path, text in files.items()}
    return Place("acme/shop", commit, "the default branch main", relaxed, contents.get)


def usual(text: str) -> dict[str, str]:
    return {".jira-ci.yml": text}


def test_every_commit_adds_its_file_and_what_makes_it_less_sure() -> None:
    found = load([place(A, "a", "b", **usual(FILE)), place(B, "b", **usual(FILE))])
    assert [source for source, _ in found.listed] == [f"acme/shop@{A}:.jira-ci.yml", f"acme/shop@{B}:.jira-ci.yml"]
    assert (found.relaxed, found.repository, found.source) == (("a", "b"), "acme/shop", f"acme/shop@{A}:.jira-ci.yml")
    assert len({sha256 for _, sha256 in found.listed}) == 1
    assert load([place(A), place(B, **usual(FILE))]).source == f"acme/shop@{B}:.jira-ci.yml"


def test_a_named_file_may_be_on_one_of_the_commits_only() -> None:
    found = load([place(A, **usual(FILE)), place(B, **usual(FILE), more_yml=FILE)], "more.yml")
    assert [source.rpartition(":")[2] for source, _ in found.listed] == [".jira-ci.yml", ".jira-ci.yml", "more.yml"]
    with pytest.raises(UsageError, match=r"acme/shop@a+:more\.yml, which config names, does not exist"):
        load([place(A, **usual(FILE)), place(B, **usual(FILE))], "more.yml")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("acme/policies@main:jira-ci.yml", Elsewhere("acme/policies", "main", "jira-ci.yml")),
        ("group/sub/x@release/1:./ci/a b.yml", Elsewhere("group/sub/x", "release/1", "ci/a b.yml")),
        (f"acme/policies@{A}:p.yml", Elsewhere("acme/policies", A, "p.yml")),
    ],
)
def test_where_the_organisations_policy_is(setting: str, expected: Elsewhere) -> None:
    assert organisation_place(setting) == expected


@pytest.mark.parametrize(
    "setting",
    [
        "acme/policies",
        "acme/policies:p.yml",
        "policies@main:p.yml",
        "acme/policies@:p.yml",
        "acme/policies@main:",
        "acme/policies@main:../p.yml",
        "acme/policies@main:/etc/p.yml",
        "https://github.com/acme/policies@main:p.yml",
        "Inline",
        "acme/pol icies@main:p.yml",
        "acme/policies@main:a\nb",
    ],
)
def test_a_place_that_is_none_is_an_error(setting: str) -> None:
    with pytest.raises(UsageError, match="organisation-policy is "):
        organisation_place(setting)


def test_the_organisations_policy_may_leave_the_desk_to_each_repository() -> None:
    text = "change-control: {enabled: true, minimum-approvals: 2}\nenvironments: {Prod: {change-controlled: true}}\n"
    found = organisation_inline(text)
    assert (found.is_organisations, found.source, found.config.enabled) == (
        True,
        "JIRA_CI_ORGANISATION_POLICY_TEXT",
        True,
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty or not set"),
        (" \n", "empty or not set"),
        ("#" * (LONGEST_TEXT + 1), "49153 bytes; 49152 are allowed"),
        ("{}", "says nothing of change control"),
        ("environments: {Prod: production}\n", "says nothing of change control"),
        ("change-control: {minimum-aprovals: 2}\n", "minimum-approvals"),
        ("change-control: {minimum-approvals: two}\n", "JIRA_CI_ORGANISATION_POLICY_TEXT line 1"),
        ("change-control: {connection: emea}\n", "none of the connections"),
        ("change-control: [", "JIRA_CI_ORGANISATION_POLICY_TEXT line"),
        ("change-control: {window: off, window-required: true}\n", "window is off and window-required is true"),
    ],
)
def test_an_organisations_policy_that_is_none_is_an_error(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        organisation_inline(text)
    assert sentence in str(caught.value)


def test_it_is_called_by_its_repository() -> None:
    source, name = named_at(Elsewhere("acme/policies", "main", "p.yml"), A)
    assert (source, name) == (f"acme/policies@{A}:p.yml", "acme/policies:p.yml@aaaaaaaa")
    assert organisation_file(FILE.encode(), source, name).config.where("change-control") == f"{name} line 1"
