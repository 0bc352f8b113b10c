"""Jira's own gating (``gate-by: jira``), through the real conversation with a site that gates deployments."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scenes
from gate_faults import FAULTS, Trouble, altered, unaltered
from gate_jobs import Scene, commit, scene
from jira_ci.checks import gate_checks
from jira_ci.checks.report_checks import Line
from jira_ci.gate.gate_result import GateResult
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox

FILE = """\
project-name: Web Site
jira: {{site: "{site}"}}
environments:
  Dev: development
  Stage: {{type: staging, change-controlled: true}}
  Prod: {{type: production, change-controlled: true}}
services:
  shop: {{ids: ["svc-1"]}}
  till: {{ids: ["svc-2"]}}
change-control:
  enabled: true
  service-desk: OPS
  gate-by: jira
  {more}
"""
STATUS = "/gating-status"


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    made = scene(tmp_path, sandbox)
    commit(made.job, FILE.format(site=sandbox.address, more=""))
    made.job.environ |= scenes.reach(sandbox) | {"JIRA_CI_USER": "", "JIRA_CI_TOKEN": ""}
    made.job.environ |= {"JIRA_CI_ISSUE_KEYS": "WEB-12", "JIRA_CI_SERVICE": "shop"}
    return made


def ask(here: Scene, *flags: str, **environ: str) -> GateResult:
    with here.gate(*flags, **environ) as gate:
        return gate.ask()


def told(found: GateResult) -> tuple[int, str, int]:
    return found.decision.row, found.decision.result, int(found.decision.exit)


def submitted(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The records that were sent, in their order."""
    bulk = [one for one in sandbox.exchanges if one.path.endswith("/bulk") and not one.scripted]
    return [record for one in bulk for record in json.loads(one.body)["deployments"]]


def gates(sandbox: Sandbox) -> list[str]:
    """The changes that gate a deployment."""
    return [key for _, key in sandbox.site.gating.dump()]


def approve(sandbox: Sandbox) -> str:
    """Has every change that gates a deployment approved, and gives the first one's key."""
    for key in gates(sandbox):
        sandbox.desk.approve(key)
    return gates(sandbox)[0]


def approve_after(here: Scene, seconds: float) -> None:
    """Somebody approves once the job has slept for so long."""

    def hook() -> None:
        if here.time.slept > seconds:
            here.time.hooks.clear()
            approve(here.sandbox)

    here.time.hooks.append(hook)


def test_a_deployment_is_submitted_once_as_pending_with_the_command(here: Scene) -> None:
    found = ask(here)
    assert told(found) == (34, "wait", 4)
    (record,) = submitted(here.sandbox)
    assert record["state"] == "pending"
    assert record["commands"] == [{"command": "initiate_deployment_gating"}]
    assert record["deploymentSequenceNumber"] == 41
    (key,) = gates(here.sandbox)
    assert found.outputs["change-key"] == key
    assert found.outputs["change-url"] == f"{here.sandbox.address}/servicedesk/customer/portal/1/{key}"
    assert found.decision.reason == f"Jira waits for {key}: have it approved there."


def test_what_people_approve_in_jira_proceeds(here: Scene) -> None:
    ask(here)
    key = approve(here.sandbox)
    found = ask(here)
    assert told(found) == (33, "proceed", 0)
    assert found.outputs["approved"] is False, "who approved is Jira's business"
    assert "Approvals are Jira's business, and not counted" in found.outputs["reason"]
    record = found.records[0]
    assert (record["row"], record["change"]["key"], record["change"]["found-by"]) == (33, key, "jira")
    assert record["evidence"]["read-at"]
    assert gates(here.sandbox) == [key], "no second change"


def test_an_approval_that_comes_while_it_waits_proceeds(here: Scene) -> None:
    approve_after(here, 60)
    found = ask(here, "wait=10m", "interval=30s")
    assert told(found) == (33, "proceed", 0)
    assert len(submitted(here.sandbox)) == 1
    assert any("Jira waits for" in line and " UTC" in line for line in here.lines), here.lines


