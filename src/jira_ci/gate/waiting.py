"""The words of the live line: which change is waited for, for whom, and when Jira is asked again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from jira_ci.gate.approvals import review
from jira_ci.gate.comments import duration
from jira_ci.gate.hearing import Hearing
from jira_ci.gate.reasons import enumerate_some, shown

_UNFINISHED = (24, 26)  # rows of a change on its way: its status and who is asked say more than the whole sentence


class Waiting:
    """What is waited for at this moment; called, it says so in a few words.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cases: Sequence[Hearing] = ()
        self._next: float | None = None

    def begin(self, cases: Sequence[Hearing]) -> None:
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


def _about(cases: Sequence[Hearing]) -> str:
    waiting = [case for case in cases if case.rounds and case.decision.result == "wait"]
    if not waiting:
        return ""
    more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
    return _brief(waiting[0]) + more


def _brief(case: Hearing) -> str:
    facts = case.change_facts()
    if case.decision.row not in _UNFINISHED or not facts.key or not facts.status_name:
        return case.decision.reason
    people = enumerate_some(dict.fromkeys(_asked(case)))
    return f"{shown(facts.key)} waits in {shown(facts.status_name)}{f' for {people}' if people else ''}"


def _asked(case: Hearing) -> Iterator[str]:
    """Those whose answer is missing."""
    read = case.reading.round if case.reading else None
    if read is None or read.approvals is None:
        return
    for approval in review(read.approvals, read.uncounted).current:
        if approval.decision == "pending":
            yield from (
                shown(one.name.strip() or str(one.account)) for one in approval.approvers if one.decision == "pending"
            )
