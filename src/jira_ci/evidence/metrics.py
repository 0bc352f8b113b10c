"""DORA's figures over what is listed: each with how many it was computed from, and how many could not be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from jira_ci import dora
from jira_ci.evidence.population_rows import Period, Population, Row
from jira_ci.text import canonical

_JUDGED = ("successful", "failed", "rolled_back")


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
    found = dora.figures(map(_deployment, judged), over)
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


def _deployment(row: Row) -> dora.Deployment:
    tenant = row.recorded.tenant if row.recorded else ""
    place = f"{canonical(row.environment)}/{canonical(tenant)}"
    lead = row.recorded.lead_time if row.recorded else None
    return dora.Deployment(place, row.ended or row.moment, row.state, lead)


def _figure(value: float | None, of: int, unknown: int) -> dict[str, Any]:
    """A figure: ``value`` of ``of`` deployments, and how many besides that are not known."""
    return {"value": value, "of": of, "unknown": unknown}
