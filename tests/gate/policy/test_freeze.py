"""Which freeze holds, until when, and who says so."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate_subjects import Policy
from jira_ci.config.freezes import read
from jira_ci.config.model import parse
from jira_ci.errors import Exit
from jira_ci.gate.decision import ROWS, Decision
from jira_ci.gate.decision import frozen as held_up
from jira_ci.gate.policy.freeze import Declared, coming, document, frozen, is_about, of_environment, told
from jira_ci.gate.policy.lint import Controlled, lint
from jira_ci.gate.policy.tightening import RULES
from jira_ci.jira.parse_desk import RequestType

UTC = timezone.utc
NIGHT = datetime(2026, 12, 24, 3, tzinfo=UTC)
STANDARD = RequestType("31", "Standard change", "10050")
FILE = b"""\
environments:
  Prod-EU: {type: production, change-controlled: true}
change-control:
  freeze:
    - {name: Year end, from: 2026-12-20, to: 2027-01-03, timezone: Europe/Berlin,
       types: [production], except: [Standard change]}
    - {name: Weekends, every: Fri 16:00 - Mon 06:00, timezone: Europe/Berlin, environments: ["prod-*"]}
    - {name: Migration, from: 2026-12-24T02:00Z, to: 2026-12-24T04:00+01:00, environments: [Stage]}
