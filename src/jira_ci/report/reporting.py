"""A report from its plan to its result: said, sent, and what Jira made of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from jira_ci.context import Context, Result
from jira_ci.errors import Exit, JiraCiError, RejectedError, UsageError
from jira_ci.report import dry_run, findings
from jira_ci.report.fate import Fate, documents, problems
from jira_ci.report.line import Line
from jira_ci.report.plan import Plan
from jira_ci.report.summary import summary


def report(context: Context, plan: Plan, line: Line, *, said: bool = False) -> Result:
    """Sends the plan, if there is anything to send and somebody to send it to.

    Args:
        said: whether the plan was said before, and only the state is new.

    Raises:
        JiraCiError: a setting cannot be meant.
    """
    if not said:
        _say_plan(context, plan)
    if not plan.state:
        context.console.say("The job was skipped: nothing to report.")
        return _result(context, plan, [], [])
    if not plan.claiming:
        return _no_keys(context, plan)
    if context.settings.dry_run:
        unsent = [Fate(destination) for destination in line.destinations]
        result = _result(context, plan, unsent, dry_run.requests(context, plan, line.destinations))
        return _commented(context, plan, unsent, result)
    fates = line.report(plan.kind, [entry.record for entry in plan.claiming])
    for fate in fates:
        for sentence in findings.fate_lines(fate, several=line.several):
            context.console.say(sentence)
    return _commented(context, plan, fates, _result(context, plan, fates, line.requests, said=said))


def _commented(context: Context, plan: Plan, fates: Sequence[Fate], result: Result) -> Result:
    """The result with the address of the pull request's comment, where one is wanted."""
    if not context.settings.pull_request_comment:
        return result
    from jira_ci.report import commenting

    address = commenting.comment(context, plan, fates, {})
    return dataclasses.replace(result, document={**result.document, "pull-request-comment": address})


def _result(
    context: Context, plan: Plan, fates: Sequence[Fate], requests: list[dict[str, Any]], *, said: bool = False
) -> Result:
    errors = problems(fates)
    document: dict[str, Any] = {"requests": requests, "pull-request-comment": ""}
    if len(fates) > 1:
        document["connections"] = documents(fates, errors)
    decisive = _decisive(errors)
    if decisive is not None:
        document["error"] = decisive.document()
    for fate, error in zip(fates, errors, strict=True):
        if error is not None and not (said and isinstance(error, UsageError)):
            _complain(context, f" to {fate.destination.name}" if len(fates) > 1 else "", error)
    fails = isinstance(decisive, UsageError) or context.settings.on_error == "fail"
    return Result(
        exit=decisive.exit if decisive is not None and fails else Exit.OK,
        outputs=findings.outputs(plan, fates),
        document=document,
        summary=summary(plan, fates, errors),
    )


def _decisive(errors: Sequence[JiraCiError | None]) -> JiraCiError | None:
    """The error that decides about the exit code: wrong usage always fails, so it comes first."""
    found = [error for error in errors if error is not None]
    return next((error for error in found if isinstance(error, UsageError)), found[0] if found else None)


def _complain(context: Context, where: str, error: JiraCiError) -> None:
    fatal = isinstance(error, UsageError) or context.settings.on_error != "warn"
    context.console.notice("error" if fatal else "warning", f"Not reported{where}: {error}")


def _no_keys(context: Context, plan: Plan) -> Result:
    error = RejectedError(
        "No issue key was found, so there is nothing to report to Jira.",
        "Name an issue in the branch, the title or a commit, or set issue-keys.",
    )
    result = _result(context, plan, [], [])
    if context.settings.on_no_keys == "skip":
        context.console.say(str(error))
        return result
    if context.settings.on_no_keys == "warn":
        context.console.notice("warning", str(error))
        return result
    context.console.notice("error", str(error))
    return dataclasses.replace(result, exit=error.exit, document={**result.document, "error": error.document()})


def _say_plan(context: Context, plan: Plan) -> None:
    for line in (*findings.plan_lines(plan), *findings.dropped_lines(plan.entries)):
        context.console.say(line, plan.state)
    gaps = dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps)
    for sentence in (*plan.warnings, *gaps):
        context.console.notice("warning", sentence)
