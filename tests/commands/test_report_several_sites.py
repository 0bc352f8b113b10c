"""Reports to several sites at once: each has a result of its own, and no failure hides another."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scenes
from faulty_server import FaultyServer, Step, hang, reply, reset
from gate_jobs import EVENT, commit
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
REPORT = ("build", "--state", "success")
FILE = 'connections:\n  emea: {{site: "{site}", credentials: EMEA}}\nreport-to: [default, emea]\n'
LINKED = reply(201, {"id": 10_000, "self": "x"})
GONE = reply(404, {"errorMessages": ["Issue Does Not Exist"], "errors": {}})


@pytest.fixture
def emea(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """The other site: Data Center."""
    return start_sandbox(edition="data-center")


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox, emea: Sandbox) -> Job:
    """A job that reports to Jira Cloud, and to Data Center by the name emea."""
    made = reporting(tmp_path, sandbox, emea.address)
    made.environ |= {
        "JIRA_CI_EMEA_TOKEN": emea.credentials.personal_token,
        "JIRA_CI_HEADERS": "X-Default: default-header-value",
        "JIRA_CI_EMEA_HEADERS": "X-Emea: emea-header-value",
    }
    return made


def reporting(folder: Path, sandbox: Sandbox, other: str) -> Job:
    job = scenes.github(folder, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    job.environ |= scenes.reach(sandbox)
    job.write(".jira-ci.yml", FILE.format(site=other))
    job.publish(".jira-ci.yml")
    return job


def faulty(folder: Path, sandbox: Sandbox, server: FaultyServer) -> Job:
    job = reporting(folder, sandbox, server.url)
    job.environ["JIRA_CI_EMEA_TOKEN"] = "t0k3n-of-emea"
    return job


def linked(site: Sandbox) -> list[dict[str, Any]]:
    issue = site.site.desk.find("WEB-12")
    assert issue is not None
    return site.site.desk.extras.remote_links(issue.id)


def test_both_sites_show_it_and_the_document_tells_them_apart(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, "--format", "json")
    assert ended.code == 0, ended.err
    assert len(scenes.stored(sandbox, "WEB-12")["builds"]) == len(linked(emea)) == 1
    each = {"accepted": 1, "rejected": 0, "unknown-keys": [], "error": None}
    assert ended.json["connections"] == {"default": each, "emea": each}
    assert (ended.json["accepted"], ended.json["unknown-keys"]) == (2, [])
    assert [one["connection"] for one in ended.json["requests"]] == [*["default"] * 3, "emea", "emea"]
    assert "default: Jira accepted 1 of 1." in ended.err
    assert "emea: Jira has 1 of 1 remote links." in ended.err
    assert "| Issue | Title | Status | Found in | default | emea |" in job.summary()


def test_no_site_sees_the_credentials_or_headers_of_another(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    job.jira_ci(*REPORT, JIRA_CI_TOKEN="token-of-the-default", JIRA_CI_USER="ana", JIRA_CI_CLOUD_ID=sandbox.cloud_id)
    sent = [
        " ".join([*one.headers, *one.headers.values(), one.path, one.body.decode()])
        for one in (*sandbox.exchanges, *emea.exchanges)
    ]
    assert [one.path.rpartition("/")[2] for one in emea.exchanges] == ["remotelink", "search"]
    assert "/rest/api/3/issue/bulkfetch" in [one.path for one in sandbox.exchanges]
    default, others = sent[:-2], sent[-2:]
    for other in others:
        assert emea.credentials.personal_token in other
        assert "emea-header-value" in other
        for secret in ("token-of-the-default", "default-header-value", "sandbox-client", "sandbox-secret"):
            assert secret not in other
    for one in default:
        assert emea.credentials.personal_token not in one
        assert "emea-header-value" not in one


def test_the_first_site_costs_what_it_costs_alone(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    job.jira_ci(*REPORT)
    assert (len(sandbox.exchanges), sandbox.connections) == (3, 1)
    assert (len(emea.exchanges), emea.connections) == (2, 1)  # a link, and the issue's title


def test_the_setting_overrides_the_file(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, "--connection", "emea", "--format", "json")
    assert sandbox.exchanges == []
    assert len(linked(emea)) == 1
    assert "connections" not in ended.json


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_name_that_the_file_lacks_is_refused_with_the_nearest(job: Job, sandbox: Sandbox, dry: list[str]) -> None:
    ended = job.jira_ci(*REPORT, "--connection", "default,emae", *dry)
    assert ended.code == 2
    assert "connection (--connection) names 'emae'" in ended.out
    assert "Did you mean emea?" in ended.out
    assert sandbox.exchanges == []


def test_a_name_without_a_file_is_refused(job: Job) -> None:
    (job.folder / ".jira-ci.yml").unlink()
    ended = job.jira_ci(*REPORT, "--connection", "emea")
    assert ended.code == 2
    assert "there is no .jira-ci.yml" in ended.out


def test_missing_credentials_of_one_site_keep_nothing_from_the_other(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, JIRA_CI_EMEA_TOKEN="")
    assert ended.code == 2
    assert "::error title=jira-ci::Not reported to emea: client-id and client-secret are not set." in ended.out
    assert "JIRA_CI_EMEA_CLIENT_ID and JIRA_CI_EMEA_CLIENT_SECRET" in ended.out
    assert "JIRA_CI_EMEA_TOKEN" in ended.out
    assert scenes.stored(sandbox, "WEB-12")["builds"]


def test_missing_credentials_of_the_default_keep_nothing_from_the_other(job: Job, emea: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, JIRA_CI_CLIENT_SECRET="")
    assert ended.code == 2
    assert "Not reported to default: client-secret is not set." in ended.out
    assert len(linked(emea)) == 1


def test_headers_that_cannot_be_meant_concern_one_site(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, JIRA_CI_EMEA_HEADERS="s3cret-without-a-name")
    assert ended.code == 2
    assert "Not reported to emea: Line 1 of headers is no header." in ended.out
    assert scenes.stored(sandbox, "WEB-12")["builds"]


def test_where_secrets_are_withheld_the_site_is_skipped(tmp_path: Path, emea: Sandbox) -> None:
    event = scenes.pull_request("WEB-12", head_repo={"full_name": "eve/shop", "id": 99, "fork": True})
    job = scenes.github(tmp_path, PATH, event, "pull_request")
    job.write(".jira-ci.yml", FILE.format(site=emea.address))
    job.publish(".jira-ci.yml")
    ended = job.jira_ci(*REPORT, JIRA_CI_SITE="acme.atlassian.net", JIRA_CI_EMEA_TOKEN="", JIRA_CI_CLIENT_ID="")
    assert ended.code == 0
    assert "default: Nothing was reported: client-id and client-secret are not there" in ended.out
    assert "emea: Nothing was reported: " in ended.out


FAULTS: list[tuple[str, Step, int]] = [
    ("refused", reply(401), 6),
    ("forbidden page", reply(403, b"<html>"), 6),
    ("reset", reset, 7),
    ("server error", reply(500), 7),
    ("login page", reply(200, b"<html>", content_type="text/html"), 7),
    ("elsewhere", reply(302, b"", location="https://login.example/"), 7),
    ("hanging", hang, 7),
]


@pytest.mark.parametrize(("step", "code"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_of_one_site_is_its_own(tmp_path: Path, sandbox: Sandbox, step: Step, code: int) -> None:
    with FaultyServer([step]) as server:
        job = faulty(tmp_path, sandbox, server)
        more = ("--timeout", "2s", "--format", "json", "--on-error", "fail")
        job.environ["JIRA_CI_JIRA_TYPE"] = "cloud"  # of the default, not of emea
        ended = job.jira_ci(*REPORT, *more)
    assert ended.code == code
    assert ended.json["connections"]["default"]["error"] is None
    assert ended.json["connections"]["emea"]["error"]["kind"] == {6: "access", 7: "network"}[code]
    assert "Not reported to emea: " in ended.err
    assert scenes.stored(sandbox, "WEB-12")["builds"]


def test_a_hanging_site_leaves_the_other_all_of_the_time(tmp_path: Path, sandbox: Sandbox) -> None:
    with FaultyServer([LINKED]) as server:

        def before(request: Request) -> Answer | None:
            if request.path.endswith("tenant_info"):
                while not server.requests:  # answers only when the other site was asked: they go side by side
                    server.pause()
            return None

        sandbox.before = before
        ended = faulty(tmp_path, sandbox, server).jira_ci(*REPORT)
        assert ended.code == 0, ended.out
        assert "default: Jira accepted 1 of 1." in ended.out
        assert "emea: Jira has 1 of 1 remote links." in ended.out


def test_the_first_failing_site_decides_about_the_exit_code(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.before = lambda request: Answer(403) if request.path.endswith("/bulk") else None
    with FaultyServer([reply(500)]) as server:
        job = faulty(tmp_path, sandbox, server)
        job.environ["JIRA_CI_TIMEOUT"] = "1s"
        assert job.jira_ci(*REPORT).code == 0
        assert job.jira_ci(*REPORT, "--on-error", "fail").code == 6
        assert job.jira_ci(*REPORT, "--on-error", "fail", "--connection", "emea,default").code == 7


def test_a_key_that_one_of_the_sites_knows_is_no_trouble(tmp_path: Path, sandbox: Sandbox) -> None:
    with FaultyServer({"/rest/api/2/issue/WEB-5000/": [LINKED], "/rest": [GONE]}) as server:
        job = faulty(tmp_path, sandbox, server)
        ended = job.jira_ci(*REPORT, "--issue-keys", "WEB-5000,WEB-5001", "--format", "json", "--on-error", "fail")
    assert ended.code == 0
    assert ended.json["unknown-keys"] == ["WEB-5001"]
    assert ended.json["connections"]["default"]["unknown-keys"] == ["WEB-5000", "WEB-5001"]
    assert ended.json["connections"]["emea"]["unknown-keys"] == ["WEB-5001", "WEB-12"]
    assert "unknown to Jira | ✅ reported |" in job.summary()


def test_a_site_that_knows_none_is_said_and_no_error_while_another_knows_some(tmp_path: Path, sandbox: Sandbox) -> None:
    with FaultyServer([GONE]) as server:
        job = faulty(tmp_path, sandbox, server)
        ended = job.jira_ci(*REPORT, "--on-error", "fail")
        assert ended.code == 0
        assert "emea: This site knows none of the issues." in ended.out
        assert "Not reported" not in ended.out
        job.environ["JIRA_CI_PROJECTS"] = "OPS"
        ended = job.jira_ci(*REPORT, "--issue-keys", "OPS-5000", "--on-error", "fail")
        assert ended.code == 8
        assert "Not reported to default: Jira knows none of the issues OPS-5000" in ended.out
        assert "Not reported to emea: Jira knows none of the issues OPS-5000" in ended.out


def test_a_dry_run_shows_the_requests_to_each(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    ended = job.jira_ci(*REPORT, "--dry-run", "--format", "json")
    shown = [(one["connection"], one["url"].rpartition("/")[2]) for one in ended.json["requests"]]
    assert shown == [("default", "bulk"), ("emea", "remotelink")]
    assert "emea: Dry run, would be sent: POST" in ended.err
    assert sandbox.exchanges == emea.exchanges == []


def test_a_second_cloud_site_has_its_own_cloud_id_and_token(
    tmp_path: Path, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]
) -> None:
    cloud_id = "99999999-a1b2-3b33-c444-def123456789"
    other = start_sandbox(client_id="id-of-emea", client_secret="s3cret-of-emea", cloud_id=cloud_id)
    taken: list[str] = []

    def gateway(request: Request) -> Answer | None:
        """The gateway of both sites is the first one's: what is the other's is only looked at here."""
        if b"s3cret-of-emea" in request.body:
            return Answer(200, b'{"access_token": "t0k3n-of-emea"}', {"Content-Type": "application/json"})
        if cloud_id in request.path:
            taken.append(request.headers["authorization"])
            number = b'{"pipelineId": "x", "buildNumber": 41}'
            body = b'{"acceptedBuilds": [%s], "rejectedBuilds": []}' % number
            return Answer(202, body, {"Content-Type": "application/json"})
        return None

    sandbox.before = gateway
    job = reporting(tmp_path, sandbox, other.address)
    job.environ |= {"JIRA_CI_EMEA_CLIENT_ID": "id-of-emea", "JIRA_CI_EMEA_CLIENT_SECRET": "s3cret-of-emea"}
    ended = job.jira_ci(*REPORT, "--log-level", "debug", "--format", "json")
    assert taken == ["Bearer t0k3n-of-emea"]
    assert [one.path for one in other.exchanges] == ["/_edge/tenant_info"]
    assert ended.json["connections"]["default"]["accepted"] == 1
    assert "s3cret-of-emea" not in ended.out + ended.err
    assert "t0k3n-of-emea" not in ended.out + ended.err


def test_the_secrets_of_every_connection_are_masked_whether_they_are_needed_or_not(job: Job) -> None:
    job.environ |= {
        "JIRA_CI_ASIA_TOKEN": "asia-token-value",
        "JIRA_CI_ASIA_HEADERS": "X-A: asia-header-value\nX-B:asia-other-value",
    }
    texts = "asia-token-value asia-header-value asia-other-value emea-header-value"
    ended = job.jira_ci(*REPORT, "--log-level", "debug", "--label", texts)
    assert not any(text in ended.out + ended.err + job.summary() for text in texts.split())


def test_deploy_reports_start_and_end_to_all(tmp_path: Path, sandbox: Sandbox, emea: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, EVENT)
    commit(job, FILE.format(site=emea.address) + "environments: {Prod-EU: production}\n")
    job.environ |= scenes.reach(sandbox) | {"JIRA_CI_EMEA_TOKEN": emea.credentials.personal_token}
    ended = job.jira_ci("deploy", "--environment", "Prod-EU", "--issue-keys", "WEB-12", "--", "git", "--version")
    assert ended.code == 0, ended.out
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    [link] = linked(emea)
    assert deployment["state"] == "successful"
    assert link["object"]["status"]["resolved"] is True
    assert [ended.out.count(f"{name}: Jira ") for name in ("default", "emea")] == [2, 2]


def test_deploy_goes_on_without_one_sites_credentials_and_says_it_once(
    tmp_path: Path, sandbox: Sandbox, emea: Sandbox
) -> None:
    job = scenes.github(tmp_path, PATH, EVENT)
    commit(job, FILE.format(site=emea.address) + "environments: {Prod-EU: production}\n")
    job.environ |= scenes.reach(sandbox)
    ended = job.jira_ci("deploy", "--environment", "Prod-EU", "--issue-keys", "WEB-12", "--", "git", "--version")
    assert ended.code == 0
    assert ended.out.count("Not reported to emea") == 1
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["state"] == "successful"


def test_check_tests_every_site_by_its_name(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    ended = job.jira_ci("check")
    assert ended.code == 0, ended.out
    assert "ok       default: reporting: cloud: builds and deployments API" in ended.out
    assert "ok       default: builds permission: " in ended.out
    assert "ok       emea: reporting: data center: remote links (the site says so)" in ended.out
    assert "ok       emea: link permission: " in ended.out
    assert {one.method for one in emea.exchanges} == {"GET"}
    ended = job.jira_ci("check", JIRA_CI_EMEA_TOKEN="", JIRA_CI_CLIENT_SECRET="wrong")
    assert ended.code == 6
    assert "PROBLEM  default: access token: " in ended.out
    assert "PROBLEM  emea: credentials: client-id and client-secret are not set." in ended.out
    assert "JIRA_CI_EMEA_CLIENT_ID" in ended.out


def test_a_file_in_utf_16_is_asked_for_its_sites_too(job: Job, emea: Sandbox) -> None:
    text = (job.folder / ".jira-ci.yml").read_text(encoding="utf-8").replace("[default, emea]", "[emea]")
    (job.folder / ".jira-ci.yml").write_bytes(text.encode("utf-16"))
    ended = job.jira_ci(*REPORT, JIRA_CI_CLIENT_ID="", JIRA_CI_CLIENT_SECRET="")
    assert ended.code == 0, ended.out
    assert len(linked(emea)) == 1


def test_the_default_is_not_even_dialled_when_the_file_leaves_it_out(job: Job, sandbox: Sandbox) -> None:
    text = (job.folder / ".jira-ci.yml").read_text(encoding="utf-8").replace("[default, emea]", "[emea]")
    job.write(".jira-ci.yml", text)
    job.jira_ci(*REPORT)
    assert sandbox.exchanges == []


def test_a_site_is_not_said_to_be_late_that_another_one_left_no_time_to_ask(
    tmp_path: Path, sandbox: Sandbox, emea: Sandbox
) -> None:
    with FaultyServer([hang]) as server:
        job = reporting(tmp_path, sandbox, server.url)
        text = f'connections:\n  emea: {{site: "{server.url}", credentials: EMEA}}\n'
        text += f'  apac: {{site: "{emea.address}", credentials: APAC}}\nreport-to: [emea, apac]\n'
        job.write(".jira-ci.yml", text)
        job.publish(".jira-ci.yml")
        job.environ |= {"JIRA_CI_EMEA_TOKEN": "t0k3n-of-emea", "JIRA_CI_APAC_TOKEN": emea.credentials.personal_token}
        ended = job.jira_ci(*REPORT, "--timeout", "1s")
    assert "apac: Jira has 1 of 1 remote links." in ended.out
    assert "apac: Titles and status of the issues are not shown: no time was left." in ended.out
    assert [one.path.rpartition("/")[2] for one in emea.exchanges] == ["remotelink"]


def test_a_site_gets_the_issues_of_its_projects_alone(job: Job, sandbox: Sandbox, emea: Sandbox) -> None:
    job.write(
        ".jira-ci.yml",
        f'connections:\n  emea: {{site: "{emea.address}", credentials: EMEA, projects: [web]}}\n'
        "report-to: [default, emea]\n",
    )
    both = (*REPORT, "--issue-keys", "OPS-1,WEB-12", "--format", "json")
    shown = job.jira_ci(*both, "--dry-run")
    assert shown.code == 0, shown.err
    asked = [one["url"] for one in shown.json["requests"] if one.get("connection") == "emea"]
    assert [url.split("/issue/")[1] for url in asked] == ["WEB-12/remotelink"]
    ended = job.jira_ci(*both)
    assert ended.code == 0, ended.err
    assert len(linked(emea)) == 1
    assert not any("OPS-1" in f"{one.path} {one.body!r}" for one in emea.exchanges)
    assert any("OPS-1" in one.body.decode() for one in sandbox.exchanges)
    rows = [line.split("|") for line in job.summary().splitlines() if "OPS-1" in line and line.startswith("|")]
    assert rows[-1][-2].strip() == ""  # the column of emea


def test_a_site_of_whose_projects_no_issue_is_gets_nothing(job: Job, emea: Sandbox) -> None:
    job.write(
        ".jira-ci.yml",
        f'connections:\n  emea: {{site: "{emea.address}", credentials: EMEA, projects: [HR]}}\n'
        "report-to: [default, emea]\n",
    )
    ended = job.jira_ci(*REPORT, "--format", "json")
    assert ended.code == 0, ended.err
    assert list(emea.exchanges) == []
    skipped = "no issue is of the site's projects (HR)."
    assert ended.json["connections"]["emea"]["skipped"] == skipped
    assert f"emea: Nothing was reported: {skipped}" in ended.err
    alone = job.jira_ci(*REPORT, "--connection", "emea", "--format", "json")
    assert (alone.code, alone.json["accepted"], list(emea.exchanges)) == (0, 0, [])