def test_what_is_declined_is_denied_and_does_not_stay_pending(here: Scene) -> None:
    ask(here)
    here.sandbox.desk.decline(gates(here.sandbox)[0])
    found = ask(here)
    assert told(found) == (35, "deny", 3)
    assert [one["state"] for one in submitted(here.sandbox)] == ["pending", "pending", "cancelled"]
    last = submitted(here.sandbox)[-1]
    assert "commands" not in last
    assert last["updateSequenceNumber"] > submitted(here.sandbox)[-2]["updateSequenceNumber"]


def test_what_nobody_answers_stays_pending_for_the_next_attempt(here: Scene) -> None:
    found = ask(here, "wait=2m")
    assert told(found) == (34, "wait", 4)
    assert [one["state"] for one in submitted(here.sandbox)] == ["pending"]
    approve(here.sandbox)
    assert told(ask(here, GITHUB_RUN_ATTEMPT="2")) == (33, "proceed", 0)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("allowed", (33, "proceed", 0)),
        ("awaiting", (34, "wait", 4)),
        ("prevented", (35, "deny", 3)),
        ("expired", (35, "deny", 3)),
        ("invalid", (35, "deny", 3)),
        ("ALLOWED", (35, "deny", 3)),
        ("allowed ", (35, "deny", 3)),
        ("approved", (35, "deny", 3)),
        ("", (17, "wait", 7)),
        (None, (17, "wait", 7)),
        (True, (17, "wait", 7)),
        (["allowed"], (17, "wait", 7)),
    ],
)
def test_only_the_word_allowed_lets_it_begin(here: Scene, word: Any, expected: tuple[int, str, int]) -> None:
    ask(here)
    altered(here.sandbox, STATUS, lambda body: body.update(gatingStatus=word))
    assert told(ask(here)) == expected


@pytest.mark.parametrize(
    "odd",
    [
        {"pipelineId": "another"},
        {"environmentId": "stage"},
        {"deploymentSequenceNumber": 40},
        {"deploymentSequenceNumber": "41"},
        {"pipelineId": None},
        {"details": {}},
        {"details": ["OPS-1"]},
        {"details": [{"type": "issue"}]},
        {"details": [{"type": "issue", "issueKey": "::stop-commands::x", "issueLink": "https://x"}]},
    ],
)
def test_an_answer_about_something_else_is_no_approval(here: Scene, odd: dict[str, Any]) -> None:
    ask(here)
    approve(here.sandbox)
    altered(here.sandbox, STATUS, lambda body: body.update(odd))
    assert told(ask(here)) == (17, "wait", 7)


@pytest.mark.parametrize("left_out", ["details", "updatedTimestamp", "pipelineId"])
def test_what_jira_may_leave_out_is_not_missed(here: Scene, left_out: str) -> None:
    ask(here)
    approve(here.sandbox)
    altered(here.sandbox, STATUS, lambda body: body.pop(left_out))
    assert told(ask(here)) == (33, "proceed", 0)


def test_an_answer_from_a_cache_is_no_approval(here: Scene) -> None:
    ask(here)
    approve(here.sandbox)
    date = here.sandbox.clock.date()
    altered(here.sandbox, STATUS, unaltered, Date=date, Age="1")
    assert told(ask(here)) == (17, "wait", 7)
    altered(here.sandbox, STATUS, unaltered, Date=None)
    assert told(ask(here)) == (17, "wait", 7)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://evil.example/x", "built"),
        ("javascript:alert(1)", "built"),
        ("", "built"),
        (None, "built"),
        ("http://user@{host}/x", "built"),
        ("http://{host}/servicedesk/customer/portal/9/OPS-7", "theirs"),
    ],
)
def test_a_link_counts_only_on_the_site_itself(here: Scene, link: Any, expected: str) -> None:
    ask(here)
    host = here.sandbox.address.partition("://")[2]
    link = link.format(host=host) if link else link
    altered(here.sandbox, STATUS, lambda body: body["details"][0].update(issueLink=link, issueKey="OPS-7"))
    found = ask(here)
    assert found.outputs["change-url"] == (link if expected == "theirs" else f"{here.sandbox.address}/browse/OPS-7")


