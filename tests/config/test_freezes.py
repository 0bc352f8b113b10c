"""When freezes hold: beside a judge that looks at the wall's clock every ten minutes."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.config.freezes import NEVER, UTC, InvalidFreeze, joined, read
from jira_ci.config.model import parse
from jira_ci.errors import UsageError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STEP = timedelta(minutes=10)


def day(text: str) -> datetime:
    """Its beginning, on a wall."""
    return datetime.fromisoformat(text)


# Zones and days on which their clocks are set: by an hour, by half an hour, the other way round.
SET = [
    ("Europe/Berlin", day("2026-03-29")),
    ("Europe/Berlin", day("2026-10-25")),
    ("America/New_York", day("2038-03-14")),
    ("America/New_York", day("2038-11-07")),
    ("Australia/Lord_Howe", day("2026-04-05")),
    ("Australia/Lord_Howe", day("2026-10-04")),
    ("Europe/Dublin", day("9999-10-31")),
    ("Asia/Tokyo", day("2026-02-01")),
]
MINUTES = st.integers(0, 7 * 144 - 1)


def freeze(**entry: str) -> dict[str, Any]:
    return {"name": "Year end", **{key.rstrip("_"): value for key, value in entry.items()}}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@functools.lru_cache
def wall(zone: str, around: datetime) -> list[tuple[datetime, datetime]]:
    """What the clock on a wall shows, every ten minutes for five weeks: moment and wall."""
    begins = (around - timedelta(days=17)).replace(tzinfo=UTC)
    moments = [begins + step * STEP for step in range(35 * 144)]
    return [(one, one.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for one in moments]


def earliest(shown: datetime, clock: list[tuple[datetime, datetime]]) -> datetime:
    """The first moment at which the clock shows this, or would have had it not been put forward yet."""
    seen = next((moment for moment, wall in clock if wall == shown), None)
    if seen:
        return seen
    moment, after = next(one for one in clock if one[1] > shown)
    return moment - (after - shown)


def latest(shown: datetime, clock: list[tuple[datetime, datetime]]) -> datetime:
    """The last moment at which it shows this, or would have had it not been put forward."""
    seen = next((moment for moment, wall in reversed(clock) if wall == shown), None)
    if seen:
        return seen
    moment, before = next(one for one in reversed(clock) if one[1] < shown)
    return moment + (shown - before)


def spoken(minutes: int) -> str:
    return f"{DAYS[minutes // 144]} {minutes % 144 // 6:02}:{minutes % 6}0"


@given(st.sampled_from(SET), MINUTES, MINUTES)
def test_a_weekly_freeze_holds_as_the_wall_says(where: tuple[str, datetime], first: int, last: int) -> None:
    zone, around = where
    if first == last:
        return
    clock = wall(zone, around)
    made = read(freeze(every=f"{spoken(first)} - {spoken(last)}", timezone=zone))
    monday = around - timedelta(days=around.weekday())
    spans = []
    for week in (-7, 0):
        begins = monday + timedelta(days=week) + first * STEP
        ends = begins + (last - first) % (7 * 144) * STEP
        spans.append((earliest(begins, clock), latest(ends, clock)))
    for moment, _ in clock[12 * 144 : 22 * 144 : 7]:
        if spans[0][0] <= moment < spans[1][0]:
            assert (made.at(moment) is not None) == any(begins <= moment < ends for begins, ends in spans), moment
    for begins, ends in spans:
        found = [made.at(one) for one in (begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends)]
        assert found[1] is not None
        assert found[2] is not None
        assert (found[1].begins, found[2].ends) == (begins, ends)
        assert [found[0], found[3]] == [None, None] or (last - first) % (7 * 144) > 7 * 144 - 7


@given(st.sampled_from(SET), st.integers(-400, 400), st.integers(1, 400))
def test_local_moments_are_read_in_the_direction_that_freezes(
    where: tuple[str, datetime], first: int, lasts: int
) -> None:
    zone, around = where
    clock = wall(zone, around)
    begins, ends = around + first * STEP, around + (first + lasts) * STEP
    made = read(freeze(from_=begins.isoformat(), to=ends.isoformat(" "), timezone=zone))
    [span] = made.spans(at("2026-01-01"))
    assert (span.begins, span.ends) == (earliest(begins, clock), latest(ends, clock))
    assert (made.at(span.begins), made.at(span.ends)) == (span, None)


@pytest.mark.parametrize(
    ("entry", "begins", "ends"),
    [
        (freeze(from_="2026-12-20", to="2027-01-03", timezone="Europe/Berlin"), "2026-12-19 23:00", "2027-01-03 23:00"),
        (freeze(from_="2026-12-20", to="2026-12-20", timezone="UTC"), "2026-12-20 00:00", "2026-12-21 00:00"),
        (freeze(from_="2026-12-20T18:00+01:00", to="2026-12-21T06:00:30Z"), "2026-12-20 17:00", "2026-12-21 06:00:30"),
        (
            freeze(from_="2026-12-20T18:00-0530", to="2026-12-21", timezone="Asia/Tokyo"),
            "2026-12-20 23:30",
            "2026-12-21 15:00",
        ),
        (freeze(from_="2038-01-19", to="2038-01-20", timezone="Europe/Berlin"), "2038-01-18 23:00", "2038-01-20 23:00"),
        # Half past two is there twice, and not at all.
        (
            freeze(from_="2026-10-25T02:30", to="2026-10-25T02:31", timezone="Europe/Berlin"),
            "2026-10-25 00:30",
            "2026-10-25 01:31",
        ),
        (
            freeze(from_="2026-03-29T02:30", to="2026-03-29T02:45", timezone="Europe/Berlin"),
            "2026-03-29 00:30",
            "2026-03-29 01:45",
        ),
        (freeze(from_="2011-12-30", to="2011-12-30", timezone="Pacific/Apia"), "2011-12-29 10:00", "2011-12-30 10:00"),
    ],
)
def test_dates_and_moments(entry: dict[str, str], begins: str, ends: str) -> None:
    [span] = read(entry).spans(at("2026-01-01"))
    assert (span.begins, span.ends) == (at(begins), at(ends))
    assert span.begins.tzinfo is span.ends.tzinfo is UTC


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_the_calendar_s_last_day_has_no_end(zone: str) -> None:
    made = read(freeze(from_="0001-01-01", to="9999-12-31", timezone=zone))
    [span] = made.spans(at("2026-01-01"))
    assert span.ends == NEVER
    assert made.at(datetime.min.replace(tzinfo=UTC)) or zone == "America/New_York"
    assert made.at(at("9999-12-31 23:59:59")) == span
    assert joined([made], at("9999-01-01")) == ([made], NEVER)
    assert made.local(datetime.max.replace(tzinfo=UTC)).year == 9999


def test_a_moment_beyond_the_calendar_is_its_first_or_last() -> None:
    [span] = read(freeze(from_="0001-01-01T00:00+14:00", to="9999-12-31T23:00-05:00")).spans(at("2026-01-01"))
    assert (span.begins, span.ends) == (datetime.min.replace(tzinfo=UTC), NEVER)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("moment", ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31T23:59:59.999999"])
def test_weekly_ones_have_no_trouble_with_the_ends_of_the_calendar(zone: str, moment: str) -> None:
    made = read(freeze(every="Thu 16:00 - Mon 06:00", timezone=zone))
    spans = made.spans(at(moment))
    assert len(spans) >= 2
    assert all(span.begins < span.ends for span in spans)


@pytest.mark.parametrize(
    ("entry", "key", "problem"),
    [
        (freeze(), "", "it says neither from and to nor every"),
        (freeze(from_="2026-12-20", timezone="UTC"), "", "there is from, and no to"),
        (freeze(to="2026-12-20", timezone="UTC"), "", "there is to, and no from"),
        (freeze(from_="2026-12-20", to="2026-12-31"), "from", '"2026-12-20" has no offset, and there is no timezone'),
        (freeze(from_="2026-12-20T10:00Z", to="2026-12-31"), "to", '"2026-12-31" has no offset'),
        (freeze(from_="2026-12-20", to="2026-12-19", timezone="UTC"), "to", '"2026-12-19" is not after from'),
        (freeze(from_="2026-12-20T10:00Z", to="2026-12-20T11:00+01:00"), "to", "is not after from"),
        (freeze(from_="2026-02-29", to="2026-12-19", timezone="UTC"), "from", "is no date of the calendar"),
        (freeze(from_="2026-02-20T24:30", to="2026-12-19", timezone="UTC"), "from", "is no date of the calendar"),
        (freeze(from_="2026-02-20T10:00", to="9999-12-31T24:00", timezone="UTC"), "to", "is no date of the calendar"),
        (freeze(from_="2026-02-20T25:00", to="2026-12-19", timezone="UTC"), "from", "is no date of the calendar"),
        (freeze(from_="2026-02-20T10:00+99:00", to="2026-12-19", timezone="UTC"), "from", "no date of the calendar"),
        (freeze(from_="20.12.2026", to="2026-12-31", timezone="UTC"), "from", "is no date and no date and time"),
        (freeze(from_="2026-12-20\n", to="2026-12-31", timezone="UTC"), "from", "is no date and no date and time"),
        (freeze(from_="٢٠٢٦-12-20", to="2026-12-31", timezone="UTC"), "from", "is no date and no date and time"),
        (freeze(from_="2026-12-20", to="2026-12-31", timezone="Berlin"), "timezone", '"Berlin" is no time zone'),
        (freeze(from_="2026-12-20", to="2026-12-31", timezone="localtime"), "timezone", "is no time zone"),
        (freeze(from_="2026-12-20", to="2026-12-31", timezone="../zones"), "timezone", "is no time zone"),
        (freeze(from_="2026-12-20", to="2026-12-31", timezone="+01:00"), "timezone", "is no time zone"),
        (freeze(every="Fri 16:00 - Mon 06:00"), "every", "there is no timezone"),
        (freeze(every="Fry 16:00 - Mon 06:00", timezone="UTC"), "every", '"Fry" is no day of the week'),
        (freeze(every="Fri 24:01 - Mon 06:00", timezone="UTC"), "every", '"24:01" is no time of day'),
        (freeze(every="Fri 16:00", timezone="UTC"), "every", "is no stretch of a week"),
        (freeze(every="Fri 16 - Mon 06", timezone="UTC"), "every", "is no stretch of a week"),
        (freeze(every="Mon 06:00 - Mon 06:00", timezone="UTC"), "every", "ends when it begins"),
        (freeze(every="Sun 24:00 - Mon 0:00", timezone="UTC"), "every", "ends when it begins"),
        (freeze(every="Fri 16:00 - Mon 06:00", from_="2026-12-20", timezone="UTC"), "from", "are two things"),
    ],
)
def test_what_cannot_be_meant(entry: dict[str, str], key: str, problem: str) -> None:
    with pytest.raises(InvalidFreeze) as error:
        read(entry)
    assert error.value.key == key
    assert problem in error.value.problem


EVERY = "Fri 16:00 - Mon 06:00"
WRITTEN = "Write it as 2026-12-20, as 2026-12-20T18:00, or with an offset as 2026-12-20T18:00+01:00."
NEITHER = "Say from and to, or every: Fri 16:00 - Mon 06:00."


def from_to(begins: str, ends: str, zone: str) -> dict[str, Any]:
    return freeze(from_=begins, to=ends, timezone=zone)


@pytest.mark.parametrize(
    ("entry", "problem", "hint"),
    [
        (freeze(), "it says neither from and to nor every", NEITHER),
        (freeze(from_="2026-12-20"), "there is from, and no to", NEITHER),
        (freeze(to="2026-12-20"), "there is to, and no from", NEITHER),
        (from_to("2026-12-20", "2026-12-19", "UTC"), '"2026-12-19" is not after from, "2026-12-20"', "Correct one."),
        (from_to("20.12.", "2026-12-19", "UTC"), '"20.12." is no date and no date and time', WRITTEN),
        (from_to("2026-02-29", "2026-12-19", "UTC"), '"2026-02-29" is no date of the calendar', WRITTEN),
        (
            freeze(from_="2026-12-20", to="2026-12-31"),
            '"2026-12-20" has no offset, and there is no timezone, so that it is nobody\'s time',
            "Say timezone: Europe/Berlin.",
        ),
        (
            freeze(every=EVERY, to="2026-12-20"),
            "every week and from one moment to another are two things",
            "Make two freezes.",
        ),
        (freeze(every="Fri", timezone="UTC"), '"Fri" is no stretch of a week', f"Write it as {EVERY}."),
        (
            freeze(every=EVERY),
            "there is no timezone, so that its hours are nobody's",
            "Say timezone: Europe/Berlin.",
        ),
        (
            freeze(every="Fri 16:00 - Fri 16:00", timezone="UTC"),
            '"Fri 16:00 - Fri 16:00" ends when it begins',
            "For all of the week say from and to.",
        ),
        (
            freeze(every="fRY 16:00 - Mon 06:00", timezone="UTC"),
            '"fRY" is no day of the week',
            "Did you mean Friday?",
        ),
        (freeze(every="Fri 16:00 - Mno 06:00", timezone="UTC"), '"Mno" is no day of the week', "Did you mean Mon?"),
        (freeze(every="Zz 16:00 - Mon 06:00", timezone="UTC"), '"Zz" is no day of the week', "Write it as Mon."),
        (freeze(every="Fri 24:30 - Mon 06:00", timezone="UTC"), '"24:30" is no time of day', "Write it as 16:00."),
        (from_to("2026-12-20", "2026-12-21", "berlin"), '"berlin" is no time zone', "Did you mean Europe/Berlin?"),
        (
            from_to("2026-12-20", "2026-12-21", "a/b/Buenos Aires"),
            '"a/b/Buenos Aires" is no time zone',
            "Did you mean America/Argentina/Buenos_Aires?",
        ),
        (
            from_to("2026-12-20", "2026-12-21", "US/los angeles"),
            '"US/los angeles" is no time zone',
            "Did you mean America/Los_Angeles?",
        ),
        (
            from_to("2026-12-20", "2026-12-21", "Europe/Berln"),
            '"Europe/Berln" is no time zone',
            "Did you mean Europe/Berlin?",
        ),
        (
            from_to("2026-12-20", "2026-12-21", "x" * 81),
            f'"{"x" * 80}…" is no time zone',
            "Write it as Europe/Berlin.",
        ),
    ],
)
def test_each_mistake_is_told_with_the_way_out(entry: dict[str, str], problem: str, hint: str) -> None:
    with pytest.raises(InvalidFreeze) as error:
        read(entry)
    assert (error.value.problem, error.value.hint) == (problem, hint)
    assert str(error.value) == problem


def test_without_a_zone_a_moment_stays_as_it_is() -> None:
    moment = at("2026-12-20 12:00")
    assert read(freeze(from_="2026-12-20T10:00Z", to="2026-12-31T10:00Z")).local(moment).utcoffset() == timedelta(0)
    assert replace(read(freeze(every=EVERY, timezone="UTC")), zone=None).local(moment) is moment


@pytest.mark.parametrize(
    "every", ["Fri 16:00 - Mon 06:00", "friday 16:00-MONDAY 6:00", "Fri 16:00 – Mon 06:00", " Fri 16:00 to Mon 06:00 "]
)
def test_ways_to_write_a_stretch_of_the_week(every: str) -> None:
    made = read(freeze(every=every, timezone="UTC"))
    span = made.at(at("2026-12-05"))
    assert span
    assert (span.begins, span.ends) == (at("2026-12-04 16:00"), at("2026-12-07 06:00"))
    assert made.at(at("2026-12-07 06:00")) is None
    assert made.coming(at("2026-12-07 06:00")) == made.at(at("2026-12-12"))


def test_the_week_is_that_of_the_freeze_s_own_zone() -> None:
    nearly_always = read(freeze(every="Sun 23:00 - Sun 22:30", timezone="America/New_York"))
    held = nearly_always.at(at("2026-12-07 03:00"))  # Monday in London, Sunday 22:00 in New York
    assert held
    assert (held.begins, held.ends) == (at("2026-11-30 04:00"), at("2026-12-07 03:30"))
    mornings = read(freeze(every="Mon 10:00 - Mon 12:00", timezone="UTC"))
    coming = mornings.coming(at("2026-12-06 23:00"))
    assert coming
    assert coming.begins == at("2026-12-07 10:00")


def test_freezes_that_meet_are_one() -> None:
    weekends = read(freeze(every="Fri 16:00 - Mon 06:00", timezone="UTC"))
    year_end = read(freeze(from_="2026-12-21T06:00", to="2027-01-02", timezone="UTC"))
    within = read(freeze(from_="2026-12-19", to="2026-12-19", timezone="UTC"))
    all_of = [year_end, within, weekends]
    assert joined(all_of, at("2026-12-18 15:59:59")) is None
    assert joined(all_of, at("2026-12-19 12:00")) == ([within, weekends, year_end], at("2027-01-04 06:00"))
    assert joined(all_of, at("2027-01-04 06:00")) is None
    halves = [read(freeze(every=text, timezone="UTC")) for text in ("Mon 0:00 - Thu 0:00", "Thu 0:00 - Sun 24:00")]
    assert joined(halves, at("2026-12-19")) == (halves[::-1], NEVER)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6),
    st.integers(0, 50),
)
def test_the_end_of_what_meets_is_the_first_free_moment(parts: list[tuple[int, int]], hour: int) -> None:
    begins, one = at("2026-12-01"), timedelta(hours=1)
    made = [
        read(freeze(from_=(begins + first * one).isoformat(), to=(begins + (first + lasts) * one).isoformat()))
        for first, lasts in parts
    ]
    frozen = {first + hours for first, lasts in parts for hours in range(lasts)}
    found = joined(made, begins + hour * one)
    if hour not in frozen:
        assert found is None
        return
    end = next(free for free in range(hour, 99) if free not in frozen)
    assert found is not None
    assert found[1] == begins + end * one
    assert found[0]


def test_the_file_says_where_it_is_wrong() -> None:
    text = b"""\
