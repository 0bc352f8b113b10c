"""Jira's dates, and where a moment lies between two of them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.changes import NOW, at, jira
from jira_ci.gate.approvals import is_aware
from jira_ci.gate.window import NO_WINDOW, Edge, edge, moment, moment_of, window

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-11-18T14:39:00.000+1100", datetime(2015, 11, 18, 3, 39, tzinfo=UTC)),
        ("2015-11-18T14:39:00.000+11:00", datetime(2015, 11, 18, 3, 39, tzinfo=UTC)),
        ("2015-11-18T14:39:00-0330", datetime(2015, 11, 18, 18, 9, tzinfo=UTC)),
        ("2015-11-18T14:39:00Z", datetime(2015, 11, 18, 14, 39, tzinfo=UTC)),
        ("2015-11-18T14:39:01.5Z", datetime(2015, 11, 18, 14, 39, 1, 500_000, tzinfo=UTC)),
        ("2015-11-18T14:39:01.123Z", datetime(2015, 11, 18, 14, 39, 1, 123_000, tzinfo=UTC)),
        ("2015-11-18T14:39:01.123456+0000", datetime(2015, 11, 18, 14, 39, 1, 123_456, tzinfo=UTC)),
        ("2015-11-18T14:39:01.123456789-00:00", datetime(2015, 11, 18, 14, 39, 1, 123_456, tzinfo=UTC)),
        ("2024-02-29T23:59:59.999+0000", datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("2038-01-19T03:14:08.000+0000", datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)),
        ("9999-12-31T23:59:59.000+0000", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-29T02:30:00.000+0100", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00.000+0200", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00.000+0100", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_dates_as_jira_writes_them(text: str, expected: datetime) -> None:
    found = moment(text)
    assert found == expected
    assert is_aware(found)


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "soon", "2015-11-18", "2015-11-18T14:39:00", "2015-11-18T14:39:00.000", "2015-11-18T14:39+1100"),
        *("2015-11-18 14:39:00Z", "2015-11-18t14:39:00z", "2015-11-18T14:39:00.Z", "2015-11-18T14:39:00.1234567890Z"),
        *("2015-11-18T14:39:00+11", "2015-11-18T14:39:00+24:00", "2015-11-18T14:39:00+01:60", "2015-11-18T14:39:00+"),
        *("2015-11-18T24:00:00Z", "2015-11-18T25:00:00Z", "2015-11-18T14:60:00Z", "2016-12-31T23:59:60Z"),
        *("2023-02-29T00:00:00Z", "2015-13-01T00:00:00Z", "2015-00-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        *("2015-11-18T14:39:00Z\n", " 2015-11-18T14:39:00Z", "٢٠١٥-11-18T14:39:00Z", "2015-11-18T14:39:00Z and more"),
        *("10000-01-01T00:00:00Z", "20151118T143900Z", "-2015-11-18T14:39:00Z", "2015-11-18T14:39:00,5Z"),
        *(None, 0, 1447817940000, 1.5, True, b"2015-11-18T14:39:00Z", {}, [], datetime(2015, 11, 18, tzinfo=UTC)),
    ],
)
def test_what_is_no_date_with_an_offset(value: object) -> None:
    assert moment(value) is None


@settings(deadline=None)
@given(st.datetimes(), st.integers(-14 * 60, 14 * 60), st.sampled_from([0, 3, 6]))
def test_every_date_survives_being_written(naive: datetime, minutes: int, digits: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    written = naive.replace(microsecond=naive.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits), tzinfo=zone)
    fraction = f".{written.microsecond:06}"[: digits + 1] if digits else ""
    assert moment(f"{written.year:04}-{written:%m-%dT%H:%M:%S}{fraction}{written:%z}") == written


@settings(deadline=None)
@given(st.text(), st.text(alphabet="0123456789-+:.TZ", max_size=32))
def test_no_text_is_too_strange(text: str, numbers: str) -> None:
    for value in (text, numbers):
        found = moment(value)
        assert found is None or is_aware(found)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ({"epochMillis": 1444290120123}, datetime(2015, 10, 8, 7, 42, 0, 123_000, tzinfo=UTC)),
        ({"epochMillis": 0, "iso8601": "2015-10-08T14:42:00+0700"}, datetime(1970, 1, 1, tzinfo=UTC)),
        ({"epochMillis": -1}, datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ({"epochMillis": 2147483648000}, datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)),
        ({"jira": "2015-10-08T14:42:00.500+0700"}, datetime(2015, 10, 8, 7, 42, 0, 500_000, tzinfo=UTC)),
        ({"iso8601": "2015-10-08T14:42:00+0700"}, datetime(2015, 10, 8, 7, 42, tzinfo=UTC)),
        ({"jira": "", "iso8601": "2015-10-08T14:42:00+0700"}, datetime(2015, 10, 8, 7, 42, tzinfo=UTC)),
        ({"epochMillis": 10**30}, None),
        ({"epochMillis": "1444290120123", "jira": "2015-10-08T14:42:00.500+0700"}, None),
        ({"epochMillis": True}, None),
        ({"epochMillis": 1444290120123.5}, None),
        ({"friendly": "Today 14:42"}, None),
        ({}, None),
        (None, None),
        ("2015-10-08T14:42:00+0700", None),
        ([], None),
        (1444290120123, None),
    ],
)
def test_dates_of_the_service_desk(date: object, expected: datetime | None) -> None:
    found = moment_of(date)
    assert found == expected
    assert found is None or is_aware(found)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((None,), Edge()),
        ([None], Edge()),
        ((None, None), Edge()),
        ((jira(5),), Edge(at(5))),
        (("2026-03-02T12:00:00Z", "2026-03-02T13:00:00.000+0100"), Edge(NOW)),
        ((), Edge(problem="is no field of this change")),
        ([], Edge(problem="is no field of this change")),
        (None, Edge(problem="is no field of this change")),
        (jira(5), Edge(problem="is no field of this change")),
        (("",), Edge(problem="holds '', which is no date and time with an offset")),
        (("so\x1bon",), Edge(problem="holds 'so\\\\x1bon', which is no date and time with an offset")),
        (("x" * 70,), Edge(problem=f"holds '{'x' * 60}…', which is no date and time with an offset")),
        ((7,), Edge(problem="holds a int, which is no date and time with an offset")),
        (([],), Edge(problem="holds a list, which is no date and time with an offset")),
        ((None, "soon"), Edge(problem="holds 'soon', which is no date and time with an offset")),
        ((jira(5), jira(6)), Edge(problem="is the name of several fields that disagree")),
        ((None, jira(6)), Edge(problem="is the name of several fields that disagree")),
        ((jira(6), None, None), Edge(problem="is the name of several fields that disagree")),
    ],
)
def test_one_end_of_the_window(values: Any, expected: Edge) -> None:
    assert edge(values) == expected


BAD = Edge(problem="is unreadable")
OPEN = Edge()


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (OPEN, OPEN, "none"),
        (Edge(at(1)), OPEN, "before"),
        (Edge(at(0)), OPEN, "in"),
        (Edge(at(-1)), OPEN, "in"),
        (OPEN, Edge(at(1)), "in"),
        (OPEN, Edge(at(0)), "in"),
        (OPEN, Edge(at(-1)), "after"),
        (Edge(at(1)), Edge(at(2)), "before"),
        (Edge(at(1)), Edge(at(1)), "before"),
        (Edge(at(0)), Edge(at(0)), "in"),
        (Edge(at(-1)), Edge(at(1)), "in"),
        (Edge(at(-1)), Edge(at(-1)), "after"),
        (Edge(at(-2)), Edge(at(-1)), "after"),
        (Edge(at(2)), Edge(at(1)), "inv"),
        (Edge(at(1)), Edge(at(-1)), "inv"),
        (Edge(at(-1)), Edge(at(-2)), "inv"),
        (BAD, BAD, "bad"),
        (BAD, OPEN, "bad"),
        (OPEN, BAD, "bad"),
        (BAD, Edge(at(-1)), "after"),
        (BAD, Edge(at(0)), "bad"),
        (BAD, Edge(at(1)), "bad"),
        (Edge(at(-1)), BAD, "bad"),
        (Edge(at(1)), BAD, "bad"),
    ],
)
def test_where_now_lies(start: Edge, end: Edge, state: str) -> None:
    found = window(start, end, NOW)
    assert (found.state, found.start, found.end) == (state, start, end)


def test_the_ends_of_time_can_be_compared() -> None:
    last, first = edge(["9999-12-31T23:59:59.999-0500"]), edge(["0001-01-01T00:00:00.000+0500"])
    assert window(first, last, NOW).state == "in"
    assert window(last, first, NOW).state == "inv"
    assert edge(["9999-12-31T23:59:59.999-0500", "9999-12-31T23:59:59.999-0500"]) == last


def test_no_window_is_one_without_limits() -> None:
    assert window(Edge(), Edge(), NOW) == NO_WINDOW


@pytest.mark.parametrize(
    ("value", "aware"),
    [
        (NOW, True),
        (NOW.replace(tzinfo=None), False),
        (None, False),
        ("2026-03-02T12:00:00Z", False),
        (NOW.date(), False),
    ],
)
def test_a_moment_needs_a_zone(value: object, aware: bool) -> None:
    assert is_aware(value) is aware
