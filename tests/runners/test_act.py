"""The action in users' workflows, run by a real runner: outputs, summary, annotations, masking, the job's result."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import scenes
from gate_jobs import POLICY
from jira_sandbox.server import Sandbox
from runners.act import REPOSITORY, Act, Ended
from wrappers.machine import ROOT, reports, states, stored

EXAMPLES = ROOT / "examples" / "github"
EVENTS = ROOT / "tests" / "events" / "github"
RESULTS = '<testsuite><testcase name="a"/><testcase name="b"/><testcase name="c"><failure/></testcase></testsuite>'
SOON = 60  # seconds
CREDENTIALS = "client-id: '${{ secrets.JIRA_CLIENT_ID }}', client-secret: '${{ secrets.JIRA_CLIENT_SECRET }}'"
LEGS = f"""
name: CI
on: push
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: jira-ci/jira-ci@v0
        with: {{{CREDENTIALS}}}
  test:
    runs-on: ubuntu-latest
    strategy: {{fail-fast: false, matrix: {{region: [eu, us], shard: [1]}}}}
    steps:
      - run: test ${{{{ matrix.region }}}} = us
      - uses: jira-ci/jira-ci@v0
        if: always()
        with: {{{CREDENTIALS}}}
"""
HOSTED = f"""
name: Hosted
on: deployment_status
env: {{JIRA_CI_ISSUE_KEYS: WEB-7}}
jobs:
  report:
    runs-on: ubuntu-latest
    steps:
      - uses: jira-ci/jira-ci@v0
        with: {{{CREDENTIALS}}}
      - uses: jira-ci/jira-ci@v0
        with: {{environment: Other, {CREDENTIALS}}}
"""


def _example(act: Act, name: str) -> None:
    act.workflow((EXAMPLES / f"{name}.yml").read_text("utf-8"))


def _reusable(act: Act) -> None:
    ours, here = "jira-ci/jira-ci/.github/workflows/gated-deployment.yml@v0", "./.github/workflows/gated-deployment.yml"
    act.workflow((EXAMPLES / "reusable.yml").read_text("utf-8").replace(ours, here))


def _event(name: str, **changed: Any) -> dict[str, Any]:
    """A captured event, about the repository that act has."""
    document = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    document.pop("repository", None)
    return {**document, **changed}


def _push(act: Act, message: str, ref: str = "refs/heads/main") -> dict[str, Any]:
    head = act.commit(message)
    return {"ref": ref, "before": "0" * 40, "after": head, "commits": [{"id": head, "message": message}]}


def _controlled(act: Act, sandbox: Sandbox, environment: str = "Prod") -> None:
    """The repository's policy makes an environment change controlled."""
    policy = POLICY.format(site=sandbox.address, more="comments: internal").replace("Prod", environment)
    act.write(".jira-ci.yml", policy)


def test_a_push_reports_a_build_with_its_tests(act: Act, sandbox: Sandbox) -> None:
    _example(act, "report-every-push")
    act.write("reports/junit.xml", RESULTS)
    ended = act.run("push", _push(act, "WEB-7 Sign in with a passkey"))
    assert (ended.code, ended.result("test")) == (0, "success")
    [build] = stored(sandbox, "builds")
    assert (build["state"], build["buildNumber"], build["testInfo"]["numberFailed"]) == ("successful", 42, 1)
    outputs = ended.outputs("jira")
    assert (outputs["issue-keys"], outputs["state"], outputs["accepted"], outputs["rejected"]) == (
        "WEB-7",
        "successful",
        "1",
        "0",
    )
    assert "### ✅ Jira: build successful" in ended.summary
    assert f"({sandbox.address}/browse/WEB-7)" in ended.summary


