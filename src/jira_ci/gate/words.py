"""What people read of the gate in the log: a line while it waits, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from jira_ci.gate.decision import Decision
from jira_ci.gate.hearing import Hearing
from jira_ci.gate.reasons import when
from jira_ci.gate.subject import where
from jira_ci.text import one_line

WORDS = {"proceed": "Proceed", "wait": "Wait", "deny": "Denied"}
"""For each result its word."""


class Progress:
    """Tells what changed from one look to the next, and nothing when nothing did."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}

    def line(self, cases: Sequence[Hearing], pause: float | None, end: float) -> str:
        """One line, or nothing.

        Args:
            pause: seconds until the next look; ``None`` when there is none.
            end: epoch seconds of the deadline.
        """
        news = [_named(case, cases) for index, case in enumerate(cases) if self._is_new(index, case.decision)]
        if not news or pause is None:
            return ""
        until = when(datetime.fromtimestamp(int(end), timezone.utc))
        return f"{' '.join(news)} Asking again in {round(pause)} s, until {until}."

    def rest(self, cases: Sequence[Hearing]) -> list[str]:
        """What was not told yet of several environments, a line for each; of one the verdict tells it."""
        if len(cases) < 2:
            return []
        return [_named(case, cases) for index, case in enumerate(cases) if self._is_new(index, case.decision)]

    def _is_new(self, index: int, decision: Decision) -> bool:
        new = self._told.get(index) != decision.reason
        self._told[index] = decision.reason
        return new and decision.result != "proceed"


def _named(case: Hearing, cases: Sequence[Hearing]) -> str:
    named = f"{one_line(where(case.subject), 160)}: " if len(cases) > 1 else ""
    return f"{named}{case.decision.reason}"


def closing(decision: Decision) -> str:
    """The verdict in one line."""
    return f"{WORDS[decision.result]}: {decision.reason}"
