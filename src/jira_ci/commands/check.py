"""``check``: configuration and every connection that reporting needs, tested; nothing is written."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jira_ci import connection
from jira_ci.context import Context, Result
from jira_ci.errors import Exit, JiraCiError, UsageError
from jira_ci.jira.bulk import BUILDS, DEPLOYMENTS, Kind
from jira_ci.jira.gateway import Gateway
from jira_ci.plan import classify_environment
from jira_ci.text import one_line


@dataclass(frozen=True)
class Line:
    """One thing that was tested."""

    subject: str
    found: str
    """What is there, or what is wrong."""
    mend: str = ""
    exit: Exit = Exit.OK


def run(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - every command has this signature
    """A line for each thing that reporting needs. The exit code is that of the worst line."""
    lines = []
    for line in _lines(context):
        lines.append(line)
        verdict = "ok     " if line.exit == Exit.OK else "PROBLEM"
        context.console.say(f"{verdict}  {line.subject}: {line.found}" + (f" {line.mend}" if line.mend else ""))
    worst = max(line.exit for line in lines)
    return Result(
        exit=worst,
        document={
            "checks": [
                {"name": line.subject, "ok": line.exit == Exit.OK, "found": line.found, "mend": line.mend}
                for line in lines
            ]
        },
    )


def _lines(context: Context) -> Iterator[Line]:
    settings, run_ = context.settings, context.run
    named = f"{context.config.name}, read" if context.config else f"no {one_line(settings.config)}; defaults apply"
    yield Line("configuration", named)
    yield Line("run", one_line(f"{run_.provider}, {run_.repository or 'no repository'}, number {run_.number}"))
    for gap in run_.gaps:
        yield Line("run", gap)
    for name in context.environment_names:
        yield _attempt("environment", lambda name=name: _environment(context, name))  # type: ignore[misc]
    withheld = connection.withheld(settings, run_)
    if withheld:
        yield Line("credentials", withheld, "Reports are skipped on such runs; nothing else was tested.")
        return
    yield from _connection(context)


def _environment(context: Context, name: str) -> str:
    found = classify_environment(context, name)
    return one_line(f"{found.name} is {found.type}: {found.rule}")


def _connection(context: Context) -> Iterator[Line]:
    try:
        target = connection.target(context.settings)
        gateway = connection.open_gateway(context, context.settings)
    except UsageError as error:
        yield _failed("credentials", error)
        return
    yield Line("credentials", "client-id and client-secret are set")
    cloud = Line("cloud id", f"{target.cloud}, as given") if target.cloud else _attempt("cloud id", gateway.cloud_id)
    yield cloud
    token = _attempt("access token", lambda: _token(gateway))
    yield token
    if cloud.exit or token.exit:
        return
    gateway.connect()
    for kind in (BUILDS, DEPLOYMENTS):
        yield _attempt(f"{kind.plural} permission", lambda kind=kind: _permission(gateway, kind))  # type: ignore[misc]


def _token(gateway: Gateway) -> str:
    gateway.access_token()
    return "the gateway gave one for client-id and client-secret"


def _permission(gateway: Gateway, kind: Kind) -> str:
    gateway.look(kind)
    return "the credential is let in (looked for a record that does not exist; writing was not tried)"


def _attempt(subject: str, test: Callable[[], str]) -> Line:
    try:
        return Line(subject, test())
    except JiraCiError as error:
        return _failed(subject, error)


def _failed(subject: str, error: JiraCiError) -> Line:
    return Line(subject, error.message, error.mend, error.exit)
