"""What ``check`` tests of the rules under ``after``: that each can match, whose account acts, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from jira_ci.after.follow import login_at, withheld
from jira_ci.after.rule import Rule, rules, unreachable
from jira_ci.checks.report_checks import Line, failed, warning
from jira_ci.config.model import Config
from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError
from jira_ci.jira import endpoints
from jira_ci.jira.auth import Login
from jira_ci.jira.parse import WrongShape, mapping
from jira_ci.jira.status_errors import expect, misshapen
from jira_ci.sites.sites import open_client, site_after
from jira_ci.text import one_line

_READ, _EDIT, _MOVE, _MAKE = "BROWSE_PROJECTS", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADMINISTER_PROJECTS"
_NAMES = {
    _READ: "Browse projects",
    _EDIT: "Edit issues",
    _MOVE: "Transition issues",
    _MAKE: "Administer projects",
}
_MOST = 5  # projects


def lines(context: Context, config: Config) -> Iterator[Line]:
    """A line for each thing; nothing is written."""
    for rule in rules(config.after):
        subject = f"after {one_line(rule.name, 60)}"
        yield from _reach(context, config, rule, subject)
        try:
            yield from _account(context, rule, subject)
        except JiraCiError as error:
            yield failed(subject, error)


def _reach(context: Context, config: Config, rule: Rule, subject: str) -> Iterator[Line]:
    """A rule for an environment that nobody has heard of is probably misspelt."""
    instead = unreachable(rule.name, [*(one.name for one in config.rules), *context.environment_names])
    if instead:
        yield warning(subject, f"{one_line(rule.name, 60)} is no type, and no environment in {config.name}.", instead)
    if rule.fix_version and not context.settings.projects:
        yield warning(
            subject,
            "jira.projects names no project, so that no version is made; one that is there is added.",
            "Name the projects in which versions may be made.",
        )


def _account(context: Context, rule: Rule, subject: str) -> Iterator[Line]:
    site = site_after(context, rule.connection, rule.credentials)
    why = withheld(context, site, rule)
    if why:
        yield Line(subject, f"not tested: {why}")
        return
    with closing(open_client(context, site.settings)) as client:
        login = login_at(context, client, site)
        account = login.connect()[1]
        yield Line(subject, f"{one_line(account.name, 80)} ({one_line(account.id, 100)}) acts")
        for project in context.settings.projects[:_MOST]:
            yield _permissions(login, rule, project, subject)


def _permissions(login: Login, rule: Rule, project: str, subject: str) -> Line:
    wanted = [*([_EDIT, _MAKE] if rule.fix_version else []), *([_MOVE] if rule.transition else [])] or [_READ]
    request, answer = login.send(endpoints.permissions(project, wanted))
    expect(request, answer, 200, "after")
    try:
        told = mapping(mapping(answer.json(), "the answer").get("permissions"), "permissions")
        lacking = [name for name in wanted if mapping(told.get(name), name).get("havePermission") is not True]
    except WrongShape as error:
        raise misshapen(request, answer, error) from None
    where, names = one_line(project, 60), ", ".join(_NAMES[name] for name in lacking)
    if lacking == [_MAKE]:
        hint = f"Give it {_NAMES[_MAKE]}, or make versions by hand before they are deployed."
        return warning(subject, f"in {where} the account may not make versions.", hint)
    if lacking:
        return Line(subject, f"in {where} the account lacks {names}.", f"Give it that in {where}.", Exit.ACCESS)
    return Line(subject, f"in {where} the account may do what is wanted")
