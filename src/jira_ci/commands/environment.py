"""``environment``: which type each name maps to, and which rule said so."""

from __future__ import annotations

from argparse import Namespace

from jira_ci.context import Context, Result
from jira_ci.environments.classify import collisions
from jira_ci.errors import UsageError
from jira_ci.report.plan import classify_environment
from jira_ci.text import one_line


def run(context: Context, arguments: Namespace) -> Result:
    """The types of the names given, else of the run's own environments.

    Raises:
        UsageError: there is no name, or the rules contradict each other.
    """
    names = tuple(arguments.names) or context.environment_names
    if not names:
        raise UsageError("No environment was named.", "Write: jira-ci environment NAME...")
    found = [classify_environment(context, name) for name in names]
    for environment in found:
        context.console.say(f"{one_line(environment.name, 200)}: {environment.type} ({one_line(environment.rule)})")
    for sentence in collisions(names):
        context.console.notice("warning", sentence)
    return Result(
        document={
            "environments": [
                {"name": environment.name, "type": environment.type, "rule": environment.rule} for environment in found
            ]
        }
    )
