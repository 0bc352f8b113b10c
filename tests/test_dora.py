"""DORA's figures, as tables."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

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
