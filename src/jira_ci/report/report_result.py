"""What became of a report at each of its destinations, and all in all."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from jira_ci.context import Context, Result
from jira_ci.errors import RejectedError
from jira_ci.jira.records import keys_of, services_of, without
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.output.exchanges import described
from jira_ci.report.plan import Entry, Plan
from jira_ci.report.site_result import SiteResult, knows_nothing, unknown_keys
from jira_ci.text import one_line

_SHOWN_KEYS = 20


def outputs(plan: Plan, fates: Sequence[SiteResult]) -> dict[str, Any]:
    """The step outputs of a report: of all destinations together."""
    environments = {entry.environment.name: entry.environment.type for entry in plan.entries if entry.environment}
    return {
        "issue-keys": keys(plan),
        "keys-complete": all(entry.claim.complete for entry in plan.entries),
        "environment": list(environments),
        "environment-type": list(environments.values()),
        "state": plan.state if is_reported(plan, fates) else "skipped",
        "accepted": sum(len(fate.outcome.accepted) for fate in fates),
        "rejected": sum(len(fate.outcome.rejected) for fate in fates),
        "unknown-keys": unknown_keys(fates),
    }


def is_reported(plan: Plan, fates: Sequence[SiteResult]) -> bool:
    """Whether anybody is told anything: not when everything was skipped, no issue is known, or the CI keeps back the
    credentials."""
    records = [entry.record for entry in plan.claiming] if plan.state else []
    return any(not fate.withheld and without(records, fate.hidden) for fate in fates)


def keys(plan: Plan) -> list[str]:
    """Every issue that the plan claims, the surest first."""
    return list(dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys))


def plan_lines(plan: Plan) -> Iterator[str]:
    """What is about to be reported, for the log."""
    for entry in plan.entries:
        yield described(entry.record)
    yield from left_out_lines(plan)


def left_out_lines(plan: Plan) -> Iterator[str]:
    """How many keys did not fit, in one line for all records: those of several tenants have the same."""
    counts = {entry.claim.keys.left_out for entry in plan.entries}
    if any(counts):
        most = f"{'Up to ' if len(counts) > 1 else ''}{max(counts)}"
        yield f"{most} more keys are left out: Jira takes 500 of one record."


def outcome_lines(outcome: Submission) -> Iterator[str]:
    """What Jira made of it, part by part."""
    yield from _links_made(outcome) if isinstance(outcome, LinkSubmission) else _records_taken(outcome)
    if outcome.unknown_keys:
        yield f"Issues that Jira does not know: {', '.join(outcome.unknown_keys)}"
    if outcome.unknown_services:
        yield f"Services that Jira does not know: {one_line(', '.join(outcome.unknown_services), 2000)}"
    if outcome.unknown_associations:
        yield f"Other things that Jira does not know: {one_line(', '.join(outcome.unknown_associations), 2000)}"


def fate_lines(fate: SiteResult, *, several: bool) -> Iterator[str]:
    """What became of it at one destination, which is named where there are several."""
    name = f"{fate.destination.name}: " if several else ""
    if fate.withheld:
        yield f"{name}Nothing was reported: {fate.withheld}"
    yield from (f"{name}{sentence}" for sentence in outcome_lines(fate.outcome))
    if several and fate.hidden and not (fate.outcome.accepted or fate.outcome.rejected or fate.outcome.error):
        yield f"{name}Nothing was reported: the site shows none of the issues."
    if several and knows_nothing(fate.outcome):
        yield f"{name}This site knows none of the issues."


def _records_taken(outcome: Submission) -> Iterator[str]:
    if outcome.accepted:
        all_of_them = len(outcome.accepted) + len(outcome.rejected)
        yield f"Jira accepted {len(outcome.accepted)}" + ("." if outcome.error else f" of {all_of_them}.")
    for record, reasons in outcome.rejected:
        yield f"Rejected: {one_line(record['displayName'], 100)}: {one_line('; '.join(reasons), 1000)}"
    if outcome.refused_keys:
        yield f"Sent once more without keys that Jira refused: {', '.join(outcome.refused_keys)}"


def _links_made(outcome: LinkSubmission) -> Iterator[str]:
    if outcome.wanted:
        yield f"Jira has {outcome.arrived} of {outcome.wanted} remote links."
    for key, reason in list(outcome.refusals.items())[:_SHOWN_KEYS]:
        yield f"Not linked: {key}: {reason}"
    if len(outcome.refusals) > _SHOWN_KEYS:
        yield f"Not linked: {len(outcome.refusals) - _SHOWN_KEYS} more issues."
    if outcome.left:
        more = f" and {len(outcome.left) - _SHOWN_KEYS} more" if len(outcome.left) > _SHOWN_KEYS else ""
        yield f"Not reached: {', '.join(outcome.left[:_SHOWN_KEYS])}{more}"


def dropped_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Look-alikes that do not count, with the reason."""
    dropped = {key: why for entry in entries for key, why in entry.claim.keys.dropped.items()}
    if dropped:
        shown = ", ".join(f"{key} ({why})" for key, why in list(dropped.items())[:_SHOWN_KEYS])
        yield f"Not counted: {one_line(shown, 2000)}"


_HINT = "Name an issue in the branch, the title or a commit, or set issue-keys."
NO_KEYS = RejectedError("No issue key was found, so there is nothing to report to Jira.", _HINT)
NONE_SHOWN = RejectedError(
    "Jira shows none of the issues, so there is nothing to report to Jira.",
    "Check their spelling, and which projects the account of token may browse.",
)
_NAMED = 5


def found(plan: Plan, unseen: Collection[str] = (), *, services: bool = True) -> RejectedError | None:
    """The error for those records of a report that name no issue; ``None`` when each names one.

    Args:
        unseen: issues that are named nowhere, because no site shows them.
        services: whether any site shows a record on its service; Data Center has none.
    """
    hidden = frozenset(unseen)
    without = [entry for entry in plan.entries if hidden.issuperset(keys_of(entry.record))]
    unsent = [entry.title for entry in without if not (services and services_of(entry.record))]
    on_services = [entry.title for entry in without if services and services_of(entry.record)]
    sentences = " ".join(_sentences(unsent, on_services))
    return RejectedError(sentences, _HINT) if sentences else None


def settled(context: Context, error: RejectedError, result: Result) -> Result:
    """Says it as ``on-no-keys`` wants it, and fails a result that has not failed already where that is wanted."""
    choice = context.settings.on_no_keys
    if choice == "skip":
        context.console.say(str(error))
        return result
    context.console.notice("error" if choice == "fail" else "warning", str(error))
    if choice == "warn" or result.exit:
        return result
    return dataclasses.replace(result, exit=error.exit, document={**result.document, "error": error.document()})


def _sentences(unsent: Sequence[str], on_services: Sequence[str]) -> Iterator[str]:
    if unsent:
        yield f"There is no issue key for {_some(unsent)}: not reported."
    if on_services:
        yield f"There is no issue key for {_some(on_services)}: shown on services only."


def _some(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return f"{', '.join(one_line(title, 100) for title in titles[:_NAMED])}{more}"
