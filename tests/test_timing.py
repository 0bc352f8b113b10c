"""Deadlines and the calls below them."""

from __future__ import annotations

import threading

import pytest

from jira_ci.timing import Call, Deadline, Late


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_time_runs_out_and_never_below_zero() -> None:
    clock = Clock()
    deadline = Deadline(10, clock)
    clock.now += 4
    assert deadline.remaining() == 6
    clock.now += 100
    assert deadline.remaining() == 0


def test_a_wait_ends_after_its_seconds_or_at_the_deadline() -> None:
    clock = Clock()
    deadline = Deadline(10, clock, clock.sleep)
    deadline.sleep(3)
    assert clock.now == pytest.approx(53)
    deadline.sleep(100)
    assert clock.now == pytest.approx(60)
    deadline.sleep(-1)
    assert clock.now == pytest.approx(60)


def test_a_signal_leaves_five_seconds_and_a_second_one_no_more() -> None:
    clock = Clock()
    deadline = Deadline(60, clock)
    deadline.hurry()
    assert (deadline.hurried, deadline.remaining()) == (True, 5)
    clock.now += 3
    deadline.hurry()
    assert deadline.remaining() == 2


def test_a_signal_never_lengthens_the_deadline() -> None:
    deadline = Deadline(2, Clock())
    deadline.hurry()
    assert deadline.remaining() == 2


def test_a_signal_ends_a_wait() -> None:
    clock = Clock()

    def interrupted(seconds: float) -> None:
        clock.sleep(seconds)
        deadline.hurry()

    deadline = Deadline(60, clock, interrupted)
    deadline.sleep(30)
    assert clock.now < 51


def test_a_call_gives_what_its_function_gives() -> None:
    assert Call(lambda: 7).result(Deadline(10)) == 7
    assert Call(lambda: None).result(Deadline(10)) is None


def test_a_call_raises_what_its_function_raises() -> None:
    def fail() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        Call(fail).result(Deadline(10))


def test_a_call_that_takes_too_long_is_left_to_itself() -> None:
    release = threading.Event()
    call = Call(release.wait)
    with pytest.raises(Late):
        call.result(Deadline(0.01))
    release.set()


def test_what_is_done_already_is_given_even_after_the_deadline() -> None:
    call = Call(lambda: 5)
    while call._done.empty():
        pass
    assert call.result(Deadline(0)) == 5


def test_calls_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=10)
    calls = [Call(meeting.wait) for _ in range(2)]
    assert sorted(call.result(Deadline(10)) for call in calls) == [0, 1]


def test_a_part_ends_after_its_share_and_never_after_the_whole() -> None:
    now = [0.0]
    whole = Deadline(60, lambda: now[0])
    part = whole.part(0.5)
    assert (part.remaining(), whole.remaining()) == (30, 60)
    now[0] = 10.0
    whole.hurry(5)
    assert (part.hurried, part.remaining()) == (True, 5)


def test_whoever_wants_to_know_that_time_passes_is_told_also_of_the_parts() -> None:
    clock, told = Clock(), []
    whole = Deadline(60, clock, clock.sleep, idle=lambda: told.append(clock.now))
    part = Deadline(30, clock, clock.sleep, whole=whole).part(0.5)
    part.sleep(1)
    assert len(told) == pytest.approx(10, abs=1)
    assert told[-1] == pytest.approx(51)


def test_it_is_told_too_while_a_call_is_waited_for() -> None:
    told = threading.Event()
    assert Call(lambda: told.wait(20)).result(Deadline(60, idle=told.set))
