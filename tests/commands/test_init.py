"""``init`` in real repositories: what it finds, what it writes, and what it leaves alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import scenes
from jira_ci.config import model
from jira_ci.config.model import Config
from jira_sandbox.server import Sandbox
from scenes import Job
from wrappers.github_runner import evaluate
from wrappers.gitlab_runner import TEMPLATE, GitLab, resolve
from wrappers.machine import ROOT, Machine, reports, states

PATH = os.environ["PATH"]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
CI = "name: {name}\non: [push, pull_request]\njobs: {{test: {{runs-on: ubuntu-latest, steps: [{{run: make}}]}}}}\n"
HOSTILE = 'Pr\u00f6d "\'": {x: [y]} # ${nothing} \u202e\ufeff \U0001f680 - ? !tag &a *b'


@pytest.fixture
def on_github(tmp_path: Path) -> Job:
    job = scenes.local(tmp_path / "checkout", PATH)
    job.git("remote", "set-url", "origin", "git@github.com:acme/web-shop.git")
    return job


@pytest.fixture
def on_gitlab(tmp_path: Path) -> Job:
    job = scenes.local(tmp_path / "checkout", PATH)
    job.git("remote", "set-url", "origin", "https://gitlab.acme.example/group/web-shop.git")
    return job


def _text(job: Job, name: str) -> str:
    return (job.folder / name).read_text(encoding="utf-8")


def _config(job: Job) -> Config:
    return model.parse(_text(job, ".jira-ci.yml").encode(), ".jira-ci.yml")


def _workflow(job: Job) -> Any:
    return next(yaml.load_all(_text(job, ".github/workflows/jira.yml"), yaml.BaseLoader))  # "on" is a word


def _types(job: Job) -> dict[str, str]:
    return {rule.name: rule.type for rule in _config(job).rules}


def _deploys(environment: str) -> str:
    return f"on: push\njobs:\n  ship:\n    environment: {environment}\n    steps: [{{run: ./deploy.sh}}]\n"


def test_an_empty_repository_gets_a_configuration_and_a_first_workflow(on_github: Job) -> None:
    ended = on_github.jira_ci("init", "--site", "acme.atlassian.net", "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json["written"] == [".jira-ci.yml", ".github/workflows/jira.yml"]
    for name in ended.json["written"]:
        assert _text(on_github, name) == ended.json["contents"][name]
    found = _config(on_github)
    assert (found.project_name, found.site, found.projects, found.rules) == ("web-shop", "acme.atlassian.net", (), ())
    assert _text(on_github, ".jira-ci.yml").startswith("# yaml-language-server: $schema=https://")
    assert _workflow(on_github)["on"] == ["push", "pull_request"]
    assert any("your-site" in step for step in ended.json["next"]) is False


@pytest.mark.parametrize("builds", [False, True])
def test_the_workflow_is_complete_and_pinned(on_github: Job, builds: bool) -> None:
    if builds:
        on_github.write(".github/workflows/ci.yml", CI.format(name="CI"))
    on_github.jira_ci("init")
    workflow = _workflow(on_github)
    assert workflow["permissions"] == {"contents": "read", "deployments": "read", "pull-requests": "read"}
    [job] = workflow["jobs"].values()
    uses = [step["uses"].split("@")[0] for step in job["steps"] if "uses" in step]
    assert uses == ["actions/checkout", "jira-ci/jira-ci"]
    assert job["steps"][0]["with"] == {"persist-credentials": "false"}
    assert job["steps"][0]["uses"] in (ROOT / "README.md").read_text(encoding="utf-8")
    ours = job["steps"][-1]
    assert ours["if"] == "always()"
    assert ours["with"].keys() <= ACTION["inputs"].keys()
    assert "${{" not in str([step.get("run") for step in job["steps"]])


def test_workflows_that_build_are_followed_and_not_touched(on_github: Job) -> None:
    before = CI.format(name="CI")
    on_github.write(".github/workflows/ci.yml", before)
    on_github.write(".github/workflows/nameless.yaml", CI.format(name="''"))
    on_github.write(
        ".github/workflows/nightly.yml", CI.format(name="Nightly").replace("[push, pull_request]", "schedule")
    )
    on_github.write(".github/workflows/ship.yml", "name: Ship\n" + _deploys("production"))
    on_github.jira_ci("init")
    assert _workflow(on_github)["on"]["workflow_run"] == {
        "workflows": ["CI", ".github/workflows/nameless.yaml"],
        "types": ["completed"],
    }
    assert _text(on_github, ".github/workflows/ci.yml") == before
    assert "head_repository.full_name == github.repository" in _workflow(on_github)["jobs"]["report"]["if"]


def test_the_step_for_a_job_that_builds_can_be_copied(on_github: Job) -> None:
    on_github.write(".github/workflows/ci.yml", CI.format(name="CI"))
    [step] = [step for step in on_github.jira_ci("init", "--format", "json").json["next"] if "counts of tests" in step]
    sentence, _, lines = step.partition("\n")
    assert sentence.endswith("take its workflow's name out of .github/workflows/jira.yml:")
    [shown] = yaml.safe_load(lines)
    assert shown["uses"] == "jira-ci/jira-ci@v0"
    assert shown["with"].keys() <= ACTION["inputs"].keys()


def test_the_step_reports_what_another_workflow_built(tmp_path: Path, sandbox: Sandbox) -> None:
    finished = {
        "id": 7,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "run_number": 207,
        "run_attempt": 1,
        "status": "completed",
        "conclusion": "failure",
        "html_url": "https://github.com/acme/shop/actions/runs/7",
        "head_branch": "topic",
        "head_sha": "3" * 40,
        "head_commit": {"id": "3" * 40, "message": "WEB-12 Pay by card"},
        "pull_requests": [],
    }
    job = scenes.github(tmp_path, PATH, {"workflow_run": finished}, "workflow_run")
    job.write(".github/workflows/ci.yml", CI.format(name="CI"))
    job.jira_ci("init")
    [made] = _workflow(job)["jobs"].values()
    given = {**made["steps"][-1]["with"], "client-id": "", "client-secret": ""}
    github = {"event_name": "workflow_run", "event": {"workflow_run": finished}}
    given["state"] = given.get("state", ACTION["inputs"]["state"]["default"])
    context = {"github": github, "job": {"status": "success"}}
    for name, value in given.items():
        job.environ["JIRA_CI_INPUT_" + name.upper().replace("-", "_")] = evaluate(value, context)
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci(given["command"])
    assert ended.code == 0, ended.out + ended.err
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert (build["state"], build["url"], build["displayName"]) == ("failed", finished["html_url"], "CI #207")


def test_environments_are_found_in_workflows(on_github: Job) -> None:
    on_github.write(
        ".github/workflows/deploy.yml",
        """
