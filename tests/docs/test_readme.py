"""The README's own examples, run: what it shows is what a user gets."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

import scenes
from jira_ci.config import model
from jira_sandbox.server import Sandbox

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONSOLE: list[str] = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PATH = os.environ["PATH"]


def _configuration() -> str:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    [found] = [block for block in blocks if "Azure-Dev" in block]
    return found


def _session(command: str) -> list[str]:
    """The lines that the README shows below a command."""
    [block] = [block for block in CONSOLE if block.startswith(f"$ jira-ci {command}")]
    return block.splitlines()


def test_the_configuration_is_valid_and_has_the_published_keys() -> None:
    text = _configuration()
    assert model.parse(text.encode(), ".jira-ci.yml").projects == ("WEB", "OPS")
    assert yaml.safe_load(text)["environments"]["Heroku"] == {"type": "staging"}


def test_the_environments_example_prints_what_is_shown(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.write(".jira-ci.yml", _configuration())
    command, *shown = _session("environment")
    ended = job.jira_ci(*shlex.split(command)[2:])
    assert ended.out.splitlines() == shown


def test_the_check_example_prints_these_lines(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.write(".jira-ci.yml", "project-name: Shop\n")
    job.git("add", ".")
    job.commit("Start")
    job.environ |= scenes.reach(sandbox)
    _, *shown = _session("check")
    ended = job.jira_ci("check")
    changing = re.compile(r"number \d+|[0-9a-f]{8}-[0-9a-f-]+|@[0-9a-f]{8}")
    assert [changing.sub("*", line) for line in ended.out.splitlines()] == [changing.sub("*", line) for line in shown]


def test_the_anywhere_example_reports_a_deployment(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("WEB-12 Pay by card")
    [block] = [block for block in CONSOLE if "pipx install" in block and "jira-ci report" in block]
    [command] = [line for line in block.splitlines() if line.startswith("$ jira-ci ")]
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci(*shlex.split(command)[2:])
    assert ended.code == 0, ended.err
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["environment"]["displayName"], deployment["url"]) == ("Prod-EU", "https://ci.example/run/12")


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_links_lead_to_files(link: str) -> None:
    assert (Path(__file__).parents[2] / link).exists()


@pytest.mark.parametrize("anchor", re.findall(r"\]\(#([^)]+)\)", README))
def test_links_lead_to_headings(anchor: str) -> None:
    headings = [line.lstrip("# ").lower() for line in README.splitlines() if line.startswith("## ")]
    assert anchor in [re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings]


def test_the_gates_policies_are_valid() -> None:
    policies = [block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "change-control:" in block]
    parsed = [model.parse(block.encode(), ".jira-ci.yml") for block in policies]
    assert [found.enabled for found in parsed] == [True, True, True, True]
    assert parsed[1].control()["edits"] == "deny"
    assert parsed[2].control()["title"].startswith("Octopus: Deploy ")
