"""One environment whose change decides: the change, once there is one, and what each look at it came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jira_ci.errors import JiraCiError
from jira_ci.frozen import replace
from jira_ci.gate import messages
from jira_ci.gate.bindings import Outcome
from jira_ci.gate.change_property import Change, scope_of
from jira_ci.gate.decision import Decision, decision_of
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.find_change import PAUSES, Finder
from jira_ci.gate.messages import edited_by, shown, when
from jira_ci.gate.pinning import BY_TITLE_ONLY, Pins
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.record import ChangeFacts, WindowFacts
from jira_ci.gate.requirements import Snapshot
from jira_ci.gate.snapshot import REQUEST_TYPE, SnapshotReader
from jira_ci.gate.subject import Attempt, Subject
from jira_ci.gate.targets import Target
from jira_ci.gate.window import edge
from jira_ci.jira.parse_desk import RequestType
from jira_ci.jira.service_desk import Service
from jira_ci.text import canonical, one_line

_NO_CHANGE = 16


class ByChange(Evaluation):
    """What a change decides about one environment.

    Args:
        service: the conversation with the site.
        complete: finds what is deployed; called only when a change is about to be made.
        change: the change, where it is known already; then none is looked for.
    """

    def __init__(
        self,
        target: Target,
        policy: Policy,
        *,
        service: Service,
        attempt: Attempt,
        complete: Callable[[Attempt, Subject], Attempt],
        clock: Callable[[], float],
        pauses: Sequence[float] = PAUSES,
        change: Change | None = None,
    ) -> None:
        super().__init__(target, clock=clock)
        self.service = self._service = service
        self._policy, self._told = policy, False
        self._attempt, self._complete, self._pauses = attempt, complete, pauses
        # As long as it may make none, there is no need to know the issues that a new one would name.
        self._finder = self._find_with(replace(policy, create=False))
        self._may_make, self._typed = policy.create and not attempt.objection, False
        if change is not None:
            self._take(change)

    def ask(self) -> Decision:
        """Finds the change, or reads it. Never raises a :class:`JiraCiError`."""
        missing = self._found()
        if missing is not None:
            return missing
        decision = self._read()
        if self.snapshot is None or decision.row == 17:
            return decision
        if self.tag.doubt and self._is_unbound(self.snapshot):
            self._judge_binding(decision)
            return Decision.unanswered(38, self.tag.doubt) if decision.result == "proceed" else decision
        pinned = self._pins.pin(self.snapshot, decision, may_pin=self._may_pin)
        self.said.extend(pinned.said)
        self.warned.extend(pinned.warned)
        decision = pinned.decision or (self._read() if pinned.again else decision)
        if pinned.again and decision.result == "proceed":
            self._pins.settle()
            decision = self._read()
        self._judge_binding(decision)
        return self._of_its_type(decision)

    def _of_its_type(self, decision: Decision) -> Decision:
        """A change that was requested for an emergency is for nothing else, and no other one is for an emergency. Asked
        with the first look, and with each that allows something."""
        allowed, asked = self._policy.emergency, self._policy.emergency_asked
        if allowed is None or decision.result == "deny" or self.change is None or self.snapshot is None:
            return decision
        if self._typed and decision.result != "proceed":
            return decision
        try:
            kind = self._service.requested_as(self.change.id)
        except JiraCiError as error:
            return decision_of(error, 17) if decision.result == "proceed" else decision
        self._typed = True
        if allowed.is_of_type(kind) != (asked is not None):
            return Decision.of(
                12, messages.mistyped(self.change.key, kind.name if kind else "", asked=asked is not None)
            )
        if decision.result == "proceed" and self._retyped:
            return Decision.of(21, messages.requested_anew(self.change.key))
        return decision

    @property
    def _retyped(self) -> bool:
        """Whether somebody edited what the change was requested as after its approval."""
        edited = self.snapshot.edits if self.snapshot else ()
        return any(canonical(one.field) == REQUEST_TYPE for one in edited)

    def start(self) -> Decision | None:
        return self._pins.start() if self.change is not None and self._policy.reuse == "once" else None

    def note(self, outcome: Outcome) -> str:
        noted_by_start = outcome == "started" and self._policy.reuse == "once"
        return "" if self.change is None or noted_by_start else self._pins.end(outcome)

    def requested_as(self) -> RequestType | None:
        """What the change was requested as; whoever edits that after its approval makes no exception of it."""
        if self.change is None or self._retyped:
            return None
        return self._service.requested_as(self.change.id)

    def whole_end(self, state: str) -> tuple[str, str]:
        if self.change is None or not self.subject.members:
            return state, ""
        return self._pins.whole_end(state)

    def _read(self) -> Decision:
        decision, snapshot = self._reader.read()
        if snapshot is not None:
            self._tell_history(self.snapshot, snapshot)
            self.snapshot, self.read_at = snapshot, snapshot.now
        return decision

    def _tell_history(self, before: Snapshot | None, now: Snapshot) -> None:
        """Says once who moved the change to where deployments begin, and each edit after its approval."""
        key, moved = shown(now.key), now.moved
        if moved is not None and (before is None or before.moved != moved):
            by = shown(moved.name) or "somebody"
            self.said.append(
                f"{key} was moved to {shown(now.status.name if now.status else '')} by {by}, {when(moved.at)}."
            )
        fresh = [one for one in now.edits if before is None or one not in before.edits]
        if fresh:
            self.said.append(f"Edited on {key} after its approval: {edited_by(fresh)}.")

    @property
    def _may_pin(self) -> bool:
        trusted = self._attempt.may_pin or self.tag.confirmed == self.subject.commit
        return trusted and self._policy.bind == "commit"

    def _is_unbound(self, read: Snapshot) -> bool:
        """Whether the change was approved for a version, and nobody was told for which commit: then the version alone
        says what was approved."""
        bindings = read.held.bindings if read.held else ()
        bound = any(one.scope.same_repository(scope_of(self.subject)) for one in bindings)
        return self._policy.bind == "commit" and read.fixed and not bound

    def _judge_binding(self, decision: Decision) -> None:
        """Says, once, what else was deployed on the change, and for the record that nothing is pinned."""
        read = self.snapshot
        if read is None or read.held is None:
            return
        unpinned = read.held.of(scope_of(self.subject)) is None
        self.relaxed = (BY_TITLE_ONLY,) if unpinned else ()
        if decision.result == "proceed" and read.earlier and not self._told:
            self._told = True
            last = read.earlier[-1]
            times = f"{len(read.earlier)} times" if len(read.earlier) > 1 else "once"
            self.said.append(
                f"{read.key} was used {times} before; the last time by run {one_line(last.run, 200)}, for commit "
                f"{one_line(last.commit, 64)}: {last.outcome}."
            )

    def _find_with(self, policy: Policy) -> Finder:
        return Finder(self._service, policy, self.subject, self._attempt, clock=self._clock, pauses=self._pauses)

    def _found(self) -> Decision | None:
        """Why there is no change to read; ``None`` when there is one."""
        if self.change is not None:
            return None
        found = self._finder.find()
        missing = found.decision is not None and found.decision.row == _NO_CHANGE
        if missing and self._may_make:
            self._may_make = False
            self._attempt = self._complete(self._attempt, self.subject)
            self._finder = self._find_with(self._policy)
            found = self._finder.find()
        self.said.extend(found.said)
        if found.change is not None:
            self._take(found.change)
        return found.decision

    def _take(self, change: Change) -> None:
        self.change = change
        readers = self._policy.comments
        self._pins = Pins(self._service, change, self.subject, self._attempt, readers=readers, clock=self._clock)
        self._reader = SnapshotReader(self._service, self._policy, self.subject, self._attempt, change)

    @property
    def notes(self) -> Any:
        return self._reader.notes if self.change is not None else None

    def change_facts(self) -> ChangeFacts:
        """The change for the record, as it was last read."""
        known = super().change_facts()
        if self.change is None:
            return known
        known = replace(
            known,
            id=self.change.id,
            key=self.change.key,
            issue_type=self.change.issue_type,
            summary=self.change.summary,
            found_by=self.change.found_by,
        )
        if self.snapshot is None or self.snapshot.status is None:
            return known
        status = self.snapshot.status
        return replace(
            known,
            reporter=self.snapshot.reporter,
            status_id=status.id,
            status_name=status.name,
            status_category=status.category or "",
        )

    def window_facts(self) -> WindowFacts:
        """The window for the record, as it was last read."""
        read = self.snapshot
        if read is None or self._policy.window is None:
            return WindowFacts()
        return WindowFacts(edge(read.start).moment, edge(read.end).moment, read.window_fields)
