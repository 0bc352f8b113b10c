"""The examples that reconcile, run as GitHub and GitLab would run them after a job was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

import past_runs
from ci.servers import Api, serving
from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, Step, evaluate
from wrappers.gitlab_runner import GitLab
from wrappers.machine import ROOT, states, stored

DEPLOYMENT = """
deploy:
  extends: .jira-ci-deployment
  image: python:3.13
  environment:
    name: Prod
  script: ["true"]
"""


@pytest.fixture
def api() -> Iterator[Api]:
    with serving("/api") as api:
        yield api


def _killed(**changes: Any) -> dict[str, Any]:
    """The runner's own run, as GitHub shows it."""
    run = past_runs.github_run(1658821493, 42, path=past_runs.DEPLOY, conclusion="failure", **changes)
    return {**run, "html_url": "https://github.com/octo-org/web/actions/runs/1658821493"}


def _example(runner: Runner, sandbox: Sandbox, event: tuple[str, dict[str, Any]], api: Api) -> Step:
    document = yaml.safe_load((ROOT / "examples" / "github" / "reconcile.yml").read_text(encoding="utf-8"))
    assert document["permissions"] == {"actions": "read", "contents": "read"}
    (job,) = document["jobs"].values()
    (step,) = (step for step in job["steps"] if "jira-ci" in step["uses"])
    secrets = {
        "JIRA_CLIENT_ID": sandbox.credentials.client_id,
        "JIRA_CLIENT_SECRET": sandbox.credentials.client_secret,
    }
    given = {key: evaluate(value, {"secrets": secrets}) for key, value in step["with"].items()}
    runner.event, runner.token = event, "ghs_token"
    runner.env = {
        "GITHUB_API_URL": api.url,
        "GITHUB_RUN_ID": "1658829999",
        "GITHUB_RUN_NUMBER": "7",
        "GITHUB_WORKFLOW": "Reconcile Jira",
        "GITHUB_WORKFLOW_REF": "octo-org/web/.github/workflows/reconcile.yml@refs/heads/main",
    }
    return runner.finish(*runner.start({**given, "site": sandbox.address}))


def _deployment(sandbox: Sandbox) -> str:
    (record,) = stored(sandbox, "deployments")
    return str(record["state"])


def test_github_when_the_workflow_is_over(runner: Runner, sandbox: Sandbox, api: Api) -> None:
    assert runner.run(command="deployment", environment="Prod", state="in_progress").code == 0
    event = {"action": "completed", "workflow": {"path": past_runs.DEPLOY}, "workflow_run": _killed()}
    step = _example(runner, sandbox, ("workflow_run", event), api)
    assert (step.code, step.outputs["accepted"], _deployment(sandbox)) == (0, "1", "failed"), step.log
    assert api.requests == []
    assert "deployment &#35;" in step.summary
    step = _example(runner, sandbox, ("workflow_run", event), api)
    assert (step.code, step.outputs["accepted"], states(sandbox)) == (0, "0", ["in_progress", "failed"])


def test_github_on_a_schedule(runner: Runner, sandbox: Sandbox, api: Api) -> None:
    assert runner.run(command="deployment", environment="Prod", state="in_progress").code == 0
    runs = {"workflow_runs": [_killed()]}
    api.json("/repos/octo-org/web/actions/runs", runs)
    step = _example(runner, sandbox, ("schedule", {"schedule": "17 3 * * *"}), api)
    assert (step.code, step.outputs["accepted"], _deployment(sandbox)) == (0, "1", "failed"), step.log


def test_gitlab_on_a_schedule(gitlab: Callable[..., GitLab], sandbox: Sandbox, api: Api) -> None:
    text = (ROOT / "examples" / "gitlab" / "reconcile.yml").read_text(encoding="utf-8")
    pipeline = gitlab(text + DEPLOYMENT, JIRA_CI_SITE=sandbox.address, JIRA_CI_GITLAB_TOKEN="glpat-1")
    # A job whose runner was lost: nothing of it ran after its start was told.
    pipeline.jobs["deploy"]["after_script"] = []
    assert pipeline.run("deploy").status == "success"
    assert _deployment(sandbox) == "in_progress"
    home = "/projects/17/pipelines"
    api.pages(home, [past_runs.pipeline(999, 13, "running"), past_runs.pipeline(900, 12, "failed")])
    own = {"id": 6001, "status": "failed", "started_at": "2026-03-02T10:01:00.000Z"}
    api.pages(f"{home}/900/jobs", [own])
    later = {"CI_API_V4_URL": api.url, "CI_PIPELINE_ID": "999", "CI_PIPELINE_IID": "13"}
    pipeline.variables |= {**later, "CI_PIPELINE_SOURCE": "schedule"}
    job = pipeline.run("reconcile")
    assert (job.status, job.outputs["JIRA_CI_OUT_ACCEPTED"]) == ("success", "1"), job.log
    assert _deployment(sandbox) == "failed"
    assert ".jira-ci/jira-ci.json" in job.artifacts
