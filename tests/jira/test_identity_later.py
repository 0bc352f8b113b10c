"""The number for a record that is sent again: larger than the stored one, smaller than a later attempt's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.jira.identity import attempt_of, later_number, update_sequence_number
from jira_ci.run import CI, Run

NOW = 1_795_000_000_000
DAY = 86_400_000
HUB = Run(CI.GITHUB, "acme/shop", "77", "", "", 41, "")
LAB = replace(HUB, provider=CI.GITLAB, attempt=NOW // 1000, attempt_started=NOW)
_STATES = st.sampled_from(["pending", "in_progress", "failed"])


@given(
    run=st.sampled_from([HUB, replace(HUB, attempt=8000), replace(HUB, provider=CI.LOCAL), LAB]),
    states=st.tuples(_STATES, _STATES),
    passed=st.integers(-DAY, 30 * DAY),
    later=st.integers(-DAY, 400 * DAY),
)
def test_it_beats_every_report_of_its_attempt_and_none_of_the_next(
    run: Run, states: tuple[str, str], passed: int, later: int
) -> None:
    stored, other = (update_sequence_number(run, state, NOW + passed) for state in states)
    number = later_number(run, stored, NOW + later)
    again = later_number(run, number, NOW - DAY)
    assert max(stored, other) < number < again
    assert again < update_sequence_number(replace(run, attempt=run.attempt + 1), "pending", NOW - DAY)
    assert [attempt_of(run, one) for one in (stored, number, again)] == [run.attempt] * 3


@pytest.mark.parametrize("run", [HUB, LAB])
@pytest.mark.parametrize("stored", [0, 1, NOW, NOW // 1000, (1 << 62) + 5, (1 << 63) - 2])
def test_a_number_that_somebody_else_made_is_beaten_too(run: Run, stored: int) -> None:
    assert stored < later_number(run, stored, NOW) < 1 << 63


def test_the_largest_one_stays() -> None:
    assert later_number(HUB, (1 << 63) - 1, NOW) == (1 << 63) - 1
