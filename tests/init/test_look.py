"""Which names an expression, a variable, or the history may stand for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from jira_ci.init import github_workflow, gitlab_jobs, look


def _write(root: Path, name: str, document: Any) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Prod", ("Prod",)),
        ({"name": "Prod", "url": "https://x"}, ("Prod",)),
        ("${{ inputs.to }}", ("Dev", "Prod")),
        ("${{github.event.inputs.to}}-eu", ("Dev-eu", "Prod-eu")),
        ("${{ inputs.to || 'staging' }}", ("Dev", "Prod", "staging")),
        ("${{ inputs.free }}", ("preview",)),
        ("${{ matrix.where }}", ("a", "b", "c")),
        ("${{ github.ref_name == 'main' && 'it''s live' || 'next' }}", ("it's live", "next")),
        ("${{ vars.X }}", ()),
        ("${{ inputs.to }}-${{ matrix.where }}", ("Dev-a", "Prod-a", "Dev-b", "Prod-b", "Dev-c", "Prod-c")),
        ("${{ format('{0}', inputs.to) }}", ("Dev", "Prod")),
        ("${{ github.ref == 'main' && vars.X || 'next' }}", ("next",)),
    ],
)
def test_a_workflows_environment(tmp_path: Path, written: Any, names: tuple[str, ...]) -> None:
    inputs = {"to": {"type": "choice", "options": ["Dev", "Prod"]}, "free": {"default": "preview"}}
    matrix = {"where": ["a", "b", "${{ x }}"], "include": [{"where": "c"}, {"other": 1}]}
    job = {"environment": written, "strategy": {"matrix": matrix}, "steps": []}
    _write(tmp_path, ".github/workflows/x.yml", {"on": {"workflow_dispatch": {"inputs": inputs}}, "jobs": {"j": job}})
    [found] = github_workflow.look_at_github(tmp_path).deploying
    assert found.names == names


@pytest.mark.parametrize(
    ("written", "names", "tier"),
    [
        ("prod", ("prod",), ""),
        ({"name": "x", "deployment_tier": "staging"}, ("x",), "staging"),
        ({"name": "x", "deployment_tier": "$TIER"}, ("x",), ""),
        ("$WHERE", ("Dev", "Prod"), ""),
        ("${REGION}-$WHERE", ("eu-Dev", "eu-Prod"), ""),
        ("$NESTED", ("eu-1",), ""),
        ("$LEG", ("l1", "l2"), ""),
        ("$LOOP", (), ""),
        ("review/$CI_COMMIT_REF_SLUG", (), ""),
    ],
)
def test_a_gitlab_jobs_environment(tmp_path: Path, written: Any, names: tuple[str, ...], tier: str) -> None:
    variables = {
        "WHERE": {"value": "Dev", "options": ["Dev", "Prod"]},
        "REGION": "us",
        "NESTED": "$REGION-1",
        "LOOP": "$LOOP$LOOP",
    }
    job = {"environment": written, "variables": {"REGION": "eu"}, "parallel": {"matrix": [{"LEG": ["l1", "l2"]}]}}
    _write(tmp_path, ".gitlab-ci.yml", {"variables": variables, "deploy": {**job, "script": ["x"]}})
    [found] = gitlab_jobs.look_at_gitlab(tmp_path).deploying
    assert (found.names, found.tier) == (names, tier)


@pytest.mark.parametrize(
    ("job", "more", "obstacle"),
    [
        ({}, {}, ""),
        ({"before_script": ["x"]}, {}, "it has before_script of its own"),
        ({"extends": ".base"}, {".base": {"after_script": ["x"]}}, "it extends another job"),
        ({}, {"default": {"after_script": ["x"]}}, "it has the pipeline's after_script"),
        ({}, {"before_script": ["x"]}, "it has the pipeline's before_script"),
        ({"extends": ".jira-ci-deployment"}, {}, "it reports already"),
        ({"trigger": "a/b"}, {}, "it starts another pipeline, whose jobs report by themselves"),
    ],
)
def test_a_job_is_added_to_only_where_that_changes_nothing_else(
    tmp_path: Path, job: dict[str, Any], more: dict[str, Any], obstacle: str
) -> None:
    _write(tmp_path, ".gitlab-ci.yml", {**more, "deploy": {"environment": "prod", "script": ["x"], **job}})
    assert [one.obstacle for one in gitlab_jobs.look_at_gitlab(tmp_path).deploying] == [obstacle]


@pytest.mark.parametrize(
    ("job", "parents"),
    [
        ({}, ()),
        ({"extends": ".base"}, (".base",)),
        ({"extends": [".base", ".tools"]}, (".base", ".tools")),
        ({"<<": {"extends": ".base"}}, (".base",)),
    ],
)
def test_what_a_job_extends_already_is_known(tmp_path: Path, job: dict[str, Any], parents: tuple[str, ...]) -> None:
    _write(tmp_path, ".gitlab-ci.yml", {"deploy": {"environment": "prod", "script": ["x"], **job}})
    assert [one.parents for one in gitlab_jobs.look_at_gitlab(tmp_path).deploying] == [parents]


@pytest.mark.parametrize(
    ("job", "reports"),
    [
        ({"steps": [{"uses": "jira-ci/jira-ci@v0"}]}, True),
        ({"uses": "jira-ci/jira-ci/.github/workflows/gated-deployment.yml@v0"}, True),
        ({"steps": [{"uses": "jira-ci/other@v0"}]}, False),
        ({"uses": "./.github/workflows/jira-ci.yml"}, False),
    ],
)
def test_a_workflow_that_reports_already_is_known(tmp_path: Path, job: dict[str, Any], reports: bool) -> None:
    _write(tmp_path, ".github/workflows/x.yml", {"on": "push", "jobs": {"j": job}})
    assert bool(github_workflow.look_at_github(tmp_path).reports) is reports


@pytest.mark.parametrize("extends", ["a", ["a", "b"], ".missing", ["x", 3]])
def test_parents_in_a_circle_end(tmp_path: Path, extends: Any) -> None:
    document = {"a": {"extends": extends, "environment": "p"}, "b": {"extends": ["a", "b"]}}
    _write(tmp_path, ".gitlab-ci.yml", document)
    assert all(one.names == ("p",) for one in gitlab_jobs.look_at_gitlab(tmp_path).deploying)


def test_many_parents_of_many_parents_are_read_once_each(tmp_path: Path) -> None:
    levels = {f".l{n}": {"extends": [f".l{n + 1}"] * 10} for n in range(12)}
    _write(tmp_path, ".gitlab-ci.yml", {**levels, ".l12": {}, "deploy": {"extends": ".l0", "environment": "p"}})
    assert [one.names for one in gitlab_jobs.look_at_gitlab(tmp_path).deploying] == [("p",)]


@pytest.mark.parametrize(
    ("seen", "projects"),
    [
        ({}, ()),
        ({"WEB": 1}, ("WEB",)),
        ({"OPS": 3, "WEB": 3, "API": 9}, ("API", "OPS", "WEB")),
        ({"WEB": 100, "OPS": 2, "GPT": 1}, ("WEB", "OPS")),
    ],
)
def test_rare_projects_are_not_proposed(seen: dict[str, int], projects: tuple[str, ...]) -> None:
    assert look.proposed(Counter(seen)) == projects


def test_an_include_in_a_circle_and_one_that_leads_outside_are_passed_over(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (tmp_path / "outside.yml").write_text("deploy: {environment: secret, script: [x]}\n")
    _write(root, ".gitlab-ci.yml", {"include": ["/.gitlab-ci.yml", {"local": "../outside.yml"}, "https://x/y.yml"]})
    found = gitlab_jobs.look_at_gitlab(root)
    assert found.deploying == ()
    assert len(found.notes) == 1
    assert "leads out" in found.notes[0]


def test_keys_that_yaml_merges_count_from_a_list_and_from_maps_within(tmp_path: Path) -> None:
    text = """\
