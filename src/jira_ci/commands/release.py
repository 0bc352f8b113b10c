"""``release``: what follows a deployment, by hand, or its notes; ``deployment`` and ``deploy`` do it themselves."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from jira_ci.context import Context, Result
from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import replace
from jira_ci.text import one_line
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from jira_ci.gate.bookkeeping import Closable
    from jira_ci.gate.change_property import Change
    from jira_ci.gate.pinning import Pins
    from jira_ci.gate.policy.policy import Policy
    from jira_ci.gate.record import Deployment
    from jira_ci.gate.subject import Subject
    from jira_ci.gate.targets import Target
    from jira_ci.report.plan import Plan

_NONE_OPEN = 16  # the gate's row
_FORMS = ("markdown", "wiki", "adf")  # those of release_notes, which a start does not wait for


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
    child.add_argument(
        "--publish",
        action="store_true",
        help="with --notes: write them into the release of this tag at GitHub or GitLab as well, as Markdown between "
        "two marks; all else that stands there stays",
    )


def run(context: Context, arguments: Namespace) -> Result:
    """Carries out the rules under ``after`` for what is deployed and moves its change on, or prints its release notes.

    Raises:
        UsageError: a setting is invalid or missing, or no rule matches.
    """
    from jira_ci.report.plan import plan_deployment

    if arguments.publish and not arguments.notes:
        raise UsageError("--publish is about release notes.", "Write: jira-ci release --notes --publish")
    if arguments.notes:
        return _notes(context, arguments.notes, publish=arguments.publish)
    plan = plan_deployment(context, "successful")
    closes = _close_by_hand(context)
    config = context.config
    if not closes and (config is None or not config.after):
        raise UsageError("Nothing follows a deployment: .jira-ci.yml has no after.", "Add it, by environment or type.")
    from jira_ci.report.report_result import outputs

    result = follow(context, plan, "successful", Result(outputs=outputs(plan, [])))
    if "after" not in result.document and config is not None and not closes:
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


def _close_by_hand(context: Context) -> bool:
    """Moves the change of each environment to where a successful deployment takes it, and says why it could not be
    found. Whether the policy has such a place for any of them."""
    config, of_all = context.config, bool(context.given.organisation_policy)
    if not (of_all or (config is not None and config.enabled)):
        return False
    from jira_ci.gate.record import Deployment
    from jira_ci.gate.targets import objection, targets

    every = targets(context, deploying=True)
    for one in every if of_all or "end-status" in str(config and config.document) else ():
        if one.decision is not None and one.decision.result == "deny":
            where = one_line(one.subject.environment, 100)
            context.console.notice("warning", f"No change of {where} was moved on: {one.decision.reason}")
    found = [one for one in every if one.policy and one.policy.end_status.get("successful")]
    why = f"this run is one of {objection(context.run)}" if objection(context.run) else ""
    if context.given.dry_run or why:
        for one in found:
            said = f"the change of {one_line(one.subject.environment, 100)}"
            context.console.say(f"Not moved: {said}: {why}." if why else f"Dry run: {said} would be moved on.")
        return bool(found)
    whole = Deadline(context.settings.timeout)
    context.edges.signals.deadline = whole
    close_changes(context, list(_closable(context, found, whole)), Deployment(state="successful"), whole)
    return bool(found)


def _closable(context: Context, found: Sequence[Target], whole: Deadline) -> Iterator[Closable]:
    """The changes of these targets: by the setting ``change``, or the one that is open under the title. One that
    several share goes on when the others of them have ended too, or are named here as well."""
    from jira_ci.gate.find_change import Finder
    from jira_ci.gate.pinning import Pins
    from jira_ci.gate.targets import attempt_of
    from jira_ci.sites.session import GateSites

    with closing(GateSites(context)) as sites:
        for target in found:
            policy = target.policy
            if policy is None or policy.gate_by != "change":
                continue
            service = sites.service(policy.site, policy.credentials)
            sites.give(whole)
            attempt = replace(attempt_of(context), objection="jira-ci release")
            search = Finder(service, policy, target.subject, attempt, pauses=()).find()
            if search.change is not None:
                pins = Pins(service, search.change, target.subject, attempt, readers=policy.comments)
                yield from _whole(context, pins, search.change, policy, [one.subject for one in found])
            elif search.decision is not None and search.decision.row == _NONE_OPEN:
                titled = one_line(target.subject.title, 200)
                context.console.say(
                    f"No change was moved on: none with the title {titled} is open. Give one by change."
                )
            elif search.decision is not None:
                where = one_line(target.subject.environment, 100)
                context.console.notice("warning", f"No change of {where} was moved on: {search.decision.reason}")


def _whole(context: Context, pins: Pins, change: Change, policy: Policy, done: Sequence[Subject]) -> Iterator[Closable]:
    """The change, when nothing else that shares it is still to come: as ``deploy`` does it."""
    from jira_ci.gate.bookkeeping import Closable

    state, said = pins.whole_end("successful", done)
    wanted = policy.end_status.get(state)
    if not said and not wanted:
        said = f"{change.key} was not moved on: of what shares it one has {state}, for which end-status names nothing."
    if said:
        context.console.say(said)
    if wanted:
        ends = {**policy.end_status, "successful": wanted}
        yield Closable(policy.site, policy.credentials, change.id, change.key, ends)


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
    for one in {(change.site, change.id): change for change in changes}.values():
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


def _notes(context: Context, form: str, *, publish: bool) -> Result:
    """Nothing but the notes stands on stdout, so that they can go to a file."""
    from jira_ci.after.print_notes import print_notes
    from jira_ci.context import make_console
    from jira_ci.report.plan import plan_deployment

    aside = replace(context, console=make_console(replace(context.given, format="json"), context.edges))
    plan = plan_deployment(aside, "successful")
    keys = dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys)
    return print_notes(aside, [entry.environment for entry in plan.entries], list(keys), form, publish=publish)
