"""Titles, status and assignees of issues in log, summary and document, asked beside the report."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scenes
from conversations import Conversation, serving
from faulty_server import FaultyServer, hang, reply
from gate_jobs import EVENT, commit
from jira_sandbox.http_types import Answer, Exchange, json_answer
from jira_sandbox.issue_rules import IssueRule
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
REPORT = ("deployment", "--environment", "Prod-EU", "--state", "success")
HOSTILE = "Pay\n::error::x ##[error]y | <b>[z](javascript:alert(1))` @all s3cr3t-0f-0ps"


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A pull request's job with credentials for reports, and a token to ask about issues."""
    return made(tmp_path, sandbox)


def made(folder: Path, sandbox: Sandbox, **more: str) -> Job:
    job = scenes.github(folder, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= {
        **scenes.reach(sandbox),
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        **more,
    }
    return job


def data_center(folder: Path, jira: Sandbox) -> Job:
    job = scenes.github(folder, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= {"JIRA_CI_SITE": jira.address, "JIRA_CI_TOKEN": jira.credentials.personal_token}
    return job


def dress(jira: Sandbox) -> None:
    """Gives WEB-12 a status and somebody to work on it."""
    jira.desk.transition("WEB-12", "Implementing")
    jira.desk.assign("WEB-12", "ana")


def look_ups(jira: Sandbox) -> list[Exchange]:
    return [one for one in jira.exchanges if one.path.endswith(("/bulkfetch", "/search"))]


def test_the_log_the_summary_and_the_document_show_what_is_deployed(job: Job, sandbox: Sandbox) -> None:
    dress(sandbox)
    ended = job.jira_ci(*REPORT, "--format", "json")
    assert ended.code == 0, ended.err
    assert "WEB-12 Pay by card (Implementing, Ana Souza)" in ended.err
    link = f"{sandbox.address}/browse/WEB-12"
    assert "| Issue | Title | Status | Assignee | Found in | Jira |" in job.summary()
    assert f"| [WEB&#45;12]({link}) | Pay by card | Implementing | Ana Souza | pull request title | ✅ reported |" in (
        job.summary()
    )
    assert ended.json["issues"] == [
        {
            "key": "WEB-12",
            "title": "Pay by card",
            "status": "Implementing",
            "status-category": "indeterminate",
            "assignee": "Ana Souza",
            "type": "Story",
            "link": link,
        }
    ]


def test_data_center_shows_the_same(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    jira = start_sandbox(edition="data-center")
    dress(jira)
    job = data_center(tmp_path, jira)
    ended = job.jira_ci(*REPORT)
    assert "WEB-12 Pay by card (Implementing, Ana Souza)" in ended.out
    assert "| Pay by card | Implementing | Ana Souza | pull request title | ✅ reported |" in job.summary()
    assert [one.path.rpartition("/")[2] for one in jira.exchanges] == ["remotelink", "search"]
    assert jira.connections == 1


def test_it_is_one_request_more_and_none_without_a_token(job: Job, sandbox: Sandbox) -> None:
    job.jira_ci(*REPORT)
    assert len(sandbox.exchanges) == 4
    for name in ("JIRA_CI_USER", "JIRA_CI_TOKEN"):
        del job.environ[name]
    before = job.summary()
    ended = job.jira_ci(*REPORT, "--format", "json")
    assert len(sandbox.exchanges) == 4 + 3
    assert "issues" not in ended.json
    assert "Title" not in job.summary()[len(before) :]
    assert "Titles" not in ended.err


def test_500_keys_are_five_requests_on_one_connection(job: Job, sandbox: Sandbox) -> None:
    keys = ",".join(f"WEB-{number}" for number in range(1, 501))
    ended = job.jira_ci(*REPORT, "--issue-keys", keys, "--format", "json")
    assert ended.code == 0, ended.err
    assert [len(one["body"]["issueIdsOrKeys"]) for one in ended.json["requests"] if one["url"].endswith("fetch")] == [
        100
    ] * 5
    assert len(sandbox.exchanges) == 3 + 5
    assert sandbox.connections == 2  # one is the report's
    assert len(ended.json["issues"]) == 500
    assert "… and 480 more issues." in ended.err
    assert job.summary().count("| ✅ reported |") == 100


def test_a_token_with_scopes_costs_one_request_more(tmp_path: Path, sandbox: Sandbox) -> None:
    job = made(tmp_path, sandbox, JIRA_CI_TOKEN=sandbox.credentials.scoped_token)
    ended = job.jira_ci(*REPORT)
    assert "WEB-12 Pay by card" in ended.out
    assert [one.status for one in look_ups(sandbox)] == [401, 200]
    assert len(sandbox.exchanges) == 5


def test_a_moved_issue_has_both_keys(job: Job, sandbox: Sandbox) -> None:
    sandbox.desk.move("WEB-12", "OPS")
    moved = sandbox.site.desk.find("WEB-12")
    assert moved is not None
    ended = job.jira_ci(*REPORT, "--format", "json")
    assert f"WEB-12, now {moved.key} Pay by card" in ended.err
    new = moved.key.replace("-", "&#45;")
    assert f"browse/WEB-12)&#44; now [{new}]({sandbox.address}/browse/{moved.key}) |" in job.summary()
    assert ended.json["issues"][0]["moved-to"] == moved.key


def test_a_strangers_title_is_only_text(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    jira = start_sandbox(issues=IssueRule(keys=("WEB-12",), titles={"WEB-12": HOSTILE}))
    job = made(tmp_path, jira)
    ended = job.jira_ci(*REPORT, "--log-level", "debug", JIRA_CI_HEADERS="X-Door: s3cr3t-0f-0ps")
    assert ended.code == 0, ended.out
    assert not [line for line in ended.out.splitlines() if line.startswith("::error")]
    assert "##[error]" not in ended.out
    assert "s3cr3t-0f-0ps" not in ended.out + job.summary()
    [row] = [line for line in job.summary().splitlines() if "browse/WEB-12" in line]
    assert row.count("|") == 6
    assert "javascript:" not in row
    assert "@all" not in row
    document = job.jira_ci(*REPORT, "--format", "json", JIRA_CI_HEADERS="X-Door: s3cr3t-0f-0ps").out
    assert "s3cr3t-0f-0ps" not in document


def test_nobodys_address_is_shown_anywhere(job: Job, sandbox: Sandbox) -> None:
    dress(sandbox)
    told = job.jira_ci(*REPORT, "--log-level", "debug").out + job.jira_ci(*REPORT, "--format", "json").out
    assert "ana@example.com" not in told + job.summary()
    assert "Ana Souza" in told


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (json_answer(403, {"errorMessages": ["Not for you."], "errors": {}}), "403 Forbidden: Not for you"),
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), "not one of Jira's"),
        (json_answer(200, {"issues": None, "issueErrors": []}), "issues is no list"),
    ],
)
@pytest.mark.bad_requests("the answers are none of Jira's")
def test_what_cannot_be_asked_is_said_in_a_line_and_changes_nothing(
    job: Job, sandbox: Sandbox, answer: Answer, reason: str
) -> None:
    sandbox.before = lambda request: answer if request.path.endswith("/bulkfetch") else None
    ended = job.jira_ci(*REPORT, "--on-error", "fail", "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json["accepted"] == 1
    [line] = [line for line in ended.err.splitlines() if "are not shown" in line]
    assert line.startswith("Titles and status of the issues are not shown: Asked ")
    assert reason in line
    assert "issues" not in ended.json


def test_a_wrong_token_is_no_trouble_for_the_report(tmp_path: Path, sandbox: Sandbox) -> None:
    job = made(tmp_path, sandbox, JIRA_CI_TOKEN="wr0ng-token")
    ended = job.jira_ci(*REPORT, "--on-error", "fail")
    assert ended.code == 0
    assert "Titles and status of the issues are not shown" in ended.out
    assert "wr0ng-token" not in ended.out
    assert len(look_ups(sandbox)) == 2


def test_a_site_that_hangs_holds_nothing_up_but_for_a_moment(
    tmp_path: Path, start_sandbox: Callable[..., Sandbox]
) -> None:
    gateway = start_sandbox()
    with FaultyServer([hang]) as site:
        job = made(tmp_path, gateway, JIRA_CI_SITE=site.url, JIRA_CI_CLOUD_ID=gateway.cloud_id)
        ended = job.jira_ci(*REPORT, "--format", "json", "--timeout", "20s")
    assert ended.code == 0
    assert ended.json["accepted"] == 1
    assert "Titles and status of the issues are not shown: Jira did not answer in time." in ended.err


def test_where_the_report_failed_data_center_is_asked_nothing_more(tmp_path: Path) -> None:
    with FaultyServer([reply(401)]) as server:
        job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
        job.environ |= {"JIRA_CI_SITE": server.url, "JIRA_CI_TOKEN": "t", "JIRA_CI_JIRA_TYPE": "data-center"}
        job.jira_ci(*REPORT)
    assert [seen.path.rpartition("/")[2] for seen in server.requests] == ["remotelink"]


def test_each_site_is_asked_with_its_own_token(
    tmp_path: Path, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]
) -> None:
    emea = start_sandbox(edition="data-center", issues=IssueRule({"EU": 9}, titles={"EU-3": "Only there"}))
    job = made(tmp_path, sandbox, JIRA_CI_EMEA_TOKEN=emea.credentials.personal_token)
    job.write(
        ".jira-ci.yml",
        f'connections:\n  emea: {{site: "{emea.address}", credentials: EMEA}}\nreport-to: [default, emea]\n',
    )
    job.publish(".jira-ci.yml")
    ended = job.jira_ci(*REPORT, "--issue-keys", "EU-3", "--format", "json")
    assert ended.code == 0, ended.err
    issues = {one["key"]: (one["title"], one["link"]) for one in ended.json["issues"]}
    assert issues == {
        "EU-3": ("Only there", f"{emea.address}/browse/EU-3"),
        "WEB-12": ("Pay by card", f"{sandbox.address}/browse/WEB-12"),
    }
    assert (len(look_ups(sandbox)), len(look_ups(emea))) == (1, 1)


