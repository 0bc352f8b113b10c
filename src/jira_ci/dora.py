"""DORA's figures of a list of deployments: how often, how fast, how many failed, how long until they were mended. Pure.

https://dora.dev/guides/dora-metrics-four-keys/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from jira_ci.frozen import dataclass

_SUCCESSFUL = ("successful", "rolled_back")
_FAILED = ("failed", "rolled_back")


def lead_time(first_commit: int, ended: float, state: str) -> int | None:
    """Seconds from the first commit of a deployment to its successful end.

    Args:
        first_commit, ended: epoch seconds; 0 where the first is not known.
        state: Jira's word.

    Returns:
        ``None`` unless it was successful, and where the commit is not known or lies behind the end.
    """
    seconds = round(ended - first_commit)
    return seconds if first_commit > 0 and seconds >= 0 and state == "successful" else None


@dataclass(frozen=True)
class Deployment:
    """One that has ended."""

    environment: str
    ended: datetime
    state: str
    """Jira's word; ``rolled_back`` is one that went well at first."""
    lead_time: int | None = None
    """Seconds."""


@dataclass(frozen=True)
class Figures:
    """Of one environment, or of all; durations are in seconds, ``None`` where there is nothing to compute them from."""

    deployments: int
    """That went well, also those that were rolled back later."""
    failures: int
    """That failed or were rolled back."""
    per_day: float | None
    change_failure_rate: float | None
    """From 0 to 1: failures of all that ended in success or failure; cancelled ones count as neither."""
    time_to_restore: float | None
    """The median, from a failure to the next success in the same environment."""
    unrestored: int
    """Failures that no success has followed yet."""
    lead_time: float | None
    """The median."""
    judged: int = 0
    """That ended in success or failure."""
    restored: int = 0
    """Failures that a success has followed."""
    timed: int = 0
    """That went well, and whose lead time is known."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "deployments": self.deployments,
            "failures": self.failures,
            "deployments-per-day": self.per_day,
            "change-failure-rate": self.change_failure_rate,
            "time-to-restore": self.time_to_restore,
            "unrestored": self.unrestored,
            "lead-time": self.lead_time,
        }


def figures(deployments: Iterable[Deployment], period: timedelta) -> Figures:
    """What they amount to.

    Args:
        deployments: those that ended in the period, in any order.
        period: how long it was.
    """
    listed = sorted(deployments, key=lambda one: one.ended)
    went_well = sum(one.state in _SUCCESSFUL for one in listed)
    failures = sum(one.state in _FAILED for one in listed)
    judged = sum(one.state in (*_SUCCESSFUL, *_FAILED) for one in listed)
    days = period / timedelta(days=1)
    restored, unrestored = _restored(listed)
    leads = [one.lead_time for one in listed if one.lead_time is not None and one.state in _SUCCESSFUL]
    from statistics import median  # its fractions and decimals would cost each report's start 5 ms

    return Figures(
        deployments=went_well,
        failures=failures,
        per_day=went_well / days if days > 0 else None,
        change_failure_rate=failures / judged if judged else None,
        time_to_restore=median(restored) if restored else None,
        unrestored=unrestored,
        lead_time=float(median(leads)) if leads else None,
        judged=judged,
        restored=len(restored),
        timed=len(leads),
    )


def _restored(listed: Sequence[Deployment]) -> tuple[list[float], int]:
    """Seconds from each first failure of an environment to the success after it, and how many have none. Failures in a
    row are one time without service."""
    broken: dict[str, datetime] = {}
    found: list[float] = []
    for one in listed:
        if one.state == "successful" and one.environment in broken:
            found.append((one.ended - broken.pop(one.environment)).total_seconds())
        elif one.state in _FAILED:
            broken.setdefault(one.environment, one.ended)
    return found, len(broken)
