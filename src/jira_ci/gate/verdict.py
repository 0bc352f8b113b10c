"""What the gate hands on: one decision over all environments, as outputs, records and a summary."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jira_ci import __version__
from jira_ci.context import Context
from jira_ci.gate import record, summary, words
from jira_ci.gate.approvals import review
from jira_ci.gate.change import Change
from jira_ci.gate.decision import Decision, combine
from jira_ci.gate.docket import deployer
from jira_ci.gate.hearing import Hearing
from jira_ci.publish import keep
from jira_ci.run import CI
from jira_ci.summary.parts import Page

_FILE = "jira-ci-record"
NOT_YET: Mapping[str, Any] = {
    "decision": "wait",
    "approved": False,
    "reason": "The gate has not decided yet.",
    "change-key": "",
    "change-url": "",
    "change-status": "",
    "window-start": "",
    "window-end": "",
    "record": "",
}
"""The outputs before anything is asked; the gate's outputs have these names, and no others."""


@dataclass(frozen=True)
class Verdict:
    """What became of asking.

    Attributes:
        decision: of all environments together; only when its result is ``proceed`` may anything begin.
        change: the first environment's change; ``None`` without one.
        changes: of all environments.
        outputs: the gate's step outputs.
        records: one for each environment.
        summary: what the job's reader opens.
        begun: monotonic seconds at which the last round began.
    """

    decision: Decision
    change: Change | None
    changes: tuple[Change, ...]
    outputs: dict[str, Any]
    records: tuple[dict[str, Any], ...]
    summary: Page
    begun: float


def verdict(context: Context, cases: Sequence[Hearing], decisions: Sequence[Decision]) -> Verdict:
    """The verdict of these decisions, one for each case; writes the file with the records."""
    whole = combine(decisions)
    records = tuple(_record(context, case, one) for case, one in zip(cases, decisions, strict=True))
    changes = tuple(case.change for case in cases if case.change)
    path = write(context, records)
    occasion = summary.Occasion(context.run, words.WORDS, path, dry=context.given.dry_run)
    return Verdict(
        decision=whole,
        change=changes[0] if changes else None,
        changes=changes,
        outputs={**_outputs(whole, cases, records), "record": path},
        records=records,
        summary=summary.page(cases, decisions, whole, occasion),
        begun=min(case.begun for case in cases),
    )


def write(context: Context, records: Sequence[Mapping[str, Any]]) -> str:
    """Writes the records, one alone as it is and several as a list, and gives the file's path; empty when it
    could be kept nowhere, which is said.

    On GitLab it is in the checkout, where artifacts come from; elsewhere among temporary files, under a name that
    another deployment of the same job does not take.
    """
    lines = [record.dumps(one) for one in records]
    text = lines[0] if len(lines) == 1 else "[" + ",\n".join(lines) + "]"
    if context.run.provider == CI.GITLAB:
        path = context.root / f"{_FILE}.json"
    else:
        folder = context.edges.environ.get("RUNNER_TEMP", "") or tempfile.gettempdir()
        name = record.digest({"records": [record.digest(one) for one in records]})[:16]
        path = Path(folder) / f"{_FILE}-{name}.json"
    return str(keep(path, text + "\n", context, mode=0o600) or "")


def document(verdict: Verdict) -> dict[str, Any]:
    """What the JSON document holds besides the outputs: the record itself, or the list of several."""
    return {"record": verdict.records[0] if len(verdict.records) == 1 else list(verdict.records)}


def _record(context: Context, case: Hearing, decision: Decision) -> dict[str, Any]:
    read = case.reading.round if case.reading else None
    approvals = tuple(read.approvals or ()) if read else ()
    return record.record(
        decision,
        subject=case.subject,
        run=context.run,
        policy=case.entry.source,
        triggered_by=deployer(context),
        change=case.change_facts(),
        approvals=approvals,
        review=review(approvals, read.uncounted) if read else None,
        window=case.window_facts(),
        evidence=case.evidence(context.edges.clock(), __version__),
        mask=context.console.mask,
    )


def _outputs(whole: Decision, cases: Sequence[Hearing], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    changes = [one["change"] for one in records]
    return {
        "decision": whole.result,
        "approved": whole.approved,
        "reason": whole.reason,
        "change-key": _all([change["key"] for change in changes]),
        "change-url": _all([case.change_url for case in cases]),
        "change-status": _all([change["status"]["name"] for change in changes]),
        "window-start": _all([one["window"]["start"] or "" for one in records]),
        "window-end": _all([one["window"]["end"] or "" for one in records]),
    }


def _all(values: Sequence[str]) -> Any:
    """The value of the one environment; of several a list."""
    return values[0] if len(values) == 1 else list(values)