def test_a_site_without_a_token_is_asked_nothing_and_the_others_are(
    tmp_path: Path, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]
) -> None:
    other = start_sandbox()
    more = {f"JIRA_CI_EMEA_{name.removeprefix('JIRA_CI_')}": value for name, value in scenes.reach(other).items()}
    job = made(tmp_path, sandbox, **more)
    job.write(
        ".jira-ci.yml",
        f'connections:\n  emea: {{site: "{other.address}", credentials: EMEA}}\nreport-to: [default, emea]\n',
    )
    job.jira_ci(*REPORT)
    assert (len(look_ups(sandbox)), len(look_ups(other))) == (1, 0)


def test_the_comment_on_the_pull_request_has_them_as_well(job: Job, sandbox: Sandbox) -> None:
    dress(sandbox)
    with serving(Conversation("github", "/api/v3", user_status=403)) as hub:
        job.environ |= {"GITHUB_API_URL": hub.url, "GITHUB_TOKEN": "t0ken"}
        job.jira_ci(*REPORT, "--pull-request-comment")
        [body] = hub.bodies()
    assert "Pay by card" in body
    assert "Implementing" in body


def test_a_dry_run_asks_nobody(job: Job, sandbox: Sandbox) -> None:
    assert job.jira_ci(*REPORT, "--dry-run").code == 0
    assert sandbox.exchanges == []


def test_a_deployment_with_a_command_asks_once_at_its_end(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, EVENT)
    commit(job, "environments:\n  Prod-EU: production\n")
    job.environ |= {
        **scenes.reach(sandbox),
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
    }
    order: list[str] = []

    def before(request: Any) -> None:
        order.append(request.path.rpartition("/")[2])

    sandbox.before = before
    ended = job.jira_ci("deploy", "--environment", "Prod-EU", "--issue-keys", "WEB-12", "--", "git", "--version")
    assert ended.code == 0, ended.out + ended.err
    assert next(one for one in order if one in ("bulk", "bulkfetch")) == "bulk"
    assert order.count("bulkfetch") == 1
    assert ended.out.count("WEB-12 Pay by card (") == 1
    assert "| Pay by card |" in job.summary()
