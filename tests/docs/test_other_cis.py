"""The page on other CIs: its examples are sound, and what they run reports, gates and rolls back as the page says."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import scenes
from jira_ci.cli import COMMANDS
from jira_sandbox.server import Sandbox

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "other-cis.md").read_text(encoding="utf-8")
PATH = os.environ["PATH"]
OURS = re.compile(r"python3 jira-ci\.pyz ([^'\n`]+)")
# What each CI sets in a build, and what it sets in the next one: the least with which a run is known.
BUILDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "jenkins": ({"JENKINS_URL": "https://ci.example/", "BUILD_NUMBER": "9"}, {"BUILD_NUMBER": "10"}),
    "azure": ({"TF_BUILD": "True", "BUILD_BUILDID": "812"}, {"BUILD_BUILDID": "813"}),
    "bitbucket": ({"BITBUCKET_BUILD_NUMBER": "41"}, {"BITBUCKET_BUILD_NUMBER": "42"}),
    "circleci": ({"CIRCLECI": "true", "CIRCLE_BUILD_NUM": "99"}, {"CIRCLE_BUILD_NUM": "100"}),
    "buildkite": ({"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "55"}, {"BUILDKITE_BUILD_NUMBER": "56"}),
    "teamcity": ({"TEAMCITY_VERSION": "2026.1", "BUILD_NUMBER": "7"}, {"BUILD_NUMBER": "8"}),
}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def _commands() -> Iterator[list[str]]:
    for line in OURS.findall(PAGE):
        yield shlex.split(line)


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> scenes.Job:
    made = scenes.local(tmp_path, PATH)
    made.environ |= scenes.reach(sandbox) | {"JIRA_CI_URL": "https://ci.example/run"}
    made.commit("WEB-11 Pay by invoice")
    made.commit("WEB-12 Pay by card")
    return made


def test_every_yaml_is_one_and_every_command_is_known() -> None:
    assert all(isinstance(yaml.safe_load(block), dict) for block in _blocks("yaml"))
    commands = list(_commands())
    assert len(commands) > 8
    assert {words[0] for words in commands} <= {getattr(command, "name", command) for command in COMMANDS}


@pytest.mark.parametrize("ci", BUILDS)
def test_a_roll_back_in_a_new_run_has_a_larger_number_than_what_it_replaces(job: scenes.Job, ci: str) -> None:
    first, then = BUILDS[ci]
    deployed = ("deployment", "--environment", "Prod", "--state", "success", "--format", "json", "--dry-run")
    new = job.jira_ci(*deployed, "--version", "2", **_environ(first))
    job.git("checkout", "--quiet", "--detach", "HEAD~1")
    old = job.jira_ci(*deployed, "--version", "1", **_environ(first | then))
    numbers = [_sent(ended)["deploymentSequenceNumber"] for ended in (new, old)]
    assert numbers == [int(list(first.values())[-1]), int(list(then.values())[-1])]
    assert _sent(new)["pipeline"]["id"] == _sent(old)["pipeline"]["id"]
    assert _sent(new)["pipeline"]["id"].startswith(f"{ci}:")


def test_a_step_that_runs_again_updates_its_record(job: scenes.Job) -> None:
    first, _ = BUILDS["bitbucket"]
    report = ("build", "--format", "json", "--dry-run")
    failed = job.jira_ci(*report, **_environ(first | {"BITBUCKET_EXIT_CODE": "1"}))
    again = job.jira_ci(*report, **_environ(first | {"BITBUCKET_EXIT_CODE": "0", "BITBUCKET_STEP_RUN_NUMBER": "2"}))
    assert (failed.json["state"], again.json["state"]) == ("failed", "successful")
    before, after = (ended.json["requests"][-1]["body"]["builds"][0] for ended in (failed, again))
    assert before["buildNumber"] == after["buildNumber"] == 41
    assert before["updateSequenceNumber"] < after["updateSequenceNumber"]


def test_the_bitbucket_example_reports_its_start_and_end(job: scenes.Job, sandbox: Sandbox) -> None:
    first, _ = BUILDS["bitbucket"]
    environ = first | {"BITBUCKET_DEPLOYMENT_ENVIRONMENT": "production"}
    begun, ended = [words for words in _commands() if words[0] == "deployment"]
    assert job.jira_ci(*begun, **_environ(environ)).code == 0
    assert job.jira_ci(*ended, **_environ(environ | {"BITBUCKET_EXIT_CODE": "0"})).code == 0
    (stored,) = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (stored["state"], stored["environment"]["displayName"]) == ("successful", "production")


@pytest.mark.parametrize("ci", BUILDS)
def test_the_gate_denies_there_too_what_nobody_approved(job: scenes.Job, ci: str) -> None:
    job.write(
        ".jira-ci.yml",
        "environments:\n  Prod: {type: production, change-controlled: true}\n"
        "change-control: {enabled: true, service-desk: OPS, create: false}\n",
    )
    job.commit("policy")
    first, _ = BUILDS[ci]
    gate = ("gate", "--environment", "Prod", "--version", "1.4.0", "--format", "json")
    ended = job.jira_ci(*gate, **_environ(first))
    assert (ended.json["decision"], ended.json["approved"]) == ("deny", False)


def _environ(found: dict[str, str]) -> dict[str, Any]:
    return dict(found)


def _sent(ended: Any) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    record: dict[str, Any] = ended.json["requests"][-1]["body"]["deployments"][0]
    return record