@pytest.mark.parametrize("builds", [False, True])
def test_what_init_writes_reports(act: Act, sandbox: Sandbox, builds: bool) -> None:
    if builds:
        act.workflow(
            "name: Build\non: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: make test}]}}\n", "build.yml"
        )
    act.init()
    head = act.commit("WEB-7 Sign in with a passkey")
    pushed = {"ref": "refs/heads/main", "before": "0" * 40, "after": head}
    told = {"id": 7, "run_number": 207, "path": ".github/workflows/build.yml", "status": "completed"}
    finished = {
        **told,
        "name": "Build",
        "conclusion": "failure",
        "html_url": "https://github.com/acme/shop/actions/runs/7",
    }
    of_head = {"head_branch": "main", "head_sha": head, "head_repository": REPOSITORY, "pull_requests": []}
    ended = act.run("workflow_run", {"workflow_run": {**finished, **of_head}}) if builds else act.run("push", pushed)
    assert ended.code == 0
    [build] = scenes.stored(sandbox, "WEB-7")["builds"]
    assert build["state"] == ("failed" if builds else "successful")
    assert build["displayName"] == ("Build #207" if builds else "CI (build) #42")


def test_every_job_and_every_leg_of_a_matrix_is_a_build_of_its_own(act: Act, sandbox: Sandbox) -> None:
    act.workflow(LEGS)
    ended = act.run("push", _push(act, "WEB-7 Sign in"))
    assert ended.code
    assert {one["displayName"]: one["state"] for one in stored(sandbox, "builds")} == {
        "CI (lint) #42": "successful",
        "CI (test, eu, 1) #42": "failed",
        "CI (test, us, 1) #42": "successful",
    }


@pytest.mark.parametrize(("state", "told"), [("failure", "failed"), ("inactive", None), ("queued", "pending")])
def test_a_host_s_deployment_is_reported_as_the_host_says(
    act: Act, sandbox: Sandbox, state: str, told: str | None
) -> None:
    act.workflow(HOSTED)
    head = act.commit("WEB-7 Sign in")
    status = {"state": state, "environment": "Preview", "target_url": "https://host.example/1"}
    event = {"deployment_status": status, "deployment": {"id": 8, "sha": head, "ref": "main", "environment": "Preview"}}
    assert act.run("deployment_status", event).code == 0
    found = {one["environment"]["displayName"]: one["state"] for one in stored(sandbox, "deployments")}
    assert found == {**({"Preview": told} if told else {}), "Other": "successful"}


def test_a_failing_step_is_reported_and_the_job_stays_failed(act: Act, sandbox: Sandbox) -> None:
    _example(act, "report-every-push")
    act.write("Makefile", "test:\n\t@exit 3\n")
    ended = act.run("push", _push(act, "WEB-7 Sign in"))
    assert ended.result("test") == "failure"
    assert states(sandbox) == ["failed"]


def test_a_jira_that_is_down_leaves_the_job_green_and_is_said_once(act: Act) -> None:
    _example(act, "report-every-push")
    act.env |= {"JIRA_CI_API_URL": "http://127.0.0.1:9", "JIRA_CI_TIMEOUT": "2s"}
    act.write("reports/junit.xml", RESULTS)
    ended = act.run("push", _push(act, "WEB-7 Sign in"))
    assert ended.result("test") == "success"
    assert len(ended.annotations("warning")) == 1
    assert ended.annotations("warning")[0].startswith("Not reported: ")


def test_a_second_attempt_updates_the_same_build(act: Act, sandbox: Sandbox) -> None:
    _example(act, "report-every-push")
    event = _push(act, "WEB-7 Sign in")
    act.write("Makefile", "test:\n\t@exit 3\n")
    act.run("push", event)
    act.write("Makefile", "test:\n\t@true\n")
    act.run("push", event, GITHUB_RUN_ATTEMPT="2")
    assert states(sandbox) == ["failed", "successful"]
    assert [build["state"] for build in stored(sandbox, "builds")] == ["successful"]


