"""GitHub's environment and events -> Run: a row for each event, and values that no sound server sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jira_ci.ci import github_env
from jira_ci.errors import UsageError
from jira_ci.run import CI, PullRequest, Run

HEAD, BASE, OTHER = (
    "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
    "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
)
MERGE = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
ENVIRON = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_REPOSITORY": "octo/hello",
    "GITHUB_REPOSITORY_ID": "186853002",
    "GITHUB_SHA": HEAD,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_RUN_ID": "5550001",
    "GITHUB_RUN_NUMBER": "41",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW": "Deploy",
    "GITHUB_WORKFLOW_REF": "octo/hello/.github/workflows/deploy.yml@refs/heads/main",
    "GITHUB_JOB": "ship",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_REF_PROTECTED": "true",
}
Load = Callable[[str], dict[str, Any]]


def read(event: dict[str, Any], **environ: str) -> Run:
    return github_env.read({**ENVIRON, **environ}, event)


def test_a_push_is_read_completely(github_event: Load) -> None:
    assert read(github_event("push")) == Run(
        provider=CI.GITHUB,
        repository="octo/hello",
        repository_id="186853002",
        repository_url="https://github.com/octo/hello",
        commit=HEAD,
        number=41,
        url="https://github.com/octo/hello/actions/runs/5550001",
        run_id="5550001",
        workflow=".github/workflows/deploy.yml",
        workflow_name="Deploy",
        event="push",
        branch="main",
        default_branch="main",
        base=BASE,
        messages=("WEB-1: begin", "Finish it (#12)"),
        message_ids=(OTHER, HEAD),
        messages_complete=True,
        attempt=2,
        job="ship",
        actor="octocat",
        protected=True,
        server_url="https://github.com",
        api_url="https://api.github.com",
    )


MERGE_REF = {"GITHUB_SHA": MERGE, "GITHUB_REF": "refs/pull/2/merge", "GITHUB_HEAD_REF": "feature/WEB-13"}
TAG = {"GITHUB_REF": "refs/tags/v1.2.0"}
QUEUE = f"gh-readonly-queue/release/1.x/pr-104-{BASE}"


@pytest.mark.parametrize(
    ("file", "event", "environ", "expected"),
    [
        ("push_new_branch", "push", {"GITHUB_REF": "refs/heads/f/web-7"}, (HEAD, "f/web-7", "", "", None)),
        ("push_tag", "push", TAG, (HEAD, "", "v1.2.0", "", None)),
        ("push_deleted", "push", {}, (HEAD, "main", "", "", None)),
        ("pull_request", "pull_request", MERGE_REF, (HEAD, "feature/WEB-13", "", "", 2)),
        ("pull_request", "pull_request_target", {"GITHUB_SHA": BASE}, (HEAD, "feature/WEB-13", "", "", 2)),
        ("pull_request_review", "pull_request_review", MERGE_REF, (HEAD, "feature/WEB-13", "", "", 2)),
        ("merge_group", "merge_group", {"GITHUB_REF": f"refs/heads/{QUEUE}"}, (HEAD, QUEUE, "", BASE, 104)),
        ("workflow_dispatch", "workflow_dispatch", {}, (HEAD, "main", "", "", None)),
        ("schedule", "schedule", {}, (HEAD, "main", "", "", None)),
        ("release", "release", TAG, (HEAD, "", "v1.2.0", "", None)),
        ("deployment", "deployment", {"GITHUB_SHA": OTHER}, (OTHER, "main", "", "", None)),
        ("deployment_status", "deployment_status", {"GITHUB_REF": ""}, (OTHER, "main", "", "", None)),
        ("deployment_status", "deployment_status", {"GITHUB_REF": "refs/tags/v1"}, (OTHER, "", "v1", "", None)),
        ("repository_dispatch", "repository_dispatch", {}, (HEAD, "main", "", "", None)),
        ("workflow_run", "workflow_run", {}, (OTHER, "feature/web-9", "", "", 17)),
        ("issue_comment", "issue_comment", {}, (HEAD, "main", "", "", 31)),
    ],
)  # fmt: skip
def test_each_event_says_what_is_built(
    github_event: Load, file: str, event: str, environ: dict[str, str], expected: tuple[Any, ...]
) -> None:
    run = read(github_event(file), GITHUB_EVENT_NAME=event, **environ)
    number = run.pull_request.number if run.pull_request else None
    assert (run.commit, run.branch, run.tag, run.base, number) == expected


def test_a_pull_request_brings_title_ends_and_size(github_event: Load) -> None:
    run = read(github_event("pull_request"), GITHUB_EVENT_NAME="pull_request", **MERGE_REF)
    assert run.pull_request == PullRequest(
        2, "WEB-12: login page", "feature/WEB-13", "https://github.com/octo/hello/pull/2", BASE, HEAD, 3
    )
    assert run.messages == ()


@pytest.mark.parametrize("name", ["deployment", "deployment_status"])
def test_a_deployment_brings_its_environment(github_event: Load, name: str) -> None:
    assert read(github_event(name), GITHUB_EVENT_NAME=name).environment == "production"


@pytest.mark.parametrize(
    ("file", "event", "actor", "expected"),
    [
        ("pull_request", "pull_request", "octocat", ""),
        ("pull_request_fork", "pull_request", "octocat", "a fork's pull request"),
        ("pull_request_deleted_fork", "pull_request", "octocat", "a fork's pull request"),
        ("pull_request_fork", "pull_request_target", "octocat", ""),
        ("push", "push", "dependabot[bot]", "Dependabot (it is given Dependabot's own secrets only)"),
    ],
)
def test_secrets_are_withheld_from_strangers(
    github_event: Load, file: str, event: str, actor: str, expected: str
) -> None:
    assert read(github_event(file), GITHUB_EVENT_NAME=event, GITHUB_ACTOR=actor).secrets_withheld == expected


def test_a_push_that_github_cut_is_not_complete(github_event: Load) -> None:
    event = github_event("push")
    event["commits"] = [{"id": HEAD, "message": f"c{number}"} for number in range(2048)]
    run = read(event)
    assert (len(run.messages), run.messages_complete) == (2048, False)


@pytest.mark.parametrize(
    ("forced", "branch", "distinct", "expected"),
    [
        (True, "f/web-7", (False, True), ("WEB-2",)),
        (True, "f/web-7", (False, None), ("WEB-2",)),
        (True, "f/web-7", (False, False), ("WEB-1", "WEB-2")),
        (False, "f/web-7", (False, True), ("WEB-1", "WEB-2")),
        (True, "main", (False, True), ("WEB-1", "WEB-2")),
    ],
)
def test_after_a_rebase_only_the_branchs_own_commits_count(
    forced: bool, branch: str, distinct: tuple[bool | None, ...], expected: tuple[str, ...]
) -> None:
    commits = [
        {"id": f"{number}" * 40, "message": f"WEB-{number}", "distinct": flag}
        for number, flag in enumerate(distinct, 1)
    ]
    event = {"forced": forced, "commits": commits, "repository": {"id": 186853002, "default_branch": "main"}}
    run = read(event, GITHUB_REF=f"refs/heads/{branch}")
    assert (run.messages, run.messages_complete) == (expected, True)


@pytest.mark.parametrize("file", ["push_new_branch", "push_tag"])
def test_a_push_without_commits_knows_its_head_only(github_event: Load, file: str) -> None:
    event = github_event(file)
    run = read(event, GITHUB_REF=event["ref"])
    assert (len(run.messages), run.message_ids, run.messages_complete) == (1, (HEAD,), False)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("octo/hello/.github/workflows/deploy.yml@refs/heads/a@b", ".github/workflows/deploy.yml"),
        ("octo/hello/.github/workflows/deploy.yml@refs/pull/2/merge", ".github/workflows/deploy.yml"),
        ("octo/hello/.github/workflows/a@b.yml@refs/tags/v1", ".github/workflows/a@b.yml"),
        ("Octo/Hello/.github/workflows/deploy.yml@refs/heads/main", ".github/workflows/deploy.yml"),
        ("octo/rules/.github/workflows/deploy.yml@refs/heads/main", "octo/rules/.github/workflows/deploy.yml"),
        ("", "Deploy"),
    ],
)
def test_the_workflow_is_the_same_on_every_ref(reference: str, expected: str) -> None:
    assert read({}, GITHUB_WORKFLOW_REF=reference).workflow == expected


@pytest.mark.parametrize("name", ["GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_NUMBER", "GITHUB_SHA"])
@pytest.mark.parametrize("value", ["", "no such value"])
def test_a_broken_environment_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        read({}, **{name: value})


def test_without_an_event_the_environment_still_names_the_pull_request() -> None:
    run = read({}, GITHUB_EVENT_NAME="pull_request", **MERGE_REF)
    assert run.pull_request == PullRequest(2, "", "feature/WEB-13", "https://github.com/octo/hello/pull/2")


HOSTILE: list[Any] = [
    None,
    True,
    -1,
    3.5,
    "x",
    "",
    [],
    [None, 1, "x", []],
    {},
    {"id": None, "head": []},
    "\ud800",
    "::set-output::",
]
FIELDS = [
    *("commits", "head_commit", "before", "deleted", "pull_request", "merge_group", "issue", "release"),
    *("repository", "deployment", "workflow_run"),
]


@pytest.mark.parametrize("event", ["push", "pull_request", "merge_group", "workflow_run", "deployment", "release"])
@pytest.mark.parametrize("field", FIELDS)
def test_no_value_of_the_wrong_type_is_a_traceback(event: str, field: str) -> None:
    for value in HOSTILE:
        run = read({field: value}, GITHUB_EVENT_NAME=event)
        assert (run.commit, run.repository_id) == (HEAD, "186853002")
        str(run).encode("utf-8")


def test_garbage_deep_in_a_pull_request_is_absent() -> None:
    odd = {"number": "7", "title": 5, "head": {"ref": [], "sha": "HEAD; rm"}, "base": None, "commits": "3"}
    run = read({"pull_request": {**odd, "html_url": "javascript:x"}}, GITHUB_EVENT_NAME="pull_request")
    assert run.pull_request == PullRequest(7, "", "", "https://github.com/octo/hello/pull/7", "", "", 3)
    assert run.commit == HEAD


def test_the_authors_are_those_whom_github_knows_each_once() -> None:
    people: list[Any] = [
        {"username": "octocat"},
        {"username": "hubot"},
        {"name": "Nobody"},
        {"username": "octocat"},
        None,
    ]
    event = {"commits": [{"id": HEAD, "message": "x", "author": one} for one in people], "head_commit": {"id": HEAD}}
    assert read(event, GITHUB_EVENT_NAME="push").authors == ("octocat", "hubot")
    assert read({}, GITHUB_EVENT_NAME="workflow_dispatch").authors == ()
