"""Waiting for a change: how often, how long, through what. Time passes only where somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gate_faults import FAULTS
from gate_jobs import Scene, scene
from gate_subjects import TITLE, approved
from jira_ci.gate.gate_result import GateResult
from jira_ci.gate.polling import Backoff, until_decided
from jira_ci.timing import Deadline
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

HOUR = 3600.0


class Hourglass:
    """Monotonic seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, self.clock, self.sleep)


def pauses(wait: float, interval: float, *, jitter: float = 1.0, retry_after: float = 0.0) -> list[float]:
    """Every pause of a wait in vain."""
    glass = Hourglass()
    deadline = glass.deadline(wait)
    taken: list[float] = []

    def tell(pause: float | None) -> None:
        taken.extend([] if pause is None else [pause])

    patience = Backoff(interval, deadline, lambda: jitter)
    until_decided(lambda: True, patience, deadline, retry_after=lambda: retry_after, tell=tell)
    return taken


def test_the_interval_stretches_to_two_minutes() -> None:
    taken = pauses(2 * HOUR, 30)
    assert taken[:4] == [30, 37.5, 46.875, 58.59375]
    assert set(taken[8:-1]) == {120}
    assert 2 * HOUR - 5.5 <= sum(taken) <= 2 * HOUR - 4.5


@pytest.mark.parametrize(
    ("wait", "interval", "expected"),
    [
        (600, 300, [300, 295]),  # a longer interval does not shrink to two minutes
        (10, 30, [9]),  # one more look before the end
        (30, 30, [27]),
        (3, 1, [1, 1.25]),
        (1, 30, []),
        (60, 1, [1, 1.25, 1.5625]),
    ],
)
def test_there_is_a_last_look_shortly_before_the_end(wait: float, interval: float, expected: list[float]) -> None:
    taken = [round(one, 4) for one in pauses(wait, interval)]
    assert taken[:3] == pytest.approx(expected[:3], abs=0.01)


@pytest.mark.parametrize("jitter", [0.9, 1.0, 1.05])
@pytest.mark.parametrize("interval", [30.0, 45.0, 120.0])
def test_two_hours_take_at_most_ninety_looks(interval: float, jitter: float) -> None:
    assert len(pauses(2 * HOUR, interval, jitter=jitter)) < 90


def test_what_jira_asks_for_is_never_shortened() -> None:
    assert min(pauses(2 * HOUR, 30, jitter=0.9, retry_after=200)) >= 200
    assert pauses(HOUR, 30, retry_after=HOUR) == []


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def waiting(here: Scene) -> str:
    """A change that waits for Ana's approval."""
    key = str(here.sandbox.desk.create(TITLE).key)
    here.sandbox.desk.transition(key, "Authorize")
    return key


def release(here: Scene, key: str) -> None:
    here.sandbox.desk.approve(key)
    here.sandbox.desk.transition(key, "Implementing")


def at(here: Scene, seconds: float, act: Callable[[], object]) -> None:
    """Does this once so many seconds were slept."""
    done: list[bool] = []

    def hook() -> None:
        if here.time.slept >= seconds and not done:
            done.append(True)
            act()

    here.time.hooks.append(hook)


def ask(here: Scene, *flags: str, **environ: str) -> GateResult:
    with here.gate("wait=2h", *flags, **environ) as gate:
        return gate.ask()


def told(found: GateResult) -> tuple[int, str, int]:
    return found.decision.row, found.decision.result, int(found.decision.exit)


@pytest.mark.parametrize("seconds", [1, 29, 31, 200, 1000, 5000])
def test_an_approval_is_noticed_within_the_interval_in_force(here: Scene, seconds: float) -> None:
    key = waiting(here)
    moments: list[float] = []

    def act() -> None:
        moments.append(here.time.slept)
        release(here, key)

    at(here, seconds, act)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    in_force = min(120.0, max(30.0, 0.25 * moments[0] + 30))  # what a sum of stretching intervals comes to
    assert here.time.slept - moments[0] <= in_force * 1.1


def test_two_hours_in_vain_end_with_not_approved_and_few_rounds(here: Scene) -> None:
    waiting(here)
    found = ask(here)
    assert told(found) == (24, "wait", 4)
    assert here.time.slept <= 2 * HOUR
    assert found.records[0]["evidence"]["rounds"] <= 90
    assert "Ana Souza" in found.decision.reason
    told_of = [line for line in here.lines if "Asking again in" in line]
    assert len(told_of) == 1, "nothing changed, so nothing was said again"
    assert "Asking again in 30 s, until " in told_of[0]


def test_what_changes_is_told_once(here: Scene) -> None:
    key = waiting(here)
    at(here, 100, lambda: here.sandbox.desk.approve(key))
    at(here, 1000, lambda: here.sandbox.desk.transition(key, "Implementing"))
    assert told(ask(here)) == (31, "proceed", 0)
    first, second = [line for line in here.lines if "Asking again in" in line]
    assert "and waits for approval" in first
    assert "approved by Ana Souza; an agent of OPS must move" in second
    assert here.lines[-1].startswith("Proceed: ")