on:
  workflow_dispatch: {inputs: {target: {type: choice, options: [Azure-Dev, "QA 2", heroku]}}}
jobs:
  a: {environment: {name: Prod-EU, url: "https://x"}, steps: []}
  b: {environment: "${{ inputs.target }}", steps: []}
  c: {environment: "${{ github.ref == 'refs/heads/main' && 'production' || 'staging' }}", steps: []}
  d: {environment: {name: "${{ matrix.region }}-live"}, strategy: {matrix: {region: [eu, us]}}, steps: []}
  e: {environment: "${{ vars.WHERE }}", steps: []}
  f: {uses: ./.github/workflows/reused.yml, with: {to: canary}}
""",
    )
    on_github.write(
        ".github/workflows/reused.yml",
        "on: {workflow_call: {inputs: {to: {}}}}\njobs: {g: {environment: '${{ inputs.to }}', steps: []}}\n",
    )
    ended = on_github.jira_ci("init", "--format", "json")
    assert _types(on_github) == {
        "Prod-EU": "production",
        "Azure-Dev": "development",
        "QA 2": "testing",
        "heroku": "unmapped",
        "production": "production",
        "staging": "staging",
        "eu-live": "production",
        "us-live": "production",
        "canary": "unmapped",
    }
    steps = "\n".join(ended.json["next"])
    assert ".github/workflows/reused.yml: workflows that call this have to pass the secrets on" in steps
    assert '.github/workflows/reused.yml, job g, with environment: "${{ inputs.to }}"' in steps
    assert "deploy.yml, job e: its environment is ${{ vars.WHERE }}, and only a run knows" in steps
    line = _config(on_github).where("environments", "heroku")
    assert f"{line}: say which type this environment has, such as:\n  heroku: staging" in steps


def test_the_issue_projects_come_from_the_history(on_github: Job) -> None:
    for number in range(1, 4):
        on_github.commit(f"WEB-{number} Pay by card, in UTF-8")
    on_github.commit("OPS-1 Deploy")
    on_github.git("branch", "feature/api-12-limits")
    on_github.jira_ci("init")
    assert _config(on_github).projects == ("WEB", "API", "OPS")
    assert "WEB 3, API 1, OPS 1" in _text(on_github, ".jira-ci.yml")


def test_atlassians_mapping_is_taken_over(on_github: Job) -> None:
    mapping = (
        "deployments: {environmentMapping: {testing: ['Prod-like', 'tst-*'], production: ['Produktion', 'tst-*']}}\n"
    )
    on_github.write(".jira/config.yml", mapping)
    on_github.write(".github/workflows/deploy.yml", _deploys("Prod-like"))
    on_github.jira_ci("init")
    assert _types(on_github) == {"Prod-like": "testing", "tst-*": "testing", "Produktion": "production"}


def test_atlassians_services_and_gating_are_taken_over_too(on_github: Job) -> None:
    theirs = (
        "deployments:\n"
        "  environmentMapping: {Production: [Produktion]}\n"
        "  deploymentGating: {enabled: true, environments: [Produktion, shop-prod]}\n"
        "  services: {ids: [svc-web, svc-api]}\n"
    )
    on_github.write(".jira/config.yaml", theirs)
    ended = on_github.jira_ci("init", "--format", "json")
    config = _config(on_github)
    (service,) = config.services.values()
    assert service["ids"] == ["svc-web", "svc-api"]
    assert (config.enabled, config.control()["gate-by"]) == (True, "jira")
    rules = {rule.name: (rule.type, rule.change_controlled) for rule in config.rules}
    assert rules == {"Produktion": ("production", True), "shop-prod": ("production", True), "*": ("", False)}
    assert any("jira-ci deploy" in step for step in ended.json["next"])


def test_gating_that_cannot_be_told_is_not_carried_over_as_none(on_github: Job) -> None:
    on_github.write(".jira/config.yml", "deployments: {deploymentGating: {enabled: true}}\n")
    ended = on_github.jira_ci("init")
    assert "deploymentGating is enabled, and its environments are no list of names" in ended.out + ended.err
    assert "change-control" not in _config(on_github).document


def test_without_a_site_the_placeholder_is_named_by_check(on_github: Job, sandbox: Sandbox) -> None:
    on_github.commit("WEB-1")
    ended = on_github.jira_ci("init", "--format", "json")
    assert _config(on_github).site == "your-site.invalid"
    assert ended.json["next"][0].startswith(".jira-ci.yml line 4: write your Jira site in place of your-site.invalid")
    reach = {name: value for name, value in scenes.reach(sandbox).items() if name != "JIRA_CI_SITE"}
    checked = on_github.jira_ci("check", JIRA_CI_TIMEOUT="4s", **reach)  # type: ignore[arg-type]
    assert checked.code != 0
    assert "your-site.invalid" in checked.out


def test_a_second_run_writes_nothing_and_says_what_is_there(on_github: Job) -> None:
    on_github.jira_ci("init")
    before = {path: path.read_bytes() for path in on_github.folder.rglob("*.yml")}
    ended = on_github.jira_ci("init", "--site", "acme.atlassian.net")
    assert ended.code == 0
    assert "Left as it is: .jira-ci.yml. This would have been written there:" in ended.out
    assert {path: path.read_bytes() for path in on_github.folder.rglob("*.yml")} == before
    again = on_github.jira_ci("init", "--format", "json").json
    assert (again["written"], again["left"]) == ([], [".jira-ci.yml", ".github/workflows/jira.yml"])


def test_a_broken_configuration_is_left_as_well(on_github: Job) -> None:
    on_github.write(".jira-ci.yml", "jira: [")
    ended = on_github.jira_ci("init", "--format", "json")
    assert ended.code == 0
    assert ended.json["written"] == [".github/workflows/jira.yml"]
    assert _text(on_github, ".jira-ci.yml") == "jira: ["


def test_a_dry_run_writes_nothing(on_github: Job) -> None:
    ended = on_github.jira_ci("init", "--dry-run")
    assert ended.code == 0
    assert "Would be written: .jira-ci.yml" in ended.out
    assert "project-name: web-shop" in ended.out
    assert [path.name for path in on_github.folder.iterdir()] == [".git"]


@pytest.mark.parametrize("name", [".github", ".github/workflows"])
def test_a_folder_that_leads_elsewhere_is_not_written_to(on_github: Job, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ci.yml").write_text(CI.format(name="CI"))
    link = on_github.folder / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    ended = on_github.jira_ci("init")
    assert ended.code == 2
    assert "leads out of" in ended.out + ended.err
    assert [path.name for path in elsewhere.iterdir()] == ["ci.yml"]
    assert not (on_github.folder / ".jira-ci.yml").exists()


def test_a_link_to_nothing_is_taken(on_github: Job, tmp_path: Path) -> None:
    (on_github.folder / ".jira-ci.yml").symlink_to(tmp_path / "nothing")
    assert on_github.jira_ci("init", "--format", "json").json["left"] == [".jira-ci.yml"]
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("config_name", ["../outside.yml", "/tmp/outside-of-it.yml"])
def test_a_configuration_outside_is_refused(on_github: Job, config_name: str) -> None:
    assert on_github.jira_ci("init", "--config", config_name).code == 2


@pytest.mark.parametrize(
    "text",
    [
        "jobs: [",
        "[" * 5000,
        "x: &a [*a]",
        "? {a: b}\n: c",
        "- a\n- b",
        "",
        "\0",
        "a: " + "x" * 300_000,
        '"\\U99999999": 1',
        "jobs: {a: {environment: [x]}, b: 3, c: {environment: {name: {}}}}",
        "on: {workflow_dispatch: {inputs: [x]}}\njobs: {a: {environment: '${{ inputs.x }}', steps: [1]}}",
        "x: !!python/object/apply:os.system ['touch pwned']",
    ],
)
def test_broken_and_hostile_workflows_are_passed_over(on_github: Job, text: str) -> None:
    on_github.write(".github/workflows/broken.yml", text)
    on_github.write(".github/workflows/ci.yml", CI.format(name="CI"))
    ended = on_github.jira_ci("init")
    assert ended.code == 0, ended.err
    assert _types(on_github) == {}
    assert _workflow(on_github)["on"]["workflow_run"]["workflows"] == ["CI"]
    assert not (on_github.folder / "pwned").exists()


def test_one_that_cannot_be_read_is_said(on_github: Job) -> None:
    on_github.write(".github/workflows/broken.yml", "jobs:\n  a: [\n")
    assert ".github/workflows/broken.yml line 3: this is not YAML. It was passed over." in on_github.jira_ci("init").err


def test_names_of_strangers_are_inert(on_github: Job) -> None:
    quoted = yaml.safe_dump(HOSTILE, default_style='"', allow_unicode=False, width=10_000).strip()
    on_github.write(".github/workflows/ci.yml", CI.format(name=quoted))
    on_github.write(".github/workflows/deploy.yml", _deploys(quoted.replace("\\u202E", "").replace("\\uFEFF", "")))
    on_github.write(".github/workflows/lines.yml", _deploys('"a\\nb: {type: production}"'))
    on_github.write(".github/workflows/expression.yml", CI.format(name="'${{ secrets.X }}'"))
    on_github.git("remote", "set-url", "origin", 'https://github.com/acme/"x"{y}.git')
    ended = on_github.jira_ci("init", "--format", "json")
    assert ended.code == 0, ended.err
    assert [name.replace("\u202e", "").replace("\ufeff", "") for name in _types(on_github)] == [
        HOSTILE.replace("\u202e", "").replace("\ufeff", "")
    ]
    assert _workflow(on_github)["on"]["workflow_run"]["workflows"] == [HOSTILE]
    assert _workflow(on_github).keys() == {"name", "on", "permissions", "jobs"}


def test_with_a_gate_production_is_controlled_and_what_waits_is_resumed(on_github: Job) -> None:
    on_github.write(".github/workflows/ship.yml", _deploys("Prod-EU"))
    on_github.write(".github/workflows/try.yml", _deploys("qa"))
    ended = on_github.jira_ci("init", "--gate", "--site", "acme.atlassian.net", "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json["written"] == [".jira-ci.yml", ".github/workflows/jira-resume.yml"], "nothing here builds"
    found = _config(on_github)
    assert found.enabled
    assert {rule.name: bool(rule.change_controlled) for rule in found.rules} == {"Prod-EU": True, "qa": False}
    assert found.document["change-control"]["service-desk"] == "YOUR_DESK"
    steps = "\n".join(ended.json["next"])
    assert ".jira-ci.yml line 11: write the key of your service desk's project in place of YOUR_DESK" in steps
    gated = "command: deploy\n          script: ./deploy.sh\n          environment: Prod-EU\n"
    assert steps.count(gated) == 1
    assert "state: in_progress\n          environment: qa\n" in steps
    assert "JIRA_USER and JIRA_TOKEN" in steps
    again = on_github.jira_ci("init", "--gate", "--format", "json").json
    assert (again["written"], again["left"]) == ([], ended.json["written"])


def test_the_workflow_that_resumes_is_the_example(on_github: Job) -> None:
    on_github.jira_ci("init", "--gate", TZ="Europe/Berlin")
    ours = next(yaml.load_all(_text(on_github, ".github/workflows/jira-resume.yml"), yaml.BaseLoader))
    example = next(yaml.load_all((ROOT / "examples/github/resume.yml").read_text("utf-8"), yaml.BaseLoader))
    del example["jobs"]["resume"]["name"]
    del example["jobs"]["resume"]["steps"][-1]["with"]["site"]  # the file names it
    assert ours == example


@pytest.mark.parametrize("flags", [(), ("--gate",)])
def test_without_a_gate_the_same_lines_are_a_comment(on_github: Job, flags: tuple[str, ...]) -> None:
    on_github.write(".github/workflows/ship.yml", _deploys("Prod-EU"))
    on_github.jira_ci("init", *flags)
    lines = _text(on_github, ".jira-ci.yml").splitlines()
    assert [line.removeprefix("# ") for line in lines[-4:]] == [
        "change-control:",
        "  enabled: true",
        "  service-desk: YOUR_DESK # write its project's key, such as OPS",
        "  minimum-approvals: 1",
    ]
    assert _config(on_github).enabled is bool(flags)
    assert (on_github.folder / ".github/workflows/jira-resume.yml").exists() is bool(flags)


def test_a_name_is_inert_in_the_command_to_copy(on_github: Job) -> None:
    on_github.git("remote", "set-url", "origin", "https://git.example/a/b.git")
    on_github.write(".jira/config.yml", "deployments: {environmentMapping: {production: ['prod $(touch pwned)']}}\n")
    steps = "\n".join(on_github.jira_ci("init", "--gate", "--format", "json").json["next"])
    assert "jira-ci deploy --environment 'prod $(touch pwned)' -- ./deploy.sh" in steps


def test_where_jira_gates_already_nothing_else_does(on_github: Job) -> None:
    gating = "deployments: {deploymentGating: {enabled: true, environments: [Prod]}}\n"
    on_github.write(".jira/config.yml", gating)
    ended = on_github.jira_ci("init", "--gate", "--format", "json")
    assert _config(on_github).document["change-control"] == {"enabled": True, "gate-by": "jira"}
    assert ".github/workflows/jira-resume.yml" not in ended.json["written"]


def test_a_gate_without_production_says_what_to_name(on_github: Job) -> None:
    ended = on_github.jira_ci("init", "--gate", "--format", "json")
    assert not _config(on_github).enabled
    assert any("no job here deploys to production, so that nothing waits yet" in step for step in ended.json["next"])


def test_a_misspelt_gate_is_named(on_github: Job) -> None:
    ended = on_github.jira_ci("init", "--gates")
    assert ended.code == 2
    assert "--gate" in ended.err + ended.out


def test_on_gitlab_the_job_that_resumes_stands_beside_those_that_report(on_gitlab: Job) -> None:
    on_gitlab.write(".gitlab-ci.yml", "ship: {environment: prod, script: [./deploy.sh]}\n")
    ended = on_gitlab.jira_ci("init", "--gate", "--format", "json")
    assert ended.json["written"] == [".jira-ci.yml", ".gitlab/jira-ci.yml"]
    resolved = resolve(TEMPLATE.read_text("utf-8"), _text(on_gitlab, ".gitlab/jira-ci.yml"))
    example = resolve(TEMPLATE.read_text("utf-8"), (ROOT / "examples/gitlab/resume.yml").read_text("utf-8"))
    assert resolved["jira-resume"] == example["resume"]
    assert "JIRA_CI_GITLAB_TOKEN" in "\n".join(ended.json["next"])


def test_gitlab_gets_a_file_to_include(on_gitlab: Job) -> None:
    on_gitlab.write(
        ".gitlab-ci.yml",
        """
