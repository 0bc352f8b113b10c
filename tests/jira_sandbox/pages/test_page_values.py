"""What becomes of single values on a page: moments, texts, addresses, and places on the timeline."""

from __future__ import annotations

import pytest

from jira_sandbox import moments
from jira_sandbox.pages.deployments_page import STEP, timeline
from jira_sandbox.pages.rendering import clipped, plural, visible, web_address
from jira_sandbox.pages.report_view import Deployment, deployment
from submissions import deployment as record


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


@pytest.mark.parametrize(
    "address",
    [
        "https://ci.example/7",
        "http://127.0.0.1:8080/a?b=c&d=(e)#f",
        "HTTPS://CI.example/o'hara",
        "https://münchen.example/",
    ],
)
def test_an_address_of_the_web_becomes_a_link(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/relative",
        "https://",
        "https:evil.example",
        "https://user:secret@ci.example/",
        "https://good.example\\@evil.example",
        "https://ci.example/\u202egnp",
        'https://ci.example/"onmouseover=',
        "https://[broken/",
        "https://ci.example/" + "a" * 2000,
        "",
        None,
        7,
    ],
)
def test_nothing_else_becomes_one(address: object) -> None:
    assert web_address(address) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\tÄ 日本", "plain\n\tÄ 日本"),
        ("a\r\nb\rc", "a\nb\\u000dc"),
        ("\u202e\u2066\u200f\u061c\ufeff", "\\u202e\\u2066\\u200f\\u061c\\ufeff"),
        ("\x1b]0;x\x07\x00\x85\ud800", "\\u001b]0;x\\u0007\\u0000\\u0085\\ud800"),
        (7, 7),
        (None, None),
    ],
)
def test_characters_that_nobody_sees_are_written_out(text: object, shown: object) -> None:
    assert visible(text) == shown


def test_texts_are_cut_and_counted() -> None:
    assert [clipped("abcdef", 6), clipped("abcdefg", 6)] == ["abcdef", "abcde…"]
    assert [plural(1, "build"), plural(2000, "build"), plural(0, "key", "keys")] == [
        "1 build",
        "2,000 builds",
        "0 keys",
    ]


def at(time: str, environment: str = "Prod", number: int = 1) -> Deployment:
    kind = {"id": environment, "displayName": environment, "type": "production"}
    return deployment(record(environment=kind, lastUpdated=time, deploymentSequenceNumber=number), ["WEB-1"])


def test_no_two_marks_of_a_lane_touch_and_earlier_is_further_left() -> None:
    minutes = [
        f"2026-03-{day:02}T{hour:02}:{minute:02}:00Z" for day in (1, 4) for hour in (8, 9) for minute in (0, 0, 1)
    ]
    many = [at(time, f"E{number % 3}", number) for number, time in enumerate(minutes)][::-1]
    found = timeline(many)
    places: dict[str, int] = {}
    for lane in found.groups[0][1]:
        x = 0
        for mark in lane.marks:
            x += mark.gap
            places[mark.deployment.mark] = x
            x += STEP
        assert all(mark.gap >= 0 for mark in lane.marks)
        assert x <= found.width
    ordered = [places[one.mark] for one in reversed(many)]
    assert ordered == sorted(ordered)
    assert len(found.lines) == 2, "one for each day"
    assert found.days == (("1 Mar", 0),), "the second is too near for its name"


def test_idle_time_is_folded() -> None:
    year = timeline([at("2027-03-01T00:00:00Z", number=2), at("2026-03-01T00:00:00Z")])
    assert year.width < 4 * STEP


def test_without_deployments_there_is_no_timeline() -> None:
    assert timeline([]).groups == ()
