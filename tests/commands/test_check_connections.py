"""What check says of connections: those that only look right, those that nobody uses yet, and hosts that are dead."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from threading import Event

import pytest

import scenes
from gate_jobs import commit
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
OTHERS = """
jira: {{site: {site}}}
connections:
  emea: {{site: {other}, credentials: EMEA}}
  old: {{site: old.invalid, credentials: OLD}}
"""


@pytest.fixture
def job(pushed: Job) -> Job:
    return pushed


def _checks(job: Job, code: int, *words: str, **environ: str) -> dict[str, dict[str, object]]:
    ended = job.jira_ci("check", "--format", "json", *words, **environ)  # type: ignore[arg-type]
    assert ended.code == code, ended.out + ended.err
    return {check["name"]: check for check in ended.json["checks"]}


def test_the_cloud_id_of_another_site_is_not_ok(job: Job, sandbox: Sandbox) -> None:
    other = "99999999-a1b2-3b33-c444-def123456789"
    found = _checks(job, 2, "--cloud-id", other)["cloud id"]
    assert found["found"] == f"{other} is another site's: that of {sandbox.address} is {sandbox.cloud_id}."
    assert _checks(job, 0, "--cloud-id", sandbox.cloud_id)["cloud id"]["ok"]


def test_a_cloud_id_whose_site_cannot_be_asked_is_a_warning(job: Job, sandbox: Sandbox) -> None:
    sandbox.before = lambda request: Answer(404) if "tenant_info" in request.path else None
    assert _checks(job, 0, "--cloud-id", sandbox.cloud_id)["cloud id"]["warning"]


def test_a_wrong_token_is_not_ok_without_a_gate_either(job: Job, sandbox: Sandbox) -> None:
    known = sandbox.credentials
    assert not _checks(job, 6, JIRA_CI_USER=known.user, JIRA_CI_TOKEN="wrong")["account"]["ok"]
    assert _checks(job, 0, JIRA_CI_USER=known.user, JIRA_CI_TOKEN=known.token)["account"]["ok"]


def test_a_repository_without_a_commit_is_not_ok(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    made = Job(folder, {"PATH": PATH, **scenes.reach(sandbox)})
    made.git("init", "-q")
    ended = made.jira_ci("check")
    assert ended.code == 2
    assert [line for line in ended.out.splitlines() if " run: " in line][1:] == [
        "PROBLEM  run: there is no commit here, and a report is always about one. "
        "Commit something, or check out the repository's history before this."
    ]


def test_what_a_run_does_not_say_is_a_warning(job: Job) -> None:
    del job.environ["GITHUB_EVENT_PATH"]
    assert "warning  run: GITHUB_EVENT_PATH is not set" in job.jira_ci("check").out


def test_connections_that_nothing_is_reported_to_are_tested_as_well(job: Job, sandbox: Sandbox) -> None:
    with Sandbox() as other:
        commit(job, OTHERS.format(site=sandbox.address, other=other.address))
        words = {"JIRA_CI_EMEA_CLIENT_ID": other.credentials.client_id, "JIRA_CI_EMEA_CLIENT_SECRET": "wrong"}
        found = _checks(job, 6, **words)
    assert found["default: builds permission"]["ok"]
    assert not found["emea: access token"]["ok"]
    assert found["old: credentials"]["found"] == "not tested: none is set here, and report-to does not name it"


def test_everybody_is_asked_at_once(gated: Job, sandbox: Sandbox) -> None:
    """Reporting's first answer comes when the gate's first question has."""
    gate_asks = Event()

    def before(request: Request) -> Answer | None:
        if request.path.startswith("/rest/"):
            gate_asks.set()
        if request.path == "/_edge/tenant_info":
            gate_asks.wait(30)
        return None

    sandbox.before = before
    found = _checks(gated, 0, "--timeout", "60s")
    assert found["cloud id"]["ok"]
    assert found["gate title"]["ok"]


def test_dead_hosts_end_it_and_are_named(gated: Job, sandbox: Sandbox) -> None:
    over = Event()
    sandbox.before = lambda _: Answer(503) if over.wait(60) else None
    ended = gated.jira_ci("check", "--timeout", "2s")
    over.set()
    assert ended.code == 7
    assert (
        f"Asking {sandbox.address.removeprefix('https://')}, what follows a deployment, the gate: at most" in ended.out
    )
    assert "PROBLEM  cloud id: " in ended.out
    assert "PROBLEM  gate credentials: " in ended.out


def test_a_slow_host_does_not_keep_another_site_s_account_from_being_asked(job: Job, sandbox: Sandbox) -> None:
    """The slow one answers once the account was asked about."""
    asked = Event()

    def before(request: Request) -> None:
        if request.path.endswith("/myself"):
            asked.set()

    sandbox.before = before
    with Sandbox() as slow:
        slow.before = lambda _: None if asked.wait(60) else Answer(503)
        commit(job, f"{OTHERS.format(site=sandbox.address, other=slow.address)}report-to: [default, emea]\n")
        words = {"JIRA_CI_EMEA_CLIENT_ID": "a", "JIRA_CI_EMEA_CLIENT_SECRET": "b"}
        words |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
        found = _checks(job, 6, "--timeout", "60s", **words)
    assert found["emea: cloud id"]["ok"]
    assert found["default: account"]["ok"]


def test_the_account_of_reports_is_tried_where_the_gate_has_another(job: Job, sandbox: Sandbox) -> None:
    with Sandbox() as desk:
        policy = "change-control: {enabled: true, connection: emea, service-desk: OPS}\n"
        policy += "environments: {Prod: {type: production, change-controlled: true}}\n"
        commit(job, OTHERS.format(site=sandbox.address, other=desk.address) + policy)
        words = {"JIRA_CI_EMEA_USER": desk.credentials.user, "JIRA_CI_EMEA_TOKEN": desk.credentials.token}
        found = _checks(job, 6, JIRA_CI_USER="x", JIRA_CI_TOKEN="wrong", **words)
    assert found["gate credentials"]["ok"]
    assert not found["account"]["ok"]


@pytest.mark.parametrize("cloud_id", [False, True])
def test_nothing_is_asked_twice(gated: Job, sandbox: Sandbox, cloud_id: bool) -> None:
    _checks(gated, 0, *(["--cloud-id", sandbox.cloud_id] if cloud_id else []))
    asked = Counter(
        (one.method, one.path, one.query, one.headers.get("authorization", ""), one.body) for one in sandbox.exchanges
    )
    assert {question: times for question, times in asked.items() if times > 1} == {}
