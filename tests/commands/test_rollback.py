"""rollback: the deployment that was rolled back, named or found out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import past_runs
import scenes
from ci.servers import Api
from gate_faults import answered
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from past_runs import PROJECT, REPO, github_run
from scenes import NOW, Job

PATH = os.environ["PATH"]
PROD = ("--environment", "Prod")
LATER = NOW + 3600


def later(job: Job, run_id: str = "9005", number: str = "45", workflow: str = "ci.yml") -> Job:
    """A job of a later run."""
    path = f"acme/shop/.github/workflows/{workflow}@refs/heads/main"
    more = {"GITHUB_RUN_ID": run_id, "GITHUB_RUN_NUMBER": number, "GITHUB_WORKFLOW_REF": path}
    return Job(job.folder, {**job.environ, **more})


def deploy(job: Job, *arguments: str, state: str = "success", **environ: str) -> None:
    job = Job(job.folder, {**job.environ, **environ})
    assert "Jira accepted" in job.jira_ci("deployment", *PROD, "--state", state, *arguments).out


def states(sandbox: Sandbox) -> dict[int, str]:
    found = scenes.stored(sandbox, "WEB-12")["deployments"]
    return {record["deploymentSequenceNumber"]: record["state"] for record in found}


def test_a_run_named_by_its_number_and_everything_else_stays(job: Job, sandbox: Sandbox) -> None:
    deploy(job, "--version", "1.4.0")
    [before] = scenes.stored(sandbox, "WEB-12")["deployments"]
    ended = later(job).jira_ci("rollback", *PROD, "--run", "#41", "--format", "json", now=LATER)
    assert ended.code == 0, ended.err
    [after] = scenes.stored(sandbox, "WEB-12")["deployments"]
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"state", "updateSequenceNumber", "lastUpdated"}
    assert after["state"] == "rolled_back"
    assert (ended.json["state"], ended.json["environment"], ended.json["accepted"]) == ("rolled_back", ["Prod"], 1)
    assert ended.json["issue-keys"] == ["WEB-12"]


def test_a_run_named_by_its_id_may_be_of_another_workflow(job: Job, sandbox: Sandbox, api: Api) -> None:
    deploy(job)
    past_runs.shows(api, github_run())
    other = past_runs.at_github(later(job, workflow="rollback.yml"), api)
    assert other.jira_ci("rollback", *PROD, "--run", "9001", "--on-error", "fail").code == 0
    assert states(sandbox) == {41: "rolled_back"}
    ended = other.jira_ci("rollback", *PROD, "--run", "#41", "--on-error", "fail")
    assert (ended.code, "rollback.yml" in ended.out) == (8, True)


def test_without_a_run_the_last_success_before_this_run(job: Job, sandbox: Sandbox, api: Api) -> None:
    deploy(job)
    deploy(later(job, "9002", "42"))
    restoring = past_runs.at_github(later(job), api)
    deploy(restoring, state="in_progress")
    runs = [(9005, ["success"]), (9003, ["failure"]), (9002, ["inactive", "success"]), (9001, ["success"])]
    past_runs.deployed(api, *runs)
    past_runs.shows(api, github_run(9002, 42))
    ended = restoring.jira_ci("rollback", *PROD, "--on-error", "fail")
    assert ended.code == 0, ended.out
    assert "The last successful deployment to Prod was that of run 9002 (#42)." in ended.out
    assert states(sandbox) == {41: "successful", 42: "rolled_back", 45: "in_progress"}


def test_a_deployment_that_failed_in_this_run_is_the_one_and_not_the_good_one_before_it(
    job: Job, sandbox: Sandbox, api: Api
) -> None:
    deploy(job)
    failing = past_runs.at_github(later(job), api)
    deploy(failing, state="failure")
    past_runs.deployed(api, (9005, ["failure"]), (9001, ["success"]))
    assert failing.jira_ci("rollback", *PROD).code == 0
    assert states(sandbox) == {41: "successful", 45: "rolled_back"}


def test_without_a_run_and_without_a_provider_the_setting_is_named(job: Job) -> None:
    ended = job.jira_ci("rollback", *PROD)
    assert ended.code == 2
    assert "run is not set. github-token is not set" in ended.out
    assert "run: 1658821493" in ended.out


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([], 2, "knows of no successful deployment to 'Prod'"),
        ([(9003, ["failure"])], 2, "knows of no successful deployment to 'Prod'"),
        ([(0, ["success"])], 7, "does not say which run made it"),
    ],
)
def test_nothing_to_be_found_out(rows: list[Any], code: int, said: str, job: Job, api: Api) -> None:
    past_runs.deployed(api, *rows)
    for number, (run, _) in enumerate(rows):
        if not run:
            api.json(f"{REPO}/deployments/{number + 1}/statuses", [{"state": "success", "log_url": ""}])
    ended = past_runs.at_github(job, api).jira_ci("rollback", *PROD, "--on-error", "fail")
    assert (ended.code, said in ended.out, "Name the run" in ended.out) == (code, True, True)


def test_a_forbidden_provider_names_the_permission(job: Job, api: Api) -> None:
    past_runs.deployed(api, (9000, ["success"]))
    api.json(f"{REPO}/actions/runs/9000", {}, 403)
    ended = past_runs.at_github(job, api).jira_ci("rollback", *PROD)
    assert (ended.code, "`permissions: actions: read`" in ended.out) == (0, True)


def test_tenants_and_a_matrix_leg_have_records_of_their_own(job: Job, sandbox: Sandbox) -> None:
    deploy(job, "--pipeline", "eu")
    deploy(job, "--pipeline", "us")
    later(job).jira_ci("rollback", *PROD, "--run", "#41", "--pipeline", "us")
    found = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert [(record["pipeline"]["id"][-2:], record["state"]) for record in found] == [
        ("eu", "successful"),
        ("us", "rolled_back"),
    ]


def test_of_two_tenants_one_is_rolled_back(job: Job, sandbox: Sandbox) -> None:
    deploy(job, "--tenant", "Acme, Umbrella")
    ended = later(job).jira_ci("rollback", *PROD, "--tenant", "acme", "--run", "#41", "--format", "json")
    assert [row["record"] for row in ended.json["closed"]] == ["deployment #41 to Prod for acme"]
    found = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert [(record["environment"]["displayName"], record["state"]) for record in found] == [
        ("Prod for Acme", "rolled_back"),
        ("Prod for Umbrella", "successful"),
    ]


@pytest.mark.parametrize(
    ("state", "code", "after"),
    [
        ("success", 0, "rolled_back"),
        ("failure", 0, "rolled_back"),
        ("cancelled", 0, "rolled_back"),
        ("unknown", 0, "rolled_back"),
        ("rolled_back", 0, "rolled_back"),
        ("in_progress", 8, "in_progress"),
        ("pending", 8, "pending"),
    ],
)
def test_what_has_ended_can_be_rolled_back(state: str, code: int, after: str, job: Job, sandbox: Sandbox) -> None:
    deploy(job, state=state)
    ended = later(job).jira_ci("rollback", *PROD, "--run", "#41", "--on-error", "fail")
    assert (ended.code, states(sandbox)) == (code, {41: after})
    assert ("run jira-ci reconcile first" in ended.out) == (code == 8)


def test_a_second_rollback_sends_nothing(job: Job, sandbox: Sandbox) -> None:
    deploy(job)
    later(job).jira_ci("rollback", *PROD, "--run", "#41")
    before = len([one for one in sandbox.exchanges if one.method == "POST" and one.path.endswith("/bulk")])
    ended = later(job).jira_ci("rollback", *PROD, "--run", "#41", "--on-error", "fail")
    assert (ended.code, "it is rolled back already" in ended.out) == (0, True)
    after = len([one for one in sandbox.exchanges if one.method == "POST" and one.path.endswith("/bulk")])
    assert after == before


def test_a_later_attempt_of_the_run_wins_over_its_rollback(job: Job, sandbox: Sandbox) -> None:
    deploy(job)
    later(job).jira_ci("rollback", *PROD, "--run", "#41", now=LATER)
    deploy(job, GITHUB_RUN_ATTEMPT="2")
    assert states(sandbox) == {41: "successful"}


@pytest.mark.parametrize(("choice", "code"), [("warn", 0), ("fail", 8)])
def test_what_is_not_there_is_said_with_its_ids(choice: str, code: int, job: Job) -> None:
    ended = job.jira_ci("rollback", "--environment", "Prod EU", "--run", "#7", "--on-error", choice)
    assert ended.code == code
    assert "Jira has no deployment #7 to prod eu of pipeline github:77:.github/workflows/ci.yml." in ended.out, (
        ended.out
    )


def test_the_text_may_change_and_the_commands_of_the_gate_are_not_given_again(job: Job, sandbox: Sandbox) -> None:
    deploy(job)
    record = sandbox.site.dump()["deployments"][0]["record"]
    record["commands"] = [{"command": "initiate_deployment_gating"}]
    texts = (
        "--description",
        "{environment}: back to {version}",
        "--version",
        "1.3.9",
        "--url",
        "https://x.example/{run-id}",
    )
    later(job).jira_ci("rollback", *PROD, "--run", "#41", *texts)
    [after] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (after["description"], after["url"]) == ("Prod: back to 1.3.9", "https://x.example/9005")
    assert "commands" not in after


def test_forget_finds_it_by_its_own_run_afterwards(job: Job, sandbox: Sandbox) -> None:
    deploy(job)
    later(job).jira_ci("rollback", *PROD, "--run", "#41")
    later(job).jira_ci("forget", "--run", "9001", "--dry-run", "false")
    assert states(sandbox) == {}


def test_a_record_that_jira_shows_without_issues_needs_them_named(job: Job, sandbox: Sandbox) -> None:
    deploy(job)
    record = sandbox.site.dump()["deployments"][0]["record"]
    del record["associations"]
    ended = later(job).jira_ci("rollback", *PROD, "--run", "#41")
    assert "Jira does not say which issues" in ended.out
    assert later(job).jira_ci("rollback", *PROD, "--run", "#41", "--issue-keys", "WEB-12").code == 0
    assert states(sandbox) == {41: "rolled_back"}


def test_without_an_environment(job: Job) -> None:
    ended = job.jira_ci("rollback", "--run", "#41")
    assert (ended.code, "environment is not set" in ended.out) == (2, True)


def test_a_dry_run_sends_nothing(job: Job, sandbox: Sandbox) -> None:
    deploy(job)
    ended = later(job).jira_ci("rollback", *PROD, "--run", "#41", "--dry-run")
    assert ('"state": "rolled_back"' in ended.out, states(sandbox)) == (True, {41: "successful"})


@pytest.mark.parametrize("iid", [12, None])
def test_gitlab_finds_the_last_deployment_with_a_job_token_where_it_names_the_number(
    iid: int | None, tmp_path: Path, sandbox: Sandbox, api: Api
) -> None:
    job = past_runs.at_gitlab(scenes.gitlab(tmp_path / "gitlab", PATH), api, CI_JOB_TOKEN="glcbt-1")
    job.environ |= scenes.reach(sandbox)
    deploy(job)
    made = {"id": 5001, "iid": iid, "status": "success"}
    rows = [{"id": 2, "deployable": {"pipeline": {"id": 5900, "iid": 90}}}, {"id": 1, "deployable": {"pipeline": made}}]
    api.pages(f"{PROJECT}/deployments", rows)
    restoring = Job(job.folder, {**job.environ, "CI_PIPELINE_ID": "5900", "CI_PIPELINE_IID": "90"})
    ended = restoring.jira_ci("rollback", *PROD, "--on-error", "fail")
    if iid:
        assert (ended.code, states(sandbox)) == (0, {12: "rolled_back"})
    else:
        assert (ended.code, states(sandbox)) == (6, {12: "successful"})
        assert "CI_JOB_TOKEN may not read it" in ended.err


SERVICES = """
services:
  billing: {ids: ["ari:billing"]}
  Search: {ids: ["ari:search"]}
