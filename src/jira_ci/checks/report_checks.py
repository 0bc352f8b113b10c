"""What ``check`` tests of reporting: configuration, run, environments and each site, a line for each thing tested."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError, UsageError
from jira_ci.jira import stored
from jira_ci.jira.access import site_url
from jira_ci.jira.auth import Login
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import expect
from jira_ci.jira.stored import Key
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS, Kind
from jira_ci.report.plan import classify_environment
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import Site, incomplete, missing_client, missing_credentials, sites
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
    tried: str = ""
    """Whose user and token this line is about, so that nobody tries them once more."""

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
    """A line for what works, and is likely a mistake."""
    return Line(subject, found, hint, doubtful=True)


_MODES = {"cloud": "cloud: builds and deployments API", "data-center": "data center: remote links"}
_LINK = "LINK_ISSUES"
_ID = "jira-ci-check"
_NOTHING = {"builds": Key(BUILDS, _ID, 1), "deployments": Key(DEPLOYMENTS, _ID, 1, _ID)}


def report_site_lines(context: Context, site: Site) -> Iterator[Line]:
    """A line for each thing. What needs a thing that is missing is not tested."""
    if site.edition:
        yield Line("reporting", _MODES[site.edition])
    withheld = site.withheld(context.run)
    if site.unnamed:
        yield warning("credentials", site.unnamed, "What needs them was not tested.")
        if withheld:
            return
    if withheld:
        yield Line("credentials", withheld, "Reports are skipped on such runs; nothing else of reporting was tested.")
        return
    fault = site.fault or site.unverifiable(context.run)
    if fault:
        yield failed("credentials", fault)
        return
    if site.edition == "cloud":
        with closing(_session(context, site)) as session:
            yield from _cloud(session.cloud())
        return
    with closing(_session(context, site)) as session:
        yield from _site(session)


def _session(context: Context, site: Site) -> SiteSession:
    return SiteSession(context, site, warn=lambda text: context.console.notice("warning", text))


def _cloud(login: Login) -> Iterator[Line]:
    yield Line("credentials", "client-id and client-secret are set")
    cloud = _cloud_id(login) if login.access.cloud else attempt("cloud id", login.cloud_id)
    yield cloud
    token = attempt("access token", lambda: _token(login))
    yield token
    if cloud.exit or token.exit:
        return
    for kind in (BUILDS, DEPLOYMENTS):
        yield attempt(f"{kind.plural} permission", lambda kind=kind: _permission(login, kind))  # type: ignore[misc]


def _cloud_id(login: Login) -> Line:
    """One that was given may be another site's, whose gateway then knows no record either."""
    access, given = login.access, login.access.cloud
    if not access.site:
        return Line("cloud id", f"{given}, as given")
    try:
        told = Login(login.client, dataclasses.replace(access, cloud=""), "report").cloud_id()
    except JiraCiError as error:
        return warning("cloud id", f"{given}, as given: the site could not be asked for its own.", error.message)
    if told != given:
        hint = "Correct cloud-id, or leave it out: the site tells its own."
        return Line("cloud id", f"{given} is another site's: that of {access.site} is {told}.", hint, Exit.USAGE)
    return Line("cloud id", f"{given}, as given, and as the site tells")


def _token(login: Login) -> str:
    login.access_token()
    return "the gateway gave one for client-id and client-secret"


def _permission(login: Login, kind: Kind) -> str:
    """Reads a record that does not exist: 404 shows that the credential is let in, and nothing is changed."""
    request, answer = login.ask(stored.reading(_NOTHING[kind.plural]))
    if answer.status != 404:
        expect(request, answer, 200)
    return "the credential is let in (looked for a record that does not exist; writing was not tried)"


def _site(session: SiteSession) -> Iterator[Line]:
    """A site that takes no client credentials: Data Center, unless it says otherwise."""
    site = session.site
    if site.edition is None:
        try:
            found = session.edition()
        except JiraCiError as error:
            yield failed("reporting", error)
            return
        yield Line("reporting", f"{_MODES[found]} (the site says so)")
        if found == "cloud":
            missing = missing_client(site.settings)
            yield failed("credentials", incomplete(site.settings, missing, site.word))
            return
    yield Line("credentials", "user and token are set" if site.settings.user else "token is set, without user")
    service = Service(session.person("links"))
    account = attempt("account", lambda: _account(service))
    yield account
    if account.exit == Exit.OK:
        yield from _linking(service, site)


