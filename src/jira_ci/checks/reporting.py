"""What reporting needs, tested: configuration, run, environments, and each site; nothing is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from jira_ci.checks import site
from jira_ci.checks.line import Line, attempt, failed
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.report.destinations import destinations
from jira_ci.report.plan import classify_environment
from jira_ci.text import one_line


def lines(context: Context) -> Iterator[Line]:
    """A line for each thing. What needs a thing that is missing is not tested."""
    try:
        config, settings = context.config, context.settings
    except UsageError as error:
        yield failed("configuration", error)
        return
    named = f"{config.name}, read" if config else f"no {one_line(settings.config)}; defaults apply"
    run = context.run
    yield Line("configuration", named)
    yield Line("run", one_line(f"{run.provider}, {run.repository or 'no repository'}, number {run.number}"))
    for gap in run.gaps:
        yield Line("run", gap)
    for name in context.environment_names:
        yield attempt("environment", lambda name=name: _environment(context, name))  # type: ignore[misc]
    try:
        there = destinations(context)
    except UsageError as error:
        yield failed("connection", error)
        return
    for destination in there:
        for line in site.lines(context, destination):
            yield dataclasses.replace(line, subject=f"{destination.name}: {line.subject}") if len(there) > 1 else line


def _environment(context: Context, name: str) -> str:
    found = classify_environment(context, name)
    return one_line(f"{found.name} is {found.type}: {found.rule}")
