"""report, build and deployment, from the job's variables to what Jira shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import scenes
from faulty_server import FaultyServer, Step, hang, reply
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
TEMPLATE = {"JIRA_CI_WORD": "of the template"}


def test_a_build_appears_on_the_issue_with_its_tests(job: Job, sandbox: Sandbox) -> None:
    job.write("reports/a.xml", '<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>')
    ended = job.jira_ci("report", "--state", "success", "--test-results", "reports/*.xml")
    assert ended.code == 0, ended.err
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["state"] == "successful"
    assert build["testInfo"] == {"totalNumber": 2, "numberPassed": 1, "numberFailed": 1, "numberSkipped": 0}
    assert "issue-keys<<" in job.output()
    assert "\nWEB-12\n" in job.output()


def test_a_deployment_is_in_progress_and_then_successful_in_one_record(job: Job, sandbox: Sandbox) -> None:
    for state in ("in_progress", "success"):
        assert job.jira_ci("report", "--environment", "Prod-EU", "--version", "1.4.0", "--state", state).code == 0
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["state"] == "successful"
    assert deployment["environment"] == {"id": "prod-eu", "displayName": "Prod-EU", "type": "production"}


def test_the_end_wins_although_the_next_runners_clock_is_a_day_back(job: Job, sandbox: Sandbox) -> None:
    job.jira_ci("report", "--environment", "Prod", "--state", "in_progress")
    job.jira_ci("report", "--environment", "Prod", "--state", "failure", now=scenes.NOW - 86_400)
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["state"] == "failed"


def test_a_second_attempt_beats_the_end_of_the_first(job: Job, sandbox: Sandbox) -> None:
    job.jira_ci("report", "--environment", "Prod", "--state", "failure")
    job.jira_ci("report", "--environment", "Prod", "--state", "in_progress", GITHUB_RUN_ATTEMPT="2")
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["state"] == "in_progress"


@pytest.mark.parametrize("flags", [("--version", "1.4.0"), ("--tenant", "Acme"), ("--service", "billing")])
def test_a_report_without_its_environment_is_no_build(job: Job, sandbox: Sandbox, flags: tuple[str, str]) -> None:
    ended = scenes.under(job, {"JIRA_CI_INPUT_ENVIRONMENT": ""}).jira_ci("report", *flags, "--state", "success")
    assert ended.code == 0
    assert "Not reported: environment is empty, and " in ended.out
    assert "command: build" in ended.out
    assert scenes.stored(sandbox, "WEB-12") == {"builds": [], "deployments": []}
    assert "skipped" in job.output()


@pytest.mark.parametrize("command", [("report",), ("build",), ("deployment", "--environment", "Prod")])
def test_no_keys_of_another_pipeline_are_no_mistake(job: Job, sandbox: Sandbox, command: tuple[str, ...]) -> None:
    ended = scenes.under(job, {"JIRA_CI_ISSUE_KEYS": ""}).jira_ci(*command, "--state", "success")
    assert ended.code == 0
    assert "Jira accepted 1" in ended.out
    assert job.jira_ci("gate", "--environment", "Prod", JIRA_CI_ISSUE_KEYS="").code == 2


@pytest.mark.parametrize(
    ("arguments", "environ", "state"),
    [
        (("--state", "success"), {}, "successful"),
        (("--state", "skipped"), {}, "skipped"),
        (("--state", "success", "--projects", "OPS"), {}, "skipped"),
        (("--state", "success"), {"GITHUB_ACTOR": "dependabot[bot]", "JIRA_CI_CLIENT_SECRET": ""}, "skipped"),
        (("--state", "success", "--dry-run"), {}, "successful"),
        (("--state", "success"), {"JIRA_CI_API_URL": "http://127.0.0.1:9", "JIRA_CI_TIMEOUT": "2s"}, "successful"),
    ],
)
def test_the_state_is_skipped_where_nothing_was_sent(
    job: Job, arguments: tuple[str, ...], environ: dict[str, str], state: str
) -> None:
    ended = scenes.under(job, environ).jira_ci("report", "--environment", "Prod", *arguments, "--format", "json")
    assert (ended.code, ended.json["state"]) == (0, state)


def test_several_environments_go_into_one_request(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("deployment", "--environment", "Prod-EU, qa2", "--state", "success", "--format", "json")
    assert ended.json["environment"] == ["Prod-EU", "qa2"]
    assert ended.json["environment-type"] == ["production", "testing"]
    assert ended.json["accepted"] == 2
    assert [exchange.path.rpartition("/")[2] for exchange in sandbox.exchanges].count("bulk") == 1


def test_two_hundred_environments_go_into_two_requests(job: Job, sandbox: Sandbox) -> None:
    names = ",".join(f"qa{number}" for number in range(200))
    ended = job.jira_ci("deployment", "--environment", names, "--state", "success", "--format", "json")
    assert ended.json["accepted"] == 200
    assert len([exchange for exchange in sandbox.exchanges if exchange.path.endswith("/bulk")]) == 2


def test_three_requests_on_one_connection_and_two_with_a_cloud_id(job: Job, sandbox: Sandbox) -> None:
    job.jira_ci("report", "--environment", "Prod", "--state", "success")
    assert (len(sandbox.exchanges), sandbox.connections) == (3, 1)
    job.jira_ci("report", "--environment", "Prod", "--state", "success", JIRA_CI_CLOUD_ID=sandbox.cloud_id)
    assert (len(sandbox.exchanges), sandbox.connections) == (5, 2)


def test_json_is_one_document_and_everything_else_is_on_stderr(job: Job) -> None:
    ended = job.jira_ci("report", "--state", "success", "--format", "json", "--log-level", "debug")
    assert ended.json["issue-keys"] == ["WEB-12"]
    assert ended.json["state"] == "successful"
    bulk = ended.json["requests"][-1]
    assert (bulk["method"], bulk["answer"]["status"]) == ("POST", 202)
    assert "WEB-12" in ended.err


def test_a_dry_run_shows_the_request_and_sends_nothing(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("report", "--environment", "Prod", "--state", "success", "--dry-run", "--format", "json")
    assert ended.code == 0
    assert sandbox.exchanges == []
    [request] = ended.json["requests"]
    assert request["url"].endswith("/jira/deployments/0.1/cloud/{cloudId}/bulk")
    assert request["body"]["deployments"][0]["state"] == "successful"
    assert "answer" not in request


def test_a_dry_run_needs_no_credentials(tmp_path: Path) -> None:
    job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12"), "pull_request")
    assert job.jira_ci("build", "--state", "success", "--dry-run").code == 0


def test_an_unknown_issue_is_said_and_is_no_success(job: Job) -> None:
    ended = job.jira_ci("report", "--state", "success", "--issue-keys", "OPS-5000", JIRA_CI_PROJECTS="OPS")
    assert "Issues that Jira does not know: OPS-5000" in ended.out
    assert "Jira knows none of the issues" in ended.out
    assert ended.code == 0
    assert job.jira_ci("report", "--state", "success", "--issue-keys", "OPS-5000", "--on-error", "fail").code == 0
    only = ("--issue-keys", "OPS-5000", "--projects", "OPS", "--on-error", "fail")
    assert job.jira_ci("report", "--state", "success", *only).code == 8


def test_a_refused_key_costs_one_more_request_and_not_the_report(job: Job, sandbox: Sandbox) -> None:
    sandbox.site.refuse("OPS-9")
    ended = job.jira_ci("report", "--state", "success", "--issue-keys", "OPS-9", "--format", "json")
    assert ended.json["accepted"] == 1
    assert "Sent once more without keys that Jira refused: OPS-9" in ended.err
    assert scenes.stored(sandbox, "WEB-12")["builds"]
    assert len([exchange for exchange in sandbox.exchanges if exchange.path.endswith("/bulk")]) == 2


@pytest.mark.parametrize(("choice", "code"), [("skip", 0), ("warn", 0), ("fail", 8)])
def test_no_keys(tmp_path: Path, sandbox: Sandbox, choice: str, code: int) -> None:
    job = scenes.github(tmp_path, PATH, {"commits": [], "before": "0" * 40})
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci("report", "--state", "success", "--on-no-keys", choice)
    assert ended.code == code
    [said] = [line for line in ended.out.splitlines() if "No issue key was found" in line]
    assert said.partition(" ")[0] == {"skip": "No", "warn": "::warning", "fail": "::error"}[choice]
    assert sandbox.exchanges == []


FAILURES: list[tuple[str, Answer, int]] = [
    ("forbidden", Answer(403), 6),
    ("HTML", Answer(200, b"<html>", {"Content-Type": "text/html"}), 7),
    ("not found", Answer(404), 8),
    ("moved", Answer(302, b"", {"Location": "https://elsewhere.example/"}), 7),
    ("bad request", json_answer(400, [{"message": "no"}]), 8),
]


@pytest.mark.parametrize(("answer", "code"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_reporting_fails_open_unless_asked_otherwise(job: Job, sandbox: Sandbox, answer: Answer, code: int) -> None:
    def before(request: Request) -> Answer | None:
        return answer if request.path.endswith("/bulk") else None

    sandbox.before = before
    ended = job.jira_ci("report", "--state", "success")
    assert ended.code == 0
    assert "::warning title=jira-ci::Not reported: Asked 127.0.0.1" in ended.out
    assert "Not reported" in job.summary()
    assert job.jira_ci("report", "--state", "success", "--on-error", "fail").code == code


def test_jira_being_down_fails_nothing(job: Job) -> None:
    ended = job.jira_ci("report", "--state", "success", JIRA_CI_API_URL="http://127.0.0.1:9", JIRA_CI_TIMEOUT="1s")
    assert ended.code == 0
    assert "Not reported" in ended.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--state", "succes"], "Did you mean success?"),
        (["--state", "success", "--timeout", "30"], "Write it as 90s, 30m or 2h."),
        (["--state", "success", "--environment-type", "prod"], "must be one of"),
        (["--state", "success", "--enviroment", "x"], "Did you mean --environment?"),
        (["--state", "success", "--site", "acme"], "Did you mean acme.atlassian.net?"),
        (["--state", "success", "--site", "https://u:p@acme.example"], "holds a user name or password"),
        (["--state", "success", "--url", "javascript:alert(1)"], "is no web address"),
        (["--state", "success", "--issue-keys", "hello"], "not an issue key"),
        ([], "state is not set"),
    ],
)
def test_what_cannot_be_meant_fails_with_the_mend(job: Job, arguments: list[str], sentence: str) -> None:
    ended = job.jira_ci("report", *arguments)
    assert ended.code == 2
    assert sentence in ended.out + ended.err


def test_missing_credentials_are_an_error_where_they_should_be_there(tmp_path: Path) -> None:
    job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12"), "pull_request")
    ended = job.jira_ci("report", "--state", "success", JIRA_CI_SITE="acme.atlassian.net")
    assert ended.code == 2
    assert "client-id and client-secret are not set" in ended.out


def test_a_forks_run_without_secrets_is_skipped_and_says_so(tmp_path: Path) -> None:
    fork = {"full_name": "eve/shop", "id": 99, "fork": True}
    event = scenes.pull_request("WEB-12", head_repo=fork)
    job = scenes.github(tmp_path, PATH, event, "pull_request")
    ended = job.jira_ci("report", "--state", "success", JIRA_CI_CLIENT_ID="", JIRA_CI_CLIENT_SECRET="")
    assert ended.code == 0
    assert "Nothing was reported" in ended.out
    assert "fork" in ended.out


def test_a_skipped_job_reports_nothing(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("report", "--state", "skipped,skipped", "--format", "json")
    assert ended.json["state"] == "skipped"
    assert sandbox.exchanges == []


def test_the_secret_is_nowhere(job: Job, sandbox: Sandbox) -> None:
    secret = sandbox.credentials.client_secret
    job.environ["JIRA_CI_ISSUE_KEYS"] = "WEB-12"
    said = ""
    for more in (
        ["--format", "json"],
        ["--dry-run"],
        ["--version", f"v-{secret}"],
        ["--api-url", "http://127.0.0.1:9"],
    ):
        ended = job.jira_ci("report", "--state", "success", "--log-level", "debug", "--timeout", "1s", *more)
        said += ended.out + ended.err
    assert secret not in said + job.output() + job.summary()


HOSTILE = (
    "WEB-12 ::add-mask::x\r\n::stop-commands::t\n##[error]x %0A \x1b[31m \x00 $(id) `id` ${{ x }} ![a](b) <img src=x>"
)


def test_hostile_text_is_inert_in_log_outputs_and_summary(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, scenes.pull_request(HOSTILE, "a\n::set-output name=x::y"), "pull_request")
    job.environ |= scenes.reach(sandbox)
    job.write(".jira-ci.yml", 'environments:\n  "*": production\n')
    ended = job.jira_ci(
        "report", "--environment", "Prod <b>|x|</b> ::error::", "--version", HOSTILE, "--state", "success"
    )
    assert ended.code == 0, ended.err
    commands = [line for line in ended.out.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith(("::group::", "::endgroup::", "::warning title=jira-ci::")) for line in commands)
    assert "##[" not in ended.out
    assert "\x1b" not in ended.out
    names = {line.partition("<<")[0] for line in job.output().splitlines() if "<<jira-ci-" in line}
    assert names == {
        "issue-keys",
        "keys-complete",
        "environment",
        "environment-type",
        "state",
        "accepted",
        "rejected",
        "unknown-keys",
        "lead-time",
    }
    assert "<b>" not in job.summary()
    assert "](b)" not in job.summary()


def test_names_that_are_one_environment_in_jira_are_said_and_reported_once(job: Job) -> None:
    ended = job.jira_ci("report", "--environment", "Prod,PROD", "--state", "success", "--format", "json")
    assert ended.json["accepted"] == 1
    assert "are one environment" in ended.err


def test_emoji_and_long_texts_reach_jira_within_its_limits(job: Job, sandbox: Sandbox) -> None:
    name = "Prod 🚀 " + "x" * 490
    ended = job.jira_ci("report", "--environment", name, "--state", "success", "--description", "🚀")
    assert ended.code == 0
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert len(deployment["environment"]["id"]) <= 255


def test_output_files_that_cannot_be_written_are_said(job: Job, tmp_path: Path) -> None:
    ended = job.jira_ci("report", "--state", "success", GITHUB_OUTPUT=str(tmp_path), GITHUB_STEP_SUMMARY=str(tmp_path))
    assert ended.code == 0
    assert "GITHUB_OUTPUT could not be written" in ended.out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs")
def test_a_fifo_or_a_link_in_the_place_of_an_output_file_holds_nothing_up(job: Job, tmp_path: Path) -> None:
    fifo, link, victim = tmp_path / "fifo", tmp_path / "link", tmp_path / "victim"
    os.mkfifo(fifo)
    victim.write_text("precious", "utf-8")
    link.symlink_to(victim)
    ended = job.jira_ci("report", "--state", "success", GITHUB_OUTPUT=str(fifo), GITHUB_STEP_SUMMARY=str(link))
    assert ended.code == 0
    assert "GITHUB_OUTPUT could not be written: a FIFO is in its place." in ended.out
    assert "GITHUB_STEP_SUMMARY could not be written: a symbolic link is in its place." in ended.out
    assert victim.read_text("utf-8") == "precious"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no FIFOs")
def test_artifacts_go_elsewhere_where_the_checkout_holds_something_else_under_their_names(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox) | {"CI_ENVIRONMENT_NAME": "Prod", "TMPDIR": str(tmp_path), **TEMPLATE}
    victim = tmp_path / "victim"
    victim.write_text("precious", "utf-8")
    (job.folder / ".jira-ci").mkdir()
    (job.folder / ".jira-ci/jira-ci.json").symlink_to(victim)
    (job.folder / ".jira-ci/jira-ci.html").hardlink_to(victim)
    (job.folder / ".jira-ci/jira-ci.md").mkdir()
    os.mkfifo(job.folder / ".jira-ci/jira-ci.env")
    ended = job.jira_ci("report")
    assert ended.code == 0
    assert victim.read_text("utf-8") == "precious"
    for name in ("jira-ci.json", "jira-ci.html", "jira-ci.md", "jira-ci.env"):
        [where] = tmp_path.glob(f"jira-ci-*/{name}")
        assert f"It is here: {where}" in ended.err
        assert where.read_text("utf-8")


@pytest.mark.parametrize("kind", ["link", "file"])
def test_artifacts_go_elsewhere_where_a_branch_has_put_something_in_their_folder_s_place(
    tmp_path: Path, sandbox: Sandbox, kind: str
) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox) | {"CI_ENVIRONMENT_NAME": "Prod", "TMPDIR": str(tmp_path), **TEMPLATE}
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    if kind == "link":
        (job.folder / ".jira-ci").symlink_to(theirs)
    else:
        (job.folder / ".jira-ci").write_text("mine", "utf-8")
    ended = job.jira_ci("report")
    assert ended.code == 0
    assert not list(theirs.iterdir())
    [where] = tmp_path.glob("jira-ci-*/jira-ci.env")
    assert f"It is here: {where}" in ended.err


def test_git_sees_nothing_of_the_artifacts(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox) | {"CI_ENVIRONMENT_NAME": "Prod", **TEMPLATE}
    before = job.git("status", "--porcelain")
    assert job.jira_ci("report").code == 0
    assert (job.folder / ".jira-ci/jira-ci.env").exists()
    assert job.git("status", "--porcelain") == before
    mine = "/jira-ci.json\n"
    (job.folder / ".jira-ci/.gitignore").write_text(mine, "utf-8")
    assert job.jira_ci("report").code == 0
    assert (job.folder / ".jira-ci/.gitignore").read_text("utf-8") == mine, "the repository's own stays"


def test_gitlab_says_environment_tier_and_state_itself(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox) | {"CI_ENVIRONMENT_NAME": "customers", "CI_ENVIRONMENT_TIER": "staging"}
    assert job.jira_ci("report").code == 0
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["state"], deployment["environment"]["type"]) == ("successful", "staging")
    assert "JIRA_CI_OUT_ISSUE_KEYS=WEB-12\n" in (job.folder / "jira-ci.env").read_text(encoding="utf-8")
    assert '"issue-keys"' in (job.folder / "jira-ci.json").read_text(encoding="utf-8")
    assert "WEB" in (job.folder / "jira-ci.md").read_text(encoding="utf-8")


def test_a_gitlab_job_that_still_runs_at_its_end_has_an_unknown_state(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= scenes.reach(sandbox)
    assert job.jira_ci("build", CI_JOB_STATUS="running").code == 0
    [build] = scenes.stored(sandbox, "WEB-12")["builds"]
    assert build["state"] == "unknown"


def test_outside_a_ci_settings_fill_what_is_missing(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("WEB-12 Pay by card")
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci("report", "--environment", "Prod", "--state", "success", "--url", "https://ci.example/run/1")
    assert ended.code == 0, ended.out + ended.err
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["url"] == "https://ci.example/run/1"


def test_the_harness_plugins_settings_work_as_they_are(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("WEB-12 Pay by card, OPS-3")
    ended = job.jira_ci(
        "report",
        JIRA_CI_API_URL=sandbox.address,
        PLUGIN_CLOUD_ID=sandbox.cloud_id,
        PLUGIN_INSTANCE="acme",
        PLUGIN_CLIENT_ID=sandbox.credentials.client_id,
        PLUGIN_CLIENT_SECRET=sandbox.credentials.client_secret,
        PLUGIN_PROJECT="WEB",
        PLUGIN_ENVIRONMENT_NAME="production",
        PLUGIN_STATE="success",
    )
    assert ended.code == 0, ended.out + ended.err
    assert scenes.stored(sandbox, "WEB-12")["deployments"]
    assert not scenes.stored(sandbox, "OPS-3")["deployments"]


def test_a_connect_key_says_what_to_use_instead(job: Job) -> None:
    ended = job.jira_ci("report", "--state", "success", PLUGIN_CONNECT_KEY="abc")
    assert ended.code == 2
    assert "client-id and client-secret" in ended.out


@pytest.mark.parametrize(("path", "asked"), [("/_edge", "tell its cloud id"), ("/oauth", "give an access token")])
def test_who_did_not_answer_before_there_was_access_is_named(
    tmp_path: Path, sandbox: Sandbox, path: str, asked: str
) -> None:
    there: dict[str, list[Step]] = {
        "/_edge": [reply(200, {"cloudId": sandbox.cloud_id})],
        path: [hang],
        "": [reply(500)],
    }
    with FaultyServer(there) as server:
        job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12"), "pull_request")
        job.environ |= {**scenes.reach(sandbox), "JIRA_CI_SITE": server.url, "JIRA_CI_API_URL": server.url}
        ended = job.jira_ci("build", "--state", "success", "--timeout", "1s")
    assert ended.code == 0
    assert f"Asked 127.0.0.1:{server.port} to {asked}: no complete answer came before the deadline." in ended.out


def test_the_summary_of_a_report_that_did_not_arrive_says_so_in_its_heading(tmp_path: Path) -> None:
    job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= {"JIRA_CI_SITE": "http://127.0.0.1:9", "JIRA_CI_API_URL": "http://127.0.0.1:9"}
    job.environ |= {"JIRA_CI_CLIENT_ID": "id", "JIRA_CI_CLIENT_SECRET": "s3cret-of-nobody", "JIRA_CI_TIMEOUT": "1s"}
    assert job.jira_ci("build", "--state", "success").code == 0
    assert job.summary().splitlines()[0].endswith("not reported")
