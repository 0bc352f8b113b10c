"""The template in users' pipelines, run by gitlab-ci-local: jobs, rules, results, and outputs for later jobs."""

from __future__ import annotations

import re
import time

import pytest

from jira_sandbox.server import Sandbox
from runners.gitlab_ci_local import EXAMPLES, TEMPLATE, Local, keys
from wrappers.machine import reports, states, stored

RESULTS = '<testsuite><testcase name="a"/><testcase name="b"/><testcase name="c"><failure/></testcase></testsuite>'
INCLUDE = f"include: [{{local: {TEMPLATE}}}]\n"
DEPLOY = (
    INCLUDE
    + """
deploy:
  stage: deploy
  extends: .jira-ci-deployment
  environment: {name: Blue, deployment_tier: staging}
  script: ./deploy.sh
after:
  stage: .post
  script: echo "heard $JIRA_CI_OUT_STATE of $JIRA_CI_OUT_ISSUE_KEYS in $JIRA_CI_OUT_ENVIRONMENT_TYPE"
"""
)
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "5",
    "CI_MERGE_REQUEST_TITLE": "WEB-8 Pay by card",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/web-9-card",
    "CI_MERGE_REQUEST_PROJECT_ID": "1217",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1217",
}


def test_a_push_reports_a_build_with_its_tests(local: Local, sandbox: Sandbox) -> None:
    local.example("report-every-push")
    local.write("reports/junit.xml", RESULTS)
    local.commit("WEB-7 Sign in with a passkey")
    ended = local.run()
    assert (ended.code, ended.result("test")) == (0, "PASS"), ended.log
    [build] = stored(sandbox, "builds")
    assert (build["state"], build["buildNumber"], build["testInfo"]["numberFailed"]) == ("successful", 12, 1)
    assert keys(build) == ["WEB-7"]
    assert "no setting of jira-ci" not in ended.log


def test_a_script_that_fails_is_reported_and_the_job_stays_failed(local: Local, sandbox: Sandbox) -> None:
    local.example("report-every-push")
    local.write("Makefile", "test:\n\t@exit 3\n")
    local.commit("WEB-7 Sign in")
    ended = local.run()
    assert ended.result("test") == "FAIL"
    assert states(sandbox) == ["failed"]


def test_a_jira_that_is_down_leaves_the_job_green_and_is_said_once(local: Local) -> None:
    local.example("report-every-push")
    local.commit("WEB-7 Sign in")
    ended = local.run(JIRA_CI_API_URL="http://127.0.0.1:9", JIRA_CI_TIMEOUT="2s")
    assert ended.result("test") == "PASS"
    assert ended.log.count("Not reported: ") == 1


def test_a_second_attempt_updates_the_same_build(local: Local, sandbox: Sandbox) -> None:
    local.example("report-every-push")
    local.write("Makefile", "test:\n\t@exit 3\n")
    local.commit("WEB-7 Sign in")
    local.run()
    local.write("Makefile", "test:\n\t@true\n")
    time.sleep(1.1)  # GitLab's attempts are told apart by the second in which their job began
    local.run()
    assert states(sandbox) == ["failed", "successful"]
    assert [build["state"] for build in stored(sandbox, "builds")] == ["successful"]


def test_a_tag_is_deployed_and_has_a_start_and_an_end(local: Local, sandbox: Sandbox) -> None:
    local.example("deployment")
    local.commit("WEB-7 Sign in")
    local.git("tag", "v1.4.0")
    ended = local.run("--unset-variable=CI_COMMIT_BRANCH", CI_COMMIT_TAG="v1.4.0", CI_COMMIT_REF_NAME="v1.4.0")
    assert ended.result("deploy") == "PASS", ended.log
    assert states(sandbox) == ["in_progress", "successful"]
    [deployment] = stored(sandbox, "deployments")
    assert (deployment["environment"]["displayName"], deployment["environment"]["type"]) == ("Prod-EU", "production")
    assert deployment["label"] == "v1.4.0"


def test_a_branch_is_no_tag(local: Local, sandbox: Sandbox) -> None:
    local.example("deployment")
    local.commit("WEB-7 Sign in")
    assert local.run().result("deploy") == ""
    assert reports(sandbox) == []


def test_the_tier_counts_and_a_later_job_reads_the_outputs(local: Local, sandbox: Sandbox) -> None:
    local.pipeline(DEPLOY)
    local.commit("WEB-7 Sign in")
    ended = local.run()
    assert "heard successful of WEB-7 in staging" in ended.log
    assert stored(sandbox, "deployments")[0]["environment"]["type"] == "staging"


