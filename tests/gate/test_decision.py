"""The gate's decision, row by row of its table, then every combination of what the table speaks about."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from gate.changes import (
    BOB,
    GATE,
    IMPLEMENTING,
    MANAGERS,
    NOW,
    POLICY,
    READ,
    REVIEW,
    SHELVED,
    approval,
    at,
    jira,
    members,
    people,
)
from jira_ci.errors import Exit
from jira_ci.gate.approvals import Approval, Approver, Excluded, Wanted
from jira_ci.gate.decision import ROWS, Conditions, Decision, decide, decide_gating, row_of
from jira_ci.gate.requirements import Edit, Status

DONE = Status("10004", "Implementing", "done")
UNDEFINED = Status("10003", "Implementing", "undefined")
PENDING = approval(decision="pending")
DECLINED = approval(decision="declined")
NO_WINDOW: dict[str, Any] = {"start": (None,), "end": (None,)}
INVERTED: dict[str, Any] = {"start": (jira(3600),), "end": (jira(-3600),)}
OVER: dict[str, Any] = {"start": (None,), "end": (jira(-1),)}
LATER: dict[str, Any] = {"start": (jira(1),), "end": (None,)}

CAB: dict[str, Any] = {"required_approvals": ("CAB",)}

TABLE: list[tuple[int, str, int, dict[str, Any], dict[str, Any]]] = [
    (17, "wait", 7, {"now": None}, {}),
    (17, "wait", 7, {"now": NOW.replace(tzinfo=None)}, {}),
    (17, "wait", 7, {"aged": True}, {}),
    (17, "wait", 7, {"pages_complete": False}, {}),
    (17, "wait", 7, {"approvals": None}, {}),
    (17, "wait", 7, {"approvals": (approval(decision="waived"),)}, {}),
    (17, "wait", 7, {"approvals": (approval(decision="Approved"),)}, {}),
    (17, "wait", 7, {"approvals": (replace(approval(), decision=None),)}, {}),
    (17, "wait", 7, {"approvals": (approval(approvers=people("ana", decision="abstained")),)}, {}),
    (17, "wait", 7, {"status": None}, {}),
    (17, "wait", 7, {"edited": None}, {}),
    (17, "wait", 7, {"gaps": ("the clocks drifted apart by 90 s",)}, {}),
    (18, "deny", 3, {"status": DONE}, {}),
    (18, "deny", 3, {"status": replace(REVIEW, category="done")}, {}),
    (18, "deny", 3, {"status": replace(SHELVED, category="done")}, {}),
    (19, "deny", 3, {"approvals": (DECLINED,)}, {}),
    (19, "deny", 3, {"approvals": (DECLINED,), "status": REVIEW}, {}),
    (19, "deny", 3, {"approvals": (DECLINED,), "status": SHELVED}, {}),
    (19, "deny", 3, {"approvals": (approval(), approval("Peer", "declined", number="2"))}, {}),
    (20, "deny", 3, {"status": SHELVED}, {}),
    (20, "deny", 3, {"status": replace(SHELVED, category=None)}, {}),
    (21, "deny", 3, {"edited": True}, {}),
    (21, "deny", 3, {"commit_differs": True}, {}),
    (21, "deny", 3, {"edited": True}, {"bind": "version"}),
    (21, "deny", 3, {"spent": "used"}, {"reuse": "once"}),
    (21, "deny", 3, {"spent": "started"}, {"reuse": "once"}),
    (21, "deny", 3, {"spent": "used", "status": REVIEW}, {"reuse": "once", "bind": "version"}),
    (17, "wait", 7, {"spent": None}, {}),
    (17, "wait", 7, {"spent": "perhaps"}, {"reuse": "once"}),
    (32, "proceed", 0, {"commit_differs": True}, {"bind": "version"}),
    (32, "proceed", 0, {"spent": "used"}, {}),
    (32, "proceed", 0, {"spent": "started"}, {"bind": "version"}),
    (1, "deny", 2, {}, {"bind": "tag"}),
    (1, "deny", 2, {}, {"reuse": "twice"}),
    (22, "deny", 5, INVERTED, {}),
    (22, "deny", 5, {**INVERTED, "status": REVIEW, "approvals": ()}, {}),
    (23, "deny", 5, OVER, {}),
    (23, "deny", 5, {**OVER, "status": REVIEW, "approvals": ()}, {}),
    (23, "deny", 5, {**OVER, "start": ("soon",)}, {}),
    (24, "wait", 4, {"status": REVIEW}, {}),
    (24, "wait", 4, {"status": REVIEW, "approvals": ()}, {}),
    (24, "wait", 4, {"status": REVIEW, "approvals": (PENDING,), "start": ("soon",)}, {}),
    (24, "wait", 4, {"status": replace(REVIEW, category="undefined")}, {}),
    (25, "wait", 4, {"status": UNDEFINED}, {}),
    (25, "wait", 4, {"status": replace(IMPLEMENTING, category=None)}, {}),
    (25, "wait", 4, {"status": replace(IMPLEMENTING, category="almost")}, {}),
    (26, "wait", 4, {"approvals": (PENDING,)}, {}),
    (26, "wait", 4, {"approvals": (PENDING,)}, {"minimum_approvals": 0}),
    (26, "wait", 4, {"approvals": (approval("Peer"), approval(decision="pending", number="2"))}, {}),
    (27, "wait", 4, {"approvals": ()}, {}),
    (27, "wait", 4, {"approvals": ()}, {"minimum_approvals": 2}),
    (27, "wait", 4, {}, {"required_approvals": ("CAB", "Security")}),
    (27, "wait", 4, {"approvals": ()}, {"required_approvals": ("CAB",), "minimum_approvals": 0}),
    (27, "wait", 4, {}, {"required_approvals": ("cab",)}),
    (27, "wait", 4, {"approvals": (approval("CAB "),)}, {"required_approvals": ("CAB",)}),
    (27, "wait", 4, {"excluded": (Excluded("the deployer", "account-ana"),)}, {**CAB, "minimum_approvals": 0}),
    (27, "wait", 4, {"own_account": "account-ana"}, {**CAB, "minimum_approvals": 0}),
    (27, "wait", 4, {}, {"required_approvers": (BOB,)}),
    (27, "wait", 4, {"members": members("bob")}, {"required_approvers": (MANAGERS,)}),
    (27, "wait", 4, {"members": members()}, {"required_approvers": (MANAGERS,)}),
    (27, "wait", 4, {"members": members("ana")}, {"required_approvers": (MANAGERS, BOB)}),
    (27, "wait", 4, {}, {"required_approvals": ("Security",), "minimum_approvals": 2}),
    (27, "wait", 4, {**LATER}, {"required_approvals": ("Security",)}),
    (26, "wait", 4, {"approvals": (PENDING,)}, CAB),
    (19, "deny", 3, {"approvals": (DECLINED,)}, CAB),
    (24, "wait", 4, {"status": REVIEW}, {"required_approvals": ("Security",)}),
    (23, "deny", 5, OVER, {"required_approvals": ("Security",)}),
    (17, "wait", 7, {}, {"required_approvers": (MANAGERS,)}),
    (17, "wait", 7, {"members": {"Release-Managers": ()}}, {"required_approvers": (MANAGERS,)}),
    (17, "wait", 7, {"members": None}, {}),
    (17, "wait", 7, {"members": {"release-managers": ("account-ana",)}}, {"required_approvers": (MANAGERS,)}),
    (1, "deny", 2, {}, {"required_approvals": "CAB"}),
    (1, "deny", 2, {}, {"required_approvals": (" ",)}),
    (1, "deny", 2, {}, {"required_approvers": ("account-ana",)}),
    (1, "deny", 2, {}, {"required_approvers": (Wanted("account-ana", "release-managers"),)}),
    (1, "deny", 2, {}, {"required_approvers": (Wanted(),)}),
    (28, "wait", 4, {}, {**CAB, "minimum_approvals": 2}),
    (32, "proceed", 0, {}, CAB),
    (32, "proceed", 0, {"members": members("bob", "ana")}, {"required_approvers": (MANAGERS,)}),
    (32, "proceed", 0, {"members": members("ana")}, {**CAB, "required_approvers": (MANAGERS, Wanted("account-ana"))}),
    (28, "wait", 4, {}, {"minimum_approvals": 2}),
    (28, "wait", 4, {"own_account": "account-ana"}, {}),
    (29, "wait", 5, LATER, {}),
    (29, "wait", 5, {"start": ("soon",), "end": (None,)}, {}),
    (29, "wait", 5, {"end": ()}, {}),
    (30, "wait", 5, NO_WINDOW, {"window_required": True}),
    (31, "proceed", 0, NO_WINDOW, {}),
    (31, "proceed", 0, {**NO_WINDOW, "approvals": ()}, {"minimum_approvals": 0}),
    (31, "proceed", 0, OVER, {"window": "off"}),
    (32, "proceed", 0, {}, {}),
    (32, "proceed", 0, {"status": replace(IMPLEMENTING, category="new")}, {"window_required": True}),
    (32, "proceed", 0, {"approvals": ()}, {"minimum_approvals": 0}),
    (32, "proceed", 0, {"approvals": (approval(approvers=people("ana", "bob")),)}, {"minimum_approvals": 2}),
    # a policy that is invalid is row 1, wherever it is noticed
    (1, "deny", 2, {}, {"proceed_statuses": ()}),
    (1, "deny", 2, {}, {"wait_statuses": ("IMPLEMENTING",)}),
    (1, "deny", 2, {}, {"wait_statuses": ("10003",)}),
    (1, "deny", 2, {}, {"minimum_approvals": -1}),
    (1, "deny", 2, {}, {"window": "off", "window_required": True}),
]


@pytest.mark.parametrize(("row", "result", "code", "changes", "demands"), TABLE)
def test_each_row_of_the_table(
    row: int, result: str, code: int, changes: dict[str, Any], demands: dict[str, Any]
) -> None:
    decision = decide(replace(READ, **changes), replace(POLICY, **demands))
    assert (decision.row, decision.result, decision.exit) == (row, result, code)


def test_no_row_of_the_round_is_without_a_case() -> None:
    assert {case[0] for case in TABLE} >= set(range(17, 33))


def test_the_results_and_exit_codes_of_all_rows() -> None:
    assert [(row, result, int(code)) for row, (result, code) in ROWS.items()] == [
        *[(1, "deny", 2), (2, "deny", 2), (3, "proceed", 0), (4, "deny", 2), (36, "deny", 2)],
        *[(5, "deny", 6), (38, "deny", 2)],
        *[(6, "deny", 6), (7, "deny", 7), (8, "wait", 7), (9, "deny", 2), (10, "deny", 3)],
        *[(11, "deny", 3), (12, "deny", 3), (13, "deny", 3), (14, "deny", 3), (15, "wait", 4), (16, "wait", 4)],
        *[(17, "wait", 7), (18, "deny", 3), (19, "deny", 3), (20, "deny", 3), (21, "deny", 3)],
        *[(22, "deny", 5), (23, "deny", 5), (24, "wait", 4), (25, "wait", 4), (26, "wait", 4)],
        *[(27, "wait", 4), (28, "wait", 4), (29, "wait", 5), (30, "wait", 5), (37, "wait", 5)],
        *[
            (31, "proceed", 0),
            (32, "proceed", 0),
            (33, "proceed", 0),
            (34, "wait", 4),
            (35, "deny", 3),
            (39, "deny", 7),
        ],
    ]


# What makes each row hold, by what it changes: two rows can both hold when they change different things.
HOLDS: dict[int, dict[str, Any]] = {
    17: {"now": None},
    18: {"category": "done"},
    19: {"approvals": (DECLINED,)},
    20: {"name": "Shelved"},
    21: {"edited": True},
    22: {"window": INVERTED},
    23: {"window": OVER},
    24: {"name": "Review"},
    25: {"category": "undefined"},
    26: {"approvals": (PENDING,)},
    27: {"approvals": ()},
    28: {"approvals": (approval(approvers=people("gate")),), "own_account": "account-gate"},
    29: {"window": LATER},
    30: {"window": NO_WINDOW},
}
PAIRS = [(one, two) for one, two in itertools.combinations(HOLDS, 2) if not HOLDS[one].keys() & HOLDS[two].keys()]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_rows_that_both_hold_the_first_wins(first: int, second: int) -> None:
    changes = {**HOLDS[first], **HOLDS[second]}
    status = replace(
        IMPLEMENTING, name=changes.pop("name", "Implementing"), category=changes.pop("category", "indeterminate")
    )
    read = replace(READ, status=status, **changes.pop("window", {}), **changes)
    assert decide(read, replace(POLICY, window_required=True)).row == first


def test_all_pairs_of_rows_that_can_both_hold_were_tried() -> None:
    # 14 rows make 91 pairs; without 20 and 24, 18 and 25, those of the four about approvals, of the four about windows
    assert len(PAIRS) == 91 - 1 - 1 - 6 - 6


# The table once more, over its own letters, in the words of the specification.
Symbols = dict[str, Any]


def _sat(x: Symbols) -> bool:
    approved = (x["A"] == "ok" and x["n"] >= x["N"]) or (x["A"] == "none" and x["N"] == 0)
    return bool(approved and x["S"] == "P" and x["C"] == "open")


ORACLE: list[tuple[int, Callable[[Symbols], bool]]] = [
    (18, lambda x: x["C"] == "done"),
    (19, lambda x: x["A"] == "decl"),
    (20, lambda x: x["S"] == "O"),
    (21, lambda x: bool(x["edited"])),
    (22, lambda x: x["Win"] == "inv"),
    (23, lambda x: x["Win"] == "after"),
    (24, lambda x: x["S"] == "W"),
    (25, lambda x: x["S"] == "P" and x["C"] == "none"),
    (26, lambda x: x["S"] == "P" and x["A"] == "pend"),
    (27, lambda x: x["S"] == "P" and ((x["A"] == "none" and x["N"] >= 1) or x.get("lacking", False))),
    (28, lambda x: x["S"] == "P" and x["A"] == "ok" and x["n"] < x["N"]),
    (29, lambda x: _sat(x) and x["Win"] in {"bad", "before"}),
    (30, lambda x: _sat(x) and x["Win"] == "none" and x["required"]),
    (31, lambda x: _sat(x) and x["Win"] == "none"),
    (32, lambda x: _sat(x) and x["Win"] == "in"),
]
STATUSES = {"P": IMPLEMENTING, "W": REVIEW, "O": SHELVED}
CATEGORIES: dict[str, list[str | None]] = {
    "done": ["done"],
    "open": ["new", "indeterminate"],
    "none": ["undefined", None],
}
OURS = (Approver(GATE, "approved", "Gate"),)
APPROVALS: dict[str, dict[int, tuple[Approval, ...]]] = {
    "none": {0: ()},
    "ok": {
        0: (approval(approvers=OURS),),
        1: (approval(approvers=(*OURS, *people("ana"))),),
        2: (approval(approvers=people("ana")), approval("Peer", approvers=people("bob", "ana"), number="2")),
    },
    "pend": {0: (PENDING,), 1: (approval("Peer", number="2"), PENDING)},
    "decl": {0: (DECLINED,), 1: (approval("Peer", number="2"), DECLINED, approval("IT", "pending", number="3"))},
}
WINDOWS: dict[str, list[tuple[object, object]]] = {
    "none": [(None, None)],
    "before": [(jira(1), None), (jira(1), jira(9)), (jira(9), jira(9))],
    "in": [(jira(0), None), (None, jira(0)), (jira(0), jira(0)), (jira(-1), jira(1))],
    "after": [(None, jira(-1)), (jira(-9), jira(-1)), ("soon", jira(-1)), ("", jira(-1)), (jira(-9), jira(-9))],
    "inv": [(jira(9), jira(1)), (jira(-1), jira(-9)), (jira(1), jira(-1))],
    "bad": [
        ("soon", None),
        (None, ""),
        ("soon", jira(0)),
        (jira(9), "soon"),
        (jira(-9), "soon"),
        ("a", "b"),
        (7, None),
    ],
}
STATES = [(state, n) for state, counts in APPROVALS.items() for n in counts]
EVERYTHING = list(itertools.product("PWO", CATEGORIES, STATES, WINDOWS, (0, 1, 2), (False, True), (False, True)))


def _expected(x: Symbols) -> int:
    return next(row for row, holds in ORACLE if holds(x))


@pytest.mark.parametrize("window", WINDOWS)
def test_every_combination_is_decided_as_the_table_says(window: str) -> None:
    for standing, category, (state, n), win, minimum, required, edited in EVERYTHING:
        if win != window:
            continue
        conditions = {"S": standing, "C": category, "A": state, "n": n, "N": minimum, "Win": win}
        row = _expected({**conditions, "required": required, "edited": edited})
        policy = replace(POLICY, minimum_approvals=minimum, window_required=required)
        for key, (start, end) in itertools.product(CATEGORIES[category], WINDOWS[win]):
            status = replace(STATUSES[standing], category=key)
            approvals = APPROVALS[state][n]
            read = replace(READ, status=status, approvals=approvals, start=(start,), end=(end,), edited=edited)
            assert decide(read, policy).row == row, (conditions, required, edited, start, end)
            assert decide(replace(read, now=None), policy).row == 17


def test_every_combination_of_letters_alone_is_the_row_of_the_table() -> None:
    standings: dict[str, Any] = {"P": "proceed", "W": "wait", "O": "other"}
    states: tuple[Any, ...] = ("none", "ok", "pend", "decl")
    categories: tuple[Any, ...] = tuple(CATEGORIES)
    windows: tuple[Any, ...] = tuple(WINDOWS)
    flags = (False, True)
    for s, c, a, n, minimum, win, required, edited, lacking in itertools.product(
        standings, categories, states, range(3), range(3), windows, flags, flags, flags
    ):
        row = row_of(Conditions(standings[s], c, a, n, minimum, win, required, edited, lacking))
        conditions = {"S": s, "C": c, "A": a, "n": n, "N": minimum, "Win": win, "required": required, "edited": edited}
        assert row == _expected({**conditions, "lacking": lacking}), (conditions, lacking)


@pytest.mark.parametrize(
    ("status", "proceed", "wait", "row"),
    [
        (Status("10003", "IMPLEMENTING", "new"), ("Implementing",), (), 32),
        (Status("10003", "Implementing ", "new"), ("implementing",), (), 32),
        (Status("10003", "In\u00a0Umsetzung", "new"), ("in umsetzung",), (), 32),
        (Status("10003", "In Umsetzung", "new"), ("10003",), (), 32),
        (Status("10003", "In Umsetzung", "new"), ("Implementing", "10003"), (), 32),
        (Status("10003", "In Umsetzung", "new"), ("Implementing",), ("10003",), 24),
        (Status("3", "Implementing", "new"), ("10003",), (), 20),
        (Status("1", "3", "new"), ("3",), (), 20),
        (Status("1", "3", "new"), ("1",), ("3",), 32),
        (Status("3", "Review", "new"), ("Implementing",), ("3",), 24),
        (Status("10003", "Implementing now", "new"), ("Implementing",), (), 20),
        (Status("10003", "Implementin", "new"), ("Implementing",), (), 20),
        (Status("10003", "Cancelled", "new"), ("Implementing",), ("Canceled",), 20),
        (Status("10003", "Implementing", "new"), ("Implementing",), ("10003",), 1),
        (Status("10003", "Implementing", "new"), ("10003",), ("implementing",), 1),
    ],
)
def test_a_status_is_known_by_its_name_in_any_case_or_by_its_id_and_never_by_both(
    status: Status, proceed: tuple[str, ...], wait: tuple[str, ...], row: int
) -> None:
    policy = replace(POLICY, proceed_statuses=proceed, wait_statuses=wait)
    assert decide(replace(READ, status=status), policy).row == row


@pytest.mark.parametrize(
    ("seconds", "row"),
    [(-3601, 29), (-3600, 32), (-3599, 32), (0, 32), (3599, 32), (3600, 32), (3601, 23)],
)
def test_the_edges_of_the_window_belong_to_it(seconds: int, row: int) -> None:
    assert decide(replace(READ, now=at(seconds)), POLICY).row == row


def test_somebody_who_is_excluded_makes_no_quorum() -> None:
    deployer = Excluded("the deployer octocat", "account-ana")
    assert decide(replace(READ, excluded=(deployer,)), POLICY).row == 28
    assert decide(replace(READ, excluded=(replace(deployer, account="account-bob"),)), POLICY).row == 32
    assert decide(replace(READ, excluded=(replace(deployer, account=None),)), POLICY).row == 28
    assert decide(replace(READ, own_account=None), POLICY).row == 28


@pytest.mark.parametrize(
    ("status", "first", "row"),
    [
        ("allowed", True, 33),
        ("allowed", False, 33),
        ("awaiting", False, 34),
        (None, True, 34),
        (None, False, 35),
        (None, None, 35),
        (None, "no", 35),
        ("prevented", False, 35),
        ("expired", True, 35),
        ("invalid", True, 35),
        ("", True, 35),
        ("Allowed", True, 35),
        ("allowed ", True, 35),
        (True, True, 35),
        (["allowed"], True, 35),
        ({}, True, 35),
        (0, True, 35),
    ],
)
def test_what_jiras_own_gating_says(status: Any, first: Any, row: int) -> None:
    decision = decide_gating(status, first=first)
    assert (decision.row, decision.result, decision.exit) == (row, *ROWS[row])
    assert decision.reason


def test_jiras_own_gating_names_its_changes() -> None:
    assert decide_gating("awaiting", first=False, keys=["OPS-7", "OPS-8"]).reason == (
        "Jira waits for OPS-7, OPS-8: have it approved there."
    )
    assert decide_gating("allowed", first=False, keys=["OPS-7"]).reason == (
        "Jira allows the deployment: OPS-7. Approvals are Jira's business, and not counted."
    )
    assert decide_gating("expired", first=False).reason == (
        "Jira says 'expired'. See the change of this deployment in Jira, then deploy anew."
    )
    assert decide_gating(None, first=False).reason == (
        "Jira does not know the deployment any more. See the change of this deployment in Jira, then deploy anew."
    )
    assert decide_gating(None, first=True).reason == (
        "Jira does not know the deployment yet. Its project has to have deployment gating."
    )


def test_a_decision_that_disagrees_with_the_table_cannot_be_made() -> None:
    for row, result, code in itertools.product(range(42), ("deny", "wait", "proceed"), Exit):
        listed = ROWS.get(row)
        weaker = listed == ("proceed", Exit.OK) and result == "wait" and code in {4, 5, 7}
        weaker = weaker or (row, result, code) == (38, "wait", 7)  # nobody answers what the tag is
        if listed == (result, code) or weaker:
            assert Decision(row, result, code, "so").row == row  # type: ignore[arg-type]
        else:
            with pytest.raises(ValueError, match=f"^row {row} of the gate's table is not {result}, {int(code)}$"):
                Decision(row, result, code, "so")  # type: ignore[arg-type]


def test_a_decision_does_not_change() -> None:
    decision = Decision.of(20, "so")
    assert (decision.result, decision.exit, decision.reason) == ("deny", Exit.DENIED, "so")
    with pytest.raises(FrozenInstanceError):
        decision.result = "proceed"  # type: ignore[misc]
    with pytest.raises(TypeError):
        ROWS[20] = ("proceed", Exit.OK)  # type: ignore[index]


def test_only_a_proceed_with_an_approval_that_counts_is_approved() -> None:
    assert [row for row in ROWS if Decision.of(row, "so").approved] == []
    assert [row for row in ROWS if Decision.of(row, "so", 1).approved] == [31, 32, 33]
    assert not Decision(32, "wait", Exit.WAIT, "a dry run", 1).approved
    assert [row for row in ROWS if not Decision.of(row, "so").controlled] == [3]


def test_without_a_counted_approval_it_proceeds_unapproved_and_says_so() -> None:
    free = replace(POLICY, minimum_approvals=0)
    found = decide(replace(READ, approvals=()), free)
    assert (found.row, found.result, found.approvals, found.approved) == (32, "proceed", 0, False)
    assert "without any approval" in found.reason
    own = decide(replace(READ, approvals=(approval(approvers=(Approver(GATE, "approved", "Gate"),)),)), free)
    assert (own.row, own.result, own.approved) == (32, "proceed", False)
    assert "approved by people who do not count" in own.reason
    counted = decide(READ, POLICY)
    assert (counted.row, counted.approvals, counted.approved) == (32, 1, True)


def test_what_was_edited_after_approval_is_denied_where_the_policy_says_so() -> None:
    late = Edit("Planned end", "account-bob", "Bob", NOW)
    assert decide(replace(READ, edits=(late,)), POLICY).row == 32
    assert decide(READ, replace(POLICY, edits="deny")).row == 32
    found = decide(replace(READ, edits=(late,)), replace(POLICY, edits="deny"))
    assert (found.row, found.exit) == (21, Exit.DENIED)
    assert "(Planned end by Bob at 2026-03-02 12:00 UTC), and the policy says edits: deny" in found.reason
    assert decide(READ, replace(POLICY, edits="perhaps")).row == 1  # type: ignore[arg-type]
    assert decide(replace(READ, edits=None), POLICY).row == 17  # type: ignore[arg-type]


def test_a_question_that_nobody_answers_is_waited_for() -> None:
    unanswered = Decision.unanswered(38, "so")
    assert unanswered == Decision(38, "wait", Exit.NETWORK, "so")
    assert not unanswered.approved
    with pytest.raises(KeyError):
        Decision.unanswered(4, "so")


@pytest.mark.parametrize("differs", [False, True])
@pytest.mark.parametrize("spent", ["", "used", "started"])
@pytest.mark.parametrize("bind", ["commit", "version"])
@pytest.mark.parametrize("reuse", ["open", "once"])
def test_what_the_approval_is_for_decides_in_every_combination(
    differs: bool, spent: Any, bind: Any, reuse: Any
) -> None:
    read = replace(READ, commit_differs=differs, spent=spent)
    denied = (differs and bind == "commit") or (spent and reuse == "once")
    assert decide(read, replace(POLICY, bind=bind, reuse=reuse)).row == (21 if denied else 32)
