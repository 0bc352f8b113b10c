"""``verify-keys``: what Jira does not show is not reported to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import scenes
from faulty_server import FaultyServer, hang, reply
from gate_jobs import EVENT, commit
from jira_sandbox.http_types import Exchange, json_answer
from jira_sandbox.issue_rules import IssueRule
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
REPORT = ("deployment", "--environment", "Prod-EU", "--state", "success", "--verify-keys", "true")
MIXED = ("--issue-keys", "WEB-5000,ABC-1,WEB-3")


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A pull request's job with credentials for reports, and a token to ask about issues."""
    return made(tmp_path, sandbox)


def made(folder: Path, sandbox: Sandbox, **more: str) -> Job:
    job = scenes.github(folder, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= {
        **scenes.reach(sandbox),
        "JIRA_CI_USER": "release@example.com",
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        **more,
    }
    return job


def asked(jira: Sandbox) -> list[str]:
    return [one.path.rpartition("/")[2] for one in jira.exchanges if one.method == "POST"]


def sent(jira: Sandbox) -> list[str]:
    """The keys that a bulk request named."""
    [bulk] = [one for one in jira.exchanges if one.path.endswith("/bulk")]
    return keys_of(bulk)


def keys_of(bulk: Exchange) -> list[str]:
    import json

    [record] = json.loads(bulk.body)["deployments"]
    return list(record["associations"][0]["values"])


def test_issues_that_jira_does_not_show_are_left_out_and_said(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, *MIXED, "--format", "json")
    assert ended.code == 0, ended.err
    assert sent(sandbox) == ["WEB-3", "WEB-12"]
    assert "Issues that Jira does not show to release@…: WEB-5000, ABC-1" in ended.err
    assert ended.json["unknown-keys"] == ["WEB-5000", "ABC-1"]
    assert ended.json["issue-keys"] == ["WEB-5000", "ABC-1", "WEB-3", "WEB-12"]
    assert "Issues that Jira does not know" not in ended.err
    assert job.summary().count("⚠️ not shown by Jira |") == 2
    assert job.summary().count("| ✅ reported |") == 2


def test_titles_and_verification_are_one_request_before_the_report(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, *MIXED)
    assert asked(sandbox) == ["token", "bulkfetch", "bulk"] or asked(sandbox) == ["bulkfetch", "token", "bulk"]
    assert "WEB-12 Pay by card (" in ended.out


def test_data_center_is_told_nothing_of_them_either(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    jira = start_sandbox(edition="data-center")
    job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= {"JIRA_CI_SITE": jira.address, "JIRA_CI_TOKEN": jira.credentials.personal_token}
    ended = job.jira_ci(*REPORT, *MIXED, "--format", "json")
    assert ended.code == 0, ended.err
    paths = [one.path.removeprefix("/rest/api/2/") for one in jira.exchanges]
    assert paths == ["search", "issue/WEB-3/remotelink", "issue/WEB-12/remotelink"]
    assert jira.connections == 1
    assert ended.json["unknown-keys"] == ["WEB-5000", "ABC-1"]
    assert "Issues that Jira does not show to the account of token: WEB-5000, ABC-1" in ended.err


@pytest.mark.parametrize(("on_no_keys", "code"), [("skip", 0), ("warn", 0), ("fail", 8)])
def test_when_none_is_left_it_is_as_without_keys(job: Job, sandbox: Sandbox, on_no_keys: str, code: int) -> None:
    only = ("--issue-keys", "ABC-1", "--projects", "ABC")
    ended = job.jira_ci(*REPORT, *only, "--on-no-keys", on_no_keys, "--format", "json")
    assert ended.code == code, ended.err
    assert "bulk" not in asked(sandbox)
    assert "Jira shows none of the issues, so there is nothing to report to Jira." in ended.err
    assert (ended.json["unknown-keys"], ended.json["accepted"]) == (["ABC-1"], 0)
    assert ("error" in ended.json) == (code == 8)


def test_a_moved_issue_is_shown_and_so_it_is_reported(job: Job, sandbox: Sandbox) -> None:
    for key in ("WEB-12", "WEB-3"):
        sandbox.desk.move(key, "OPS")
    ended = job.jira_ci(*REPORT, *MIXED, "--format", "json")
    assert sent(sandbox) == ["WEB-3", "WEB-12"]
    assert ended.json["unknown-keys"] == ["WEB-5000", "ABC-1"]


@pytest.mark.parametrize("token", ["", "--without"])
def test_without_a_token_it_is_wrong_usage(job: Job, sandbox: Sandbox, token: str) -> None:
    del job.environ["JIRA_CI_TOKEN"]
    if token:
        del job.environ["JIRA_CI_USER"]
    ended = job.jira_ci(*REPORT)
    assert ended.code == 2
    assert "verify-keys is true, but there is no token" in ended.out
    assert "JIRA_CI_USER and JIRA_CI_TOKEN" in ended.out
    assert sandbox.exchanges == []


def test_check_and_deploy_say_the_same_before_anything_happens(job: Job, sandbox: Sandbox) -> None:
    del job.environ["JIRA_CI_TOKEN"]
    for command in (("check",), ("deploy", "--environment", "Prod-EU", "--", "git", "init", "begun")):
        ended = job.jira_ci(*command, JIRA_CI_VERIFY_KEYS="true")
        assert ended.code == 2
        assert "verify-keys is true, but there is no token" in ended.out
    assert sandbox.exchanges == []
    assert not (job.folder / "begun").exists()


def test_without_a_token_that_was_withheld_it_is_no_error(tmp_path: Path, sandbox: Sandbox) -> None:
    fork = {"full_name": "eve/shop", "id": 78, "fork": True}
    event = scenes.pull_request("WEB-12 Pay by card", head_repo=fork)
    job = scenes.github(tmp_path, PATH, event, "pull_request")
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci(*REPORT)
    assert ended.code == 0, ended.out
    assert "The keys are not verified: this run gets no secrets." in ended.out
    assert sent(sandbox) == ["WEB-12"]


@pytest.mark.parametrize("status", [401, 403, 503])
def test_when_jira_cannot_be_asked_everything_is_reported_unverified(job: Job, sandbox: Sandbox, status: int) -> None:
    refusal = json_answer(status, {"errorMessages": ["no"], "errors": {}}, {"Retry-After": "900"})
    sandbox.before = lambda request: refusal if request.path.endswith("/bulkfetch") else None
    ended = job.jira_ci(*REPORT, *MIXED, "--on-error", "fail", "--format", "json")
    assert ended.code == 0, ended.err
    assert sent(sandbox) == ["WEB-5000", "ABC-1", "WEB-3", "WEB-12"]
    assert "Keys are reported unverified: Asked " in ended.err
    assert ended.json["unknown-keys"] == ["WEB-5000", "ABC-1"]  # as the report's own answer says


def test_a_site_that_hangs_gets_no_more_than_half_of_the_time(
    tmp_path: Path, start_sandbox: Callable[..., Sandbox]
) -> None:
    gateway = start_sandbox()
    with FaultyServer([hang]) as site:
        job = made(tmp_path, gateway, JIRA_CI_SITE=site.url, JIRA_CI_CLOUD_ID=gateway.cloud_id)
        ended = job.jira_ci(*REPORT, "--format", "json", "--timeout", "4s")
    assert ended.code == 0, ended.err
    assert ended.json["accepted"] == 1
    assert "Keys are reported unverified: Jira did not answer in time." in ended.err


def test_of_500_keys_those_are_left_out_that_the_part_answers_tell(job: Job, sandbox: Sandbox) -> None:
    refusal = json_answer(403, {"errorMessages": ["no"], "errors": {}})
    sandbox.before = lambda request: refusal if b'"WEB-150"' in request.body and b"fields" in request.body else None
    keys = ",".join(["ABC-1", *(f"WEB-{number}" for number in range(1, 160)), "ABC-2"])
    ended = job.jira_ci(*REPORT, "--issue-keys", keys, "--format", "json")
    assert ended.code == 0, ended.err
    assert "ABC-1" not in sent(sandbox)
    assert "ABC-2" in sent(sandbox)


def test_a_credential_that_is_refused_is_not_offered_again(tmp_path: Path) -> None:
    with FaultyServer([reply(401)]) as server:
        job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
        job.environ |= {"JIRA_CI_SITE": server.url, "JIRA_CI_TOKEN": "t", "JIRA_CI_JIRA_TYPE": "data-center"}
        ended = job.jira_ci(*REPORT, "--on-error", "fail")
    assert ended.code == 6
    assert len(server.requests) == 1


def test_each_site_is_told_of_the_issues_that_it_shows(
    tmp_path: Path, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]
) -> None:
    emea = start_sandbox(edition="data-center", issues=IssueRule({"EU": 9}))
    job = made(tmp_path, sandbox, JIRA_CI_EMEA_TOKEN=emea.credentials.personal_token)
    write(job, emea)
    ended = job.jira_ci(*REPORT, "--issue-keys", "EU-3,ABC-1", "--format", "json")
    assert ended.code == 0, ended.err
    assert sent(sandbox) == ["WEB-12"]
    assert [one.path for one in emea.exchanges][1:] == ["/rest/api/2/issue/EU-3/remotelink"]
    assert ended.json["unknown-keys"] == ["ABC-1"]
    assert ended.json["connections"]["default"]["unknown-keys"] == ["EU-3", "ABC-1"]
    assert "emea: Issues that Jira does not show to the account of token: ABC-1, WEB-12" in ended.err


def test_a_site_that_shows_none_of_them_is_sent_nothing(
    tmp_path: Path, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]
) -> None:
    emea = start_sandbox(edition="data-center", issues=IssueRule({"EU": 9}))
    job = made(tmp_path, sandbox, JIRA_CI_EMEA_TOKEN=emea.credentials.personal_token)
    write(job, emea)
    ended = job.jira_ci(*REPORT, "--on-error", "fail", "--format", "json")
    assert ended.code == 0, ended.err
    assert sent(sandbox) == ["WEB-12"]
    assert [one.path for one in emea.exchanges] == ["/rest/api/2/search"]
    assert "emea: Nothing was reported: the site shows none of the issues." in ended.err
    assert ended.json["unknown-keys"] == []
    nothing = job.jira_ci(*REPORT, "--issue-keys", "ABC-1", "--projects", "ABC", "--on-no-keys", "fail")
    assert nothing.code == 8


