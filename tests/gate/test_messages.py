"""Each denial and each wait names the change, what stands in the way, and the one action that mends it."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gate.changes import IMPLEMENTING, NOW, POLICY, READ, REVIEW, SHELVED, approval, at, jira, people
from jira_ci.gate.approvals import Approver, Excluded
from jira_ci.gate.bindings import Binding, Deployed, Scope
from jira_ci.gate.decision import decide
from jira_ci.gate.messages import enumerate_some, incomplete, when
from jira_ci.gate.requirements import Snapshot

PENDING = approval(decision="pending", approvers=people("bob", "ana", decision="pending"))
TWO = {"minimum_approvals": 2}
DEPLOYER = Excluded("the deployer octocat", None, "add octocat to deployers")
NOT_READ = "OPS-7 could not be read completely: "
HERE = Scope("acme/shop", "Web Site", "Prod", "")
OTHER = Binding(HERE, "1.2.3", "a" * 40, "https://ci.example/1")
USED = Deployed(HERE, "1.2.3", "a" * 40, "https://ci.example/2", "2", 1, "x", "successful")
ONCE = {"reuse": "once"}
NOTHING = ". Nothing is decided without it."

SENTENCES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"status": replace(IMPLEMENTING, name="Completed", category="done")},
        {},
        "OPS-7 is in Completed, which is an end, so it allows no deployment any more. "
        "Run again for another change; if the setting change names this one, name an open one or leave it out.",
    ),
    (
        {
            "approvals": (
                approval("CAB", "declined", (*people("bob", decision="declined"), *people("ana"))),
                approval("Peer", number="2"),
            )
        },
        {},
        "OPS-7 is in Implementing, and was declined: CAB (Bob). Have it approved anew in Jira, or close it "
        "and run again for another change.",
    ),
    (
        {"status": SHELVED},
        {"proceed_statuses": ("Implementing", "Rolling out")},
        "OPS-7 is in Shelved (id 10009), which is neither in proceed-statuses nor in wait-statuses. "
        "Move it to Implementing or Rolling out, or add its status to one of the two in the policy.",
    ),
    (
        {"edited": True},
        {},
        "OPS-7 was edited after it was approved. Close it and run again for another change.",
    ),
    (
        {"commit_differs": True, "edited": True, "commit": "b" * 40, "other": OTHER},
        {},
        f"OPS-7 is for commit {'a' * 40} (run https://ci.example/1), and commit {'b' * 40} is deployed. Deploy the one "
        "that it is for, or an agent of its service desk closes OPS-7, then run again for another change, or somebody "
        "who may run jobs on the default branch takes the pin off: jira-ci gate --environment Prod --unpin OPS-7.",
    ),
    (
        {"spent": "used", "earlier": (USED,)},
        ONCE,
        f"OPS-7 was used up by run https://ci.example/2 (commit {'a' * 40}): reuse is once. Close it and run again for "
        "another change.",
    ),
    (
        {"spent": "started", "earlier": (replace(USED, outcome="started"),)},
        ONCE,
        f"OPS-7 allows one deployment (reuse: once), and run https://ci.example/2 (commit {'a' * 40}) began one whose "
        "outcome is not known. If that run is over, run jira-ci reconcile --environment Prod --change OPS-7, then run "
        "again.",
    ),
    (
        {"start": (jira(90),), "end": (jira(60),)},
        {},
        "OPS-7 is in Implementing, but its Planned start (2026-03-02 12:01:30 UTC) is after its Planned end "
        "(2026-03-02 12:01 UTC). "
        "Put them in order, then re-run.",
    ),
    (
        {"end": (jira(-3600),), "start": (None,)},
        {"window": ("Beginn", "Ende\n")},
        "OPS-7 is in Implementing, but its window is over. Extend Ende\\n of OPS-7 (now 2026-03-02 11:00 "
        "UTC), then re-run.",
    ),
    (
        {"status": REVIEW},
        {},
        "OPS-7 is in Review, approved by Ana; an agent of OPS must move OPS-7 to Implementing, "
        "or Review must be added to proceed-statuses.",
    ),
    (
        {"status": REVIEW},
        TWO,
        "OPS-7 is in Review. Have it approved in Jira; then an agent of OPS must move OPS-7 to Implementing.",
    ),
    (
        {"status": REVIEW, "approvals": ()},
        {"minimum_approvals": 0},
        "OPS-7 is in Review. Have it approved in Jira; then an agent of OPS must move OPS-7 to Implementing.",
    ),
    (
        {"status": REVIEW, "approvals": (approval("Peer", number="2"), PENDING)},
        {},
        "OPS-7 is in Review, and waits for approval: CAB (Ana, Bob) must answer in Jira. "
        "Then an agent of OPS must move OPS-7 to Implementing.",
    ),
    (
        {"status": replace(IMPLEMENTING, category="undefined")},
        {},
        "OPS-7 is in Implementing, which is one of proceed-statuses, but Jira has no category for it, so it is unknown "
        "whether it is open. Give the status a category in Jira's workflow.",
    ),
    (
        {"approvals": (approval("Peer", "pending", approvers=(), number="2", minutes=3), PENDING)},
        {},
        "OPS-7 is in Implementing, and waits for approval: "
        "CAB (Ana, Bob), Peer (it has no approvers: name some) must answer in Jira.",
    ),
    (
        {"approvals": ()},
        {},
        "OPS-7 is in Implementing, but it has no approval, and minimum-approvals is 1. "
        "Have it approved in Jira: its workflow needs an approval step.",
    ),
    (
        {},
        TWO,
        "OPS-7 is in Implementing, approved by Ana, which makes 1 of minimum-approvals: 2. Have more people "
        "approve it in Jira.",
    ),
    (
        {"excluded": (DEPLOYER,), "approvals": (approval(approvers=people("bob", "ana")),)},
        {},
        "OPS-7 is in Implementing, approved by people who do not count, which makes 0 of minimum-approvals: "
        "1. Does not count: "
        "Ana (the account of the deployer octocat is not known: add octocat to deployers), "
        "Bob (the account of the deployer octocat is not known: add octocat to deployers). "
        "Have more people approve it in Jira.",
    ),
    (
        {"own_account": "account-ana", "approvals": (approval(approvers=people("bob", "ana")),)},
        TWO,
        "OPS-7 is in Implementing, approved by Bob, which makes 1 of minimum-approvals: 2. Does not count: "
        "Ana (the gate itself). "
        "Have more people approve it in Jira.",
    ),
    (
        {"start": ("soon",)},
        {},
        "OPS-7 is in Implementing, but Planned start holds 'soon', which is no date and time with an offset, "
        "so it is unknown whether its window is open. "
        "Set it in Jira, or name the site's own field under window in the policy (off if it has none).",
    ),
    (
        {"end": ()},
        {},
        "OPS-7 is in Implementing, but Planned end is no field of this change, so it is unknown whether its window "
        "is open. "
        "Set it in Jira, or name the site's own field under window in the policy (off if it has none).",
    ),
    (
        {"start": (jira(3600),), "end": (None,)},
        {},
        "OPS-7 is in Implementing, approved by Ana, but its window begins at 2026-03-02 13:00 UTC. "
        "Wait for it, or set Planned start earlier.",
    ),
    (
        {"start": (None,), "end": (None,)},
        {"window_required": True},
        "OPS-7 is in Implementing, approved by Ana, but has no window, and window-required is true. "
        "Set its Planned start and Planned end.",
    ),
    ({"start": (None,), "end": (None,)}, {}, "OPS-7 is in Implementing, approved by Ana, and has no window."),
    (
        {"approvals": ()},
        {"minimum_approvals": 0, "window": "off"},
        "OPS-7 is in Implementing, without any approval, and has no window.",
    ),
    ({}, {}, "OPS-7 is in Implementing, approved by Ana, in its window until 2026-03-02 13:00 UTC."),
    (
        {"end": (None,), "own_account": "account-ana"},
        {"minimum_approvals": 0},
        "OPS-7 is in Implementing, approved by people who do not count, in its window.",
    ),
    # what is missing
    (
        {"now": None},
        {},
        f"{NOT_READ}Jira's answer has no Date, which every proxy on the way has to let through{NOTHING}",
    ),
    (
        {"aged": True},
        {},
        f"{NOT_READ}a cache answered (Age) and not Jira: take Jira's address out of the cache{NOTHING}",
    ),
    ({"status": None}, {}, f"{NOT_READ}Jira did not give its status{NOTHING}"),
    ({"status": replace(REVIEW, name=" ")}, {}, f"{NOT_READ}Jira did not give its status{NOTHING}"),
    ({"status": replace(REVIEW, id="")}, {}, f"{NOT_READ}Jira did not give its status{NOTHING}"),
    (
        {"approvals": None},
        {},
        f"{NOT_READ}its approvals were not found: the gate's account has to be an agent of the service desk{NOTHING}",
    ),
    ({"pages_complete": False}, {}, f"{NOT_READ}a page of its approvals is missing{NOTHING}"),
    ({"excluded": None}, {}, f"{NOT_READ}it is unknown whose approval does not count{NOTHING}"),
    (
        {"edited": None},
        {},
        f"{NOT_READ}its history does not tell whether it was edited after its approval: "
        f"close it, so that another is made{NOTHING}",
    ),
    ({"commit_differs": None}, {}, f"{NOT_READ}it is unknown which commit it was made for{NOTHING}"),
    ({"spent": None}, {}, f"{NOT_READ}it is unknown what was deployed on it before{NOTHING}"),
    ({}, {"bind": "tag"}, "The policy is invalid: bind has to be commit or version."),
    ({}, {"reuse": True}, "The policy is invalid: reuse has to be open or once."),
    ({"members": None}, {}, f"{NOT_READ}it is unknown who is in the groups of required-approvers{NOTHING}"),
    ({"members": {"": ()}}, {}, f"{NOT_READ}it is unknown who is in the groups of required-approvers{NOTHING}"),
    ({"members": {"a": "bc"}}, {}, f"{NOT_READ}it is unknown who is in the groups of required-approvers{NOTHING}"),
    ({"members": {"a": ("b",)}}, {}, f"{NOT_READ}it is unknown who is in the groups of required-approvers{NOTHING}"),
    ({"edits": None}, {}, f"{NOT_READ}it is unknown what was edited after its approval{NOTHING}"),
    ({}, {"edits": "perhaps"}, "The policy is invalid: edits has to be say or deny."),
    ({}, {"required_approvals": "CAB"}, "The policy is invalid: required-approvals has to be a list of names."),
    (
        {},
        {"required_approvers": ("ana",)},
        "The policy is invalid: required-approvers has to be a list of account ids and groups.",
    ),
    ({"gaps": None}, {}, f"{NOT_READ}it is unknown what else is missing{NOTHING}"),
    ({"gaps": ("a", "b")}, {}, f"{NOT_READ}a; b{NOTHING}"),
    ({"key": " "}, {}, f"The change could not be read completely: the change has no key{NOTHING}"),
    (
        {"approvals": (approval(decision="waived"),)},
        {},
        f"{NOT_READ}the approval 'CAB' holds the decision 'waived', which is none that jira-ci knows{NOTHING}",
    ),
    # a policy that cannot be meant
    (
        {},
        {"proceed_statuses": "Implementing"},
        "The policy is invalid: proceed-statuses and wait-statuses have to be lists of names or ids.",
    ),
    (
        {},
        {"wait_statuses": None},
        "The policy is invalid: proceed-statuses and wait-statuses have to be lists of names or ids.",
    ),
    (
        {},
        {"proceed_statuses": ()},
        "The policy is invalid: proceed-statuses is empty, so nothing could ever be deployed: name a status.",
    ),
    (
        {},
        {"proceed_statuses": ("B", "A"), "wait_statuses": ("b", "a")},
        "The policy is invalid: 'a' is in proceed-statuses and in wait-statuses: take it out of one.",
    ),
    (
        {},
        {"wait_statuses": ("10003",)},
        "The policy is invalid: Implementing is in proceed-statuses and in wait-statuses.",
    ),
    (
        {},
        {"minimum_approvals": True},
        "The policy is invalid: minimum-approvals has to be a whole number, 0 or more.",
    ),
    (
        {},
        {"window": ("Planned start",)},
        "The policy is invalid: window has to name the fields of start and end, or be off.",
    ),
    ({}, {"window_required": 1}, "The policy is invalid: window-required has to be true or false."),
    (
        {},
        {"window": "off", "window_required": True},
        "The policy is invalid: window is off, but window-required is true: change one of them.",
    ),
]


@pytest.mark.parametrize(("changes", "demands", "sentence"), SENTENCES)
def test_what_the_gate_says(changes: dict[str, Any], demands: dict[str, Any], sentence: str) -> None:
    assert decide(replace(READ, **changes), replace(POLICY, **demands)).reason == sentence


def test_an_error_inside_asks_to_be_reported() -> None:
    assert decide(None, POLICY).reason == (  # type: ignore[arg-type]
        "The change could not be read completely: jira-ci cannot judge what was read (AttributeError), "
        "which is a bug: please report it. Nothing is decided without it."
    )


def test_strangers_text_is_harmless_in_a_line() -> None:
    nasty = "x\n::error::\x1b[31m##[group]\u202e" + "y" * 500
    asked = (Approver("account-eve", "pending", nasty),)
    spoilt: list[Snapshot] = [
        replace(READ, key=nasty, status=replace(SHELVED, name=nasty, id=nasty)),
        replace(READ, key=nasty, approvals=(approval(nasty, "pending", asked),)),
        replace(READ, key=nasty, approvals=(approval(nasty, nasty, asked),)),
        replace(READ, key=nasty, start=(nasty,)),
    ]
    for read in spoilt:
        reason = decide(read, replace(POLICY, window=(nasty, nasty))).reason
        assert not {"\n", "\x1b", "\u202e"} & set(reason)
        assert "##[" not in reason
        assert "x\\n::error" in reason
        assert len(reason) < 1500


def test_long_words_are_cut() -> None:
    assert decide(replace(READ, key="K" * 101, edited=True), POLICY).reason.startswith(f"{'K' * 100}… was edited")
    deployer = Excluded("o" * 300, "account-ana")
    assert f"Ana ({'o' * 200}…)" in decide(replace(READ, excluded=(deployer,)), POLICY).reason
    both = replace(POLICY, proceed_statuses=("s" * 61,), wait_statuses=("s" * 61,))
    assert f"'{'s' * 60}…' is in" in decide(READ, both).reason
    gap = decide(replace(READ, gaps=("g\n" + "g" * 600,)), POLICY).reason
    assert f": g\\n{'g' * 497}…. Nothing" in gap


def test_somebody_without_a_name_is_shown_by_account() -> None:
    read = replace(READ, approvals=(approval(approvers=(Approver("5b10ac8d", "approved", " "),)),))
    assert "approved by 5b10ac8d," in decide(read, POLICY).reason
    read = replace(READ, approvals=(approval(approvers=(Approver(None, "approved"),)),))
    assert "Does not count: None (without account id)." in decide(read, POLICY).reason


def test_of_many_only_the_first_are_named() -> None:
    assert enumerate_some([]) == ""
    assert enumerate_some(["a"]) == "a"
    assert enumerate_some("abcde") == "a, b, c, d, e"
    assert enumerate_some("abcdef") == "a, b, c, d, e, 1 more"
    assert enumerate_some(iter("abcdefgh"), "; ") == "a; b; c; d; e; 3 more"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "2026-03-02 12:00 UTC"),
        (at(5), "2026-03-02 12:00:05 UTC"),
        (at(-3600).astimezone(timezone(timedelta(hours=9))), "2026-03-02 11:00 UTC"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5))), "9999-12-31 23:59:00-05:00"),
        (None, "never"),
    ],
)
def test_moments_in_sentences(moment: datetime | None, text: str) -> None:
    assert when(moment) == text


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system's zone cannot be set for one process")
def test_the_zone_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-9")
    time.tzset()
    try:
        assert when(NOW) == "2026-03-02 12:00 UTC"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("key", [None, "", " ", 7])
def test_a_change_without_a_key_is_still_spoken_of(key: object) -> None:
    assert incomplete(key, ["a page is missing"]) == (
        "The change could not be read completely: a page is missing. Nothing is decided without it."
    )


def test_every_reading_has_its_own_say() -> None:
    # a field that is added to a reading has to be looked at, and this list with it
    assert [field.name for field in fields(Snapshot)] == [
        *["key", "now", "aged", "status", "approvals", "pages_complete", "own_account", "excluded", "members"],
        *["start", "end", "edited", "edits", "commit_differs", "spent", "gaps"],
        # For the record and for sentences.
        *["reporter", "window_fields", "moved", "held", "fixed", "commit", "repository", "other", "earlier"],
    ]


@pytest.mark.parametrize(("changes", "demands", "sentence"), SENTENCES)
def test_each_sentence_about_a_change_names_its_key_and_its_status_and_a_wait_never_says_run_again(
    changes: dict[str, Any], demands: dict[str, Any], sentence: str
) -> None:
    read = replace(READ, **changes)
    decision = decide(read, replace(POLICY, **demands))
    if decision.row >= 18 and decision.row != 21:
        assert read.status is not None
        assert sentence.startswith(f"OPS-7 is in {read.status.name}")
    if decision.result == "wait":
        assert "again" not in sentence
        assert "re-run" not in sentence


def test_a_change_s_key_that_is_none_names_no_desk() -> None:
    assert "an agent of the service desk must move" in decide(replace(READ, key="x", status=REVIEW), POLICY).reason
