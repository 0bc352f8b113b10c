"""The GitLab template from a project's .gitlab-ci.yml to what Jira got and what the jobs that follow see."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from wrappers.gitlab_runner import GitLab, parse_dotenv
from wrappers.machine import SHELLS, Machine, reports, states, stored

Start = Callable[..., GitLab]

DEPLOY = """
deploy:
  extends: .jira-ci-deployment
  environment: {name: production}
  script:
    - touch deployed
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_deployment_is_reported_when_it_starts_and_when_it_ends(shell: str, tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(tmp_path / "a runnér", shell)
    machine.uses(sandbox)
    job = GitLab(machine, DEPLOY, {"JIRA_CI_HOME": sys.prefix}).run("deploy")
    assert job.status == "success", job.log
    assert states(sandbox) == ["in_progress", "successful"]
    (record,) = stored(sandbox, "deployments")
    assert (record["state"], record["environment"]["displayName"]) == ("successful", "production")
    assert record["environment"]["type"] == "production"
    assert job.artifacts == (".jira-ci/jira-ci.html", ".jira-ci/jira-ci.json", ".jira-ci/jira-ci.md")
    assert job.outputs["JIRA_CI_OUT_STATE"] == "successful"
    assert job.outputs["JIRA_CI_OUT_ISSUE_KEYS"] == "WEB-7"


def test_the_script_finds_its_work_tree_as_git_left_it(gitlab: Start, sandbox: Sandbox) -> None:
    job = gitlab(DEPLOY.replace("touch deployed", 'test -z "$(git status --porcelain)"')).run("deploy")
    assert states(sandbox) == ["in_progress", "successful"], job.log


def test_a_script_that_fails_is_a_failed_deployment_and_a_failed_job(gitlab: Start, sandbox: Sandbox) -> None:
    job = gitlab(DEPLOY.replace("touch deployed", "'false'")).run("deploy")
    assert job.status == "failed"
    assert states(sandbox) == ["in_progress", "failed"]
    assert job.outputs["JIRA_CI_OUT_STATE"] == "failed"


def test_a_job_that_is_cancelled_is_reported_so(gitlab: Start, sandbox: Sandbox) -> None:
    assert gitlab(DEPLOY).run("deploy", canceled=True).status == "canceled"
    assert states(sandbox) == ["in_progress", "cancelled"]


def test_a_retry_updates_the_same_record(gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(DEPLOY)
    pipeline.run("deploy", canceled=True)
    pipeline.run("deploy")
    (record,) = stored(sandbox, "deployments")
    assert record["state"] == "successful"


def test_an_environment_for_each_branch_keeps_its_expanded_name_and_its_tier(gitlab: Start, sandbox: Sandbox) -> None:
    environment = "{name: review/$CI_COMMIT_REF_SLUG, deployment_tier: testing}"
    pipeline = gitlab(DEPLOY.replace("{name: production}", environment), CI_COMMIT_REF_SLUG="web-7-passkey")
    assert pipeline.run("deploy").status == "success"
    record = reports(sandbox)[-1]["environment"]
    assert (record["displayName"], record["type"]) == ("review/web-7-passkey", "testing")


def test_the_name_for_jira_can_differ_from_gitlab_s(gitlab: Start, sandbox: Sandbox) -> None:
    text = DEPLOY + "  variables: {JIRA_CI_ENVIRONMENT: Prod EU, JIRA_CI_ENVIRONMENT_TYPE: production}\n"
    gitlab(text).run("deploy")
    assert [record["environment"]["displayName"] for record in reports(sandbox)] == ["Prod EU", "Prod EU"]


BUILD = """
test:
  extends: .jira-ci-build
  script: [{command}]
"""


@pytest.mark.parametrize(("command", "state"), [("'true'", "successful"), ("'false'", "failed")])
def test_a_build_is_reported_as_it_ended(command: str, state: str, gitlab: Start, sandbox: Sandbox) -> None:
    gitlab(BUILD.format(command=command)).run("test")
    assert [(record["kind"], record["state"]) for record in reports(sandbox)] == [("builds", state)]


def test_builds_of_a_whole_pipeline_are_reported_by_jobs_at_its_end(gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab("good: {extends: .jira-ci-build-success}\nbad: {extends: .jira-ci-build-failure}")
    assert [pipeline.jobs[name].get("when", "on_success") for name in ("good", "bad")] == ["on_success", "on_failure"]
    assert {pipeline.jobs[name]["stage"] for name in ("good", "bad")} == {".post"}
    pipeline.run("bad")
    pipeline.run("good")
    assert states(sandbox) == ["failed", "successful"]
    (record,) = stored(sandbox, "builds")
    assert record["state"] == "successful"


BESIDE = """
start:
  extends: .jira-ci-deployment-start
  environment: {name: production}
success:
  extends: .jira-ci-deployment-success
  environment: {name: production}
failure:
  extends: .jira-ci-deployment-failure
  environment: {name: production}
"""


@pytest.mark.parametrize(("end", "state"), [("success", "successful"), ("failure", "failed")])
def test_jobs_beside_a_deployment_report_one_record(end: str, state: str, gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(BESIDE)
    pipeline.run("start")
    assert pipeline.run(end).status == "success"
    assert states(sandbox) == ["in_progress", state]
    (record,) = stored(sandbox, "deployments")
    assert record["state"] == state


def test_jobs_beside_a_deployment_count_as_none_for_gitlab_and_stop_none(gitlab: Start) -> None:
    jobs = gitlab(BESIDE).jobs
    assert {name: jobs[name]["environment"]["action"] for name in ("start", "success", "failure")} == {
        "start": "prepare",
        "success": "verify",
        "failure": "verify",
    }
    assert all(jobs[name]["allow_failure"] for name in ("start", "success", "failure"))
    assert jobs["failure"]["when"] == "on_failure"
    assert "when" not in jobs["success"]


def test_a_retried_deployment_whose_end_has_a_smaller_job_id_is_not_lost(gitlab: Start, sandbox: Sandbox) -> None:
    # All jobs get their ids when the pipeline is made. The deployment fails and "failure" (id 6004) says so; then it is
    # retried and succeeds, and "success", skipped before, runs with the id it always had (6003).
    pipeline = gitlab(BESIDE)
    pipeline.run("start", job_id=6001)
    pipeline.run("failure", job_id=6004)
    pipeline.run("success", job_id=6003)
    (record,) = stored(sandbox, "deployments")
    assert record["state"] == "successful"


def test_scripts_of_the_user_s_own_can_be_put_beside_ours(gitlab: Start, sandbox: Sandbox) -> None:
    text = """
deploy:
  extends: .jira-ci-deployment
  environment: {name: production}
  before_script:
    - !reference [.jira-ci-deployment, before_script]
    - touch logged-in
  script: touch deployed
  after_script:
    - !reference [.jira-ci-deployment, after_script]
    - touch cleaned-up
  artifacts:
    reports: {junit: report.xml}
    paths: [dist/]
"""
    pipeline = gitlab(text)
    assert pipeline.run("deploy").status == "success"
    assert states(sandbox) == ["in_progress", "successful"]
    found = pipeline.machine.files(pipeline.machine.workspace)
    assert {"logged-in", "deployed", "cleaned-up"} <= set(found)
    assert pipeline.jobs["deploy"]["artifacts"] == {
        "when": "always",
        "reports": {"dotenv": ".jira-ci/jira-ci.env", "junit": "report.xml"},
        "paths": ["dist/"],
    }


def test_a_wrong_setting_fails_the_job_before_its_script(gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(DEPLOY, JIRA_CI_TIMEOUT="soon")
    job = pipeline.run("deploy")
    assert job.status == "failed"
    assert "timeout (JIRA_CI_TIMEOUT) is 'soon'" in job.log
    assert "deployed" not in pipeline.machine.files(pipeline.machine.workspace)


@pytest.mark.parametrize(("on_error", "status"), [("warn", "success"), ("fail", "failed")])
def test_without_jira_a_deployment_goes_on_unless_it_shall_not(
    on_error: str, status: str, gitlab: Start, sandbox: Sandbox
) -> None:
    pipeline = gitlab(DEPLOY, JIRA_CI_ON_ERROR=on_error, JIRA_CI_CLOUD_ID=sandbox.cloud_id, JIRA_CI_TIMEOUT="2s")
    pipeline.machine.site["JIRA_CI_API_URL"] = pipeline.machine.site["JIRA_CI_SITE"] = "http://127.0.0.1:9"
    job = pipeline.run("deploy")
    assert job.status == status, job.log
    assert "Not reported" in job.log
    assert ("deployed" in pipeline.machine.files(pipeline.machine.workspace)) == (status == "success")


def test_on_a_branch_without_secrets_the_deployment_goes_on(gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(DEPLOY, CI_COMMIT_REF_PROTECTED="false")
    for name in ("JIRA_CI_CLIENT_ID", "JIRA_CI_CLIENT_SECRET"):
        del pipeline.machine.site[name]
    job = pipeline.run("deploy")
    assert job.status == "success", job.log
    assert "Nothing was reported" in job.log
    assert states(sandbox) == []


def test_outputs_are_variables_of_the_next_job_and_no_settings(gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(DEPLOY + BUILD.format(command="printf '%s' \"keys $JIRA_CI_OUT_ISSUE_KEYS\""))
    pipeline.run("deploy")
    job = pipeline.run("test")
    assert "keys WEB-7" in job.log
    assert "is no setting" not in job.after
    assert states(sandbox)[-1] == "successful"


@pytest.mark.parametrize(
    "text", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "two\nlines", "$CI_JOB_TOKEN"]
)
def test_texts_of_strangers_are_values_and_nothing_else(text: str, gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(DEPLOY, JIRA_CI_DESCRIPTION=text, CI_COMMIT_MESSAGE=f"{text} WEB-8", CI_COMMIT_TITLE=text)
    job = pipeline.run("deploy", JIRA_CI_DESCRIPTION=text)
    assert job.status == "success", job.log
    assert reports(sandbox)[-1]["description"] == text
    assert "pwned" not in " ".join(pipeline.machine.files(pipeline.machine.folder))


def test_modules_in_the_checkout_are_not_imported(gitlab: Start, sandbox: Sandbox) -> None:
    pipeline = gitlab(DEPLOY)
    pipeline.machine.poison()
    pipeline.variables["PYTHONPATH"] = str(pipeline.machine.workspace)
    assert pipeline.run("deploy").status == "success"
    assert states(sandbox) == ["in_progress", "successful"]
    assert pipeline.machine.poisoned() == ""


def test_nothing_of_ours_is_set_in_the_user_s_shell(gitlab: Start) -> None:
    job = gitlab(DEPLOY.replace("touch deployed", 'echo "<$home$package$python>"')).run("deploy")
    assert "<>" in job.log


@pytest.mark.parametrize(
    "text", ["A=1\n\nB=2", "# a comment", "A 1", "A=1\n" * 2 + "\n".join(f"B{n}=" for n in range(20))]
)
def test_dotenv_reports_that_gitlab_refuses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid Format|more than 20"):
        parse_dotenv(text)
