"""The provider's and Jira's lists as one: by tables of what happens, and by properties over what might."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.ci.deployment_list import ProviderDeployment
from jira_ci.evidence.joining import joined
from jira_ci.evidence.population_rows import Change, Noted, Recorded, Row

NOON = datetime(2026, 7, 2, 12, tzinfo=timezone.utc)


def provided(name: str, minutes: int, *runs: str, place: str = "Prod", commit: str = "c1") -> ProviderDeployment:
    return ProviderDeployment(name, place, commit, NOON + timedelta(minutes=minutes), runs=runs)


def recorded(name: str, minutes: int, run: str = "1", *, place: str = "Prod", **changes: Any) -> Recorded:
    began = NOON + timedelta(minutes=minutes)
    known: dict[str, Any] = {
        "commit": "c1",
        "version": "1",
        "repository": "acme/shop",
        "run": run,
        "environment": place,
    }
    return Recorded(Change("https://j", "7", "OPS-7"), name, began, **{**known, **changes}, started=began)


def look(name: str, minutes: int, run: str = "1", **changes: Any) -> Recorded:
    """The record of a gate that let it through, and deployed nothing itself."""
    return replace(recorded(name, minutes, run, **changes), started=None)


def pairs(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return sorted(
        (row.provided.id if row.provided else "", row.recorded.record if row.recorded else "") for row in rows
    )


@pytest.mark.parametrize(
    ("deployments", "records", "expected"),
    [
        ([], [], []),
        ([provided("d", 0, "1")], [recorded("r", 5)], [("d", "r")]),
        # One that never asked, of the same commit.
        ([provided("d", 0, "1"), provided("e", 9, "2")], [recorded("r", 5)], [("d", "r"), ("e", "")]),
        # Known to Jira only: a job without an environment.
        ([], [recorded("r", 5)], [("", "r")]),
        # A re-run: the first attempt waited and failed, the second one deployed.
        ([provided("d", 0, "1"), provided("e", 60, "1")], [recorded("r", 65)], [("d", ""), ("e", "r")]),
        # Both attempts deployed.
        (
            [provided("d", 0, "1"), provided("e", 60, "1")],
            [recorded("r", 5), recorded("s", 65)],
            [("d", "r"), ("e", "s")],
        ),
        # The legs of a matrix, one for each tenant; and one job for two tenants.
        (
            [provided("d", 0, "1"), provided("e", 0, "1")],
            [recorded("r", 5, tenant="A"), recorded("s", 6, tenant="B")],
            [("d", "r"), ("e", "s")],
        ),
        (
            [provided("d", 0, "1")],
            [recorded("r", 5, tenant="A"), recorded("s", 6, tenant="B")],
            [("d", "r"), ("d", "s")],
        ),
        # Other spellings, and the CI's own name.
        ([provided("d", 0, "1", place="PROD ")], [recorded("r", 5)], [("d", "r")]),
        (
            [provided("d", 0, "1", place="production")],
            [recorded("r", 5, place="Prod-EU", other_name="Production")],
            [("d", "r")],
        ),
        ([provided("d", 0, "1", place="Stage")], [recorded("r", 5)], [("", "r"), ("d", "")]),
        # The provider says nothing of runs: the commit stands for them. A run that it names is never another one.
        ([provided("d", 0)], [recorded("r", 5)], [("d", "r")]),
        ([provided("d", 0, commit="c2")], [recorded("r", 5)], [("", "r"), ("d", "")]),
        ([provided("d", 0, "2")], [recorded("r", 5, "1")], [("", "r"), ("d", "")]),
        # The provider's clock is ahead.
        ([provided("d", 9, "1")], [recorded("r", 5)], [("d", "r")]),
        # A gate was asked first, in the same job or in one before it, and then deploy asked once more.
        ([provided("d", 0, "1")], [look("g", 3), recorded("r", 5)], [("d", "r")]),
        ([provided("d", 4, "1")], [look("g", 3, attempt=4), recorded("r", 5, attempt=9)], [("d", "r")]),
        ([], [look("g", 3), look("h", 4), recorded("r", 5)], [("", "r")]),
        # Both jobs have an environment, so that the provider knows of two.
        ([provided("d", 0, "1"), provided("e", 4, "1")], [look("g", 3), recorded("r", 5)], [("d", "g"), ("e", "r")]),
        # A gate alone, before a script that deploys by itself: once, in two attempts, and twice in one job.
        ([provided("d", 0, "1")], [look("g", 3)], [("d", "g")]),
        ([provided("d", 0, "1"), provided("e", 60, "1")], [look("g", 3), look("h", 63)], [("d", "g"), ("e", "h")]),
        ([provided("d", 0, "1")], [look("g", 3), look("h", 4)], [("d", "h")]),
        ([], [look("g", 3), look("h", 63)], [("", "g"), ("", "h")]),
        # Another tenant, commit or run is another deployment, and so is what went out before the gate was asked.
        ([], [look("g", 3, tenant="A"), recorded("r", 5, tenant="B")], [("", "g"), ("", "r")]),
        ([], [look("g", 3, commit="c2"), recorded("r", 5)], [("", "g"), ("", "r")]),
        ([], [look("g", 3, "2"), recorded("r", 5)], [("", "g"), ("", "r")]),
        ([], [recorded("r", 3), look("g", 5)], [("", "g"), ("", "r")]),
    ],
)
def test_what_belongs_together(
    deployments: list[ProviderDeployment], records: list[Recorded], expected: list[tuple[str, str]]
) -> None:
    rows, _ = joined(deployments, records, [])
    assert pairs(rows) == expected


def test_what_a_change_notes_is_a_change_without_a_record() -> None:
    change = Change("https://j", "8", "OPS-8")
    notes = [Noted(change, "Prod", "c1", run) for run in ("1", "2", "3")]
    with_record = Noted(Change("https://j", "7", "OPS-7"), "prod", "c1", "1")
    rows, left = joined([provided("d", 0, "2")], [recorded("r", 5)], [*notes, with_record])
    assert [(row.finding, row.change.key if row.change else "") for row in rows] == [
        ("no-record", "OPS-8"),
        ("", "OPS-7"),
    ]
    assert [one.run for one in left] == ["1", "3"]


_RUNS = st.sampled_from(["1", "2", "3"])
_PLACES = st.sampled_from(["Prod", "PROD", "Stage"])
_COMMITS = st.sampled_from(["c1", "c2"])
_DEPLOYMENTS = st.lists(
    st.builds(
        lambda number, minutes, runs, place, commit: provided(f"d{number}", minutes, *runs, place=place, commit=commit),
        st.integers(0, 12),
        st.integers(0, 300),
        st.lists(_RUNS, max_size=2, unique=True),
        _PLACES,
        _COMMITS,
    ),
    max_size=9,
)
_RECORDS = st.lists(
    st.builds(
        lambda made, number, minutes, run, place, commit: made(f"r{number}", minutes, run, place=place, commit=commit),
        st.sampled_from([look, recorded]),
        st.integers(0, 12),
        st.integers(0, 300),
        _RUNS,
        _PLACES,
        _COMMITS,
    ),
    max_size=9,
)


@given(_DEPLOYMENTS, _RECORDS)
def test_nothing_is_lost_and_nothing_is_there_twice(
    deployments: list[ProviderDeployment], records: list[Recorded]
) -> None:
    rows, _ = joined(deployments, records, [])
    told = Counter(row.recorded.record for row in rows if row.recorded)
    bare = Counter(row.provided.id for row in rows if row.provided and not row.recorded)
    with_one = {row.provided.id for row in rows if row.provided and row.recorded}
    looks = Counter(name for row in rows for name in row.looks)
    assert told + looks == Counter({one.record for one in records})
    assert sum(looks.values()) == 0 or any(one.is_look for one in records)
    assert set(bare) | with_one == {one.id for one in deployments}
    assert not set(bare) & with_one
    assert max(bare.values(), default=1) == 1
    assert [row.moment for row in rows] == sorted(row.moment for row in rows)


@given(_DEPLOYMENTS, _RECORDS, st.randoms())
def test_the_order_of_the_lists_changes_nothing(
    deployments: list[ProviderDeployment], records: list[Recorded], random: object
) -> None:
    unique = list({one.id: one for one in deployments}.values())
    told = list({one.record: one for one in records}.values())
    first = pairs(joined(unique, told, [])[0])
    random.shuffle(unique)  # type: ignore[attr-defined]
    random.shuffle(told)  # type: ignore[attr-defined]
    assert pairs(joined(unique, told, [])[0]) == first


@given(_DEPLOYMENTS, _RECORDS)
def test_a_run_that_is_known_is_never_taken_for_another_one(
    deployments: list[ProviderDeployment], records: list[Recorded]
) -> None:
    for row in joined(deployments, records, [])[0]:
        if row.provided and row.recorded and row.provided.runs:
            assert row.recorded.run in row.provided.runs
