"""``report``, ``build``, ``deployment``: tell Jira what happened.

Dialling comes first and the rest is imported after it, because the network can work while Python loads.
"""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing

from jira_ci.context import Context, Result
from jira_ci.report.line import dial_ahead


def run_report(context: Context, arguments: Namespace) -> Result:
    """A deployment when an environment is given or the CI knows one, otherwise a build."""
    return run_deployment(context, arguments) if context.environment_names else run_build(context, arguments)


def run_build(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Reports a build."""
    with closing(dial_ahead(context)) as line:
        from jira_ci.report import plan, reporting

        return reporting.report(context, plan.plan_build(context), line)


def run_deployment(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Reports a deployment to one or several environments."""
    with closing(dial_ahead(context)) as line:
        from jira_ci.report import plan, reporting

        return reporting.report(context, plan.plan_deployment(context), line)
