"""Harness' and Drone's variables -> Run."""

from __future__ import annotations

import pytest

from jira_ci.ci import harness_env
from jira_ci.errors import UsageError
from jira_ci.run import CI, PullRequest, Run

HEAD, BASE, OTHER = "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "9" * 40
IDS = {
    "HARNESS_ACCOUNT_ID": "AcCoUnT",
    "HARNESS_ORG_ID": "default",
    "HARNESS_PROJECT_ID": "shop",
    "HARNESS_PIPELINE_ID": "build_web",
    "HARNESS_BUILD_ID": "43",
    "HARNESS_EXECUTION_ID": "u-u-i-d",
    "HARNESS_STAGE_ID": "deploy",
}
DRONE = {
    "DRONE": "true",
    "DRONE_BUILD_NUMBER": "43",
    "DRONE_BUILD_LINK": "https://drone.acme.example/acme/web/43",
    "DRONE_BUILD_EVENT": "push",
    "DRONE_BUILD_STATUS": "success",
    "DRONE_BUILD_STARTED": "1706719675",
    "DRONE_COMMIT_SHA": HEAD,
    "DRONE_COMMIT_BEFORE": BASE,
    "DRONE_COMMIT_BRANCH": "feature/web-7",
    "DRONE_COMMIT_MESSAGE": "WEB-3: fix\n\nmore",
    "DRONE_COMMIT_AUTHOR": "ada",
    "DRONE_REPO": "Acme/web",
    "DRONE_REPO_BRANCH": "main",
    "DRONE_REPO_LINK": "https://github.com/Acme/web",
    "DRONE_STAGE_NAME": "default",
}
PULL = {
    "DRONE_BUILD_EVENT": "pull_request",
    "DRONE_COMMIT_BRANCH": "main",
    "DRONE_COMMIT_LINK": "https://github.com/acme/web/pull/5",
    "DRONE_PULL_REQUEST": "5",
    "DRONE_PULL_REQUEST_TITLE": "WEB-9 Pay by card",
    "DRONE_SOURCE_BRANCH": "topic",
}
CHECKOUT = Run(
    provider=CI.LOCAL,
    repository="acme/web",
    repository_id="git.example/acme/web",
    repository_url="https://git.example/acme/web",
    commit=OTHER,
    number=1,
    url="https://git.example/acme/web",
    branch="main",
    default_branch="main",
    gaps=("a gap",),
)


def _never() -> Run:
    raise AssertionError("the checkout was asked")


def test_a_push_in_drone_is_read_completely_and_without_the_checkout() -> None:
    assert harness_env.read(DRONE, _never) == Run(
        provider=CI.DRONE,
        repository="Acme/web",
        repository_id="github.com/acme/web",
        repository_url="https://github.com/Acme/web",
        commit=HEAD,
        number=43,
        url="https://drone.acme.example/acme/web/43",
        run_id="43",
        event="push",
        branch="feature/web-7",
        default_branch="main",
        base=BASE,
        messages=("WEB-3: fix\n\nmore",),
        message_ids=(HEAD,),
        attempt_started=1706719675000,
        job="default",
        state="success",
        actor="ada",
    )


def test_harness_names_the_pipeline_by_all_that_it_stands_in() -> None:
    run = harness_env.read({**DRONE, **IDS}, _never)
    assert (run.provider, run.workflow, run.workflow_name) == (
        "harness",
        "AcCoUnT/default/shop/build_web",
        "build_web",
    )
    assert (run.number, run.run_id, run.job) == (43, "u-u-i-d", "deploy")


def test_a_pull_request_has_its_title_branch_and_address() -> None:
    run = harness_env.read({**DRONE, **IDS, **PULL}, _never)
    assert run.pull_request == PullRequest(
        5, "WEB-9 Pay by card", "topic", "https://github.com/acme/web/pull/5", head_sha=HEAD
    )
    assert (run.branch, run.base, run.secrets_withheld) == ("topic", "", "")


def test_drone_may_keep_its_secrets_from_a_pull_request() -> None:
    assert harness_env.read({**DRONE, **PULL}, _never).secrets_withheld.startswith("a pull request")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"DRONE_TAG": "v1.2"}, ("", "v1.2", "")),
        ({"DRONE_COMMIT_BRANCH": "refs/tags/v1.2", "DRONE_BRANCH": "refs/tags/v1.2"}, ("", "v1.2", "")),
        ({"DRONE_COMMIT_REF": "refs/tags/v1.2", "DRONE_COMMIT_BRANCH": ""}, ("", "v1.2", "")),
        ({"DRONE_COMMIT_BRANCH": "", "DRONE_SOURCE_BRANCH": "refs/heads/x"}, ("x", "", BASE)),
        ({"DRONE_COMMIT_BEFORE": "0" * 40}, ("feature/web-7", "", "")),
        ({"DRONE_BUILD_EVENT": "cron"}, ("feature/web-7", "", "")),
    ],
)
def test_branch_tag_and_range(changed: dict[str, str], expected: tuple[str, str, str]) -> None:
    run = harness_env.read({**DRONE, **changed}, _never)
    assert (run.branch, run.tag, run.base) == expected


