"""Events about something else: another's deployment, another run, another job's environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import past_runs
import scenes
from jira_sandbox.server import Sandbox
from scenes import Job, under

PATH = os.environ["PATH"]
REPOSITORY = {"id": 77, "full_name": "acme/shop", "default_branch": "main"}


def job(folder: Path, sandbox: Sandbox, name: str, event: dict[str, Any], **environ: str) -> Job:
    made = scenes.github(folder, PATH, {"repository": REPOSITORY, **event}, name)
    made.environ |= {**scenes.reach(sandbox), "GITHUB_JOB": "report", "JIRA_CI_ISSUE_KEYS": "WEB-12", **environ}
    return made


def status(folder: Path, sandbox: Sandbox, state: str, **named: str) -> Job:
    """A job on ``deployment_status``, with the action's defaults."""
    deployment = {"id": 8, "sha": "a" * 40, "ref": "WEB-6-pay", "environment": "Preview"}
    event = {"deployment_status": {"state": state, **named}, "deployment": deployment}
    environ = {"GITHUB_REF": "", "JIRA_CI_INPUT_STATE": "event-or-success"}
    return job(folder, sandbox, "deployment_status", event, **environ)


def states(sandbox: Sandbox, kind: str = "deployments") -> list[str]:
    return [one["state"] for one in scenes.stored(sandbox, "WEB-12")[kind]]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("success", ["successful"]),
        ("failure", ["failed"]),
        ("error", ["failed"]),
        ("in_progress", ["in_progress"]),
        ("queued", ["pending"]),
        ("waiting", ["pending"]),
        ("pending", ["pending"]),
        ("inactive", []),
        ("something new", ["unknown"]),
    ],
)
def test_a_deployment_status_is_the_state_of_its_environment_s_deployment(
    tmp_path: Path, sandbox: Sandbox, state: str, told: list[str]
) -> None:
    ended = status(tmp_path, sandbox, state).jira_ci("report", "--format", "json")
    assert ended.code == 0, ended.err
    assert states(sandbox) == told
    assert ended.json["state"] == (told or ["skipped"])[0]


def test_the_status_s_own_environment_counts(tmp_path: Path, sandbox: Sandbox) -> None:
    status(tmp_path, sandbox, "failure", environment="Prod").jira_ci("report")
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["environment"]["displayName"], deployment["state"]) == ("Prod", "failed")


@pytest.mark.parametrize(
    ("arguments", "environ", "kind", "state"),
    [
        (("report", "--state", "success"), {}, "deployments", "successful"),
        (("report",), {"JIRA_CI_INPUT_STATE": "cancelled"}, "deployments", "cancelled"),
        (("report", "--environment", "Other"), {}, "deployments", "successful"),
        (("report", "--environment", "Preview, Other"), {}, "deployments", "successful"),
        (("report", "--environment", " preview"), {}, "deployments", "failed"),
        (("build",), {}, "builds", "successful"),
        (("report",), {"JIRA_CI_INPUT_STATE": ""}, "deployments", "failed"),
    ],
)
def test_the_event_s_state_is_that_of_nothing_else_and_an_explicit_one_wins(
    tmp_path: Path, sandbox: Sandbox, arguments: tuple[str, ...], environ: dict[str, str], kind: str, state: str
) -> None:
    ended = under(status(tmp_path, sandbox, "failure"), environ).jira_ci(*arguments)
    assert ended.code == 0, ended.err
    assert set(states(sandbox, kind)) == {state}


def test_a_deployment_s_branch_counts_where_the_job_has_none(tmp_path: Path, sandbox: Sandbox) -> None:
    ended = status(tmp_path, sandbox, "success").jira_ci("keys", "--format", "json")
    assert ended.json["sources"]["WEB-6"] == "branch"


def test_a_workflow_on_a_deployment_is_that_deployment(tmp_path: Path, sandbox: Sandbox) -> None:
    event = {"deployment": {"id": 8, "sha": "a" * 40, "ref": "main", "environment": "Prod"}}
    job(tmp_path, sandbox, "deployment", event).jira_ci("report", JIRA_CI_INPUT_STATE="failure")
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["environment"]["displayName"], deployment["state"]) == ("Prod", "failed")
    assert deployment["deploymentSequenceNumber"] == 41


def followed(folder: Path, sandbox: Sandbox, **run: Any) -> Job:
    """A job of another workflow, which runs on ``workflow_run``, with the action's defaults."""
    event = past_runs.completed(run_id=8001, number=207, head_sha="b" * 40, **run)
    environ = {
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/jira.yml@refs/heads/main",
        "GITHUB_WORKFLOW": "Jira",
        "JIRA_CI_INPUT_STATE": "event-or-success",
        "JIRA_CI_INPUT_LEG": '2/{"os": "x"}',
    }
    return job(folder, sandbox, "workflow_run", event, **environ)


