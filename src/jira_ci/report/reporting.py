"""A report from its plan to its result: said, sent, and what Jira made of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jira_ci.context import Context, Result
from jira_ci.errors import Exit, JiraCiError, RejectedError, UsageError
from jira_ci.jira.outcome import Links
from jira_ci.report import findings, keyless
from jira_ci.report.fate import Fate, documents, problems
from jira_ci.report.line import Line, without
from jira_ci.report.plan import Plan
from jira_ci.report.summary import Column, about, summary

if TYPE_CHECKING:
    from jira_ci.jira.issues import Card
    from jira_ci.report.look_ups import LookUps
    from jira_ci.summary.parts import Link

_NONE: Mapping[str, Card] = MappingProxyType({})


def report(context: Context, plan: Plan, line: Line, *, said: bool = False, titles: bool = True) -> Result:
    """Sends the plan, if there is anything to send and somebody to send it to.

    Args:
        said: whether the plan was said before, and only the state is new.
        titles: whether the issues are shown with their titles, where there is a token to ask for them.

    Raises:
        JiraCiError: a setting cannot be meant.
    """
    if not said:
        _say_plan(context, plan)
    if not plan.state:
        context.console.say("It was skipped: nothing to report.")
        return _result(context, plan, [], [])
    if not plan.claiming:
        return keyless.settled(context, keyless.NO_KEYS, _result(context, plan, [], []))
    if context.settings.dry_run:
        from jira_ci.report import dry_run

        if context.settings.verify_keys:
            context.console.say("A dry run verifies no keys: Jira is not asked anything.")
        unsent = [Fate(destination) for destination in line.destinations]
        result = _result(context, plan, unsent, dry_run.requests(context, plan, line.destinations))
        if not said:
            services = not all(map(dry_run.by_links, line.destinations))
            result = _without_some(context, result, keyless.found(plan, services=services))
        return _commented(context, plan, unsent, result)
    return _sent(context, plan, line, said=said, titles=titles)


def _sent(context: Context, plan: Plan, line: Line, *, said: bool, titles: bool) -> Result:
    records, keys, look_ups = [entry.record for entry in plan.claiming], findings.keys(plan), _look_ups(context, line)
    hidden = look_ups.verify(keys) if look_ups and context.settings.verify_keys else {}
    if all(one.name in hidden and not without(records, hidden[one.name]) for one in line.destinations):
        unsent = [Fate(one, hidden=tuple(hidden[one.name])) for one in line.destinations]
        result = _result(context, plan, unsent, line.requests, said=said)
        return result if said else keyless.settled(context, keyless.NONE_SHOWN, result)
    if look_ups and titles:
        look_ups.begin(keys)
    fates = line.report(plan.kind, records, hidden)
    for fate in fates:
        for sentence in findings.fate_lines(fate, several=line.several):
            context.console.say(sentence)
    found = look_ups.finish(keys, fates) if look_ups and titles else _NONE
    result = _result(context, plan, fates, line.requests, found, said=said)
    if not said:
        everywhere = set.intersection(*(set(hidden.get(one.name, ())) for one in line.destinations))
        services = not all(isinstance(fate.outcome, Links) for fate in fates)
        result = _without_some(context, result, keyless.found(plan, everywhere, services=services))
    return _commented(context, plan, fates, result, found)


def _look_ups(context: Context, line: Line) -> LookUps | None:
    """The questions about issues; ``None`` where there is no token to ask them with, and nothing of it is loaded."""
    if not any(one.settings.token or one.settings.verify_keys for one in line.destinations):
        return None
    from jira_ci.report.look_ups import LookUps

    return LookUps(context, line, line.looked)


def _commented(
    context: Context, plan: Plan, fates: Sequence[Fate], result: Result, found: Mapping[str, Card] = _NONE
) -> Result:
    """The result with the address of the pull request's comment, where one is wanted."""
    if not context.settings.pull_request_comment:
        return result
    from jira_ci.report import commenting

    address = commenting.comment(context, plan, fates, {key: (one.title, one.status) for key, one in found.items()})
    return dataclasses.replace(result, document={**result.document, "pull-request-comment": address})


def _result(
    context: Context,
    plan: Plan,
    fates: Sequence[Fate],
    requests: list[dict[str, Any]],
    found: Mapping[str, Card] = _NONE,
    *,
    said: bool = False,
) -> Result:
    errors = problems(fates)
    document: dict[str, Any] = {"requests": requests, "pull-request-comment": ""}
    if len(fates) > 1:
        document["connections"] = documents(fates, errors)
    told = _told(context, plan, found, document) if found else ((), {})
    foot = about(context.run, context.settings.version.strip())
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
        summary=summary(plan, fates, errors, *told, foot),
    )


def _told(
    context: Context, plan: Plan, found: Mapping[str, Card], document: dict[str, Any]
) -> tuple[Sequence[Column], Mapping[str, Link]]:
    """Says what the issues are called, adds it to the document, and returns what the summary shows of it."""
    from jira_ci.report import cards

    keys = findings.keys(plan)
    for sentence in cards.lines(keys, found):
        context.console.say(sentence)
    document["issues"] = cards.documents(keys, found)
    return cards.columns(found), cards.moved(found)


def _decisive(errors: Sequence[JiraCiError | None]) -> JiraCiError | None:
    """The error that decides about the exit code: wrong usage always fails, so it comes first."""
    found = [error for error in errors if error is not None]
    return next((error for error in found if isinstance(error, UsageError)), found[0] if found else None)


def _complain(context: Context, where: str, error: JiraCiError) -> None:
    fatal = isinstance(error, UsageError) or context.settings.on_error != "warn"
    context.console.notice("error" if fatal else "warning", f"Not reported{where}: {error}")


def _without_some(context: Context, result: Result, error: RejectedError | None) -> Result:
    """The result of a report of which some records, or all, may name no issue."""
    return keyless.settled(context, error, result) if error else result


def _say_plan(context: Context, plan: Plan) -> None:
    for line in (*findings.plan_lines(plan), *plan.notes, *findings.dropped_lines(plan.entries)):
        context.console.say(line, plan.state)
    gaps = dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps)
    for sentence in (*plan.warnings, *gaps):
        context.console.notice("warning", sentence)