include: [{local: /ci/ship.yml}]
variables: {REGION: eu}
test: {script: [make]}
prod: {environment: {name: "prod-$REGION", deployment_tier: production}, script: [./deploy.sh]}
logged in: {environment: qa, before_script: [./log-in.sh], script: [./deploy.sh]}
second: {extends: [prod], script: [./deploy.sh]}
stop: {environment: {name: old, action: stop}, script: [x]}
review: {environment: {name: review/$CI_COMMIT_REF_SLUG}, script: [x]}
""",
    )
    on_gitlab.write(
        "ci/ship.yml",
        ".base: {environment: {name: $WHERE}, script: !reference [x, script]}\n"
        "ship: {extends: .base, parallel: {matrix: [{WHERE: [alpha, beta]}]}}\n",
    )
    before = _text(on_gitlab, ".gitlab-ci.yml")
    ended = on_gitlab.jira_ci("init", "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json["written"] == [".jira-ci.yml", ".gitlab/jira-ci.yml"]
    assert _text(on_gitlab, ".gitlab-ci.yml") == before
    assert _types(on_gitlab) == {"prod-eu": "production", "qa": "testing", "alpha": "unmapped", "beta": "unmapped"}
    ours = yaml.safe_load(_text(on_gitlab, ".gitlab/jira-ci.yml"))
    extended = {name: job["extends"] for name, job in ours.items() if name != "include"}
    assert extended == {
        "jira-build-success": ".jira-ci-build-success",
        "jira-build-failure": ".jira-ci-build-failure",
        "prod": ".jira-ci-deployment",
        "review": ".jira-ci-deployment",
    }
    steps = "\n".join(ended.json["next"])
    assert ".gitlab-ci.yml: add below its include:, as one more item:\n  - local: .gitlab/jira-ci.yml" in steps
    assert 'extends: [prod, ".jira-ci-deployment"]\n' in steps
    assert "job logged in: it has before_script of its own, so nothing was added to it." in steps


def test_the_gitlab_file_reports_at_once(on_gitlab: Job, tmp_path: Path, sandbox: Sandbox) -> None:
    project = "prod: {stage: deploy, environment: {name: prod-eu}, script: ['true']}\n"
    on_gitlab.write(".gitlab-ci.yml", project)
    on_gitlab.jira_ci("init")
    machine = Machine(tmp_path / "runner")
    machine.uses(sandbox)
    theirs, ours = yaml.safe_load(project), yaml.safe_load(_text(on_gitlab, ".gitlab/jira-ci.yml"))
    assert ours.pop("include")
    merged = yaml.safe_dump({**ours, "prod": {**ours["prod"], **theirs["prod"]}})  # as GitLab merges an include
    pipeline = GitLab(machine, merged, {"JIRA_CI_HOME": sys.prefix})
    assert pipeline.run("prod").status == "success"
    assert pipeline.run("jira-build-success").status == "success"
    assert states(sandbox) == ["in_progress", "successful", "successful"]
    assert [record["kind"] for record in reports(sandbox)] == ["deployments", "deployments", "builds"]


def test_a_project_without_pipelines_gets_one(on_gitlab: Job) -> None:
    written = on_gitlab.jira_ci("init", "--format", "json").json["written"]
    assert written == [".jira-ci.yml", ".gitlab/jira-ci.yml", ".gitlab-ci.yml"]
    assert yaml.safe_load(_text(on_gitlab, ".gitlab-ci.yml"))["include"] == [{"local": ".gitlab/jira-ci.yml"}]
    assert resolve(TEMPLATE.read_text("utf-8"), _text(on_gitlab, ".gitlab/jira-ci.yml"))
    again = on_gitlab.jira_ci("init", "--format", "json").json
    assert (again["written"], again["left"]) == ([], [".jira-ci.yml"])


@pytest.mark.parametrize(
    ("origin", "files", "written"),
    [
        ("https://git.example/a/b.git", [], [".jira-ci.yml"]),
        ("https://git.example/a/b.git", [".github/workflows/ci.yml"], [".jira-ci.yml", ".github/workflows/jira.yml"]),
        ("https://git.example/a/b.git", [".gitlab-ci.yml"], [".jira-ci.yml", ".gitlab/jira-ci.yml"]),
        ("git@github.acme.example:a/b.git", [".gitlab-ci.yml"], [".jira-ci.yml", ".github/workflows/jira.yml"]),
    ],
)
def test_the_host_decides_and_then_the_files(tmp_path: Path, origin: str, files: list[str], written: list[str]) -> None:
    job = scenes.local(tmp_path / "checkout", PATH)
    job.git("remote", "set-url", "origin", origin)
    for name in files:
        job.write(name, "on: push\njobs: {test: {steps: [{run: make}]}}\n")
    assert job.jira_ci("init", "--format", "json").json["written"] == written


def test_outside_of_a_repository_the_folder_does(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    ended = Job(folder, {"PATH": PATH}).jira_ci("init", "--instance", "acme")
    assert ended.code == 0, ended.err
    assert "site: acme.atlassian.net\n" in (folder / ".jira-ci.yml").read_text(encoding="utf-8")


def test_it_ends_with_the_credentials_and_check(on_github: Job) -> None:
    *_, credentials, check = on_github.jira_ci("init", "--format", "json").json["next"]
    assert "OAuth credentials" in credentials
    assert "JIRA_CLIENT_SECRET" in credentials
    assert check.endswith("jira-ci check")
