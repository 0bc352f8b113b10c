"""One environment, and tenant, before the gate: what is common to all ways to decide about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from jira_ci.gate.change_property import Change
from jira_ci.gate.decision import Decision, at_deadline, begun_late
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.record import ChangeFacts, Evidence, WindowFacts
from jira_ci.gate.snapshot import Reading
from jira_ci.gate.subject import Subject
from jira_ci.gate.targets import Target
from jira_ci.jira.service_desk import Service


class Evaluation:
    """What is decided about one environment. By itself it hears nobody: its decision is the entry's.

    Args:
        clock: monotonic seconds.

    Attributes:
        decision: of the last look.
        change: ``None`` until one is found, and where nobody looks for one.
        reading: the last one of what could be read at all.
        begun: monotonic seconds at which the last look began.
        said: what people should know besides, not said yet.
    """

    def __init__(self, entry: Target, *, clock: Callable[[], float]) -> None:
        self.entry, self._clock = entry, clock
        self.decision = entry.decision or Decision.of(8, "Jira has not been asked yet. Run again.")
        self.policy = entry.source if entry.decision is None and isinstance(entry.source, Policy) else None
        self.service: Service | None = None
        self.change: Change | None = None
        self.reading: Reading | None = None
        self.begun = clock()
        self.rounds = 0
        self.said: list[str] = []
        self._before: Decision | None = None
        self._earlier: Decision | None = None

    @property
    def window_over(self) -> datetime | None:
        """When the change's window ends, as it was last read; ``None`` without an end."""
        return self.window_facts().end

    @property
    def change_url(self) -> str:
        """Where a person looks at the change; empty without one."""
        facts = self.change_facts()
        return f"{facts.site}/browse/{facts.key}" if facts.site and facts.key else ""

    @property
    def subject(self) -> Subject:
        """What is deployed, and where to."""
        return self.entry.subject

    def look(self) -> None:
        """Asks Jira. Without anything to ask nothing happens but that time passes."""
        self.begun = self._clock()
        if self.policy is None:
            return
        self._before = self.decision if self.rounds else None
        if self.decision.result == "proceed":
            self._earlier = self.decision
        self.rounds += 1
        self.decision = self._ask(self.policy)

    def late(self) -> None:
        """What was read last came after the deadline."""
        if self.policy is not None:
            self.decision = begun_late(self.decision, self._before)

    def final(self) -> Decision:
        """The decision when no other look follows."""
        return at_deadline(self.decision, self._earlier)

    def change_facts(self) -> ChangeFacts:
        """The change for the record, as it was last read."""
        return ChangeFacts(site=self.policy.site if self.policy else "")

    def window_facts(self) -> WindowFacts:
        """The window for the record, as it was last read."""
        return WindowFacts()

    def evidence(self, epoch: float, tool: str) -> Evidence:
        """How it was found out.

        Args:
            epoch: the runner's clock.
        """
        read = self.reading.round if self.reading else None
        at = self.reading.at if self.reading else None
        skew = epoch - at.timestamp() if at else 0.0
        return Evidence(at, skew, (read.own_account if read else None) or "", self.rounds, tool)

    def _ask(self, policy: Policy) -> Decision:
        """One look; called only when there is a policy."""
        del policy
        return self.decision
