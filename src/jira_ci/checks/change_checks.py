"""What ``check`` asks one Jira site for the gate: account, desk, permissions, titles, one environment's change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator, Sequence
from urllib.parse import urlsplit

from jira_ci.checks import resume_checks
from jira_ci.checks.desk_checks import desk_lines
from jira_ci.checks.report_checks import Line, failed, warning
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError, UsageError, nearest
from jira_ci.gate import targets
from jira_ci.gate.change_property import Change
from jira_ci.gate.create_change import Impossible, find_desk, prepare, shown
from jira_ci.gate.find_change import Candidates, Finder, Search
from jira_ci.gate.policy.lint import Controlled
from jira_ci.gate.policy.one_change import members
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.requirements import Snapshot
from jira_ci.gate.snapshot import SnapshotReader
from jira_ci.gate.subject import Subject, describe, titled, where
from jira_ci.jira import jql
from jira_ci.jira.access import Route
from jira_ci.jira.parse_desk import Desk
from jira_ci.jira.service_desk import Service
from jira_ci.run import CI
from jira_ci.sites import trust
from jira_ci.sites.session import gate_access
from jira_ci.text import canonical, one_line

_NOT_NAMED, _NONE_OPEN = 13, 16
_UNREADABLE = (6, 7, 11, 13, 17)
_MOST = 5  # changes that are read to find one that is open


def change_lines(service: Service, context: Context, environment: Controlled, subject: Subject) -> Iterator[Line]:
    """The title, what the search for it found, and a reading of an open change, if there is one."""
    policy = environment.policy
    finder = Finder(service, dataclasses.replace(policy, create=False), subject, targets.attempt_of(context))
    found_change = finder.find()
    yield _found(context, environment, subject, found_change)
    if found_change.decision is not None and found_change.decision.row not in (_NOT_NAMED, _NONE_OPEN):
        return
    try:
        change = found_change.change or _similar(service, policy, subject)
    except JiraCiError as error:
        yield failed("gate approvals", error)
        return
    if change is None:
        yield Line(
            "gate approvals",
            f"{one_line(environment.name, 80)}: not tested, because there is no open change to read them of",
        )
        return
    yield from _read(service, context, policy, dataclasses.replace(subject, title=change.summary), change)


def _found(context: Context, environment: Controlled, subject: Subject, found_change: Search) -> Line:
    policy, decision = environment.policy, found_change.decision
    given = one_line(policy.change, 80)
    wanted = f"only {given} is asked" if given else f"the title is {one_line(subject.title, 300)}"
    if not context.given.version and not given:
        wanted += " with this run's version"
    told = f"{one_line(environment.name, 80)}: {wanted}"
    what = "gate change" if given else "gate title"
    if decision is None:
        key = one_line(found_change.change.key, 80) if found_change.change else ""
        return Line(what, f"{told}; {key} is open and fits")
    if decision.row == _NONE_OPEN:
        objection = targets.attempt_of(context).objection or ("" if policy.create else "create: false")
        then = f"none is made here ({objection})" if objection else "the gate makes one"
        return Line(what, f"{told}; the search works, no open change carries it, {then}")
    if decision.row == _NOT_NAMED and not context.given.version:
        return warning(what, f"{told}; it does not name this run's version.", "Give the setting version to test that.")
    return Line(what, f"{told}. {decision.reason}", exit=decision.exit)


def _similar(service: Service, policy: Policy, subject: Subject) -> Change | None:
    """An open change for another version, to see whether changes can be read; ``None`` when there is none."""
    start, _, _ = policy.title.partition("{version}")
    words = start.replace("{project}", subject.project).replace("{environment}", subject.environment)
    if not words.strip() or policy.change:
        return None
    candidates = Candidates(service, policy, subject)
    for found in service.search_once(jql.open_issues(policy.service_desk, words)).values[:_MOST]:
        issue, _ = service.issue(found.id)
        if candidates.fits(issue) and not issue.done:
            return Change(issue.id, issue.key, issue.project_key, issue.type_name, issue.summary, "title", ours=False)
    return None


def _read(service: Service, context: Context, policy: Policy, subject: Subject, change: Change) -> Iterator[Line]:
    decision, read = SnapshotReader(service, policy, subject, targets.attempt_of(context), change).read()
    if decision.row in _UNREADABLE or read is None:
        yield Line("gate approvals", f"{change.key} cannot be read completely: {decision.reason}", exit=decision.exit)
        return
    approvals = read.approvals or ()
    yield Line("gate approvals", f"{change.key} and its approvals ({len(approvals)}) can be read")
    yield from _window(policy, read, change.key)
    if any(one.account == read.own_account for approval in approvals for one in approval.approvers):
        yield warning(
            "gate approvals",
            f"The gate's own account is an approver of {change.key}; its approval never counts.",
            "Let people approve.",
        )


def _window(policy: Policy, read: Snapshot, key: str) -> Iterator[Line]:
    if policy.window is None:
        return
    for name, values in zip(policy.window, (read.start, read.end), strict=True):
        if not values:
            yield Line(
                "gate window",
                f"{key} has no field {shown(name)}, so that its window could never be read.",
                "Add the field to the changes' issue type in Jira, or correct window.",
                Exit.USAGE,
            )


_KINDS = {
    ("basic", True): "user and an API token",
    ("basic", False): "user and an API token with scopes",
    ("bearer", True): "a personal access token",
    ("bearer", False): "a token alone",
    ("oauth", False): "an access token for client-id and client-secret",
}
_MOVES = "TRANSITION_ISSUES"
_EDITS = "EDIT_ISSUES"


def site_lines(service: Service, context: Context, controlled: Sequence[Controlled]) -> Iterator[Line]:
    """A line for each thing. Without an account that is let in, nothing else is tested."""
    try:
        route, account = service.connect(), service.myself()
    except JiraCiError as error:
        yield _refused(context, controlled[0].policy, error)
        return
    yield Line("gate credentials", f"{_way(route)}, as {one_line(account.name, 80)} ({one_line(account.id, 100)})")
    able: list[Controlled] = []
    for project in dict.fromkeys(environment.policy.service_desk for environment in controlled):
        there = [environment for environment in controlled if environment.policy.service_desk == project]
        desk = yield from _desk(service, project)
        if desk is not None:
            able += there
            policies = [environment.policy for environment in there]
            yield from _permission_lines(service, desk, policies, parks=resume_checks.parks(context))
            yield from desk_lines(service, desk, there)
    yield from _window_lines(service, [environment.policy for environment in controlled])
    yield from _environment_lines(service, context, able)
    named = (team for one in able for team in (one.policy.emergency.teams if one.policy.emergency else ()))
    yield from (_team(context, team) for team in dict.fromkeys(named))


def _team(context: Context, team: str) -> Line:
    """Whether its members can be read: at the night of the emergency it is too late to find out."""
    if context.run.provider not in (CI.GITHUB, CI.GITLAB):
        return Line("gate emergency", f"the team {one_line(team, 80)}: not tested, because this is no job of a CI's")
    try:
        trust.see_team(context, team)
    except Unreadable as error:
        found = f"Who is in the team {one_line(team, 80)} cannot be read, so that none of them may ask. {error}"
        return warning("gate emergency", found, "Set organisation-token.")
    return Line("gate emergency", f"the team {one_line(team, 80)} is there, and whoever is in it may ask")


def _refused(context: Context, policy: Policy, error: JiraCiError) -> Line:
    line = failed("gate credentials", error)
    if line.exit != Exit.ACCESS or gate_access(context, policy.site, policy.credentials).kind != "oauth":
        return line
    hint = "The client-id and client-secret that report are not let in here: set user and token as well."
    return dataclasses.replace(line, hint=f"{line.hint} {hint}".strip())


def _way(route: Route) -> str:
    edition = "Jira Cloud" if route.edition == "cloud" else "Jira Data Center"
    parts = urlsplit(route.base)
    kind = _KINDS.get((route.kind, route.site), route.kind)
    return one_line(f"{edition} at {parts.netloc}{parts.path} lets {kind} in", 300)


def _desk(service: Service, project: str) -> Generator[Line, None, Desk | None]:
    subject = "gate service desk"
    try:
        desk = find_desk(service, project)
    except (Impossible, JiraCiError) as error:
        yield _wrong(subject, error)
        return None
    yield Line(subject, f"{desk.project_key} is there (id {desk.id})")
    return desk


def _permission_lines(service: Service, desk: Desk, policies: Sequence[Policy], *, parks: bool) -> Iterator[Line]:
    needed = {"BROWSE_PROJECTS": "see changes"}
    if any(_may_make(policy) for policy in policies):
        needed["CREATE_ISSUES"] = "make changes"
    if any(policy.comments != "off" for policy in policies):
        needed["ADD_COMMENTS"] = "comment on changes"
    try:
        granted = service.permissions(desk.project_key, [*needed, _MOVES, *([_EDITS] if parks else [])])
    except JiraCiError as error:
        yield failed("gate permissions", error)
        return
    lacking = [name for name in needed if not granted.get(name)]
    for name in lacking:
        yield Line(
            "gate permissions",
            f"The gate's account may not {needed[name]} in {desk.project_key} ({name}).",
            "Make it an agent of the service desk, or grant it this permission.",
            Exit.ACCESS,
        )
    if not lacking:
        yield Line("gate permissions", f"the account may {', '.join(needed.values())} in {desk.project_key}")
    if parks:
        yield _parking(desk.project_key, may=granted.get(_EDITS, False))
    if granted.get(_MOVES):
        yield warning(
            "gate permissions",
            f"The gate's account may move changes in {desk.project_key} to another status ({_MOVES}), so that whoever "
            "has its token could open the gate.",
            "Take this permission from it.",
        )


def _parking(project: str, *, may: bool) -> Line:
    if may:
        return Line(
            "gate parking",
            f"the account may leave notes for jira-ci resume on changes in {project}, with labels or without",
        )
    found = (
        f"The gate's account may not edit changes in {project} ({_EDITS}), so that a deployment that waits leaves no "
        "note for jira-ci resume."
    )
    return warning("gate parking", found, "Grant it this permission; or set parked to off.")


def _window_lines(service: Service, policies: Sequence[Policy]) -> Iterator[Line]:
    wanted = dict.fromkeys(name for policy in policies for name in policy.window or ())
    watched = dict.fromkeys(name for policy in policies for name in policy.watched_fields)
    if not wanted:
        yield Line("gate window", "off: changes have no window")
    if not wanted and not watched:
        return
    try:
        known = service.fields()
    except JiraCiError as error:
        yield failed("gate window", error)
        return
    for name in wanted:
        yield _field_line("gate window", name, known, "Name the site's own fields under window, or say window: off.")
    for name in watched:
        yield _field_line("gate watched fields", name, known, "Correct it under watched-fields.")


def _field_line(subject: str, name: str, known: dict[str, str], advice: str) -> Line:
    found = [one for one, called in known.items() if one == name or canonical(called) == canonical(name)]
    if not found:
        hint = one_line(nearest(name, known.values()), 100)
        return Line(subject, f"The site has no field {shown(name)}.", f"{hint} {advice}".strip(), Exit.USAGE)
    if len(found) > 1 and name not in found:
        ids = " and ".join(one_line(one, 60) for one in found[:5])
        return warning(subject, f"The site has several fields {shown(name)}: {ids}.", "Give one by its id.")
    return Line(subject, f"{shown(name)} is the field {one_line(found[0], 60)}")


def _environment_lines(service: Service, context: Context, controlled: Sequence[Controlled]) -> Iterator[Line]:
    asked: list[tuple[object, ...]] = []
    looked: set[str] = set()
    for environment in controlled:
        policy, first = environment.policy, environment.name not in looked
        looked.add(environment.name)
        subject, problem = _subject(context, environment)
        form = policy.service_desk, policy.request_type, policy.issue_types, dict(policy.fields), policy.emergency
        if form not in asked and _may_make(policy):
            asked.append(form)
            yield _attempt("gate request type", lambda p=policy, s=subject: _form(service, context, p, s))  # type: ignore[misc]
            if policy.emergency is not None:
                urgent = dataclasses.replace(policy, request_type=policy.emergency.request_type)
                yield _attempt("gate emergency", lambda p=urgent, s=subject: _form(service, context, p, s))  # type: ignore[misc]
        if environment.exact and problem:
            yield Line("gate title", f"{one_line(where(environment), 160)}: {problem}", exit=Exit.USAGE)
        elif environment.exact and first:  # of other tenants only the titles are tested
            yield from change_lines(service, context, environment, subject)
        if not environment.exact:
            name = one_line(environment.name, 80)
            told = f"{name} stands for many environments; name one with environment to see its title"
            yield Line("gate title", told)


def _subject(context: Context, environment: Controlled) -> tuple[Subject, str]:
    """The deployment of this job to that environment; without a title, and with the reason, when it can have none."""
    tenant = environment.tenant
    version, run = context.given.version, context.run
    at = targets.what_is_there(context)
    subject = describe(
        run, project=environment.policy.project, environment=environment.name, version=version, tenant=tenant, at=at
    )
    try:
        shared = members(environment.policy.one_change_for, environment.name, tenant)
        return titled(subject, environment.policy.title, run, at=at, members=shared), ""
    except UsageError as error:
        return subject, str(error)


def _form(service: Service, context: Context, policy: Policy, subject: Subject) -> str:
    prepare(service, policy, subject, dataclasses.replace(targets.attempt_of(context), keys=()))
    return f"{shown(policy.request_type)} is there, and every field that it requires has a value"


def _may_make(policy: Policy) -> bool:
    return policy.create and not policy.change


def _attempt(subject: str, test: Callable[[], str]) -> Line:
    try:
        return Line(subject, test())
    except (Impossible, JiraCiError) as error:
        return _wrong(subject, error)


def _wrong(subject: str, error: Impossible | JiraCiError) -> Line:
    if isinstance(error, JiraCiError):
        return failed(subject, error)
    return Line(subject, str(error), exit=Exit.USAGE)
