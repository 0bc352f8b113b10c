"""The gate's half of ``check``: the trusted policy, its environments and credentials; then each site is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import closing

from jira_ci.checks.change_checks import site_lines
from jira_ci.checks.report_checks import Line, attempt, failed, warning
from jira_ci.config.trusted_ref import Absent
from jira_ci.context import Context
from jira_ci.environments.classify import classify, is_glob
from jira_ci.errors import Exit, UsageError
from jira_ci.gate import targets
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.lint import Controlled, examples, lint, type_of
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Loaded, Policy, settle
from jira_ci.gate.subject import check_untitled, describe, seen
from jira_ci.gate.targets import attempt_of
from jira_ci.jira.gating import GatingSite, Identity
from jira_ci.sites.session import GateSites
from jira_ci.text import canonical, one_line
from jira_ci.timing import Deadline

_NOTHING = Identity("jira-ci-check", "jira-ci-check", 1)


def gating_lines(site: GatingSite, context: Context, controlled: Sequence[Controlled]) -> Iterator[Line]:
    """A line for each thing; nothing is submitted. Without a client that is let in, nothing else is tested."""
    credentials = attempt("gate credentials", lambda: _let_in(site))
    yield credentials
    if credentials.exit:
        return
    yield attempt("gate gating", lambda: _served(site))
    if not context.settings.service and not context.service_ids:
        yield warning(
            "gate gating",
            "No service is named: Jira gates deployments of services that are connected to a service desk.",
            "Set service to one of the file's, whose ids are its Service ID in Jira.",
        )
    for environment in controlled:
        yield _gating_line(context, environment)


def _let_in(site: GatingSite) -> str:
    site.connect()
    return "the gateway gave an access token for client-id and client-secret (gate-by: jira)"


def _served(site: GatingSite) -> str:
    site.status(_NOTHING)
    return (
        "Jira answers this client about gating (asked about a deployment that does not exist); whether it gates one "
        "shows only with a deployment, and none was submitted"
    )


def _gating_line(context: Context, environment: Controlled) -> Line:
    name = one_line(environment.name, 80)
    version, run = context.given.version, context.run
    at = seen(context.git, context.run, version)
    subject = describe(run, project=environment.policy.project, environment=environment.name, version=version, at=at)
    try:
        check_untitled(subject, run, at=at)
    except UsageError as error:
        return Line("gate gating", f"{name}: {error}", exit=error.exit)
    objection = attempt_of(context).objection or ("" if environment.policy.create else "create: false")
    then = f"none is submitted here ({objection})" if objection else "its deployments are submitted as pending"
    return Line("gate gating", f"{name}: {then}")


_POLICY = "gate policy"


def lines(context: Context) -> Iterator[Line]:
    """A line for each thing that the gate needs; nothing is written. Without change control one that says so."""
    # What reporting took of the time is not the gate's.
    context = dataclasses.replace(context, deadline=Deadline(context.given.timeout))
    context.edges.signals.deadline = context.deadline
    try:
        found, asked = targets.trusted_file(context), targets.asked_for(context)
    except UsageError as error:
        # Without a policy of its own nothing tells this project that it needs one.
        yield failed(_POLICY, error) if _wants_control(context) else warning(_POLICY, error.message, error.hint)
        return
    if isinstance(found, Absent) and not asked.change_controlled:
        name = one_line(context.given.config, 200)
        yield Line("gate", f"there is no change control: no {name} is committed where a policy is trusted")
        return
    if isinstance(found, Absent) or not (found.config.enabled or asked.change_controlled):
        settled = settle(found, "", asked, gate=False)
        if isinstance(settled, Decision):
            yield Line("gate", settled.reason, exit=settled.exit)
        return
    yield Line(_POLICY, f"{one_line(found.source)}, read" + _weaker(found))
    named = list(_controlled(context, found, asked))
    yield from dict.fromkeys(one for one in named if isinstance(one, Line))
    yield from _asking(context, found, [one for one in named if isinstance(one, Controlled)])


def _asking(context: Context, found: Loaded, controlled: list[Controlled]) -> Iterator[Line]:
    if controlled:
        names = ", ".join(one_line(environment.name, 80) for environment in controlled[:20])
        yield Line("gate environments", f"under change control: {names}")
    yield from (warning(_POLICY, doubt.problem, doubt.hint) for doubt in lint(found.config, controlled))
    places: dict[tuple[str, str, str], list[Controlled]] = {}
    for environment in controlled:
        policy = environment.policy
        places.setdefault((policy.site, policy.credentials, policy.gate_by), []).append(environment)
    with closing(GateSites(context)) as sites:
        for there in places.values():
            yield from _place(context, sites, there)


def _place(context: Context, sites: GateSites, controlled: list[Controlled]) -> Iterator[Line]:
    able = []
    for environment in controlled:
        objection = next(targets.unaskable(context, environment.policy), None)
        if objection is None:
            able.append(environment)
        elif objection.exit == Exit.ACCESS:
            yield Line("gate credentials", objection.reason, _variables(environment.policy), objection.exit)
            return
        else:
            yield Line("gate connection", f"{one_line(environment.name, 80)}: {objection.reason}", exit=objection.exit)
    if not able:
        return
    policy = able[0].policy
    try:
        if policy.gate_by == "jira":
            yield from gating_lines(sites.gating(policy.site, policy.credentials), context, able)
        else:
            yield from site_lines(sites.service(policy.site, policy.credentials), context, able)
    except UsageError as error:
        yield failed("gate connection", error)


def _variables(policy: Policy) -> str:
    """How the credentials of a connection are called, which has its own."""
    word = f"JIRA_CI_{policy.credentials}"
    called = f"{word}_USER and {word}_TOKEN, or {word}_CLIENT_ID and {word}_CLIENT_SECRET"
    return f"For the connection {one_line(policy.connection, 80)} they are {called}." if policy.credentials else ""


def _controlled(context: Context, found: Loaded, asked: Asked) -> Iterator[Line | Controlled]:
    """What is under change control, and a line for each name for which the policy is invalid.

    Settings are about the environments of this job, and not about the others in the file.
    """
    given = context.environment_names
    known = {canonical(name) for name in given}
    for name in given:
        yield from _settled(found, name, asked)
    others = Asked(site=asked.site, project_name=asked.project_name)
    for rule in found.config.rules:
        if canonical(rule.name) in known:
            continue
        if not is_glob(rule.name):
            yield from _settled(found, rule.name, others)
        elif rule.change_controlled:
            yield from _pattern(found, rule.name, others)


def _settled(found: Loaded, name: str, asked: Asked, glob: str = "") -> Iterator[Line | Controlled]:
    settled = settle(found, name, asked, gate=False)
    if isinstance(settled, Policy):
        yield Controlled(glob or name, settled, type_of(name, found.config), exact=not glob)
    elif settled.exit != Exit.OK:
        yield Line(_POLICY, settled.reason, exit=settled.exit)


def _pattern(found: Loaded, glob: str, asked: Asked) -> Iterator[Line | Controlled]:
    """One of the names that a glob matches stands for all of them."""
    for name in examples(glob):
        try:
            controlled = classify(name, found.config).change_controlled
        except UsageError:
            continue  # a warning about the glob says it
        if controlled:
            yield from _settled(found, name, asked, glob)
            return


def _wants_control(context: Context) -> bool:
    """Whether the work tree's file speaks of change control, or Atlassian's of gating; or it cannot be read either."""
    try:
        if context.config is not None and "change-control" in context.config.document:
            return True
        return context.theirs is not None and context.theirs.gating is not None
    except UsageError:
        return True


def _weaker(found: Loaded) -> str:
    return f" ({one_line('; '.join(found.relaxed))})" if found.relaxed else ""
