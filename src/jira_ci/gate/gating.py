"""One environment that Jira itself gates: what its gating status comes to, look after look (rows 33 to 35)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from jira_ci.errors import JiraCiError
from jira_ci.gate import reasons
from jira_ci.gate.change import PAUSES
from jira_ci.gate.decision import Decision, combine, decide_gating
from jira_ci.gate.docket import Entry
from jira_ci.gate.hearing import Hearing
from jira_ci.gate.policy import Policy
from jira_ci.gate.record import ChangeFacts
from jira_ci.gate.register import Held, Register
from jira_ci.gate.round import Reading
from jira_ci.gate.terms import decision_of
from jira_ci.jira import gating
from jira_ci.jira.associations import services_of
from jira_ci.jira.gating import Gate, Status
from jira_ci.jira.service import Stamp

_STATUS = "Jira's gating status"
_ARRIVING = PAUSES[:6]  # seconds; a submission takes some to arrive, after which 404 means something


class Gating(Hearing):
    """What Jira's gating decides about one environment and tenant; of several services every one must be allowed.

    Args:
        held: its deployments, which are in the register.
        pauses: seconds between looks for a deployment that was just submitted.
    """

    def __init__(
        self,
        entry: Entry,
        register: Register,
        held: Sequence[Held],
        *,
        clock: Callable[[], float],
        pauses: Sequence[float] = _ARRIVING,
    ) -> None:
        super().__init__(entry, clock=clock)
        self._register, self._held, self._pauses = register, held, list(pauses[: len(_ARRIVING)])

    def change_facts(self) -> ChangeFacts:
        """The first change that Jira named last."""
        known = super().change_facts()
        gate = self._gate
        if gate is None or self.policy is None:
            return known
        return dataclasses.replace(known, key=gate.key, found_by="jira")

    @property
    def change_url(self) -> str:
        """Where Jira says that a person looks at the change, if that is on the site."""
        gate = self._gate
        there = gate is not None and self.policy is not None and gating.is_of(self.policy.site, gate.link)
        return gate.link if gate is not None and there else super().change_url

    @property
    def _gate(self) -> Gate | None:
        """The first change that Jira named last."""
        return next((gate for held in self._held for gate in held.gates), None)

    def _ask(self, policy: Policy) -> Decision:
        del policy
        missed = self._register.submit()
        if missed is not None:
            return missed
        return combine([held.refusal or self._about(held) for held in self._held])

    def _about(self, held: Held) -> Decision:
        try:
            found, stamp = self._status(held)
            self.reading = Reading(self.begun, self.decision, at=stamp.date)
            return self._read(held, found, stamp)
        except JiraCiError as error:
            return decision_of(error, 17)

    def _read(self, held: Held, found: Status | None, stamp: Stamp) -> Decision:
        gaps = list(_gaps(stamp))
        if gaps:
            return Decision.of(17, reasons.incomplete(_STATUS, gaps))
        if found is None and not (held.submitted or held.known):
            return Decision.of(
                16, f"Jira gates no such deployment, and none is submitted ({self._register.objection})."
            )
        first = not held.known
        if found is not None:
            held.known = True
            held.gates = found.gates or held.gates
        keys = list(dict.fromkeys(gate.key for gate in held.gates))
        decision = decide_gating(found.word if found else None, first=first, keys=keys)
        if decision.result == "proceed":
            return self._other(held) or decision
        return decision if found is not None or services_of(held.record) else _without_service(decision)

    def _other(self, held: Held) -> Decision | None:
        """Why *allowed* is about another deployment than this one; ``None`` when it is about this one."""
        name = self._register.site.name(held.identity)
        if name is None:
            return Decision.of(17, reasons.incomplete(_STATUS, ["Jira has lost the deployment that it allows"]))
        return None if name == held.name else held.another(name)

    def _status(self, held: Held) -> tuple[Status | None, Stamp]:
        """The status; looked for some times while a submission may be on its way."""
        site = self._register.site
        found = site.status(held.identity)
        while found[0] is None and held.submitted and not held.known and self._pauses:
            pause, deadline = self._pauses.pop(0), site.client.deadline
            if deadline.hurried or deadline.remaining() <= pause:
                break
            deadline.sleep(pause)
            found = site.status(held.identity)
        return found


def _gaps(stamp: Stamp) -> Iterator[str]:
    if stamp.date is None:
        yield "Jira's answer has no Date, which every proxy on the way has to let through"
    if stamp.aged:
        yield "a cache answered (Age) and not Jira: take Jira's address out of the cache"
    if stamp.back:
        yield "Jira's answer is older than one before it: a cache or proxy stands in between"


def _without_service(decision: Decision) -> Decision:
    hint = "No service was named: Jira gates deployments of services that are connected to a service desk."
    return dataclasses.replace(decision, reason=f"{decision.reason} {hint}")
