"""What people read of the gate in the log: a line while it waits, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone

from jira_ci.gate.approvals import review
from jira_ci.gate.comments import duration
from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.messages import enumerate_some, shown, when
from jira_ci.gate.subject import where
from jira_ci.text import one_line

VERDICTS = {"proceed": "Proceed", "wait": "Wait", "deny": "Denied"}
"""For each result its word."""


class Progress:
    """Tells what changed from one look to the next, and nothing when nothing did."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}

    def line(self, cases: Sequence[Evaluation], pause: float | None, end: float) -> str:
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

    def rest(self, cases: Sequence[Evaluation]) -> list[str]:
        """What was not told yet of several environments, a line for each; of one the verdict tells it."""
        if len(cases) < 2:
            return []
        return [_named(case, cases) for index, case in enumerate(cases) if self._is_new(index, case.decision)]

    def _is_new(self, index: int, decision: Decision) -> bool:
        new = self._told.get(index) != decision.reason
        self._told[index] = decision.reason
        return new and decision.result != "proceed"


def _named(case: Evaluation, cases: Sequence[Evaluation]) -> str:
    named = f"{one_line(where(case.subject), 160)}: " if len(cases) > 1 else ""
    return f"{named}{case.decision.reason}"


def closing(decision: Decision) -> str:
    """The verdict in one line."""
    return f"{VERDICTS[decision.result]}: {decision.reason}"


_UNFINISHED = (24, 26)  # rows of a change on its way: its status and who is asked say more than the whole sentence


class WaitLine:
    """What is waited for at this moment; called, it says so in a few words.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cases: Sequence[Evaluation] = ()
        self._next: float | None = None

    def begin(self, cases: Sequence[Evaluation]) -> None:
        """These are asked about now."""
        self._cases, self._next = cases, None

    def pause(self, seconds: float | None) -> None:
        """The next look comes after so many seconds; ``None`` when there is none."""
        self._next = None if seconds is None else self._clock() + seconds

    def __call__(self) -> str:
        about = _about(self._cases)
        if self._next is None:
            return f"{about} · Jira is asked" if about else "Jira is asked"
        return f"{about} · asked again in {duration(math.ceil(max(0.0, self._next - self._clock())))}"


def _about(cases: Sequence[Evaluation]) -> str:
    waiting = [case for case in cases if case.rounds and case.decision.result == "wait"]
    if not waiting:
        return ""
    more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
    return _brief(waiting[0]) + more


def _brief(case: Evaluation) -> str:
    facts = case.change_facts()
    if case.decision.row not in _UNFINISHED or not facts.key or not facts.status_name:
        return case.decision.reason
    people = enumerate_some(dict.fromkeys(_asked(case)))
    return f"{shown(facts.key)} waits in {shown(facts.status_name)}{f' for {people}' if people else ''}"


def _asked(case: Evaluation) -> Iterator[str]:
    """Those whose answer is missing."""
    read = case.reading.round if case.reading else None
    if read is None or read.approvals is None:
        return
    for approval in review(read.approvals, read.uncounted).current:
        if approval.decision == "pending":
            yield from (
                shown(one.name.strip() or str(one.account)) for one in approval.approvers if one.decision == "pending"
            )
