"""The command check: both halves, their lines, the exit code, and nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import scenes
from gate_jobs import POLICY, commit, scene
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from pretend_ci import pretend_ci
from scenes import Job

PATH = os.environ["PATH"]


@pytest.fixture
def job(pushed: Job) -> Job:
    return pushed


def verdicts(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if not line.startswith("::")]


def test_everything_is_found_in_order_and_nothing_is_written(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("check", "--environment", "qa7")
    assert ended.code == 0, ended.out
    assert set(verdicts(ended.out)) == {"ok"}
    assert "ok       environment: qa7 is testing: .jira-ci.yml line 3: qa*" in ended.out
    assert "ok       gate: This project is not change controlled" in ended.out
    assert [exchange.path for exchange in sandbox.exchanges if exchange.method != "GET"] == ["/oauth/token"]


@pytest.mark.parametrize(
    ("path", "answer", "code", "subject"),
    [
        ("/_edge/tenant_info", Answer(404), 7, "cloud id"),
        ("/oauth/token", Answer(401), 6, "access token"),
        ("/builds/", Answer(403), 6, "builds permission"),
    ],
)
def test_what_is_wrong_with_reporting_is_said_with_a_code(
    job: Job, sandbox: Sandbox, path: str, answer: Answer, code: int, subject: str
) -> None:
    sandbox.before = lambda request: answer if path in request.path else None
    ended = job.jira_ci("check", "--format", "json")
    assert ended.code == code
    [wrong] = [check for check in ended.json["checks"] if not check["ok"]]
    assert wrong["name"] == subject
    assert wrong["hint"]


def test_without_settings_it_says_what_to_create(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    ended = job.jira_ci("check")
    assert ended.code == 2
    assert "Create OAuth credentials" in ended.out


def test_the_gate_is_tested_too_and_nothing_is_written(gated: Job, sandbox: Sandbox) -> None:
    ended = gated.jira_ci("check", "--format", "json")
    assert ended.code == 0
    checks = {check["name"]: check for check in ended.json["checks"]}
    assert {"builds permission", "gate credentials", "gate request type", "gate title"} <= set(checks)
    assert checks["gate permissions"]["warning"] is True
    asked = {exchange.path for exchange in sandbox.exchanges if exchange.method != "GET"}
    assert asked == {"/oauth/token", "/rest/api/3/search/jql"}


def test_a_reporting_problem_does_not_hide_the_gate(gated: Job) -> None:
    ended = gated.jira_ci("check", JIRA_CI_CLIENT_SECRET="")
    assert ended.code == 2
    assert "PROBLEM  credentials: client-secret is not set." in ended.out
    assert "ok       gate title: Prod: " in ended.out


def test_a_broken_file_in_the_work_tree_does_not_hide_the_gate(gated: Job) -> None:
    gated.write(".jira-ci.yml", "environments:\n  Prod: prodution\n")
    ended = gated.jira_ci("check")
    assert ended.code == 2
    assert "PROBLEM  configuration: .jira-ci.yml line 2" in ended.out
    assert "ok       gate title: Prod: " in ended.out


def test_a_problem_of_the_gate_does_not_hide_reporting(gated: Job) -> None:
    ended = gated.jira_ci("check", JIRA_CI_TOKEN="wrong")
    assert ended.code == 6
    assert "ok       deployments permission: " in ended.out
    assert "PROBLEM  gate credentials: " in ended.out


def test_the_code_is_that_of_the_worst_line(gated: Job, sandbox: Sandbox) -> None:
    answers = {"tenant_info": Answer(404), "mypermissions": Answer(403)}
    sandbox.before = lambda request: next((answers[end] for end in answers if request.path.endswith(end)), None)
    ended = gated.jira_ci("check")
    assert ended.code == 7
    assert "PROBLEM  cloud id: " in ended.out
    assert "PROBLEM  gate permissions: " in ended.out


def test_the_credentials_of_reporting_do_not_open_the_service_desk(gated: Job) -> None:
    ended = gated.jira_ci("check", JIRA_CI_USER="", JIRA_CI_TOKEN="")
    assert ended.code == 6
    assert "The client-id and client-secret that report are not let in here: set user and token as well." in ended.out


AFTER = """jira: {{projects: [WEB, OPS]}}
environments: {{Prod: production}}
after:
  {name}: {{fix-version: "{{version}}", transition: Done, credentials: RELEASE}}