def test_a_site_without_a_token_fails_and_the_other_is_told(
    tmp_path: Path, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]
) -> None:
    other = start_sandbox()
    more = {f"JIRA_CI_EMEA_{name.removeprefix('JIRA_CI_')}": value for name, value in scenes.reach(other).items()}
    job = made(tmp_path, sandbox, **more)
    write(job, other)
    ended = job.jira_ci(*REPORT)
    assert ended.code == 2
    assert "JIRA_CI_EMEA_USER and JIRA_CI_EMEA_TOKEN" in ended.out
    assert sent(sandbox) == ["WEB-12"]
    assert other.exchanges == []


def write(job: Job, emea: Sandbox) -> None:
    job.write(
        ".jira-ci.yml",
        f'connections:\n  emea: {{site: "{emea.address}", credentials: EMEA}}\nreport-to: [default, emea]\n',
    )
    job.publish(".jira-ci.yml")


def test_a_dry_run_verifies_nothing_and_says_so(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, "--dry-run")
    assert ended.code == 0
    assert "A dry run verifies no keys" in ended.out
    assert sandbox.exchanges == []


def test_a_deployment_with_a_command_verifies_once_for_both_reports(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, EVENT)
    commit(job, "environments:\n  Prod-EU: production\n")
    job.environ |= {
        **scenes.reach(sandbox),
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        "JIRA_CI_VERIFY_KEYS": "true",
    }
    keys = ("--issue-keys", "WEB-12,ABC-1")
    ended = job.jira_ci("deploy", "--environment", "Prod-EU", *keys, "--", "git", "--version")
    assert ended.code == 0, ended.out + ended.err
    assert asked(sandbox).count("bulkfetch") == 1
    assert [keys_of(one) for one in sandbox.exchanges if one.path.endswith("/bulk")] == [["WEB-12"]] * 2
    assert ended.out.count("WEB-12 Pay by card (") == 1
