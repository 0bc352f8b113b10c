"""What reconcile and rollback do with a record: every state, attempt and end."""

from __future__ import annotations

import pytest

from jira_ci.corrections.reconcile import decide_closing
from jira_ci.corrections.rollback import decide_rollback

# state, attempt, ended, conclusion, seen -> what, state
TABLE: list[tuple[str, int, bool, str, int, str, str]] = [
    ("in_progress", 1, True, "success", 1, "close", "successful"),
    ("in_progress", 1, True, "failure", 1, "close", "failed"),
    ("in_progress", 1, True, "failed", 0, "close", "failed"),
    ("in_progress", 1, True, "timed_out", 1, "close", "failed"),
    ("in_progress", 1, True, "startup_failure", 1, "close", "failed"),
    ("in_progress", 1, True, "cancelled", 1, "close", "cancelled"),
    ("in_progress", 1, True, "canceled", 0, "close", "cancelled"),
    ("in_progress", 1, True, "skipped", 1, "close", "unknown"),
    ("in_progress", 1, True, "stale", 1, "close", "unknown"),
    ("in_progress", 1, True, "", 1, "close", "unknown"),
    ("in_progress", 1, True, "Success", 1, "close", "unknown"),
    ("pending", 1, True, "success", 1, "close", "unknown"),
    ("pending", 1, True, "failure", 1, "close", "failed"),
    ("pending", 1, True, "cancelled", 1, "close", "cancelled"),
    ("in_progress", 1, False, "in_progress", 1, "leave", ""),
    ("in_progress", 1, False, "success", 1, "leave", ""),
    ("in_progress", 2, True, "failure", 1, "leave", ""),
    ("in_progress", 1, True, "failure", 2, "leave", ""),
    ("in_progress", 1_795_000_000, True, "failed", 0, "close", "failed"),
    ("successful", 1, True, "failure", 1, "nothing", ""),
    ("failed", 1, True, "success", 1, "nothing", ""),
    ("cancelled", 2, True, "success", 1, "nothing", ""),
    ("rolled_back", 1, True, "success", 1, "nothing", ""),
    ("unknown", 1, True, "success", 1, "nothing", ""),
    ("a state of next year", 1, True, "success", 1, "nothing", ""),
]


@pytest.mark.parametrize(("state", "attempt", "ended", "conclusion", "seen", "what", "becomes"), TABLE)
def test_closing(state: str, attempt: int, ended: bool, conclusion: str, seen: int, what: str, becomes: str) -> None:
    action = decide_closing(state, attempt, ended=ended, conclusion=conclusion, seen=seen)
    assert (action.what, action.state) == (what, becomes)
    assert action.why


@pytest.mark.parametrize(
    ("state", "what"),
    [
        ("successful", "close"),
        ("failed", "close"),
        ("cancelled", "close"),
        ("unknown", "close"),
        ("rolled_back", "nothing"),
        ("in_progress", "leave"),
        ("pending", "leave"),
    ],
)
def test_rolling_back(state: str, what: str) -> None:
    action = decide_rollback(state)
    assert (action.what, action.state) == (what, "rolled_back" if what == "close" else "")
    assert action.why
