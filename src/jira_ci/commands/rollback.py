"""``rollback``: marks the deployment that was rolled back."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from contextlib import closing

from jira_ci.commands.release import take_back
from jira_ci.context import Context, Result
from jira_ci.corrections.correction_result import Tally, visit
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Provider
from jira_ci.corrections.rollback import Chooser, mark
from jira_ci.errors import UsageError


def run(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Marks it in every environment, and for every tenant and service, that is given.

    Raises:
        UsageError: a setting is invalid or missing, or it is not known which deployment it was.
    """
    names = context.environment_names
    if not names:
        raise UsageError("environment is not set.", "Say where it was rolled back: environment: Prod.")
    tally = Tally("Rolled back")
    with closing(Provider(context)) as provider:
        chooser = Chooser(context, provider)

        def work(site: CorrectionSite) -> None:
            mark(context, site, chooser.targets(site), tally)

        visit(context, tally, work)
    result = tally.result(context)
    state = "rolled_back" if tally.closed or tally.settled else ""
    result = dataclasses.replace(result, outputs={"environment": list(names), "state": state, **result.outputs})
    return take_back(context, result) if state else result
