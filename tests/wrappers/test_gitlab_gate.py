"""The template's gate: jobs that fail until the change is approved, and a deployment that starts only then."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gate_subjects import approved
from jira_sandbox.server import Sandbox
from wrappers.gitlab_runner import GitLab
from wrappers.machine import SHELLS, Machine, states

Start = Callable[..., GitLab]

JOBS = """
gate:
  extends: .jira-ci-gate
  environment: {name: Prod}
deploy:
  extends: .jira-ci-gated-deployment
  environment: {name: Prod}
  script: jira_ci deploy -- sh -c 'test -z "$(git status --porcelain)" && touch deployed; env > seen; exit 0'
bare:
  extends: .jira-ci-gated-deployment
  environment: {name: Prod}
  script: touch deployed
"""
ARTIFACTS = tuple(f".jira-ci/jira-ci{end}" for end in (".html", ".json", ".md", "-record.json"))


@pytest.fixture
def pipeline(machine: Machine, gitlab: Start, sandbox: Sandbox) -> GitLab:
    machine.gated(sandbox)
    pipeline = gitlab(JOBS, JIRA_CI_VERSION="1.2.3")
    machine.link("sleep")
    return pipeline


def deployed(pipeline: GitLab) -> bool:
    return (pipeline.machine.workspace / "deployed").exists()


def test_a_gate_job_fails_until_the_change_is_approved(pipeline: GitLab, sandbox: Sandbox) -> None:
    job = pipeline.run("gate")
    assert job.status == "failed"
    assert (job.outputs["JIRA_CI_OUT_DECISION"], job.outputs["JIRA_CI_OUT_APPROVED"]) == ("wait", "false")
    assert job.artifacts == ARTIFACTS
    key = job.outputs["JIRA_CI_OUT_CHANGE_KEY"]
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
    job = pipeline.run("gate")
    assert job.status == "success", job.log
    assert job.outputs["JIRA_CI_OUT_APPROVED"] == "true"
    assert states(sandbox) == []


@pytest.mark.parametrize("name", ["gate", "deploy"])
def test_a_refusal_stops_the_pipeline_even_of_a_manual_job(name: str, pipeline: GitLab) -> None:
    assert pipeline.jobs[name]["allow_failure"] is False


@pytest.mark.parametrize("name", ["deploy", "bare"])
def test_without_an_approval_nothing_of_the_script_starts(name: str, pipeline: GitLab, sandbox: Sandbox) -> None:
    job = pipeline.run(name)
    assert job.status == "failed"
    assert (deployed(pipeline), states(sandbox)) == (False, [])
    assert job.outputs["JIRA_CI_OUT_APPROVED"] == "false"


@pytest.mark.parametrize("shell", SHELLS)
def test_an_approved_change_lets_the_deployment_run(shell: str, tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(tmp_path / "a runnér", shell)
    machine.gated(sandbox)
    pipeline = GitLab(machine, JOBS, {"JIRA_CI_HOME": sys.prefix, "JIRA_CI_VERSION": "1.2.3", "MY_KEY": "theirs"})
    key = approved(sandbox)
    job = pipeline.run("deploy")
    assert job.status == "success", job.log
    assert deployed(pipeline)
    assert states(sandbox) == ["in_progress", "successful"]
    assert job.artifacts == (*ARTIFACTS, ".jira-ci/jira-ci-record.intoto.json")
    assert job.outputs["JIRA_CI_OUT_CHANGE_KEY"] == key
    record = json.loads((machine.workspace / ".jira-ci/jira-ci-record.json").read_text(encoding="ascii"))
    assert (record["approved"], record["deployment"]["state"]) == (True, "successful")
    seen = (machine.workspace / "seen").read_text(encoding="utf-8")
    assert "MY_KEY=theirs" in seen
    assert sandbox.credentials.token not in seen
    assert sandbox.credentials.client_secret not in seen


@pytest.mark.parametrize("code", [1, 3, 77])
def test_a_command_that_fails_is_a_failed_job(code: int, pipeline: GitLab, sandbox: Sandbox) -> None:
    approved(sandbox)
    pipeline.jobs["deploy"]["script"] = (
        f"code=0; jira_ci deploy -- sh -c 'exit {code}' || code=$?; echo it was $code; false"
    )
    job = pipeline.run("deploy")
    assert f"it was {code}" in job.log
    assert states(sandbox) == ["in_progress", "failed"]


@pytest.mark.parametrize("name", ["gate", "deploy", "bare"])
@pytest.mark.parametrize("on_error", ["warn", "fail"])
def test_what_cannot_be_installed_approves_nothing(
    name: str, on_error: str, pipeline: GitLab, sandbox: Sandbox
) -> None:
    approved(sandbox)
    pipeline.machine.script("python3", "exit 1")
    del pipeline.variables["JIRA_CI_HOME"]
    job = pipeline.run(name, JIRA_CI_PACKAGE="/nonexistent.whl", JIRA_CI_ON_ERROR=on_error)
    assert job.status == "failed"
    assert "error: /nonexistent.whl could not be installed" in job.log
    assert "Not reported" not in job.log
    assert not deployed(pipeline)
    assert job.outputs == {"JIRA_CI_OUT_DECISION": "deny", "JIRA_CI_OUT_APPROVED": "false"}


def test_a_deploy_command_without_its_job_is_gated_as_well(machine: Machine, gitlab: Start, sandbox: Sandbox) -> None:
    machine.gated(sandbox)
    text = """
deploy:
  environment: {name: Prod}
  before_script: [!reference [.jira-ci, script]]
  script: ["jira_ci deploy -- touch deployed"]
"""
    pipeline = gitlab(text, JIRA_CI_VERSION="1.2.3")
    assert pipeline.run("deploy").status == "failed"
    assert not deployed(pipeline)
    approved(sandbox)  # beside the one that the gate has made, which is another open match
    assert pipeline.run("deploy").status == "failed"
    assert not deployed(pipeline)
