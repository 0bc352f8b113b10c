"""A population as JSON; its schema is published as ``jira-ci-evidence.schema.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jira_ci.evidence.metrics import figures
from jira_ci.evidence.population_rows import Approved, Gap, Population, Review, Row, written

SCHEMA = "jira-ci.evidence/1"


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