"""


def about(name: str, file: bytes = FILE) -> list[Declared]:
    config = parse(file, ".jira-ci.yml")
    return list(of_environment(config.document["change-control"]["freeze"], name, [config]))


def test_what_is_about_an_environment() -> None:
    found = {name: [one.freeze.name for one in about(name)] for name in ("Prod-EU", "PROD-US", "Stage", "Live", "Dev")}
    assert found == {
        "Prod-EU": ["Year end", "Weekends"],
        "PROD-US": ["Year end", "Weekends"],
        "Stage": ["Migration"],
        "Live": ["Year end"],
        "Dev": [],
    }
    guessed = about("Live", b"unmatched-environments: unmapped\n" + FILE)
    assert [one.freeze.name for one in guessed] == ["Year end"]
    assert [one.source for one in about("Prod-EU")] == [".jira-ci.yml line 5", ".jira-ci.yml line 7"]


def test_one_that_several_files_say_names_them_all() -> None:
    own, organisations = parse(FILE, ".jira-ci.yml"), parse(b"\n" + FILE, "of-all.yml")
    silent = [parse(text, "silent.yml", partial=True) for text in (b"{}", b"change-control: {edits: deny}")]
    year_end, *_ = of_environment(own.document["change-control"]["freeze"], "Prod-EU", [organisations, *silent, own])
    assert year_end.source == "of-all.yml line 6 and .jira-ci.yml line 5"


def test_rules_that_disagree_about_a_type_leave_every_type_frozen() -> None:
    disagreeing = FILE.replace(b"  Prod-EU", b'  "a*c": testing\n  "*bc": staging\n  Prod-EU')
    assert [one.freeze.name for one in about("abc", disagreeing)] == ["Year end"]


@pytest.mark.parametrize(("kind", "told"), [("unmapped", True), ("staging", False)])
def test_what_has_no_type_is_held_by_no_freeze_by_type_and_check_says_so(kind: str, told: bool) -> None:
    text = b"environments: {Blue: {change-controlled: true}}\nchange-control: {enabled: true, service-desk: OPS,\n"
    config = parse(
        text + b" freeze: [{name: N, from: 2026-12-20, to: 2026-12-21, timezone: UTC, types: [production]}]}", "f"
    )
    found = [one.problem for one in lint(config, [Controlled("Blue", Policy(), kind)])]
    assert any("freezes by type do not hold it" in one for one in found) is told


def test_one_that_names_nothing_is_about_everything() -> None:
    everything = read({"name": "N", "every": "Fri 16:00 - Mon 06:00", "timezone": "UTC"})
    assert is_about(everything, "Anything", ["development"])


def test_the_end_is_that_of_all_that_meets_in_its_zone_and_in_utc() -> None:
    found = frozen(about("Prod-EU"), NIGHT)
    assert found
    assert found.told == (
        "frozen until 2027-01-04 06:00 Europe/Berlin (2027-01-04 05:00 UTC) by Year end (.jira-ci.yml line 5), then "
        "Weekends (.jira-ci.yml line 7), except for changes of the type Standard change"
    )
    assert found.facts() == {
        "name": "Year end",
        "source": ".jira-ci.yml line 5",
        "then": [{"name": "Weekends", "source": ".jira-ci.yml line 7"}],
        "until": "2027-01-04T05:00:00Z",
        "timezone": "Europe/Berlin",
        "passed": None,
    }
    assert found.lasts(NIGHT) == timedelta(days=11, hours=2).total_seconds()


@pytest.mark.parametrize(
    ("moment", "kind", "names"),
    [
        (NIGHT, None, ["Year end", "Weekends"]),
        (NIGHT, STANDARD, []),
        (NIGHT, RequestType("31", "standard change", "1"), ["Year end", "Weekends"]),
        (NIGHT, RequestType("5", "Request a change", "1"), ["Year end", "Weekends"]),
        (datetime(2026, 12, 26, tzinfo=UTC), STANDARD, ["Weekends"]),
        (datetime(2026, 12, 19, 22, 59, 59, tzinfo=UTC), STANDARD, ["Weekends"]),
        (datetime(2026, 12, 2, tzinfo=UTC), None, []),
    ],
)
def test_an_exception_is_one_of_the_freeze_that_names_it(
    moment: datetime, kind: RequestType | None, names: list[str]
) -> None:
    found = frozen(about("Prod-EU"), moment, kind)
    assert [one.freeze.name for one in found.held] if found else names == []
    assert bool(found) == bool(names)


def test_an_exception_by_an_id() -> None:
    by_id = about("Prod-EU", FILE.replace(b"[Standard change]", b'["31"]'))
    assert frozen(by_id, NIGHT, STANDARD) is None
    assert frozen(by_id, NIGHT, RequestType("3", "31", "1")) is not None


def test_without_an_end_and_without_a_zone() -> None:
    file = FILE.replace(b"to: 2027-01-03", b"to: 9999-12-31")
    found = frozen(about("Prod-EU", file), NIGHT)
    assert found
    assert found.told.startswith("frozen with no end in sight by Year end (")
    assert found.facts()["until"] is None
    assert found.lasts(NIGHT) == math.inf
    assert told(coming(about("Prod-EU", file), NIGHT)[0]) == (
        "Year end: frozen now, since 2026-12-20 00:00 Europe/Berlin (2026-12-19 23:00 UTC) with no end, except for "
        "Standard change (.jira-ci.yml line 5)"
    )
    stage = frozen(about("Stage"), NIGHT - timedelta(minutes=30))
    assert stage
    assert stage.told == (
        "frozen until 2026-12-24 04:00 UTC+0100 (2026-12-24 03:00 UTC) by Migration (.jira-ci.yml line 8)"
    )


def test_a_calendar_of_what_comes() -> None:
    now = datetime(2026, 12, 18, 12, tzinfo=UTC)
    found = [(one.declared.freeze.name, one.begun) for one in coming(about("Prod-EU"), now)]
    assert found == [("Weekends", False), ("Year end", False)]
    assert [told(one) for one in coming(about("Prod-EU"), NIGHT)] == [
        "Year end: frozen now, since 2026-12-20 00:00 Europe/Berlin (2026-12-19 23:00 UTC) until 2027-01-04 00:00 "
        "Europe/Berlin (2027-01-03 23:00 UTC), except for Standard change (.jira-ci.yml line 5)",
        "Weekends: frozen from 2026-12-25 16:00 Europe/Berlin (2026-12-25 15:00 UTC) until 2026-12-28 06:00 "
        "Europe/Berlin (2026-12-28 05:00 UTC) (.jira-ci.yml line 7)",
    ]
    assert [one.declared.freeze.name for one in coming(about("Prod-EU"), datetime(2028, 1, 1, tzinfo=UTC))] == [
        "Weekends"
    ]


def test_the_zone_is_that_of_the_freeze_that_ends_last() -> None:
    file = b"""\