def test_what_was_allowed_for_one_version_is_not_allowed_for_another(here: Scene) -> None:
    ask(here)
    approve(here.sandbox)
    found = ask(here, "version=2.0.0", GITHUB_RUN_ATTEMPT="2")
    assert told(found) == (35, "deny", 3)
    assert "1.2.3" in found.decision.reason
    assert "2.0.0" in found.decision.reason
    assert len(submitted(here.sandbox)) == 1, "nothing was written over"
    assert told(ask(here)) == (33, "proceed", 0)


def test_a_version_that_was_written_over_after_we_looked_is_not_the_one_allowed(here: Scene) -> None:
    ask(here)
    approve(here.sandbox)
    with here.gate("wait=5m") as gate:
        looks = []

        def before(request: Request) -> Answer | None:
            if request.path.endswith(STATUS):
                looks.append(request.path)
                (stored,) = here.sandbox.site._stored["deployments"].values()
                stored["record"]["displayName"] = "CI #41: 9.9.9"
            return None

        here.sandbox.before = before
        assert told(gate.ask()) == (35, "deny", 3)
        assert looks


@pytest.mark.parametrize("flag", ["version=1.2.3\U0001f600", "tenant=A\u200bcme", "environment=Prod\x07"])
def test_what_jira_would_show_as_something_else_is_not_submitted(here: Scene, flag: str) -> None:
    found = ask(here, flag)
    assert found.decision.exit == 2
    assert submitted(here.sandbox) == []


def test_another_run_asks_anew(here: Scene) -> None:
    ask(here)
    approve(here.sandbox)
    assert told(ask(here, GITHUB_RUN_NUMBER="42", GITHUB_RUN_ID="9002")) == (34, "wait", 4)
    assert len(gates(here.sandbox)) == 2


@pytest.mark.parametrize(("status", "row"), [(401, 6), (403, 6)])
def test_a_site_that_keeps_gating_to_apps_is_denied_with_the_way_out(here: Scene, status: int, row: int) -> None:
    here.sandbox.site.gating.refused = status
    found = ask(here, "wait=1h")
    assert told(found) == (row, "deny", 6)
    assert "gate-by: change" in found.decision.reason
    assert sum(one.path.endswith(STATUS) for one in here.sandbox.exchanges) <= 2
    assert [one["state"] for one in submitted(here.sandbox)] == ["pending", "cancelled"]


def test_a_record_that_jira_rejects_is_denied_and_not_waited_for(here: Scene) -> None:
    del here.job.environ["JIRA_CI_SERVICE"]
    here.sandbox.site.refuse("WEB-12", "No such thing as WEB-12")
    found = ask(here, "wait=1h")
    assert told(found) == (9, "deny", 2)
    assert "No such thing as WEB-12" in found.decision.reason


def test_a_service_that_jira_does_not_know_is_denied_and_not_waited_for(here: Scene) -> None:
    here.sandbox.site.services = frozenset({"svc-9"})
    found = ask(here, "wait=1h")
    assert told(found) == (9, "deny", 2)
    assert "svc-1" in found.decision.reason


def test_nothing_that_jira_knows_is_denied_and_not_waited_for(here: Scene) -> None:
    del here.job.environ["JIRA_CI_SERVICE"]
    found = ask(here, "wait=1h", JIRA_CI_ISSUE_KEYS="NOPE-1")
    assert told(found) == (9, "deny", 2)
    assert "none of the issues" in found.decision.reason


