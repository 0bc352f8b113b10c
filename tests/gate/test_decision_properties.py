"""What holds for every change and every policy, also those that nobody thought of."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from gate.changes import BOB, GATE, MANAGERS, NOW, at, jira, members
from jira_ci.gate.approvals import Approval, Approver, Excluded, Wanted
from jira_ci.gate.decision import Decision, decide
from jira_ci.gate.requirements import Requirements, Snapshot, Status

PROPERTY = settings(max_examples=200, deadline=None)
ACCOUNTS = st.sampled_from(["account-ana", "account-bob", "account-carl", GATE, None])
DECISIONS = st.sampled_from(["approved", "approved", "approved", "declined", "pending"])
ODD_DECISIONS = st.one_of(DECISIONS, st.none(), st.text(max_size=9))
SECONDS = st.sampled_from([-7200, -3600, -1, 0, 1, 3600])
EDGES = st.one_of(st.just((None,)), SECONDS.map(lambda seconds: (jira(seconds),)), st.sampled_from([(), ("soon",)]))
STATUSES = st.builds(
    Status,
    id=st.sampled_from(["1", "2", "3"]),
    name=st.sampled_from(["Implementing", "IMPLEMENTING", "Review", "Shelved", "3"]),
    category=st.sampled_from(["new", "indeterminate", "indeterminate", "done", "undefined", None]),
)
POLICIES = st.builds(
    Requirements,
    proceed_statuses=st.sampled_from([("Implementing",), ("implementing", "Shelved"), ("3",)]),
    wait_statuses=st.sampled_from([("Review",), (), ("Review", "2")]),
    minimum_approvals=st.integers(0, 3),
    window=st.sampled_from([("Planned start", "Planned end"), "off"]),
    window_required=st.booleans(),
    bind=st.sampled_from(["commit", "commit", "version"]),
    reuse=st.sampled_from(["open", "once"]),
    required_approvals=st.sampled_from([(), (), ("CAB",), ("CAB", "Peer")]),
    required_approvers=st.sampled_from([(), (), (Wanted("account-ana"),), (MANAGERS,), (MANAGERS, BOB)]),
)


def _approvals(decisions: st.SearchStrategy[str | None]) -> st.SearchStrategy[Approval]:
    approvers = st.lists(st.builds(Approver, account=ACCOUNTS, decision=decisions), min_size=1, max_size=3).map(tuple)
    return st.builds(
        Approval,
        id=st.uuids().map(str),
        name=st.sampled_from(["CAB", "Peer", "IT"]),
        decision=decisions,
        created=st.integers(-9, -1).map(at),
        completed=st.one_of(st.none(), st.just(NOW)),
        approvers=approvers,
    )


def _approved(decision: Approval) -> Approval:
    """An approval without contradictions."""
    answers = tuple(replace(one, decision=decision.decision) for one in decision.approvers)
    return replace(decision, approvers=answers)


def _rounds(approvals: st.SearchStrategy[Approval]) -> st.SearchStrategy[Snapshot]:
    return st.builds(
        Snapshot,
        key=st.just("OPS-7"),
        now=st.just(NOW),
        aged=st.just(False),
        status=STATUSES,
        approvals=st.lists(approvals, max_size=4).map(tuple),
        pages_complete=st.just(True),
        own_account=st.just(GATE),
        excluded=st.sampled_from([(), (), (Excluded("the reporter", "account-ana"),), (Excluded("x", None),)]),
        members=st.sampled_from([{}, members("ana"), members("bob", "carl"), members("ana", "bob", "carl")]),
        start=EDGES,
        end=EDGES,
        edited=st.sampled_from([False, False, False, True, None]),
        commit_differs=st.sampled_from([False, False, False, True]),
        spent=st.sampled_from(["", "", "used", "started"]),
        gaps=st.just(()),
    )


CLEAR = _approvals(DECISIONS).map(_approved)
READINGS = st.one_of(_rounds(CLEAR), _rounds(CLEAR), _rounds(_approvals(ODD_DECISIONS)))
# Most of the above never proceeds; of these about half does.
LIKELY = st.builds(
    lambda read, start, end: replace(
        read, status=Status("3", "Implementing", "new"), edited=False, start=start, end=end
    ),
    READINGS,
    st.sampled_from([(None,), (jira(-1),)]),
    st.sampled_from([(None,), (jira(1),)]),
)
ANY = st.one_of(READINGS, LIKELY)


def _proceeds(decision: Decision) -> bool:
    event(decision.result)
    return decision.result == "proceed"


@PROPERTY
@given(ANY, POLICIES)
def test_a_deployment_begins_only_with_everything_in_order(read: Snapshot, policy: Requirements) -> None:
    if not _proceeds(decide(read, policy)):
        return
    assert read.status is not None
    assert read.approvals is not None
    assert read.status.category in {"new", "indeterminate"}
    assert {read.status.name.lower(), read.status.id} & {one.lower() for one in policy.proceed_statuses}
    assert not {read.status.name, read.status.id} & set(policy.wait_statuses)
    assert read.edited is False
    assert policy.bind == "version" or read.commit_differs is False
    assert policy.reuse == "open" or read.spent == ""
    newest = {}
    for approval in sorted(read.approvals, key=lambda one: one.created or NOW):
        newest[approval.name] = approval
    assert {approval.decision for approval in newest.values()} <= {"approved"}
    people = {one.account for each in newest.values() for one in each.approvers if one.decision == "approved"}
    people -= {None, GATE, *(one.account for one in read.excluded)}
    if any(one.account is None for one in read.excluded):
        people.clear()
    assert len(people) >= policy.minimum_approvals
    assert newest or policy.minimum_approvals == 0
    for name in policy.required_approvals:
        assert people & {one.account for one in newest[name].approvers if one.decision == "approved"}
    for wanted in policy.required_approvers:
        accounts = {one.account for one in read.members[wanted.group]} if wanted.group else {wanted.account}
        assert people & accounts
    if policy.window == "off":
        return
    assert read.start in {(None,), (jira(-7200),), (jira(-3600),), (jira(-1),), (jira(0),)}
    assert read.end in {(None,), (jira(0),), (jira(1),), (jira(3600),)}
    assert not policy.window_required or (read.start, read.end) != ((None,), (None,))


@PROPERTY
@given(ANY, POLICIES, CLEAR, st.booleans())
def test_a_declined_approval_more_never_opens_the_gate(
    read: Snapshot, policy: Requirements, extra: Approval, contradictory: bool
) -> None:
    declined = replace(extra, decision="declined")
    declined = declined if contradictory else _approved(declined)
    assert read.approvals is not None
    before, after = decide(read, policy), decide(replace(read, approvals=(*read.approvals, declined)), policy)
    assert _proceeds(before) or after.result != "proceed"


@PROPERTY
@given(ANY, POLICIES, CLEAR)
def test_the_newest_approval_declined_always_closes_the_gate(
    read: Snapshot, policy: Requirements, extra: Approval
) -> None:
    assert read.approvals is not None
    declined = _approved(replace(extra, decision="declined", created=NOW))
    assert decide(replace(read, approvals=(*read.approvals, declined)), policy).result != "proceed"


@PROPERTY
@given(ANY, POLICIES, CLEAR)
def test_a_pending_approval_more_never_opens_the_gate(read: Snapshot, policy: Requirements, extra: Approval) -> None:
    assert read.approvals is not None
    # It may supersede what was declined, but then it is what is waited for.
    pending = _approved(replace(extra, decision="pending", created=NOW))
    assert decide(replace(read, approvals=(*read.approvals, pending)), policy).result != "proceed"


@PROPERTY
@given(ANY, POLICIES, CLEAR)
def test_an_approved_approval_less_never_opens_the_gate(read: Snapshot, policy: Requirements, extra: Approval) -> None:
    assert read.approvals is not None
    approved = _approved(replace(extra, name="Another", decision="approved"))
    if not _proceeds(decide(replace(read, approvals=(*read.approvals, approved)), policy)):
        assert decide(read, policy).result != "proceed"


@PROPERTY
@given(ANY, POLICIES, st.integers(0, 3), st.data())
def test_tightening_never_opens_the_gate(read: Snapshot, policy: Requirements, more: int, data: st.DataObject) -> None:
    tighter = [
        (read, replace(policy, minimum_approvals=policy.minimum_approvals + more)),
        (read, replace(policy, window_required=policy.window_required or policy.window != "off")),
        (replace(read, excluded=(*read.excluded, Excluded("the deployer", "account-bob"))), policy),
        (replace(read, excluded=(*read.excluded, Excluded("the deployer", None))), policy),
        (read, replace(policy, wait_statuses=(*policy.wait_statuses, "Shelved"))),
        (read, replace(policy, bind="commit")),
        (read, replace(policy, reuse="once")),
        (read, replace(policy, required_approvals=(*policy.required_approvals, "IT"))),
        (read, replace(policy, required_approvers=(*policy.required_approvers, MANAGERS))),
        (read, replace(policy, required_approvers=(*policy.required_approvers, Wanted("account-carl")))),
        (replace(read, members={**read.members, **members()}), policy),
        (replace(read, commit_differs=True), policy),
        (replace(read, spent="used"), policy),
        (replace(read, spent="started"), policy),
    ]
    assert _proceeds(decide(read, policy)) or decide(*data.draw(st.sampled_from(tighter))).result != "proceed"


@PROPERTY
@given(ANY, POLICIES, st.data())
def test_a_gap_never_opens_the_gate(read: Snapshot, policy: Requirements, data: st.DataObject) -> None:
    gaps: list[dict[str, Any]] = [
        {"now": None},
        {"aged": True},
        {"status": None},
        {"approvals": None},
        {"pages_complete": False},
        {"edited": None},
        {"commit_differs": None},
        {"spent": None},
        {"spent": "unused"},
        {"gaps": ("a page was cut",)},
        {"members": None},
        {"key": " "},
    ]
    decision = decide(replace(read, **data.draw(st.sampled_from(gaps))), policy)
    assert (decision.row, decision.exit) in {(17, 7), (1, 2)}


@PROPERTY
@given(ANY, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_approvals_and_approvers_changes_nothing(
    read: Snapshot, policy: Requirements, shuffler: random.Random
) -> None:
    assert read.approvals is not None
    shuffled = []
    for approval in shuffler.sample(read.approvals, len(read.approvals)):
        approvers = shuffler.sample(approval.approvers, len(approval.approvers))
        shuffled.append(replace(approval, approvers=tuple(approvers)))
    assert decide(replace(read, approvals=tuple(shuffled)), policy) == decide(read, policy)


@PROPERTY
@given(ANY, POLICIES)
def test_every_decision_is_one_of_the_table_and_says_why(read: Snapshot, policy: Requirements) -> None:
    decision = decide(read, policy)
    assert decision.row == 1 or 17 <= decision.row <= 32
    assert decision.reason.endswith((".", "?"))
    assert "OPS-7" in decision.reason or decision.row == 1
    assert "\n" not in decision.reason


ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=2)),
    max_leaves=5,
)


@PROPERTY
@given(st.builds(Snapshot, **dict.fromkeys(Snapshot.__dataclass_fields__, ODD)), POLICIES)
def test_a_reading_made_of_anything_never_opens_the_gate(read: Snapshot, policy: Requirements) -> None:
    assert decide(read, policy).row in {1, 17}


@PROPERTY
@given(LIKELY, st.builds(Requirements, **dict.fromkeys(Requirements.__dataclass_fields__, ODD)))
def test_a_policy_made_of_anything_never_opens_the_gate(read: Snapshot, policy: Requirements) -> None:
    assert decide(read, policy).result != "proceed"
