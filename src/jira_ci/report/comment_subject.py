"""What one run has to say in the comment on a pull request, from what it reports to Jira. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from jira_ci.jira import addresses
from jira_ci.report.comment import Links
from jira_ci.report.comment_state import LONGEST, Known, Place, Source
from jira_ci.report.fate import Fate
from jira_ci.report.plan import Entry, Plan
from jira_ci.run import CI, Run
from jira_ci.text import canonical

Cards = Mapping[str, tuple[str, str]]
"""For an issue its title and its status, each perhaps empty."""


def places(plan: Plan, run: Run, version: str, mask: Callable[[str], str]) -> tuple[Place, ...]:
    """What is reported of each environment, tenant and service.

    Args:
        mask: hides secrets.
    """
    return tuple(_place(entry, run, mask(version)[:LONGEST], mask) for entry in plan.entries if entry.environment)


def source(plan: Plan, run: Run, now: float) -> Source:
    """The issues that a run of the pull request itself reports.

    Args:
        now: epoch seconds.
    """
    keys = tuple(dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys if len(key) <= LONGEST))
    workflow = _hash(run.provider, run.repository_id, run.workflow)
    return Source(workflow, run.commit, run.number, int(now), keys)


def outside(keys: Iterable[str]) -> Source:
    """The issues of a pull request that some other run reads off it."""
    return Source("", "", 0, 0, tuple(key for key in keys if len(key) <= LONGEST))


def known(found: Source, deployed: tuple[Place, ...], cards: Cards, mask: Callable[[str], str]) -> Known:
    """All of it, without secrets."""
    shown = {key: (mask(title)[:LONGEST], mask(status)[:LONGEST]) for key, (title, status) in cards.items()}
    return Known((found,), deployed, shown)


def links(run: Run, fates: Sequence[Fate]) -> Links:
    """Issues are looked at on the first site that knows them, runs at the provider; no address is taken from a
    comment."""

    def issue(key: str) -> str:
        told = [fate for fate in fates if fate.destination.takes(key)]
        knowing = [fate for fate in told if key not in fate.outcome.unknown_keys] or told or list(fates)
        settings = knowing[0].destination.settings if knowing else None
        site = addresses.site_url(settings.site, settings.instance) if settings else ""
        return f"{site}/browse/{quote(key)}" if site else ""

    def of_run(run_id: str) -> str:
        path = "/-/pipelines/" if run.provider == CI.GITLAB else "/actions/runs/"
        return f"{run.repository_url}{path}{run_id}" if run.repository_url and run_id else ""

    return Links(issue, of_run)


def noun(run: Run) -> str:
    """What people call it: ``pull request`` or ``merge request``."""
    return "merge request" if run.provider == CI.GITLAB else "pull request"


def _place(entry: Entry, run: Run, version: str, mask: Callable[[str], str]) -> Place:
    record = entry.record
    return Place(
        id=_hash(record["environment"]["id"], canonical(entry.service)),
        name=mask(entry.title)[:LONGEST],
        type=record["environment"]["type"],
        state=record["state"],
        version=version,
        when=int(datetime.fromisoformat(record["lastUpdated"]).timestamp()),
        number=run.number,
        sequence=record["updateSequenceNumber"],
        pipeline=_hash(record["pipeline"]["id"]),
        run_id=run.run_id,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
