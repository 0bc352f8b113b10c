"""``jira-ci gate``: looks for the change, decides, waits if it is told to, and ends with the decision's exit code."""

from __future__ import annotations

import argparse
from contextlib import closing

from jira_ci.context import Context, Result
from jira_ci.gate.by_jira import Reports
from jira_ci.gate.gate import Gate
from jira_ci.gate.gate_result import document
from jira_ci.parking.park import ended


def run(context: Context, arguments: argparse.Namespace) -> Result:  # noqa: ARG001 - it has no arguments of its own
    """The decision about every environment that was named."""
    with closing(Gate(context, deploying=False, reports=pending_reports)) as gate:
        found = gate.ask()
        outputs, code = ended(context, gate, found.outputs, found.decision.exit)
    return Result(code, outputs, document(found), found.summary)


def pending_reports(context: Context) -> Reports:
    """What the job reports later, as a deployment that is pending: Jira gates it under the same identity.

    Raises:
        UsageError: a setting is invalid.
    """
    from jira_ci.report.plan import plan_deployment
    from jira_ci.templates import given

    properties = given(context.settings)
    entries = plan_deployment(context, "pending").entries
    records = [(one.environment.name if one.environment else "", one.tenant, one.record) for one in entries]
    return Reports(records, properties)
