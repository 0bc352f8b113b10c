"""The deployments of this job that Jira is to gate: each is submitted once, all of a site together.

What guards an *allowed*: Jira keys it by pipeline, environment and number, and the number is the run's. A run has one
commit, in every attempt, so that an *allowed* of an earlier attempt is about the same commit and stays good. What may
differ within a run is the version, which is part of the displayed name: a record that carries another name is somebody
else's, before we would write over it and again before *allowed* counts.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jira_ci.context import Context
from jira_ci.errors import JiraCiError, RejectedError
from jira_ci.gate import messages
from jira_ci.gate.decision import Decision, combine, decide_gating, decision_of
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.find_change import PAUSES
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.record import ChangeFacts
from jira_ci.gate.snapshot import Reading
from jira_ci.gate.subject import Subject, where
from jira_ci.gate.targets import Target
from jira_ci.jira import gating
from jira_ci.jira.gating import Gate, GatingSite, Identity, Status
from jira_ci.jira.records import TEXT, Record, as_ended, is_shown, keys_of, services_of
from jira_ci.jira.service_desk import Stamp
from jira_ci.jira.submit import Submission
from jira_ci.text import one_line


@dataclass
class Pending:
    """One deployment that Jira is to gate.

    Attributes:
        refusal: why Jira will never gate it; the end.
        examined: whether it is known that Jira has no other deployment under its identity.
        known: whether Jira told a status before.
        gates: the changes that Jira named last.
    """

    record: Record
    subject: Subject
    refusal: Decision | None = None
    examined: bool = False
    submitted: bool = False
    known: bool = False
    gates: tuple[Gate, ...] = ()
    identity: Identity = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.identity, self.name = gating.identity_of(self.record), gating.name_of(self.record)

    def another(self, found: str) -> Decision:
        """The decision when Jira has another deployment under this identity."""
        return Decision.of(
            35,
            f"This run's deployment to {one_line(where(self.subject), 100)} is {one_line(found, 200)!r} in Jira, and "
            f"not {one_line(self.name, 200)!r}: what is allowed for one is not allowed for the other. Start a new run, "
            "or tell the two apart with the setting pipeline.",
        )


class PendingDeployments:
    """What is held at one site.

    Args:
        objection: why nothing is submitted (``a dry run``); empty when it is.
        properties: the user's own, kept with each record.
    """

    def __init__(self, context: Context, site: GatingSite, objection: str, properties: Mapping[str, str]) -> None:
        self._context, self.site, self.objection, self._properties = context, site, objection, properties
        self._held: list[Pending] = []
        self._shown = False

    def hold(self, record: Record, subject: Subject) -> Pending:
        """Takes one more deployment in; it is submitted with the next call of :meth:`submit`."""
        held = Pending(gating.gated(record), subject)
        for one in self._held:
            if one.identity == held.identity:  # two spellings of one environment
                return one
        held.refusal = _hopeless(held)
        self._held.append(held)
        return held

    def submit(self) -> Decision | None:
        """Submits what was not submitted yet. Why that could not be done, or nothing; what was done stays done."""
        if self.objection:
            self._show()
            return None
        try:
            for held in self._held:
                self._examine(held)
            ready = [held for held in self._held if not (held.submitted or held.refusal)]
            if ready:
                self._read(ready, self._send([held.record for held in ready]))
        except JiraCiError as error:
            return decision_of(error, 9 if isinstance(error, RejectedError) else 8)
        return None

    def call_off(self) -> Iterator[str]:
        """Reports what was submitted as cancelled, because nothing will come of it; yields what goes wrong."""
        now, run = self._context.edges.clock(), self._context.run
        done = [held for held in self._held if held.submitted]
        if not done:
            return
        ended = [gating.ungated(as_ended(one.record, run, state="cancelled", now=now, seconds=0)) for one in done]
        for held in done:
            held.submitted = False
        outcome = self._send(ended)
        if outcome.error or outcome.rejected:
            why = outcome.error or "; ".join(outcome.rejected[0][1])
            yield f"The deployment stays pending in Jira: {one_line(str(why))}"

    def _send(self, report: Sequence[Record]) -> Submission:
        return self.site.submit(report, self._context.run, self._properties)

    def _examine(self, held: Pending) -> None:
        """Looks what Jira has under this identity, before it is written over."""
        if held.examined or held.refusal:
            return
        found = self.site.name(held.identity)
        held.examined = True
        if found not in (None, held.name):
            held.refusal = held.another(str(found))

    def _read(self, ready: Sequence[Pending], outcome: Submission) -> None:
        accepted = {gating.identity_of(record) for record in outcome.accepted}
        rejected = {gating.identity_of(record): reasons for record, reasons in outcome.rejected}
        for held in ready:
            if held.identity in rejected:
                held.refusal = Decision.of(9, _rejected(held, rejected[held.identity]))
            elif held.identity in accepted:
                held.submitted = True
                held.refusal = _ungateable(held, outcome)
        if outcome.error is not None:
            raise outcome.error
        names = ", ".join(one_line(where(held.subject), 80) for held in ready if held.submitted)
        if names:
            self._context.console.say(f"Submitted to Jira for its own gating: {names}.")

    def _show(self) -> None:
        if not self._shown and self._context.given.dry_run and self._held:
            lines = json.dumps([held.record for held in self._held], indent=2, ensure_ascii=False).splitlines()
            self._context.console.block("Dry run, would be submitted for gating", lines)
        self._shown = True


def _hopeless(held: Pending) -> Decision | None:
    """Why it is not worth submitting."""
    if not is_shown(held.record):
        return Decision.of(
            9,
            f"The deployment to {one_line(where(held.subject), 100)} names neither a service nor an issue, so Jira "
            "would never gate it. Set service to one of the file's, whose ids are its Service ID in Jira.",
        )
    if len(held.name) >= TEXT - 1:
        return Decision.of(4, "Pipeline and version are too long together for Jira, which cuts them. Shorten one.")
    return None


def _rejected(held: Pending, reasons: Sequence[str]) -> str:
    return (
        f"Jira rejected the deployment to {one_line(where(held.subject), 100)}: {one_line('; '.join(reasons), 300)}. "
        "It will not be gated: correct what Jira names, or say gate-by: change."
    )


def _ungateable(held: Pending, outcome: Submission) -> Decision | None:
    """Why Jira accepted it and will not gate it all the same: it keeps nothing that it knows no association of."""
    services = services_of(held.record)
    if services and set(outcome.unknown_services).issuperset(services):
        names = ", ".join(one_line(one, 100) for one in services[:3])
        return Decision.of(
            9,
            f"Jira knows no service {names}, so it will never gate this deployment. Compare the ids under services "
            "with the Service ID in Jira.",
        )
    if not services and {*outcome.unknown_keys, *outcome.refused_keys}.issuperset(keys_of(held.record)):
        return Decision.of(
            9,
            "Jira knows none of the issues that this deployment names, and no service is named, so Jira will never "
            "gate it. Set service to one of the file's, whose ids are its Service ID in Jira.",
        )
    return None


_STATUS = "Jira's gating status"
_ARRIVING = PAUSES[:6]  # seconds; a submission takes some to arrive, after which 404 means something


class ByJira(Evaluation):
    """What Jira's gating decides about one environment and tenant; of several services every one must be allowed.

    Args:
        held: its deployments, which are in the register.
        pauses: seconds between looks for a deployment that was just submitted.
    """

    def __init__(
        self,
        entry: Target,
        register: PendingDeployments,
        held: Sequence[Pending],
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

    def _about(self, held: Pending) -> Decision:
        try:
            found, stamp = self._status(held)
            self.reading = Reading(self.begun, self.decision, at=stamp.date)
            return self._read(held, found, stamp)
        except JiraCiError as error:
            return decision_of(error, 17)

    def _read(self, held: Pending, found: Status | None, stamp: Stamp) -> Decision:
        gaps = list(_gaps(stamp))
        if gaps:
            return Decision.of(17, messages.incomplete(_STATUS, gaps))
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

    def _other(self, held: Pending) -> Decision | None:
        """Why *allowed* is about another deployment than this one; ``None`` when it is about this one."""
        name = self._register.site.name(held.identity)
        if name is None:
            return Decision.of(17, messages.incomplete(_STATUS, ["Jira has lost the deployment that it allows"]))
        return None if name == held.name else held.another(name)

    def _status(self, held: Pending) -> tuple[Status | None, Stamp]:
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