def test_without_service_and_issue_nothing_is_asked(here: Scene) -> None:
    del here.job.environ["JIRA_CI_SERVICE"], here.job.environ["JIRA_CI_ISSUE_KEYS"]
    found = ask(here)
    assert told(found) == (9, "deny", 2)
    assert "Set service" in found.decision.reason
    assert submitted(here.sandbox) == []


def test_without_a_service_the_wait_says_what_is_missing(here: Scene) -> None:
    del here.job.environ["JIRA_CI_SERVICE"]
    found = ask(here)
    assert told(found) == (34, "wait", 4)
    assert "No service was named" in found.decision.reason


def test_a_service_alone_is_enough(here: Scene) -> None:
    del here.job.environ["JIRA_CI_ISSUE_KEYS"]
    assert told(ask(here)) == (34, "wait", 4)
    assert len(gates(here.sandbox)) == 1


def test_of_several_services_every_one_must_be_allowed(here: Scene) -> None:
    here.job.environ["JIRA_CI_SERVICE"] = "shop,till"
    ask(here)
    first, *others = gates(here.sandbox)
    assert len(others) == 1
    here.sandbox.desk.approve(first)
    assert told(ask(here)) == (34, "wait", 4)
    here.sandbox.desk.approve(others[0])
    assert told(ask(here)) == (33, "proceed", 0)


@pytest.mark.parametrize(
    ("flags", "environ", "row"),
    [
        (["dry-run=true"], {}, 16),
        ([], {"GITHUB_EVENT_NAME": "pull_request"}, 16),
        (["create=false"], {}, 16),
    ],
)
def test_nothing_is_written_by_who_may_not(here: Scene, flags: list[str], environ: dict[str, str], row: int) -> None:
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert told(ask(here, *flags, **environ)) == (row, "wait", 4)
    posts = [one.path for one in here.sandbox.exchanges if one.method == "POST"]
    assert posts == ["/oauth/token"]


def test_a_dry_run_shows_what_would_be_submitted_and_never_proceeds(here: Scene) -> None:
    ask(here)
    approve(here.sandbox)
    found = ask(here, "dry-run=true")
    assert told(found) == (33, "wait", 4)
    assert any("initiate_deployment_gating" in line for line in here.lines)


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        ("minimum-approvals: 1", []),
        ("window-required: true", []),
        ("exclude-approvers: [reporter]", []),
        ("", ["minimum-approvals=2"]),
        ("", ["change=OPS-7"]),
    ],
)
def test_what_nobody_would_enforce_is_refused(here: Scene, more: str, flags: list[str]) -> None:
    commit(here.job, FILE.format(site=here.sandbox.address, more=more))
    found = ask(here, *flags)
    assert told(found) == (1, "deny", 2)
    assert "gate-by: change" in found.decision.reason
    assert here.sandbox.exchanges == []


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"JIRA_CI_CLIENT_SECRET": ""}, (5, "deny", 6)),
        ({"JIRA_CI_CLIENT_ID": "", "JIRA_CI_USER": "a@b.example", "JIRA_CI_TOKEN": "t"}, (5, "deny", 6)),
        ({"JIRA_CI_JIRA_TYPE": "data-center", "JIRA_CI_TOKEN": "t"}, (1, "deny", 2)),
        ({"JIRA_CI_CLIENT_SECRET": "wrong"}, (6, "deny", 6)),
        ({"JIRA_CI_SERVICE": "shoop"}, (1, "deny", 2)),
        ({"JIRA_CI_VERSION": "main"}, (4, "deny", 2)),
    ],
)
def test_what_cannot_be_asked_is_denied(here: Scene, environ: dict[str, str], expected: tuple[int, str, int]) -> None:
    flags = [] if "JIRA_CI_VERSION" not in environ else ["version=main"]
    assert told(ask(here, *flags, **environ)) == expected
    assert submitted(here.sandbox) == []


def test_a_token_that_expires_while_it_waits_is_renewed(here: Scene) -> None:
    here.sandbox.credentials.lifetime = 0.2
    here.time.hooks.append(here.sandbox.credentials.revoke)
    approve_after(here, 100)
    assert told(ask(here, "wait=10m")) == (33, "proceed", 0)


