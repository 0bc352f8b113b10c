"""Reports to Jira Data Center, from the job's variables to the remote links on its issues."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scenes
from faulty_server import FaultyServer, hang, reply
from gate_jobs import EVENT, commit
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
TOKEN = "t0k3n-of-ana"
DEPLOY = ("deployment", "--environment", "Prod-EU", "--version", "1.4.0", "--state")
LINKED = reply(201, {"id": 10_000, "self": "x"})
GONE = reply(404, {"errorMessages": ["Issue Does Not Exist"], "errors": {}})


@pytest.fixture
def jira(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A Data Center site."""
    return start_sandbox(edition="data-center")


@pytest.fixture
def job(tmp_path: Path, jira: Sandbox) -> Job:
    """A pull request's job that has a personal access token for it."""
    return made(tmp_path, jira.address, jira.credentials.personal_token)


def made(folder: Path, site: str, token: str = TOKEN, **more: str) -> Job:
    job = scenes.github(folder, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= {"JIRA_CI_SITE": site, "JIRA_CI_TOKEN": token, **more}
    return job


def links(jira: Sandbox, key: str = "WEB-12") -> list[dict[str, Any]]:
    found = [one for one in jira.exchanges if one.path.endswith(f"/{key}/remotelink") and one.method == "POST"]
    assert found, "nothing was linked"
    issue = jira.site.desk.find(key)
    assert issue is not None
    return jira.site.desk.extras.remote_links(issue.id)


def test_a_deployment_is_one_link_from_its_start_to_its_end(job: Job, jira: Sandbox) -> None:
    for state in ("in_progress", "success"):
        ended = job.jira_ci(*DEPLOY, state)
        assert ended.code == 0, ended.out
        assert "Jira has 1 of 1 remote links." in ended.out
    [link] = links(jira)
    assert link["object"]["title"] == "Prod-EU: CI #41: 1.4.0"
    assert link["object"]["status"] == {"resolved": True, "icon": {"title": "successful"}}
    assert (link["relationship"], link["application"]) == ("deployed to", {"type": "jira-ci", "name": "jira-ci"})


def test_a_build_is_a_link_of_its_own(job: Job, jira: Sandbox) -> None:
    job.jira_ci("build", "--state", "failure")
    job.jira_ci(*DEPLOY, "success")
    assert [link["object"]["status"]["resolved"] for link in links(jira)] == [False, True]


def test_a_report_is_one_request_for_each_issue_and_environment_and_one_for_all_their_titles(
    job: Job, jira: Sandbox
) -> None:
    ended = job.jira_ci("deployment", "--environment", "A,B", "--state", "success", "--issue-keys", "WEB-1,OPS-3")
    assert ended.code == 0
    *asked, last = [(one.method, one.path) for one in jira.exchanges]
    issues = ("WEB-1", "WEB-1", "OPS-3", "OPS-3", "WEB-12", "WEB-12")
    assert asked == [("POST", f"/rest/api/2/issue/{key}/remotelink") for key in issues]
    assert last == ("POST", "/rest/api/2/search")
    assert jira.connections == 1


def test_the_document_has_the_parts_of_any_report(job: Job) -> None:
    keys = ("--issue-keys", "WEB-5000", "--format", "json")
    document = job.jira_ci(*DEPLOY, "success", *keys).json
    assert (document["accepted"], document["rejected"], document["unknown-keys"]) == (1, 0, ["WEB-5000"])
    assert document["issue-keys"] == ["WEB-5000", "WEB-12"]
    assert [one["answer"]["status"] for one in document["requests"]] == [404, 201, 200]
    assert "connections" not in document


def test_no_known_issue_is_no_success(job: Job) -> None:
    only = ("--issue-keys", "OPS-5000", "--projects", "OPS", "--on-error", "fail")
    ended = job.jira_ci(*DEPLOY, "success", *only)
    assert ended.code == 8
    assert "Jira knows none of the issues OPS-5000" in ended.out


def test_an_unknown_issue_is_asked_about_once_for_all_environments(job: Job, jira: Sandbox) -> None:
    job.jira_ci("deployment", "--environment", "A,B,C", "--state", "success", "--issue-keys", "WEB-5000")
    assert [one.path.split("/")[-2] for one in jira.exchanges].count("WEB-5000") == 1


def test_a_missing_permission_is_said_with_its_name(job: Job, jira: Sandbox) -> None:
    jira.site.desk.denied.add("LINK_ISSUES")
    ended = job.jira_ci(*DEPLOY, "success", "--on-error", "fail")
    assert ended.code == 6
    assert "Not linked: WEB-12: You do not have permission to create links for this issue." in ended.out
    assert "Give the account the permission Link Issues" in ended.out


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (Answer(401), "make a new personal access token"),
        (Answer(401, b"", {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}), "pass a CAPTCHA"),
        (
            json_answer(403, {"errorMessages": ["no"]}, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}),
            "CAPTCHA",
        ),
        (Answer(403, b"<html>blocked</html>", {"Content-Type": "text/html"}), "check site and headers"),
    ],
)
def test_a_refused_credential_is_offered_once(job: Job, jira: Sandbox, answer: Answer, hint: str) -> None:
    jira.before = lambda request: answer if request.method == "POST" else None
    ended = job.jira_ci(*DEPLOY, "success", "--issue-keys", "WEB-1,WEB-2", "--on-error", "fail")
    assert ended.code == 6
    assert hint in ended.out
    assert len([one for one in jira.exchanges if "authorization" in one.headers]) == 1


