"""``reconcile``: closes what killed jobs left in progress, from what the provider says of their runs."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from functools import cache

from jira_ci.context import Context, Result
from jira_ci.corrections import reconcile as steps
from jira_ci.corrections.correction_result import Tally, visit
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Provider, Target


def run(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Looks at the records of the runs that are meant, and closes those whose run is over.

    Raises:
        UsageError: a setting is invalid or missing.
    """
    tally = Tally("Closed")
    with closing(Provider(context)) as provider:

        @cache
        def looked_for() -> list[Target]:
            return steps.wanted(context, steps.chosen(context, provider, tally), provider, tally)

        def work(site: CorrectionSite) -> None:
            steps.close(context, site, looked_for(), provider, tally)

        visit(context, tally, work)
    return tally.result(context)
