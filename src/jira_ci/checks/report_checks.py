"""One thing that was tested: what is there, what is wrong, what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError, UsageError
from jira_ci.http import Client
from jira_ci.jira.auth import Access, ask_edition
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.gateway import Gateway
from jira_ci.jira.service_desk import Service
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS, Kind
from jira_ci.report.plan import classify_environment
from jira_ci.sites import connection
from jira_ci.sites.sites import Site, sites
from jira_ci.text import one_line


@dataclass(frozen=True)
class Line:
    """One thing that was tested."""

    subject: str
    found: str
    """What is there, or what is wrong."""
    hint: str = ""
    exit: Exit = Exit.OK
    doubtful: bool = False
    """Whether it works, and somebody should look at it all the same."""

    @property
    def verdict(self) -> str:
        """``ok``, ``warning`` or ``PROBLEM``."""
        if self.exit != Exit.OK:
            return "PROBLEM"
        return "warning" if self.doubtful else "ok"

    def __str__(self) -> str:
        return f"{self.verdict:7}  {self.subject}: {self.found} {self.hint}".rstrip()


def attempt(subject: str, test: Callable[[], str]) -> Line:
    """A line with what the test found, or with the error that it raised."""
    try:
        return Line(subject, test())
    except JiraCiError as error:
        return failed(subject, error)


def failed(subject: str, error: JiraCiError) -> Line:
    """A line for an error."""
    return Line(subject, error.message, error.hint, error.exit)


def warning(subject: str, found: str, hint: str) -> Line:
    """A line for what works, and is hardly meant."""
    return Line(subject, found, hint, doubtful=True)


_MODES = {"cloud": "cloud: builds and deployments API", "data-center": "data center: remote links"}
_LINK = "LINK_ISSUES"


def report_site_lines(context: Context, destination: Site) -> Iterator[Line]:
    """A line for each thing. What needs a thing that is missing is not tested."""
    settings = destination.settings
    if destination.edition:
        yield Line("reporting", _MODES[destination.edition])
    withheld = destination.withheld(context.run)
    if destination.unnamed:
        yield warning("credentials", destination.unnamed, "What needs them was not tested.")
        if withheld:
            return
    if withheld:
        yield Line("credentials", withheld, "Reports are skipped on such runs; nothing else of reporting was tested.")
        return
    fault = destination.fault or destination.unverifiable(context.run)
    if fault:
        yield failed("credentials", fault)
        return
    if destination.edition == "cloud":
        with closing(connection.open_gateway(context, settings)) as gateway:
            yield from _gateway(gateway, connection.target(settings).cloud)
        return
    with closing(connection.open_client(context, settings)) as client:
        yield from _site(context, destination, client)


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


def _site(context: Context, destination: Site, client: Client) -> Iterator[Line]:
    """A site that takes no client credentials: Data Center, unless it says otherwise."""
    access = connection.access(destination.settings)
    if access.edition is None:
        try:
            found: Edition = ask_edition(client, access.site)
        except JiraCiError as error:
            yield failed("reporting", error)
            return
        yield Line("reporting", f"{_MODES[found]} (the site says so)")
        if found == "cloud":
            missing = connection.missing_client(destination.settings)
            yield failed("credentials", connection.incomplete(destination.settings, missing, destination.word))
            return
    yield Line("credentials", "user and token are set" if access.user else "token is set, without user")
    if access.user:
        context.console.mask.add(access.basic)
    service = Service(client, Access(access.site, jira_type="data-center", user=access.user, token=access.token))
    account = attempt("account", lambda: _account(service))
    yield account
    if account.exit == Exit.OK:
        yield from _linking(service, destination)


def _account(service: Service) -> str:
    return one_line(f"{service.myself().name} ({service.myself().id})", 200)


def _linking(service: Service, destination: Site) -> Iterator[Line]:
    """Whether the account may link issues: in the projects that the settings name, or else in any."""
    for project in destination.settings.projects or ("",):
        where = f"in {one_line(project, 60)}" if project else "somewhere"
        try:
            allowed = service.permissions(project, (_LINK,)).get(_LINK, False)
        except JiraCiError as error:
            yield failed("link permission", error)
            continue
        if allowed:
            yield Line("link permission", f"the account may link issues {where} (nothing was written)")
        else:
            hint = "Give it the project permission Link Issues."
            yield Line("link permission", f"the account may not link issues {where}.", hint, Exit.ACCESS)


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
        there = sites(context)
    except UsageError as error:
        yield failed("connection", error)
        return
    for destination in there:
        for line in report_site_lines(context, destination):
            yield dataclasses.replace(line, subject=f"{destination.name}: {line.subject}") if len(there) > 1 else line


def _environment(context: Context, name: str) -> str:
    found = classify_environment(context, name)
    return one_line(f"{found.name} is {found.type}: {found.rule}")