.tier: &tier {environment: {name: Prod, deployment_tier: production}}
.base: &base {<<: *tier, stage: ship}
.late: &late {stage: late, when: manual}
deploy: {<<: [*base, *late], script: [x]}
"""
    (tmp_path / ".gitlab-ci.yml").write_text(text, encoding="utf-8")
    [found] = gitlab_jobs.look_at_gitlab(tmp_path).deploying
    assert (found.names, found.tier, found.stage, found.by_hand) == (("Prod",), "production", "ship", True)


def test_aliases_of_aliases_are_not_written_out(tmp_path: Path) -> None:
    rows = [
        "a0: &a0 [x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 30)),
    ]
    text = "\n".join([*rows, "on: push", "jobs: {b: {runs-on: *a29, environment: Prod, steps: []}}"])
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/x.yml").write_text(text, encoding="utf-8")
    found = github_workflow.look_at_github(tmp_path)
    assert found.deploying == ()
    assert "counted with every alias written out. It was passed over." in found.notes[0]


def test_files_of_wildcards_and_child_pipelines_are_read(tmp_path: Path) -> None:
    elsewhere = [{"project": "acme/ci", "file": "x.yml"}, {"template": "Jobs/SAST.gitlab-ci.yml"}]
    starts = {"trigger": {"include": [{"local": "a/ci.yml"}]}}
    _write(tmp_path, ".gitlab-ci.yml", {"include": [{"local": "/ci/**/*.yml"}, *elsewhere], "a": starts})
    _write(tmp_path, "ci/deep/deploy.yml", {"ship": {"environment": "prod", "script": ["x"]}})
    _write(tmp_path, "a/ci.yml", {"ship a": {"environment": "a-prod", "script": ["x"]}})
    found = gitlab_jobs.look_at_gitlab(tmp_path)
    assert [(one.file, one.names, one.obstacle, one.child) for one in found.deploying] == [
        ("ci/deep/deploy.yml", ("prod",), "", False),
        ("a/ci.yml", ("a-prod",), "it is of a child pipeline", True),
    ]
    assert found.notes == ("Jobs of other projects were not read: acme/ci.",)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ({"inputs": {"to": {"options": ["dev", "prod"], "default": "dev"}}}, ("dev", "prod")),
        ({"inputs": {"to": {"default": "dev"}}}, ("dev",)),
        ({"inputs": {"to": None}}, ()),
    ],
)
def test_inputs_of_a_gitlab_file_are_known_by_its_header(
    tmp_path: Path, header: dict[str, Any], names: tuple[str, ...]
) -> None:
    job = {"ship": {"environment": "$[[ inputs.to ]]", "script": ["x"]}}
    text = f"{yaml.safe_dump({'spec': header})}---\n{yaml.safe_dump(job)}"
    (tmp_path / ".gitlab-ci.yml").write_text(text, "utf-8")
    assert [one.names for one in gitlab_jobs.look_at_gitlab(tmp_path).deploying] == [names]


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({"uses": "acme/ci/.github/workflows/x.yml@v1", "with": {"environment": "prod"}}, [("prod",)]),
        ({"uses": "acme/ci/.github/workflows/x.yml@v1", "with": {"deploy_env": "prod"}}, [("prod",)]),
        ({"uses": "acme/ci/.github/workflows/x.yml@v1", "with": {"envelope": "prod"}}, []),
        ({"uses": "./.github/workflows/x.yml", "with": {"environment": "prod"}}, []),
        ({"environment": {"name": "prod", "deployment": "false"}, "steps": []}, [("prod",)]),
    ],
)
def test_where_a_workflow_of_another_repository_deploys(tmp_path: Path, job: dict[str, Any], found: list[Any]) -> None:
    _write(tmp_path, ".github/workflows/ship.yml", {"on": "push", "jobs": {"ship": job}})
    deploying = github_workflow.look_at_github(tmp_path).deploying
    assert [one.names for one in deploying] == found
    assert all(one.deploys is ("uses" in job) for one in deploying)


def test_what_seems_to_deploy_and_does_not_say_where(tmp_path: Path) -> None:
    steps = {"runs-on": "x", "steps": [{"run": "x"}]}
    _write(tmp_path, ".github/workflows/a.yml", {"on": "push", "jobs": {"deploy-prod": steps, "deployable": steps}})
    _write(tmp_path, ".github/workflows/b.yml", {"on": "push", "jobs": {"deploy": steps, "d": {"environment": "x"}}})
    assert github_workflow.look_at_github(tmp_path).unnamed == (".github/workflows/a.yml, job deploy-prod",)
    _write(tmp_path, ".gitlab-ci.yml", {"deploy:prod": {"script": ["x"]}, ".deploy": {"script": ["x"]}, "t": {}})
    assert gitlab_jobs.look_at_gitlab(tmp_path).unnamed == (".gitlab-ci.yml, job deploy:prod",)


def test_tests_are_found_in_what_a_workflow_calls(tmp_path: Path) -> None:
    _write(tmp_path, ".github/workflows/ci.yml", {"on": "push", "jobs": {"a": {"uses": "./.github/workflows/t.yml"}}})
    steps = [{"uses": "./.github/actions/test"}, {"uses": "./../outside"}, {"run": "gotestsum --junitfile a.xml"}]
    _write(tmp_path, ".github/workflows/t.yml", {"on": "workflow_call", "jobs": {"t": {"steps": steps}}})
    action = {"runs": {"using": "composite", "steps": [{"run": "pytest --junitxml=b.xml", "shell": "bash"}]}}
    _write(tmp_path, ".github/actions/test/action.yaml", action)
    assert github_workflow.look_at_github(tmp_path).tests == ("b.xml", "a.xml")


def test_paths_that_start_a_deployment_are_a_part_of_the_repository(tmp_path: Path) -> None:
    push = {"push": {"paths": ["services/billing/**", ".github/workflows/billing.yml"]}}
    _write(tmp_path, ".github/workflows/billing.yml", {"on": push, "jobs": {"d": {"environment": "prod"}}})
    _write(tmp_path, ".github/workflows/test.yml", {"on": push, "jobs": {"t": {"steps": []}}})
    assert github_workflow.look_at_github(tmp_path).parts == (("billing", ("services/billing/**",)),)


def test_what_is_passed_on_from_workflow_to_workflow_arrives(tmp_path: Path) -> None:
    def calls(file: str, **given: str) -> dict[str, Any]:
        return {"uses": f"./.github/workflows/{file}", "with": given, "strategy": {"matrix": {"to": ["qa", "prod"]}}}

    called = {"workflow_call": {"inputs": {"to": {"type": "string"}}}}
    _write(tmp_path, ".github/workflows/z.yml", {"on": "push", "jobs": {"a": calls("m.yml", to="${{ matrix.to }}")}})
    _write(tmp_path, ".github/workflows/m.yml", {"on": called, "jobs": {"b": calls("a.yml", to="${{ inputs.to }}-eu")}})
    _write(tmp_path, ".github/workflows/a.yml", {"on": called, "jobs": {"c": {"environment": "${{ inputs.to }}"}}})
    circle = calls("c.yml", to="${{ inputs.to }}x")
    _write(tmp_path, ".github/workflows/c.yml", {"on": called, "jobs": {"d": circle}})
    [found] = github_workflow.look_at_github(tmp_path).deploying
    assert found.names == ("qa-eu", "prod-eu")


@pytest.mark.parametrize("nothing", [None, "~", "", {"url": "https://x"}, ["prod"]])
def test_no_environment_is_none(tmp_path: Path, nothing: Any) -> None:
    job = {"environment": nothing, "steps": [], "script": ["x"]}
    _write(tmp_path, ".github/workflows/x.yml", {"on": "push", "jobs": {"ship": job}})
    _write(tmp_path, ".gitlab-ci.yml", {"ship": job})
    assert github_workflow.look_at_github(tmp_path).deploying == gitlab_jobs.look_at_gitlab(tmp_path).deploying == ()
