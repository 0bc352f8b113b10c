"""Ids that stay, numbers that grow."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jira_ci.jira.identity import environment_id, pipeline_id, update_sequence_number
from jira_ci.run import CI, Run
from jira_ci.text import canonical, identifier

GITHUB = Run(
    CI.GITHUB, "o/r", "42", "https://github.com/o/r", "c" * 40, 7, "https://x", workflow=".github/workflows/ci.yml"
)
GITLAB = Run(CI.GITLAB, "g/p", "42", "https://gitlab.com/g/p", "c" * 40, 7, "https://x", attempt=12_000_000_000)
DAY = 86_400_000
NOW = 1_795_237_200_000
_PHASE = {  # and, of an end, its severity
    "pending": (0, 0),
    "in_progress": (1, 0),
    "unknown": (2, 0),
    "successful": (2, 1),
    "cancelled": (2, 2),
    "failed": (2, 3),
    "rolled_back": (3, 0),
}


def changed(run: Run, **changes: Any) -> Run:
    return dataclasses.replace(run, **changes)


@pytest.mark.parametrize("run", [GITHUB, GITLAB])
def test_a_pipeline_is_the_same_in_every_run_on_every_branch_and_after_a_rename(run: Run) -> None:
    other = changed(
        run,
        repository="new/name",
        repository_url="https://github.com/new/name",
        commit="d" * 40,
        number=8,
        url="https://y",
        run_id="99",
        workflow_name="New name",
        branch="x",
        tag="v1",
        attempt=run.attempt + 3,
        attempt_started=NOW,
        event="push",
        job="j",
        actor="a",
        state="failed",
    )
    assert pipeline_id(other, "Leg") == pipeline_id(run, "leg ")


def test_pipelines_that_differ_have_different_ids() -> None:
    ids = [
        pipeline_id(GITHUB, ""),
        pipeline_id(GITLAB, ""),
        pipeline_id(GITHUB, "linux"),
        pipeline_id(changed(GITHUB, repository_id="43"), ""),
        pipeline_id(changed(GITHUB, workflow=".github/workflows/release.yml"), ""),
        pipeline_id(GITHUB, "x" * 300 + "a"),
        pipeline_id(GITHUB, "x" * 300 + "b"),
        pipeline_id(GITHUB, "🚀"),
        pipeline_id(GITHUB, "🎉"),
    ]
    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 255


def test_an_environment_is_the_same_in_any_case_and_spacing() -> None:
    assert {environment_id(name) for name in ("Azure-Dev", " azure-dev", "AZURE-DEV\n")} == {"azure-dev"}
    assert environment_id("a/../b") != environment_id("a/b")
    assert len(environment_id("x" * 10_000)) == 255


_NAMES = st.one_of(
    st.text(max_size=300),
    st.text("aA b;=-:TENANT", max_size=30),
    st.sampled_from(["prod", "prod;TENANT=a", "prod;tenant=a", "a/../b", "../", "🚀", "🎉", "x" * 10_000, "\ud83d"]),
)


@given(first=st.tuples(_NAMES, _NAMES), second=st.tuples(_NAMES, _NAMES))
@example(("a", "b;TENANT=c"), ("a;TENANT=b", "c"))
@example(("prod for a", ""), ("prod", "a"))
@example(("x" * 10_000, "a"), ("x" * 10_000, "b"))
@example(("🚀", "🎉"), ("🎉", "🚀"))
def test_environments_and_tenants_share_an_id_only_when_they_are_the_same(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    ids = [environment_id(*pair) for pair in (first, second)]
    same = [(*map(canonical, pair), bool(pair[1])) for pair in (first, second)]
    assert (ids[0] == ids[1]) == (same[0] == same[1])
    assert max(map(len, ids)) <= 255


@given(_NAMES)
def test_without_a_tenant_or_service_the_ids_are_those_of_always(name: str) -> None:
    assert environment_id(name) == identifier(canonical(name))
    assert pipeline_id(GITHUB, name) == identifier(
        ":".join(filter(None, ["github:42:.github/workflows/ci.yml", canonical(name)]))
    )


def test_a_tenants_id_is_the_same_in_any_case_and_spacing() -> None:
    pairs = [("Dev", "Tenant A"), (" dev", "tenant  a "), ("DEV", "TENANT\tA")]
    assert {environment_id(*pair) for pair in pairs} == {"dev;TENANT=tenant a"}
    assert environment_id("Dev", "a" * 10_000)[-17] == "-"


@given(first=st.tuples(_NAMES, _NAMES), second=st.tuples(_NAMES, _NAMES))
@example(("a", "b"), ("a:b", ""))
@example(("", "b"), ("b", ""))
def test_pipelines_and_services_share_an_id_only_when_they_are_the_same(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    ids = [pipeline_id(GITHUB, *pair) for pair in (first, second)]
    same = [(*map(canonical, pair), bool(pair[1])) for pair in (first, second)]
    assert (ids[0] == ids[1]) == (same[0] == same[1])
    assert max(map(len, ids)) <= 255


@pytest.mark.parametrize("run", [GITHUB, GITLAB, changed(GITLAB, attempt_started=NOW - 5000)])
def test_the_end_beats_the_start_and_a_rerun_beats_both_with_a_clock_a_day_back(run: Run) -> None:
    again = changed(
        run, attempt=run.attempt + 1, attempt_started=run.attempt_started - DAY if run.attempt_started else 0
    )
    numbers = [
        update_sequence_number(run, "pending", NOW),
        update_sequence_number(run, "in_progress", NOW - DAY),
        update_sequence_number(run, "failed", NOW - 2 * DAY),
        update_sequence_number(again, "pending", NOW - 3 * DAY),
        update_sequence_number(again, "successful", NOW - 4 * DAY),
    ]
    assert numbers == sorted(set(numbers))


_STATES = st.sampled_from(sorted(_PHASE))


@given(
    attempts=st.tuples(st.integers(1, 8000), st.integers(1, 8000)),
    states=st.tuples(_STATES, _STATES),
    times=st.tuples(st.integers(0, 2**46 - 1), st.integers(0, 2**46 - 1)),  # until the year 4199
)
def test_on_github_attempt_then_phase_then_time_decide(
    attempts: tuple[int, int], states: tuple[str, str], times: tuple[int, int]
) -> None:
    rank = [(attempt, _PHASE[state], time) for attempt, state, time in zip(attempts, states, times, strict=True)]
    first, second = (
        update_sequence_number(changed(GITHUB, attempt=attempt), state, time)
        for attempt, state, time in zip(attempts, states, times, strict=True)
    )
    assert (first < second, first == second) == (rank[0] < rank[1], rank[0] == rank[1])
    assert 0 < first < 2**63


@given(
    jobs=st.tuples(st.integers(1, 10**11), st.integers(1, 10**11)),
    states=st.tuples(_STATES, _STATES),
    passed=st.tuples(st.integers(-DAY, 30 * DAY), st.integers(-DAY, 30 * DAY)),
    started=st.tuples(st.integers(1, 4 * NOW), st.integers(1, 4 * NOW)),
)
def test_on_gitlab_job_then_phase_then_time_decide(
    jobs: tuple[int, int], states: tuple[str, str], passed: tuple[int, int], started: tuple[int, int]
) -> None:
    numbers = [
        update_sequence_number(changed(GITLAB, attempt=job, attempt_started=start), state, start + after)
        for job, state, after, start in zip(jobs, states, passed, started, strict=True)
    ]
    rank = [(job, _PHASE[state]) for job, state in zip(jobs, states, strict=True)]
    assert all(0 < number < 2**63 for number in numbers)
    if rank[0] != rank[1]:
        assert (numbers[0] < numbers[1]) == (rank[0] < rank[1])


@pytest.mark.parametrize("job", [1, 2047, 2048, 12_000_000_000, 10**11])
@pytest.mark.parametrize("hours", [0, 1, 2, 5, 100, 700])
def test_in_a_gitlab_job_of_any_length_a_second_later_is_larger(job: int, hours: int) -> None:
    run = changed(GITLAB, attempt=job, attempt_started=NOW)
    at = NOW + hours * 3_600_000
    assert update_sequence_number(run, "in_progress", at) < update_sequence_number(run, "in_progress", at + 1000)
    assert update_sequence_number(run, "failed", at + 1000) < update_sequence_number(
        changed(run, attempt=job + 1, attempt_started=0), "pending", 0
    )


def test_without_the_jobs_start_gitlab_numbers_still_grow_and_fit() -> None:
    numbers = [update_sequence_number(GITLAB, "in_progress", NOW + minute * 60_000) for minute in range(3)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < update_sequence_number(GITLAB, "failed", NOW) < 2**63


def test_absurd_numbers_still_fit() -> None:
    assert update_sequence_number(changed(GITLAB, attempt=10**30), "failed", 10**30) == 2**63 - 1