def test_reporting_fails_open_at_data_center_too(job: Job, jira: Sandbox) -> None:
    jira.before = lambda _: Answer(401)
    assert job.jira_ci(*DEPLOY, "success").code == 0


def test_user_and_password_go_as_basic_after_the_site_said_what_it_is(tmp_path: Path) -> None:
    nothing = reply(200, {"issues": [], "startAt": 0, "maxResults": 100, "total": 0})
    script = {"/rest/api/3/serverInfo": [reply(404)], "/rest/api/2/search": [nothing], "/rest/api/2": [LINKED]}
    with FaultyServer(script) as server:
        job = made(tmp_path, server.url, "pass-word", JIRA_CI_USER="ana", JIRA_CI_HEADERS="X-Door: open-sesame")
        assert job.jira_ci(*DEPLOY, "success").code == 0
        assert job.jira_ci(*DEPLOY, "success", JIRA_CI_JIRA_TYPE="data-center").code == 0
    asked = [seen.path for seen in server.requests]
    assert asked == ["/rest/api/3/serverInfo", *["/rest/api/2/issue/WEB-12/remotelink", "/rest/api/2/search"] * 2]
    assert "authorization" not in server.requests[0].headers
    expected = "Basic " + base64.b64encode(b"ana:pass-word").decode()
    assert [seen.headers["authorization"] for seen in server.requests[1:]] == [expected] * 4
    assert [seen.headers["x-door"] for seen in server.requests] == ["open-sesame"] * 5


def test_a_refused_password_says_how_a_personal_access_token_is_given(tmp_path: Path) -> None:
    with FaultyServer([reply(401)]) as server:
        job = made(tmp_path, server.url, JIRA_CI_USER="ana", JIRA_CI_JIRA_TYPE="data-center")
        ended = job.jira_ci(*DEPLOY, "success", "--issue-keys", "WEB-1,WEB-2", "--on-error", "fail")
    assert ended.code == 6
    assert "Leave user out for a personal access token" in ended.out
    assert len(server.requests) == 1


def test_a_cloud_site_with_a_token_says_what_it_takes(tmp_path: Path, sandbox: Sandbox) -> None:
    for user in ("", "release@example.com"):
        ended = made(tmp_path / (user or "nobody"), sandbox.address, JIRA_CI_USER=user).jira_ci(*DEPLOY, "success")
        assert ended.code == 2
        assert "is Jira Cloud, and client-id and client-secret are not set" in ended.out
        assert "JIRA_CI_CLIENT_ID and JIRA_CI_CLIENT_SECRET" in ended.out


def test_nothing_given_names_both_ways(tmp_path: Path) -> None:
    job = made(tmp_path, "https://jira.acme.example", "")
    ended = job.jira_ci(*DEPLOY, "success")
    assert ended.code == 2
    assert "JIRA_CI_CLIENT_ID and JIRA_CI_CLIENT_SECRET" in ended.out
    assert "for Jira Data Center pass a personal access token as JIRA_CI_TOKEN" in ended.out
    ended = job.jira_ci(*DEPLOY, "success", JIRA_CI_JIRA_TYPE="data-center")
    assert "::token is not set.%0Ahint: Make a token in your profile in Jira Data Center" in ended.out


def test_a_fork_without_its_token_is_skipped(tmp_path: Path) -> None:
    event = scenes.pull_request("WEB-12", head_repo={"full_name": "eve/shop", "id": 99, "fork": True})
    job = scenes.github(tmp_path, PATH, event, "pull_request")
    job.environ |= {
        "JIRA_CI_SITE": "https://jira.acme.example",
        "JIRA_CI_JIRA_TYPE": "data-center",
        "JIRA_CI_TOKEN": "",
    }
    ended = job.jira_ci(*DEPLOY, "success")
    assert ended.code == 0
    assert "Nothing was reported: token is not there: " in ended.out