"""


def _after(job: Job, sandbox: Sandbox, name: str = "production") -> Job:
    commit(job, AFTER.format(name=name))
    job.environ |= {
        "JIRA_CI_RELEASE_USER": sandbox.credentials.user,
        "JIRA_CI_RELEASE_TOKEN": sandbox.credentials.token,
    }
    return job


def test_who_acts_after_a_deployment_and_may_it(job: Job, sandbox: Sandbox) -> None:
    sandbox.site.desk.denied.clear()
    ended = _after(job, sandbox).jira_ci("check")
    assert ended.code == 0, ended.out
    assert "ok       after production: Release Engineer (5b10a2844c20165700ede21g) acts" in ended.out
    assert "ok       after production: in WEB the account may do what is wanted" in ended.out
    assert [one.path for one in sandbox.exchanges if one.method != "GET"] == ["/oauth/token"]


@pytest.mark.parametrize(
    ("permission", "verdict", "sentence", "code"),
    [
        ("ADMINISTER_PROJECTS", "warning", "in WEB the account may not make versions.", 0),
        ("TRANSITION_ISSUES", "PROBLEM", "in WEB the account lacks Transition issues.", 6),
        ("EDIT_ISSUES", "PROBLEM", "in WEB the account lacks Edit issues.", 6),
    ],
)
def test_what_the_account_lacks_is_named(
    job: Job, sandbox: Sandbox, permission: str, verdict: str, sentence: str, code: int
) -> None:
    sandbox.site.desk.denied.clear()
    sandbox.site.desk.denied.add(permission)
    ended = _after(job, sandbox).jira_ci("check")
    assert ended.code == code
    assert f"{verdict:7}  after production: {sentence}" in ended.out


def test_a_rule_that_can_match_nothing_is_a_warning(job: Job, sandbox: Sandbox) -> None:
    ended = _after(job, sandbox, "prodution").jira_ci("check")
    assert "warning  after prodution: prodution is no type, and no environment" in ended.out
    assert "Did you mean production?" in ended.out


def test_an_account_without_its_variables_is_a_problem(job: Job, sandbox: Sandbox) -> None:
    job = _after(job, sandbox)
    del job.environ["JIRA_CI_RELEASE_TOKEN"]
    ended = job.jira_ci("check")
    assert ended.code == 6
    assert "JIRA_CI_RELEASE_USER and JIRA_CI_RELEASE_TOKEN" in ended.out


def test_the_gates_own_account_that_closes_changes_is_a_warning(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scene(tmp_path, sandbox, "end-status: {successful: Completed}").job
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci("check")
    assert "end-status lets the gate's own account move the changes of Prod" in ended.out


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (200, "ok       resume: the token of this job may read runs; that it may start them (`actions: write`) is not"),
        (403, "warning  resume: GitHub (127.0.0.1"),
        (503, "warning  resume: GitHub (127.0.0.1"),
    ],
)
def test_whether_resuming_would_work_is_asked_without_an_order(gated: Job, status: int, line: str) -> None:
    with pretend_ci() as ci:
        ci.head = gated.environ["GITHUB_SHA"]
        ci.run(9001, ci.head, status="in_progress")
        ci.broken = status if status != 200 else 0
        ended = gated.jira_ci("check", GITHUB_API_URL=f"{ci.address}/github", GITHUB_TOKEN="t0ken")
        assert [one for one in ci.asked if not one.startswith("GET ")] == []
    assert ended.code == 0
    [said] = [one for one in ended.out.splitlines() if " resume: " in one and "::" not in one]
    assert said.startswith(line)
    assert "ok       gate parking: the account may leave notes for jira-ci resume on changes in OPS" in ended.out


def test_an_account_that_leaves_no_notes_is_a_warning(gated: Job, sandbox: Sandbox) -> None:
    sandbox.site.desk.denied.add("EDIT_ISSUES")
    said = "gate parking: The gate's account may not edit changes in OPS (EDIT_ISSUES)"
    assert f"warning  {said}" in gated.jira_ci("check").out
    assert "gate parking" not in gated.jira_ci("check", JIRA_CI_PARKED="off").out


@pytest.mark.parametrize(("scopes", "verdict"), [(["api"], "ok"), (["read_api"], "warning"), ("api", "warning")])
def test_whether_resuming_would_work_on_gitlab(tmp_path: Path, sandbox: Sandbox, scopes: object, verdict: str) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="minimum-approvals: 1"))
    job.git("add", ".")
    job.environ["CI_COMMIT_SHA"] = job.commit("Policy")
    job.environ |= scenes.reach(sandbox)
    job.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    with pretend_ci() as ci:
        ci.token = {"scopes": scopes, "expires_at": "2027-01-31"}
        ended = job.jira_ci("check", CI_API_V4_URL=f"{ci.address}/gitlab", JIRA_CI_GITLAB_TOKEN="glpat-1")
    [said] = [one for one in ended.out.splitlines() if " resume: " in one and "::" not in one]
    assert said.startswith(verdict)
    assert ("2027-01-31" in said) is (verdict == "ok")
