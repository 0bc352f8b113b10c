"""Everybody's words for how it went."""

from __future__ import annotations

import pytest

from jira_ci.errors import UsageError
from jira_ci.report.states import from_ci, from_words

JIRA = ("unknown", "pending", "in_progress", "cancelled", "failed", "rolled_back", "successful")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", "successful"),
        ("failure", "failed"),
        ("cancelled", "cancelled"),
        ("skipped", ""),
        ("canceled", "cancelled"),
        ("timedout", "failed"),
        ("timed_out", "failed"),
        ("failed", "failed"),
        ("Success", "successful"),
        (" IN PROGRESS ", "in_progress"),
        ("in-progress", "in_progress"),
        ("running", "in_progress"),
        ("queued", "pending"),
        ("rollback", "rolled_back"),
    ],
)
def test_the_ci_words_and_the_common_ones_are_understood(word: str, state: str) -> None:
    assert from_words([word], build=False) == state


@pytest.mark.parametrize("state", JIRA)
def test_jiras_own_words_are_understood(state: str) -> None:
    assert from_words([state], build=False) == state


@pytest.mark.parametrize("state", ["failed", "cancelled", "in_progress", "pending", "unknown", "successful"])
def test_a_build_has_every_state_but_rolled_back(state: str) -> None:
    assert from_words([state], build=True) == state
    with pytest.raises(UsageError, match="for deployments only"):
        from_words(["rolled_back"], build=True)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["success", "failure", "cancelled"], "failed"),
        (["success", "cancelled"], "cancelled"),
        (["success", "skipped"], "successful"),
        (["skipped", "skipped"], ""),
        (["success", "in_progress"], "in_progress"),
        (["success", "success"], "successful"),
        ([], ""),
    ],
)
def test_of_several_results_the_worst_counts(words: list[str], state: str) -> None:
    assert from_words(words, build=True) == state


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("sucess", "Did you mean success?"),
        ("", "Use one of"),
        ("42", "Use one of"),
        ("${{ job.status }}", "Use one of"),
    ],
)
def test_any_other_word_is_an_error(word: str, hint: str) -> None:
    with pytest.raises(UsageError, match="no state") as caught:
        from_words([word], build=False)
    assert hint in caught.value.mend


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", "successful"),
        ("failed", "failed"),
        ("canceled", "cancelled"),
        ("running", "unknown"),
        ("skipped", ""),
        ("something new", "unknown"),
    ],
)
def test_what_the_ci_says_itself_is_never_an_error(word: str, state: str) -> None:
    assert from_ci(word) == state