def test_a_dry_run_shows_every_link_and_sends_nothing(job: Job, jira: Sandbox) -> None:
    ended = job.jira_ci(*DEPLOY, "success", "--issue-keys", "OPS-1", "--dry-run", "--format", "json")
    assert [one["url"].rpartition("/rest")[2] for one in ended.json["requests"]] == [
        "/api/2/issue/OPS-1/remotelink",
        "/api/2/issue/WEB-12/remotelink",
    ]
    assert ended.json["requests"][0]["body"]["object"]["title"] == "Prod-EU: CI #41: 1.4.0"
    assert ended.err.count("Dry run, would be sent: POST") == 1
    assert "(and to 1 more issues)" in ended.err
    assert jira.exchanges == []


def test_the_deadline_ends_it_and_what_did_not_arrive_is_said(tmp_path: Path) -> None:
    keys = ",".join(f"WEB-{number}" for number in range(1, 6))
    with FaultyServer([LINKED, LINKED, GONE, hang]) as server:
        job = made(tmp_path, server.url)
        ended = job.jira_ci(*DEPLOY, "success", "--issue-keys", keys, "--timeout", "1s", "--format", "json")
    assert ended.code == 0
    assert "Jira has 2 of 6 remote links." in ended.err
    assert "Not reached: WEB-4, WEB-5, WEB-12" in ended.err
    assert ended.json["accepted"] == 1
    assert ended.json["unknown-keys"] == ["WEB-3"]
    assert ended.json["error"]["kind"] == "network"
    fates = [line.split(" | ")[-1] for line in job.summary().splitlines() if "/browse/" in line]
    assert fates == ["✅ reported |"] * 2 + ["⚠️ unknown to Jira |"] + ["❌ not reported |"] * 3


def test_one_issue_in_trouble_does_not_hide_the_others(tmp_path: Path) -> None:
    script = {"/rest/api/2/issue/WEB-1/": [reply(500, b"oops")], "/rest": [LINKED]}
    with FaultyServer(script) as server:
        job = made(tmp_path, server.url)
        ended = job.jira_ci(*DEPLOY, "success", "--issue-keys", "WEB-1,WEB-2", "--timeout", "1s")
    assert "Jira has 2 of 3 remote links." in ended.out
    assert "Not reached: WEB-1" in ended.out
    assert "Not reported: Asked 127.0.0.1" in ended.out


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply(404, b"<html>", content_type="text/html"), "is the path that Jira has on this host part of it?"),
        (reply(200, b"<html>log in", content_type="text/html"), "is not one of Jira's"),
        (reply(201, []), "is not one of Jira's"),
        (reply(302, b"", location="https://login.example/"), "points to https://login.example, which is not followed"),
        (reply(503), "it answered 503 Service Unavailable"),
    ],
)
def test_what_is_no_answer_of_jiras_is_no_success(tmp_path: Path, answer: bytes, says: str) -> None:
    with FaultyServer([answer]) as server:
        job = made(tmp_path, server.url)
        arguments = ("--timeout", "1s", "--on-error", "fail", "--format", "json")
        ended = job.jira_ci(*DEPLOY, "success", "--issue-keys", "WEB-1,WEB-2", *arguments)
    assert ended.code == 7
    assert ended.json["accepted"] == 0
    assert says in ended.err


def test_a_refusal_of_the_link_itself_is_said_with_jiras_words(tmp_path: Path) -> None:
    with FaultyServer([reply(400, {"errorMessages": [], "errors": {"title": "'title' is required."}})]) as server:
        ended = made(tmp_path, server.url).jira_ci(*DEPLOY, "success", "--on-error", "fail")
    assert ended.code == 8
    assert "Not linked: WEB-12: title: 'title' is required." in ended.out


