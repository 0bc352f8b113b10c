"""Gated deployments, run by gitlab-ci-local: refused, approved while they wait or for the next attempt, cancelled."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gate_jobs import POLICY
from gate_subjects import TITLE, approved
from jira_sandbox.server import Sandbox
from runners.gitlab_ci_local import Local
from wrappers.machine import reports, states, stored

SOON = 60  # seconds


def test_a_gated_deployment_waits_for_nobody_and_goes_on_once_its_change_is_approved(
    local: Local, sandbox: Sandbox
) -> None:
    local.example("gated-deployment")
    local.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    local.commit("WEB-7 Sign in")
    local.git("update-ref", "refs/remotes/origin/main", "HEAD")
    first = local.run()
    assert first.result("deploy") == "FAIL"
    assert "deploying" not in first.log
    assert re.search("FAIL 4", first.log), first.log
    outputs = (local.repository / ".jira-ci/jira-ci.env").read_text()
    [key] = re.findall(r"^JIRA_CI_OUT_CHANGE_KEY=(\S+)$", outputs, re.MULTILINE)
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
    again = local.run()
    assert again.result("deploy") == "PASS", again.log
    assert "deploying" in again.log
    assert states(sandbox) == ["in_progress", "successful"]


def test_a_job_that_waits_goes_on_as_soon_as_its_change_is_approved(local: Local, sandbox: Sandbox) -> None:
    local.example("gated-deployment")
    local.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    local.commit("WEB-7 Sign in")
    key = sandbox.desk.create(TITLE).key
    process = local.start(JIRA_CI_VERSION="1.2.3", JIRA_CI_WAIT="10m", JIRA_CI_INTERVAL="1s")
    _ready(process, lambda: any("/approval" in one.path for one in sandbox.exchanges))
    assert reports(sandbox) == []
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
    ended = local.finish(process)
    assert ended.result("deploy") == "PASS", ended.log
    assert "deploying" in ended.log
    assert states(sandbox) == ["in_progress", "successful"]


def test_a_manual_deployment_takes_its_form(local: Local, sandbox: Sandbox) -> None:
    local.example("manual-dispatch")
    local.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    local.commit("WEB-7 Sign in")
    version = "1.4.0; touch /tmp/never"
    ended = local.run(CI_PIPELINE_SOURCE="web", ENVIRONMENT="Dev", VERSION=version, CHANGE="")
    assert ended.result("deploy") == "PASS", ended.log
    assert f"deploying {version}" in ended.log
    [deployment] = stored(sandbox, "deployments")
    assert (deployment["environment"]["displayName"], deployment["label"]) == ("Dev", version)


def _ready(process: subprocess.Popen[str], condition: Callable[[], object]) -> None:
    limit = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < limit
        assert process.poll() is None, "it ended too early"
        time.sleep(0.05)


linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the process in /proc")


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_while_it_waits_deploys_nothing(local: Local, sandbox: Sandbox, number: int) -> None:
    local.example("gated-deployment")
    local.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    local.commit("WEB-7 Sign in")
    process = local.start(JIRA_CI_WAIT="10m", JIRA_CI_INTERVAL="1s")
    _ready(process, lambda: any("/approval" in one.path for one in sandbox.exchanges))
    [waiting] = local.working("gate")
    os.kill(waiting, number)
    ended = local.finish(process)
    assert ended.result("deploy") == "FAIL"
    assert re.search(f"FAIL {128 + number}", ended.log), ended.log
    assert "deploying" not in ended.log
    assert "JIRA_CI_OUT_APPROVED=false" in (local.repository / ".jira-ci/jira-ci.env").read_text()
    assert reports(sandbox) == []


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pipeline_that_is_stopped_while_it_deploys_says_so_to_jira(
    local: Local, sandbox: Sandbox, number: int
) -> None:
    local.example("gated-deployment")
    begun, ended_well = local.folder / "begun", local.folder / "ended"
    local.write("deploy.sh", f'#!/bin/sh\ntouch "{begun}"\nsleep 60\ntouch "{ended_well}"\n', mode=0o755)
    local.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    approved(sandbox)
    local.commit("WEB-7 Sign in")
    process = local.start(JIRA_CI_VERSION="1.2.3")
    _ready(process, begun.exists)
    # As by Ctrl-C, or by a runner: everybody is told, and nobody reads the job's output any more.
    os.killpg(process.pid, number)
    assert local.finish(process).code == 128 + number
    limit = time.monotonic() + SOON
    while local.working("deploy") and time.monotonic() < limit:
        time.sleep(0.05)
    assert states(sandbox) == ["in_progress", "cancelled"]
    assert not ended_well.exists()
