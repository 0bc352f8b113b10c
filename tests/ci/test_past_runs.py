"""Runs of the past, asked of GitHub and GitLab over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci.servers import Api
from jira_ci.ci.api import Unreadable
from jira_ci.ci.detect import connect_runs
from jira_ci.ci.github_env import from_event, from_github
from jira_ci.ci.gitlab_env import from_gitlab
from jira_ci.ci.past_runs import GitHubRuns, GitLabRuns
from jira_ci.run import CI, PastRun, Run
from jira_ci.timing import Deadline

REPO, PROJECT = "/repos/octo/hello", "/projects/7"
OF_CI = ".github/workflows/ci.yml"


def found(run_id: int = 9, number: int = 3, **changes: Any) -> dict[str, Any]:
    run = {"id": run_id, "run_number": number, "path": OF_CI, "status": "completed", "conclusion": "failure"}
    return {**run, "run_attempt": 1, **changes}


@pytest.fixture
def hub(github_api: Api) -> Iterator[GitHubRuns]:
    run = Run(CI.GITHUB, "octo/hello", "1", "", "", 1, "", run_id="777", api_url=github_api.url)
    runs = GitHubRuns(run, "t0ken", ca_bundle="", deadline=Deadline(20))
    yield runs
    runs.close()


@pytest.fixture
def lab(gitlab_api: Api) -> Iterator[GitLabRuns]:
    run = Run(CI.GITLAB, "octo/hello", "7", "", "", 1, "", run_id="777", api_url=gitlab_api.url)
    runs = GitLabRuns(run, "glpat", job_token="", ca_bundle="", deadline=Deadline(20))
    yield runs
    runs.close()


@pytest.mark.parametrize(
    ("path", "workflow"),
    [
        (OF_CI, OF_CI),
        (f"{OF_CI}@main", OF_CI),
        (f"{OF_CI}@refs/heads/a@b", OF_CI),
        (f"octo/hello/{OF_CI}@refs/heads/main", OF_CI),
        (f"Octo/Hello/{OF_CI}", OF_CI),
        (f"octo/rules/{OF_CI}@refs/heads/main", f"octo/rules/{OF_CI}"),
        ("dynamic/pages/pages-build-deployment", "dynamic/pages/pages-build-deployment"),
    ],
)
def test_the_workflow_is_the_one_that_reports_are_identified_by(path: str, workflow: str) -> None:
    past = from_github(found(path=path), "octo/hello")
    assert past == PastRun("9", 3, ended=True, conclusion="failure", workflow=workflow, attempt=1)


@pytest.mark.parametrize(
    "changes", [{"id": None}, {"id": "../9"}, {"run_number": 0}, {"run_number": True}, {"path": 7}]
)
def test_a_run_that_does_not_say_which_one_it_is(changes: dict[str, Any]) -> None:
    assert from_github(found(**changes), "octo/hello") is None


def test_an_event_without_the_run_s_path_has_its_workflow_s(github_event: Callable[[str], dict[str, Any]]) -> None:
    event = github_event("workflow_run")
    event["workflow_run"] |= {"run_number": 5, "status": "in_progress", "conclusion": "success"}
    past = from_event(event, "octo/hello")
    assert past == PastRun(
        "289782451", 5, False, "in_progress", ".github/workflows/test.yml", 1, commit=event["workflow_run"]["head_sha"]
    )
    assert from_event({}, "octo/hello") is None


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *[(status, True) for status in ("success", "failed", "canceled", "skipped")],
        *[(status, False) for status in ("running", "pending", "created", "manual", "scheduled", "canceling", "", "?")],
    ],
)
def test_a_pipeline_has_ended_or_not(status: str, ended: bool) -> None:
    past = from_gitlab({"id": 5, "iid": 2, "status": status})
    assert past == PastRun("5", 2, ended, status)


def test_the_last_runs_without_our_own_in_one_request(github_api: Api, hub: GitHubRuns) -> None:
    rows = [found(777, 9, status="queued"), *(found(100 - number, 90 - number) for number in range(60)), {"id": 0}]
    github_api.pages(f"{REPO}/actions/runs", rows, lambda page: {"workflow_runs": page})
    assert [past.run_id for past in hub.last(50)] == [str(100 - number) for number in range(50)]
    [(path, headers)] = github_api.requests
    assert (path.partition("?")[2], headers["Authorization"]) == ("per_page=51", "Bearer t0ken")


def test_a_run_by_its_number_is_looked_for_page_by_page_and_no_further(github_api: Api, hub: GitHubRuns) -> None:
    rows = [found(10_000 + number, number) for number in range(500, 0, -1) if number != 77]
    github_api.pages(f"{REPO}/actions/workflows/ci.yml/runs", rows, lambda page: {"workflow_runs": page})
    assert hub.numbered(OF_CI, 350).run_id == "10350"
    assert len(github_api.requests) == 2
    with pytest.raises(Unreadable, match=r"did not find run #77 of .github/workflows/ci.yml \(404\)") as raised:
        hub.numbered(OF_CI, 77)
    assert raised.value.missing
    with pytest.raises(Unreadable):
        hub.numbered(OF_CI, 501)


def test_an_attempt_is_asked_for_only_when_the_run_has_a_later_one(github_api: Api, hub: GitHubRuns) -> None:
    past = PastRun("9", 3, True, "success", OF_CI, attempt=2)
    assert [hub.attempt(past, attempt) for attempt in (2, 3, 0)] == [past] * 3
    assert github_api.requests == []
    github_api.json(f"{REPO}/actions/runs/9/attempts/1", found(conclusion="cancelled"))
    assert hub.attempt(past, 1) == PastRun("9", 3, True, "cancelled", OF_CI, attempt=1)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"workflow_runs": None},
        {"workflow_runs": {"id": 9}},
    ],
)
def test_lists_of_another_shape(
    answer: Any, github_api: Api, hub: GitHubRuns, gitlab_api: Api, lab: GitLabRuns
) -> None:
    for path in ("/actions/runs", "/actions/workflows/ci.yml/runs"):
        github_api.json(REPO + path, answer)
    gitlab_api.json(f"{PROJECT}/pipelines", {"0": answer})
    questions: list[Callable[[], object]] = [
        lambda: hub.last(5),
        lambda: hub.numbered(OF_CI, 3),
        lambda: lab.last(5),
        lambda: lab.numbered("", 3),
    ]
    for question in questions:
        with pytest.raises(Unreadable, match="is not of the documented shape"):
            question()


@pytest.mark.parametrize(("status", "denied"), [(401, True), (403, True), (404, False), (500, False), (302, False)])
def test_refusals_say_what_the_token_needs(status: int, denied: bool, github_api: Api, hub: GitHubRuns) -> None:
    github_api.json(f"{REPO}/actions/runs/9", {}, status, {"Location": "https://elsewhere.invalid/"})
    with pytest.raises(Unreadable) as raised:
        hub.run("9")
    assert (raised.value.denied, raised.value.missing) == (denied, status == 404)
    assert ("actions: read" in str(raised.value)) == (status in (401, 403, 404))


def test_gitlab_asks_for_the_jobs_of_a_pipeline_once(gitlab_api: Api, lab: GitLabRuns) -> None:
    jobs = [{"id": 5, "status": "failed", "started_at": None}, {"id": 6, "status": "success"}]
    gitlab_api.pages(f"{PROJECT}/pipelines/9/jobs", jobs)
    past = PastRun("9", 3, True, "canceled")
    assert lab.attempt(past, 5) == PastRun("9", 3, True, "failed", attempt=5)
    assert lab.attempt(past, 6).conclusion == "canceled, though the job that reported it succeeded"
    assert lab.attempt(past, 0) == past
    assert lab.attempt(past, 7) == past
    [(path, headers)] = gitlab_api.requests
    assert ("include_retried=true" in path, headers["PRIVATE-TOKEN"]) == (True, "glpat")


def test_of_two_jobs_that_started_in_the_same_second_the_running_one_counts(gitlab_api: Api, lab: GitLabRuns) -> None:
    at = "2026-11-18T00:00:00.900Z"
    rows = [{"id": number, "status": status, "started_at": at} for number, status in enumerate(("failed", "running"))]
    gitlab_api.pages(f"{PROJECT}/pipelines/9/jobs", rows)
    assert not lab.attempt(PastRun("9", 3, True, "failed"), 1_794_960_000).ended


def test_nobody_is_asked_without_a_token_or_elsewhere() -> None:
    tokens = {"github_token": "", "gitlab_token": "", "job_token": "", "ca_bundle": "", "deadline": Deadline(1)}
    for provider in ("github", "gitlab", "local", "harness"):
        run = Run(CI(provider), "octo/hello", "1", "", "", 1, "", api_url="https://api.example")
        assert connect_runs(run, **tokens) is None  # type: ignore[arg-type]
