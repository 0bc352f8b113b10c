"""Associations: never more than Jira takes, never an empty one, and the issues found wherever they stand."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.jira import identity
from jira_ci.jira.identity import is_shown, keys_of, services_of, with_keys
from jira_ci.run import CI, Run

RUN = Run(CI.GITHUB, "o/r", "42", "https://github.com/o/r", "c" * 40, 7, "https://x.example")
COMMIT = {"associationType": "commit", "values": [{"commitHash": "c" * 40, "repositoryId": "42"}]}


def issues(*keys: str) -> dict[str, Any]:
    return {"associationType": "issueIdOrKeys", "values": list(keys)}


def services(*ids: str) -> dict[str, Any]:
    return {"associationType": "serviceIdOrKeys", "values": list(ids)}


@pytest.mark.parametrize(
    ("keys", "ids", "made"),
    [
        (["WEB-1"], [], [issues("WEB-1")]),
        (["WEB-1", "WEB-1"], ["a", "", "a"], [issues("WEB-1"), services("a"), COMMIT]),
        ([], ["a"], [services("a"), COMMIT]),
        ([], [], None),
        ([], [""], None),
    ],
)
def test_what_a_record_is_associated_with(keys: list[str], ids: list[str], made: Any) -> None:
    assert identity.associations(keys, ids, RUN) == made


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"commit": ""}, [{"associationType": "repository", "values": [{"repositoryId": "42"}]}]),
        ({"commit": "c" * 256}, [{"associationType": "repository", "values": [{"repositoryId": "42"}]}]),
        ({"repository_id": ""}, []),
        ({"repository_id": "r" * 256}, []),
        ({"repository_id": "🚀"}, []),
    ],
)
def test_what_was_deployed_is_the_commit_or_the_repository_or_not_said(changes: Any, source: Any) -> None:
    assert identity.associations([], ["a"], dataclasses.replace(RUN, **changes)) == [services("a"), *source]


@given(keys=st.integers(0, 700), ids=st.integers(0, 600), commit=st.sampled_from(["", "c" * 40]))
def test_never_more_than_jira_takes(keys: int, ids: int, commit: str) -> None:
    run = dataclasses.replace(RUN, commit=commit)
    names, found = [f"id{number}" for number in range(ids)], [f"WEB-{number}" for number in range(1, keys + 1)]
    made = identity.associations(found, names, run) or []
    values = [len(one["values"]) for one in made]
    assert sum(values) <= 500
    assert all(values)
    assert len(made) <= 3
    record = {"associations": made}
    assert services_of(record) == names[:500]
    assert keys_of(record) == found[: identity.room(names, run)]
    if ids < 500:
        assert bool(ids) == any(one["associationType"] in ("commit", "repository") for one in made)


def test_the_issues_are_found_wherever_they_stand() -> None:
    record = {"x": 1, "associations": [COMMIT, services("a"), issues("WEB-1", "UTF-8")]}
    assert keys_of(record) == ["WEB-1", "UTF-8"]
    assert services_of(record) == ["a"]
    assert with_keys(record, ["WEB-1"]) == {"x": 1, "associations": [issues("WEB-1"), COMMIT, services("a")]}
    assert with_keys(record, []) == {"x": 1, "associations": [COMMIT, services("a")]}
    assert with_keys({"x": 1, "associations": [issues("WEB-1")]}, []) == {"x": 1}
    assert with_keys({"x": 1}, ["WEB-1"]) == {"x": 1, "associations": [issues("WEB-1")]}


def test_a_record_is_shown_on_issues_or_services_and_on_nothing_else() -> None:
    assert is_shown({"associations": [issues("WEB-1")]})
    assert is_shown({"associations": [services("a"), COMMIT]})
    assert not is_shown({"associations": [COMMIT]})
    assert not is_shown({})