def test_deploy_tells_data_center_of_start_and_end(tmp_path: Path, jira: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, EVENT)
    commit(job, "environments:\n  Prod-EU: production\n")
    job.environ |= {"JIRA_CI_SITE": jira.address, "JIRA_CI_TOKEN": jira.credentials.personal_token}
    states: list[str] = []

    def before(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/remotelink"):
            states.append(request.body.decode().partition('"status":{"resolved":')[2][:4])
        return None

    jira.before = before
    ended = job.jira_ci("deploy", "--environment", "Prod-EU", "--issue-keys", "WEB-12", "--", "git", "--version")
    assert ended.code == 0, ended.out + ended.err
    assert states == ["fals", "true"]
    assert len(links(jira)) == 1


def test_check_says_the_mode_and_tests_it_without_writing(job: Job, jira: Sandbox) -> None:
    ended = job.jira_ci("check", "--projects", "WEB")
    assert ended.code == 0, ended.out
    assert "ok       reporting: data center: remote links (the site says so)" in ended.out
    assert "ok       account: " in ended.out
    assert "ok       link permission: the account may link issues in WEB (nothing was written)" in ended.out
    assert {one.method for one in jira.exchanges} == {"GET"}
    jira.site.desk.denied.add("LINK_ISSUES")
    ended = job.jira_ci("check", JIRA_CI_JIRA_TYPE="data-center")
    assert ended.code == 6
    assert "ok       reporting: data center: remote links\n" in ended.out
    assert "PROBLEM  link permission: the account may not link issues somewhere." in ended.out


def test_check_says_what_is_wrong_with_the_token(job: Job) -> None:
    ended = job.jira_ci("check", JIRA_CI_TOKEN="wrong")
    assert ended.code == 6
    assert "PROBLEM  account: Asked 127.0.0.1" in ended.out


def test_check_of_a_cloud_site_with_a_token_asks_for_client_credentials(tmp_path: Path, sandbox: Sandbox) -> None:
    ended = made(tmp_path, sandbox.address).jira_ci("check")
    assert ended.code == 2
    assert "ok       reporting: cloud: builds and deployments API (the site says so)" in ended.out
    assert "PROBLEM  credentials: client-id and client-secret are not set." in ended.out


def test_the_token_is_nowhere(job: Job, jira: Sandbox) -> None:
    said = ""
    for more in (["--format", "json"], ["--dry-run"], ["--version", f"v-{jira.credentials.personal_token}"]):
        ended = job.jira_ci(*DEPLOY, "success", "--log-level", "debug", *more)
        said += ended.out + ended.err
    assert jira.credentials.personal_token not in said + job.output() + job.summary()


def test_a_site_that_never_answers_is_said_and_not_that_there_were_too_many_issues(tmp_path: Path) -> None:
    with FaultyServer([hang]) as server:
        ended = made(tmp_path, server.url).jira_ci(*DEPLOY, "success", "--issue-keys", "WEB-1", "--timeout", "1s")
    assert "Asked 127.0.0.1:" in ended.out
    assert "to show it on WEB-1: no complete answer came before the deadline." in ended.out
    assert "report fewer issues" not in ended.out


@pytest.mark.parametrize(
    "whole", [reply(403, {"errorMessages": ["No."]}), reply(500), reply(302, location="https://x/")]
)
def test_a_refusal_is_not_hidden_by_what_the_site_says_of_itself(tmp_path: Path, whole: bytes) -> None:
    refusal = reply(403, {"errorMessages": ["You may not link."]})
    with FaultyServer({"/rest/api/3/serverInfo": [whole], "": [refusal]}) as server:
        ended = made(tmp_path, server.url).jira_ci(*DEPLOY, "success", "--timeout", "1s")
    assert "it answered 403 Forbidden: You may not link." in ended.out
    assert "Give the account the permission Link Issues in these projects." in ended.out


@pytest.mark.parametrize(
    ("user", "credential"), [("", "a personal access token"), ("ana", "user and token")], ids=["token", "user"]
)
def test_an_answer_that_is_not_jiras_names_the_credential(tmp_path: Path, user: str, credential: str) -> None:
    with FaultyServer({"/rest/api/3/serverInfo": [reply(404)], "": [reply(404, b"<html>")]}) as server:
        job = made(tmp_path, server.url, **({"JIRA_CI_USER": user} if user else {}))
        ended = job.jira_ci(*DEPLOY, "success")
    assert f"to show it on WEB-12 with {credential}: the answer (404 Not Found" in ended.out


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_service_without_a_key_is_not_said_to_be_shown(tmp_path: Path, jira: Sandbox, dry: list[str]) -> None:
    job = made(tmp_path, jira.address, jira.credentials.personal_token)
    job.write(".jira-ci.yml", "services: {web: {ids: [SVC], paths: [web]}}")
    ended = job.jira_ci(*DEPLOY, "success", "--service", "web", "--on-no-keys", "fail", *dry)
    assert ended.code == 8, ended.out
    assert "::error title=jira-ci::There is no issue key for Prod-EU (web): not reported." in ended.out
    assert jira.exchanges == []
