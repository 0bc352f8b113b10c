"""What ``check`` asks about one environment's change: the title as it is searched, and whether changes can be read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from jira_ci.checks.line import Line, failed, warning
from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError
from jira_ci.gate import docket
from jira_ci.gate.candidates import Candidates
from jira_ci.gate.change import Change, Finder, Outcome
from jira_ci.gate.creation import shown
from jira_ci.gate.policy import Policy
from jira_ci.gate.round import Reader, Reading
from jira_ci.gate.stakes import Stake
from jira_ci.gate.subject import Subject, fit, seen
from jira_ci.jira import jql
from jira_ci.jira.service import Service
from jira_ci.text import one_line

_NOT_NAMED, _NONE_OPEN = 13, 16
_UNREADABLE = (6, 7, 11, 17)
_MOST = 5  # changes that are read to find one that is open


def change_lines(service: Service, context: Context, stake: Stake, subject: Subject) -> Iterator[Line]:
    """The title, what the search for it found, and a reading of an open change, if there is one."""
    name, policy = one_line(stake.name, 80), stake.policy
    unfit = fit(subject, policy.title, context.run, at=seen(context.git, context.run, context.given.version))
    if not isinstance(unfit, Subject):
        yield Line("gate title", f"{name}: {unfit.reason}", exit=unfit.exit)
        return
    finder = Finder(service, dataclasses.replace(policy, create=False), subject, docket.occasion(context))
    outcome = finder.find()
    yield _found(context, stake, subject, outcome)
    if outcome.decision is not None and outcome.decision.row not in (_NOT_NAMED, _NONE_OPEN):
        return
    try:
        change = outcome.change or _similar(service, policy, subject)
    except JiraCiError as error:
        yield failed("gate approvals", error)
        return
    if change is None:
        yield Line("gate approvals", f"{name}: not tested, because there is no open change to read them of")
        return
    yield from _read(service, context, policy, dataclasses.replace(subject, title=change.summary), change)


def _found(context: Context, stake: Stake, subject: Subject, outcome: Outcome) -> Line:
    policy, decision = stake.policy, outcome.decision
    given = one_line(policy.change, 80)
    wanted = f"only {given} is asked" if given else f"the title is {one_line(subject.title, 300)}"
    if not context.given.version and not given:
        wanted += " with this run's version"
    told = f"{one_line(stake.name, 80)}: {wanted}"
    what = "gate change" if given else "gate title"
    if decision is None:
        key = one_line(outcome.change.key, 80) if outcome.change else ""
        return Line(what, f"{told}; {key} is open and fits")
    if decision.row == _NONE_OPEN:
        objection = docket.occasion(context).objection or ("" if policy.create else "create: false")
        then = f"none is made here ({objection})" if objection else "the gate makes one"
        return Line(what, f"{told}; the search works, no open change carries it, {then}")
    if decision.row == _NOT_NAMED and not context.given.version:
        return warning(what, f"{told}; it does not name this run's version.", "Give the setting version to test that.")
    return Line(what, f"{told}. {decision.reason}", exit=decision.exit)


def _similar(service: Service, policy: Policy, subject: Subject) -> Change | None:
    """An open change for another version, to see whether changes can be read; ``None`` when there is none."""
    start, _, _ = policy.title.partition("{version}")
    words = start.replace("{project}", subject.project).replace("{environment}", subject.environment)
    if not words.strip() or policy.change:
        return None
    candidates = Candidates(service, policy, subject)
    for found in service.search(jql.open_issues(policy.service_desk, words)).values[:_MOST]:
        issue, _ = service.issue(found.id)
        if candidates.fits(issue) and not issue.done:
            return Change(issue.id, issue.key, issue.project_key, issue.type_name, issue.summary, "title", ours=False)
    return None


def _read(service: Service, context: Context, policy: Policy, subject: Subject, change: Change) -> Iterator[Line]:
    reading = Reader(service, policy, subject, docket.occasion(context), change).read()
    decision, read = reading.decision, reading.round
    if decision.row in _UNREADABLE or read is None:
        yield Line("gate approvals", f"{change.key} cannot be read completely: {decision.reason}", exit=decision.exit)
        return
    approvals = read.approvals or ()
    yield Line("gate approvals", f"{change.key} and its approvals ({len(approvals)}) can be read")
    yield from _window(policy, reading, change.key)
    if any(one.account == read.own_account for approval in approvals for one in approval.approvers):
        yield warning(
            "gate approvals",
            f"The gate's own account is an approver of {change.key}; its approval never counts.",
            "Let people approve.",
        )


def _window(policy: Policy, reading: Reading, key: str) -> Iterator[Line]:
    read = reading.round
    if policy.window is None or read is None:
        return
    for name, values in zip(policy.window, (read.start, read.end), strict=True):
        if not values:
            yield Line(
                "gate window",
                f"{key} has no field {shown(name)}, so that its window could never be read.",
                "Add the field to the changes' issue type in Jira, or correct window.",
                Exit.USAGE,
            )