def test_a_pull_request_is_reported_with_the_keys_of_its_title_and_branch(act: Act, sandbox: Sandbox) -> None:
    _example(act, "pull-requests")
    head = act.commit("Start")
    event = _event("pull_request")
    event["pull_request"] |= {"title": "WEB-8 Pay by card", "commits": 1}
    event["pull_request"]["head"] |= {"ref": "feature/web-9-card", "sha": head}
    ended = act.run("pull_request", event)
    assert ended.result("test") == "success"
    assert stored(sandbox, "builds")[0]["associations"][0]["values"][:2] == ["WEB-8", "WEB-9"]


def test_a_fork_without_secrets_is_skipped_and_said(act: Act, sandbox: Sandbox) -> None:
    _example(act, "pull-requests")
    act.commit("WEB-7 Start")
    act.secrets.clear()
    ended = act.run("pull_request", _event("pull_request_fork"))
    assert ended.result("test") == "success"
    assert reports(sandbox) == []
    assert "gets no secrets" in ended.log
    assert ended.annotations("error") == []


def test_a_run_of_the_own_repository_without_secrets_fails_clearly(act: Act, sandbox: Sandbox) -> None:
    _example(act, "pull-requests")
    act.commit("WEB-7 Start")
    act.secrets.clear()
    ended = act.run("pull_request", _event("pull_request"))
    assert ended.result("test") == "failure"
    assert "client-id and client-secret are not set" in ended.annotations("error")[0]


def test_a_merge_queue_reports_the_keys_of_the_commits_it_merges(act: Act, sandbox: Sandbox) -> None:
    text = (EXAMPLES / "report-every-push.yml").read_text("utf-8")
    act.workflow(text.replace("  push:\n    branches: [main]\n", "  merge_group:\n"))
    base = act.commit("Start")
    head = act.commit("WEB-8 Pay by card (#12)")
    event = _event("merge_group")
    event["merge_group"] |= {
        "base_sha": base,
        "head_sha": head,
        "head_ref": "refs/heads/gh-readonly-queue/main/pr-12-a",
    }
    event["merge_group"]["head_commit"] = {"id": head, "message": "WEB-8 Pay by card (#12)"}
    act.run("merge_group", event)
    [build] = stored(sandbox, "builds")
    assert build["associations"][0]["values"] == ["WEB-8"]


def test_a_shallow_checkout_is_completed_or_said(act: Act, sandbox: Sandbox) -> None:
    _example(act, "deployment")
    act.commit("WEB-1 Old")
    act.commit("WEB-2 New")
    act.git("tag", "v1")
    act.git("checkout", "-q", "--detach", "v1")
    (act.repository / ".git" / "shallow").write_text(act.git("rev-parse", "HEAD") + "\n")
    ended = act.run("push", {"ref": "refs/tags/v1", "before": "0" * 40, "after": act.git("rev-parse", "HEAD")})
    assert ended.outputs("jira")["keys-complete"] == "false"
    assert any("last deployment" in text for text in ended.annotations("warning"))
    assert states(sandbox) == ["in_progress", "successful"]


def test_a_deployment_has_a_start_and_an_end_and_one_record(act: Act, sandbox: Sandbox) -> None:
    _example(act, "deployment")
    event = _push(act, "WEB-7 Sign in", "refs/tags/v1.4.0")
    act.git("tag", "v1.4.0")
    act.git("checkout", "-q", "--detach", "v1.4.0")
    ended = act.run("push", event)
    assert ended.result("deploy") == "success"
    assert states(sandbox) == ["in_progress", "successful"]
    [deployment] = stored(sandbox, "deployments")
    assert deployment["environment"]["displayName"] == "Prod-EU"
    assert ended.outputs("jira")["environment-type"] == "production"


def test_a_manual_deployment_takes_its_inputs(act: Act, sandbox: Sandbox) -> None:
    _example(act, "manual-dispatch")
    act.commit("WEB-7 Sign in")
    given = {"environment": "Stage", "version": "1.4.0; touch /tmp/never", "change": ""}
    event = {"inputs": given, "ref": "refs/heads/main"}
    ended = act.run("workflow_dispatch", event, *(f"--input={name}={text}" for name, text in given.items()))
    assert ended.result("deploy") == "success"
    assert "deploying 1.4.0; touch /tmp/never" in ended.log
    [deployment] = stored(sandbox, "deployments")
    assert (deployment["environment"]["displayName"], deployment["label"]) == ("Stage", "1.4.0; touch /tmp/never")


