"""The examples of one approval for three regions, run as GitHub and GitLab would run two legs of their matrix."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import yaml

from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, Step, evaluate
from wrappers.gitlab_runner import GitLab
from wrappers.machine import ROOT, Machine

REGIONS = ["Prod-EU", "Prod-US", "Prod-AP"]


def _ready(machine: Machine, example: str, sandbox: Sandbox) -> str:
    """The example's text, and a repository with the file that its own comment shows."""
    text = (ROOT / "examples" / example).read_text(encoding="utf-8")
    shown = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    file = "\n".join(shown).replace("acme.atlassian.net", f'"{sandbox.address}"') + "\n"
    assert yaml.safe_load(file)["change-control"]["one-change-for"] == REGIONS
    machine.gated(sandbox)
    (machine.workspace / ".jira-ci.yml").write_text(file, encoding="utf-8")
    (machine.workspace / "deploy.sh").write_text('#!/bin/sh\necho "$@" >> deployed\n', encoding="utf-8")
    (machine.workspace / "deploy.sh").chmod(0o755)
    subprocess.run(["git", "add", "."], cwd=machine.workspace, env=machine.environ(), check=True)
    machine.commit("WEB-7 Three regions")
    return text


def _approve(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")


def _leg(runner: Runner, sandbox: Sandbox, text: str, region: str) -> Step:
    (job,) = yaml.safe_load(text)["jobs"].values()
    assert job["strategy"]["matrix"] == {"region": REGIONS}
    (step,) = (step for step in job["steps"] if "jira-ci" in step["uses"])
    given = sandbox.credentials
    secrets = {"JIRA_CLIENT_ID": given.client_id, "JIRA_CLIENT_SECRET": given.client_secret}
    secrets |= {"JIRA_USER": given.user, "JIRA_TOKEN": given.token}
    context: dict[str, Any] = {"matrix": {"region": region}, "secrets": secrets}
    runner.matrix, runner.legs = context["matrix"], len(REGIONS)
    runner.env = {key: evaluate(value, context) for key, value in job["env"].items()}
    inputs = {key: evaluate(value, context) for key, value in step["with"].items()}
    return runner.finish(*runner.start({**inputs, "site": sandbox.address}))


def test_github(gated: Runner, sandbox: Sandbox) -> None:
    text = _ready(gated.machine, "github/one-approval.yml", sandbox)
    first = _leg(gated, sandbox, text, "Prod-EU")
    assert first.code == 4, first.log
    _approve(sandbox, first.outputs["change-key"])
    other = _leg(gated, sandbox, text, "Prod-US")
    assert (other.code, other.outputs["change-key"]) == (0, first.outputs["change-key"]), other.log
    assert (gated.machine.workspace / "deployed").read_text() == "Prod-US\n"


def test_gitlab(gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox) -> None:
    pipeline = gitlab(_ready(machine, "gitlab/one-approval.yml", sandbox), JIRA_CI_SITE=sandbox.address)
    assert pipeline.jobs["deploy"]["parallel"] == {"matrix": [{"REGION": REGIONS}]}
    pipeline.variables["REGION"] = "Prod-EU"
    first = pipeline.run("deploy")
    assert first.status == "failed"
    _approve(sandbox, first.outputs["JIRA_CI_OUT_CHANGE_KEY"])
    pipeline.inherited.clear()
    pipeline.variables["REGION"] = "Prod-AP"
    other = pipeline.run("deploy")
    assert other.status == "success", other.log
    assert other.outputs["JIRA_CI_OUT_CHANGE_KEY"] == first.outputs["JIRA_CI_OUT_CHANGE_KEY"]
    assert (machine.workspace / "deployed").read_text() == "Prod-AP\n"
