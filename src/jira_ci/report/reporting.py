"""A report from its plan to its result: said, sent, and what Jira made of it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from jira_ci.context import Context, Result
from jira_ci.errors import Exit, RejectedError
from jira_ci.jira import addresses, records, wire
from jira_ci.jira.bulk import LARGEST, Outcome
from jira_ci.report import connection, findings
from jira_ci.report.line import Line
from jira_ci.report.plan import Plan


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
        return _result(context, plan, Outcome(), [])
    if not plan.claiming:
        return _no_keys(context, plan)
    if context.settings.dry_run:
        return _dry_run(context, plan)
    withheld = connection.withheld(context.settings, context.run)
    if withheld:
        context.console.say(f"Nothing was reported: {withheld}")
        return _result(context, plan, Outcome(), [])
    outcome = line.report(plan.kind, [entry.record for entry in plan.claiming])
    for sentence in findings.outcome_lines(outcome):
        context.console.say(sentence)
    return _result(context, plan, outcome, line.requests)


def _result(context: Context, plan: Plan, outcome: Outcome, requests: list[dict[str, Any]]) -> Result:
    error = findings.problem(outcome)
    site = addresses.site_url(context.settings.site, context.settings.instance)
    document: dict[str, Any] = {"requests": requests}
    if error is not None:
        document["error"] = error.document()
        context.console.notice("warning" if context.settings.on_error == "warn" else "error", f"Not reported: {error}")
    return Result(
        exit=error.exit if error is not None and context.settings.on_error == "fail" else Exit.OK,
        outputs=findings.outputs(plan, outcome),
        document=document,
        summary=findings.summary(plan, outcome, site, error),
    )


def _no_keys(context: Context, plan: Plan) -> Result:
    error = RejectedError(
        "No issue key was found, so there is nothing to report to Jira.",
        "Name an issue in the branch, the title or a commit, or set issue-keys.",
    )
    result = _result(context, plan, Outcome(), [])
    if context.settings.on_no_keys == "skip":
        context.console.say(str(error))
        return result
    if context.settings.on_no_keys == "warn":
        context.console.notice("warning", str(error))
        return result
    context.console.notice("error", str(error))
    return dataclasses.replace(result, exit=error.exit, document={**result.document, "error": error.document()})


def _dry_run(context: Context, plan: Plan) -> Result:
    settings = context.settings
    api, cloud = addresses.base_url(settings.api_url, "api-url"), addresses.cloud_id(settings.cloud_id)
    requests = []
    claiming = [entry.record for entry in plan.claiming]
    for start in range(0, len(claiming), LARGEST):
        body = records.body(plan.kind.plural, claiming[start : start + LARGEST], context.run)
        request = wire.bulk(api, cloud, plan.kind.plural, body)
        requests.append(dict(findings.exchange_document(request, None)))
        lines = json.dumps(body, indent=2, ensure_ascii=False).splitlines()
        context.console.block(f"Dry run, would be sent: {request.method} {request.url}", lines)
    return _result(context, plan, Outcome(), requests)


def _say_plan(context: Context, plan: Plan) -> None:
    for line in (*findings.plan_lines(plan), *findings.dropped_lines(plan.entries)):
        context.console.say(line)
    gaps = dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps)
    for sentence in (*plan.warnings, *gaps):
        context.console.notice("warning", sentence)
