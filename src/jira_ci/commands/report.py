"""``report``, ``build``, ``deployment``: tell Jira what happened.

Connecting comes first and the rest is imported after it, because the network can work while Python loads.
"""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from typing import TYPE_CHECKING

from jira_ci.context import Context, Result
from jira_ci.frozen import replace
from jira_ci.report import ahead
from jira_ci.text import canonical, one_line

if TYPE_CHECKING:
    from jira_ci.report.plan import Plan

_ELSEWHERE = ("stop", "prepare", "verify", "access")
"""What GitLab's jobs do with an environment but deploy to it (https://docs.gitlab.com/ci/yaml/#environmentaction)."""


def run_report(context: Context, arguments: Namespace) -> Result:
    """A deployment when an environment is given or the CI knows one, otherwise a build."""
    if context.environment_names:
        return run_deployment(context, arguments)
    named = next((name for name in ("version", "tenant", "service") if getattr(context.settings, name)), "")
    if named:
        context.console.notice(
            "warning",
            f"Not reported: environment is empty, and {named} ({context.settings.origins[named]}) is set, so that this "
            "is neither clearly a deployment nor a build. Set environment, or say command: build.",
        )
        return _nothing()
    return run_build(context, arguments)


def run_build(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Reports a build: this job's, or the run that a ``workflow_run`` event is about."""
    context = _about_the_event(context)
    ahead.preconnect(context, ())
    from jira_ci.report.deliver import dial_ahead

    with closing(dial_ahead(context, ())) as delivery:
        from jira_ci.report import plan, report

        return report.report(context, plan.plan_build(context), delivery)


def run_deployment(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Reports a deployment to one or several environments."""
    if _deploys_nothing(context):
        run = context.run
        context.console.say(
            f"Nothing was reported: this job deploys nothing to {one_line(run.environment, 100)} (environment: action: "
            f"{run.environment_action}). {_hint(run.environment_action)}"
        )
        return _nothing()
    ahead.preconnect(context, context.environment_names)
    from jira_ci.report.deliver import dial_ahead

    with closing(dial_ahead(context, context.environment_names)) as delivery:
        from jira_ci.report import plan, report

        made = plan.plan_deployment(context)
        result = report.report(context, made, delivery)
    from jira_ci.commands.release import follow

    return follow(context, made, made.state, _gated(context, made, result))


def _gated(context: Context, made: Plan, result: Result) -> Result:
    """The result with what no gate let through; nothing of it is loaded where no file speaks of change control."""
    has_control = context.config is not None and "change-control" in context.config.document
    if made.state != "successful" or not (has_control or context.given.organisation_policy):
        return result
    from jira_ci.evidence.ungated import noted

    return noted(context, [entry.environment.name for entry in made.entries if entry.environment], result)


def _about_the_event(context: Context) -> Context:
    if context.run.event != "workflow_run":
        return context
    from jira_ci.ci import detect, github_env

    run = github_env.built(context.run, detect.read_event(context.edges.environ))
    return replace(context, run=run)


def _deploys_nothing(context: Context) -> bool:
    """Whether GitLab says so of the only environment. A job that tells of another one's deployment may prepare or
    verify the environment itself, so there an environment that was named counts; but nothing is deployed by a stop."""
    run, given = context.run, context.given.environment
    if run.environment_action not in _ELSEWHERE or {*map(canonical, given)} - {canonical(run.environment)}:
        return False
    return not given or run.environment_action == "stop"


def _hint(action: str) -> str:
    if action == "stop":
        return "jira-ci forget takes out of Jira what was deployed there."
    return "Where it tells of another job's deployment, set environment."


def _nothing() -> Result:
    return Result(outputs={"state": "skipped", "accepted": 0, "rejected": 0})
