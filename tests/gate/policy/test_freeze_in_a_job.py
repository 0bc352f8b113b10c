"""A job before the gate in a freeze, against a site whose clock can be set."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gate_faults import FAULTS
from gate_jobs import Scene, pinned, scene
from jira_ci.checks.gate_checks import policies, policy_document, shown_policy
from jira_ci.config.schema import record_problem
from jira_ci.gate.gate_result import GateResult
from jira_ci.output.markdown import as_markdown
from jira_ci.parking.park import park
from jira_sandbox.server import Sandbox


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    """Frozen for an hour, from half an hour ago on by the site's clock."""
    return frozen_scene(tmp_path, sandbox)


def frozen_scene(folder: Path, sandbox: Sandbox, minutes: int = 30, more: str = "") -> Scene:
    now = sandbox.clock.now().replace(microsecond=0)
    begins, ends = now - timedelta(minutes=30), now + timedelta(minutes=minutes)
    text = f"[{{name: Year end, from: '{begins.isoformat()}', to: '{ends.isoformat()}'{more}}}]"
    return scene(folder, sandbox, f"freeze: {text}\n  comments: 'off'")


def ask(here: Scene, *flags: str) -> GateResult:
    with here.gate(*flags) as gate:
        return gate.ask()


def test_it_waits_until_the_freeze_is_over_and_goes_on(here: Scene) -> None:
    pinned(here)
    found = ask(here, "wait=1h", "interval=10m")
    assert (found.decision.row, found.decision.result) == (31, "proceed")
    assert 1500 < here.time.slept < 2700
    [line] = [one for one in here.lines if "is frozen until" in one]
    assert "Asking again in" in line
    assert "by Year end (.jira-ci.yml@" in line
    assert found.records[0]["freeze"] is None


def test_one_that_lasts_longer_than_the_wait_ends_it_at_once(here: Scene) -> None:
    key = pinned(here)
    found = ask(here, "wait=10m")
    assert (found.decision.row, found.decision.result, int(found.decision.exit)) == (37, "wait", 5)
    assert here.time.slept == 0
    assert found.decision.reason.startswith(f"{key} is in Implementing, approved by ")
    assert "But Prod is frozen until " in found.decision.reason
    assert found.outputs["approved"] is False
    assert found.records[0]["freeze"]["name"] == "Year end"
    assert found.records[0]["freeze"]["passed"] is None


def test_who_waits_for_an_approval_is_told_of_the_freeze_as_well(here: Scene) -> None:
    with here.gate("wait=0") as gate:
        assert gate.ask().decision.row == 15
    with here.gate("wait=0") as gate:
        assert gate.ask().decision.row == 24
    assert [one for one in here.lines if "Prod is frozen until" in one and "nothing is deployed there before" in one]


def test_the_site_s_clock_decides_and_not_the_runner_s(here: Scene) -> None:
    pinned(here)
    here.sandbox.clock.offset += 3600
    assert ask(here).decision.row == 31


def test_what_is_not_controlled_is_not_frozen(here: Scene) -> None:
    assert ask(here, "environment=Dev").decision.row == 3


def test_a_change_of_an_excepted_request_type_passes(tmp_path: Path, sandbox: Sandbox) -> None:
    here = frozen_scene(tmp_path, sandbox, more=", except: [Standard change, Emergency change]")
    key = pinned(here, request_type="Emergency change")
    found = ask(here)
    assert found.decision.row == 31
    assert "is passed: request type Emergency change." in found.decision.reason
    assert found.records[0]["freeze"]["passed"] == "request type Emergency change"
    assert len(sandbox.exchanges) == 6
    sandbox.desk.request_as(key, "Automated change")
    assert ask(here).decision.row == 37
    sandbox.desk.request_as(key, "Emergency change")
    assert ask(here).decision.row == 37, "what it was requested as was edited after its approval"


@pytest.mark.parametrize(
    ("fault", "row"),
    [("404", 37), ("403", 6), ("302", 7), ("200 an error", 17), ("200 empty object", 17)],
)
def test_without_an_answer_about_the_request_type_nothing_passes(
    tmp_path: Path, sandbox: Sandbox, fault: str, row: int
) -> None:
    here = frozen_scene(tmp_path, sandbox, more=", except: [Emergency change]")
    pinned(here, request_type="Emergency change")
    sandbox.before = lambda request: FAULTS[fault] if "/servicedeskapi/request/" in _alone(request.path) else None
    assert ask(here).decision.row == row


def _alone(path: str) -> str:
    """The path, where it is that of a request itself."""
    return path if path.rpartition("/")[2].isdecimal() else ""


def test_the_page_says_until_when(here: Scene) -> None:
    pinned(here)
    found = ask(here)
    page = as_markdown(found.summary)
    assert "Frozen" in page
    assert "Year end" in page
    assert "Wait until the freeze is over" in page
    assert record_problem(found.records[0]) == ""


def test_a_run_that_could_not_be_run_again_when_it_is_over_leaves_no_note(tmp_path: Path, sandbox: Sandbox) -> None:
    here = frozen_scene(tmp_path, sandbox, minutes=60 * 24 * 30)
    pinned(here)
    with here.gate() as gate:
        assert gate.ask().decision.row == 37
        assert park(here.context(), gate.decided("wait")) == []
    assert any("could not be run again when the freeze is over" in line for line in here.lines), here.lines


def test_a_run_that_waits_for_a_shorter_one_does(here: Scene) -> None:
    pinned(here)
    with here.gate() as gate:
        assert gate.ask().decision.row == 37
        assert len(park(here.context(), gate.decided("wait"))) == 1


def test_check_and_the_policy_that_is_shown_tell_what_comes(here: Scene) -> None:
    [found] = policies(here.context())
    [line] = [one for one in shown_policy(found) if one.startswith("  freeze Year end: frozen now")]
    assert ".jira-ci.yml@" in line
    [one] = policy_document(found)["freezes"]
    assert (one["name"], one["now"], one["except"]) == ("Year end", True, [])
