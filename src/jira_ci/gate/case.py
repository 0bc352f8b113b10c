"""One environment before the gate: its change, once there is one, and what each look at it came to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime

from jira_ci.gate.change import PAUSES, Change, Finder
from jira_ci.gate.decision import Decision, at_deadline, begun_late
from jira_ci.gate.docket import Entry
from jira_ci.gate.policy import Policy
from jira_ci.gate.record import ChangeFacts, Evidence, WindowFacts
from jira_ci.gate.round import Reader, Reading
from jira_ci.gate.subject import Subject
from jira_ci.gate.terms import Occasion
from jira_ci.gate.window import edge
from jira_ci.jira.service import Service

_NOBODY_MAY_MAKE_ONE = 16


class Case:
    """What is decided about one environment.

    Args:
        service: opens the conversation with the site; called only when Jira is to be asked.
        keys: finds the issues that are deployed; called only when a change is about to be made.
        clock: monotonic seconds.

    Attributes:
        decision: of the last look.
        change: ``None`` until one is found.
        reading: the last one of a change that could be read at all.
        begun: monotonic seconds at which the last look began.
        said: what people should know besides, not said yet.
    """

    def __init__(
        self,
        entry: Entry,
        *,
        service: Callable[[Policy], Service],
        occasion: Occasion,
        keys: Callable[[str], tuple[str, ...]],
        clock: Callable[[], float],
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.entry, self._occasion, self._keys, self._clock, self._pauses = entry, occasion, keys, clock, pauses
        self.decision = entry.decision or Decision.of(8, "Jira has not been asked yet. Run again.")
        self.change: Change | None = None
        self.reading: Reading | None = None
        self.begun = clock()
        self.rounds = 0
        self.said: list[str] = []
        self._before: Decision | None = None
        self._earlier: Decision | None = None
        if entry.decision is None and isinstance(entry.source, Policy):
            self.policy: Policy | None = entry.source
            self.service = service(entry.source)
            # As long as it may make none, nobody has to know the issues that a new one would name.
            self._finder = self._find_with(dataclasses.replace(entry.source, create=False), occasion)
            self._may_make = entry.source.create and not occasion.objection
        else:
            self.policy = None

    @property
    def window_over(self) -> datetime | None:
        """When the change's window ends, as it was last read; ``None`` without an end."""
        return self.window_facts().end

    @property
    def subject(self) -> Subject:
        """What is deployed, and where to."""
        return self.entry.subject

    def look(self) -> None:
        """Finds the change, or reads it. Without anything to ask nothing happens but that time passes."""
        self.begun = self._clock()
        if self.policy is None:
            return
        self._before = self.decision if self.rounds else None
        if self.decision.result == "proceed":
            self._earlier = self.decision
        self.rounds += 1
        self.decision = self._found(self.policy) or self._read()

    def late(self) -> None:
        """What was read last came after the deadline."""
        if self.policy is not None:
            self.decision = begun_late(self.decision, self._before)

    def final(self) -> Decision:
        """The decision when no other look follows."""
        return at_deadline(self.decision, self._earlier)

    def _find_with(self, policy: Policy, occasion: Occasion) -> Finder:
        return Finder(self.service, policy, self.subject, occasion, clock=self._clock, pauses=self._pauses)

    def _found(self, policy: Policy) -> Decision | None:
        """Why there is no change to read; ``None`` when there is one."""
        if self.change is not None:
            return None
        outcome = self._finder.find()
        missing = outcome.decision is not None and outcome.decision.row == _NOBODY_MAY_MAKE_ONE
        if missing and self._may_make:
            self._may_make = False
            self._occasion = dataclasses.replace(self._occasion, keys=self._keys(self.subject.environment))
            self._finder = self._find_with(policy, self._occasion)
            outcome = self._finder.find()
        self.change = outcome.change
        self.said.extend(outcome.said)
        if self.change is not None:
            self._reader = Reader(self.service, policy, self.subject, self._occasion, self.change, clock=self._clock)
        return outcome.decision

    def _read(self) -> Decision:
        found = self._reader.read()
        if found.issue is not None:
            self.reading = found
        return found.decision

    def change_facts(self) -> ChangeFacts:
        """The change for the record, as it was last read."""
        if self.change is None or self.policy is None:
            return ChangeFacts(site=self.policy.site if self.policy else "")
        issue = self.reading.issue if self.reading else None
        known = ChangeFacts(
            site=self.policy.site,
            id=self.change.id,
            key=self.change.key,
            issue_type=self.change.issue_type,
            summary=self.change.summary,
            found_by=self.change.found_by,
        )
        if issue is None:
            return known
        return dataclasses.replace(
            known,
            reporter=issue.reporter.id if issue.reporter else "",
            status_id=issue.status_id,
            status_name=issue.status_name,
            status_category=issue.status_category or "",
        )

    def window_facts(self) -> WindowFacts:
        """The window for the record, as it was last read."""
        read = self.reading.round if self.reading else None
        if self.reading is None or read is None or self.policy is None or self.policy.window is None:
            return WindowFacts()
        return WindowFacts(edge(read.start).moment, edge(read.end).moment, self.reading.window_fields)

    def evidence(self, epoch: float, tool: str) -> Evidence:
        """How it was found out.

        Args:
            epoch: the runner's clock.
        """
        read = self.reading.round if self.reading else None
        at = self.reading.at if self.reading else None
        skew = epoch - at.timestamp() if at else 0.0
        return Evidence(at, skew, (read.own_account if read else None) or "", self.rounds, tool)