change-control:
  freeze:
    - {name: Far, from: 2026-12-20, to: 2026-12-31, timezone: Asia/Tokyo, except: [A, B]}
    - {name: Near, from: 2026-12-22, to: 2026-12-24, timezone: Europe/Berlin}
"""
    found = frozen(about("Prod", file)[::-1], NIGHT)
    assert found
    assert found.end == "until 2027-01-01 00:00 Asia/Tokyo (2026-12-31 15:00 UTC)"
    assert found.told.endswith("except for changes of the type A and B")
    first = datetime(2026, 12, 19, 15, tzinfo=UTC)
    begins, _ = coming(about("Prod", file), first)
    assert begins.begun
    assert told(begins).endswith(", except for A and B (.jira-ci.yml line 3)")
    assert document(begins) == {
        "name": "Far",
        "source": ".jira-ci.yml line 3",
        "begins": "2026-12-19T15:00:00Z",
        "ends": "2026-12-31T15:00:00Z",
        "timezone": "Asia/Tokyo",
        "except": ["A", "B"],
        "now": True,
    }
    later, _ = coming(about("Prod", file.replace(b"to: 2026-12-31", b"to: 9999-12-31")), first - timedelta(seconds=1))
    assert not later.begun
    assert document(later)["ends"] is None
    plain = read({"name": "Plain", "from": "2026-12-20T00:00+01:00", "to": "2026-12-20T01:00Z"})
    [utc] = coming([Declared(plain, "a file")], first)
    assert told(utc) == "Plain: frozen from 2026-12-19 23:00 UTC until 2026-12-20 01:00 UTC (a file)"
    assert (document(utc)["timezone"], document(utc)["except"]) == (None, [])
    a_year = plain.spans(first)[0].begins - timedelta(days=366)
    assert coming([Declared(plain, "a file")], a_year) == []
    assert len(coming([Declared(plain, "a file")], a_year + timedelta(seconds=1))) == 1


ENTRIES = st.fixed_dictionaries(
    {"name": st.sampled_from("abc"), "from": st.integers(1, 28), "to": st.integers(1, 28)},
    optional={
        "types": st.just(["production"]),
        "environments": st.sampled_from([["Prod"], ["P*"], ["Other"]]),
        "except": st.sampled_from([["Standard change"], ["Other"]]),
    },
)


def made(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries whose days are in order."""
    days = [sorted((entry["from"], entry["to"])) for entry in entries]
    both = zip(entries, days, strict=True)
    return [
        {**one, "from": f"2026-12-{first:02}", "to": f"2026-12-{last:02}", "timezone": "UTC"}
        for one, (first, last) in both
    ]


@given(
    st.lists(ENTRIES, max_size=4).map(made),
    st.lists(ENTRIES, max_size=3).map(made),
    st.integers(1, 30),
    st.sampled_from([None, STANDARD]),
)
def test_one_more_freeze_never_opens_anything(
    one: list[dict[str, Any]], other: list[dict[str, Any]], day: int, kind: RequestType | None
) -> None:
    config = parse(b"environments: {Prod: production}\n", ".jira-ci.yml")
    now = datetime(2026, 12, day, 12, tzinfo=UTC)

    def held(entries: list[dict[str, Any]]) -> bool:
        return frozen(list(of_environment(entries, "Prod", [config])), now, kind) is not None

    both = RULES["freeze"].merge(one, other)
    assert held(both) == (held(one) or held(other))


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_freeze_stands_before_what_proceeds_and_before_nothing_else(row: int) -> None:
    before = Decision.of(row, "Because.", 1)
    after = held_up(before, "But no.")
    if row in (31, 32, 33):
        assert after == Decision(37, "wait", Exit.WINDOW, "Because. But no.", approvals=1)
        assert not after.approved
    else:
        assert after is before


def test_a_misspelt_environment_of_a_freeze_is_doubted() -> None:
    doubt, *_ = lint(parse(FILE.replace(b"prod-*", b"Prdo-EU"), ".jira-ci.yml"), [])
    assert doubt.problem == (
        ".jira-ci.yml line 7: the freeze Weekends names Prdo-EU, and no rule under environments does."
    )
    assert doubt.hint == "Did you mean Prod-EU?"
