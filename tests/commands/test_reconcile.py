"""reconcile: a job that was killed, and what Jira shows of it afterwards."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

import past_runs
import scenes
from ci.servers import Api
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from past_runs import PROJECT, REPO, github_run
from scenes import NOW, Job

PATH = os.environ["PATH"]
PROD = ("--environment", "Prod")
LATER = NOW + 3600


@pytest.fixture
def killed(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A job on GitHub that told of its start, and then nothing more."""
    job = scenes.github(tmp_path / "killed", PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= scenes.reach(sandbox)
    return job


def start(job: Job, *arguments: str, **environ: str) -> None:
    ended = Job(job.folder, {**job.environ, **environ}).jira_ci("report", "--state", "in_progress", *arguments)
    assert ended.code == 0, ended.err
    assert "Jira accepted 1" in ended.out


def janitor(folder: Path, sandbox: Sandbox, name: str = "workflow_run", **run: Any) -> Job:
    """The job of another workflow, which runs when the killed one is over."""
    event = past_runs.completed(**run) if name == "workflow_run" else {"repository": {"id": 77}}
    job = scenes.github(folder / "janitor", PATH, event, name)
    job.environ |= scenes.reach(sandbox)
    job.environ |= {
        "GITHUB_RUN_ID": "9100",
        "GITHUB_RUN_NUMBER": "7",
        "GITHUB_WORKFLOW": "Reconcile",
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/reconcile.yml@refs/heads/main",
    }
    return job


def deployments(sandbox: Sandbox, key: str = "WEB-12") -> list[dict[str, Any]]:
    return list(scenes.stored(sandbox, key)["deployments"])


def sent(sandbox: Sandbox) -> int:
    return len([exchange for exchange in sandbox.exchanges if exchange.path.endswith("/bulk")])


def test_a_killed_job_s_deployment_is_closed_by_its_run_s_event_and_is_otherwise_the_same(
    tmp_path: Path, sandbox: Sandbox, killed: Job
) -> None:
    start(killed, *PROD, "--version", "1.4.0", "--description", "Cards & more")
    [before] = deployments(sandbox)
    ended = janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD, "--format", "json", now=LATER)
    assert ended.code == 0, ended.err
    [after] = deployments(sandbox)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"state", "updateSequenceNumber", "lastUpdated"}
    assert (before["state"], after["state"]) == ("in_progress", "cancelled")
    assert after["updateSequenceNumber"] > before["updateSequenceNumber"]
    assert after["lastUpdated"] > before["lastUpdated"]
    [closed] = ended.json["closed"]
    assert (closed["record"], closed["was"], closed["state"]) == (
        "deployment #41 to Prod",
        "in_progress",
        "cancelled",
    )
    assert (closed["run"], closed["why"]) == ("9001", "its run ended: cancelled")
    assert (ended.json["accepted"], ended.json["issue-keys"]) == (1, ["WEB-12"])


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        ("success", "successful"),
        ("failure", "failed"),
        ("timed_out", "failed"),
        ("startup_failure", "failed"),
        ("cancelled", "cancelled"),
        ("stale", "unknown"),
        ("neutral", "unknown"),
        ("skipped", "unknown"),
        ("action_required", "unknown"),
        ("a word of next year", "unknown"),
        (None, "unknown"),
    ],
)
def test_every_end_of_a_run(conclusion: str | None, state: str, tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed)
    assert janitor(tmp_path, sandbox, conclusion=conclusion).jira_ci("reconcile").code == 0
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["state"] == state


def test_a_second_time_there_is_nothing_to_do(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD)
    cleaner = janitor(tmp_path, sandbox)
    cleaner.jira_ci("reconcile", *PROD)
    before = sent(sandbox)
    ended = cleaner.jira_ci("reconcile", *PROD, "--format", "json", now=LATER)
    assert (ended.json["closed"], sent(sandbox)) == ([], before)
    assert [row["why"] for row in ended.json["nothing-to-do"]] == ["it is cancelled already"]