@pytest.mark.parametrize(
    ("stage", "build", "state"),
    [
        ("", "failure", "failure"),
        ("failure", "success", "failure"),
        ("success", "failure", "failure"),
        ("true", "", "success"),
        ("false", "success", "failure"),
        ("Failed", "success", "failed"),
        ("", "", ""),
    ],
)
def test_the_worse_of_stage_and_build_counts(stage: str, build: str, state: str) -> None:
    environ = {**DRONE, "DRONE_STAGE_STATUS": stage, "DRONE_BUILD_STATUS": build}
    assert harness_env.read(environ, _never).state == state


def test_only_drone_says_what_is_deployed_to() -> None:
    promoted = {**DRONE, "DRONE_BUILD_EVENT": "promote", "DRONE_DEPLOY_TO": "production"}
    assert harness_env.read(promoted, _never).environment == "production"
    assert harness_env.read({**promoted, **IDS}, _never).environment == ""


def test_a_step_with_harness_own_variables_alone_is_completed_by_the_checkout() -> None:
    run = harness_env.read(IDS, lambda: CHECKOUT)
    assert (run.number, run.commit, run.branch, run.gaps) == (43, OTHER, "main", ("a gap",))
    assert (run.repository, run.repository_url) == ("acme/web", "https://git.example/acme/web")
    assert (run.provider, run.repository_id) == ("harness", "git.example/acme/web")


def test_the_checkouts_branch_is_not_that_of_another_commit() -> None:
    run = harness_env.read({**DRONE, "DRONE_REPO_LINK": "", "DRONE_COMMIT_BRANCH": ""}, lambda: CHECKOUT)
    assert (run.commit, run.branch, run.repository_url, run.gaps) == (HEAD, "", CHECKOUT.repository_url, ())


@pytest.mark.parametrize("unresolved", ["null", "<+codebase.tag>", "  "])
def test_what_harness_could_not_resolve_is_absent(unresolved: str) -> None:
    names = ("DRONE_TAG", "DRONE_PULL_REQUEST", "DRONE_COMMIT_REF", "DRONE_STAGE_STATUS", "DRONE_COMMIT_BEFORE")
    run = harness_env.read({**DRONE, **IDS, **dict.fromkeys(names, unresolved)}, _never)
    assert (run.tag, run.pull_request, run.state, run.base) == ("", None, "success", "")


def test_credentials_in_the_repositorys_address_are_left_out() -> None:
    environ = {**DRONE, "DRONE_REPO_LINK": "https://ada:s3cret@github.com/acme/web"}
    assert "s3cret" not in repr(harness_env.read(environ, lambda: CHECKOUT))


def test_a_clone_address_does_where_there_is_no_other() -> None:
    environ = {**DRONE, "DRONE_REPO_LINK": "", "DRONE_GIT_HTTP_URL": "https://github.com/Acme/web.git"}
    run = harness_env.read(environ, _never)
    assert (run.repository_id, run.repository_url) == ("github.com/acme/web", "https://github.com/Acme/web")


def test_milliseconds_are_recognised() -> None:
    environ = {**DRONE, "DRONE_STAGE_STARTED": "1706719675123"}
    assert harness_env.read(environ, _never).attempt_started == 1706719675123


@pytest.mark.parametrize("number", ["", "x", "0", "-1"])
def test_a_build_without_a_number_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match="DRONE_BUILD_NUMBER"):
        harness_env.read({**DRONE, "DRONE_BUILD_NUMBER": number}, _never)


@pytest.mark.parametrize(
    ("environ", "here"),
    [
        ({"DRONE": "true"}, True),
        ({"DRONE_BUILD_NUMBER": "43"}, True),
        ({"HARNESS_PIPELINE_ID": "p", "HARNESS_BUILD_ID": "3"}, True),
        ({"HARNESS_BUILD_ID": "of some test harness"}, False),
        ({"DRONE": "false"}, False),
        ({"CI": "true"}, False),
    ],
)
def test_where_it_is_recognised(environ: dict[str, str], here: bool) -> None:
    assert harness_env.is_here(environ) is here
