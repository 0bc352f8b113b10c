"""``jira-ci gate``: looks for the change, decides, waits if it is told to, and ends with the decision's exit code."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from jira_ci.context import Context, Result
from jira_ci.gate.by_jira import Reports
from jira_ci.gate.gate import Gate
from jira_ci.gate.gate_result import document
from jira_ci.parking.park import end_parked, unpark


def run(context: Context, arguments: argparse.Namespace) -> Result:  # noqa: ARG001 - it has no arguments of its own
    """The decision about every environment that was named; with ``unpin`` a pin is taken off instead."""
    if context.given.unpin:
        from jira_ci.gate.upkeep import unpin

        return unpin(context)
    with closing(Gate(context, deploying=False, reports=pending_reports, tests=counted_tests)) as gate:
        found = gate.ask()
        gate.keep()
        outputs, code = end_parked(context, gate, found.outputs, found.decision.exit)
        unpark(context, gate)
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


def counted_tests(context: Context) -> tuple[str, str]:
    """How the tests in ``test-results`` went, in words, and why that is not known; both empty without the setting."""
    if not context.settings.test_results:
        return "", ""
    from jira_ci.report.test_results import count

    counts = count(context.settings.test_results, Path(context.edges.directory))
    if not counts.files:
        return "", next(iter(counts.problems), "no file was counted.")
    more = " (not all files could be counted)" if counts.problems else ""
    return f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped{more}", ""