def test_what_ended_is_left_as_it_is(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD)
    killed.jira_ci("report", *PROD, "--state", "success")
    ended = janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD, "--format", "json")
    assert (ended.json["closed"], len(ended.json["nothing-to-do"])) == ([], 1)
    assert deployments(sandbox)[0]["state"] == "successful"


def test_a_run_without_records_is_no_trouble(tmp_path: Path, sandbox: Sandbox) -> None:
    ended = janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD, "--on-error", "fail")
    assert ended.code == 0
    assert "Closed: 0. Left alone: 0. Nothing to do: 0. Not in Jira: 1." in ended.out


def test_a_second_attempt_that_is_running_keeps_its_record(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD)
    start(killed, *PROD, GITHUB_RUN_ATTEMPT="2")
    ended = janitor(tmp_path, sandbox, run_attempt=1).jira_ci("reconcile", *PROD, "--format", "json")
    [left] = ended.json["left-alone"]
    assert left["why"] == "attempt 2 reported it, and only attempt 1 is known to be over"
    assert deployments(sandbox)[0]["state"] == "in_progress"


def test_what_an_earlier_attempt_left_open_ends_as_that_attempt_did(
    tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api
) -> None:
    start(killed, *PROD)
    api.json(f"{REPO}/actions/runs/9001/attempts/1", github_run(conclusion="failure"))
    cleaner = past_runs.at_github(janitor(tmp_path, sandbox, run_attempt=2, conclusion="success"), api)
    assert cleaner.jira_ci("reconcile", *PROD).code == 0
    assert deployments(sandbox)[0]["state"] == "failed"
    # The next attempt still wins, and its end wins over a reconciliation of the first.
    killed.jira_ci("report", *PROD, "--state", "success", GITHUB_RUN_ATTEMPT="2")
    assert deployments(sandbox)[0]["state"] == "successful"


def test_an_earlier_attempt_nobody_can_be_asked_about_is_left_alone(
    tmp_path: Path, sandbox: Sandbox, killed: Job
) -> None:
    start(killed, *PROD)
    ended = janitor(tmp_path, sandbox, run_attempt=2).jira_ci("reconcile", *PROD)
    assert "Left alone: deployment #41 to Prod: attempt 1 reported it, and how that ended is not known." in ended.out
    assert deployments(sandbox)[0]["state"] == "in_progress"


def test_a_report_that_comes_late_from_the_killed_job_changes_nothing(
    tmp_path: Path, sandbox: Sandbox, killed: Job
) -> None:
    start(killed, *PROD)
    janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD)
    killed.jira_ci("report", *PROD, "--state", "in_progress", now=LATER)
    assert deployments(sandbox)[0]["state"] == "cancelled"


def test_the_second_leg_of_a_matrix_is_closed_and_the_first_is_not_touched(
    tmp_path: Path, sandbox: Sandbox, killed: Job
) -> None:
    for leg in ("eu", "us"):
        start(killed, *PROD, "--pipeline", leg)
    janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD, "--pipeline", "US")
    assert [record["state"] for record in deployments(sandbox)] == ["in_progress", "cancelled"]


def test_several_environments_and_a_build_beside_them(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed)
    killed.jira_ci("report", "--environment", "Prod, qa2", "--state", "in_progress")
    janitor(tmp_path, sandbox).jira_ci("reconcile", "--environment", "Prod, QA2, Dev")
    assert [record["state"] for record in deployments(sandbox)] == ["cancelled", "cancelled"]
    assert [record["state"] for record in scenes.stored(sandbox, "WEB-12")["builds"]] == ["in_progress"]


def test_forget_still_finds_what_was_closed(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD, "--property", "train=7")
    janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD, "--property", "train=7")
    assert killed.jira_ci("forget", "--property", "train=7", "--dry-run", "false").code == 0
    assert deployments(sandbox) == []


