"""A deployment parks, its change is approved on the sandbox's page, and a sweep starts it again.

By real runners, against a GitHub and a GitLab on loopback that start runs, and refuse to, as the real ones do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gate_jobs import POLICY
from jira_sandbox.accounts import ANA
from jira_sandbox.server import Sandbox
from pages import post
from pretend_ci import PretendCI, pretend_ci
from runners.act import Act, Ended
from runners.gitlab_ci_local import EXAMPLES as GITLAB
from runners.gitlab_ci_local import Local
from runners.test_act import EXAMPLES as GITHUB
from wrappers.machine import states

RUN = 9001


@pytest.fixture
def ci() -> Iterator[PretendCI]:
    with pretend_ci() as made:
        yield made


def approved_on_its_page(sandbox: Sandbox) -> str:
    """The one change, approved by who is asked, and moved on as people do."""
    (key,) = [one.key for one in sandbox.site.desk.ledger.all() if one.request_type]
    assert post(sandbox, f"/browse/{key}/approve", {"by": ANA.account, "onward": "1"}).status == 303
    return str(key)


def deploys(act: Act, ci: PretendCI, attempt: int) -> Ended:
    """The workflow that deploys, as GitHub runs it, for the first time or again."""
    head = act.git("rev-parse", "HEAD")
    ci.head = head
    event: dict[str, Any] = {"ref": "refs/heads/main", "before": "0" * 40, "after": head}
    given = {"GITHUB_RUN_ID": str(RUN), "GITHUB_RUN_ATTEMPT": str(attempt), "RUNNER_NAME": "GitHub Actions 3"}
    return act.run("push", event, **given, GITHUB_API_URL=f"{ci.address}/github", GITHUB_REPOSITORY_ID="77")


def sweeps(act: Act, ci: PretendCI) -> Ended:
    given = {"GITHUB_RUN_ID": "9500", "GITHUB_API_URL": f"{ci.address}/github", "GITHUB_REPOSITORY_ID": "77"}
    return act.run("workflow_dispatch", None, **given)


@pytest.fixture
def parked(act: Act, sandbox: Sandbox, ci: PretendCI) -> Act:
    """A repository with both workflows, one run of which waits for its change."""
    act.secrets["GITHUB_TOKEN"] = "t0ken"
    act.workflow((GITHUB / "gated-deployment.yml").read_text("utf-8"), "deploy.yml")
    # act knows no schedule with a time zone; everything else is as the example has it.
    act.workflow(re.sub(r" +timezone:.*\n", "", (GITHUB / "resume.yml").read_text("utf-8")), "resume.yml")
    act.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    act.commit("WEB-7 Sign in")
    act.git("update-ref", "refs/remotes/origin/main", "HEAD")
    first = deploys(act, ci, 1)
    assert first.result("deploy") == "failure"
    assert "Parked on" in first.log, first.log
    ci.run(RUN, act.git("rev-parse", "HEAD"), path=".github/workflows/deploy.yml")
    return act


def test_on_github_an_approval_on_the_page_starts_the_run_again(parked: Act, sandbox: Sandbox, ci: PretendCI) -> None:
    waits = sweeps(parked, ci)
    assert (waits.result("resume"), ci.orders) == ("success", []), waits.log
    approved_on_its_page(sandbox)
    sweeps(parked, ci)
    assert len(ci.orders) == 1
    assert re.fullmatch(r"/actions/(jobs/9071/rerun|runs/9001/rerun-failed-jobs)", ci.orders[0])
    again = deploys(parked, ci, 2)
    assert again.result("deploy") == "success", again.log
    assert "deploying" in again.log
    assert states(sandbox) == ["in_progress", "successful"]
    after = sweeps(parked, ci)
    assert "Nothing of this repository is parked." in after.log
    assert len(ci.orders) == 1


def test_on_github_what_it_refuses_for_ever_is_taken_off(parked: Act, sandbox: Sandbox, ci: PretendCI) -> None:
    key = approved_on_its_page(sandbox)
    ci.runs[RUN]["status"] = "in_progress"
    going = sweeps(parked, ci)
    assert "the run is going on" in going.log, going.log
    ci.runs[RUN]["status"] = "completed"
    ci.reruns = 50
    ended = sweeps(parked, ci)
    assert f"dropped: {key}" in ended.log
    assert "it is too old, or was started too often" in ended.log
    assert ci.orders == []


def tagged(local: Local, sandbox: Sandbox, ci: PretendCI) -> None:
    """A pipeline of the tag 1.2.3, on this GitLab."""
    local.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: internal"))
    local.variables |= {
        "CI_COMMIT_TAG": "1.2.3",
        "CI_PIPELINE_ID": "5001",
        "CI_PROJECT_ID": "88",
        "CI_API_V4_URL": f"{ci.address}/gitlab",
        "JIRA_CI_GITLAB_TOKEN": "glpat-1",
        "GIT_SSH_COMMAND": "printf 0000; cat >/dev/null; :",  # a list of refs without any
    }
    local.git("remote", "set-url", "origin", "git@gitlab.com:acme/shop.git")
    ci.head = local.commit("WEB-7 Sign in")
    local.git("update-ref", "refs/remotes/origin/main", "HEAD")


def test_on_gitlab_an_approval_on_the_page_plays_the_job(local: Local, sandbox: Sandbox, ci: PretendCI) -> None:
    local.example("resume")
    tagged(local, sandbox, ci)
    first = local.run()
    assert first.result("gate") == "PASS", first.log
    assert "Parked on" in first.log
    job = {"id": 600, "name": "deploy", "status": "manual", "commit": {"id": ci.head}}
    ci.jobs[5001] = [job, {**job, "id": 599, "name": "gate", "status": "success"}]
    approved_on_its_page(sandbox)
    swept = local.run(CI_PIPELINE_SOURCE="schedule", CI_PIPELINE_ID="5900", CI_COMMIT_TAG="")
    assert swept.result("resume") == "PASS", swept.log
    assert ci.orders == ["/jobs/600/play"], swept.log
    played = local.run("deploy")
    assert played.result("deploy") == "PASS", played.log
    assert states(sandbox) == ["in_progress", "successful"]


def test_on_gitlab_a_window_that_begins_later_delays_a_child_pipeline(
    local: Local, sandbox: Sandbox, ci: PretendCI
) -> None:
    local.example("resume-window")
    local.included(".gitlab/deploy.yml", (GITLAB / "resume-window-deploy.yml").read_text("utf-8"))
    tagged(local, sandbox, ci)
    key = sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"').key
    approved_on_its_page(sandbox)
    begins = datetime.now(timezone.utc) + timedelta(hours=2)
    sandbox.desk.window(key, begins, begins + timedelta(hours=1))
    ended = local.run("gate", "later")
    assert ended.result("gate") == "WARN", ended.log
    assert ended.result("later") == "PASS", ended.log
    written = (local.repository / "later.yml").read_text()
    assert re.search(r'"when": "delayed",\s+"start_in": "7[12][0-9][0-9] seconds"', written), written
    assert "JIRA_CI_OUT_PARKED=false" in (local.repository / ".jira-ci/jira-ci.env").read_text()
    sandbox.desk.window(key, begins - timedelta(hours=3), begins)
    now = local.run()
    assert now.result("gate") == "PASS", now.log
    # gitlab-ci-local gives a child pipeline none of the project's variables, so that its job gets no further.
    assert "[start] -> deploy $ jira_ci gate" in now.log, now.log
