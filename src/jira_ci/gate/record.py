"""The record of a decision: account ids and no other name of a person, no e-mail address, no secret.

Its schema is published as ``jira-ci-record.schema.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jira_ci.config.policy_files import Sources
from jira_ci.context import Context
from jira_ci.frozen import dataclass
from jira_ci.gate.approvals import Approval, Demand, Review
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.requirements import Edit, Moved
from jira_ci.gate.subject import Subject
from jira_ci.output import publish
from jira_ci.run import CI, Run
from jira_ci.text import string

SCHEMA = "jira-ci.decision/2"
FILE = "jira-ci-record"
"""How the name of a file with records begins."""
_MAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PULL_EVENTS = ("pull_request", "pull_request_target", "merge_request_event", "external_pull_request_event")


@dataclass(frozen=True)
class ChangeFacts:
    """The change as it was last read; empty texts for what is not known."""

    site: str = ""
    id: str = ""
    key: str = ""
    issue_type: str = ""
    summary: str = ""
    found_by: str = ""
    """``key``, ``title`` or ``created``; ``jira`` when Jira's own gating named it."""
    reporter: str = ""
    """An account id."""
    status_id: str = ""
    status_name: str = ""
    status_category: str = ""


@dataclass(frozen=True)
class WindowFacts:
    """The window as it was last read; aware moments, ``None`` for no limit or an unreadable one."""

    start: datetime | None = None
    end: datetime | None = None
    fields: tuple[str, ...] = ()
    """Ids of the fields that were read."""


@dataclass(frozen=True)
class HistoryFacts:
    """What happened to the change before."""

    moved: Moved | None = None
    edits: Sequence[Edit] = ()
    """After its last approval that counts."""
    deployments: Sequence[Mapping[str, Any]] = ()
    """What was deployed on it before, as our property on it keeps that, the oldest first."""


@dataclass(frozen=True)
class Evidence:
    """How it was found out."""

    read_at: datetime | None = None
    """Jira's ``Date`` of the last snapshot."""
    clock_skew: float = 0
    """Seconds that the runner's clock is ahead of Jira's."""
    asked_as: str = ""
    """The gate's own account id."""
    rounds: int = 0
    tool: str = ""
    """The version of jira-ci."""


@dataclass(frozen=True)
class Deployment:
    """What became of it: not known when the decision is made."""

    started: datetime | None = None
    ended: datetime | None = None
    state: str | None = None
    """Jira's word."""
    exit: int | None = None
    lead_time: int | None = None
    """Seconds from its first commit to its successful end, where they are known."""


def record(
    decision: Decision,
    *,
    subject: Subject,
    run: Run,
    policy: Policy | Sources | None,
    triggered_by: str = "",
    change: ChangeFacts | None = None,
    approvals: Sequence[Approval] = (),
    review: Review | None = None,
    demands: Sequence[Demand] = (),
    history: HistoryFacts | None = None,
    emergency: Mapping[str, Any] | None = None,
    freeze: Mapping[str, Any] | None = None,
    window: WindowFacts | None = None,
    evidence: Evidence | None = None,
    deployment: Deployment | None = None,
    mask: Callable[[str], str] = str,
) -> dict[str, Any]:
    """The document, always with all of its keys and in their order.

    Args:
        policy: what was read of it, however far that went.
        triggered_by: the login of whoever started this attempt; the run's actor when empty.
        approvals, demands: all that were read, superseded ones too, and what the policy demands of them by name.
        emergency, freeze: as the schema has them; None without one.
        mask: takes secrets out of a text.
    """
    document = {
        "schema": SCHEMA,
        "decision": decision.result,
        "row": decision.row,
        "reason": decision.reason,
        "exit": int(decision.exit),
        "approved": decision.approved,
        "subject": _subject(subject, run),
        "run": _run(run, triggered_by),
        "policy": _policy(policy),
        "change": _change(change or ChangeFacts()),
        "approvals": [_approval(one, review or Review("unclear")) for one in approvals],
        "required": [_demand(one) for one in demands],
        "history": _history(history or HistoryFacts()),
        "emergency": dict(emergency) if emergency else None,
        "freeze": dict(freeze) if freeze else None,
        "window": _window(window or WindowFacts()),
        "evidence": _evidence(evidence or Evidence()),
        "deployment": _deployment(deployment or Deployment()),
    }
    cleaned: dict[str, Any] = _clean(document, mask)
    return cleaned


