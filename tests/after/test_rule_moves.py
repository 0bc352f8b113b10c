"""What becomes of one issue, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jira_ci.after.rule import Rule, moving, screened, transition_to, versioning
from jira_ci.jira.issue_edits import Transition, WorkItem

DONE = Transition("31", "Ship it", "10001", "Done")
WORK = Transition("21", "Start", "3", "In Progress")
ITEM = WorkItem(
    "1", "WEB-1", "10", "WEB", "t", "10001", "Story", False, "3", "In Progress", "indeterminate", ("7",), (WORK, DONE)
)


@pytest.mark.parametrize("wanted", ["Done", "done", " DONE ", "10001", "Ship it", "31"])
def test_a_transition_is_found_by_its_own_or_its_status_name_or_id(wanted: str) -> None:
    assert transition_to(ITEM.transitions, wanted) == DONE


def test_of_several_the_one_that_asks_for_nothing_is_taken() -> None:
    asking = replace(DONE, id="41", name="Close", screen=True)
    assert transition_to([asking, DONE], "Done") == DONE
    assert transition_to([asking], "Done") == asking
    assert transition_to([DONE, asking], "Close") == asking, "a name of its own is meant"
    assert transition_to([], "Done") is None


@pytest.mark.parametrize("wanted", ["In Progress", "in progress", "3"])
def test_who_is_there_already_stays(wanted: str) -> None:
    assert moving(ITEM, Rule("x", transition=wanted)).became == "there"


def test_an_id_of_a_transition_is_none_of_a_status() -> None:
    reopen = Transition("3", "Reopen", "4", "Reopened")
    assert moving(replace(ITEM, transitions=(reopen, DONE)), Rule("x", transition="3")).transition == reopen
    eleven = Transition("7", "Eleven", "12", "11")
    assert transition_to([eleven, Transition("11", "Start", "3", "In Progress")], "11").id == "11"  # type: ignore[union-attr]
    assert transition_to([eleven], "11") == eleven


def test_a_transition_that_leads_nowhere_else_is_not_taken_again() -> None:
    ship = Transition("31", "Ship it", "10001", "Released")
    there = replace(ITEM, status="Released", status_id="10001", category="done", transitions=(ship,))
    assert moving(there, Rule("x", transition="Ship it")).became == "there"
    assert moving(there, Rule("x", transition="31")).became == "there"


def test_of_two_of_one_name_the_one_to_the_status_of_that_name_is_taken() -> None:
    dropped, done = Transition("41", "Done", "9", "Won't do"), Transition("51", "Done", "10001", "Done", screen=True)
    assert transition_to([dropped, done], "Done") == done


def test_sub_tasks_and_closed_issues_move_by_rule() -> None:
    sub, closed = replace(ITEM, subtask=True), replace(ITEM, category="done", status="Won't do", status_id="9")
    assert moving(sub, Rule("x", transition="Done")).why == "it is a sub-task"
    assert moving(sub, Rule("x", transition="Done", sub_tasks=True)).became == "done"
    assert moving(closed, Rule("x", transition="Done")).why == "it is closed (Won't do)"
    assert moving(closed, Rule("x", transition="Done", closed=True)).became == "done"
    assert versioning(sub, Rule("x"), "8").became == "skipped"
    assert versioning(sub, Rule("x", sub_tasks=True), "8").became == "done"
    assert versioning(closed, Rule("x"), "8").became == "done", "it is in the release all the same"


def test_a_version_is_added_once() -> None:
    assert versioning(ITEM, Rule("x"), "7").became == "there"


def test_who_cannot_get_there_is_told_where_else() -> None:
    step = moving(ITEM, Rule("x", transition="Released\n::error::"))
    assert step.became == "failed"
    assert "from In Progress to Released" in step.why
    assert "Start to In Progress, Ship it to Done" in step.why
    assert "\n" not in step.why
    nobody = moving(replace(ITEM, transitions=()), Rule("x", transition="Done"))
    assert "there are none for this account" in nobody.why


def test_what_a_screen_asks_for_is_named() -> None:
    assert screened(["Resolution", "Test plan"]).why == "its transition asks for Resolution, Test plan"
