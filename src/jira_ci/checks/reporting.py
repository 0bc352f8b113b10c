"""What reporting needs, tested: configuration, run, environments, credentials, and both APIs; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from jira_ci.checks.line import Line, attempt, failed
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.jira.bulk import BUILDS, DEPLOYMENTS, Kind
from jira_ci.jira.gateway import Gateway
from jira_ci.report import connection
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
    withheld = connection.withheld(settings, run)
    if withheld:
        yield Line("credentials", withheld, "Reports are skipped on such runs; nothing else of reporting was tested.")
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
        yield failed("credentials", error)
        return
    with closing(gateway):
        yield from _gateway(gateway, target.cloud)


def _gateway(gateway: Gateway, cloud_id: str) -> Iterator[Line]:
    yield Line("credentials", "client-id and client-secret are set")
    cloud = Line("cloud id", f"{cloud_id}, as given") if cloud_id else attempt("cloud id", gateway.cloud_id)
    yield cloud
    token = attempt("access token", lambda: _token(gateway))
    yield token
    if cloud.exit or token.exit:
        return
    gateway.connect()
    for kind in (BUILDS, DEPLOYMENTS):
        yield attempt(f"{kind.plural} permission", lambda kind=kind: _permission(gateway, kind))  # type: ignore[misc]


def _token(gateway: Gateway) -> str:
    gateway.access_token()
    return "the gateway gave one for client-id and client-secret"


def _permission(gateway: Gateway, kind: Kind) -> str:
    gateway.look(kind)
    return "the credential is let in (looked for a record that does not exist; writing was not tried)"