def test_a_run_that_is_still_going_on_is_said_and_costs_no_request(
    tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api
) -> None:
    start(killed, *PROD)
    past_runs.shows(api, github_run(status="in_progress", conclusion=None))
    cleaner = past_runs.at_github(janitor(tmp_path, sandbox, "schedule"), api)
    before = len(sandbox.exchanges)
    ended = cleaner.jira_ci("reconcile", *PROD, "--run", "9001")
    assert "Left alone: run 9001 (#41) is in progress." in ended.out
    assert not [one for one in sandbox.exchanges[before:] if "/pipelines/" in one.path]


@pytest.mark.parametrize("name", ["9001", "#41"])
def test_a_run_that_is_named(name: str, tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api) -> None:
    start(killed, *PROD)
    past_runs.shows(api, github_run(9009, 43), github_run(9001, 41))
    assert past_runs.at_github(killed, api).jira_ci("reconcile", *PROD, "--run", name).code == 0
    assert deployments(sandbox)[0]["state"] == "cancelled"


def test_on_a_schedule_the_repository_s_last_runs_are_looked_at(
    tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api
) -> None:
    start(killed, *PROD)
    start(killed, *PROD, GITHUB_RUN_ID="9002", GITHUB_RUN_NUMBER="42")
    running = github_run(9003, 43, status="in_progress", conclusion=None)
    own = github_run(9100, 7, path=".github/workflows/reconcile.yml", status="in_progress")
    past_runs.shows(api, own, running, github_run(9002, 42, conclusion="failure"), github_run(9001, 41))
    cleaner = past_runs.at_github(janitor(tmp_path, sandbox, "schedule"), api)
    ended = cleaner.jira_ci("reconcile", *PROD, "--format", "json")
    assert [record["state"] for record in deployments(sandbox)] == ["cancelled", "failed"]
    assert ended.json["still-going"] == ["Left alone: run 9003 (#43) is in progress."]
    assert "| Record | Was | Now | Why |" in cleaner.summary()


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD)
    before = sent(sandbox)
    ended = janitor(tmp_path, sandbox).jira_ci("reconcile", *PROD, "--dry-run")
    assert '"state": "cancelled"' in ended.out
    assert "Closed: 0." in ended.out
    assert (sent(sandbox), deployments(sandbox)[0]["state"]) == (before, "in_progress")


REFUSALS = [
    (403, {}, 6, "`permissions: actions: read`"),
    (401, {}, 6, "the token is wrong or expired"),
    (500, {}, 7, "it has trouble of its own"),
    (404, {}, 7, "did not find run 9001"),
    (200, {"id": 1}, 7, "the answer is not of the documented shape"),
    (200, github_run(9999), 7, "the answer is not of the documented shape"),
    (200, ["run"], 7, "the answer is not of the documented shape"),
]


@pytest.mark.parametrize(("status", "body", "code", "said"), REFUSALS)
def test_a_provider_that_does_not_tell(
    status: int, body: Any, code: int, said: str, tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api
) -> None:
    start(killed, *PROD)
    api.json(f"{REPO}/actions/runs/9001", body, status)
    job = past_runs.at_github(killed, api)
    ended = job.jira_ci("reconcile", *PROD, "--run", "9001")
    assert ended.code == 0
    assert said in ended.out
    assert job.jira_ci("reconcile", *PROD, "--run", "9001", "--on-error", "fail").code == code
    assert deployments(sandbox)[0]["state"] == "in_progress"


def test_without_a_token_it_is_said_which_one_is_missing(killed: Job) -> None:
    ended = killed.jira_ci("reconcile", *PROD, "--run", "9001")
    assert ended.code == 2
    assert "github-token is not set, so GitHub cannot be asked about run 9001." in ended.out


@pytest.mark.parametrize("name", ["41a", "#", "#0", "https://github.com/acme/shop/actions/runs/9001", "-1"])
def test_a_run_that_is_none(name: str, killed: Job) -> None:
    ended = killed.jira_ci("reconcile", f"--run={name}")
    assert (ended.code, "which is no run" in ended.out) == (2, True)