def test_a_deployment_that_fails_is_reported_by_its_after_script(local: Local, sandbox: Sandbox) -> None:
    local.pipeline(DEPLOY.replace("./deploy.sh", "exit 3").replace("stage: .post", "stage: .post\n  when: on_failure"))
    local.commit("WEB-7 Sign in")
    ended = local.run()
    assert (ended.result("deploy"), ended.result("after")) == ("FAIL", "PASS")
    assert states(sandbox) == ["in_progress", "failed"]
    assert "heard failed of WEB-7 in staging" in ended.log


def test_a_manual_job_runs_when_somebody_starts_it(local: Local, sandbox: Sandbox) -> None:
    local.pipeline(DEPLOY.replace("  script: ./", "  when: manual\n  script: ./"))
    local.commit("WEB-7 Sign in")
    assert local.run().result("deploy") == ""
    assert reports(sandbox) == []
    assert local.run("--manual=deploy").result("deploy") == "PASS"
    assert states(sandbox) == ["in_progress", "successful"]


@pytest.mark.parametrize(("succeeds", "state", "ends"), [(True, "successful", "success"), (False, "failed", "failure")])
def test_jobs_beside_a_deployment_report_it(
    succeeds: bool, state: str, ends: str, local: Local, sandbox: Sandbox
) -> None:
    local.example("deployment-without-python")
    local.write("deploy.sh", f"#!/bin/sh\n{'true' if succeeds else 'exit 3'}\n", mode=0o755)
    local.commit("WEB-7 Sign in")
    ended = local.run()
    assert [name for name in ("start", "deploy", "success", "failure") if ended.result(name) == "PASS"] == (
        ["start", "deploy", ends] if succeeds else ["start", ends]
    ), ended.log
    assert states(sandbox) == ["in_progress", state]
    assert len(stored(sandbox, "deployments")) == 1


def test_a_merge_request_is_reported_with_the_keys_of_its_title_and_branch(local: Local, sandbox: Sandbox) -> None:
    local.example("merge-requests")
    local.commit("Start")
    ended = local.run("--unset-variable=CI_COMMIT_BRANCH", **MERGE_REQUEST)
    assert ended.result("test") == "PASS"
    assert keys(stored(sandbox, "builds")[0])[:2] == ["WEB-8", "WEB-9"]


def test_a_fork_without_variables_is_skipped_and_said(local: Local, sandbox: Sandbox) -> None:
    local.example("merge-requests")
    local.commit("WEB-7 Start")
    for name in ("CLIENT_ID", "CLIENT_SECRET", "USER", "TOKEN"):
        del local.variables[f"JIRA_CI_{name}"]
    fork = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99"}
    ended = local.run("--unset-variable=CI_COMMIT_BRANCH", **fork)
    assert ended.result("test") == "PASS"
    assert "a fork's merge request" in ended.log
    assert "error" not in ended.log
    assert reports(sandbox) == []


def test_each_service_of_a_monorepo_is_deployed_when_its_files_change(local: Local, sandbox: Sandbox) -> None:
    local.example("monorepo")
    services = re.findall(r"^#   (.*)$", (EXAMPLES / "monorepo.yml").read_text("utf-8"), re.MULTILINE)
    local.write(".jira-ci.yml", "\n".join(services) + "\n")
    base = local.commit("Start")
    local.git("update-ref", "refs/remotes/origin/main", base)
    local.write("services/billing/a.py", "1")
    local.commit("WEB-7 Billing")
    local.write("services/search/a.py", "1")
    local.commit("WEB-8 Search")
    ended = local.run(CI_COMMIT_BEFORE_SHA=base)
    assert (ended.result("billing"), ended.result("search")) == ("PASS", "PASS"), ended.log
    assert "deploying billing" in ended.log
    assert sorted(keys(record)[0] for record in stored(sandbox, "deployments")) == ["WEB-7", "WEB-8"]
    local.git("update-ref", "refs/remotes/origin/main", "HEAD")
    local.write("libs/money/a.py", "1")
    local.commit("WEB-9 Money")
    ended = local.run("--list")
    assert "billing" in ended.log
    assert "search" not in ended.log


def test_a_matrix_reports_a_build_for_each_of_its_jobs(local: Local, sandbox: Sandbox) -> None:
    local.pipeline(
        INCLUDE
        + """
test:
  extends: .jira-ci-build
  parallel: {matrix: [{LEG: [one, two, three]}]}
  variables: {JIRA_CI_PIPELINE: $CI_JOB_NAME}
  script: make test
"""
    )
    local.commit("WEB-7 Sign in")
    ended = local.run()
    assert ended.code == 0, ended.log
    builds = stored(sandbox, "builds")
    assert len({build["pipelineId"] for build in builds}) == len(builds) == 3
