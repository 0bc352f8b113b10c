"""``resume``: starts again what waited for its change without a runner, where the change lets it go on now."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from jira_ci.ci.restart import Restarts, restarts
from jira_ci.context import Context, Result, make_console
from jira_ci.errors import JiraCiError, UsageError
from jira_ci.gate.subject import where
from jira_ci.gate.targets import trusted_files
from jira_ci.output import page
from jira_ci.output.page import Link, Mark, Notice, Page, Phrase
from jira_ci.parking.fate import Outcome, worst
from jira_ci.parking.note import is_supported
from jira_ci.parking.resume import Sweep
from jira_ci.run import CI
from jira_ci.text import one_line
from jira_ci.timing import Deadline

_MOST = 100
_TONES = {"resumed": "good", "waiting": "busy", "dropped": "off", "unclear": "unknown"}


def add_arguments(child: ArgumentParser) -> None:
    """What only this command takes."""
    child.add_argument(
        "--child",
        nargs=2,
        metavar=("FILE", "JOB"),
        help="on GitLab, behind a job that runs the gate: print a child pipeline with this job of this file, which is "
        "delayed until the change's window begins, and do nothing else; no token is needed",
    )


def run(context: Context, arguments: Namespace) -> Result:
    """One sweep over the notes of this repository, or GitLab's clock for one deployment.

    Raises:
        UsageError: a setting is invalid or missing, or nothing here is change controlled.
    """
    if arguments.child:
        return _child(context, *arguments.child)
    token = _token(context)
    found = trusted_files(context)
    if not found.files:
        raise UsageError("Nothing here is change controlled, so that nothing waits.", "See change-control in the file.")
    now, bundle = datetime.fromtimestamp(context.edges.clock(), timezone.utc), context.provider_bundle

    def asked(deadline: Deadline) -> Restarts:
        return restarts(context.run, token, ca_bundle=bundle, deadline=deadline, now=now)

    outcomes, errors = Sweep(context, found, asked).run()
    return _result(context, outcomes, errors)


def _child(context: Context, file: str, job: str) -> Result:
    """Nothing but the pipeline stands on stdout, so that it can go to a file."""
    from jira_ci.parking.child_pipeline import child_pipeline

    edges = context.edges
    if context.run.provider != CI.GITLAB:
        raise UsageError("Child pipelines are GitLab's.", "Leave out --child; on GitHub a schedule is the clock.")
    now = datetime.fromtimestamp(edges.clock(), timezone.utc)
    text, said = child_pipeline(edges.directory, file, job, edges.environ, now)
    if context.given.format != "json":
        edges.stdout.write(text)
    make_console(replace(context.given, format="json"), edges).say(said)
    return Result(document={"child": text, "said": said})


def _token(context: Context) -> str:
    run, given = context.run, context.given
    if not is_supported(run):
        raise UsageError(
            "resume starts runs of GitHub and GitLab again.", "Run it in a workflow or pipeline of theirs."
        )
    token = given.github_token if run.provider == CI.GITHUB else given.gitlab_token
    if token:
        return token
    if run.provider == CI.GITHUB:
        raise UsageError("resume has no github-token.", "Give the job `permissions: {actions: write, contents: read}`.")
    raise UsageError(
        "resume has no gitlab-token: CI_JOB_TOKEN may not start jobs.",
        "Set it to a project access token with the scope api and a role that may deploy there.",
    )


def _result(context: Context, outcomes: Sequence[Outcome], errors: Sequence[JiraCiError]) -> Result:
    for error in errors:
        context.console.notice("error", str(error))
    for outcome in outcomes:
        line = f"{outcome.fate}: {_named(outcome)}: {outcome.why}"
        if outcome.fate == "unclear":
            context.console.notice("error", line)
        else:
            context.console.say(line)
    if not outcomes and not errors:
        context.console.say("Nothing of this repository is parked.")
    fates = ("resumed", "waiting", "dropped")
    named = {fate: [_named(one) for one in outcomes if one.fate == fate] for fate in fates}
    document = {"parked": [_document(one) for one in outcomes], "errors": [error.document() for error in errors]}
    return Result(worst(outcomes, errors), {}, {**named, **document}, _page(outcomes, errors))


def _named(outcome: Outcome) -> str:
    note = outcome.parked.note
    deployment = f"{one_line(note.version, 80)} to {one_line(where(note), 80)}"
    return f"{outcome.parked.change.key}, {deployment}, run {note.run}"


def _document(outcome: Outcome) -> dict[str, Any]:
    note = outcome.parked.note
    return {
        "change": outcome.parked.change.key,
        "run": note.run,
        "environment": note.environment,
        "tenant": note.tenant or None,
        "version": note.version,
        "commit": note.commit,
        "fate": outcome.fate,
        "why": outcome.why,
    }


def _page(outcomes: Sequence[Outcome], errors: Sequence[JiraCiError]) -> Page:
    resumed = sum(one.fate == "resumed" for one in outcomes)
    rows = [_row(one) for one in outcomes]
    blocks = page.table("", ("change", "deployment", "run", "what became of it", "why"), rows, _MOST)
    notices = [Notice((str(error),)) for error in errors]
    words = "deployment was started" if resumed == 1 else "deployments were started"
    return Page(Mark("good" if resumed else "off", f"{resumed} {words} again"), (*notices, *blocks))


def _row(outcome: Outcome) -> Sequence[Phrase]:
    note, change = outcome.parked.note, outcome.parked.change
    address = Link(change.key, f"{outcome.parked.policy.site}/browse/{change.key}")
    deployment = f"{note.version} to {where(note)}"
    return (
        (address,),
        (deployment,),
        (Link(note.run, note.url),),
        (Mark(_TONES[outcome.fate], outcome.fate),),
        (outcome.why,),
    )
