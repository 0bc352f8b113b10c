"""Whatever strangers call things, what is written stays YAML that says the same names and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.init import files, github_workflow, gitlab_jobs, next_steps
from jira_ci.init.files import Deploying, Found, Pipelines
from jira_ci.run import CI

NAMES = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=30).filter(str.strip)
ANY = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


def _found(**more: object) -> Found:
    given = {"providers": ("github",), "project_name": "shop", "site": "", "projects": (), "projects_comment": ""}
    return Found(**{**given, "environments": (), **more})  # type: ignore[arg-type]


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_workflows_keep_their_names(names: list[str]) -> None:
    [file] = github_workflow.make(_found(github=Pipelines(here=True, builds=tuple(names))))
    document = next(yaml.load_all(file.text, yaml.BaseLoader))
    assert document["on"]["workflow_run"]["workflows"] == names
    assert document.keys() == {"name", "on", "permissions", "jobs"}


@given(NAMES, ANY)
def test_jobs_keep_their_names(name: str, where: str) -> None:
    job = Deploying(where, name, (), "x")
    [file] = gitlab_jobs.make(_found(gitlab=Pipelines(here=True, deploying=(job,))))
    jobs = next(yaml.load_all(file.text, yaml.BaseLoader))
    assert jobs[name] == {"extends": ".jira-ci-deployment"}
    assert len(jobs) == 4


@given(NAMES)
def test_a_step_holds_the_environment_as_it_is(name: str) -> None:
    for text in github_workflow.deployment_steps(name):
        [step] = yaml.safe_load(text)
        assert step["with"]["environment"] == name


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Prod-EU", "Prod-EU"),
        ("QA 2", "QA 2"),
        ("on", '"on"'),
        ("No", '"No"'),
        ("1.10", '"1.10"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("- a", '"- a"'),
        ("*a", '"*a"'),
        ("prod ", '"prod "'),
        ('say "x"', json.dumps('say "x"')),
        ("a\nb", '"a\\nb"'),
        ("${{ inputs.x }}", '"${{ inputs.x }}"'),
    ],
)
def test_only_plain_words_are_written_without_quotes(value: str, written: str) -> None:
    assert files.quoted(value) == written
    assert yaml.safe_load(files.quoted(value)) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {script: x}", "add at its top:\ninclude:\n  - local"),
        ("include: ci/a.yml", "make a list of what stands behind its include:"),
        ("include: {project: a/b, file: c.yml}", "make a list of what stands behind its include:"),
        ("include: [ci/a.yml]", "add below its include:, as one more item"),
    ],
)
def test_how_our_file_is_included(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(text, encoding="utf-8")
    found = Found((CI.GITLAB,), "web", "acme.atlassian.net", (), "", (), gitlab=gitlab_jobs.look_at_gitlab(tmp_path))
    assert any(f".gitlab-ci.yml: {told}" in step for step in next_steps.of(found, None))
