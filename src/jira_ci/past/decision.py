"""What becomes of a record that a job may have left open: the one decision of ``reconcile``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_STATES = {
    "success": "successful",
    "failure": "failed",
    "failed": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
"""What a run's end says of what it deployed or built. The rest (``skipped``, ``neutral``, ``stale``,
``action_required``, whatever comes) does not say it: the run is over, so *in progress* is wrong, and that is all."""
_OPEN = ("pending", "in_progress")


@dataclass(frozen=True)
class Action:
    """What to do with one record, and why."""

    what: Literal["close", "leave", "nothing"]
    state: str = ""
    """Jira's word, for what is closed."""
    why: str = ""


def closing(state: str, attempt: int, *, ended: bool, conclusion: str, seen: int) -> Action:
    """What to do with a record.

    Args:
        state: Jira's word for it now.
        attempt: which attempt of the run reported it.
        ended: whether the provider says that the run, or that attempt of it, is over.
        conclusion: the provider's word for how it ended, or for what it does.
        seen: the attempt that these two are about; 0 where they are about the whole run.
    """
    if state not in _OPEN:
        return Action("nothing", why=f"it is {state} already")
    if not ended:
        return Action("leave", why=f"its run is {conclusion or 'still going on'}".replace("_", " "))
    if seen and attempt > seen:
        return Action("leave", why=f"attempt {attempt} reported it, and only attempt {seen} is known to be over")
    if seen and attempt < seen:
        return Action("leave", why=f"attempt {attempt} reported it, and how that ended is not known")
    found = _STATES.get(conclusion, "unknown")
    if state == "pending" and found == "successful":  # nobody ever said that it began: the job may have been skipped
        found = "unknown"
    return Action("close", found, f"its run ended: {conclusion.replace('_', ' ') or 'nobody says how'}")


def rolling_back(state: str) -> Action:
    """What ``rollback`` does with a record in this state: whatever has ended can be rolled back, a deployment that
    failed half-way too."""
    if state == "rolled_back":
        return Action("nothing", why="it is rolled back already")
    if state in _OPEN:
        return Action("leave", why=f"it is {state.replace('_', ' ')}")
    return Action("close", "rolled_back", f"it was {state}")
