"""Jenkins' variables -> Run."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.ci import jenkins_env
from jira_ci.run import CI, PullRequest, Run

HEAD, BEFORE = "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
BUILD = {
    "BUILD_NUMBER": "12",
    "BUILD_TAG": "jenkins-shop-main-12",
    "BUILD_URL": "https://ci.example/job/shop/job/main/12/",
    "JENKINS_URL": "https://ci.example/",
    "JOB_NAME": "team/shop/feature%2Fweb-7",
    "STAGE_NAME": "Deploy",
    "BRANCH_NAME": "feature/web-7",
    "GIT_BRANCH": "feature/web-7",
    "GIT_COMMIT": HEAD,
    "GIT_PREVIOUS_COMMIT": BEFORE,
    "GIT_URL": "git@git.example:acme/shop.git",
}
PULL = {
    "BRANCH_NAME": "PR-5",
    "GIT_BRANCH": "PR-5",
    "JOB_NAME": "team/shop/PR-5",
    "CHANGE_ID": "5",
    "CHANGE_TITLE": "WEB-9 Pay by card",
    "CHANGE_BRANCH": "topic",
    "CHANGE_TARGET": "main",
    "CHANGE_URL": "https://git.example/acme/shop/pull/5",
    "CHANGE_AUTHOR": "ada",
}


def read(**changed: str | None) -> Run:
    found = {**BUILD, **changed}
    return jenkins_env.read({name: value for name, value in found.items() if value is not None})


def test_a_branchs_build_is_read_completely() -> None:
    assert read() == Run(
        provider=CI.JENKINS,
        repository="acme/shop",
        repository_id="git.example/acme/shop",
        repository_url="https://git.example/acme/shop",
        commit=HEAD,
        number=12,
        url="https://ci.example/job/shop/job/main/12",
        run_id="jenkins-shop-main-12",
        workflow="team/shop/feature%2Fweb-7",
        workflow_name="team/shop/feature/web-7",
        event="build",
        branch="feature/web-7",
        base=BEFORE,
        job="Deploy",
    )


def test_a_pull_request_is_its_source_and_not_the_name_of_its_job() -> None:
    run = read(**PULL)
    assert run.pull_request == PullRequest(5, "WEB-9 Pay by card", "topic", "https://git.example/acme/shop/pull/5")
    assert (run.branch, run.tag, run.base, run.event, run.actor) == ("topic", "", "", "pull_request", "ada")
    assert read(**{**PULL, "CHANGE_BRANCH": None}).branch == ""


@pytest.mark.parametrize(
    ("changed", "branch", "tag"),
    [
        ({"BRANCH_NAME": "v1.2", "TAG_NAME": "v1.2"}, "", "v1.2"),
        ({"BRANCH_NAME": None, "GIT_BRANCH": "origin/main"}, "main", ""),
        ({"BRANCH_NAME": None, "GIT_BRANCH": "refs/remotes/upstream/a/b"}, "a/b", ""),
        ({"BRANCH_NAME": None, "GIT_BRANCH": "origin/x", "GIT_LOCAL_BRANCH": "origin-x"}, "origin-x", ""),
        ({"BRANCH_NAME": None, "GIT_BRANCH": None}, "", ""),
    ],
)
def test_branches_and_tags(changed: dict[str, Any], branch: str, tag: str) -> None:
    run = read(**changed)
    assert (run.branch, run.tag) == (branch, tag)


def test_a_build_of_the_same_commit_again_has_no_range() -> None:
    assert read(GIT_PREVIOUS_COMMIT=HEAD).base == ""
    assert read(GIT_PREVIOUS_COMMIT=None).base == ""


def test_what_runs_after_the_stages_is_of_the_whole_build() -> None:
    assert read(STAGE_NAME="Declarative: Post Actions").job == ""


def test_what_is_not_there_is_left_empty() -> None:
    run = jenkins_env.read({"BUILD_NUMBER": "3", "JENKINS_URL": "https://ci.example/"})
    assert run == Run(CI.JENKINS, "", "", "", "", 3, "", event="build")
