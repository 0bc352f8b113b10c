"""Bitbucket Pipelines' variables -> Run."""

from __future__ import annotations

from jira_ci.ci import bitbucket_env
from jira_ci.run import CI, PullRequest, Run

HEAD = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
STEP = {
    "BITBUCKET_BUILD_NUMBER": "41",
    "BITBUCKET_BRANCH": "feature/web-7",
    "BITBUCKET_COMMIT": HEAD,
    "BITBUCKET_REPO_FULL_NAME": "acme/shop",
    "BITBUCKET_REPO_UUID": "{7a3b}",
    "BITBUCKET_STEP_UUID": "{other-in-every-run}",
    "BITBUCKET_STEP_RUN_NUMBER": "1",
}


def read(**changed: str) -> Run:
    return bitbucket_env.read({**STEP, **changed})


def test_a_step_is_read_completely() -> None:
    assert read() == Run(
        provider=CI.BITBUCKET,
        repository="acme/shop",
        repository_id="7a3b",
        repository_url="https://bitbucket.org/acme/shop",
        commit=HEAD,
        number=41,
        url="https://bitbucket.org/acme/shop/pipelines/results/41",
        run_id="41",
        event="push",
        branch="feature/web-7",
    )


def test_a_pull_request_has_its_source_for_a_branch() -> None:
    run = read(BITBUCKET_PR_ID="5", BITBUCKET_PR_DESTINATION_BRANCH="main")
    link = "https://bitbucket.org/acme/shop/pull-requests/5"
    assert run.pull_request == PullRequest(5, "", "feature/web-7", link, head_sha=HEAD)
    assert (run.branch, run.event) == ("feature/web-7", "pull_request")


def test_a_tag_environment_and_leg() -> None:
    run = read(BITBUCKET_TAG="v1.2", BITBUCKET_DEPLOYMENT_ENVIRONMENT="prod", BITBUCKET_PARALLEL_STEP="0")
    assert (run.branch, run.tag, run.environment, run.leg) == ("", "v1.2", "prod", "0")
    assert read(BITBUCKET_PARALLEL_STEP="0", BITBUCKET_PARALLEL_STEP_COUNT="1").leg == ""


def test_a_step_that_runs_again_is_another_attempt_of_the_same_run() -> None:
    run = read(BITBUCKET_STEP_RUN_NUMBER="3")
    assert (run.number, run.attempt) == (41, 3)


def test_the_script_after_knows_how_it_went() -> None:
    assert [read(BITBUCKET_EXIT_CODE=code).state for code in ("0", "1", "127")] == ["success", "failure", "failure"]


def test_what_is_not_there_is_left_empty() -> None:
    run = bitbucket_env.read({"BITBUCKET_BUILD_NUMBER": "41", "BITBUCKET_COMMIT": HEAD[:12]})
    assert run == Run(CI.BITBUCKET, "", "", "", "", 41, "", run_id="41", event="push")