"""


def test_of_two_services_one_is_rolled_back_and_stays_associated_with_its_service(job: Job, sandbox: Sandbox) -> None:
    job.write(".jira-ci.yml", SERVICES)
    deploy(job, "--service", "billing, Search", "--issue-keys", "WEB-12")
    ended = later(job).jira_ci("rollback", *PROD, "--service", "search", "--run", "#41", "--on-error", "fail")
    assert ended.code == 0, ended.out
    found = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert [(record["pipeline"]["id"].rpartition(";")[2], record["state"]) for record in found] == [
        ("SERVICE=billing", "successful"),
        ("SERVICE=search", "rolled_back"),
    ]
    assert {"associationType": "serviceIdOrKeys", "values": ["ari:search"]} in found[1]["associations"]
    ended = later(job).jira_ci("rollback", *PROD, "--service", "serch", "--run", "#41")
    assert (ended.code, "Did you mean Search?" in ended.out) == (2, True)


def test_what_was_found_before_trouble_came_is_rolled_back(job: Job, sandbox: Sandbox) -> None:
    job.jira_ci("deployment", "--environment", "Dev, Stage, Prod", "--state", "success")
    sandbox.before = lambda request: Answer(403) if "/prod/" in request.path else None
    options = ("--environment", "Dev, Stage, Prod", "--run", "#41", "--on-error", "fail")
    ended = later(job).jira_ci("rollback", *options, now=LATER)
    assert ended.code == 6
    assert "Rolled back: 2." in ended.out


def test_a_record_that_cannot_be_sent_again_does_not_keep_the_others(job: Job, sandbox: Sandbox) -> None:
    job.jira_ci("deployment", "--environment", "Dev, Prod", "--state", "success")

    def before(request: Request) -> Answer | None:
        """Jira shows the deployment to Dev without any issues."""
        if request.method != "GET" or "/dev/" not in request.path:
            return None
        shown = json.loads(answered(sandbox, request).body)
        return json_answer(200, {name: value for name, value in shown.items() if name != "associations"})

    sandbox.before = before
    options = ("--environment", "Dev, Prod", "--run", "#41", "--on-error", "fail")
    ended = later(job).jira_ci("rollback", *options, now=LATER)
    assert (ended.code, "Rolled back: 1." in ended.out) == (8, True)


def test_a_run_that_is_named_twice_is_rolled_back_once(job: Job, sandbox: Sandbox, api: Api) -> None:
    deploy(job)
    past_runs.shows(api, github_run())
    other = past_runs.at_github(later(job), api)
    ended = other.jira_ci("rollback", "--environment", "Prod, prod", "--run", "9001, #41", now=LATER)
    assert "Rolled back: 1." in ended.out


def test_what_was_done_at_one_site_is_told_when_nobody_knows_the_other_s(
    job: Job, start_sandbox: Callable[..., Sandbox]
) -> None:
    other = start_sandbox()
    deploy(job, state="failure")
    job.environ |= {
        "JIRA_CI_EMEA_CLIENT_ID": other.credentials.client_id,
        "JIRA_CI_EMEA_CLIENT_SECRET": other.credentials.client_secret,
    }
    sites = f"connections:\n  emea: {{site: {other.address!r}, credentials: EMEA}}\nreport-to: [default, emea]\n"
    job.write(".jira-ci.yml", sites)
    ended = job.jira_ci("rollback", *PROD, "--format", "json", "--on-error", "fail", now=LATER)
    assert ended.code == 2
    assert [(row["connection"], row["state"]) for row in ended.json["closed"]] == [("default", "rolled_back")]
    assert ended.json["error"]["message"].startswith("run is not set")
