"""What ends a range, and the tag that begins it where no deployment is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci.repositories import Repository
from jira_ci.git.repository import Git
from jira_ci.keys.run_range import end_of, tag_before
from jira_ci.run import CI, PullRequest, Run

GONE = "b" * 40


def run_of(commit: str, **values: Any) -> Run:
    return Run(CI.GITHUB, "acme/shop", "1", "", commit, 1, "", **{"event": "workflow_dispatch", **values})


@pytest.mark.parametrize(
    ("name", "tags", "before"),
    [
        ("1.4.0", "1.3.1 1.3.2 1.4.0-rc1 1.4.0 1.5.0", "1.3.2"),
        ("v1.4.0", "v1 v1.4 v1.3.9 v1.3.10 v2.0.0", "v1.3.10"),
        ("1.4.0", "v1.3.2", "v1.3.2"),
        ("v1.4.0-rc2", "v1.3.0 v1.4.0-rc1 v1.3.0-rc9", "v1.4.0-rc1"),
        ("billing/v2.0.0", "web/v1.9.9 billing/v1.9.0 v1.9.8", "billing/v1.9.0"),
        ("release-2024.11.3", "release-2024.11.2 release-2024.12.1", "release-2024.11.2"),
        ("build-12", "build-9 build-11 build-12", "build-11"),
        ("1.0.0", "1.0.0 1.0.1 2.0.0", ""),
        ("stable", "stable old", ""),
        ("1" * 5000, "0", "0"),
        ("", "1.0", ""),
    ],
)
def test_the_tag_before(name: str, tags: str, before: str) -> None:
    assert tag_before(name, tags.split()) == before


@pytest.fixture
def released(tmp_path: Path) -> tuple[Git, list[str]]:
    """Three commits, v1.0 on the second, which is checked out; origin is a folder."""
    upstream = Repository(tmp_path / "upstream")
    commits = upstream.commits("one", "two", "three")
    upstream.run("tag", "v1.0", commits[1])
    copy = upstream.clone(tmp_path / "copy")
    copy.run("checkout", "--quiet", "--detach", commits[1])
    return copy.git, commits


def test_what_is_checked_out_is_deployed(released: tuple[Git, list[str]]) -> None:
    git, (one, two, three) = released
    run, above = end_of(run_of(three, base=one, messages=("three",), messages_complete=True), git, "")
    assert (run.commit, run.tag, run.base, run.messages, run.messages_complete, above) == (
        two,
        "v1.0",
        "",
        (),
        False,
        "",
    )


def test_the_tag_that_version_names_is_deployed(released: tuple[Git, list[str]]) -> None:
    git, (one, two, three) = released
    git.run("checkout", "--quiet", one)
    for version in ("1.0", "v1.0"):
        assert end_of(run_of(three), git, version)[0].commit == two
    assert end_of(run_of(three), git, "2.0")[0].commit == one, "no tag is called so"


def test_a_commit_on_top_is_added(released: tuple[Git, list[str]]) -> None:
    git, (_, two, three) = released
    own = run_of(two, event="push", base=GONE)
    git.run("checkout", "--quiet", three)
    assert end_of(own, git, "") == (own, three)


@pytest.mark.parametrize(
    "values",
    [
        {"event": "workflow_run"},
        {"event": "deployment"},
        {"event": "merge_group"},
        {"event": "pull_request", "pull_request": PullRequest(1, "", "", head_sha=GONE)},
    ],
)
def test_an_event_about_another_commit_keeps_it(released: tuple[Git, list[str]], values: dict[str, Any]) -> None:
    git, (_, _, three) = released
    own = run_of(three, **values)
    assert end_of(own, git, "") == (own, "")


def test_another_repositorys_checkout_says_nothing(released: tuple[Git, list[str]]) -> None:
    git, (_, _, three) = released
    git.run("remote", "set-url", "origin", "https://github.com/acme/tools")
    own = run_of(three, server_url="https://github.com")
    assert end_of(own, git, "") == (own, "")
