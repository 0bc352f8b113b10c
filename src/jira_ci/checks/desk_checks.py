"""What ``check`` asks a service desk as a change manager would: whether it has what the policy names, and who can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jira_ci.checks.report_checks import Line, failed, warning
from jira_ci.errors import Exit, JiraCiError
from jira_ci.gate.approvals import near_miss
from jira_ci.gate.create_change import is_of_type, shown
from jira_ci.gate.policy.lint import Controlled
from jira_ci.gate.policy.policy import Policy
from jira_ci.jira import jql
from jira_ci.jira.parse_desk import Desk, Kind
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound
from jira_ci.text import canonical, one_line

_RECENT = 5  # changes whose approvals are looked at
_SHOWN = 15  # statuses in one sentence


def desk_lines(service: Service, desk: Desk, controlled: Sequence[Controlled]) -> Iterator[Line]:
    """A line for each thing that the policy names of the desk, each asked once."""
    policies = [environment.policy for environment in controlled]
    try:
        kinds = service.kinds_of_project(desk.project_key)
    except JiraCiError as error:
        yield failed("gate statuses", error)
    else:
        yield from dict.fromkeys(line for policy in policies for line in _statuses(desk, kinds, policy))
    groups = dict.fromkeys(one.group for policy in policies for one in policy.required_approvers if one.group)
    for group in groups:
        yield _group(service, group)
    names = dict.fromkeys(name for policy in policies for name in policy.required_approvals)
    if names:
        yield from _names(service, desk, list(names))


def _statuses(desk: Desk, kinds: Sequence[Kind], policy: Policy) -> Iterator[Line]:
    """Whether the workflow of the changes has the statuses that let them begin, and those that a file names."""
    subject = "gate statuses"
    ours = [kind for kind in kinds if is_of_type(kind.id, kind.name, policy.issue_types)]
    known = {status: name for kind in ours for status, name in kind.statuses.items()}
    own = {canonical(name): status for kind in ours for status, name in kind.untranslated.items()}
    if not known:
        types = ", ".join(shown(kind.name) for kind in kinds[:_SHOWN])
        found = f"{desk.project_key} has no issue type of issue-types; it has {types or 'none that is shown'}."
        yield Line(subject, found, "Name one of them under issue-types.", Exit.USAGE)
        return
    has = ", ".join(f"{one_line(name, 60)} ({status})" for status, name in list(known.items())[:_SHOWN])
    told = f"The changes of {desk.project_key} have {has}."
    absent = [name for name in policy.proceed_statuses if not _is_there(name, known)]
    called = [
        f"{one_line(name, 60)} is called {one_line(known[own[canonical(name)]], 60)} there: write "
        f"'{own[canonical(name)]}', its id."
        for name in absent
        if canonical(name) in own
    ]
    if len(absent) == len(policy.proceed_statuses):
        found = f"No status of proceed-statuses ({_listed(absent)}) is there, so nothing could ever be deployed. {told}"
        hint = "Write one of these: Jira shows names in the language of the gate's account; ids are the same in all."
        yield Line(subject, found, " ".join(called) or hint, Exit.USAGE)
    elif absent:
        yield warning(subject, f"proceed-statuses names {_listed(absent)}, which is not there. {told}", "Correct it.")
    else:
        yield Line(subject, f"{_listed(policy.proceed_statuses)} is there, and lets a deployment begin")
        yield Line(
            subject,
            f"Jira does not show who moves an approved change to {_listed(policy.proceed_statuses)}: see that an agent "
            "or an automation rule does",
        )
    absent = [name for name in policy.wait_statuses if not _is_there(name, known)]
    if absent and policy.origins.get("wait-statuses", "default") != "default":
        yield warning(
            subject, f"wait-statuses names {_listed(absent)}, which is not there. {told}", "Correct it, or take it out."
        )


def _is_there(wanted: str, known: dict[str, str]) -> bool:
    return wanted in known if wanted.isdigit() else canonical(wanted) in map(canonical, known.values())


def _listed(names: Sequence[str]) -> str:
    return " or ".join(one_line(name, 60) for name in names[:5])


def _group(service: Service, group: str) -> Line:
    """Whether somebody of a group can approve."""
    subject, name = "gate required approvers", shown(group)
    try:
        people, own = service.members(group), service.myself()
    except NotFound:
        return Line(subject, f"There is no group {name}.", "Correct it under required-approvers.", Exit.USAGE)
    except JiraCiError as error:
        return failed(subject, error)
    able = [one for one in people if one.id != own.id]
    if not able:
        return warning(subject, f"Nobody who could approve is in the group {name}.", "Put somebody into it.")
    if len(able) < len(people):
        found = f"The gate's own account is in the group {name}; its approval never counts."
        return warning(subject, found, "Let people approve, and take it out.")
    return Line(subject, f"the group {name} has {len(people)} active members")


def _names(service: Service, desk: Desk, names: Sequence[str]) -> Iterator[Line]:
    """Whether the approvals of the newest changes have these names, as far as there are any."""
    subject, seen = "gate required approvals", dict[str, None]()
    try:
        for issue in service.newest(jql.newest_issues(desk.project_key), _RECENT):
            seen |= dict.fromkeys(_approvals(service, issue.id))
    except JiraCiError as error:
        yield failed(subject, error)
        return
    for name in names:
        told = f"the newest {_RECENT} changes of {desk.project_key}"
        near = near_miss(name, list(seen))
        if name in seen:
            yield Line(subject, f"{shown(name)} is an approval of {told}")
        elif near:
            both = f"{near[:80]!a}, which is another name than {name[:80]!a}"
            found = f"{told[0].upper()}{told[1:]} have an approval {both}."
            yield warning(subject, found, "Write one as the other: names are compared letter by letter.")
        elif seen:
            found = f"No approval of {told} is called {shown(name)}; they are called {', '.join(map(shown, seen))}."
            yield warning(subject, found, "Correct it under required-approvals, or add that step to the workflow.")
        else:
            yield Line(subject, f"{shown(name)}: not tested, because none of {told} has an approval")


def _approvals(service: Service, issue_id: str) -> list[str]:
    """The names of a request's approvals; none where the issue is no request."""
    try:
        return [one.name for one in service.approvals(issue_id)[0].values]
    except NotFound:
        return []