def with_deployment(document: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """The same record, and what became of the deployment. Its :func:`digest` stays the same."""
    return {**document, "deployment": _deployment(deployment)}


def dumps(document: Mapping[str, Any]) -> str:
    """The record as one line of ASCII that no runner takes for a command."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False).replace("##[", "#\\u0023[")


def digest(document: Mapping[str, Any]) -> str:
    """The SHA-256 of the record without ``deployment``: as JSON with sorted keys, no blanks, in ASCII.

    ``jq -acSj 'del(.deployment)' record.json | sha256sum`` says the same.
    """
    fixed = {key: value for key, value in document.items() if key != "deployment"}
    text = json.dumps(fixed, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def write(context: Context, records: Sequence[Mapping[str, Any]]) -> str:
    """Writes the records, one alone as it is and several as a list, and gives the file's path; empty when it
    could be kept nowhere, which is said.

    On GitLab it is in the checkout, where artifacts come from; elsewhere among temporary files, under a name that
    another deployment of the same job does not take.
    """
    lines = [dumps(one) for one in records]
    text = lines[0] if len(lines) == 1 else "[" + ",\n".join(lines) + "]"
    if context.run.provider == CI.GITLAB:
        path = publish.artifact(context, f"{FILE}.json")
    else:
        folder = context.edges.environ.get("RUNNER_TEMP", "") or tempfile.gettempdir()
        name = digest({"records": [digest(one) for one in records]})[:16]
        path = Path(folder) / f"{FILE}-{name}.json"
    return str(publish.keep(path, text + "\n", context, mode=0o600) or "")


def _subject(subject: Subject, run: Run) -> dict[str, Any]:
    return {
        "project": subject.project,
        "environment": subject.environment,
        "ci-environment": run.environment or None,
        "tenant": subject.tenant or None,
        "version": subject.version,
        "commit": subject.commit,
        "run-commit": run.commit,
        "checkout-commit": subject.checkout or None,
        "authors": list(run.authors),
    }


def _run(run: Run, triggered_by: str) -> dict[str, Any]:
    return {
        "provider": run.provider,
        "repository": run.repository,
        "ref": _ref(run),
        "ref-protected": run.protected,
        "id": run.run_id,
        "attempt": run.attempt,
        "url": run.url,
        "actor": run.actor,
        "triggered-by": triggered_by or run.actor,
    }


def _ref(run: Run) -> str:
    if run.tag:
        return f"refs/tags/{run.tag}"
    if run.pull_request and run.event in _PULL_EVENTS:
        kind = "merge-requests" if run.provider == CI.GITLAB else "pull"
        return f"refs/{kind}/{run.pull_request.number}/head"
    return f"refs/heads/{run.branch}" if run.branch else ""


_COULD = 20  # accounts that could give an approval, of each that is missing
# What of a policy decides nothing.
_APART = ("fields", "description")


def _policy(policy: Policy | Sources | None) -> dict[str, Any]:
    known = policy if isinstance(policy, Policy) else None
    return {
        "sources": _sources(policy),
        "in-force": {key: value for key, value in known.in_force.items() if key not in _APART} if known else None,
        "relaxed": list(policy.relaxed) if policy else [],
    }


def _sources(policy: Policy | Sources | None) -> list[dict[str, Any]]:
    """Every file that the policy was read from, the stronger first; the hash of one that does not exist is null."""
    if policy is None:
        return []
    listed = policy.sources if isinstance(policy, Policy) else policy.listed
    found: list[dict[str, Any]] = [{"source": source, "sha256": sha256} for source, sha256 in listed]
    missing = policy.missing if isinstance(policy, Sources) else ""
    return found or ([{"source": missing, "sha256": None}] if missing else [])


def _history(history: HistoryFacts) -> dict[str, Any]:
    moved = history.moved
    return {
        "moved-by": moved.by if moved else "",
        "moved-at": _moment(moved.at) if moved else None,
        "edits-since-approval": [{"field": one.field, "by": one.by, "at": _moment(one.at)} for one in history.edits],
        "earlier-deployments": [dict(one) for one in history.deployments],
    }


def _change(change: ChangeFacts) -> dict[str, Any]:
    return {
        "site": change.site,
        "id": change.id,
        "key": change.key,
        "issue-type": change.issue_type,
        "summary": change.summary,
        "found-by": change.found_by,
        "reporter": change.reporter,
        "status": {"id": change.status_id, "name": change.status_name, "category": change.status_category},
    }


def _approval(approval: Approval, review: Review) -> dict[str, Any]:
    return {
        "id": approval.id,
        "name": approval.name,
        "decision": approval.decision,
        "created": _moment(approval.created),
        "completed": _moment(approval.completed),
        "current": approval in review.current,
        "approvers": [
            {"account": one.account, "decision": one.decision, "counted": review.counts(approval, one)}
            for one in approval.approvers
        ],
    }


def _demand(demand: Demand) -> dict[str, Any]:
    return {
        "kind": demand.kind,
        "name": demand.name,
        "met": demand.met,
        "by": [one.account for one in demand.by],
        "could": [one.account for one in demand.could[:_COULD]],
    }


def _window(window: WindowFacts) -> dict[str, Any]:
    return {"start": _moment(window.start), "end": _moment(window.end), "fields": list(window.fields)}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "read-at": _moment(evidence.read_at),
        "clock-skew": round(evidence.clock_skew),
        "asked-as": evidence.asked_as,
        "rounds": evidence.rounds,
        "tool": evidence.tool,
    }


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "started": _moment(deployment.started),
        "ended": _moment(deployment.ended),
        "state": deployment.state,
        "exit": deployment.exit,
        **({} if deployment.lead_time is None else {"lead-time": deployment.lead_time}),
    }


def _moment(moment: datetime | None) -> str | None:
    """In UTC, as ``2026-03-02T12:00:00Z``."""
    if moment is None:
        return None
    try:
        moment = moment.astimezone(timezone.utc)
    except OverflowError:  # 31 December 9999 west of Greenwich
        return moment.isoformat()
    return moment.isoformat().replace("+00:00", "Z")


def _clean(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return string(_MAIL.sub("(e-mail address)", mask(value)))
    if isinstance(value, dict):
        return {_clean(key, mask): _clean(child, mask) for key, child in value.items()}
    return [_clean(child, mask) for child in value] if isinstance(value, list) else value
