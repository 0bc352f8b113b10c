"""The example workflows, run as somebody would run them: by hand and by a push, against a pretend Jira."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from gate_subjects import approved
from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, Step, evaluate
from wrappers.gitlab_runner import GitLab, Job
from wrappers.machine import ROOT, Machine, states

DEPLOY = '#!/bin/sh\nprintf "%s|" "$@" > deployed\n'
DISPATCH = {"environment": "Prod", "version": "1.2.3", "change": ""}
HOSTILE = ['1.0"; touch pwned; "', "$(touch pwned)", "`touch pwned`", "1.0 && touch pwned", "${VERSION:-x}"]


def _programs(machine: Machine) -> None:
    for name in ("deploy.sh", "migrate.sh"):
        path = machine.workspace / name
        path.write_text(DEPLOY if name == "deploy.sh" else "#!/bin/sh\n")
        path.chmod(0o755)


def _deployed(machine: Machine) -> str | None:
    path = machine.workspace / "deployed"
    return path.read_text(encoding="utf-8") if path.exists() else None


def _github(runner: Runner, sandbox: Sandbox, name: str, inputs: dict[str, str]) -> Step:
    """Runs the action's step of an example, as GitHub would with these inputs."""
    document = yaml.safe_load((ROOT / "examples" / "github" / f"{name}.yml").read_text(encoding="utf-8"))
    (job,) = document["jobs"].values()
    (step,) = (step for step in job["steps"] if "jira-ci" in step["uses"])
    secrets = {
        "JIRA_CLIENT_ID": sandbox.credentials.client_id,
        "JIRA_CLIENT_SECRET": sandbox.credentials.client_secret,
        "JIRA_USER": sandbox.credentials.user,
        "JIRA_TOKEN": sandbox.credentials.token,
    }
    context = {"inputs": inputs, "secrets": secrets}
    given = {key: evaluate(value, context) for key, value in step["with"].items()}
    runner.event = ("workflow_dispatch" if inputs else "push", {**runner.event[1], "inputs": inputs})
    runner.env = {key: evaluate(value, context) for key, value in job.get("env", {}).items()}
    runner.machine.site = {"JIRA_CI_API_URL": sandbox.address}
    _programs(runner.machine)
    # Nobody waits in a test, and the site of the example is not the sandbox.
    return runner.finish(*runner.start({**given, "site": sandbox.address, "wait": "0"}))


@pytest.mark.parametrize("given", [True, False])
def test_github_by_hand(given: bool, gated: Runner, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    step = _github(gated, sandbox, "manual-dispatch", {**DISPATCH, "change": key if given else ""})
    assert step.code == 0, step.log
    assert (step.outputs["approved"], step.outputs["change-key"]) == ("true", key)
    assert _deployed(gated.machine) == "1.2.3|"
    assert states(sandbox) == ["in_progress", "successful"]


def test_github_by_hand_without_an_approval(gated: Runner, sandbox: Sandbox) -> None:
    step = _github(gated, sandbox, "manual-dispatch", DISPATCH)
    assert (step.code, step.outputs["approved"], _deployed(gated.machine)) == (4, "false", None)


def test_github_by_hand_where_nothing_is_controlled(gated: Runner, sandbox: Sandbox) -> None:
    step = _github(gated, sandbox, "manual-dispatch", {**DISPATCH, "environment": "Dev"})
    assert (step.code, step.outputs["approved"], _deployed(gated.machine)) == (0, "false", "1.2.3|")


@pytest.mark.parametrize("text", HOSTILE)
def test_github_by_hand_with_a_version_that_is_code(text: str, gated: Runner, sandbox: Sandbox) -> None:
    step = _github(gated, sandbox, "manual-dispatch", {"environment": "Dev", "version": text, "change": ""})
    assert (step.code, _deployed(gated.machine)) in ((0, f"{text}|"), (2, None)), step.log
    assert "pwned" not in gated.machine.files(gated.machine.workspace)


def test_github_by_a_push(gated: Runner, sandbox: Sandbox) -> None:
    gated.env = {}
    step = _github(gated, sandbox, "gated-deployment", {})
    assert (step.code, step.outputs["approved"], _deployed(gated.machine)) == (4, "false", None)
    key = step.outputs["change-key"]
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
    gated.attempt = 2
    step = _github(gated, sandbox, "gated-deployment", {})
    assert (step.code, step.outputs["change-key"], _deployed(gated.machine)) == (0, key, "|"), step.log


def _gitlab(start: Callable[..., GitLab], machine: Machine, sandbox: Sandbox, name: str, **form: str) -> Job:
    """Runs the job of an example, as GitLab would with this form."""
    machine.gated(sandbox)
    text = (ROOT / "examples" / "gitlab" / f"{name}.yml").read_text(encoding="utf-8")
    # Nobody waits in a test, and the site of the example is not the sandbox.
    pipeline = start(text, JIRA_CI_SITE=sandbox.address, JIRA_CI_WAIT="0", **form)
    _programs(machine)
    return pipeline.run("deploy", CI_PIPELINE_SOURCE="web" if form else "push")


@pytest.mark.parametrize("given", [True, False])
def test_gitlab_by_hand(given: bool, gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    form = {"ENVIRONMENT": "Prod", "VERSION": "1.2.3", "CHANGE": key if given else ""}
    job = _gitlab(gitlab, machine, sandbox, "manual-dispatch", **form)
    assert job.status == "success", job.log
    assert _deployed(machine) == "1.2.3|"
    record: dict[str, Any] = json.loads(
        (machine.workspace / ".jira-ci/jira-ci-record.json").read_text(encoding="ascii")
    )
    assert (record["approved"], record["change"]["key"]) == (True, key)
    assert record["change"]["found-by"] == ("key" if given else "title")
    assert states(sandbox) == ["in_progress", "successful"]


@pytest.mark.parametrize("change", ["", "OPS-99999"])
def test_gitlab_by_hand_without_an_approval(
    change: str, gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox
) -> None:
    form = {"ENVIRONMENT": "Prod", "VERSION": "1.2.3", "CHANGE": change}
    assert _gitlab(gitlab, machine, sandbox, "manual-dispatch", **form).status == "failed"
    assert _deployed(machine) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_gitlab_by_hand_with_a_version_that_is_code(
    text: str, gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox
) -> None:
    job = _gitlab(gitlab, machine, sandbox, "manual-dispatch", ENVIRONMENT="Dev", VERSION=text)
    assert (job.status == "success") == (_deployed(machine) is not None), job.log
    assert "pwned" not in machine.files(machine.workspace)


def test_gitlab_by_hand_without_a_version_deploys_nothing(
    gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox
) -> None:
    job = _gitlab(gitlab, machine, sandbox, "manual-dispatch", ENVIRONMENT="Dev", VERSION="")
    assert "version (JIRA_CI_VERSION) is empty" in job.log
    assert _deployed(machine) is None


def test_gitlab_by_a_push(gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox) -> None:
    job = _gitlab(gitlab, machine, sandbox, "gated-deployment")
    assert (job.status, job.outputs["JIRA_CI_OUT_APPROVED"], _deployed(machine)) == ("failed", "false", None)
