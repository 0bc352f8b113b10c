"""The examples in the README and the documents: safe, and held against the action and the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from jira_ci.settings import TABLE
from wrappers.gitlab_runner import TEMPLATE, Loader, resolve
from wrappers.machine import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
KNOWN = {"JIRA_CI_PACKAGE", "JIRA_CI_HOME"} | {row.variable for row in TABLE}


def _snippets() -> list[tuple[str, str]]:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
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
    scripts = list(_values(yaml.load(text, Loader), "run"))  # noqa: S506 - a SafeLoader with one tag
    assert scripts
    assert [script for script in scripts if "${{" in str(script)] == []


@pytest.mark.parametrize(("where", "text"), GITHUB)
def test_examples_for_github_have_permissions(where: str, text: str) -> None:
    document = yaml.safe_load(text)
    jobs = [job for job in document["jobs"].values() if "jira-ci@" in str(job)]
    assert jobs, "the example does not use the action"
    for job in jobs:
        permissions = job.get("permissions", document.get("permissions", {}))
        assert permissions == {"contents": "read", "deployments": "read", "pull-requests": "read"}


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
    assert all(jobs[name]["artifacts"]["reports"]["dotenv"] == "jira-ci.env" for name in ours)
    assert "script" in jobs[ours[0]]


def _load(text: str) -> Any:
    return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader with one tag
