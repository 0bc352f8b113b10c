"""One environment whose change decides: the change, once there is one, and what each look at it came to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.find_change import PAUSES, Finder
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.record import ChangeFacts, WindowFacts
from jira_ci.gate.snapshot import SnapshotReader
from jira_ci.gate.subject import Attempt
from jira_ci.gate.targets import Target
from jira_ci.gate.window import edge
from jira_ci.jira.service_desk import Service

_NOBODY_MAY_MAKE_ONE = 16


class ByChange(Evaluation):
    """What a change decides about one environment.

    Args:
        service: the conversation with the site.
        keys: finds the issues that are deployed; called only when a change is about to be made.
    """

    def __init__(
        self,
        entry: Target,
        policy: Policy,
        *,
        service: Service,
        occasion: Attempt,
        keys: Callable[[str], tuple[str, ...]],
        clock: Callable[[], float],
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        super().__init__(entry, clock=clock)
        self.service = self._service = service
        self._occasion, self._keys, self._pauses = occasion, keys, pauses
        # As long as it may make none, nobody has to know the issues that a new one would name.
        self._finder = self._find_with(dataclasses.replace(policy, create=False), occasion)
        self._may_make = policy.create and not occasion.objection

    def _ask(self, policy: Policy) -> Decision:
        """Finds the change, or reads it."""
        return self._found(policy) or self._read()

    def _find_with(self, policy: Policy, occasion: Attempt) -> Finder:
        return Finder(self._service, policy, self.subject, occasion, clock=self._clock, pauses=self._pauses)

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
            self._reader = SnapshotReader(
                self._service, policy, self.subject, self._occasion, self.change, clock=self._clock
            )
        return outcome.decision

    def _read(self) -> Decision:
        found = self._reader.read()
        if found.issue is not None:
            self.reading = found
        return found.decision

    def change_facts(self) -> ChangeFacts:
        """The change for the record, as it was last read."""
        known = super().change_facts()
        if self.change is None:
            return known
        known = dataclasses.replace(
            known,
            id=self.change.id,
            key=self.change.key,
            issue_type=self.change.issue_type,
            summary=self.change.summary,
            found_by=self.change.found_by,
        )
        issue = self.reading.issue if self.reading else None
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
