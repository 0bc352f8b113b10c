"""Writing the property ``jira-ci.change``: pinning a change to a commit, taking a pin off, noting deployments.

Jira takes whatever is written last. What was written is therefore read back, after a pause where something begins on
it: of two gates that write at once, both then see the one value that stayed.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Callable, Sequence

from jira_ci.errors import AccessError, JiraCiError
from jira_ci.frozen import dataclass, replace
from jira_ci.gate import bindings, comments
from jira_ci.gate.bindings import (
    Binding,
    ChangeProperty,
    Deployed,
    NoRoom,
    NotOurs,
    Outcome,
    Scope,
    spent,
    spent_by,
)
from jira_ci.gate.change_property import Change, bindings_of, run_of, scope_of, scopes_of
from jira_ci.gate.decision import Decision, decision_of
from jira_ci.gate.requirements import Snapshot
from jira_ci.gate.subject import Attempt, Subject, everywhere, where
from jira_ci.jira.rich_text import Line, Own
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound, Refused
from jira_ci.text import one_line

_PINNABLE = (*range(19, 33),)  # rows of a change that was read completely and is not at its end
SETTLING = 3.0
"""Seconds: much longer than Jira takes to answer what is read and written in between."""
_PIN = "its pin"  # what the comments of this module tell of
_SHARE = 0.3  # of the time for a look, for the comment about a pin
BY_TITLE_ONLY = "bound by title only"
"""In the record, where nothing is pinned."""


@dataclass(frozen=True)
class Pinned:
    """What came of looking whether the change has to be pinned.

    Attributes:
        again: whether it was written, so that the change has to be read anew.
        decision: why nothing may begin before it is written; ``None`` otherwise.
        said, warned: what people should know, as sentences.
    """

    again: bool = False
    decision: Decision | None = None
    said: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()


class Pins:
    """The property of one change, for one deployment.

    Args:
        readers: the policy's ``comments``.
        clock: monotonic seconds.
        settling: seconds for which a write that something depends on is left to settle; :data:`SETTLING` by default.
    """

    def __init__(
        self,
        service: Service,
        change: Change,
        subject: Subject,
        attempt: Attempt,
        *,
        readers: str,
        clock: Callable[[], float] = time.monotonic,
        settling: float | None = None,
    ) -> None:
        self._service, self._change, self._subject, self._attempt = service, change, subject, attempt
        self._readers, self._clock = readers, clock
        self._settling = SETTLING if settling is None else settling
        self._tried = self._begun = False
        self._ended: Deployed | None = None
        self._noting = threading.Lock()

    def pin(self, read: Snapshot, decision: Decision, *, may_pin: bool) -> Pinned:
        """Pins the change to this run's commit, at first sight and again as long as nobody approved it; at most once in
        a run, so that two of them do not go on overwriting one another.

        Args:
            may_pin: whether this run's commit is one that may be pinned.
        """
        held = read.held
        if held is None or self._tried or not may_pin or self._attempt.objection or decision.row not in _PINNABLE:
            return Pinned()
        bound = held.of(scope_of(self._subject))
        if bound is None:
            if decision.row == 21:  # it is denied, whatever is pinned
                return Pinned()
        elif read.fixed or self._change.ours or all(self._is_bound(held, one) for one in scopes_of(self._subject)):
            return Pinned()
        self._tried = True
        pins = bindings_of(self._subject, self._attempt)
        binding = pins[0]
        try:
            whole = functools.reduce(ChangeProperty.with_binding, pins, held)
            self._service.set_mark(self._change.id, whole.document())
        except (AccessError, NotFound, Refused, NoRoom) as error:
            problem = (
                f"{self._change.key} could not be pinned to commit {binding.commit}, and is {BY_TITLE_ONLY}: {error}"
            )
            return Pinned(warned=(problem,))
        except JiraCiError as error:
            self._tried = False
            return Pinned(decision=decision_of(error, 8) if decision.result == "proceed" else None)
        warned = self._told(_pin_lines(pins, bound, self._attempt), f"pin {binding.commit}")
        if read.fixed:
            late = f"{self._change.key} was approved before it was pinned: from now on it is for commit"
            return Pinned(again=True, warned=(f"{late} {binding.commit}.", *warned))
        return Pinned(True, said=(f"{self._change.key} is pinned to commit {binding.commit}.",), warned=warned)

    def _is_bound(self, held: ChangeProperty, scope: Scope) -> bool:
        bound = held.of(scope)
        return bound is not None and bound.commit == self._subject.commit

    def settle(self) -> None:
        """Waits until what two gates write at once is written."""
        deadline = self._service.deadline
        deadline.sleep(min(self._settling, max(0.0, deadline.remaining())))

    def unpin(self, who: str) -> str:
        """Takes the pin off, with a comment that says who did; what was done, as a sentence.

        Raises:
            JiraCiError: it could not be done; without the comment it is not.
        """
        issue = self._service.issue(self._change.id)[0]
        scopes = scopes_of(self._subject)
        try:
            held = bindings.read(issue.mark)
        except NotOurs:
            left, what = ChangeProperty(), "a property that is none of ours"
        else:
            commits = dict.fromkeys(one.commit for one in map(held.of, scopes) if one)
            left = functools.reduce(ChangeProperty.without, scopes, held)
            what = f"commit {' and '.join(commits)}" if commits else ""
        key, here = self._change.key, everywhere(self._subject)
        if not what:
            return f"{key} is not pinned for {one_line(here, 100)}. Nothing was changed."
        lines: list[Line] = [["Unpinned: ", what, " for ", here, ", taken off by ", who or "somebody", "."]]
        told = comments.Telling((*lines, *_ran(self._attempt)), (lines[0], lines[0]), self._mark(f"unpin {what}"), _PIN)
        problem = comments.write(self._service, self._change, told, public=self._readers == "public")
        if problem:
            raise Refused(f"{key} stays pinned, because the comment about it was not written. {problem}")
        self._service.set_mark(self._change.id, left.document())
        return f"{key} is not pinned to {one_line(what, 100)} for {one_line(here, 100)} any more."

    def start(self) -> Decision | None:
        """Writes to the change that the deployment begins, and reads it back; why it may not, where it may not.

        Two that begin at once both look whether theirs stayed. Whoever needs longer from reading to writing than the
        other one waits may have overwritten it, and begins nothing.
        """
        key, begun = self._change.key, self._clock()
        try:
            held = self._held()
            other = self._in_the_way(held)
            if other is not None:
                return other
            self._begun = True
            self._service.set_mark(self._change.id, held.with_deployment(self._deployed("started")).document())
            slow = self._clock() - begun > self._settling
            self.settle()
            after = self._held()
        except (NotOurs, NoRoom) as error:
            return Decision.of(8, f"The start could not be written to {key}: {error}")
        except JiraCiError as error:
            self.end("cancelled")  # it may have been written, and nothing begins
            return decision_of(error, 8)
        scope = scope_of(self._subject)
        mine = any(one.id == self._attempt.id and one.scope.same(scope) for one in after.deployments)
        if mine and not slow:
            return self._in_the_way(after)
        if mine:
            self.end("cancelled")
        return Decision.of(8, f"Another run wrote to {key} while this one was to begin. Run again.")

    def end(self, outcome: Outcome, earlier: Deployed | None = None) -> str:
        """Writes to the change what becomes of the deployment; what people should know about that, or nothing.

        Args:
            earlier: another start than this one, that it is about.
        """
        if outcome == "cancelled" and not self._begun and earlier is None:
            return ""  # nothing was to be called off
        # Nobody may wait for a note any more that is still on its way; it must not come behind the outcome.
        if not self._noting.acquire(timeout=max(0.0, self._service.deadline.remaining())):
            return f"{outcome.capitalize()} was not noted on {self._change.key}: an earlier note is still on its way."
        try:
            return "" if outcome == "started" and self._ended else self._noted(outcome, earlier)
        finally:
            self._noting.release()

    def _noted(self, outcome: Outcome, earlier: Deployed | None) -> str:
        self._begun = True
        deployed = replace(earlier, outcome=outcome) if earlier else self._deployed(outcome)
        if outcome != "started" and earlier is None:
            self._ended = deployed
        try:
            self._service.set_mark(self._change.id, self._held().with_deployment(deployed).document())
        except (NotOurs, NoRoom, JiraCiError) as error:
            return f"{outcome.capitalize()} was not noted on {self._change.key}: {error}"
        return ""

    def whole_end(self, state: str, also: Sequence[Subject] = ()) -> tuple[str, str]:
        """How all deployments that share the change have ended, the worst of them; those of others as they were noted.
        Empty, with a sentence, as long as one of them has not.

        Args:
            also: what has ended in this state besides.
        """
        key, own = self._change.key, [scope_of(one) for one in (self._subject, *also)]
        try:
            held = self._held()
            if self._ended and self._ended not in held.deployments:  # another member ended at once, and overwrote it
                held = held.with_deployment(self._ended)
                self._service.set_mark(self._change.id, held.document())
        except (NotOurs, NoRoom, JiraCiError) as error:
            return "", f"{key} is left open, because it is not known how its other deployments ended: {error}"
        left, states = [], [state]
        for scope in scopes_of(self._subject):
            if any(scope.same(one) for one in own):
                continue
            last = next((one for one in reversed(held.deployments) if self._is_of_this(one, scope)), None)
            if last is None or last.outcome == "started":
                left.append(where(scope))
            else:
                states.append(last.outcome)
        if left:
            return "", f"{key} stays open for {one_line(', '.join(left), 200)}."
        return next((one for one in ("failed", "cancelled") if one in states), state), ""

    def _is_of_this(self, deployed: Deployed, scope: Scope) -> bool:
        return deployed.scope.same(scope) and deployed.version == self._subject.version

    def _held(self) -> ChangeProperty:
        return bindings.read(self._service.issue(self._change.id)[0].mark)

    def _in_the_way(self, held: ChangeProperty) -> Decision | None:
        earlier = held.earlier(scope_of(self._subject), self._attempt.id)
        found = spent(earlier)
        return Decision.of(21, spent_by(self._change.key, found, earlier)) if found else None

    def _deployed(self, outcome: Outcome) -> Deployed:
        subject, attempt = self._subject, self._attempt
        run = run_of(attempt)
        return Deployed(
            scope_of(subject), subject.version, subject.commit, run, attempt.run, attempt.attempt, attempt.id, outcome
        )

    def _told(self, lines: tuple[Line, ...], what: str) -> tuple[str, ...]:
        if self._readers == "off":
            return ()
        told = comments.Telling(lines, (lines[0], lines[-1]), self._mark(what), _PIN)
        with self._service.within(_SHARE):  # what is pinned is read again after that, and decides
            problem = comments.write(self._service, self._change, told, public=self._readers == "public")
        return (problem,) if problem else ()

    def _mark(self, what: str) -> str:
        parts = (what, *scope_of(self._subject).names.values(), self._attempt.url, self._attempt.run, self._attempt.id)
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _pin_lines(pins: Sequence[Binding], before: Binding | None, attempt: Attempt) -> tuple[Line, ...]:
    instead: Line = [" instead of commit ", before.commit] if before and before.commit != pins[0].commit else []
    lines: list[Line] = [
        ["Pinned to commit ", one.commit, " for version ", one.version, " in ", where(one.scope), *instead, "."]
        for one in pins
    ]
    return (*lines, *_ran(attempt))


def _ran(attempt: Attempt) -> tuple[Line, ...]:
    if not (attempt.run or attempt.url):
        return ()
    return (["Run ", attempt.run, f", attempt {attempt.attempt}: ", Own(attempt.url, link=True)],)
