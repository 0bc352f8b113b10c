"""What a policy allows in an emergency, and whom: pure."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate_subjects import Policy
from jira_ci.config.model import parse
from jira_ci.errors import UsageError
from jira_ci.gate.policy.emergency import (
    LONGEST,
    Asker,
    Emergency,
    EmergencyAsked,
    allowed,
    fault,
    reason_of,
    refusal,
    titles,
)
from jira_ci.gate.policy.tightening import RULES, with_own_emergency
from jira_ci.gate.targets import in_emergency
from jira_ci.jira.parse_desk import RequestType

FOUND = Emergency("Emergency change", 1, ("Octocat", "ana"), ("Implementing", "review"), "2d")
ASKED = EmergencyAsked("The shop is down", "octocat", "Emergency change", "2d")
REASON = "The shop is down"
POLICY = Policy(emergency=FOUND, minimum_approvals=2, window_required=True, origins={"emergency": "a file line 3"})
USUAL = ["Implementing"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The shop is down", "The shop is down"),
        ("  The\n shop\tis   down ", "The shop is down"),
        ("The shop is ::down", "The shop is ::down"),
        ("::error::the shop is down", ": :error::the shop is down"),
        ("now", ""),
        ("one two", ""),
        ("a b c d", ""),
        ("123 456 789 012", ""),
        ("the shop 1", ""),
        ("abc def ghij", "abc def ghij"),
        ("abc def ghi", ""),
        ("\u202ethe shop is down", "\\u202ethe shop is down"),
        ("サーバーが止まっている", "サーバーが止まっている"),
        ("サーバー", ""),
        ("", ""),
        ("the shop is " + "x" * (LONGEST - 12), "the shop is " + "x" * (LONGEST - 12)),
        ("the shop is " + "x" * (LONGEST - 11), ""),
        ("the shop is down " + "\u202e" * 400, "the shop is down " + ("\\u202e" * 400)[: 2 * LONGEST - 17] + "…"),
    ],
)
def test_a_reason(text: str, reason: str) -> None:
    assert reason_of(text) == reason


BY = "An emergency is asked for by"
NAMED = "One of these has to start a run; who was renamed is named anew in the policy."
NONE = "An emergency is asked for, and the policy has none for this environment"
SHORT = "An emergency is asked for without a reason. Say what cannot wait, in 3 words or more, and in no more than 500"
ANA = "and the policy names Octocat, ana"
NOWHERE = replace(POLICY, emergency=None)
TEAMS = replace(POLICY, emergency=replace(FOUND, teams=("acme/sre",)))


@pytest.mark.parametrize(
    ("policy", "reason", "asker", "said"),
    [
        (POLICY, REASON, Asker(("octocat",)), ""),
        (POLICY, REASON, Asker(("OCTOCAT", "Ana")), ""),
        (POLICY, REASON, Asker(("octocat", "bob")), f"{BY} bob, {ANA} (a file line 3). {NAMED}"),
        (POLICY, REASON, Asker(("eve", "bob")), f"{BY} eve and bob, {ANA} (a file line 3). {NAMED}"),
        (replace(POLICY, origins={}), REASON, Asker(), f"{BY} nobody, {ANA} (emergency.who). {NAMED}"),
        (POLICY, REASON, Asker(("octocat",), "GitLab is silent."), "An emergency is asked for, and GitLab is silent."),
        (TEAMS, REASON, Asker(("bob", "octocat"), in_teams=("bob",)), ""),
        (
            TEAMS,
            REASON,
            Asker(("bob", "eve"), in_teams=("bob",)),
            f"{BY} eve, {ANA}, the team acme/sre (a file line 3). {NAMED}",
        ),
        (POLICY, "", Asker(("octocat",)), f"{SHORT} characters."),
        (NOWHERE, REASON, Asker(("octocat",)), f"{NONE} (a file line 3). Leave emergency out."),
        (replace(NOWHERE, origins={"emergency": "default"}), REASON, Asker(), f"{NONE}. Leave emergency out."),
        (replace(NOWHERE, origins={}), REASON, Asker(), f"{NONE}. Leave emergency out."),
        (
            replace(POLICY, gate_by="jira"),
            REASON,
            Asker(("octocat",)),
            "An emergency is asked for, and Jira's own gating decides (gate-by: jira), which knows none.",
        ),
    ],
)
def test_why_there_is_none(policy: Policy, reason: str, asker: Asker, said: str) -> None:
    assert refusal(policy.emergency, policy.gate_by, policy.origins.get("emergency", ""), reason, asker) == said


WRITTEN = {"request-type": "E", "minimum-approvals": 2, "who": ["ana"], "review-within": "1h"}


@pytest.mark.parametrize(
    ("emergency", "found"),
    [
        ("off", None),
        (None, None),
        (WRITTEN, Emergency("E", 2, ("ana",), ("Go",), "1h")),
        (
            {**WRITTEN, "who": [{"team": "acme/sre"}, "ana", {"team": "acme/db"}]},
            Emergency("E", 2, ("ana",), ("Go",), "1h", ("acme/sre", "acme/db")),
        ),
        ({**WRITTEN, "proceed-statuses": ["Now"]}, Emergency("E", 2, ("ana",), ("Now",), "1h")),
    ],
)
def test_what_is_allowed(emergency: Any, found: Emergency | None) -> None:
    assert allowed({"emergency": emergency, "proceed-statuses": ["Go"]}) == found
    assert allowed({"proceed-statuses": ["Go"]}) is None


@pytest.mark.parametrize(
    ("own", "statuses", "said"),
    [
        ({"who": ["ana"]}, ["Go"], {"minimum-approvals": 1, "review-within": "2d", "proceed-statuses": ["Go"]}),
        ({"who": ["ana"], "minimum-approvals": 0, "review-within": "1h"}, [], {}),
        ({"who": ["ana"], "proceed-statuses": ["Now"]}, ["Go"], {"minimum-approvals": 1, "review-within": "2d"}),
    ],
)
def test_what_a_source_leaves_out_is_said_as_well(own: dict[str, Any], statuses: list[str], said: Any) -> None:
    assert with_own_emergency({"create": True, "emergency": own}, statuses) == {
        "create": True,
        "emergency": {**own, **said},
    }
    assert with_own_emergency({"emergency": "off"}, statuses) == {"emergency": "off"}


@pytest.mark.parametrize(("minimum", "needed"), [(None, 1), (0, 1), (3, 3)])
def test_the_policy_in_an_emergency(minimum: int | None, needed: int) -> None:
    relaxed = ("bind: version", "minimum-approvals: 0", "window: off")
    before = replace(POLICY, relaxed=relaxed, title="T {version}", in_force={"edits": "deny", "window": {}})
    found = in_emergency(before, ASKED, minimum)
    assert (found.request_type, found.title, found.minimum_approvals) == (
        "Emergency change",
        "Emergency: T {version}",
        needed,
    )
    assert (found.window, found.window_required, found.proceed_statuses) == (None, False, ("Implementing", "review"))
    assert found.wait_statuses == ("Planning", "Authorize", "Awaiting implementation")
    assert found.relaxed == ("bind: version", "emergency: no window, no freeze")
    assert found.emergency_asked is ASKED
    decides = {
        "request-type": "Emergency change",
        "title": "Emergency: T {version}",
        "proceed-statuses": ["Implementing", "review"],
        "wait-statuses": ["Planning", "Authorize", "Awaiting implementation"],
        "minimum-approvals": needed,
        "window": "off",
        "window-required": False,
    }
    assert found.in_force == {"edits": "deny", **decides}
    assert found.origins == {**before.origins, **dict.fromkeys(decides, "the emergency")}
    kept = {
        "exclude_approvers",
        "edits",
        "watched_fields",
        "bind",
        "reuse",
        "create",
        "change",
        "issue_types",
        "comments",
    }
    assert all(getattr(found, name) == getattr(before, name) for name in kept)


def test_one_without_approvals_is_relaxed_and_one_that_is_not_allowed_is_none() -> None:
    none = in_emergency(replace(POLICY, emergency=replace(FOUND, minimum_approvals=0)), ASKED, None)
    assert none.relaxed == ("minimum-approvals: 0", "emergency: no window, no freeze")
    with pytest.raises(ValueError, match=r"^the policy allows no emergency$"):
        in_emergency(replace(POLICY, emergency=None), ASKED, None)


def test_a_request_type_of_its_own() -> None:
    assert "needs a request type of its own" in fault(FOUND, "Emergency change")
    assert (fault(FOUND, POLICY.request_type), fault(None, "x")) == ("", "")


@pytest.mark.parametrize(
    ("wanted", "kind", "is_one"),
    [
        ("Emergency change", RequestType("26", "Emergency change", "1"), True),
        ("Emergency change", RequestType("26", "emergency change", "1"), False),
        ("26", RequestType("26", "Anything", "1"), True),
        ("26", RequestType("7", "26", "1"), False),
        ("Emergency change", None, False),
    ],
)
def test_what_was_requested_as_one(wanted: str, kind: RequestType | None, is_one: bool) -> None:
    assert replace(FOUND, request_type=wanted).is_of_type(kind) is is_one


def test_until_when_somebody_looks_at_it() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
    assert ASKED.review_until(now) == now + timedelta(days=2)
    assert ASKED.facts(now) == {
        "reason": "The shop is down",
        "asker": "octocat",
        "request-type": "Emergency change",
        "review-until": "2026-03-04T12:00:00Z",
    }
    assert ASKED.told(now) == "The shop is down (asked for by octocat, to be reviewed until 2026-03-04 12:00 UTC)"
    assert (ASKED.review_until(None), ASKED.facts(None)["review-until"]) == (None, None)
    assert ASKED.review_until(datetime.max.replace(tzinfo=timezone.utc)) is None
    assert [list(line) for line in ASKED.lines][:2] == [["Emergency: ", REASON], ["Asked for by: ", "octocat"]]


PARTS: dict[str, st.SearchStrategy[Any]] = {
    "minimum-approvals": st.integers(0, 3),
    "proceed-statuses": st.lists(st.sampled_from(["Implementing", "Go", "Ready"]), min_size=1, unique=True),
    "review-within": st.sampled_from(["2d", "48h", "1h", "1w"]),
}
OWN = st.fixed_dictionaries(
    {"request-type": st.just("E"), "who": st.lists(st.sampled_from(["ana", "ANA", "bob"]), min_size=1, unique=True)},
    optional=PARTS,
)
SOURCES = st.lists(
    st.tuples(st.none() | OWN, st.lists(st.sampled_from(["Implementing", "Go"]), min_size=1, unique=True)),
    min_size=1,
    max_size=3,
)


@given(SOURCES)
def test_together_they_allow_no_more_than_each(sources: list[tuple[dict[str, Any] | None, list[str]]]) -> None:
    said = [with_own_emergency({"emergency": own} if own else {}, statuses) for own, statuses in sources]
    values = [one.get("emergency", "off") for one in said]
    merged = allowed({"emergency": functools.reduce(RULES["emergency"].merge, values), "proceed-statuses": USUAL})
    each = [
        allowed({"emergency": value, "proceed-statuses": statuses})
        for value, (_, statuses) in zip(values, sources, strict=True)
    ]
    if any(one is None for one in each):
        assert merged is None
    if merged is None:
        return
    for one in each:
        assert one is not None
        assert {name.lower() for name in merged.who} <= {name.lower() for name in one.who}
        assert set(merged.proceed_statuses) <= set(one.proceed_statuses)
        assert merged.minimum_approvals >= one.minimum_approvals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{who: [ana]}", "lacks request-type"),
        ("{request-type: E}", "lacks who"),
        ("{request-type: E, who: []}", "the list is empty"),
        ("{request-type: E, who: [acme/sre]}", "a team is {team: org/team}, and bots cannot be named"),
        ("{request-type: E, who: [{team: '@acme/sre'}]}", "without @"),
        ("{request-type: E, who: [{team: acme/}]}", "a team as organization/team"),
        ("{request-type: E, who: [{teams: acme/sre}]}", "Did you mean team?"),
        ("{request-type: E, who: [{team: acme/sre}, {team: acme/sre}]}", "twice"),
        ("{request-type: E, who: ['@ana']}", "without @"),
        ("{request-type: E, who: ['dependabot[bot]']}", "bots cannot be named"),
        ("{request-type: E, who: [ana], review-within: 2 days}", "a duration such as 2d"),
        ("{request-type: E, who: [ana], minimum-aprovals: 1}", "Did you mean minimum-approvals?"),
        ("on", "expected off"),
    ],
)
def test_what_cannot_be_meant(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(f"change-control: {{emergency: {text}}}\n".encode(), ".jira-ci.yml")
    assert said in str(error.value)


def test_a_change_has_an_emergency_s_title_only_where_there_are_any() -> None:
    assert titles(None, "Deploy 1.2") == ("Deploy 1.2",)
    assert titles(FOUND, "Deploy 1.2") == ("Deploy 1.2", "Emergency: Deploy 1.2")
