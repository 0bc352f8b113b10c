"""Records without an issue key: what is said about them, and what ``on-no-keys`` makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence

from jira_ci.context import Context, Result
from jira_ci.errors import RejectedError
from jira_ci.jira.records import keys_of, services_of
from jira_ci.report.plan import Plan
from jira_ci.text import one_line

_MEND = "Name an issue in the branch, the title or a commit, or set issue-keys."
NO_KEYS = RejectedError("No issue key was found, so there is nothing to report to Jira.", _MEND)
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
    return RejectedError(sentences, _MEND) if sentences else None


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
