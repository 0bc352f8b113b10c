"""Reports of deployments that no gate let through, kept until the auditor's list reads them.

Neither a change nor, where the job has no ``environment:``, the provider knows of such a deployment, and Jira's own
deployments cannot be listed. What the gate's account may always write to is itself: a property of its user for each.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-properties/
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from jira_ci.errors import JiraCiError
from jira_ci.evidence.population_rows import Period, Reported, Row, moment, written
from jira_ci.jira.service_desk import Service
from jira_ci.run import Run
from jira_ci.text import canonical, string

SCHEMA = "jira-ci.ungated/1"
PREFIX = "jira-ci.ungated."
MOST = 200
"""That are read for one list, each in a request of its own."""
_LONGEST = 1000  # characters of a text
_KEY = re.compile(re.escape(PREFIX) + r"(\d{4})(\d{2})(\d{2})\.([0-9a-f]{16})")


def of(repository: str, run: str, environment: str, tenant: str = "") -> str:
    """What a report is known by: the same for every report of one deployment."""
    parts = (canonical(repository), run, canonical(environment), canonical(tenant))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def keep(service: Service, run: Run, now: datetime, *, place: tuple[str, str], version: str, by: str) -> None:
    """Keeps one.

    Args:
        place: environment and tenant.
        run: the run that deployed; without an id where it only tells of another one's.
        by: the login of whoever started it.

    Raises:
        JiraCiError: it could not be kept.
    """
    environment, tenant = place
    document = {
        "schema": SCHEMA,
        "at": written(now) or "",
        "repository": run.repository,
        "run": run.run_id,
        "environment": environment,
        "tenant": tenant,
        "version": version,
        "commit": run.commit,
        "by": by,
        "url": run.url,
    }
    name = of(run.repository, run.run_id or run.commit, environment, tenant)
    told = {key: value[:_LONGEST] for key, value in document.items() if value}
    service.set_own_property(f"{PREFIX}{now:%Y%m%d}.{name}", told)


def further(service: Service, period: Period, repository: str, rows: Sequence[Row]) -> Iterator[Row | str]:
    """Those of a period and a repository that are not among the rows; or why it is not known which there are, as a
    sentence.
    """
    own = canonical(repository)
    known = {name for row in rows for name in _known_by(row, repository)}
    try:
        keys = [key for key in service.own_property_keys() if _is_wanted(key, period, known)]
        for key in sorted(keys)[:MOST]:
            found = _reported(service.own_property(key))
            # The provider's list does not tell whom a deployment is for.
            if found and own == canonical(found.repository) and of(*_place(found)) not in known:
                yield Row(reported=found)
        if len(keys) > MOST:
            yield f"{len(keys) - MOST} more reports of deployments past a gate are kept than are read."
    except JiraCiError as error:
        yield f"Reports of deployments past a gate could not be read: {error}"


def _place(found: Reported) -> tuple[str, str, str]:
    return found.repository, found.run or found.commit, found.environment


def _known_by(row: Row, repository: str) -> Iterator[str]:
    """What a report of this deployment would be known by; of another one's run by the commit."""
    names = row.recorded.names if row.recorded else {row.environment}
    runs = (row.recorded.run,) if row.recorded else row.provided.runs if row.provided else ()
    for run, name in itertools.product(filter(None, (*runs, row.commit)), names):
        yield from {of(repository, run, name), of(repository, run, name, row.tenant)}


def _is_wanted(key: str, period: Period, known: Collection[str]) -> bool:
    found = _KEY.fullmatch(key)
    if found is None or found[4] in known:
        return False
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return False
    return period.first <= day <= period.last


def _reported(value: Any) -> Reported | None:
    """What a property holds; None for what is none of ours."""
    found = value if isinstance(value, dict) and value.get("schema") == SCHEMA else {}
    at, environment = moment(found.get("at")), string(found.get("environment"))
    if at is None or not environment:
        return None
    texts = (string(found.get(name)) for name in ("repository", "run", "tenant", "version", "commit", "by", "url"))
    return Reported(at, environment, *texts)