def test_after_thirty_seconds_it_is_asked_again_before_the_command_begins(here: Scene) -> None:
    ask(here)
    key = approve(here.sandbox)
    with here.gate("wait=1h") as gate:
        assert told(gate.ask()) == (33, "proceed", 0)
        here.sandbox.desk.transition(key, "Canceled")
        here.time.sleep(31)
        assert told(gate.confirm()) == (35, "deny", 3)


def test_environments_and_tenants_are_submitted_in_one_request(here: Scene) -> None:
    found = ask(here, "environment=Prod,Stage", "tenant=Tenant A,Tenant B")
    assert told(found) == (34, "wait", 4)
    bulk = [one for one in here.sandbox.exchanges if one.path.endswith("/bulk")]
    assert [len(json.loads(one.body)["deployments"]) for one in bulk] == [4]
    assert len(gates(here.sandbox)) == 4
    for key in gates(here.sandbox)[:3]:
        here.sandbox.desk.approve(key)
    assert told(ask(here, "environment=Prod,Stage", "tenant=Tenant A,Tenant B")) == (34, "wait", 4)
    here.sandbox.desk.approve(gates(here.sandbox)[3])
    found = ask(here, "environment=Prod,Stage", "tenant=Tenant A,Tenant B")
    assert told(found) == (33, "proceed", 0)
    assert [one["subject"]["tenant"] for one in found.records] == ["Tenant A", "Tenant B"] * 2


def test_a_signal_leaves_nothing_pending(here: Scene) -> None:
    def before(request: Request) -> Answer | None:
        if request.path.endswith(STATUS):
            here.signals.received = 15
            assert here.signals.deadline is not None
            here.signals.deadline.hurry()
        return None

    here.sandbox.before = before
    assert ask(here, "wait=1h").decision.result == "wait"
    assert [one["state"] for one in submitted(here.sandbox)] == ["pending", "cancelled"]


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_at_any_question_proceeds(here: Scene, name: str) -> None:
    ask(here)
    approve(here.sandbox)
    walked = 0
    while True:
        trouble = Trouble(here.sandbox, walked, FAULTS[name])
        here.sandbox.before = trouble
        found = ask(here, *(["timeout=1s"] if FAULTS[name] is None else []))
        if len(trouble.asked) <= trouble.number:
            break
        assert found.decision.result != "proceed", trouble.asked
        assert found.outputs["approved"] is False
        assert int(found.decision.exit) in (2, 3, 4, 6, 7), trouble.asked
        walked += 1
    assert walked >= 6, "cloud id, token, what is stored, submission, status, what is stored"
    assert told(found) == (33, "proceed", 0)


@pytest.mark.parametrize(
    ("name", "row"), [("302", 7), ("307 to itself", 7), ("401", 6), ("403", 6), ("429", 8), ("500", 8), ("200 HTML", 8)]
)
@pytest.mark.parametrize("number", range(4))
def test_each_fault_before_the_status_has_its_row(here: Scene, name: str, row: int, number: int) -> None:
    here.sandbox.before = Trouble(here.sandbox, number, FAULTS[name])
    assert ask(here).decision.row == row


def test_a_bad_request_is_denied(here: Scene) -> None:
    def before(request: Request) -> Answer | None:
        return json_answer(400, [{"message": "no"}]) if request.path.endswith("/bulk") else None

    here.sandbox.before = before
    assert told(ask(here, "wait=1h")) == (9, "deny", 2)


def test_a_blip_does_not_end_the_wait(here: Scene) -> None:
    ask(here)
    approve(here.sandbox)
    answers: list[Callable[[], Answer | None]] = [lambda: Answer(503), lambda: Answer(429), lambda: Answer(404)]

    def before(request: Request) -> Answer | None:
        return answers.pop()() if request.path.endswith(STATUS) and answers else None

    here.sandbox.before = before
    assert told(ask(here, "wait=1h")) == (33, "proceed", 0)


