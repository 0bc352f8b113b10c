"""What a policy demands by name: approvals, members of groups, single people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gate.changes import BOB, IMPLEMENTING, MANAGERS, POLICY, READ, REVIEW, approval, members, people
from jira_ci.gate.approvals import Approval, Approver, Demand, Excluded, Member, Wanted, demands, review, unknown_groups
from jira_ci.gate.decision import decide

SECURITY: dict[str, Any] = {"required_approvals": ("Security",)}
GROUP: dict[str, Any] = {"required_approvers": (MANAGERS,)}
DEPLOYER = Excluded("the deployer octocat", "account-ana")

SENTENCES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, SECURITY, "The approval Security (required-approvals) is not there: the workflow of OPS-7 has to ask for it."),
    (
        {"approvals": (approval(), approval("Security ", number="2"))},
        SECURITY,
        "The approval Security (required-approvals) is not there, and 'Security ' is another than 'Security': write "
        "one as the other.",
    ),
    (
        {"approvals": (approval("S\u0435curity"), approval("SECURITY", number="2"))},
        SECURITY,
        "and 'SECURITY' is another than 'Security'",
    ),
    (
        {"excluded": (DEPLOYER,)},
        {"required_approvals": ("CAB",), "minimum_approvals": 0},
        "The approval CAB (required-approvals) does not count, given by Ana (the deployer octocat): it has to be asked "
        "for anew, of somebody else.",
    ),
    (
        {"members": members("bob", "carl")},
        GROUP,
        "Nobody of the group release-managers (required-approvers) approved. Bob or Carl can: an approval of OPS-7 has "
        "to ask them.",
    ),
    ({"members": members()}, GROUP, "It has nobody whose approval would count."),
    ({"members": members("ana"), "excluded": (DEPLOYER,)}, {**GROUP, "minimum_approvals": 0}, "It has nobody"),
    (
        {},
        {"required_approvers": (BOB,)},
        "account-bob (required-approvers) did not approve: an approval of OPS-7 has to ask them.",
    ),
    (
        {"excluded": (Excluded("the deployer octocat", "account-bob"),)},
        {"required_approvers": (BOB,)},
        "account-bob (required-approvers) did not approve, and that approval would not count.",
    ),
    ({}, GROUP, "Jira shows the gate's account no group 'release-managers', which required-approvers names."),
    ({"status": REVIEW}, SECURITY, "Have it approved in Jira. The approval Security (required-approvals) is not there"),
    ({"approvals": ()}, SECURITY, "its workflow needs an approval step. The approval Security"),
]


@pytest.mark.parametrize(("changes", "demanded", "sentence"), SENTENCES)
def test_each_sentence_names_what_is_missing_and_who_can_give_it(
    changes: dict[str, Any], demanded: dict[str, Any], sentence: str
) -> None:
    decision = decide(replace(READ, **changes), replace(POLICY, **demanded))
    assert decision.result == "wait"
    assert sentence.rstrip(".") in decision.reason


def told(*approvals: Approval, excluded: tuple[Excluded, ...] = ()) -> tuple[Demand, ...]:
    found = review(approvals, excluded)
    wanted = (MANAGERS, Wanted("account-ana"))
    return demands(found, ("CAB",), wanted, members("bob", "carl"), [one.account for one in excluded])


def test_of_each_demand_it_is_known_who_met_it_and_who_could() -> None:
    both = told(approval(approvers=people("ana", "bob")))
    assert [(one.kind, one.name, one.met, one.could) for one in both] == [
        ("approval", "CAB", True, ()),
        ("group", "release-managers", True, ()),
        ("account", "account-ana", True, ()),
    ]
    assert both[1].by == (Member("account-bob", "Bob"),)
    nobody = told(approval(decision="pending", approvers=people("carl", decision="pending")))
    assert [one.met for one in nobody] == [False, False, False]
    assert [[member.account for member in one.could] for one in nobody] == [
        ["account-carl"],
        ["account-bob", "account-carl"],
        ["account-ana"],
    ]


def test_the_newest_approval_of_a_name_is_the_one_that_has_to_be_there() -> None:
    old, new = approval(number="1", minutes=90), approval(number="2", decision="pending", minutes=10)
    assert not told(old, new)[0].met
    assert told(replace(new, decision="approved", approvers=people("ana")), replace(old, decision="declined"))[0].met


def test_one_person_may_meet_several_demands_and_counts_once() -> None:
    policy = replace(POLICY, required_approvals=("CAB",), **GROUP)
    read = replace(READ, status=IMPLEMENTING, members=members("ana"))
    assert decide(read, policy).row == 32
    assert decide(read, replace(policy, minimum_approvals=2)).row == 28


ANA, CARL = Member("account-ana", "Ana"), Member("account-carl", "Carl")


PENDING = people("carl", decision="pending")


def without(one: str) -> Excluded:
    name, _, why = one.partition(":")
    return Excluded(why or "a deployer", f"account-{name}")


@pytest.mark.parametrize(
    ("approvers", "decision", "excluded", "expected"),
    [
        (people("ana"), "approved", (), Demand("approval", "CAB", by=(ANA,))),
        ((*people("ana"), *PENDING), "approved", (), Demand("approval", "CAB", by=(ANA,))),
        ((*people("ana"), *PENDING), "pending", (), Demand("approval", "CAB", could=(CARL,))),
        (people("ana", "bob"), "approved", ("bob",), Demand("approval", "CAB", by=(ANA,))),
        (
            people("ana", "bob", "carl", "dora"),
            "approved",
            ("ana", "bob", "carl", "dora"),
            Demand("approval", "CAB", uncounted="Ana (a deployer), Bob (a deployer), Carl (a deployer)"),
        ),
        (
            (Approver("account-x", "approved", " "),),
            "approved",
            ("x:" + "y" * 201,),
            Demand("approval", "CAB", uncounted=f"account-x ({'y' * 200}…)"),
        ),
        (
            (Approver("account-x", "approved", "n" * 101),),
            "approved",
            ("x",),
            Demand("approval", "CAB", uncounted=f"{'n' * 100}… (a deployer)"),
        ),
    ],
)
def test_who_gave_an_approval_that_is_demanded_and_who_did_without_counting(
    approvers: tuple[Approver, ...], decision: str, excluded: tuple[str, ...], expected: Demand
) -> None:
    [demand] = demands(
        review([approval(decision=decision, approvers=approvers)], tuple(map(without, excluded))), ("CAB",), (), {}
    )
    assert demand == expected


def test_whoever_was_asked_is_named_and_a_name_that_looks_like_it_is_told() -> None:
    found = review([approval("cab", "pending", people("ana", decision="pending"))], ())
    assert demands(found, ("CAB", "Security"), (Wanted("account-ana"), BOB, MANAGERS), {}) == (
        Demand("approval", "CAB", near="cab"),
        Demand("approval", "Security"),
        Demand("account", "account-ana", could=(ANA,)),
        Demand("account", "account-bob", could=(Member("account-bob"),)),
        Demand("group", "release-managers"),
    )


def test_the_long_name_of_a_group_is_cut() -> None:
    assert list(unknown_groups([MANAGERS, BOB, Wanted(group="g" * 81)], {"release-managers": ()})) == [
        f"Jira shows the gate's account no group '{'g' * 80}…', which required-approvers names"
    ]
