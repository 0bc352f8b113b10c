"""Everybody's words for how it went."""

from __future__ import annotations

import pytest

from jira_ci.errors import UsageError
from jira_ci.output.page import TONES
from jira_ci.run import CI, Run
from jira_ci.states import ENDED, STATES, from_ci, from_end, from_words, of, reported

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
    assert hint in caught.value.hint


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


def _run(event: str = "", told: str = "", ci: str = "", environment: str = "") -> Run:
    return Run(
        CI.GITHUB, "o/r", "1", "", "c" * 40, 7, "", event=event, event_state=told, state=ci, environment=environment
    )


PREVIEW = _run("deployment_status", "failure", environment="Preview")
FOLLOWED = _run("workflow_run", "failure")


@pytest.mark.parametrize(
    ("words", "run", "environments", "state"),
    [
        (["event-or-success"], PREVIEW, ["preview "], "failed"),
        (["event-or-success"], PREVIEW, ["Preview", "Other"], "successful"),
        (["event-or-success"], PREVIEW, ["Other"], "successful"),
        (["event-or-success"], PREVIEW, [], "successful"),
        (["event-or-success"], FOLLOWED, [], "failed"),
        (["event-or-success"], FOLLOWED, ["Prod"], "successful"),
        (["event-or-skipped"], FOLLOWED, ["Prod"], ""),
        (["event-or-success", "cancelled"], PREVIEW, ["Preview"], "cancelled"),
        (["success"], PREVIEW, ["Preview"], "successful"),
        ([], PREVIEW, ["Preview"], "failed"),
        ([], _run("deployment_status", "inactive", environment="Preview"), ["Preview"], ""),
        ([], _run("push", ci="running"), [], "unknown"),
        (["event-or-success"], _run("push"), [], "successful"),
    ],
)
def test_the_event_s_state_counts_for_what_the_event_is_about(
    words: list[str], run: Run, environments: list[str], state: str
) -> None:
    assert reported(words, run, environments) == state


def test_an_event_about_something_else_says_no_state() -> None:
    with pytest.raises(UsageError, match="state is not set"):
        reported([], PREVIEW, ["Other"])


def test_the_table_says_everything_that_depends_on_a_state() -> None:
    assert set(STATES) == set(JIRA)
    words = [word for state in STATES.values() for word in (state.name, *state.words.split())]
    assert len(set(words)) == len(words), "one word means one state"
    assert {state.tone for state in STATES.values()} <= set(TONES)
    assert {(state.phase, state.severity) for state in STATES.values() if state.phase == ENDED} == {
        (ENDED, severity) for severity in range(4)
    }, "of two ends the worse one is known, in two bits"
    assert {state.name for state in STATES.values() if state.open} == {"pending", "in_progress"}


@pytest.mark.parametrize("word", ["brand_new", ""])
def test_a_state_that_jira_may_add_is_not_open(word: str) -> None:
    assert of(word) is STATES["unknown"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", "successful"),
        ("timed_out", "failed"),
        ("startup_failure", "failed"),
        ("canceled", "cancelled"),
        *[(word, "unknown") for word in ("skipped", "neutral", "stale", "action_required", "in_progress", "")],
    ],
)
def test_how_a_run_ended_is_said_by_few_words(word: str, state: str) -> None:
    assert from_end(word) == state