def checked(here: Scene) -> list[Line]:
    here.sandbox.exchanges.clear()
    return list(gate_checks.lines(here.context()))


def test_check_tells_what_it_can_tell_and_submits_nothing(here: Scene) -> None:
    found = checked(here)
    assert [line for line in found if line.exit] == []
    said = " ".join(line.found for line in found)
    assert "client-id and client-secret (gate-by: jira)" in said
    assert "shows only with a deployment" in said
    assert submitted(here.sandbox) == []
    assert {one.path for one in here.sandbox.exchanges if one.method == "POST"} == {"/oauth/token"}


def test_check_finds_that_the_site_keeps_gating_to_apps(here: Scene) -> None:
    here.sandbox.site.gating.refused = 403
    (line,) = [line for line in checked(here) if line.exit]
    assert (line.subject, line.exit) == ("gate gating", 6)
    assert "gate-by: change" in line.hint


def test_check_finds_a_wrong_secret_and_a_missing_service(here: Scene) -> None:
    here.job.environ["JIRA_CI_CLIENT_SECRET"] = "wrong"
    assert [(line.subject, line.exit) for line in checked(here) if line.exit] == [("gate credentials", 6)]
    here.job.environ["JIRA_CI_CLIENT_SECRET"] = here.sandbox.credentials.client_secret
    del here.job.environ["JIRA_CI_SERVICE"]
    assert any(line.doubtful and "No service is named" in line.found for line in checked(here))


def test_deploy_goes_on_from_pending_to_the_end_in_one_record(here: Scene) -> None:
    options = ("deploy", "--environment", "Prod", "--version", "1.2.3", "--", sys.executable, "-c", "print(7 * 6)")
    ended = here.job.jira_ci(*options)
    assert ended.code == 4, ended.out + ended.err
    key = approve(here.sandbox)
    ended = here.job.jira_ci(*options, GITHUB_RUN_ATTEMPT="2")
    assert ended.code == 0, ended.out + ended.err
    records = submitted(here.sandbox)
    assert [one["state"] for one in records] == ["pending", "pending", "in_progress", "successful"]
    assert (
        len({(one["pipeline"]["id"], one["environment"]["id"], one["deploymentSequenceNumber"]) for one in records})
        == 1
    )
    assert [one["updateSequenceNumber"] for one in records] == sorted({one["updateSequenceNumber"] for one in records})
    assert ["commands" in one for one in records] == [True, True, False, False]
    assert key in here.job.output()


def test_without_jira_s_word_the_command_never_starts(here: Scene) -> None:
    canary = here.job.folder.parent / "canary"
    program = f"open({str(canary)!r}, 'x').close()"
    options = ("deploy", "--environment", "Prod", "--version", "1.2.3", "--", sys.executable, "-c", program)
    here.job.jira_ci(*options)
    here.sandbox.desk.decline(gates(here.sandbox)[0])
    ended = here.job.jira_ci(*options)
    assert ended.code == 3
    assert not canary.exists()
    assert submitted(here.sandbox)[-1]["state"] == "cancelled"


def test_a_site_that_is_gated_and_not_reported_to_is_said(here: Scene, start_sandbox: Callable[..., Sandbox]) -> None:
    other = start_sandbox()
    text = FILE.format(site=other.address, more="connection: emea")
    commit(here.job, f"{text}connections:\n  emea: {{site: {here.sandbox.address!r}, credentials: EMEA}}\n")
    own = {"JIRA_CI_EMEA_CLIENT_ID": here.sandbox.credentials.client_id}
    own |= {"JIRA_CI_EMEA_CLIENT_SECRET": here.sandbox.credentials.client_secret}
    found = ask(here, JIRA_CI_SITE=other.address, **own)
    assert told(found) == (34, "wait", 4)
    assert any("Add the connection emea to report-to" in line for line in here.lines)
