"""What a note holds, and what of one that anybody may have written is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.gate.subject import Subject
from jira_ci.parking.note import LIFE, Note, global_id, home, is_supported, label, notes, of_run, with_note, without
from jira_ci.run import CI, Run

NOW = datetime(2026, 11, 28, 12, 0, 0, 123456, timezone.utc)
RUN = Run(
    provider=CI.GITHUB,
    repository="acme/shop",
    repository_id="77",
    repository_url="https://github.com/acme/shop",
    commit="a" * 40,
    number=41,
    url="https://github.com/acme/shop/actions/runs/9001",
    run_id="9001",
    server_url="https://github.com",
    job="deploy",
)
SUBJECT = Subject("Shop", "Prod", "", "1.2.3", "a" * 40, "")


def note(**changes: Any) -> Note:
    made = of_run(RUN, SUBJECT, job="", runner="GitHub Actions 3", actor="ana", now=NOW)
    return replace(made, **changes)


def test_what_is_written_is_read() -> None:
    assert notes(with_note(None, note())) == [note()]
    assert note().parked_at.microsecond == 0
    assert note().expires - note().parked_at == LIFE


def test_one_deployment_of_a_run_has_one_note() -> None:
    value = with_note(with_note(None, note()), note(attempt=2))
    assert [one.attempt for one in notes(value)] == [2]
    value = with_note(value, note(environment="Stage"))
    assert len(notes(value)) == 2
    assert notes(without(value, [note(environment="STAGE")])) == [note(attempt=2)]


def test_the_oldest_give_way() -> None:
    value: Any = None
    for number in range(60):
        value = with_note(
            value, note(run=str(number + 1), parked_at=NOW.replace(microsecond=0) + timedelta(seconds=number))
        )
    kept = [int(one.run) for one in notes(value)]
    assert (len(kept), kept[-1], kept[0]) == (40, 60, 21)


def test_what_a_later_attempt_left_is_not_taken_off_with_the_earlier_one() -> None:
    value = with_note(None, note(attempt=2))
    assert len(notes(without(value, [note(attempt=1)]))) == 1
    assert notes(without(value, [note(attempt=2)])) == []


def test_a_full_property_fits_into_jira_s() -> None:
    import json

    value: Any = None
    for number in range(60):
        value = with_note(value, note(run=str(number + 1), environment="é" * 40, version="v" * 60))
    assert len(json.dumps(value)) < 32_768


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_may_stand_in_the_property(value: Any) -> None:
    assert notes(value) == []
    assert notes({"schema": "jira-ci.parked/1", "notes": value}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"run": "9001/x"},
        {"run": "९००१"},
        {"run": ""},
        {"run": "1" * 19},
        {"run": "0009001"},
        {"home": ""},
        {"commit": ""},
        {"environment": 7},
        {"expires": "soon"},
    ],
    ids=str,
)
def test_what_is_no_note_is_left_out(wrong: dict[str, Any]) -> None:
    value = with_note(None, note())
    value["notes"][0] |= wrong
    assert notes(value) == []


def test_nobody_makes_a_note_live_longer() -> None:
    value = with_note(None, note(expires=NOW + timedelta(days=4000)))
    (read,) = notes(value)
    assert read.expires == read.parked_at + LIFE


def test_a_note_may_be_of_the_end_of_time() -> None:
    value = with_note(None, note())
    value["notes"][0] |= {"parked-at": "9999-12-31T00:00:00Z", "expires": "9999-12-31T00:00:00Z"}
    assert [one.expires.year for one in notes(value)] == [9999]
    assert len(notes(with_note(value, note(run="9002")))) == 2


def test_a_repository_is_known_by_what_does_not_change() -> None:
    assert home(RUN) == home(replace(RUN, repository="acme/renamed"))
    assert label(home(RUN)) != label(home(replace(RUN, repository_id="78")))
    assert label(home(RUN)).removeprefix("jira-ci-parked-").isalnum()
    assert len(global_id(note(environment="é" * 300))) <= 255


@pytest.mark.parametrize("provider", list(CI))
def test_only_github_and_gitlab_start_runs_again(provider: CI) -> None:
    assert is_supported(replace(RUN, provider=provider)) is (provider in (CI.GITHUB, CI.GITLAB))
