"""The one thing to do when the gate did not proceed: an action for each row of its table, with a link to the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from jira_ci.gate.approvals import review
from jira_ci.gate.decision import Decision
from jira_ci.gate.hearing import Hearing
from jira_ci.gate.reasons import enumerate_some, shown
from jira_ci.run import Run
from jira_ci.summary.parts import Link, Part, Phrase

_CHANGE, _GOAL, _PEOPLE = "{change}", "{goal}", "{people}"
ACTIONS: Mapping[int, str] = MappingProxyType(
    {
        1: "mend the policy or setting that is named above",
        2: "give this environment a rule in the policy",
        4: "correct the name or version that is named above",
        5: "give the job the credentials for Jira, user and token",
        6: "correct the credentials, or what their account may do in Jira",
        7: "correct the site's address in the policy",
        8: "wait until Jira answers",
        9: "correct what Jira refused, in the policy",
        10: "name a change that exists with the setting change",
        11: "look at what became of {change}",
        12: "name a change of the right project and type with the setting change",
        13: "name the version and the environment in {change}",
        14: "close all of these changes but one",
        15: "have {change} approved in Jira{people}",
        16: "make a change in Jira, and have it approved",
        17: "wait until Jira answers completely",
        18: "name an open change with the setting change, or leave it out",
        19: "have {change} approved anew, or close it",
        20: "move {change} to {goal}",
        21: "close {change}, so that another one is made",
        22: "put the window of {change} in order",
        23: "extend the window of {change}",
        24: "have {change} approved{people}, and moved to {goal}",
        25: "give the status of {change} a category in Jira's workflow",
        26: "have {change} approved{people}",
        27: "have {change} approved; its workflow needs an approval step",
        28: "have more people approve {change}",
        29: "wait for the window of {change}, or set it earlier",
        30: "give {change} a window",
        34: "have {change} approved in Jira",
        35: "see {change} in Jira",
        39: "give the job a folder that it can write to",
    }
)
"""What can be done; other rows proceed, and are only weaker because of the circumstances."""


def next_step(case: Hearing, decision: Decision, run: Run, *, dry: bool) -> Phrase:
    """What to do, and then to run again; empty when the gate proceeds."""
    if decision.result == "proceed":
        return ()
    again = "Run this job again"
    if decision.row not in ACTIONS:
        return (f"{again}, without dry-run." if dry else f"{again}.",)
    first, *others = _filled(ACTIONS[decision.row], case)
    action = f"{first[:1].upper()}{first[1:]}" if isinstance(first, str) else first
    last: tuple[Part, ...] = (", then ", Link("run this job again", run.url), ".")
    return (action, *others, *last)


def _filled(action: str, case: Hearing) -> Iterator[Part]:
    text = action.replace(_GOAL, _goal(case)).replace(_PEOPLE, _people(case))
    before, found, after = text.partition(_CHANGE)
    yield before
    if found:
        key = case.change_facts().key
        yield Link(key, case.change_url) if key else "the change"
        yield after


def _goal(case: Hearing) -> str:
    return " or ".join(shown(one) for one in case.policy.proceed_statuses) if case.policy else "the next status"


def _people(case: Hearing) -> str:
    """`` by Ana or Ben``, who did not answer yet; empty when nobody is known."""
    read = case.reading.round if case.reading else None
    if read is None or not read.approvals:
        return ""
    asked = {
        shown(one.name.strip()): None
        for approval in review(read.approvals, read.uncounted).current
        if approval.decision == "pending"
        for one in approval.approvers
        if one.decision == "pending" and one.name.strip()
    }
    return f" by {enumerate_some(asked, ' or ')}" if asked else ""
