"""Edited after approval: every kind of history, as literals; by whom and when; who moved it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jira_ci.gate.edits import Edits, Watched, edits
from jira_ci.gate.requirements import Edit, Moved, Requirements, Status
from jira_ci.jira.parse import Account
from jira_ci.jira.parse_change import History, Item, Step, Value

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


def edited(
    history: History | None, fields: tuple[str, ...], status: Status, policy: Requirements, approved: datetime | None
) -> bool | None:
    return edits(history, Watched(fields), status, policy, approved).edited


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


ANA, GATE = Account("account-ana", "Ana"), "account-of-the-gate"
WATCHED = Watched(("summary", "issuetype"), ("customfield_1", "priority"), ("planned end", "priority"))


def by(who: Account | None, minute: int, field: str, name: str = "") -> Step:
    return Step(f"2026-11-20T10:{minute:02d}:00.000+0000", (Item(field, NOTHING, NOTHING, name or field),), who)


def test_what_is_watched_is_told_with_who_and_when_the_oldest_first() -> None:
    steps = (by(None, 12, "customfield_1", "Planned end"), by(ANA, 11, "priority"), by(ANA, 9, "priority"))
    found = edits(History(steps, True), WATCHED, GO, POLICY, at(10))
    assert found.edited is False
    assert found.found == (
        Edit("priority", "account-ana", "Ana", at(11)),
        Edit("Planned end", "", "", at(12)),
    )


@pytest.mark.parametrize("field", ["summary", "issuetype"])
def test_title_and_type_bind_whatever_the_policy_watches(field: str) -> None:
    found = edits(History((by(ANA, 11, field),), True), WATCHED, GO, POLICY, at(10))
    assert (found.edited, [one.binds for one in found.found]) == (True, [True])


def test_a_custom_field_without_an_id_is_known_by_its_name_as_older_data_centers_tell_it() -> None:
    found = edits(History((by(ANA, 11, "", "Planned End"),), True), WATCHED, GO, POLICY, at(10))
    assert [one.field for one in found.found] == ["Planned End"]
    found = edits(History((by(ANA, 11, "priority", "n" * 101),), True), WATCHED, GO, POLICY, at(10))
    assert [one.field for one in found.found] == ["n" * 100 + "…"]
    assert edits(History((by(ANA, 11, "", "Summary"),), True), WATCHED, GO, POLICY, at(10)).edited is False


@pytest.mark.parametrize(("author", "counted"), [(Account(GATE, "Gate"), 0), (ANA, 1), (None, 1)])
@pytest.mark.parametrize(
    ("field", "name"), [("labels", "labels"), ("", "Link"), ("attachment", "Attachment"), ("", "Remote Issue Link")]
)
def test_what_the_gate_itself_writes_is_no_edit(field: str, name: str, author: Account | None, counted: int) -> None:
    watched = Watched(("summary",), ("labels", "attachment"), ("link", "remote issue link"))
    found = edits(History((by(author, 11, field, name),), True), watched, GO, POLICY, at(10), GATE)
    assert len(found.found) == counted


def test_the_gate_may_not_edit_the_title_either() -> None:
    found = edits(History((by(Account(GATE, "Gate"), 11, "summary"),), True), WATCHED, GO, POLICY, at(10), GATE)
    assert found.edited is True


def test_who_moved_it_into_the_proceed_list_last_is_known() -> None:
    went = Step("2026-11-20T10:20:00.000+0000", (moved("Review", "Implementing"),), ANA)
    found = edits(History((by(ANA, 25, "priority"), went), True), WATCHED, GO, POLICY, at(10))
    assert found.moved == Moved("account-ana", "Ana", at(20))
    assert edits(History((went,), True), WATCHED, WAITING, POLICY, at(10)).moved is None
    edited_too = edits(History((by(ANA, 25, "summary"), went), True), WATCHED, GO, POLICY, at(10))
    assert (edited_too.edited, edited_too.moved) == (True, Moved("account-ana", "Ana", at(20)))
    nobody = Step(went.created, went.items)
    assert edits(History((nobody,), True), WATCHED, GO, POLICY, at(10)).moved == Moved("", "", at(20))
    assert edits(History((), True), WATCHED, GO, POLICY, at(10)) == Edits(False)


def test_steps_of_one_moment_stay_in_the_order_in_which_jira_gave_them() -> None:
    steps = (by(ANA, 11, "summary"), by(ANA, 11, "priority"))
    found = edits(History(steps, False), WATCHED, GO, POLICY, at(10))
    assert [one.field for one in found.found] == ["priority", "summary"]
