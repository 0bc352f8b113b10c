"""A population as JSON, and DORA's figures over it: each with how many it was computed from, and how many could not be.

The schema is published as ``jira-ci-evidence.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from jira_ci import dora
from jira_ci.evidence.population_rows import Approved, Gap, Period, Population, Review, Row, written
from jira_ci.text import canonical

SCHEMA = "jira-ci.evidence/1"
_JUDGED = ("successful", "failed", "rolled_back")


def document(population: Population) -> dict[str, Any]:
    """The whole document."""
    return {
        "schema": SCHEMA,
        "repository": population.repository,
        "provider": population.asked or None,
        "from": population.period.first.isoformat(),
        "to": population.period.last.isoformat(),
        "timezone": "UTC",
        "environments": list(population.environments),
        "read-at": written(population.read_at),
        "complete": not population.gaps,
        "known": len(population.rows),
        "with-record": len(population.rows) - len(population.without),
        "without-record": len(population.without),
        "deployments": [
            _deployment(row, population.asked, population.reviews.get(place))
            for place, row in enumerate(population.rows)
        ],
        "not-provable": [_gap(one) for one in population.gaps],
        "figures": figures(population),
        "notes": list(population.notes),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"source": gap.source, "from": gap.first.isoformat(), "to": gap.last.isoformat(), "why": gap.why}


def _deployment(row: Row, asked: str, review: Review | None) -> dict[str, Any]:
    own, theirs = row.recorded, row.provided
    known_to = [*([asked] if theirs else []), *(["Jira"] if own or row.change or row.reported else [])]
    return {
        "environment": row.environment,
        "tenant": row.tenant or None,
        "version": row.version,
        "commit": row.commit,
        "actor": row.actor,
        "started": written(row.moment),
        "ended": written(row.ended),
        "state": row.state,
        "provider-state": theirs.state if theirs else None,
        "provider-id": theirs.id if theirs else None,
        "run": row.run or None,
        "url": row.url or None,
        "known-to": known_to,
        "change": {"key": row.change.key, "url": row.change.url} if row.change else None,
        "record": own.record if own else None,
        "proof": own.proof if own else None,
        "approved": own.approved if own else None,
        "approvals": _approvals(own.approvals) if own else [],
        "window": {"start": written(own.window[0]), "end": written(own.window[1])} if own and any(own.window) else None,
        "emergency": _emergency(row, review),
        "freeze-exception": (own.freeze or None) if own else None,
        "lead-time": own.lead_time if own else None,
        "finding": row.finding or None,
    }


def _approvals(found: Sequence[Approved]) -> list[dict[str, Any]]:
    return [{"account": one.account, "at": written(one.at)} for one in found]


def _emergency(row: Row, review: Review | None) -> Mapping[str, Any] | None:
    found = row.recorded.emergency if row.recorded else None
    if found is None:
        return None
    return {
        "reason": found.reason or None,
        "asker": found.asker or None,
        "request-type": found.request_type or None,
        "review-until": written(found.review_until),
        "reviewed": _approvals(review.approvals) if review else None,
        "in-time": review.in_time if review else None,
    }


def figures(population: Population) -> dict[str, Any]:
    """Of everything, and of each environment by its name."""
    names = {canonical(row.environment): row.environment for row in population.rows}
    of_each = {
        name: [row for row in population.rows if canonical(row.environment) == key] for key, name in names.items()
    }
    over = _over(population.period, population.read_at)
    return {
        "all": _figures(population.rows, over),
        "environments": {name: _figures(rows, over) for name, rows in sorted(of_each.items())},
    }


def _over(period: Period, now: datetime) -> timedelta:
    """How much of the period is over."""
    return max(min(period.end, now) - period.start, timedelta(0))


def _figures(rows: Sequence[Row], over: timedelta) -> dict[str, Any]:
    known = [row for row in rows if _is_known(row)]
    judged = [row for row in known if row.state in _JUDGED]
    unknown = len(rows) - len(known)
    found = dora.figures(map(_for_dora, judged), over)
    return {
        "deployment-frequency": _figure(found.per_day, found.deployments, unknown),
        "lead-time": _figure(found.lead_time, found.timed, found.deployments - found.timed + unknown),
        "change-failure-rate": _figure(found.change_failure_rate, found.judged, unknown),
        "time-to-restore": _figure(found.time_to_restore, found.restored, found.unrestored),
    }


def _is_known(row: Row) -> bool:
    """Whether it is known how it went. A job that failed without a record may have been denied by the gate: then
    nothing was deployed, and nothing failed."""
    if row.recorded is None:
        return row.state == "successful"
    return row.state in (*_JUDGED, "cancelled")


def _for_dora(row: Row) -> dora.Deployment:
    tenant = row.recorded.tenant if row.recorded else ""
    place = f"{canonical(row.environment)}/{canonical(tenant)}"
    lead = row.recorded.lead_time if row.recorded else None
    return dora.Deployment(place, row.ended or row.moment, row.state, lead)


def _figure(value: float | None, of: int, unknown: int) -> dict[str, Any]:
    """A figure: ``value`` of ``of`` deployments, and how many besides that are not known."""
    return {"value": value, "of": of, "unknown": unknown}
