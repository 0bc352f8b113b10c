"""The command gate: exit codes, outputs, the JSON document, the summary."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import scenes
from gate_jobs import POLICY, commit, pinned, scene
from gate_subjects import approved, known
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from scenes import Ended, Job

PATH = os.environ["PATH"]
ASK = ("gate", "--environment", "Prod", "--version", "1.2.3")


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    return scene(tmp_path, sandbox).job


def gate(job: Job, sandbox: Sandbox, *arguments: str, **environ: str) -> Ended:
    return job.jira_ci(*ASK, *arguments, now=sandbox.clock.milliseconds() / 1000, **environ)


def outputs(job: Job) -> dict[str, str]:
    """Step outputs as the runner takes them: the last one of a name wins."""
    found, lines = {}, job.output().splitlines()
    while lines:
        name, _, delimiter = lines[0].partition("<<")
        end = lines.index(delimiter, 1)
        found[name], lines = "\n".join(lines[1:end]), lines[end + 1 :]
    return found


def test_not_approved_is_an_exit_code_of_its_own_and_what_to_do_is_said(job: Job, sandbox: Sandbox) -> None:
    ended = gate(job, sandbox)
    assert ended.code == 4
    assert "was made for this deployment. Have it approved in Jira. Then run this job again." in ended.out
    assert outputs(job)["approved"] == "false"
    assert outputs(job)["decision"] == "wait"
    assert outputs(job)["change-key"].startswith("OPS-")


def test_an_approved_change_proceeds_and_everything_is_handed_on(job: Job, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    ended = gate(job, sandbox)
    assert ended.code == 0
    found = outputs(job)
    assert (found["approved"], found["decision"], found["change-key"]) == ("true", "proceed", key)
    assert (found["window-start"], found["window-end"], found["environment"]) == ("", "", "Prod")
    record = json.loads(Path(found["record"]).read_text(encoding="ascii"))
    assert (record["schema"], record["change"]["key"], record["approved"]) == ("jira-ci.decision/2", key, True)
    assert "| Decision | ✅ Proceed |" in job.summary()


def test_one_json_document_holds_outputs_and_record(job: Job, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    ended = gate(job, sandbox, "--format", "json")
    assert ended.json["change-key"] == key
    assert ended.json["approved"] is True
    assert ended.json["record"]["row"] == 31
    assert "Proceed: " in ended.err


@pytest.mark.parametrize(
    ("arguments", "environ", "code"),
    [
        (["--dry-run"], {}, 4),
        (["--minimum-approvals", "2"], {}, 4),
        (["--change", "OPS-99999"], {}, 3),
        (["--site", "https://other.example"], {}, 2),
        ([], {"JIRA_CI_TOKEN": "wrong"}, 6),
        ([], {"JIRA_CI_TOKEN": ""}, 6),
    ],
)
def test_no_other_way_proceeds(
    job: Job, sandbox: Sandbox, arguments: list[str], environ: dict[str, str], code: int
) -> None:
    approved(sandbox)
    assert gate(job, sandbox, *arguments, **environ).code == code
    assert outputs(job)["approved"] == "false"


def test_declined(job: Job, sandbox: Sandbox) -> None:
    key = sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"').key
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.decline(key)
    ended = gate(job, sandbox)
    assert ended.code == 3
    assert (
        f"::error title=jira-ci::Denied: {key} is in Authorize, and was declined: Authorize (Ana Souza)." in ended.out
    )


def test_outside_of_the_window(job: Job, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    sandbox.desk.window(key, "2001-01-01T10:00:00+01:00", "2001-01-01T11:00:00+01:00")
    ended = gate(job, sandbox)
    assert ended.code == 5
    assert "Extend Planned end" in ended.out
    assert outputs(job)["window-end"] == "2001-01-01T10:00:00Z"
    assert "| Window ends | 2001&#45;01&#45;01 " in job.summary()


def test_an_environment_without_change_control_is_no_approval(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("gate", "--environment", "Dev", "--version", "1.2.3")
    assert ended.code == 0
    assert (outputs(job)["decision"], outputs(job)["approved"]) == ("proceed", "false")
    assert sandbox.exchanges == []


def test_a_looser_file_in_the_work_tree_counts_for_nothing(job: Job, sandbox: Sandbox) -> None:
    job.write(".jira-ci.yml", "environments: {Prod: production}\n")
    assert gate(job, sandbox, "--create", "false").code == 4


def test_a_broken_file_in_the_work_tree_counts_for_nothing(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    job.write(".jira-ci.yml", "environments: [\n")
    assert gate(job, sandbox).code == 0


def test_without_a_policy_there_is_nothing_to_decide_by(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("Start")
    ended = job.jira_ci(*ASK)
    assert ended.code == 2
    assert "There is no policy" in ended.err


def test_secrets_are_nowhere(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    ended = gate(job, sandbox, "--log-level", "debug")
    record = Path(outputs(job)["record"]).read_text(encoding="ascii")
    everything = ended.out + ended.err + job.output() + job.summary() + record
    assert sandbox.credentials.token not in everything
    assert "@example.com" not in record
    assert "::group::Asked " in ended.out


def on_gitlab(folder: Path, sandbox: Sandbox) -> Job:
    job = scenes.gitlab(folder, PATH)
    commit(job, POLICY.format(site=sandbox.address, more="comments: off"))
    job.environ["CI_COMMIT_SHA"] = job.git("rev-parse", "HEAD")
    job.environ |= {
        "JIRA_CI_API_URL": sandbox.address,
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        "TMPDIR": str(folder),
    }
    return job


def test_on_gitlab_the_record_is_beside_the_other_artifacts(tmp_path: Path, sandbox: Sandbox) -> None:
    job = on_gitlab(tmp_path, sandbox)
    key = approved(sandbox)
    assert gate(job, sandbox).code == 0
    dotenv = (job.folder / "jira-ci.env").read_text(encoding="utf-8")
    assert "JIRA_CI_OUT_APPROVED=true\n" in dotenv
    assert f"JIRA_CI_OUT_CHANGE_KEY={key}\n" in dotenv
    record = json.loads((job.folder / "jira-ci-record.json").read_text(encoding="ascii"))
    assert json.loads((job.folder / "jira-ci.json").read_text(encoding="utf-8"))["record"] == record
    assert "Proceed" in (job.folder / "jira-ci.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system knows no such links")
def test_a_record_is_this_user_s_alone_and_goes_through_no_link(job: Job, sandbox: Sandbox, tmp_path: Path) -> None:
    key = approved(sandbox)
    assert gate(job, sandbox).code == 0
    path = Path(outputs(job)["record"])
    assert path.stat().st_mode & 0o077 == 0
    sandbox.desk.transition(key, "Completed")  # it is for the commit of that job
    approved(sandbox)
    target = tmp_path / "somebody's file"
    target.write_text("untouched")
    lab = on_gitlab(tmp_path, sandbox)
    (lab.folder / "jira-ci-record.json").symlink_to(target)
    ended = gate(lab, sandbox)
    assert ended.code == 0, ended.err
    assert target.read_text() == "untouched"
    [where] = tmp_path.glob("jira-ci-*/jira-ci-record.json")
    assert f"It is here: {where}" in ended.err
    assert where.stat().st_mode & 0o077 == 0


def test_a_record_is_kept_among_temporary_files_where_its_place_does_not_take_it(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    ended = gate(job, sandbox, RUNNER_TEMP="/no/such/folder")
    assert ended.code == 0
    path = outputs(job)["record"]
    assert f"could not be written to /no/such/folder: No such file or directory. It is here: {path}\n" in ended.out
    assert json.loads(Path(path).read_text("utf-8"))["decision"] == "proceed"


@pytest.mark.parametrize(
    ("environment", "code", "said"), [("Prod", 7, "deny"), ("Prod,Dev", 7, "deny"), ("Dev", 0, "proceed")]
)
@pytest.mark.parametrize("keeps", [True, False])
def test_a_record_that_can_be_kept_nowhere_is_no_green_light_where_a_change_is_needed(
    job: Job, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, environment: str, code: int, said: str, keeps: bool
) -> None:
    key = approved(sandbox)
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")  # the machine's own temporary folder
    sandbox.before = lambda request: Answer(403) if "/properties" in request.path and not keeps else None
    names, now = ("--environment", environment, "--version", "1.2.3"), sandbox.clock.milliseconds() / 1000
    ended = job.jira_ci("gate", *names, now=now, RUNNER_TEMP="/no/such/folder")
    found = outputs(job)
    assert "Nor to a temporary folder" in ended.out
    kept = sandbox.site.desk.extras.properties(known(sandbox, key).id)
    if code and keeps:  # on the change
        whole = environment == "Prod"
        assert (ended.code, found["decision"], found["approved"]) == (0, "proceed", "true" if whole else "false")
        assert "jira-ci.records" in kept
        return
    assert (ended.code, found["decision"], found["approved"], found["record"]) == (code, said, "false", "")
    if code:
        assert "The record of this decision could be kept nowhere" in found["reason"]


def test_a_cloud_id_out_of_a_variable_leads_the_gate_to_no_other_site(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    elsewhere = "99999999-9999-4999-8999-999999999999"
    ended = gate(job, sandbox, JIRA_CI_TOKEN=sandbox.credentials.scoped_token, JIRA_CI_CLOUD_ID=elsewhere)
    assert ended.code == 0
    gateway = {exchange.path.split("/")[3] for exchange in sandbox.exchanges if exchange.path.startswith("/ex/jira/")}
    assert gateway == {sandbox.cloud_id}


def test_an_api_url_out_of_a_variable_may_not_answer_for_the_site(job: Job, sandbox: Sandbox) -> None:
    commit(job, POLICY.format(site="https://acme.atlassian.net", more=""))
    ended = gate(job, sandbox, JIRA_CI_API_URL="https://evil.example")
    assert ended.code == 2
    assert "api-url is https://evil.example, which may not answer for https://acme.atlassian.net." in ended.out
    assert outputs(job)["approved"] == "false"


@pytest.mark.parametrize("by_key", [True, False])
def test_data_center_is_asked_the_same_with_a_personal_access_token(
    tmp_path: Path, start_sandbox: Callable[..., Sandbox], by_key: bool
) -> None:
    sandbox = start_sandbox(edition="data-center")
    here = scene(tmp_path, sandbox)
    job = here.job
    del job.environ["JIRA_CI_USER"], job.environ["JIRA_CI_API_URL"]
    job.environ["JIRA_CI_TOKEN"] = sandbox.credentials.personal_token
    key = pinned(here)
    ended = gate(job, sandbox, *(["--change", key] if by_key else []))
    assert ended.code == 0
    assert outputs(job)["change-key"] == key
    assert {exchange.path.split("/")[3] for exchange in sandbox.exchanges if "/rest/api/" in exchange.path} == {"2"}
    asked = [exchange for exchange in sandbox.exchanges if "/properties" not in exchange.path]
    assert len(asked) == (4 if by_key else 5), "besides keeping the record"


@pytest.mark.parametrize(
    ("patterns", "told", "problem"),
    [
        ((), "", ""),
        (("out.xml",), "1 passed, 1 failed, 0 skipped", ""),
        (("out.xml", "none.xml"), "1 passed, 1 failed, 0 skipped (not all files could be counted)", ""),
        (("none.xml",), "", "test-results: no file matches none.xml."),
    ],
)
def test_an_approver_is_told_how_the_tests_went(
    job: Job, sandbox: Sandbox, patterns: tuple[str, ...], told: str, problem: str
) -> None:
    job.write("out.xml", "<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>")
    ended = gate(job, sandbox, *(part for one in patterns for part in ("--test-results", one)))
    assert ended.code == 4
    change = sandbox.site.desk.find(outputs(job)["change-key"])
    assert change is not None
    assert f"Tests: {told}\n" in change.description if told else "Tests:" not in change.description
    assert ("How the tests went is not known." in change.description) == bool(problem)
    assert problem in ended.out