@pytest.mark.parametrize("command", ["build", "report"])
def test_a_build_on_workflow_run_is_that_of_the_run_it_is_about(tmp_path: Path, sandbox: Sandbox, command: str) -> None:
    ended = followed(tmp_path, sandbox, conclusion="failure", run_attempt=2).jira_ci(command)
    assert ended.code == 0, ended.err
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["pipelineId"] == "github:77:.github/workflows/ci.yml"
    assert (build["buildNumber"], build["displayName"], build["state"]) == (207, "CI #207", "failed")
    assert build["url"] == "https://github.com/acme/shop/actions/runs/8001"
    assert build["references"][0]["commit"]["id"] == "b" * 40
    assert build["updateSequenceNumber"] >> 50 == 2


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ({"conclusion": "timed_out"}, ["failed"]),
        ({"conclusion": "neutral"}, ["unknown"]),
        ({"conclusion": "action_required"}, ["unknown"]),
        ({"conclusion": "skipped"}, []),
        ({"status": "in_progress", "conclusion": None}, ["in_progress"]),
        ({"status": "requested", "conclusion": None}, ["pending"]),
    ],
)
def test_its_state_is_that_run_s(tmp_path: Path, sandbox: Sandbox, run: dict[str, Any], told: list[str]) -> None:
    assert followed(tmp_path, sandbox, **run).jira_ci("build").code == 0
    assert states(sandbox, "builds") == told


def test_an_explicit_state_wins_over_that_run_s(tmp_path: Path, sandbox: Sandbox) -> None:
    followed(tmp_path, sandbox, conclusion="failure").jira_ci("build", "--state", "success")
    assert states(sandbox, "builds") == ["successful"]


def test_a_deployment_after_another_workflow_is_this_job_s_own(tmp_path: Path, sandbox: Sandbox) -> None:
    followed(tmp_path, sandbox, conclusion="failure").jira_ci("report", "--environment", "Prod", "--leg", "a")
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["pipeline"]["id"] == "github:77:.github/workflows/jira.yml;LEG=a"
    assert (deployment["deploymentSequenceNumber"], deployment["state"]) == (41, "successful")


def test_a_run_that_cannot_be_told_is_reported_as_this_job(tmp_path: Path, sandbox: Sandbox) -> None:
    event = {"workflow_run": {"id": "x", "conclusion": "success"}}
    job(tmp_path, sandbox, "workflow_run", event).jira_ci("build")
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["pipelineId"] == "github:77:.github/workflows/ci.yml;JOB=report"


@pytest.fixture
def gitlab(tmp_path: Path, sandbox: Sandbox) -> Job:
    made = scenes.gitlab(tmp_path, PATH)
    made.environ |= {**scenes.reach(sandbox), "CI_ENVIRONMENT_NAME": "review/pay"}
    return made


@pytest.mark.parametrize("command", ["report", "deployment"])
@pytest.mark.parametrize("action", ["stop", "prepare", "verify", "access"])
def test_a_job_that_does_not_deploy_to_its_environment_reports_nothing_and_says_so(
    gitlab: Job, sandbox: Sandbox, action: str, command: str
) -> None:
    ended = gitlab.jira_ci(command, "--format", "json", CI_ENVIRONMENT_ACTION=action)
    assert (ended.code, ended.json["state"]) == (0, "skipped")
    assert f"this job deploys nothing to review/pay (environment: action: {action})" in ended.err
    assert scenes.stored(sandbox, "WEB-12") == {"builds": [], "deployments": []}


@pytest.mark.parametrize(
    ("action", "arguments", "told"),
    [
        ("start", ("deployment",), ["successful"]),
        ("", ("deployment",), ["successful"]),
        ("verify", ("deployment", "--environment", "review/pay"), ["successful"]),
        ("prepare", ("deployment", "--environment", "Prod"), ["successful"]),
        ("stop", ("deployment", "--environment", "Review/Pay"), []),
        ("stop", ("deployment", "--environment", "Prod"), ["successful"]),
    ],
)
def test_an_environment_that_is_named_counts_unless_it_is_being_stopped(
    gitlab: Job, sandbox: Sandbox, action: str, arguments: tuple[str, ...], told: list[str]
) -> None:
    assert gitlab.jira_ci(*arguments, CI_ENVIRONMENT_ACTION=action).code == 0
    assert states(sandbox) == told


def test_a_build_is_reported_whatever_happens_to_the_environment(gitlab: Job, sandbox: Sandbox) -> None:
    gitlab.jira_ci("build", CI_ENVIRONMENT_ACTION="stop")
    assert states(sandbox, "builds") == ["successful"]