def test_a_change_that_appears_during_the_wait_is_found(here: Scene) -> None:
    at(here, 300, lambda: approved(here.sandbox))
    assert told(ask(here, "create=false")) == (31, "proceed", 0)


def test_a_window_opens_during_the_wait(here: Scene) -> None:
    key, now = approved(here.sandbox), here.sandbox.clock.now()
    here.sandbox.desk.window(key, now + timedelta(minutes=20), now + timedelta(minutes=40))
    assert told(ask(here)) == (32, "proceed", 0)
    assert 1200 <= here.time.slept <= 1200 + 126


def test_a_window_closes_during_the_wait(here: Scene) -> None:
    key, now = waiting(here), here.sandbox.clock.now()
    here.sandbox.desk.window(key, now, now + timedelta(minutes=20))
    at(here, 1300, lambda: release(here, key))
    assert told(ask(here)) == (23, "deny", 5)
    assert here.time.slept < 1300


def failing(here: Scene, begin: float, end: float, answer: Answer | None) -> list[float]:
    """Answers with this between two moments, and gives the moments at which something was asked meanwhile."""
    asked: list[float] = []

    def before(request: Request) -> Answer | None:
        del request
        if begin <= here.time.slept < end:
            asked.append(here.time.slept)
            return answer
        return None

    here.sandbox.before = before
    return asked


@pytest.mark.parametrize("name", ["500", "503", "429", "closed without a word", "200 empty", "404", "cut in the body"])
def test_blips_are_lived_through_and_approve_nothing(here: Scene, name: str) -> None:
    key = waiting(here)
    asked = failing(here, 40, 600, FAULTS[name])
    at(here, 700, lambda: release(here, key))
    found = ask(here)
    if name == "404":
        assert told(found) == (11, "deny", 3)
    else:
        assert told(found) == (31, "proceed", 0)
        assert here.time.slept >= 700
    assert asked


def test_a_retry_after_is_respected(here: Scene) -> None:
    key = waiting(here)
    asked = failing(here, 20, 40, Answer(429, headers={"Retry-After": "1800"}))
    at(here, 100, lambda: release(here, key))
    assert told(ask(here)) == (31, "proceed", 0)
    assert len(asked) == 1
    assert here.time.slept >= asked[0] + 1799  # a part of it passed without sleeping


def test_a_retry_after_beyond_the_deadline_ends_the_wait(here: Scene) -> None:
    waiting(here)
    asked = failing(here, 20, 9000, Answer(429, headers={"Retry-After": "86400"}))
    assert told(ask(here)) == (17, "wait", 7)
    assert len(asked) == 1


def test_an_approval_before_an_incomplete_end_is_named_and_not_used(here: Scene) -> None:
    approved(here.sandbox)
    here.sandbox.desk.create(TITLE.replace("Prod", "Stage"))
    failing(here, 60, 9000, Answer(503))
    found = ask(here, "environment=Prod,Stage")
    assert told(found) == (17, "wait", 7)
    assert "An earlier snapshot, which does not count any more" in found.records[0]["reason"]


def test_a_token_that_expires_is_renewed(here: Scene) -> None:
    credentials = here.sandbox.credentials
    environ = {
        "JIRA_CI_USER": "",
        "JIRA_CI_TOKEN": "",
        "JIRA_CI_CLIENT_ID": credentials.service_id,
        "JIRA_CI_CLIENT_SECRET": credentials.service_secret,
    }
    key = waiting(here)
    at(here, 200, credentials.revoke)
    at(here, 900, credentials.revoke)
    at(here, 1000, lambda: release(here, key))
    assert told(ask(here, **environ)) == (31, "proceed", 0)
    assert [one.path for one in here.sandbox.exchanges].count("/oauth/token") == 3


def test_a_credential_that_is_revoked_for_good_denies(here: Scene) -> None:
    waiting(here)
    asked = failing(here, 100, 9000, Answer(401))
    assert told(ask(here)) == (6, "deny", 6)
    assert len(asked) == 1


@pytest.mark.parametrize("seconds", [1, 200])
def test_a_signal_ends_the_wait(here: Scene, seconds: float) -> None:
    key = waiting(here)
    at(here, seconds + 2, lambda: release(here, key))

    def signal() -> None:
        here.signals.received = 15
        assert here.signals.deadline is not None
        here.signals.deadline.hurry()

    at(here, seconds, signal)
    found = ask(here)
    assert told(found) == (24, "wait", 4)
    assert found.decision.reason.endswith("A signal ended the job.")
    assert here.time.slept < seconds + 1


def test_a_jira_that_never_answers_ends_with_the_deadline(here: Scene) -> None:
    failing(here, 0, 9000, Answer(503))
    found = ask(here)
    assert told(found) == (8, "wait", 7)
    assert here.time.slept <= 2 * HOUR + 1
    assert found.outputs["approved"] is False
