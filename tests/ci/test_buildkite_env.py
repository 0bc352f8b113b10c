"""Buildkite's variables -> Run."""

from __future__ import annotations

from jira_ci.ci import buildkite_env
from jira_ci.run import CI, PullRequest, Run

HEAD = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
JOB = {
    "BUILDKITE": "true",
    "BUILDKITE_BRANCH": "feature/web-7",
    "BUILDKITE_BUILD_CREATOR": "Ada",
    "BUILDKITE_BUILD_ID": "b-u-i-d",
    "BUILDKITE_BUILD_NUMBER": "55",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/acme/shop/builds/55",
    "BUILDKITE_COMMIT": HEAD,
    "BUILDKITE_LABEL": ":rocket: Deploy",
    "BUILDKITE_ORGANIZATION_SLUG": "acme",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
    "BUILDKITE_PIPELINE_NAME": "The shop",
    "BUILDKITE_PIPELINE_SLUG": "shop",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "",
    "BUILDKITE_REBUILT_FROM_BUILD_NUMBER": "",
    "BUILDKITE_REPO": "git@github.com:acme/shop.git",
    "BUILDKITE_RETRY_COUNT": "0",
    "BUILDKITE_SOURCE": "webhook",
    "BUILDKITE_TAG": "",
}


def read(**changed: str) -> Run:
    return buildkite_env.read({**JOB, **changed})


def test_a_job_is_read_completely() -> None:
    assert read() == Run(
        provider=CI.BUILDKITE,
        repository="acme/shop",
        repository_id="github.com/acme/shop",
        repository_url="https://github.com/acme/shop",
        commit=HEAD,
        number=55,
        url="https://buildkite.com/acme/shop/builds/55",
        run_id="b-u-i-d",
        workflow="acme/shop",
        workflow_name="The shop",
        event="webhook",
        branch="feature/web-7",
        default_branch="main",
        job=":rocket: Deploy",
        actor="Ada",
    )


def test_a_pull_request_has_its_source_for_a_branch() -> None:
    run = read(BUILDKITE_PULL_REQUEST="5", BUILDKITE_PULL_REQUEST_BASE_BRANCH="main")
    assert run.pull_request == PullRequest(5, "", "feature/web-7", head_sha=HEAD)


def test_a_tag_is_no_branch_though_both_variables_hold_it() -> None:
    run = read(BUILDKITE_TAG="v1.2", BUILDKITE_BRANCH="v1.2")
    assert (run.branch, run.tag) == ("", "v1.2")


def test_a_build_that_somebody_started_names_no_commit() -> None:
    assert read(BUILDKITE_COMMIT="HEAD").commit == ""


def test_retries_count_from_nought_and_a_rebuild_is_another_run() -> None:
    assert read(BUILDKITE_RETRY_COUNT="2").attempt == 3
    rebuilt = read(BUILDKITE_BUILD_NUMBER="60", BUILDKITE_REBUILT_FROM_BUILD_NUMBER="41")
    assert (rebuilt.number, rebuilt.attempt) == (60, 1)


def test_job_leg_and_state() -> None:
    run = read(BUILDKITE_STEP_KEY="deploy", BUILDKITE_PARALLEL_JOB="0", BUILDKITE_COMMAND_EXIT_STATUS="1")
    assert (run.job, run.leg, run.state) == ("deploy", "0", "failure")
    assert read(BUILDKITE_COMMAND_EXIT_STATUS="0").state == "success"
