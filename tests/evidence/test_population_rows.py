"""The values of a population: periods, and entries of an index as they may be."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from evidence_scenes import entry, stamp
from jira_ci.errors import UsageError
from jira_ci.evidence.population_rows import Approved, Change, Emergency, Period, period, recorded
from jira_ci.gate import kept_records

NOW = datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
CHANGE = Change("https://acme.atlassian.net", "7", "OPS-7")


def test_a_period_is_whole_days_of_utc() -> None:
    found = period("2026-07-01", "2026-09-30", NOW)
    assert (found.start.isoformat(), found.end.isoformat()) == (
        "2026-07-01T00:00:00+00:00",
        "2026-10-01T00:00:00+00:00",
    )
    assert found.holds(found.start)
    assert found.holds(found.end - timedelta(microseconds=1))
    assert not found.holds(found.end)
    assert period(" 2026-09-30 ", "", NOW) == Period(date(2026, 9, 30), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("yesterday", "", "--from is 'yesterday', which is no date."),
        ("2026-07-1", "", "which is no date"),
        ("20260701", "", "which is no date"),
        ("2026-02-30", "", "which is no date"),
        ("9999-12-31", "9999-12-31", "which is no date"),
        ("2026-07-02", "2026-07-01", "ends (2026-07-01) before it begins"),
        ("2026-10-01", "2026-10-02", "begins on 2026-10-01, and today is 2026-09-30"),
        ("2026-10-01", "", "begins on 2026-10-01, and today is 2026-09-30"),
        ("2026-07-01", "2026-W40", "--to is '2026-W40'"),
    ],
)
def test_what_is_no_period(first: str, last: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"date|period") as caught:
        period(first, last, NOW)
    assert told in str(caught.value)


def test_an_entry_as_it_is_written() -> None:
    told = {"reason": "Down", "asker": "ana", "request-type": "E", "review-until": stamp("07-04 10:00")}
    more = {
        "emergency": told,
        "freeze": {"name": "Peak"},
        "lead-time": 60,
        "window": {"start": None, "end": stamp("07-03 10:00")},
    }
    found = recorded(CHANGE, entry(1, "07-02 10:00", tenant="A", **more), "index")
    assert found is not None
    assert (found.repository, found.run, found.attempt, found.tenant) == ("octo/hello", "9001", 1, "A")
    assert found.approvals == (Approved("712020:ana", datetime(2026, 7, 2, 10, tzinfo=timezone.utc)),)
    assert found.emergency == Emergency("Down", "ana", "E", datetime(2026, 7, 4, 10, tzinfo=timezone.utc))
    assert (found.freeze, found.lead_time, found.window[0]) == ("Peak", 60, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"record": None},
        {"record": 7},
        {"environment": ""},
        {"at": None, "started": None},
        {"at": "yesterday", "started": 7},
    ],
)
def test_what_is_no_entry(changes: dict[str, Any]) -> None:
    assert recorded(CHANGE, entry(1, "07-02 10:00", **changes), "index") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"run": None},
        {"run": "x"},
        {"approvers": "ana", "approved-at": None},
        {"approvers": [7, "ana"], "approved-at": ["x"]},
        {"emergency": []},
        {"window": "off", "freeze": 7},
        {"lead-time": -1, "state": None},
        {"lead-time": True, "ended": "2026-07-02"},
    ],
)
def test_an_entry_that_is_odd_in_parts_is_one(changes: dict[str, Any]) -> None:
    found = recorded(CHANGE, entry(1, "07-02 10:00", **changes), "index")
    assert found is not None
    assert (found.emergency, found.lead_time, found.moment.day) == (None, None, 2)


def test_the_gates_own_entry_is_one() -> None:
    own = kept_records.entry(_document(), "f" * 64)
    found = recorded(CHANGE, own, "record")
    assert found is not None
    assert (found.environment, found.other_name, found.version) == ("Prod-EU", "production", "1.2.3")
    assert found.approvals == (Approved("ana", datetime(2026, 7, 2, 9, tzinfo=timezone.utc)),)
    assert (found.lead_time, found.freeze, found.window) == (
        60,
        "Peak",
        (datetime(2026, 7, 2, tzinfo=timezone.utc), None),
    )
    assert found.emergency is not None
    assert len(found.emergency.reason) == 200


def _document() -> dict[str, Any]:
    people = [
        {"account": "ana", "decision": "approved", "counted": True},
        {"account": "bo", "decision": "approved", "counted": False},
    ]
    subject = {"project": "Web", "environment": "Prod-EU", "ci-environment": "production", "tenant": None}
    return {
        "schema": "jira-ci.decision/2",
        "decision": "proceed",
        "approved": True,
        "subject": {**subject, "version": "1.2.3", "commit": "c"},
        "run": {"repository": "acme/shop", "id": "9001", "attempt": 1, "triggered-by": "octocat"},
        "approvals": [{"approvers": people, "completed": stamp("07-02 09:00")}],
        "emergency": {"reason": "x" * 999, "asker": "ana", "approvers": ["ana"]},
        "freeze": {"name": "Peak", "except": ["Emergency change"]},
        "window": {"start": stamp("07-02 00:00"), "end": None, "fields": []},
        "evidence": {"read-at": stamp("07-02 10:00")},
        "deployment": {"started": stamp("07-02 10:00"), "ended": None, "state": None, "exit": None, "lead-time": 60},
    }