change-control:
  freeze:
    - {name: Weekends, every: Fri 16:00 - Mon 06:00, timezone: Europe/Berlin}
    - name: Year end
      from: 2026-12-20
      to: 2026-12-10
      timezone: Europe/Berlin
"""
    with pytest.raises(UsageError, match=r"line 6: change-control.freeze\[1\].to: \"2026-12-10\" is not after from"):
        parse(text, ".jira-ci.yml")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: N, form: 2026-12-20}", "form is not a known key"),
        ("{from: 2026-12-20, to: 2026-12-21, timezone: UTC}", "lacks name"),
        ("{name: N, from: 2026, to: 2026-12-21, timezone: UTC}", "from: the number 2026 is there; expected text"),
        ("{name: N, from: 2026-12-20, to: 2026-12-21, timezone: UTC, types: [prod]}", "is no environment type"),
        ("{name: N, from: 2026-12-20, to: 2026-12-21, timezone: UTC, environments: []}", "the list is empty"),
        ("{name: N, from: 2026-12-20, to: 2026-12-21, timezone: UTC, except: Standard}", "Write it as [Standard]"),
        ("{name: ' ', from: 2026-12-20, to: 2026-12-21, timezone: UTC}", "name"),
        ("Year end", "expected keys and values"),
    ],
)
def test_what_does_not_fit_the_schema(entry: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(f"change-control: {{freeze: [{entry}]}}\n".encode(), ".jira-ci.yml")
    assert said in str(error.value)


def test_a_variable_does_not_move_a_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONTZPATH", "/nowhere")
    made = read(freeze(from_="2026-07-01", to="2026-07-01", timezone="America/Sao_Paulo"))
    [span] = made.spans(at("2026-01-01"))
    assert span.begins == at("2026-07-01 03:00")


@pytest.mark.parametrize(
    "text", ["2026-12-20T24:00", "2026-12-20 24:00:00", "2026-12-20T24:00Z", "2026-12-21T01:00+01:00"]
)
def test_a_day_may_end_at_24_hours(text: str) -> None:
    """Python 3.14 reads that hour, and those before it do not."""
    [span] = read(freeze(from_="2026-12-20", to=text, timezone="UTC")).spans(at("2026-12-20"))
    assert span.ends == at("2026-12-21")
