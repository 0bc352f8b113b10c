"""``jira-ci gate``: looks for the change, decides, waits if it is told to, and ends with the decision's exit code."""

from __future__ import annotations

import argparse
from contextlib import closing

from jira_ci.context import Context, Result
from jira_ci.gate.gate import Gate
from jira_ci.gate.gate_result import document


def run(context: Context, arguments: argparse.Namespace) -> Result:  # noqa: ARG001 - it has no arguments of its own
    """The verdict about every environment that was named."""
    with closing(Gate(context, deploying=False)) as keeper:
        found = keeper.ask()
    return Result(found.decision.exit, found.outputs, document(found), found.summary)
