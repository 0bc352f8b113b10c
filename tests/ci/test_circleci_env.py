"""CircleCI's variables -> Run."""

from __future__ import annotations

import pytest

from jira_ci.ci import circleci_env
from jira_ci.run import CI, PullRequest, Run

HEAD = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
JOB = {
    "CIRCLECI": "true",
    "CIRCLE_BRANCH": "feature/web-7",
    "CIRCLE_BUILD_NUM": "907",
    "CIRCLE_BUILD_URL": "https://circleci.com/gh/acme/shop/907",
    "CIRCLE_JOB": "deploy",
    "CIRCLE_NODE_INDEX": "0",
    "CIRCLE_NODE_TOTAL": "1",
    "CIRCLE_REPOSITORY_URL": "git@github.com:acme/shop.git",
    "CIRCLE_SHA1": HEAD,
    "CIRCLE_USERNAME": "ada",
    "CIRCLE_WORKFLOW_ID": "c0ffee",
}
LINK = "https://github.com/acme/shop/pull"


def read(**changed: str) -> Run:
    return circleci_env.read({**JOB, **changed})


def test_a_job_is_read_completely() -> None:
    assert read(CIRCLE_TAG="<nil>") == Run(
        provider=CI.CIRCLECI,
        repository="acme/shop",
        repository_id="github.com/acme/shop",
        repository_url="https://github.com/acme/shop",
        commit=HEAD,
        number=907,
        url="https://circleci.com/gh/acme/shop/907",
        run_id="c0ffee",
        event="push",
        branch="feature/web-7",
        job="deploy",
        actor="ada",
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"CIRCLE_PULL_REQUEST": f"{LINK}/5"}, PullRequest(5, "", "feature/web-7", f"{LINK}/5", head_sha=HEAD)),
        (
            {"CIRCLE_PULL_REQUEST": f"{LINK}/12", "CIRCLE_PULL_REQUESTS": f"{LINK}/12,{LINK}/5"},
            PullRequest(5, "", "feature/web-7", f"{LINK}/5", head_sha=HEAD),
        ),
        (
            {"CIRCLE_PR_NUMBER": "5", "CIRCLE_PULL_REQUEST": f"{LINK}/5", "CIRCLE_BRANCH": "pull/5"},
            PullRequest(5, "", "", f"{LINK}/5", head_sha=HEAD),
        ),
        ({"CIRCLE_PULL_REQUEST": "<nil>"}, None),
        ({"CIRCLE_PULL_REQUEST": ""}, None),
    ],
)
def test_pull_requests(changed: dict[str, str], expected: PullRequest | None) -> None:
    run = read(**changed)
    assert run.pull_request == expected
    assert bool(run.secrets_withheld) is ("CIRCLE_PR_NUMBER" in changed)


def test_a_tag_is_no_branch() -> None:
    run = read(CIRCLE_TAG="v1.2", CIRCLE_BRANCH="")
    assert (run.branch, run.tag) == ("", "v1.2")


def test_only_one_of_several_containers_is_a_leg() -> None:
    assert read(CIRCLE_NODE_INDEX="0", CIRCLE_NODE_TOTAL="4").leg == "0"
    assert read().leg == ""
