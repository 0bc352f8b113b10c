"""``reconcile``: closes what killed jobs left in progress, in reports and on a change, from what the provider says of
their runs."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

from jira_ci.ci.api import Unreadable
from jira_ci.context import Context, Result
from jira_ci.corrections import reconcile as steps
from jira_ci.corrections.correction_result import Tally, visit
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Provider, Target
from jira_ci.errors import UsageError

if TYPE_CHECKING:
    from jira_ci.gate.bindings import Deployed


def run(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Looks at the records of the runs that are meant, and closes those whose run is over.

    Raises:
        UsageError: a setting is invalid or missing.
    """
    if context.given.change:
        freed = _free(context)
        if not context.settings.run:
            return freed
    tally = Tally("Closed")
    with closing(Provider(context)) as provider:

        @cache
        def looked_for() -> list[Target]:
            return steps.wanted(context, steps.chosen(context, provider, tally), provider, tally)

        def work(site: CorrectionSite) -> None:
            steps.close(context, site, looked_for(), provider, tally)

        visit(context, tally, work)
    return tally.result(context)


def _free(context: Context) -> Result:
    """The starts that stand on the change without an outcome, as their runs ended."""
    from jira_ci.gate.upkeep import free

    with closing(Provider(context)) as provider:
        for sentence in free(context, lambda one: _ended(provider, one)):
            context.console.say(sentence)
    return Result()


def _ended(provider: Provider, start: Deployed) -> str:
    """Jira's word for how the run of a start ended; or why that is not known."""
    try:
        runs = provider.need(f"about run {start.run_id}")
        past = runs.attempt(runs.run(start.run_id), start.attempt)
    except (Unreadable, UsageError) as error:
        return str(error).rstrip(".")
    found = steps.decide_closing(
        "in_progress", start.attempt, ended=past.ended, conclusion=past.conclusion, seen=past.attempt
    )
    if found.what == "close":
        return (
            found.state if found.state != "unknown" else f"its run ended as {past.conclusion}, which does not say how"
        )
    return found.why
