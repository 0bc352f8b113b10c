"""What is put right on a change by hand: taking a pin off, and freeing it of a start that has no outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

from jira_ci.context import Context, Result
from jira_ci.errors import Exit, UsageError
from jira_ci.gate import bindings, targets
from jira_ci.gate.bindings import Deployed
from jira_ci.gate.change_property import Change, scope_of
from jira_ci.gate.find_change import Candidates
from jira_ci.gate.gate_result import NOT_YET
from jira_ci.gate.pinning import Pins
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.subject import Subject
from jira_ci.jira.parse_change import Issue
from jira_ci.jira.service_desk import Service
from jira_ci.run import CI
from jira_ci.sites.session import GateSites
from jira_ci.text import one_line

Ended = Callable[[Deployed], str]


def unpin(context: Context) -> Result:
    """Takes the pin off a change for each environment and tenant that was named. It approves nothing: only the flag
    ends with 0, because a variable may be set by whoever starts a pipeline whose gate has to hold.

    Raises:
        UsageError: this run may not, or there is nothing to take it off.
        JiraCiError: it could not be done.
    """
    attempt, key = targets.attempt_of(context), context.given.unpin
    trusted = attempt.may_pin or context.run.provider == CI.LOCAL
    if attempt.objection or not trusted:
        why = attempt.objection or "a ref that is neither the default branch nor protected"
        raise UsageError(
            f"A pin is not taken off by {why}.",
            "Run jira-ci gate --unpin on the default branch, or on your own machine.",
        )
    who = attempt.actor or "somebody outside of a CI"
    for policy, subject, service, issue in _changes(context, key):
        pins = Pins(service, _change(issue), subject, attempt, readers=policy.comments)
        context.console.say(pins.unpin(who))
    reason = f"{one_line(key, 100)} was looked at to take its pin off; nothing was decided."
    by_flag = context.given.origins.get("unpin", "").startswith("--")
    return Result(Exit.OK if by_flag else Exit.WAIT, {**NOT_YET, "reason": reason})


def free(context: Context, ended: Ended) -> Iterator[str]:
    """Gives the starts on the change that the setting ``change`` names their outcomes, and yields what became of each,
    as a sentence.

    Args:
        ended: the outcome of a start; or why it is not known, as part of a sentence.

    Raises:
        UsageError: there is no policy, or no such change.
        JiraCiError: it could not be done.
    """
    attempt, key = targets.attempt_of(context), context.given.change
    seen: set[tuple[str, str]] = set()
    for policy, subject, service, issue in _changes(context, key):
        if (policy.site, issue.id) in seen:
            continue
        seen.add((policy.site, issue.id))
        try:
            held = bindings.read(issue.mark)
        except bindings.NotOurs as error:
            raise UsageError(
                f"The property of {issue.key} is unreadable: {error}", "See jira-ci gate --unpin."
            ) from None
        mine = [one for one in held.deployments if one.scope.same_repository(scope_of(subject))]
        waiting = [one for one in mine if one.outcome == "started"]
        for one in waiting:
            found = ended(one)
            outcome = next((known for known in bindings.ENDED if known == found), None)
            which = f"{issue.key}, {one_line(one.scope.environment, 80)}, run {one_line(one.run, 200)}"
            if outcome is None:
                yield f"Left alone: {which}: {found}."
            elif context.given.dry_run:
                yield f"Would be noted: {which}: {found}."
            else:
                pins = Pins(service, _change(issue), subject, attempt, readers=policy.comments)
                yield pins.end(outcome, one) or f"Noted: {which}: {found}."
        if not waiting:
            yield f"Nothing to do: every deployment on {issue.key} has an outcome."


def _changes(context: Context, key: str) -> Iterator[tuple[Policy, Subject, Service, Issue]]:
    """The change with this key, under the policy of each environment and tenant."""
    found = targets.targets(context, deploying=False)
    with closing(GateSites(context)) as sites:
        for target in found:
            if not isinstance(target.source, Policy):
                reason = target.decision.reason if target.decision else "There is no policy."
                raise UsageError(reason)
            policy, subject = target.source, target.subject
            service = sites.service(policy.site, policy.credentials)
            sites.give(context.deadline)
            issue = service.issue(key)[0]
            if not Candidates(service, policy, subject).fits(issue) or issue.key.upper() != key.upper():
                raise UsageError(
                    f"{one_line(key, 100)} is no change of {policy.service_desk}.", "Give one of its service desk."
                )
            yield policy, subject, service, issue


def _change(issue: Issue) -> Change:
    return Change(issue.id, issue.key, issue.project_key, issue.type_name, issue.summary, "key", ours=False)