HOSTILE: list[tuple[str, Answer, int]] = [
    ("another record", json_answer(200, {"pipelineId": "mine", "buildNumber": 1, "state": "pending"}), 7),
    ("a list", json_answer(200, []), 7),
    ("HTML", Answer(200, b"<html>", {"Content-Type": "text/html"}), 7),
    ("forbidden", json_answer(403, {"message": "no"}), 6),
    ("a redirect", Answer(302, b"", {"Location": "https://elsewhere.example/"}), 7),
]


@pytest.mark.parametrize(("answer", "code"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_jira_that_answers_something_else(
    answer: Answer, code: int, tmp_path: Path, sandbox: Sandbox, killed: Job
) -> None:
    start(killed, *PROD)

    def before(request: Request) -> Answer | None:
        return answer if "/environments/" in request.path else None

    sandbox.before = before
    cleaner = janitor(tmp_path, sandbox)
    assert cleaner.jira_ci("reconcile", *PROD).code == 0
    assert cleaner.jira_ci("reconcile", *PROD, "--on-error", "fail").code == code
    assert sent(sandbox) == 1


def test_a_stored_record_with_the_largest_number_is_said(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD)
    record = sandbox.site.dump()["deployments"][0]["record"]
    record["updateSequenceNumber"] = (1 << 63) - 1
    ended = janitor(tmp_path, sandbox, run_attempt=(1 << 13) - 1).jira_ci("reconcile", *PROD)
    assert ended.code == 0
    assert "no larger one can be sent" in ended.out


def test_texts_of_strangers_stay_inert(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, "--environment", "Prod ::error::x `id`")
    cleaner = janitor(tmp_path, sandbox, conclusion="::stop-commands::x\n##[error]y | `z`")
    ended = cleaner.jira_ci("reconcile", "--environment", "Prod ::error::x `id`")
    assert not [line for line in ended.out.splitlines() if line.startswith(("::error", "::stop"))]
    assert "##[error]" not in ended.out
    assert "`" not in cleaner.summary()


def test_what_was_found_before_trouble_came_is_closed(tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api) -> None:
    start(killed, *PROD)
    start(killed, *PROD, GITHUB_RUN_ID="9002", GITHUB_RUN_NUMBER="42")
    past_runs.shows(api, github_run(9002, 42), github_run(9001, 41))

    def before(request: Request) -> Answer | None:
        return Answer(403) if request.path.endswith("/41") else None

    sandbox.before = before
    cleaner = past_runs.at_github(janitor(tmp_path, sandbox, "schedule"), api)
    assert cleaner.jira_ci("reconcile", *PROD, "--on-error", "fail").code == 6
    assert [record["state"] for record in deployments(sandbox)] == ["in_progress", "cancelled"]


def test_what_was_found_of_one_run_before_trouble_came_is_closed(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    killed.jira_ci("report", "--state", "in_progress", "--environment", "Dev, Stage, Prod")
    sandbox.before = lambda request: Answer(403) if "/prod/" in request.path else None
    ended = janitor(tmp_path, sandbox).jira_ci("reconcile", "--environment", "Dev, Stage, Prod", "--on-error", "fail")
    assert ended.code == 6
    assert "Closed: 2." in ended.out


def test_a_run_that_is_named_twice_is_closed_once(tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api) -> None:
    start(killed, *PROD)
    past_runs.shows(api, github_run())
    cleaner = past_runs.at_github(janitor(tmp_path, sandbox, "schedule"), api)
    ended = cleaner.jira_ci("reconcile", "--environment", "Prod, prod", "--run", "9001, #41")
    assert "Closed: 1." in ended.out
    assert [record["state"] for record in deployments(sandbox)] == ["cancelled"]


def test_a_site_without_credentials_does_not_keep_the_others(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed, *PROD)
    cleaner = janitor(tmp_path, sandbox)
    cleaner.write(
        ".jira-ci.yml",
        "connections:\n  emea: {site: emea.atlassian.net, credentials: EMEA}\nreport-to: [emea, default]\n",
    )
    ended = cleaner.jira_ci("reconcile", *PROD, "--on-error", "fail", "--format", "json")
    assert (ended.code, "JIRA_CI_EMEA_CLIENT_ID" in ended.json["error"]["hint"]) == (2, True)
    assert [(row["connection"], row["state"]) for row in ended.json["closed"]] == [("default", "cancelled")]
    assert cleaner.jira_ci("reconcile", *PROD).code == 2, "wrong usage fails, whatever on-error says"


def test_a_fork_s_run_has_nothing_to_ask_with(tmp_path: Path, sandbox: Sandbox) -> None:
    fork = scenes.pull_request("WEB-12", head_repo={"id": 5, "full_name": "somebody/shop", "fork": True})
    job = scenes.github(tmp_path, PATH, fork, "pull_request")
    job.environ["JIRA_CI_SITE"] = sandbox.address
    ended = job.jira_ci("reconcile", *PROD, "--run", "9001", "--on-error", "fail")
    assert (ended.code, "Nothing was done: client-id and client-secret are not there" in ended.out) == (0, True)


# GitLab


@pytest.fixture
def pipeline(tmp_path: Path, sandbox: Sandbox, api: Api) -> Job:
    job = past_runs.at_gitlab(scenes.gitlab(tmp_path, PATH), api, JIRA_CI_GITLAB_TOKEN="glpat-1")
    job.environ |= scenes.reach(sandbox)
    return job


def cleaning(job: Job) -> Job:
    """A later, scheduled pipeline of the same project."""
    environ = {**job.environ, "CI_PIPELINE_ID": "5900", "CI_PIPELINE_IID": "90", "CI_JOB_ID": "79000"}
    return Job(job.folder, environ)


@pytest.mark.parametrize(
    ("whole", "job", "state"),
    [
        ("canceled", "canceled", "cancelled"),
        ("failed", "failed", "failed"),
        ("running", "failed", "failed"),
        ("manual", "canceled", "cancelled"),
        ("success", "success", "successful"),
        ("failed", "success", "unknown"),
        ("success", None, "successful"),
        ("failed", None, "failed"),
        ("skipped", None, "unknown"),
        ("running", "running", "in_progress"),
        ("failed", "running", "in_progress"),
        ("running", "success", "in_progress"),
        ("manual", None, "in_progress"),
    ],
)
def test_gitlab_goes_by_the_job_that_reported_and_by_the_pipeline(
    whole: str, job: str | None, state: str, pipeline: Job, sandbox: Sandbox, api: Api
) -> None:
    start(pipeline, *PROD)
    past_runs.gitlab_shows(api, past_runs.pipeline(status=whole))
    other = {"id": 70000, "status": "success", "started_at": "2026-11-17T23:00:00.000Z"}
    own = [{"id": 70001, "status": job, "started_at": "2026-11-18T00:00:00.415Z"}] if job else []
    api.pages(f"{PROJECT}/pipelines/5001/jobs", [other, *own])
    ended = cleaning(pipeline).jira_ci("reconcile", *PROD)
    assert ended.code == 0, ended.out
    assert deployments(sandbox)[0]["state"] == state


def test_gitlab_named_by_number(pipeline: Job, sandbox: Sandbox, api: Api) -> None:
    start(pipeline, *PROD)
    past_runs.gitlab_shows(api, past_runs.pipeline(5002, 13), past_runs.pipeline())
    api.pages(f"{PROJECT}/pipelines/5001/jobs", [])
    ended = cleaning(pipeline).jira_ci("reconcile", *PROD, "--run", "#12", "--on-error", "fail")
    assert (ended.code, deployments(sandbox)[0]["state"]) == (0, "cancelled")
    missing = cleaning(pipeline).jira_ci("reconcile", *PROD, "--run", "#11", "--on-error", "fail")
    assert (missing.code, "did not find pipeline #11 (404)" in missing.err) == (7, True)


def test_a_retried_job_s_report_still_wins_over_a_reconciliation(pipeline: Job, sandbox: Sandbox, api: Api) -> None:
    start(pipeline, *PROD)
    past_runs.gitlab_shows(api, past_runs.pipeline())
    api.pages(f"{PROJECT}/pipelines/5001/jobs", [])
    cleaning(pipeline).jira_ci("reconcile", *PROD, now=LATER)
    start(pipeline, *PROD, CI_JOB_STARTED_AT="2026-11-18T02:00:00Z", CI_JOB_ID="70050")
    assert deployments(sandbox)[0]["state"] == "in_progress"


def test_a_job_token_may_not_read_pipelines_and_that_is_said(tmp_path: Path, sandbox: Sandbox, api: Api) -> None:
    job = past_runs.at_gitlab(scenes.gitlab(tmp_path, PATH), api, CI_JOB_TOKEN="glcbt-1")
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci("reconcile", *PROD)
    assert (ended.code, api.requests) == (0, [])
    assert "CI_JOB_TOKEN may not read it; set gitlab-token to a token with the scope read_api" in ended.err
    assert job.jira_ci("reconcile", *PROD, "--on-error", "fail").code == 6


JOBS = """
on: push
jobs:
  lint:
    steps: [{uses: jira-ci/jira-ci@v0}]
  test:
    strategy: {matrix: {os: [linux, mac]}}
    steps: [{uses: jira-ci/jira-ci@v0}]
  pages:
    steps: [{run: make pages}]
"""
CI_FILE = ".github/workflows/ci.yml"


def left_open(killed: Job, *jobs: str, **environ: str) -> None:
    """Each of these jobs told of its build's start."""
    for job in jobs:
        name, _, system = job.partition(" ")
        leg = json.dumps({"os": system} if system else None)
        start(killed, GITHUB_JOB=name, JIRA_CI_INPUT_LEG=f"{1 + bool(system)}/{leg}", **environ)


def builds(sandbox: Sandbox) -> dict[str, str]:
    return {one["displayName"]: one["state"] for one in scenes.stored(sandbox, "WEB-12")["builds"]}


def test_the_builds_of_every_job_and_leg_are_closed_as_the_workflow_s_file_at_its_commit_names_them(
    tmp_path: Path, sandbox: Sandbox, killed: Job
) -> None:
    left_open(killed, "lint", "test linux", "test mac")
    job = janitor(tmp_path, sandbox)
    job.write(CI_FILE, JOBS)
    job.git("add", ".")
    head = job.commit("CI")
    job.write(CI_FILE, "on: push\njobs: {}\n")  # what it is like today
    job = janitor_of(job, head_sha=head)
    ended = job.jira_ci("reconcile", "--format", "json", now=LATER)
    assert ended.code == 0, ended.err
    assert builds(sandbox) == {
        "CI (lint) #41": "cancelled",
        "CI (test, linux) #41": "cancelled",
        "CI (test, mac) #41": "cancelled",
    }
    assert len(ended.json["not-found"]) == 1  # the build of all jobs together


def janitor_of(job: Job, **run: Any) -> Job:
    """The same job, after another run."""
    Path(job.environ["GITHUB_EVENT_PATH"]).write_text(json.dumps(past_runs.completed(**run)), encoding="utf-8")
    return job


def test_the_file_is_asked_for_where_the_clone_has_it_not(
    tmp_path: Path, sandbox: Sandbox, killed: Job, api: Api
) -> None:
    left_open(killed, "test mac")
    head = "d" * 40
    content = base64.encodebytes(JOBS.encode()).decode()
    api.json(f"{REPO}/contents/{CI_FILE}", {"type": "file", "encoding": "base64", "content": content})
    job = past_runs.at_github(janitor(tmp_path, sandbox, head_sha=head), api)
    assert job.jira_ci("reconcile", now=LATER).code == 0
    assert builds(sandbox) == {"CI (test, mac) #41": "cancelled"}
    assert f"{REPO}/contents/{CI_FILE}" in api.paths


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jobs: {test: {strategy: {matrix: '${{ fromJSON(x) }}'}, steps: []}}", "only a run knows the matrix"),
        ("jobs: {test: {uses: ./.github/workflows/test.yml}}", "the job test is another workflow's"),
        (f"jobs: {{test: {{strategy: {{matrix: {{n: {list(range(51))}}}}}}}}}", "there are 51"),
    ],
)
def test_jobs_that_the_file_does_not_tell_need_a_pipeline(
    tmp_path: Path, sandbox: Sandbox, killed: Job, text: str, why: str
) -> None:
    left_open(killed, "test a")
    start(killed, "--pipeline", "all", GITHUB_JOB="test")
    job = janitor(tmp_path, sandbox)
    job.write(CI_FILE, text)
    job.git("add", ".")
    job = janitor_of(job, head_sha=job.commit("CI"))
    ended = job.jira_ci("reconcile", now=LATER)
    assert ended.code == 0
    assert f"Which jobs of {CI_FILE} reported is not known: {why}" in ended.out
    assert "pipeline" in ended.out
    assert set(builds(sandbox).values()) == {"in_progress"}
    job.jira_ci("reconcile", "--pipeline", "all", now=LATER)
    assert builds(sandbox)["CI (all) #41"] == "cancelled"


def test_what_0_1_left_open_is_closed_once(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    start(killed)  # without a job's name, as it was
    job = janitor(tmp_path, sandbox)
    assert "Closed: 1." in job.jira_ci("reconcile", now=LATER).out
    assert builds(sandbox) == {"CI #41": "cancelled"}
    assert "Closed: 0." in job.jira_ci("reconcile", now=LATER + 60).out


def test_legs_that_deployed_to_one_place_are_closed(tmp_path: Path, sandbox: Sandbox, killed: Job) -> None:
    for system in ("linux", "mac"):
        start(killed, *PROD, JIRA_CI_INPUT_LEG=f'2/{{"os": "{system}"}}')
    job = janitor(tmp_path, sandbox)
    job.write(CI_FILE, JOBS)
    job.git("add", ".")
    job = janitor_of(job, head_sha=job.commit("CI"))
    assert "Closed: 2." in job.jira_ci("reconcile", *PROD, now=LATER).out
    assert {one["state"] for one in deployments(sandbox)} == {"cancelled"}


def test_gitlab_s_list_names_the_jobs_and_their_legs(tmp_path: Path, sandbox: Sandbox, api: Api) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox)
    legs = {"test: [a, b]": "1", "rspec 2/3": "2", "lint 1/2": "", "lint": ""}  # the last but one is called so
    for name, index in legs.items():
        total = {"CI_NODE_TOTAL": "3" if index else "1", "CI_NODE_INDEX": index}
        started = scenes.under(job, {"CI_JOB_NAME": name, **total}).jira_ci("build", "--state", "in_progress")
        assert "Jira accepted 1" in started.out
    past_runs.gitlab_shows(api, past_runs.pipeline(5001, 12))
    rows = [{"id": 70001, "name": name, "status": "canceled", "started_at": None} for name in legs]
    api.pages(f"{PROJECT}/pipelines/5001/jobs", rows)
    janitor = scenes.under(
        job,
        {"CI_API_V4_URL": api.url, "CI_PIPELINE_ID": "5009", "CI_PIPELINE_IID": "19", "JIRA_CI_GITLAB_TOKEN": "t0ken"},
    )
    assert "Closed: 4." in janitor.jira_ci("reconcile", "--run", "5001", now=LATER).out
    assert set(builds(sandbox).values()) == {"cancelled"}
