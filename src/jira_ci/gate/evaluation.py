"""What is decided about one environment, and tenant: the looks at it, and what they came to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jira_ci.config.policy_files import Sources
from jira_ci.errors import JiraCiError
from jira_ci.frozen import dataclass, replace
from jira_ci.gate.bindings import Outcome
from jira_ci.gate.change_property import Change
from jira_ci.gate.decision import Decision, at_deadline, begun_late, decision_of, frozen
from jira_ci.gate.messages import incomplete, shown
from jira_ci.gate.policy import freeze
from jira_ci.gate.policy.emergency import EmergencyAsked
from jira_ci.gate.policy.freeze import Frozen
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.record import ChangeFacts, Evidence, HistoryFacts, WindowFacts
from jira_ci.gate.requirements import Snapshot
from jira_ci.gate.subject import Subject, where
from jira_ci.gate.targets import Target
from jira_ci.jira.parse_desk import RequestType
from jira_ci.jira.service_desk import Service

_FROZEN = 37


@dataclass(frozen=True)
class TagFacts:
    """What is known of the tag that the version names; see :class:`jira_ci.gate.version_tag.VersionTag`.

    Attributes:
        confirmed: the commit of the run's own tag.
        doubt: why nothing is known of it.
        relaxed: why nobody was asked, for the record.
    """

    confirmed: str = ""
    doubt: str = ""
    relaxed: tuple[str, ...] = ()


class Evaluation(ABC):
    """One target, looked at time and again; :mod:`by_change` and :mod:`by_jira` say how Jira is asked about it.

    Args:
        clock: monotonic seconds.

    Attributes:
        decision: of the last look.
        change: ``None`` until one is found, and where Jira's own gating decides.
        snapshot: the last one of what could be read at all.
        read_at: Jira's time of the last answer.
        begun: monotonic seconds at which the last look began.
        said: what people should know besides, not said yet.
        warned: the same, of what is not as it should be.
        frozen: the freeze that covered Jira's time of the last answer; None without one.
        relaxed: what makes this decision less sure than it could be, for the record.
        tag: what the provider said of the version's tag before the last look.
    """

    def __init__(self, target: Target, *, clock: Callable[[], float]) -> None:
        self.target, self._clock = target, clock
        self.decision = target.decision or Decision.of(8, "Jira has not been asked yet.")
        self.service: Service | None = None
        self.change: Change | None = None
        self.snapshot: Snapshot | None = None
        self.read_at: datetime | None = None
        self.begun = clock()
        self.rounds = 0
        self.said: list[str] = []
        self.warned: list[str] = []
        self.frozen: Frozen | None = None
        self.relaxed: tuple[str, ...] = ()
        self.tag = TagFacts()
        self._before: Decision | None = None
        self._earlier: Decision | None = None

    @abstractmethod
    def ask(self) -> Decision:
        """Asks Jira once. Never raises a :class:`JiraCiError`."""

    @property
    def subject(self) -> Subject:
        """What is deployed, and where to."""
        return self.target.subject

    @property
    def policy(self) -> Policy | None:
        """What Jira is asked under; ``None`` when it is not asked."""
        return self.target.policy

    @property
    def source(self) -> Policy | Sources | None:
        """What was read of the policy, with what made this decision less sure; for the record."""
        source, more = self.target.source, (*self.relaxed, *self.tag.relaxed)
        return replace(source, relaxed=(*source.relaxed, *more)) if source and more else source

    @property
    def notes(self) -> Any:
        """What the change's property with notes of waiting runs held when it was last read, whoever wrote it."""
        return None

    @property
    def window_over(self) -> datetime | None:
        """When the change's window ends, as it was last read; ``None`` without an end."""
        return self.window_facts().end

    @property
    def change_url(self) -> str:
        """Where a person looks at the change; empty without one."""
        facts = self.change_facts()
        return f"{facts.site}/browse/{facts.key}" if facts.site and facts.key else ""

    def look(self) -> None:
        """Asks Jira, and remembers what it said before."""
        self.begun = self._clock()
        self._before = self.decision if self.rounds else None
        if self.decision.result == "proceed":
            self._earlier = self.decision
        self.rounds += 1
        self.decision = self._unless_frozen(self.ask())

    @property
    def emergency(self) -> EmergencyAsked | None:
        """The emergency that is asked for, and may be."""
        return self.policy.emergency_asked if self.policy else None

    def _unless_frozen(self, decision: Decision) -> Decision:
        """What a freeze makes of a proceed. Whatever else is decided is so in a freeze as well, which is told once."""
        freezes, now, before = (self.policy.freezes if self.policy else ()), self.read_at, self.frozen
        self.frozen = freeze.frozen(freezes, now) if now else None
        if decision.result == "proceed" and self.emergency:
            return self._passed(self._urgent(decision, self.emergency), "an emergency")
        if decision.result != "proceed" or not freezes:
            if self.frozen and not before and not self.emergency:
                told = f"{where(self.subject)} is {self.frozen.told}"
                self.said.append(f"{told}: nothing is deployed there before.")
            return decision
        if now is None:
            return Decision.of(17, incomplete(self.change_facts().key, ["it is unknown what time it is in Jira"]))
        try:
            kind = self.requested_as() if self.frozen and self.frozen.exceptions else None
        except JiraCiError as error:
            return decision_of(error, 17)
        return self._held(decision, now, kind)

    def _held(self, decision: Decision, now: datetime, kind: RequestType | None) -> Decision:
        holding = freeze.frozen(self.policy.freezes, now, kind) if self.policy else None
        if holding:
            self.frozen = holding
            return frozen(decision, f"But {where(self.subject)} is {holding.told}.")
        return self._passed(decision, f"request type {kind.name}") if self.frozen and kind else decision

    @staticmethod
    def _urgent(decision: Decision, asked: EmergencyAsked) -> Decision:
        said = f"This is an emergency, asked for by {shown(asked.asker)}, so that its window does not count."
        return replace(decision, reason=f"{decision.reason} {said}")

    def _passed(self, decision: Decision, why: str) -> Decision:
        """A proceed in spite of a freeze."""
        if self.frozen is None:
            return decision
        self.frozen = replace(self.frozen, passed=why)
        return replace(decision, reason=f"{decision.reason} {self.frozen.passing}")

    def requested_as(self) -> RequestType | None:
        """What the change was requested as; ``None`` where that is not known, or was edited after its approval.

        Raises:
            JiraCiError: as for every question.
        """
        return None

    def frozen_for(self) -> float:
        """Seconds, from the beginning of the last look, for which a freeze still holds what would proceed else; 0
        where none does."""
        if self.decision.row != _FROZEN or self.frozen is None or self.read_at is None:
            return 0.0
        return self.frozen.lasts(self.read_at)

    def refuse(self, decision: Decision) -> None:
        """Takes what somebody else than Jira says instead of asking, or instead of what Jira said."""
        self.decision = decision

    def start(self) -> Decision | None:
        """Notes that the deployment begins, where it may not begin unnoted; why it may not begin. Never raises a
        :class:`JiraCiError`."""
        return None

    def note(self, outcome: Outcome) -> str:
        """Notes what becomes of the deployment; what people should know about that, as a sentence, or nothing."""
        del outcome
        return ""

    def whole_end(self, state: str) -> tuple[str, str]:
        """How the deployments of its change have ended together, with this one's state; empty as long as others of them
        are to come, which is said as a sentence. Never raises a :class:`JiraCiError`."""
        return state, ""

    def late(self) -> None:
        """What was read last came after the deadline."""
        self.decision = begun_late(self.decision, self._before)

    def final(self) -> Decision:
        """The decision when no other look follows."""
        return at_deadline(self.decision, self._earlier)

    def change_facts(self) -> ChangeFacts:
        """The change for the record, as it was last read."""
        return ChangeFacts(site=self.policy.site if self.policy else "")

    def history_facts(self) -> HistoryFacts:
        """What happened to the change before, for the record."""
        read = self.snapshot
        if read is None:
            return HistoryFacts()
        told = ("version", "commit", "run", "outcome")
        deployments = [{name: getattr(one, name) for name in told} for one in read.earlier]
        return HistoryFacts(read.moved, read.edits, deployments)

    def window_facts(self) -> WindowFacts:
        """The window for the record, as it was last read."""
        return WindowFacts()

    def evidence(self, epoch: float, tool: str) -> Evidence:
        """How it was found out.

        Args:
            epoch: the runner's clock.
        """
        skew = epoch - self.read_at.timestamp() if self.read_at else 0.0
        own = self.snapshot.own_account if self.snapshot else None
        return Evidence(self.read_at, skew, own or "", self.rounds, tool)


class Decided(Evaluation):
    """A target that is decided without Jira: rows 1 to 5, and what is not controlled. Time changes nothing about it."""

    def ask(self) -> Decision:
        return self.decision

    def look(self) -> None:
        self.begun = self._clock()

    def refuse(self, decision: Decision) -> None:
        """It needs no answer of anybody's."""

    def late(self) -> None:
        """It needs no answer of Jira's."""
