"""Edited after approval: every kind of history, as literals."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jira_ci.gate.requirements import Requirements, Status
from jira_ci.gate.snapshot import edited
from jira_ci.jira.parse import History, Item, Step, Value

POLICY = Requirements(
    ("Implementing", "Awaiting implementation"), ("Review", "Authorize"), 0, "off", False, "commit", "open"
)
GO = Status("3", "Implementing", "indeterminate")
WAITING = Status("1", "Review", "new")
NOTHING = Value(None, None)


def at(minute: int) -> datetime:
    return datetime(2026, 11, 20, 10, minute, tzinfo=timezone.utc)


def step(minute: int, *items: Item) -> Step:
    return Step(f"2026-11-20T10:{minute:02d}:00.000+0000", items)


def moved(before: str, after: str) -> Item:
    return Item("status", Value("0", before), Value("0", after))


def on(field: str) -> Item:
    return Item(field, NOTHING, NOTHING)


STARTED = step(20, moved("Review", "Implementing"))


@pytest.mark.parametrize(
    ("steps", "approved", "expected"),
    [
        # after the last approval that counts
        ([], at(10), False),
        ([step(9, on("summary"))], at(10), False),
        ([step(10, on("summary"))], at(10), True),
        ([step(11, on("summary"))], at(10), True),
        ([step(11, on("description"))], at(10), False),
        ([step(11, on("labels"), on("summary"))], at(10), True),
        ([step(11, on("summary")), STARTED], at(10), True),
        # no approval counts: after the status entered the proceed list
        ([STARTED], None, False),
        ([step(19, on("summary")), STARTED], None, False),
        ([step(20, moved("Review", "Implementing"), on("summary"))], None, False),
        ([STARTED, step(21, on("summary"))], None, True),
        ([STARTED, step(21, moved("Implementing", "Awaiting implementation")), step(22, on("summary"))], None, True),
        ([STARTED, step(21, on("summary")), step(22, moved("Awaiting implementation", "Implementing"))], None, True),
        (
            [
                STARTED,
                step(21, moved("Implementing", "Review")),
                step(22, on("summary")),
                step(23, moved("Review", "Implementing")),
            ],
            None,
            False,
        ),
        # in the proceed list from its first moment
        ([], None, False),
        ([step(1, on("summary"))], None, True),
    ],
)
def test_what_was_allowed_may_not_be_edited_afterwards(
    steps: list[Step], approved: datetime | None, expected: bool
) -> None:
    for order in (steps, steps[::-1]):  # Cloud gives the newest first, Data Center the oldest
        assert edited(History(tuple(order), True), ("summary",), GO, POLICY, approved) is expected


def test_a_change_that_nobody_allowed_yet_may_be_edited() -> None:
    history = History((step(1, on("summary")),), True)
    assert edited(history, ("summary",), WAITING, POLICY, None) is False
    assert edited(None, ("summary",), WAITING, POLICY, None) is False
    assert edited(history, ("summary",), WAITING, POLICY, at(0)) is True


def test_every_field_that_binds_counts() -> None:
    history = History((step(11, on("description")),), True)
    assert edited(history, ("summary", "description"), GO, POLICY, at(10)) is True


@pytest.mark.parametrize(
    ("steps", "approved", "expected"),
    [
        ([step(30, on("labels")), step(9, on("labels"))], at(10), False),
        ([step(30, on("labels")), step(10, on("labels"))], at(10), None),
        ([step(30, on("labels")), step(11, on("labels"))], at(10), None),
        ([step(30, on("summary")), step(11, on("labels"))], at(10), True),
        ([step(9, on("labels")), step(30, on("labels"))], at(10), None),
        ([], at(10), None),
        ([step(30, on("labels")), STARTED], None, None),
        ([step(30, on("labels")), STARTED, step(19, on("labels"))], None, False),
        ([step(30, on("labels"))], None, None),
        ([step(30, on("summary"))], None, True),
    ],
)
def test_a_history_that_does_not_reach_back_allows_nothing(
    steps: list[Step], approved: datetime | None, expected: bool | None
) -> None:
    assert edited(History(tuple(steps), False), ("summary",), GO, POLICY, approved) is expected


@pytest.mark.parametrize("history", [None, History((Step("yesterday", ()),), True), History((Step("", ()),), False)])
def test_a_history_that_cannot_be_read_allows_nothing(history: History | None) -> None:
    assert edited(history, ("summary",), GO, POLICY, at(10)) is None
    assert edited(history, ("summary",), GO, POLICY, None) is None


def test_statuses_are_known_by_their_ids_too() -> None:
    policy = Requirements(("3",), ("1",), 0, "off", False, "commit", "open")
    entered = Step("2026-11-20T10:20:00.000+0000", (Item("status", Value("1", "X"), Value("3", "Y")),))
    history = History((entered, step(19, on("summary"))), True)
    assert edited(history, ("summary",), Status("3", "Y", None), policy, None) is False
