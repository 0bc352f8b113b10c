"""``init``: looks at the repository and writes a ``.jira-ci.yml`` and what makes its pipelines report to Jira."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace

from jira_ci.config.model import DEFAULT_NAME, Config
from jira_ci.context import Context, Result
from jira_ci.init import config_file, files, github_workflow, gitlab_jobs, hints, look, next_steps
from jira_ci.init.files import File, Found
from jira_ci.jira.access import site_url
from jira_ci.run import CI
from jira_ci.text import one_line

_MISNAMED = ".jira-ci.yaml"


@dataclass(frozen=True)
class _Plan:
    found: Found
    config: Config | None
    """What the new configuration says; None when there is one already."""
    new: tuple[File, ...]
    left: tuple[File, ...]
    """What would have been written where something is already."""


def run(context: Context, arguments: Namespace) -> Result:
    """Writes what is not there yet; a file that is there is never touched, which is no error.

    Raises:
        UsageError: the site is invalid, or a file cannot be written where it belongs.
    """
    plan = _plan(context, gate=arguments.gate)
    written = [] if context.given.dry_run else list(plan.new)
    for file in written:
        files.write(context.root, file)
    steps = next_steps.of(plan.found, plan.config)
    _say(context, plan, written, steps)
    return Result(
        document={
            "written": [file.name for file in written],
            "contents": {file.name: file.text for file in (*plan.new, *plan.left)},
            "left": [file.name for file in plan.left],
            "next": steps,
            "notes": list(plan.found.notes),
        }
    )


def _plan(context: Context, *, gate: bool) -> _Plan:
    given = context.given
    site = site_url(given.site, given.instance).removeprefix("https://")
    seen = look.seen(context.git)
    found = look.look(context.root, context.run, seen, site, hints.zone(context.edges.environ))
    found = replace(found, gate=gate and not found.gating)
    file, config = config_file.make_config(found, given.config)
    proposed = [file]
    proposed += github_workflow.make(found) if CI.GITHUB in found.providers else []
    proposed += gitlab_jobs.make(found) if CI.GITLAB in found.providers else []
    for one in proposed:
        files.refuse_outside(context.root, one)
    taken = {one.name for one in proposed if files.is_taken(context.root, one)}
    if given.config == DEFAULT_NAME and files.is_taken(context.root, File(_MISNAMED, "")):
        context.console.notice("warning", f"{_MISNAMED} is there, but the file's name is {DEFAULT_NAME}. Rename it.")
        taken.add(file.name)
    return _Plan(
        found,
        None if file.name in taken else config,
        tuple(one for one in proposed if one.name not in taken),
        tuple(one for one in proposed if one.name in taken),
    )


def _say(context: Context, plan: _Plan, written: list[File], steps: list[str]) -> None:
    console = context.console
    for sentence in plan.found.notes:
        console.notice("warning", sentence)
    for file in written:
        console.say(f"Written: {one_line(file.name, 200)}")
    for file in () if written else plan.new:
        console.block(f"Would be written: {one_line(file.name, 200)}", file.text.splitlines())
    for file in plan.left:
        title = f"Left as it is: {one_line(file.name, 200)}. This would have been written there:"
        console.block(title, file.text.splitlines())
    console.say("Next:")
    for number, step in enumerate(steps, 1):
        first, *others = step.splitlines()
        console.say(f"{number}. {first}")
        for line in others:
            console.say(f"   {line}")
