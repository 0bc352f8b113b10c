"""Whatever the decision is given, it decides, and never lets a deployment begin by accident."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from gate.changes import IMPLEMENTING, NOW, POLICY, READ, SHELVED, approval
from jira_ci.errors import Exit
from jira_ci.gate.decision import Conditions, decide, row_of
from jira_ci.gate.requirements import Requirements, Snapshot

JUNK: list[Any] = [
    *(None, "", " ", "junk", 0, 1, -1, 2.5, float("nan"), float("inf"), True, False, b"", b"yes", {}, {"a": 1}, [], ()),
    *([None], [""], ["junk"], [[]], ("",), (None, None), set(), {"Implementing"}, object(), NOW.isoformat(), Exit.OK),
    *(READ, POLICY, SHELVED, approval(), Ellipsis, type, lambda: None, "x" * 100_000, "\ud800", "\x00", iter(())),
]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_nothing(value: object) -> bool:
    return value in ([], ())


# Where something of the above is no junk: a name, a fact that is so, no limit, nobody, nothing.
MEANT: dict[str, Callable[[object], bool]] = {
    "key": _is_name,
    "own_account": _is_name,
    "aged": lambda value: value is False,
    "edited": lambda value: value is False,
    "commit_differs": lambda value: value is False,
    "pages_complete": lambda value: value is True,
    "excluded": _is_nothing,
    "gaps": _is_nothing,
    "members": lambda value: value == {},
    "required_approvals": _is_nothing,
    "required_approvers": _is_nothing,
    "edits": _is_nothing,
    "start": lambda value: value in ([None], (None, None)),
    "end": lambda value: value in ([None], (None, None)),
    "wait_statuses": lambda value: _is_nothing(value) or value == ["junk"],
    "waiting_somewhere": lambda value: _is_nothing(value) or value == ["junk"],
    "minimum_approvals": lambda value: type(value) is int and value in (0, 1),
    "window_required": lambda value: isinstance(value, bool),
    "spent": lambda value: value == "",
}


# The others have a default, and stand in a snapshot for the record alone.
DECIDING = [field.name for field in fields(Snapshot) if field.default is MISSING]


def _is_meant(field: str, value: object) -> bool:
    return field in MEANT and MEANT[field](value)


@pytest.mark.parametrize("field", DECIDING)
def test_nothing_that_is_no_reading_lets_a_deployment_begin(field: str) -> None:
    for junk in JUNK:
        decision = decide(replace(READ, **{field: junk}), POLICY)
        assert (decision.result == "proceed") == _is_meant(field, junk), (junk, decision)
        assert decision.reason


@pytest.mark.parametrize("field", [field.name for field in fields(Requirements)])
def test_nothing_that_is_no_policy_lets_a_deployment_begin(field: str) -> None:
    for junk in JUNK:
        decision = decide(READ, replace(POLICY, **{field: junk}))
        meant = field != "edits" and _is_meant(field, junk)  # a word here, and a list in what was read
        assert (decision.result == "proceed") == meant, (junk, decision)
        assert decision.reason


@pytest.mark.parametrize("field", ["id", "name", "decision", "created", "approvers"])
def test_an_approval_with_a_part_that_is_none_approves_nothing(field: str) -> None:
    for junk in JUNK:
        decision = decide(replace(READ, approvals=(replace(approval(), **{field: junk}),)), POLICY)
        assert (decision.result == "proceed") == (field in {"id", "name"} and _is_name(junk)), (junk, decision)


@pytest.mark.parametrize("field", ["account", "decision"])
def test_an_approver_with_a_part_that_is_none_does_not_count(field: str) -> None:
    for junk in JUNK:
        approver = replace(approval().approvers[0], **{field: junk})
        decision = decide(replace(READ, approvals=(replace(approval(), approvers=(approver,)),)), POLICY)
        assert (decision.result == "proceed") == (field == "account" and _is_name(junk)), (junk, decision)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_any_other_place_does_not_let_a_deployment_begin_either(junk: Any) -> None:
    for read, policy in ((junk, POLICY), (READ, junk), (junk, junk)):
        assert decide(read, policy).result != "proceed" or ((junk is READ or junk is POLICY) and read is not policy)
    for spoilt in (replace(IMPLEMENTING, id=junk), replace(IMPLEMENTING, name=junk)):
        # the name still says Implementing when the id is another
        meant = spoilt.name == "Implementing" and _is_name(junk)
        assert (decide(replace(READ, status=spoilt), POLICY).result == "proceed") == meant
    assert decide(replace(READ, status=replace(IMPLEMENTING, category=junk)), POLICY).row == 25
    assert decide(replace(READ, excluded=(junk,)), POLICY).result != "proceed"
    assert decide(replace(READ, approvals=(approval(number="2"), junk)), POLICY).row == 17
    assert decide(replace(READ, gaps=(junk,)), POLICY).row == 17


@pytest.mark.parametrize("minimum", [0, 2])
@pytest.mark.parametrize("field", [field.name for field in fields(Conditions)])
@pytest.mark.parametrize("junk", [None, "", "approved", float("nan"), -1, (), object()])
def test_letters_that_are_none_never_let_a_deployment_begin(field: str, junk: Any, minimum: int) -> None:
    conditions = Conditions("proceed", "open", "ok", 2, minimum, "in", False, False, False)
    assert row_of(conditions) == 32
    try:
        row = row_of(replace(conditions, **{field: junk}))
    except TypeError:  # which decide takes for an incomplete round
        row = 17
    # In a window it does not matter whether one is needed, two are more than -1, and nothing says that it was edited.
    harmless = field == "window_required" or (field == "minimum" and junk == -1) or (field == "edited" and not junk)
    assert (row == 32) == harmless


def test_letters_that_are_none_are_a_round_that_was_not_read() -> None:
    assert row_of(Conditions("both", "open", "ok", 2, 2, "in", False, False, False)) == 17
    assert row_of(Conditions("proceed", "open", "unclear", 0, 0, "in", False, False, False)) == 17


def test_whose_approval_does_not_count_has_to_be_known_even_where_nobody_approved() -> None:
    policy = replace(POLICY, minimum_approvals=0)
    assert decide(replace(READ, approvals=()), policy).row == 32
    for junk in JUNK:
        assert decide(replace(READ, approvals=(), excluded=(junk,)), policy).row == 17


def test_an_error_inside_is_a_round_that_was_not_read() -> None:
    decision = decide(replace(READ, approvals=[object()]), POLICY)  # type: ignore[list-item]
    assert (decision.row, decision.result, decision.exit) == (17, "wait", Exit.NETWORK)
    assert "AttributeError" in decision.reason
    assert "The change could not be read completely" in decision.reason


def test_twenty_thousand_approvals_are_decided() -> None:
    crowd = tuple(approval(f"CAB {n}", number=str(n)) for n in range(20_000))
    assert decide(replace(READ, approvals=crowd), POLICY).row == 32
    assert decide(replace(READ, approvals=(*crowd, approval("last", "declined", number="x"))), POLICY).row == 19
