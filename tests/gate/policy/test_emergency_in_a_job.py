"""A job before the gate that cannot wait: who may ask, what is made, and what holds all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gate_jobs import Scene, pinned, scene
from gate_subjects import TITLE, approved, known, titled
from jira_ci.config.schema import record_problem
from jira_ci.gate.gate_result import GateResult
from jira_ci.gate.kept_records import entry
from jira_ci.gate.record import digest
from jira_ci.output.markdown import as_markdown
from jira_ci.parking.park import park
from jira_sandbox.server import Sandbox

REASON = "The shop is down since 3 a.m."
ASKING = f"emergency={REASON}"
URGENT = f"Emergency: {TITLE}"
ALLOWED = "emergency: {request-type: Emergency change, who: [Octocat, ana]}"
FROZEN = "freeze: [{name: Year end, from: 2020-01-01, to: 9999-12-31, timezone: UTC}]"


def at_night(folder: Path, sandbox: Sandbox, *more: str) -> Scene:
    """Octocat has started a run by hand."""
    here = scene(folder, sandbox, "\n  ".join([*more, "comments: internal"]))
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")  # the default branch, as the checkout knows it
    here.job.environ |= {
        "GITHUB_EVENT_NAME": "workflow_dispatch",
        "GITHUB_ACTOR": "octocat",
        "GITHUB_TRIGGERING_ACTOR": "octocat",
    }
    return here


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return at_night(tmp_path, sandbox, ALLOWED, FROZEN)


def ask(here: Scene, *flags: str, **environ: str) -> GateResult:
    with here.gate(*flags, **environ) as gate:
        return gate.ask()


def implementing(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")


def test_a_night(here: Scene) -> None:
    sandbox = here.sandbox
    assert ask(here).decision.row == 15
    [ordinary] = titled(sandbox)
    implementing(sandbox, ordinary)
    assert ask(here).decision.row == 37
    assert ask(here, ASKING).decision.row == 15
    [key] = titled(sandbox, URGENT)
    change = known(sandbox, key)
    assert change.request_type == "26"
    assert change.description.startswith(f"Emergency: {REASON}\nAsked for by: octocat\nTo be reviewed within 2d of its")
    now = sandbox.clock.now()
    sandbox.desk.window(key, now - timedelta(hours=2), now - timedelta(hours=1))
    implementing(sandbox, key)
    with here.gate(ASKING) as gate:
        found = gate.ask()
        gate.comment("started")
        gate.keep()
    assert (found.decision.row, found.decision.result, found.outputs["approved"]) == (31, "proceed", True)
    assert "This is an emergency, asked for by octocat" in found.decision.reason
    assert "The freeze Year end" in found.decision.reason
    record = found.records[0]
    assert record_problem(record) == ""
    assert record["freeze"]["passed"] == "an emergency"
    assert {**record["emergency"], "review-until": ""} == {
        "reason": REASON,
        "asker": "octocat",
        "request-type": "Emergency change",
        "review-until": "",
    }
    assert record["emergency"]["review-until"] > record["evidence"]["read-at"]
    assert entry(record, digest(record))["emergency"] == record["emergency"]
    assert record["policy"]["in-force"]["request-type"] == "Emergency change"
    assert "emergency: no window, no freeze" in record["policy"]["relaxed"]
    assert REASON in as_markdown(found.summary).replace("&#46;", ".").replace("&#8203;", "")
    [comment] = sandbox.site.desk.extras.comments(change.id)
    assert f"Emergency: {REASON} (asked for by octocat, to be reviewed until" in comment.body


def test_its_own_number_of_approvals_and_its_own_statuses_hold(tmp_path: Path, sandbox: Sandbox) -> None:
    more = "emergency: {request-type: Emergency change, who: [octocat], proceed-statuses: [Awaiting implementation]}"
    here = at_night(tmp_path, sandbox, more, "minimum-approvals: 2", "window-required: true")
    assert ask(here, ASKING).decision.row == 15
    [key] = titled(sandbox, URGENT)
    assert ask(here, ASKING).decision.row == 24
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Awaiting implementation")
    assert ask(here, ASKING).decision.row == 31
    assert ask(here, ASKING, "minimum-approvals=2").decision.row == 28, "a setting asks for more"
    sandbox.desk.transition(key, "Implementing")
    assert ask(here, ASKING).decision.row == 20


def test_without_an_approval_an_emergency_waits(here: Scene) -> None:
    ask(here, ASKING)
    [key] = titled(here.sandbox, URGENT)
    here.sandbox.desk.transition(key, "Implementing")
    assert ask(here, ASKING).decision.row == 27
    with here.gate(ASKING) as gate:
        gate.ask()
        assert park(here.context(ASKING), gate.decided("wait")) == [], "who asks is there"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"GITHUB_ACTOR": "mallory", "GITHUB_TRIGGERING_ACTOR": "mallory"},
            "asked for by mallory, and the policy names Oc",
        ),
        ({"GITHUB_TRIGGERING_ACTOR": "mallory"}, "asked for by mallory, and"),
        ({"GITHUB_ACTOR": "mallory", "GITHUB_RUN_ATTEMPT": "2"}, "asked for by mallory, and"),
        ({"GITHUB_TRIGGERING_ACTOR": "", "GITHUB_RUN_ATTEMPT": "2"}, "does not say who started this run again"),
        ({"GITHUB_ACTOR": "", "GITHUB_TRIGGERING_ACTOR": ""}, "does not say who started this run"),
        ({"GITHUB_EVENT_NAME": "schedule"}, "nobody asks for one with a run of the kind schedule"),
        ({"GITHUB_EVENT_NAME": "workflow_run"}, "a run of the kind workflow_run"),
        ({"GITHUB_EVENT_NAME": "merge_group"}, "a run of the kind merge_group"),
        ({"GITHUB_EVENT_NAME": "issue_comment"}, "a run of the kind issue_comment"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "this run is of a pull request"),
    ],
)
def test_who_may_not_ask_is_told_before_jira_is_asked(here: Scene, environ: dict[str, str], said: str) -> None:
    found = ask(here, ASKING, **environ)
    assert (found.decision.row, found.decision.result, int(found.decision.exit)) == (36, "deny", 2)
    assert said in found.decision.reason
    assert found.records[0]["emergency"] is None
    assert here.sandbox.exchanges == []


@pytest.mark.parametrize(
    "reason", ["now", "it is on", "a b c", "!!! ??? ... ### $$$ %%% &&&", "x" * 600, "one two " * 80]
)
def test_a_reason_is_a_few_words(here: Scene, reason: str) -> None:
    found = ask(here, f"emergency={reason}")
    assert found.decision.row == 36
    assert "without a reason" in found.decision.reason
    assert here.sandbox.exchanges == []


@pytest.mark.parametrize("more", ["emergency: off", "gate-by: change"])
def test_a_setting_brings_none_where_the_policy_has_none(tmp_path: Path, sandbox: Sandbox, more: str) -> None:
    found = ask(at_night(tmp_path, sandbox, more), ASKING)
    assert found.decision.row == 36
    assert "the policy has none for this environment" in found.decision.reason


def test_an_environment_for_which_the_policy_has_none(tmp_path: Path, sandbox: Sandbox) -> None:
    here = at_night(tmp_path, sandbox, ALLOWED)
    text = (here.job.folder / ".jira-ci.yml").read_text()
    text = text.replace(
        "type: staging, change-controlled: true", "change-controlled: true, change-control: {emergency: off}"
    )
    here.job.write(".jira-ci.yml", text)
    here.job.git("add", ".")
    here.job.environ["GITHUB_SHA"] = here.job.commit("No emergency on Stage")
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    rows = {name: ask(here, ASKING, f"environment={name}").decision.row for name in ("Stage", "Prod", "Dev")}
    assert rows == {"Stage": 36, "Prod": 15, "Dev": 3}
    assert ask(here, ASKING, "environment=Stage,Prod").decision.result == "deny"


def test_jira_s_own_gating_knows_no_emergency(tmp_path: Path, sandbox: Sandbox) -> None:
    here = at_night(tmp_path, sandbox, ALLOWED, "gate-by: jira")
    assert ask(here, ASKING).decision.row == 36


def test_the_one_is_never_taken_for_the_other(here: Scene) -> None:
    sandbox = here.sandbox
    urgent = approved(sandbox, summary=URGENT, request_type="Request a change")
    found = ask(here, ASKING)
    assert found.decision.row == 12
    assert f"{urgent} was requested as Request a change, and no emergency" in found.decision.reason
    sandbox.desk.request_as(urgent, "Emergency change")
    assert ask(here, ASKING).decision.row == 21, "it was approved as something else"
    key = pinned(here, request_type="Emergency change")
    found = ask(here)
    assert found.decision.row == 12
    assert f"{key} was requested as Emergency change, for an emergency" in found.decision.reason
    assert ask(here, f"change={key}").decision.row == 12


def test_an_ordinary_run_costs_one_question_more(here: Scene) -> None:
    pinned(here)
    assert ask(here).decision.row == 37
    assert len(here.sandbox.exchanges) == 6


@pytest.mark.parametrize(
    "reason",
    [
        "it is down ::error::x\n##[group]y\r\x1b[31m and more",
        "it is down `$(id)` ${{ secrets.X }} [a](http://evil.example) <b>x</b> |h1. {color:red}",
        "der Laden ist kaputt \U0001f525 und \u202e hier",
        "\u30b5\u30fc\u30d0\u30fc\u304c\u6b62\u307e\u3063\u3066\u3044\u308b",
    ],
)
def test_a_reason_is_inert_everywhere(here: Scene, reason: str) -> None:
    assert ask(here, f"emergency={reason}").decision.row == 15
    [key] = titled(here.sandbox, URGENT)
    implementing(here.sandbox, key)
    with here.gate(f"emergency={reason}") as gate:
        found = gate.ask()
        gate.comment("started")
    assert found.decision.row == 31
    page = as_markdown(found.summary)
    assert not any(bad in page for bad in ("<b>x", "evil.example)", "\u202e", "$(id)"))
    assert not any(line.startswith("::error::x") or "##[group]y" in line for line in here.lines)
    told = found.records[0]["emergency"]["reason"]
    assert "\n" not in told
    assert "\u202e" not in told


def test_a_secret_in_a_reason_is_masked(here: Scene) -> None:
    token = here.sandbox.credentials.token
    ask(here, f"emergency=it is down with {token} inside")
    [key] = titled(here.sandbox, URGENT)
    assert token not in known(here.sandbox, key).description
