"""Jira's clock, and how a moment is read and shown."""

from __future__ import annotations

import http.client
from contextlib import closing
from email.utils import parsedate_to_datetime

import pytest

from jira_sandbox import moments
from jira_sandbox.pages.report_view import Deployment, deployment
from jira_sandbox.server import Sandbox
from sandbox_socket import REQUEST, ask
from submissions import deployment as record


def at(time: str, environment: str = "Prod", number: int = 1) -> Deployment:
    kind = {"id": environment, "displayName": environment, "type": "production"}
    return deployment(record(environment=kind, lastUpdated=time, deploymentSequenceNumber=number), ["WEB-1"])


def test_every_answer_has_jira_s_date_and_no_age(sandbox: Sandbox) -> None:
    sandbox.clock.standing = 4_102_444_800  # 2100-01-01
    sandbox.clock.offset = 3600
    for path in ("/rest/api/3/serverInfo", "/rest/api/3/issue/NO-1", "/nothing"):
        with closing(http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=20)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        assert answer.headers.get_all("Date") == ["Fri, 01 Jan 2100 01:00:00 GMT"]
        assert "Age" not in answer.headers
    key = ask(sandbox, "POST", "/rest/servicedeskapi/request", REQUEST)[0]["issueKey"]
    shown, headers = ask(sandbox, "GET", f"/rest/api/3/issue/{key}")
    assert shown["fields"]["created"] == "2100-01-01T01:00:00.000+0000"
    assert parsedate_to_datetime(str(headers["Date"])).year == 2100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1000),
        ("1970-01-01t01:00:00.5+01:00", 500),
        ("1970-01-01T00:00:00.123456789123-00:30", 1_800_123),
        ("0001-01-01T00:00:00+14:00", -62135596800000 - 14 * 3_600_000),
        ("9999-12-31T23:59:59-14:00", 253402300799000 + 14 * 3_600_000),
        ("2026-02-30T00:00:00Z", 0),
        ("yesterday", 0),
    ],
)
def test_a_moment_is_read_as_jira_takes_it(text: str, expected: int) -> None:
    assert moments.of(text) == expected
    assert moments.minute(expected)  # and can be shown, whatever it is


def test_moments_are_shown_in_utc() -> None:
    at = moments.of("2026-03-01T00:05:09+01:00")
    assert (moments.day(at), moments.minute(at), moments.clock_time(at)) == ("28 Feb", "28 Feb 2026, 23:05", "23:05:09")
    assert (moments.machine(at), moments.field(at)) == ("2026-02-28T23:05:09Z", "2026-02-28T23:05")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (3600, "1 h"), (93_784, "26 h 3 min")],
)
def test_a_duration_is_read_at_a_glance(seconds: int, text: str) -> None:
    assert moments.lasted(seconds) == text
