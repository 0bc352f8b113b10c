"""``check``: configuration and every connection that reporting and the gate need, tested; nothing is written."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from itertools import chain

from jira_ci.checks import gate_checks, report_checks
from jira_ci.context import Context, Result
from jira_ci.errors import Exit, UsageError


def run(context: Context, arguments: Namespace) -> Result:
    """A line for each thing; the exit code is that of the worst one. Neither half keeps the other from being tested.
    With ``--policy`` the policy in force, and nothing is tested."""
    if arguments.policy:
        return policy(context)
    lines = []
    for line in chain(report_checks.lines(context), _after(context), gate_checks.lines(context)):
        lines.append(line)
        context.console.say(str(line), line.verdict)
    return Result(
        exit=max(line.exit for line in lines),
        document={
            "checks": [
                {
                    "name": line.subject,
                    "ok": line.exit == Exit.OK,
                    "warning": line.doubtful,
                    "found": line.found,
                    "hint": line.hint,
                }
                for line in lines
            ]
        },
    )


def policy(context: Context) -> Result:
    """What decides about each environment: every value with the place that it comes from.

    Raises:
        UsageError: the policy cannot be read.
    """
    found = list(gate_checks.policies(context))
    for one in found:
        for line in gate_checks.shown_policy(one):
            context.console.say(line)
    if not found:
        context.console.say("No environment is named, neither by this job nor by a file of the policy.")
    document = {"policy": [gate_checks.policy_document(one) for one in found]}
    return Result(exit=max((gate_checks.policy_exit(one) for one in found), default=Exit.OK), document=document)


def _after(context: Context) -> Iterator[report_checks.Line]:
    """What follows a deployment, where anything does."""
    try:
        config = context.config
    except UsageError:  # it is said with the rest of the configuration
        return
    if config is not None and config.after:
        from jira_ci.checks import after_checks

        yield from after_checks.lines(context, config)
