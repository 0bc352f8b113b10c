"""keys and environment: what they say, and as JSON."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import scenes
from scenes import Job

PATH = os.environ["PATH"]
SERVICES = """\
services:
  billing: {ids: ["id:1"], paths: ["services/billing/**"]}
  web: {ids: ["id:2"], paths: ["services/shop/**", "!**/*.md"]}
  everything: {ids: ["id:3"]}
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    made = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay, UTF-8", "feature/ops-7-x"), "pull_request")
    made.write(".jira-ci.yml", 'environments:\n  Azure-Dev: development\n  "qa*": testing\n')
    return made


def test_keys_of_a_text() -> None:
    job = Job(Path(), {"PATH": PATH})
    ended = job.jira_ci("keys", "--text", "WEB-1 MY_PROJ-12 UTF-8", "--format", "json")
    assert ended.json["issue-keys"] == ["WEB-1", "MY_PROJ-12"]
    assert ended.json["sources"] == {"WEB-1": "--text", "MY_PROJ-12": "--text"}
    assert ended.json["dropped"] == {"UTF-8": "not an issue key"}
    assert ended.json["keys-complete"] is True


def test_keys_of_the_run_each_with_its_source(job: Job) -> None:
    ended = job.jira_ci("keys")
    assert ended.out.splitlines()[:2] == ["WEB-12  pull request title", "OPS-7  branch"]
    assert "Not counted: UTF-8  not an issue key" in ended.out


def test_what_could_not_be_read_is_said(job: Job) -> None:
    ended = job.jira_ci("keys", "--format", "json")
    assert ended.json["keys-complete"] is False
    assert "::warning title=jira-ci::" in ended.err


def test_explicit_keys_come_first(job: Job) -> None:
    ended = job.jira_ci("keys", "--issue-keys", "ops-99", "--format", "json")
    assert ended.json["issue-keys"][0] == "OPS-99"
    assert ended.json["sources"]["OPS-99"] == "issue-keys"


def test_a_range_given_by_since(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    first = job.commit("WEB-1 Before")
    job.commit("WEB-2 After")
    job.commit("WEB-3 After\n\nSee also WEB-4.")
    ended = job.jira_ci("keys", "--environment", "Prod", "--since", first, "--format", "json")
    assert sorted(ended.json["issue-keys"]) == ["WEB-2", "WEB-3", "WEB-4"]
    ended = job.jira_ci("keys", "--environment", "Prod", "--since", "no-such-tag")
    assert ended.code == 2
    assert "since" in ended.err


def test_keys_of_a_service_and_of_several(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.write(".jira-ci.yml", SERVICES)
    first = job.commit("WEB-1 Before")
    for number, path in enumerate(["services/billing/api.py", "services/shop/page.ts", "README.md"], 2):
        job.write(path, str(number))
        job.git("add", path)
        job.commit(f"WEB-{number}")
    asked = ("keys", "--since", first, "--format", "json", "--service")
    assert job.jira_ci(*asked, "billing").json["issue-keys"] == ["WEB-2"]
    assert job.jira_ci(*asked, "billing,web").json["issue-keys"] == ["WEB-2", "WEB-3"]
    assert job.jira_ci(*asked, "everything").json["issue-keys"] == ["WEB-4", "WEB-3", "WEB-2"]
    said = job.jira_ci("keys", "--since", first, "--service", "billing").out
    assert said.startswith("WEB-2  commit ")
    assert "(services/billing/api.py)" in said
    wrong = job.jira_ci("keys", "--service", "biling")
    assert (wrong.code, "Did you mean billing?" in wrong.err) == (2, True)


def test_environment_names_the_rule_with_its_line(job: Job) -> None:
    ended = job.jira_ci("environment", "Azure-Dev", "qa7", "Prod-EU", "non-prod")
    assert ended.out.splitlines() == [
        "Azure-Dev: development (.jira-ci.yml line 2: Azure-Dev)",
        "qa7: testing (.jira-ci.yml line 3: qa*)",
        'Prod-EU: production (inferred from the word "prod")',
        "non-prod: unmapped (no rule matches (unmatched-environments: infer))",
    ]
    document = job.jira_ci("environment", "qa7", "--format", "json").json
    assert document == {"environments": [{"name": "qa7", "type": "testing", "rule": ".jira-ci.yml line 3: qa*"}]}


def test_environment_without_a_name_says_how(job: Job) -> None:
    ended = job.jira_ci("environment")
    assert ended.code == 2
    assert "jira-ci environment NAME" in ended.out


def test_a_broken_file_is_an_exact_error(job: Job) -> None:
    job.write(".jira-ci.yml", "environments:\n  Azure-Dev: developement\n")
    ended = job.jira_ci("environment", "Azure-Dev")
    assert ended.code == 2
    assert ".jira-ci.yml line 2" in ended.out
    assert "Did you mean development?" in ended.out


def test_atlassians_own_mapping_counts_where_there_is_no_file_of_ours(job: Job) -> None:
    (job.folder / ".jira-ci.yml").unlink()
    job.write(".jira/config.yml", "deployments:\n  environmentMapping:\n    staging:\n      - customers-*\n")
    ended = job.jira_ci("environment", "customers-eu")
    assert ended.out == "customers-eu: staging (.jira/config.yml line 4: customers-*)\n"


def test_a_misspelt_variable_is_said(job: Job) -> None:
    ended = job.jira_ci("environment", "qa7", JIRA_CI_ENVIROMENT="x")
    assert "JIRA_CI_ENVIROMENT is no setting of jira-ci and is ignored. Did you mean JIRA_CI_ENVIRONMENT?" in ended.out


def test_a_file_that_a_sparse_checkout_left_out_counts_as_it_was_committed(job: Job) -> None:
    job.write(".jira-ci.yml", "jira: {projects: [OPS]}\n")
    job.git("add", ".jira-ci.yml")
    job.commit("Configure")
    job.git("sparse-checkout", "set", "--no-cone", "services/")
    assert not (job.folder / ".jira-ci.yml").exists()
    assert job.jira_ci("keys", "--format", "json").json["issue-keys"] == ["OPS-7"]
