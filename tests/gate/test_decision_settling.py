"""What becomes of decisions: several at once, dry runs, deadlines."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from jira_ci.errors import AccessError, Exit, JiraCiError, NetworkError, Redirected, RejectedError
from jira_ci.gate.decision import (
    ROWS,
    Decision,
    at_deadline,
    begun_late,
    combine,
    decision_of,
    fresh_for,
    in_dry_run,
    out_of_date,
    too_old,
    unrecorded,
)

EVERY = [Decision.of(row, f"row {row}.") for row in ROWS]
OPEN, WEAK = Decision.of(32, "Approved."), in_dry_run(Decision.of(31, "Approved."))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([32], 32),
        ([32, 32], 32),
        ([32, 31], 31),
        ([32, 3], 3),
        ([32, 24], 24),
        ([24, 32, 32], 24),
        ([29, 24, 17], 17),
        ([32, 24, 20], 20),
        ([24, 23, 32], 23),
        ([23, 19], 19),
        ([1, 24, 32], 1),
        ([33, 35, 34], 35),
    ],
)
def test_of_several_deny_comes_before_wait_before_proceed(rows: list[int], expected: int) -> None:
    for order in itertools.permutations(rows):
        assert combine([Decision.of(row, f"row {row}.") for row in order]) == Decision.of(expected, f"row {expected}.")


def test_several_proceed_only_when_all_do() -> None:
    counted = [Decision.of(31, "so", 2), Decision.of(32, "so", 1)]
    for one, two in itertools.product([*EVERY, *counted, WEAK], repeat=2):
        proceeds = one.result == two.result == "proceed"
        assert (combine([one, two]).result == "proceed") == proceeds
        assert combine([one, two]).approved == (one.approved and two.approved)


def test_nothing_to_decide_about_is_no_permission() -> None:
    nothing = combine([])
    reason = "There is no environment to decide about: name one with the setting environment."
    assert nothing == Decision(1, "deny", Exit.USAGE, reason, approvals=0)


WEAKENERS: list[tuple[Callable[[Decision], Decision], Exit]] = [
    (in_dry_run, Exit.WAIT),
    (lambda decision: begun_late(decision, None), Exit.WAIT),
    (out_of_date, Exit.NETWORK),
]


@pytest.mark.parametrize(("weaken", "code"), WEAKENERS)
@pytest.mark.parametrize("decision", EVERY)
def test_a_proceed_becomes_a_wait_and_nothing_else_changes(
    decision: Decision, weaken: Callable[[Decision], Decision], code: Exit
) -> None:
    if decision.result != "proceed":
        assert weaken(decision) is decision
        return
    weaker = weaken(decision)
    assert (weaker.row, weaker.result, weaker.exit) == (decision.row, "wait", code)
    assert weaker.reason.startswith(f"{decision.reason} ")
    assert not weaker.approved


def test_each_says_why() -> None:
    assert in_dry_run(OPEN).reason == (
        "Approved. This is a dry run, which never proceeds; leave out dry-run to deploy."
    )
    assert begun_late(OPEN, None).reason == (
        "Approved. That was asked after the deadline and does not count: run again."
    )
    assert out_of_date(OPEN).reason == (
        "Approved. That is more than 30 s old, and there was no time to ask again: run again."
    )


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (None, 4),
        (Decision.of(24, "so"), 4),
        (Decision.of(29, "so"), 5),
        (Decision.of(17, "so"), 7),
        (out_of_date(OPEN), 7),
        # none of these has a round after it; whoever says so gets the code of not approved yet
        (Decision.of(23, "so"), 4),
        (Decision.of(6, "so"), 4),
        (OPEN, 4),
    ],
)
def test_an_answer_begun_after_the_deadline_ends_as_the_round_before_did(before: Decision | None, code: int) -> None:
    late = begun_late(OPEN, before)
    assert (late.row, late.result, late.exit) == (32, "wait", code)


@pytest.mark.parametrize(
    ("begun", "now", "old"),
    [
        (100.0, 100.0, False),
        (100.0, 129.9, False),
        (100.0, 130.0, False),
        (100.0, 130.001, True),
        (100.0, 100_000.0, True),
        (100.0, 99.9, True),
        (float("nan"), 100.0, True),
        (100.0, float("nan"), True),
        (float("-inf"), 100.0, True),
    ],
)
def test_a_round_is_good_for_thirty_seconds_from_its_beginning(begun: float, now: float, old: bool) -> None:
    assert too_old(begun, now) is old
    assert fresh_for(begun, now) == (0.0 if old else 30.0 - (now - begun))


def test_an_earlier_proceed_is_named_at_the_deadline_and_not_used() -> None:
    last = Decision.of(17, "OPS-7 could not be read completely.")
    ended = at_deadline(last, OPEN)
    assert (ended.row, ended.result, ended.exit) == (17, "wait", Exit.NETWORK)
    assert ended.reason == (
        "OPS-7 could not be read completely. An earlier snapshot, which does not count any more: Approved."
    )
    assert at_deadline(Decision.of(8, "so"), OPEN).reason.endswith("Approved.")


@pytest.mark.parametrize("last", [decision for decision in EVERY if decision.row not in {8, 17}])
def test_what_was_read_completely_stands_at_the_deadline(last: Decision) -> None:
    assert at_deadline(last, OPEN) is last


@pytest.mark.parametrize("earlier", [None, *(one for one in EVERY if one.result != "proceed")])
def test_an_earlier_round_that_did_not_proceed_is_not_worth_a_word(earlier: Decision | None) -> None:
    last = Decision.of(17, "so")
    assert at_deadline(last, earlier) is last


@pytest.mark.parametrize("decision", EVERY)
def test_what_proceeds_by_a_change_and_leaves_no_record_is_denied(decision: Decision) -> None:
    kept = unrecorded(decision)
    if decision.row not in (31, 32, 33):
        assert kept is decision
        return
    assert (kept.row, kept.result, kept.exit, kept.approvals) == (39, "deny", Exit.NETWORK, 0)
    assert kept.reason == (
        f"The record of this decision could be kept nowhere: {decision.reason} Give the job a folder that it can write "
        "to, such as RUNNER_TEMP or TMPDIR, and run again."
    )


@pytest.mark.parametrize(
    ("error", "row", "reason"),
    [
        (AccessError("Jira refused.", "Make a new token."), 6, "Jira refused. Make a new token."),
        (Redirected("Jira moved.", "Name the new address."), 7, "Jira moved. Name the new address."),
        (NetworkError("Jira is silent."), 9, "Jira is silent."),
        (NetworkError("Jira is silent.", "Run again later."), 9, "Jira is silent."),
        (NetworkError("Jira is silent.", "Run again. Or ask."), 9, "Jira is silent. Or ask."),
        (RejectedError("Jira refused it.", "Then run again."), 9, "Jira refused it. Then run again."),
    ],
)
def test_an_unwelcome_answer_is_a_row_that_says_what_came_and_not_to_run_again(
    error: JiraCiError, row: int, reason: str
) -> None:
    assert decision_of(error, 9) == Decision.of(row, reason)