def _account(service: Service) -> str:
    return one_line(f"{service.myself().name} ({service.myself().id})", 200)


def _linking(service: Service, site: Site) -> Iterator[Line]:
    """Whether the account may link issues: in the projects that the settings name, or else in any."""
    for project in site.settings.projects or ("",):
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
    """A line for each thing that can be told without asking a Jira."""
    try:
        config, settings = context.config, context.settings
    except UsageError as error:
        yield failed("configuration", error)
        return
    named = f"{config.name}, read" if config else f"no {one_line(settings.config)}; defaults apply"
    run = context.run
    yield Line("configuration", named)
    yield Line("run", one_line(f"{run.provider}, {run.repository or 'no repository'}, number {run.number}"))
    if not run.commit:
        hint = "Commit something, or check out the repository's history before this."
        yield Line("run", "there is no commit here, and a report is always about one.", hint, Exit.USAGE)
    for gap in run.gaps if run.commit else ():  # without a commit that is what is wrong
        yield warning("run", gap, "")
    for name in context.environment_names:
        yield attempt("environment", lambda name=name: _environment(context, name))  # type: ignore[misc]


def site_questions(context: Context) -> Iterator[tuple[str, Callable[[], Iterable[Line]]]]:
    """What each site is called, and what asks it: those that are reported to, then the file's others.

    Raises:
        UsageError: the sites cannot be told.
    """
    reported = sites(context)
    names = {site.name for site in reported}
    others = [name for name in (context.config.connections if context.config else ()) if name not in names]
    several = len(reported) + len(others) > 1
    for site in reported:
        yield _place(site), lambda site=site: _named(report_site_lines(context, site), site, several)  # type: ignore[misc]
    used = set(_connections(context.config.document)) if context.config else set()
    for site in sites(context, others) if others else ():
        if site.name not in used:  # what uses it tests it
            yield _place(site), lambda site=site: _named(_unused(context, site), site, several)  # type: ignore[misc]


def _place(site: Site) -> str:
    """As a person knows it."""
    return one_line(site.settings.site or site.settings.instance or site.name, 100).removeprefix("https://")


def _named(found: Iterable[Line], site: Site, several: bool) -> Iterator[Line]:
    for line in found:
        yield dataclasses.replace(line, subject=f"{site.name}: {line.subject}") if several else line


def _unused(context: Context, site: Site) -> Iterator[Line]:
    """A connection that nothing is reported to by default: a job may name it with the setting connection."""
    if missing_credentials(site.settings):
        yield Line("credentials", "not tested: none is set here, and report-to does not name it")
        return
    yield from report_site_lines(context, site)


def _connections(node: Any) -> Iterator[str]:
    """The connections that gate and ``after`` name."""
    if isinstance(node, Mapping):
        named = node.get("connection")
        if isinstance(named, str):
            yield named
        for part in node.values():
            yield from _connections(part)


def tried(site: str, word: str) -> str:
    """Whose user and token: those of a site's address, by the word of their variables."""
    return f"{site} {word}"


def account_lines(context: Context, known: Collection[str]) -> Iterator[Line]:
    """Who ``user`` and ``token`` are on Jira Cloud, where nobody else has asked: titles and keys are looked up so.

    Args:
        known: what was ``tried`` by then.
    """
    reported = sites(context)
    for site in reported:
        own = site.settings
        if tried(site_url(own.site, own.instance), site.word) in known:
            continue
        if site.edition == "cloud" and own.token and not (site.fault or site.withheld(context.run)):
            with closing(_session(context, site)) as session:
                line = attempt("account", lambda session=session: _account(Service(session.person("issues"))))  # type: ignore[misc]
            yield from _named([line], site, len(reported) > 1)


def _environment(context: Context, name: str) -> str:
    found = classify_environment(context, name)
    return one_line(f"{found.name} is {found.type}: {found.rule}")
