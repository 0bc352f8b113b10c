"""A deployment of an older commit than the one that is there, from the provider's answer to what the log says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import past_runs
import scenes
from ci.servers import serving
from jira_sandbox.server import Sandbox
from past_runs import REPO


@pytest.mark.parametrize("older", [True, False])
def test_a_deployment_that_takes_an_environment_back_says_so(tmp_path: Path, sandbox: Sandbox, older: bool) -> None:
    with serving("/api") as api:
        job = scenes.github(tmp_path, os.environ["PATH"], {"repository": {"id": 77}}, "workflow_dispatch")
        commits = [job.commit("WEB-12 Pay by card"), job.commit("WEB-12 Pay by card again")]
        there, own = reversed(commits) if older else commits
        past_runs.at_github(job, api).environ |= {**scenes.reach(sandbox), "GITHUB_SHA": own}
        log = "https://github.com/acme/shop/actions/runs/9000/job/5"
        address = f"{api.url}{REPO}/deployments/1"
        api.pages(f"{REPO}/deployments", [{"id": 1, "sha": there, "environment": "Prod", "url": address}])
        api.json(f"{REPO}/deployments/1/statuses", [{"state": "success", "log_url": log, "target_url": log}])
        ended = job.jira_ci("deployment", "--environment", "Prod", "--state", "success")
    assert ended.code == 0
    assert "Jira accepted 1" in ended.out
    said = f"Prod has a newer commit, {there[:8]}, than this deployment's {own[:8]}."
    assert (said in ended.out, "jira-ci rollback" in ended.out) == (older, older)
