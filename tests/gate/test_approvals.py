"""Which approvals count, and whose."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from gate.changes import GATE, NOW, approval, at, people
from jira_ci.gate.approvals import Approval, Approver, Excluded, review

OURS = Excluded("the gate itself", GATE)
ANA, BOB, CARL = people("ana", "bob", "carl")


TWICE = "the approval 'CAB' was asked for twice at the same moment, and it is unknown which one replaces the other"


def cab(decision: str, minutes: float, number: str) -> Approval:
    return approval("CAB", decision, minutes=minutes, number=number)


@pytest.mark.parametrize(
    ("approvals", "verdict"),
    [
        ((), "none"),
        ((cab("approved", 9, "1"),), "ok"),
        ((cab("pending", 9, "1"),), "pend"),
        ((cab("declined", 9, "1"),), "decl"),
        # one name: the newest counts
        ((cab("declined", 9, "1"), cab("approved", 8, "2")), "ok"),
        ((cab("approved", 9, "1"), cab("declined", 8, "2")), "decl"),
        ((cab("approved", 9, "1"), cab("pending", 8, "2")), "pend"),
        ((cab("declined", 9, "1"), cab("pending", 8, "2")), "pend"),
        ((cab("declined", 9, "1"), cab("pending", 8, "2"), cab("approved", 7, "3")), "ok"),
        # ids and the order of reading say nothing about age
        ((cab("approved", 8, "1"), cab("declined", 9, "2")), "ok"),
        # several names: each has to be approved
        ((approval("Peer"), approval("CAB", number="2")), "ok"),
        ((approval("Peer"), approval("CAB", "pending", number="2")), "pend"),
        ((approval("Peer", "pending"), approval("CAB", "declined", number="2")), "decl"),
        ((approval("Peer", "declined", minutes=9), approval("CAB", number="2", minutes=8)), "decl"),
        # a name in other letters is another name: nothing of it is superseded
        ((approval("cab", "declined", minutes=9), approval("CAB", number="2", minutes=8)), "decl"),
    ],
)
def test_the_newest_of_each_name_counts(approvals: tuple[Approval, ...], verdict: str) -> None:
    for read in itertools.permutations(approvals):
        assert review(read, [OURS]).state == verdict


def test_the_current_approvals_are_those_that_are_not_superseded_oldest_first() -> None:
    old, new, peer = cab("declined", 9, "1"), cab("approved", 3, "2"), approval("Peer", minutes=5, number="3")
    assert review([new, old, peer], [OURS]).current == (peer, new)


@pytest.mark.parametrize(
    ("approvals", "problem"),
    [
        (
            [cab("approved", 9, "1"), cab("approved", 9, "2")],
            TWICE,
        ),
        (
            [cab("declined", 9, "1"), cab("approved", 9, "2"), cab("approved", 10, "3")],
            TWICE,
        ),
        (
            [replace(cab("approved", 9, "1"), created=None)],
            "the approval 'CAB' lacks an id, a name or the date of its creation",
        ),
        (
            [replace(cab("approved", 9, "1"), created=NOW.replace(tzinfo=None))],
            "the approval 'CAB' lacks an id, a name or the date of its creation",
        ),
        ([cab("approved", 9, " ")], "the approval 'CAB' lacks an id, a name or the date of its creation"),
        ([approval(" ")], "the approval ' ' lacks an id, a name or the date of its creation"),
        (
            [cab("approved", 9, "1"), approval("Peer", number="1")],
            "an approval stands on two pages, so others may have been missed",
        ),
        (
            [cab("waived\n", 9, "1")],
            "the approval 'CAB' holds the decision 'waived\\\\n', which is none that jira-ci knows",
        ),
        (
            [approval("C" * 80, approvers=people("ana", decision="maybe"))],
            f"the approval '{'C' * 60}…' holds the decision 'maybe', which is none that jira-ci knows",
        ),
        (
            # also among those that are superseded: who knows what it means
            [cab("waived", 9, "1"), cab("approved", 8, "2")],
            "the approval 'CAB' holds the decision 'waived', which is none that jira-ci knows",
        ),
        ([approval(approvers=())], "the approval 'CAB' says that it is approved, but none of its approvers approved"),
        (
            [approval(approvers=people("ana", decision="pending"))],
            "the approval 'CAB' says that it is approved, but none of its approvers approved",
        ),
        (
            [approval(approvers=(ANA, replace(BOB, decision="declined")))],
            "the approval 'CAB' says that it is approved, but one of its approvers declined",
        ),
    ],
)
def test_what_contradicts_itself_or_is_not_known_is_no_approval(approvals: list[Approval], problem: str) -> None:
    for read in itertools.permutations(approvals):
        found = review(read, [OURS])
        assert (found.state, found.problems, found.people) == ("unclear", (problem,), ())


def test_which_approvals_are_current_is_known_even_when_they_contradict_themselves() -> None:
    old, new = cab("declined", 9, "1"), approval(approvers=(), number="2", minutes=8)
    assert review([old, new], [OURS]).current == (new,)


@pytest.mark.parametrize(
    "unclear",
    [
        approval("C" * 61, approvers=()),
        approval("C" * 61, decision="D" * 61),
        approval("C" * 61, approvers=people("ana", decision="D" * 61)),
    ],
)
def test_long_names_are_cut(unclear: Approval) -> None:
    (problem,) = review([replace(unclear, approvers=unclear.approvers[:1])], [OURS]).problems
    assert f"{'C' * 60}…" in problem
    assert ("D" in problem) == (f"{'D' * 60}…" in problem)


def test_all_problems_are_named() -> None:
    found = review([cab("waived", 9, "1"), replace(approval("Peer"), created=None)], [OURS])
    assert found.problems == (
        "an approval stands on two pages, so others may have been missed",
        "the approval 'CAB' holds the decision 'waived', which is none that jira-ci knows",
        "the approval 'Peer' lacks an id, a name or the date of its creation",
    )
    found = review([approval("b", approvers=()), approval("a", approvers=(), number="2")], [OURS])
    assert [problem[:16] for problem in found.problems] == ["the approval 'a'", "the approval 'b'"]


def test_contradictions_of_superseded_approvals_do_not_matter() -> None:
    superseded = [approval(approvers=(), minutes=9), cab("approved", 9, "2"), cab("approved", 9, "3")]
    assert review([*superseded, cab("approved", 8, "4")], [OURS]).state == "ok"


def test_somebody_may_not_have_answered_where_others_approved() -> None:
    found = review([approval(approvers=(ANA, replace(BOB, decision="pending")))], [OURS])
    assert (found.state, found.people) == ("ok", (ANA,))


def test_people_count_once_however_often_they_approved() -> None:
    approvals = [
        approval("Peer", approvers=(BOB, ANA)),
        approval("CAB", approvers=(replace(ANA, name="A."),), number="2"),
    ]
    found = review(approvals, [OURS])
    assert [person.account for person in found.people] == ["account-ana", "account-bob"]


def test_only_approved_and_current_approvals_have_people_who_count() -> None:
    pending = approval("Peer", "pending", approvers=(CARL,), number="2")
    old = approval("CAB", approvers=(BOB,), minutes=90, number="3")
    found = review([approval("CAB", approvers=(ANA,)), pending, old], [OURS])
    assert found.people == (ANA,)


@pytest.mark.parametrize(
    ("excluded", "counted", "others"),
    [
        ([OURS], "ana bob", []),
        ([OURS, Excluded("the reporter", "account-ana")], "bob", [(ANA, "the reporter")]),
        (
            [OURS, Excluded("the reporter", "account-ana"), Excluded("the deployer octocat", "account-bob")],
            "",
            [(ANA, "the reporter"), (BOB, "the deployer octocat")],
        ),
        ([Excluded("the gate itself", "account-bob")], "ana", [(BOB, "the gate itself")]),
        ([OURS, Excluded("the reporter", "Account-Ana")], "ana bob", []),
        (
            [OURS, Excluded("the reporter", None)],
            "",
            [
                (ANA, "the account of the reporter is not known"),
                (BOB, "the account of the reporter is not known"),
            ],
        ),
        (
            [OURS, Excluded("the deployer octocat", " ", "add octocat to deployers")],
            "",
            [
                (ANA, "the account of the deployer octocat is not known: add octocat to deployers"),
                (BOB, "the account of the deployer octocat is not known: add octocat to deployers"),
            ],
        ),
    ],
)
def test_who_does_not_count(excluded: list[Excluded], counted: str, others: list[tuple[Approver, str]]) -> None:
    found = review([approval(approvers=(BOB, ANA))], excluded)
    assert [person.account for person in found.people] == [f"account-{name}" for name in counted.split()]
    assert list(found.others) == others
    assert found.state == "ok"


@pytest.mark.parametrize("account", [None, "", " "])
def test_somebody_without_an_account_does_not_count(account: str | None) -> None:
    nobody = replace(ANA, account=account)
    found = review([approval(approvers=(nobody, nobody, BOB))], [OURS])
    assert found.people == (BOB,)
    assert found.others == ((nobody, "without account id"),)


def test_those_who_do_not_count_are_named_in_one_order_too() -> None:
    unknown, excluded = Approver(None, "approved", "Ana"), Approver("A1", "approved", "Ana")
    for order in itertools.permutations((unknown, excluded)):
        found = review([approval(approvers=order)], [Excluded("the reporter", "A1")])
        assert [who.account for who, _ in found.others] == [None, "A1"]


def test_people_are_named_in_one_order_whatever_the_order_of_reading() -> None:
    twins = [Approver(account, "approved", "Ana") for account in ("b", "a", "c")]
    unnamed = [Approver(account, "approved") for account in ("z", "y")]
    for order in itertools.permutations((*twins, *unnamed)):
        found = review([approval(approvers=order)], [Excluded("the reporter", "c")])
        assert [person.account for person in found.people] == ["y", "z", "a", "b"]


def test_which_answers_count_for_the_record() -> None:
    old = approval("CAB", approvers=(ANA,), minutes=90)
    new = approval("CAB", approvers=(ANA, BOB, replace(CARL, decision="pending")), number="2")
    pending = approval("Peer", "pending", approvers=(ANA,), number="3")
    found = review([old, new, pending], [OURS, Excluded("the reporter", "account-bob")])
    counted = [(one.id, who.name) for one in (old, new, pending) for who in one.approvers if found.counts(one, who)]
    assert counted == [("2", "Ana")]


def test_when_the_last_approval_that_counts_was_given() -> None:
    first = approval("Peer", approvers=(ANA,), minutes=60)
    second = approval("CAB", approvers=(BOB, CARL), minutes=30, number="2")
    pending = approval("IT", "pending", approvers=(ANA,), minutes=5, number="3")
    assert review([second, first, pending], [OURS]).last_counted == at(-20 * 60)
    assert review([first, second], [OURS, Excluded("the reporter", "account-bob")]).last_counted == at(-20 * 60)
    both = [OURS, Excluded("the reporter", "account-bob"), Excluded("the deployer", "account-carl")]
    assert review([first, second], both).last_counted == at(-50 * 60)
    assert review([second], both).last_counted is None
    assert review([], [OURS]).last_counted is None
    assert review([approval(approvers=())], [OURS]).last_counted is None


@pytest.mark.parametrize("completed", [None, NOW.replace(tzinfo=None)])
def test_an_approval_without_a_readable_end_was_given_when_it_was_asked_for(completed: None) -> None:
    found = review([replace(approval(minutes=30), completed=completed)], [OURS])
    assert found.last_counted == at(-30 * 60)


def test_dates_in_different_zones_are_compared_as_moments() -> None:
    tokyo = timezone(timedelta(hours=9))
    old = replace(cab("approved", 9, "1"), created=at(-9).astimezone(tokyo))
    assert review([old, cab("declined", 0, "2")], [OURS]).state == "decl"
    same = replace(old, id="2", created=at(-9))
    assert review([old, same], [OURS]).state == "unclear"
