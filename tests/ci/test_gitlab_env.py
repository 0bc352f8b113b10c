"""GitLab's variables -> Run: a row for each pipeline source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jira_ci.ci import gitlab_env
from jira_ci.errors import UsageError
from jira_ci.run import CI, PullRequest, Run

HEAD, BASE = "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
PROJECT = "https://gitlab.example:8443/acme/shop/web"
UNPROTECTED = "an unprotected ref (protected variables are GitLab's default)"
Load = Callable[[str], dict[str, str]]


def test_a_push_is_read_completely(gitlab_environ: Load) -> None:
    assert gitlab_env.read(gitlab_environ("push")) == Run(
        provider=CI.GITLAB,
        repository="acme/shop/web",
        repository_id="42",
        repository_url=PROJECT,
        commit=HEAD,
        number=77,
        url=f"{PROJECT}/-/pipelines/9001",
        run_id="9001",
        event="push",
        branch="main",
        default_branch="main",
        base=BASE,
        messages=("WEB-3: fix",),
        message_ids=(HEAD,),
        attempt=1706719675,
        attempt_started=1706719675000,
        job="deploy",
        state="running",
        actor="ada",
        protected=True,
        server_url="https://gitlab.example:8443",
        api_url="https://gitlab.example:8443/api/v4",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("push_new_branch", (HEAD, "feature/web-7", "", "", 333, ("WEB-3: fix",), UNPROTECTED)),
        ("merge_request", (HEAD, "feature/web-7", "", "", 12, ("WEB-3: fix",), "")),
        ("merged_result", (HEAD, "feature/web-7", "", "", 12, (), "")),
        ("merge_train", (HEAD, "feature/web-7", "", "", 12, (), "")),
        ("merge_request_fork", (HEAD, "feature/web-7", "", "", 12, ("WEB-3: fix",), "a fork's merge request")),
        ("tag", (HEAD, "", "v1.2.0", "", None, ("WEB-3: fix",), "")),
        ("manual", (HEAD, "main", "", "", None, ("WEB-3: fix",), "")),
        ("schedule", (HEAD, "main", "", "", None, ("WEB-3: fix",), "")),
    ],
)
def test_each_source_says_what_is_built(gitlab_environ: Load, name: str, expected: tuple[Any, ...]) -> None:
    run = gitlab_env.read(gitlab_environ(name))
    number = run.pull_request.number if run.pull_request else None
    found = (run.commit, run.branch, run.tag, run.base, number, run.messages, run.secrets_withheld)
    assert found == expected


def test_a_merge_request_brings_title_and_ends(gitlab_environ: Load) -> None:
    run = gitlab_env.read(gitlab_environ("merged_result"))
    expected = PullRequest(12, "WEB-12: login", "feature/web-7", f"{PROJECT}/-/merge_requests/12", BASE, HEAD)
    assert run.pull_request == expected


def test_a_merge_commit_that_says_nothing_of_its_source_is_no_head(gitlab_environ: Load) -> None:
    environ = {**gitlab_environ("merged_result"), "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": ""}
    run = gitlab_env.read(environ)
    assert run.pull_request is not None
    assert (run.pull_request.head_sha, run.messages) == ("", ())


def test_a_deployment_job_brings_environment_and_tier(gitlab_environ: Load) -> None:
    run = gitlab_env.read(gitlab_environ("deployment"))
    assert (run.environment, run.environment_tier, run.state) == ("eu/live", "production", "success")


@pytest.mark.parametrize("value", ["$CI_ENVIRONMENT_NAME", "${CI_ENVIRONMENT_NAME}"])
def test_a_variable_that_was_not_expanded_is_absent(gitlab_environ: Load, value: str) -> None:
    assert gitlab_env.read({**gitlab_environ("push"), "CI_ENVIRONMENT_NAME": value}).environment == ""


def test_a_dollar_sign_in_a_message_stays(gitlab_environ: Load) -> None:
    run = gitlab_env.read({**gitlab_environ("push"), "CI_COMMIT_MESSAGE": "Use $HOME in WEB-1"})
    assert run.messages == ("Use $HOME in WEB-1",)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2024-01-31T17:47:55+01:00", 1706719675000),
        ("2024-01-31T16:47:55.250Z", 1706719675250),
        ("2024-01-31T16:47:55", 1706719675000),
        ("yesterday", 0),
        ("", 0),
        ("9999-12-31T23:59:59-23:59", 253402387139000),
    ],
)
def test_the_start_of_a_job_is_read_in_any_offset(gitlab_environ: Load, stamp: str, expected: int) -> None:
    assert gitlab_env.read({**gitlab_environ("push"), "CI_JOB_STARTED_AT": stamp}).attempt_started == expected


@pytest.mark.parametrize("name", ["CI_COMMIT_SHA", "CI_PROJECT_ID", "CI_PIPELINE_IID"])
@pytest.mark.parametrize("value", ["", "main", "$X"])
def test_a_broken_environment_names_the_variable(gitlab_environ: Load, name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        gitlab_env.read({**gitlab_environ("push"), name: value})


def test_an_external_pull_request_is_a_branch_of_another_forge(gitlab_environ: Load) -> None:
    environ = {
        **gitlab_environ("manual"),
        "CI_COMMIT_BRANCH": "",
        "CI_COMMIT_REF_NAME": "refs/x",
        "CI_EXTERNAL_PULL_REQUEST_IID": "5",
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": "web-5",
    }
    run = gitlab_env.read(environ)
    assert (run.branch, run.pull_request) == ("web-5", None)


def test_only_merge_requests_of_this_project_are_looked_up(gitlab_environ: Load) -> None:
    environ = {**gitlab_environ("push_new_branch"), "CI_OPEN_MERGE_REQUESTS": "acme/fork!3,,x!,!7"}
    assert gitlab_env.read(environ).pull_request is None
