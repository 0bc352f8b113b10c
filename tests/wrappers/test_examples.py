"""The examples, in the README, the documents and as files: safe, and held against the action and the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from jira_ci.credentials import variable
from jira_ci.settings import TABLE
from wrappers.gitlab_runner import TEMPLATE, Loader, commands, resolve
from wrappers.machine import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
KNOWN = {"JIRA_CI_PACKAGE", "JIRA_CI_HOME"} | {row.variable for row in TABLE}
KNOWN |= {variable(name, "RELEASE") for name in ("user", "token")}  # of credentials: RELEASE


def _snippets() -> list[tuple[str, str]]:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    whole = sorted((ROOT / "examples").rglob("*.yml"))
    return [(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in whole] + [
        (f"{path.name}: {number}", text)
        for path in files
        for number, text in enumerate(
            re.findall(r"^```ya?ml\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        )
    ]


def _values(node: Any, key: str) -> Iterator[Any]:
    """Every value of this key, at any depth."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(node, list):
        for part in node:
            yield from _values(part, key)


GITHUB = [one for one in _snippets() if re.search(r"^\s*- uses:|^\s+uses:", one[1], re.MULTILINE)]
GITLAB = [one for one in _snippets() if ".jira-ci-" in one[1]]


def test_there_are_examples_for_both() -> None:
    assert GITHUB
    assert GITLAB


@pytest.mark.parametrize(("where", "text"), [("action.yml", (ROOT / "action.yml").read_text("utf-8")), *GITHUB])
def test_no_expression_stands_in_a_script(where: str, text: str) -> None:
    document = _load(text)
    steps = [step for steps in _values(document, "steps") for step in steps]
    scripts = [step["run"] for step in steps if "run" in step]
    steps += document.get("jobs", {}).values()  # a reusable workflow takes its script like a step
    scripts += [step["with"]["script"] for step in steps if "script" in step.get("with", {})]
    assert scripts or "command: reconcile" in text or "command: resume" in text
    assert [script for script in scripts if "${{" in str(script)] == []


@pytest.mark.parametrize(("where", "text"), GITHUB)
def test_examples_for_github_have_permissions(where: str, text: str) -> None:
    document = yaml.safe_load(text)
    ours = ("jira-ci/jira-ci", "jira-ci evidence")
    jobs = [job for job in document["jobs"].values() if any(one in str(job) for one in ours)]
    assert jobs, "the example uses neither the action nor the command"
    for job in jobs:
        permissions = job.get("permissions", document.get("permissions", {}))
        commits = {"contents": "read", "deployments": "read", "pull-requests": "read"}
        commits |= {"deployments": "write"} if "parked: success" in text else {}
        commits |= {"id-token": "write", "attestations": "write"} if "actions/attest@" in text else {}
        runs = {"contents": "read", "actions": "read"}
        restarts = {"contents": "read", "actions": "write", "deployments": "read"}
        needed = {"command: reconcile": runs, "command: resume": restarts}
        needed |= {"jira-ci evidence": {"contents": "read", "deployments": "read"}}
        assert permissions == next((found for command, found in needed.items() if command in text), commits)


@pytest.mark.parametrize(("where", "text"), GITHUB)
def test_examples_for_github_use_inputs_that_exist_and_commits_of_others(where: str, text: str) -> None:
    for step in (step for steps in _values(yaml.safe_load(text), "steps") for step in steps):
        action, _, version = str(step.get("uses", "")).partition("@")
        if "jira-ci" in action:
            assert step.get("with", {}).keys() <= ACTION["inputs"].keys()
        elif action:
            assert re.fullmatch("[0-9a-f]{40}", version), f"{action} is not pinned by its commit"


@pytest.mark.parametrize(("where", "text"), [*GITHUB, *GITLAB])
def test_examples_set_variables_that_exist(where: str, text: str) -> None:
    names = {name for block in ("env", "variables") for found in _values(_load(text), block) for name in found}
    assert {name for name in names if name.startswith("JIRA_CI_")} <= KNOWN


@pytest.mark.parametrize(("where", "text"), GITLAB)
def test_examples_for_gitlab_extend_jobs_that_exist(where: str, text: str) -> None:
    jobs = resolve(TEMPLATE.read_text("utf-8"), text)
    ours = [name for name, job in _load(text).items() if ".jira-ci-" in str(job)]
    assert ours
    assert all(jobs[name]["artifacts"]["reports"]["dotenv"] == ".jira-ci/jira-ci.env" for name in ours)
    assert "script" in jobs[ours[0]]


@pytest.mark.parametrize(("where", "text"), GITHUB)
def test_examples_for_github_that_deploy_through_the_gate_do_it_one_at_a_time(where: str, text: str) -> None:
    document = yaml.safe_load(text)
    for job in document["jobs"].values():
        if any(step.get("with", {}).get("command") == "deploy" for step in job.get("steps", ())):
            concurrency = job.get("concurrency", document.get("concurrency", {}))
            assert concurrency["cancel-in-progress"] is False
            assert concurrency["group"]
            assert job["environment"], "GitHub protects the credentials of an environment"


@pytest.mark.parametrize(("where", "text"), GITLAB)
def test_examples_for_gitlab_that_deploy_through_the_gate_do_it_one_at_a_time(where: str, text: str) -> None:
    for job in _load(text).values():
        if isinstance(job, dict) and job.get("extends") == ".jira-ci-gated-deployment":
            assert job["resource_group"]
            assert any("jira_ci deploy " in command for command in commands(job["script"]))


def test_the_files_are_examples_of_what_can_be_done() -> None:
    names = {where for where, _ in [*GITHUB, *GITLAB] if where.startswith("examples")}
    both = {"manual-dispatch", "gated-deployment", "reconcile", "after-deployment", "one-approval", "evidence"}
    github = {"report-every-push", "deployment", "pull-requests", "monorepo", "reusable"}
    assert {f"examples/github/{name}.yml" for name in both | github} <= names
    assert {f"examples/gitlab/{name}.yml" for name in both} <= names


def _load(text: str) -> Any:
    return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader with one tag
