"""Which environments and tenants share one change, and that several policies never share more than each of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.gate.policy.one_change import Entry, Place, members, narrowed

EU, US, AP = "Prod-EU", "Prod-US", "Prod-AP"
AURORA: Entry = {"tenant": "Aurora"}
BOREAS: Entry = {"tenant": "Boreas"}
ENTRIES = st.lists(st.sampled_from([EU, US, AP, "prod-eu", AURORA, BOREAS]), max_size=5)
PLACES = st.builds(Place, st.sampled_from([EU, US, AP, "Stage"]), st.sampled_from(["", "Aurora", "Boreas", "Corvus"]))


@pytest.mark.parametrize(
    ("entries", "environment", "tenant", "expected"),
    [
        ([], EU, "", ()),
        ([EU], EU, "", ()),
        ([EU, US], "Stage", "", ()),
        ([EU, US], EU, "", ((EU, ""), (US, ""))),
        ([US, EU, "PROD-US"], "prod-eu", "", ((US, ""), (EU, ""))),
        ([EU, US], US, "Aurora", ((EU, "Aurora"), (US, "Aurora"))),
        ([AURORA, BOREAS], EU, "aurora", ((EU, "Aurora"), (EU, "Boreas"))),
        ([AURORA, BOREAS], EU, "Corvus", ()),
        ([AURORA, BOREAS], EU, "", ()),
        ([EU, AURORA], EU, "Aurora", ()),
        ([EU, US, AURORA], EU, "Aurora", ((EU, "Aurora"), (US, "Aurora"))),
        ([EU, US, AURORA], EU, "Boreas", ()),
        ([EU, US, AURORA], EU, "", ()),
    ],
)
def test_the_places_that_share_a_change(
    entries: list[Entry], environment: str, tenant: str, expected: tuple[tuple[str, str], ...]
) -> None:
    assert members(entries, environment, tenant) == tuple(Place(*one) for one in expected)


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        ([EU, US, AP], [US, EU], [EU, US]),
        ([EU, US], [], []),
        ([EU, US], [AP], []),
        # One change for every tenant's two regions is more than one for two tenants of them.
        ([EU, US], [EU, US, AURORA, BOREAS], []),
        ([EU, AURORA, BOREAS], [US, AURORA, BOREAS], []),
        ([EU, US, AURORA, BOREAS], [EU, US, AURORA], [EU, US, AURORA]),
    ],
)
def test_what_two_policies_share(one: list[Entry], other: list[Entry], left: list[Entry]) -> None:
    assert narrowed(one, other) == left
    assert sorted(map(str, narrowed(other, one))) == sorted(map(str, left))


def shares(entries: list[Any], one: Place, other: Place) -> bool:
    return any(one.same(place) for place in members(entries, other.environment, other.tenant))


@given(ENTRIES, ENTRIES, PLACES, PLACES)
def test_no_two_places_share_a_change_that_do_not_by_each_policy(
    stronger: list[Entry], weaker: list[Entry], one: Place, other: Place
) -> None:
    assert shares(stronger, one, other) == shares(stronger, other, one)
    if shares(narrowed(stronger, weaker), one, other):
        assert shares(stronger, one, other)
        assert shares(weaker, one, other)