def test_a_gated_deployment_waits_for_nobody_and_goes_on_once_its_change_is_approved(
    act: Act, sandbox: Sandbox
) -> None:
    _example(act, "gated-deployment")
    _controlled(act, sandbox)
    event = _push(act, "WEB-7 Sign in")
    first = act.run("push", event)
    assert first.result("deploy") == "failure"
    assert (first.outputs("jira")["decision"], first.outputs("jira")["approved"]) == ("wait", "false")
    assert "deploying" not in first.log
    assert "stand-in for actions/upload-artifact, decision: " in first.log, "the record is kept"
    key = first.outputs("jira")["change-key"]
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
    again = act.run("push", event, GITHUB_RUN_ATTEMPT="2")
    assert again.result("deploy") == "success"
    assert (again.outputs("jira")["decision"], again.outputs("jira")["approved"]) == ("proceed", "true")
    assert "deploying" in again.log
    assert states(sandbox) == ["in_progress", "successful"]


def test_the_reusable_workflow_is_gate_deployment_and_report(act: Act, sandbox: Sandbox) -> None:
    # act looks for workflows of other repositories on GitHub only, so that this one is the user's own here.
    _reusable(act)
    text = (ROOT / ".github/workflows/gated-deployment.yml").read_text("utf-8")
    assert text.count("${{ job.workflow_sha }}") == text.count("job.workflow_sha == ''") == 1
    act.workflow(text.replace("job.workflow_sha == ''", "false"), "gated-deployment.yml")  # act does not tell it
    shutil.copytree(act.action, act.repository / ".jira-ci-action")  # and it checks out nothing
    # A clone's memory of the default branch says what is there, and proves no absence.
    act.write(".jira-ci.yml", "change-control: {enabled: false}\n")
    event = _push(act, "WEB-7 Sign in", "refs/tags/v1.4.0")
    act.git("update-ref", "refs/remotes/origin/main", "HEAD")
    act.git("tag", "v1.4.0")
    act.git("checkout", "-q", "--detach", "v1.4.0")
    ended = act.run("push", event)
    assert ended.code == 0
    assert "deploying" in ended.log
    assert states(sandbox) == ["in_progress", "successful"]


def test_the_reusable_workflow_runs_nothing_where_its_own_commit_is_not_told(act: Act, sandbox: Sandbox) -> None:
    _reusable(act)
    act.workflow((ROOT / ".github/workflows/gated-deployment.yml").read_text("utf-8"), "gated-deployment.yml")
    ended = act.run("push", _push(act, "WEB-7 Sign in", "refs/tags/v1.4.0"))
    assert ended.code
    assert "does not say which commit this workflow is of" in str(ended.lines)
    assert "deploying" not in ended.log
    assert states(sandbox) == []


def test_each_service_of_a_monorepo_claims_what_touches_its_paths(act: Act, sandbox: Sandbox) -> None:
    _example(act, "monorepo")
    services = "\n".join(f"  {name}: {{ids: [{name}-id], paths: [{name}/**]}}" for name in ("billing", "search"))
    act.write(".jira-ci.yml", f"services:\n{services}\n")
    base = act.commit("Start")
    for key, path in (("WEB-7", "billing/api.py"), ("WEB-8", "search/index.py")):
        act.write(path, key)
        head = act.commit(f"{key} Work")
    ended = act.run("push", {"ref": "refs/heads/main", "before": base, "after": head})
    assert ended.code == 0
    claimed = {record["pipeline"]["displayName"]: record["associations"] for record in stored(sandbox, "deployments")}
    keys = {
        name: one["values"] for name, found in claimed.items() for one in found if "issue" in one["associationType"]
    }
    assert keys == {"Deploy services (billing)": ["WEB-7"], "Deploy services (search)": ["WEB-8"]}


