"""What became of a report: as log lines, as outputs, as a Markdown summary, as an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jira_ci.errors import JiraCiError, RejectedError
from jira_ci.jira.bulk import Outcome
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.records import keys_of
from jira_ci.report.plan import Entry, Plan
from jira_ci.text import markdown, one_line

_SHOWN_KEYS = 20
_SUMMARY_KEYS = 100
_DEEPEST = 50


def outputs(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """The step outputs of a report."""
    keys = dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys)
    environments = [entry.environment for entry in plan.entries if entry.environment]
    return {
        "issue-keys": list(keys),
        "keys-complete": all(entry.claim.complete for entry in plan.entries),
        "environment": [environment.name for environment in environments],
        "environment-type": [environment.type for environment in environments],
        "state": plan.state or "skipped",
        "accepted": len(outcome.accepted),
        "rejected": len(outcome.rejected),
        "unknown-keys": outcome.unknown_keys,
    }


def problem(outcome: Outcome) -> JiraCiError | None:
    """The error for a report that did not arrive, or of which Jira shows nothing; ``None`` when it stands."""
    if outcome.error is not None:
        return outcome.error
    if outcome.rejected:
        record, reasons = outcome.rejected[0]
        more = f" and {len(outcome.rejected) - 1} more" if len(outcome.rejected) > 1 else ""
        return RejectedError(
            f"Jira rejected {one_line(record['displayName'], 100)!r}{more}: {one_line('; '.join(reasons))}.",
            "Run with log-level: debug to see what was sent.",
        )
    unknown = set(outcome.unknown_keys)
    if outcome.accepted and all(key in unknown for record in outcome.accepted for key in keys_of(record)):
        return RejectedError(
            f"Jira knows none of the issues {', '.join(outcome.unknown_keys[:5])}, so it shows nothing.",
            "Check their spelling, and that site or cloud-id names the site that has them.",
        )
    return None


def plan_lines(plan: Plan) -> Iterator[str]:
    """What is about to be reported, for the log."""
    for entry in plan.entries:
        yield _described(entry.record)
        if entry.claim.keys.left_out:
            yield f"{entry.claim.keys.left_out} more keys are left out: Jira takes 500."


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """What Jira made of it, part by part."""
    if outcome.accepted:
        all_of_them = len(outcome.accepted) + len(outcome.rejected)
        yield f"Jira accepted {len(outcome.accepted)}" + ("." if outcome.error else f" of {all_of_them}.")
    for record, reasons in outcome.rejected:
        yield f"Rejected: {one_line(record['displayName'], 100)}: {one_line('; '.join(reasons), 1000)}"
    if outcome.refused_keys:
        yield f"Sent once more without keys that Jira refused: {', '.join(outcome.refused_keys)}"
    if outcome.unknown_keys:
        yield f"Issues that Jira does not know: {', '.join(outcome.unknown_keys)}"
    if outcome.unknown_associations:
        yield f"Other things that Jira does not know: {one_line(', '.join(outcome.unknown_associations), 2000)}"


def summary(plan: Plan, outcome: Outcome, site: str, error: JiraCiError | None) -> str:
    """The job summary: what was reported about which issues, and what was not accepted. Every text is escaped."""
    what = "deployment" if plan.kind.plural == "deployments" else "build"
    lines = [f"### Jira: {what} {markdown(plan.state.replace('_', ' ') or 'skipped')}", ""]
    if any(entry.environment for entry in plan.entries):
        lines += ["| Environment | Type | State |", "| --- | --- | --- |"]
        lines += [
            f"| {markdown(entry.environment.name)} | {entry.environment.type} | {markdown(plan.state)} |"
            for entry in plan.entries
            if entry.environment
        ] + [""]
    sources = {key: source for entry in plan.entries for key, source in entry.claim.keys.sources.items()}
    if sources:
        lines += ["| Issue | Found in | Jira |", "| --- | --- | --- |"]
        lines += [
            f"| {_link(key, site)} | {markdown(where)} | {_fate(key, outcome, error)} |"
            for key, where in list(sources.items())[:_SUMMARY_KEYS]
        ]
        if len(sources) > _SUMMARY_KEYS:
            lines.append(f"| … and {len(sources) - _SUMMARY_KEYS} more | | |")
        lines.append("")
    if error is not None:
        lines += [f"**Not reported:** {markdown(str(error), 2000)}", ""]
    gaps = dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps)
    return "\n".join([*lines, *(f"- {markdown(gap, 1000)}" for gap in gaps), ""])


def exchange_lines(request: Request, answer: Answer, *, debug: bool) -> Iterator[str]:
    """One exchange with Jira, for the fold in the log."""
    yield f"{request.method} {request.url}"
    if request.secret:
        yield f"answer: {answer.status} (not shown: credentials)"
        return
    if debug and request.body is not None:
        yield f"sent: {json.dumps(request.body, ensure_ascii=False)}"
    elif request.body is not None:
        for record in (*request.body.get("builds", ()), *request.body.get("deployments", ())):
            yield f"sent: {_described(record)}"
    yield f"answer: {answer.status}" + (f" {answer.body.decode('utf-8', 'replace')}" if debug else "")


def exchange_document(request: Request, answer: Answer | None) -> Mapping[str, Any]:
    """One exchange with Jira, for the JSON document."""
    sent: dict[str, Any] = {"method": request.method, "url": request.url}
    if request.secret:
        return sent if answer is None else {**sent, "answer": {"status": answer.status}}
    sent["body"] = request.body
    if answer is not None:
        body = answer.json()
        readable = body is not None and not _deeper_than(body, _DEEPEST)
        sent["answer"] = {"status": answer.status, "body": body if readable else answer.body.decode("utf-8", "replace")}
    return sent


def dropped_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Look-alikes that do not count, with the reason."""
    dropped = {key: why for entry in entries for key, why in entry.claim.keys.dropped.items()}
    if dropped:
        shown = ", ".join(f"{key} ({why})" for key, why in list(dropped.items())[:_SHOWN_KEYS])
        yield f"Not counted: {one_line(shown, 2000)}"


def _described(record: Mapping[str, Any]) -> str:
    environment, keys = record.get("environment"), keys_of(record)
    where = f" to {environment['displayName']} ({environment['type']})" if environment else ""
    shown = ", ".join(keys[:_SHOWN_KEYS]) + (", ..." if len(keys) > _SHOWN_KEYS else "")
    return one_line(f"{record['displayName']}{where}, {record['state']}: {shown or 'no keys'}", 2000)


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested too deeply to be worked on; Jira's answers have five levels."""
    if not isinstance(value, (dict, list)):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(part, levels - 1) for part in parts)


def _link(key: str, site: str) -> str:
    return f"[{markdown(key)}]({site}/browse/{key})" if site and key.isascii() else markdown(key)


def _fate(key: str, outcome: Outcome, error: JiraCiError | None) -> str:
    if key in outcome.refused_keys:
        return "refused"
    if key in outcome.unknown_keys:
        return "unknown to Jira"
    shown = any(key in keys_of(record) for record in outcome.accepted)
    return "reported" if shown else ("not reported" if error or outcome.rejected else "")
