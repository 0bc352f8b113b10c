"""``release``: what follows a deployment, by hand, or its notes; ``deployment`` and ``deploy`` do it themselves."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from jira_ci.context import Context, Result
from jira_ci.errors import UsageError, nearest
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from jira_ci.gate.bookkeeping import Closable
    from jira_ci.gate.record import Deployment
    from jira_ci.report.plan import Plan

_FORMS = ("markdown", "wiki", "adf")


def add_arguments(child: ArgumentParser) -> None:
    """What only this command takes."""
    child.add_argument(
        "--notes",
        nargs="?",
        const="markdown",
        choices=_FORMS,
        help="print the release notes of what is deployed, and do nothing else: as Markdown, or as Jira has it (wiki "
        "markup, or an Atlassian document)",
    )


def run(context: Context, arguments: Namespace) -> Result:
    """Carries out the rules under ``after`` for what is deployed, or prints its release notes.

    Raises:
        UsageError: a setting is invalid or missing, or no rule matches.
    """
    from jira_ci.report.plan import plan_deployment

    if arguments.notes:
        return _notes(context, arguments.notes)
    plan = plan_deployment(context, "successful")
    config = context.config
    if config is None or not config.after:
        raise UsageError("Nothing follows a deployment: .jira-ci.yml has no after.", "Add it, by environment or type.")
    from jira_ci.report.report_result import outputs

    result = follow(context, plan, "successful", Result(outputs=outputs(plan, [])))
    if "after" not in result.document:
        names = ", ".join(context.environment_names)
        near = nearest(context.environment_names[0], [*config.after])
        raise UsageError(f"No rule under after matches {names}.", near or "Add one, by the environment's name or type.")
    return result


def follow(context: Context, plan: Plan | None, state: str, result: Result, whole: Deadline | None = None) -> Result:
    """The result of a deployment with what followed it: nothing before it is successful.

    Args:
        plan: what was deployed; ``None`` where nothing was reported, and it is found out here.
        whole: ends with the job; a signal hurries it.
    """
    if state != "successful" or context.config is None or not context.config.after:
        return result
    from jira_ci.after.follow import FollowUp, add_to, deployed_by
    from jira_ci.report.plan import plan_deployment

    plan = plan or plan_deployment(context, state)
    entries = [(entry.environment, entry.claim.keys.keys) for entry in plan.entries]
    followed = FollowUp(context, first_commit=plan.first_commit, whole=whole)
    followed.run(deployed_by(entries))
    return add_to(context, result, followed)


def take_back(context: Context, result: Result) -> Result:
    """The result of a roll-back with what became of the fix version of the deployment that was rolled back."""
    if context.config is None or not context.config.after:
        return result
    from jira_ci.after.follow import FollowUp, add_to
    from jira_ci.report.plan import classify_environment

    followed = FollowUp(context)
    followed.take_back([classify_environment(context, name) for name in context.environment_names])
    return add_to(context, result, followed)


def close_changes(context: Context, changes: Sequence[Closable], became: Deployment, whole: Deadline) -> None:
    """Moves each change on. What goes wrong is said, and is no reason to fail.

    Args:
        whole: ends with the job; a signal hurries it.
    """
    from jira_ci.after.close_change import Ending, close, sentence
    from jira_ci.errors import JiraCiError
    from jira_ci.sites.session import change_login

    timed = replace(context, deadline=Deadline(context.settings.timeout, whole=whole))
    for one in {change.id: change for change in changes}.values():
        wanted = one.end_status
        ending = Ending(
            one.key,
            one.id,
            wanted[became.state or "unknown"],
            wanted.get("start", "Change start date"),
            wanted.get("end", "Change completion date"),
            became.started,
            became.ended,
        )
        try:
            login = change_login(timed, one.site, wanted.get("credentials", "") or one.credentials)
            with closing(login.client):
                said, good = sentence(ending, *close(login, ending))
        except JiraCiError as error:
            said, good = f"{one.key} was not moved to {ending.transition}: {error}", False
        if good:
            context.console.say(said)
        else:
            context.console.notice("warning", said)


def _notes(context: Context, form: str) -> Result:
    """Nothing but the notes stands on stdout, so that they can go to a file."""
    from jira_ci.after.print_notes import print_notes
    from jira_ci.context import make_console
    from jira_ci.report.plan import plan_deployment

    aside = replace(context, console=make_console(replace(context.given, format="json"), context.edges))
    plan = plan_deployment(aside, "successful")
    keys = dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys)
    return print_notes(aside, [entry.environment for entry in plan.entries], list(keys), form)