def test_a_matrix_of_twenty_jobs_reports_twenty_builds(act: Act, sandbox: Sandbox) -> None:
    text = (EXAMPLES / "report-every-push.yml").read_text("utf-8")
    legs = ", ".join(str(number) for number in range(20))
    text = text.replace("  test:\n", f"  test:\n    strategy: {{matrix: {{leg: [{legs}]}}}}\n", 1)
    act.workflow(text.replace("          site:", "          pipeline: leg ${{ matrix.leg }}\n          site:"))
    ended = act.run("push", _push(act, "WEB-7 Sign in"))
    assert ended.code == 0
    builds = stored(sandbox, "builds")
    assert len({build["pipelineId"] for build in builds}) == len(builds) == 20


def test_secrets_are_masked_by_the_runner_and_by_us(act: Act, sandbox: Sandbox) -> None:
    _example(act, "report-every-push")
    act.env["JIRA_CI_LOG_LEVEL"] = "debug"
    ended = act.run("push", _push(act, "WEB-7 Sign in"))
    everything = ended.log + ended.summary + json.dumps([dict(line) for line in ended.lines])
    assert sandbox.credentials.client_secret not in everything
    assert "Bearer" not in everything


def test_a_hostile_commit_message_stays_a_text(act: Act, sandbox: Sandbox) -> None:
    _example(act, "report-every-push")
    body = "::set-output name=state::x\n::error::no\n##[error]no"
    hostile = f"WEB-7 $(touch /tmp/never) `id` ${{{{ secrets.JIRA_CLIENT_SECRET }}}}\n\n{body}"
    ended = act.run("push", _push(act, hostile))
    assert ended.result("test") == "success"
    assert ended.annotations("error") == []
    assert ended.outputs("jira")["state"] == "successful"


def _interrupt(act: Act, event: Mapping[str, Any], ready: Callable[[], bool], number: int) -> Ended:
    """Sends a signal to the action's entry process, as a runner does that cancels, once this is ready."""
    process = act.start("push", event)
    limit = time.monotonic() + SOON
    while not ready():
        assert time.monotonic() < limit
        assert process.poll() is None, "it ended too early"
        time.sleep(0.05)
    [entry] = _entries(act)
    os.kill(entry, number)
    return act.finish(process)


def _entries(act: Act) -> list[int]:
    """The processes that this runner started for our step."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"wrapper/launch.py") and str(act.folder).encode() in word for word in words):
            found.append(int(folder.name))
    return found


linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the process in /proc")


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_cancelled_while_it_waits_deploys_nothing(act: Act, sandbox: Sandbox, number: int) -> None:
    _example(act, "gated-deployment")
    _controlled(act, sandbox)
    act.env |= {"JIRA_CI_WAIT": "10m", "JIRA_CI_INTERVAL": "1s"}
    event = _push(act, "WEB-7 Sign in")
    ended = _interrupt(act, event, lambda: any("/approval" in one.path for one in sandbox.exchanges), number)
    assert ended.result("deploy") == "failure"
    assert ended.outputs("jira")["approved"] == "false"
    assert "deploying" not in ended.log
    assert reports(sandbox) == []


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_cancelled_while_it_deploys_says_so_to_jira(act: Act, sandbox: Sandbox, number: int) -> None:
    _example(act, "gated-deployment")
    begun, ended_well = act.folder / "begun", act.folder / "ended"
    act.write("deploy.sh", f'#!/bin/sh\ntouch "{begun}"\nsleep 60\ntouch "{ended_well}"\n', mode=0o755)
    ended = _interrupt(act, _push(act, "WEB-7 Sign in"), begun.exists, number)
    assert ended.result("deploy") == "failure"
    assert states(sandbox) == ["in_progress", "cancelled"]
    assert not ended_well.exists()
    assert subprocess.run(["pgrep", "-f", str(ended_well)], capture_output=True, check=False).stdout == b""
