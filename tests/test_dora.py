"""DORA's figures, as tables."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.dora import Deployment, figures, lead_time

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)


def at(hours: float, state: str = "successful", place: str = "Prod", lead: int | None = None) -> Deployment:
    return Deployment(place, NOON + timedelta(hours=hours), state, lead)


@pytest.mark.parametrize(
    ("first", "ended", "state", "seconds"),
    [
        (1000, 4600.4, "successful", 3600),
        (1000, 1000, "successful", 0),
        (0, 4600, "successful", None),
        (5000, 4600, "successful", None),
        (1000, 4600, "failed", None),
        (1000, 4600, "in_progress", None),
    ],
)
def test_the_lead_time_is_known_for_what_went_well(first: int, ended: float, state: str, seconds: int | None) -> None:
    assert lead_time(first, ended, state) == seconds


def test_nothing_amounts_to_nothing() -> None:
    assert figures([], 7 * DAY).document() == {
        "deployments": 0,
        "failures": 0,
        "deployments-per-day": 0.0,
        "change-failure-rate": None,
        "time-to-restore": None,
        "unrestored": 0,
        "lead-time": None,
    }
    assert figures([], timedelta()).per_day is None


def test_how_often_and_how_fast() -> None:
    found = figures([at(0, lead=60), at(1, lead=120), at(2, lead=600), at(3)], 2 * DAY)
    assert (found.deployments, found.per_day, found.lead_time) == (4, 2.0, 120.0)


def test_failures_and_roll_backs_are_failures_and_cancelled_ones_neither() -> None:
    found = figures([at(0), at(1, "failed"), at(2, "rolled_back"), at(3), at(4, "cancelled"), at(5, "unknown")], DAY)
    assert (found.deployments, found.failures, found.change_failure_rate) == (3, 2, 0.5)


def test_failures_in_a_row_are_one_time_without_service() -> None:
    found = figures([at(3), at(0, "failed"), at(1, "failed"), at(4, "failed"), at(5)], DAY)
    assert (found.time_to_restore, found.unrestored) == (2 * 3600.0, 0)


def test_each_environment_is_restored_by_itself() -> None:
    found = figures([at(0, "failed"), at(1, place="QA"), at(2, "failed", "QA")], DAY)
    assert (found.time_to_restore, found.unrestored) == (None, 2)


STATES = st.sampled_from(["successful", "failed", "rolled_back", "cancelled", "unknown"])
ONES = st.tuples(STATES, st.sampled_from(["Prod", "QA"]), st.none() | st.integers(0, 9999))


@given(st.lists(ONES, max_size=12), st.randoms())
def test_the_figures_are_those_of_a_count_by_hand(ones: list[tuple[str, str, int | None]], chance: Any) -> None:
    """Counted the other way round: for each success, what had broken since the one before it."""
    listed = [at(hour, state, place, lead) for hour, (state, place, lead) in enumerate(ones)]
    shuffled = chance.sample(listed, len(listed))
    found = figures(shuffled, 4 * DAY)
    good = [one for one in listed if one.state in ("successful", "rolled_back")]
    bad = [one for one in listed if one.state in ("failed", "rolled_back")]
    restored, open_ = [], 0
    for place in ("Prod", "QA"):
        successes = [one.ended for one in listed if (one.state, one.environment) == ("successful", place)]
        begins = [datetime.min.replace(tzinfo=timezone.utc), *successes]
        for since, until in zip(begins, [*successes, None], strict=True):
            broken = [one.ended for one in bad if one.environment == place and one.ended > since]
            broken = [one for one in broken if until is None or one < until]
            restored += [(until - broken[0]).total_seconds()] if broken and until else []
            open_ += bool(broken) and until is None
    leads = [one.lead_time for one in good if one.lead_time is not None]
    assert (found.deployments, found.failures, found.per_day) == (len(good), len(bad), len(good) / 4)
    of = len(good) + sum(one.state == "failed" for one in listed)
    assert found.change_failure_rate == (len(bad) / of if of else None)
    assert found.time_to_restore == (median(restored) if restored else None)
    assert (found.restored, found.unrestored) == (len(restored), open_)
    assert found.lead_time == (median(leads) if leads else None)
