"""The CI/CD component: the template's jobs, whatever its inputs are, in every shell."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import published
from jira_sandbox.server import Sandbox
from wrappers import gitlab_runner
from wrappers.gitlab_runner import TEMPLATE, GitLab, resolve
from wrappers.machine import SHELLS, Machine, states

INPUTS: dict[str, dict[str, str]] = published.load(published.component()[0])["spec"]["inputs"]
DEPLOY = """
deploy:
  extends: .tell-deployment
  environment: {name: production}
  script: touch deployed
"""


def test_without_inputs_its_jobs_are_the_template_s() -> None:
    ours = resolve(re.sub(r"(?ms)^        # The component's inputs.*?\n\n", "", published.component()[1]))
    assert ours == resolve(TEMPLATE.read_text("utf-8"))


def test_every_input_is_documented_safe_and_used() -> None:
    text = published.COMPONENT.read_text("utf-8").partition("\n---\n")[2]
    assert set(re.findall(r"\$\[\[ *inputs\.([\w-]+)", text)) == INPUTS.keys()
    for name, row in INPUTS.items():
        assert row.keys() == {"description", "type", "default", "regex"}, name
        assert row["type"] == "string"
        assert re.fullmatch(row["regex"], row["default"]), name
        assert not any(
            re.fullmatch(row["regex"], bad) for bad in ("'", '"', "\\", "a\nb", "a'", 'a"', "`id`", "$(id)")
        ), name


def _filled(value: Any, inputs: dict[str, str]) -> Any:
    """Parsed YAML with inputs in the place of their names."""
    if isinstance(value, dict):
        return {_filled(key, inputs): _filled(part, inputs) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, inputs) for part in value]
    if isinstance(value, tuple):
        return tuple(_filled(part, inputs) for part in value)
    return (
        re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda match: inputs[match[1]], value)
        if isinstance(value, str)
        else value
    )


@settings(max_examples=20)
@given(
    st.fixed_dictionaries(
        {name: st.from_regex(row["regex"].strip("^$"), fullmatch=True) for name, row in INPUTS.items()}
    )
)
def test_no_input_that_is_let_in_changes_anything_but_its_own_place(inputs: dict[str, str]) -> None:
    text = published.COMPONENT.read_text("utf-8").partition("\n---\n")[2]
    assert published.load(published.component(**inputs)[1]) == _filled(published.load(text), inputs)


@pytest.mark.parametrize("shell", SHELLS)
def test_its_inputs_are_for_where_no_variable_is_set(
    shell: str, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "template.yml"
    file.write_text(published.component(prefix=".tell", site=sandbox.address, projects="OPS")[1])
    monkeypatch.setattr(gitlab_runner, "TEMPLATE", file)
    machine = Machine(tmp_path / "a runnér", shell)
    machine.uses(sandbox)
    del machine.site["JIRA_CI_SITE"]
    pipeline = GitLab(machine, DEPLOY, {"JIRA_CI_HOME": sys.prefix})
    job = pipeline.run("deploy")
    assert job.status == "success", job.log
    assert states(sandbox) == [], "WEB is no project that counts"
    assert pipeline.run("deploy", JIRA_CI_PROJECTS="WEB").status == "success"
    assert states(sandbox) == ["in_progress", "successful"]


def test_a_variable_that_is_empty_stays_an_error(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "template.yml"
    file.write_text(published.component(prefix=".tell", projects="OPS")[1])
    monkeypatch.setattr(gitlab_runner, "TEMPLATE", file)
    job = GitLab(machine, DEPLOY, {"JIRA_CI_HOME": sys.prefix, "JIRA_CI_PROJECTS": ""}).run("deploy")
    assert "projects (JIRA_CI_PROJECTS) is empty" in job.log
