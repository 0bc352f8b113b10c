"""The deployments of this job that Jira is to gate: each is submitted once, all of a site together.

What guards an *allowed*: Jira keys it by pipeline, environment and number, and the number is the run's. A run has one
commit, in every attempt, so that an *allowed* of an earlier attempt is about the same commit and stays good. What may
differ within a run is the version, which is part of the displayed name: a record with another name is of another
deployment. This is looked at before Jira's record is written over, and again before *allowed* counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from jira_ci.context import Context
from jira_ci.errors import JiraCiError, RejectedError, UsageError
from jira_ci.frozen import dataclass, field, replace
from jira_ci.gate import messages
from jira_ci.gate.decision import Decision, combine, decide_gating, decision_of
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.find_change import PAUSES
from jira_ci.gate.record import ChangeFacts
from jira_ci.gate.subject import Subject, where
from jira_ci.gate.targets import Target
from jira_ci.jira import gating
from jira_ci.jira.gating import Gate, GatingSite, Identity, Status
from jira_ci.jira.identity import is_shown, keys_of, services_of
from jira_ci.jira.records import TEXT, Record, as_ended
from jira_ci.jira.requester import Stamp
from jira_ci.jira.submit import Submission
from jira_ci.text import canonical, one_line


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


@dataclass(frozen=True)
class Reports:
    """What the job reports later, in the state in which Jira gates it.

    Attributes:
        records: each with the environment and the tenant that it is about.
        properties: the user's own, kept with each record.
    """

    records: Sequence[tuple[str, str, Record]]
    properties: Mapping[str, str]


class PendingDeployments:
    """The deployments that Jira is to gate at one site.

    Args:
        objection: why nothing is submitted (``a dry run``); empty when it is.
        reports: what the job reports later.
    """

    def __init__(self, context: Context, site: GatingSite, objection: str, reports: Reports) -> None:
        self._context, self.site, self.objection, self._reports = context, site, objection, reports
        self._pending: list[Pending] = []
        self._shown = False

    def of(self, subject: Subject) -> list[Pending]:
        """The deployments to one environment, and tenant; they are submitted with the next call of :meth:`submit`.

        Raises:
            UsageError: nothing is reported about it.
        """
        wanted = canonical(subject.environment), canonical(subject.tenant)
        found = [
            self._add(record, subject)
            for environment, tenant, record in self._reports.records
            if (canonical(environment), canonical(tenant)) == wanted
        ]
        if not found:
            raise UsageError(f"Nothing is reported about {one_line(subject.environment, 80)}, so Jira cannot gate it.")
        return found

    def _add(self, record: Record, subject: Subject) -> Pending:
        pending = Pending(gating.gated(record), subject)
        for one in self._pending:
            if one.identity == pending.identity:  # two spellings of one environment
                return one
        pending.refusal = _hopeless(pending)
        self._pending.append(pending)
        return pending

    def submit(self) -> Decision | None:
        """Submits what was not submitted yet. Why that could not be done, or nothing; what was done stays done."""
        if self.objection:
            self._show()
            return None
        try:
            for pending in self._pending:
                self._examine(pending)
            ready = [pending for pending in self._pending if not (pending.submitted or pending.refusal)]
            if ready:
                self._read(ready, self._send([pending.record for pending in ready]))
        except JiraCiError as error:
            return decision_of(error, 9 if isinstance(error, RejectedError) else 8)
        return None

    def call_off(self) -> Iterator[str]:
        """Reports what was submitted as cancelled, because nothing will come of it; yields what goes wrong."""
        now, run = self._context.edges.clock(), self._context.run
        done = [pending for pending in self._pending if pending.submitted]
        if not done:
            return
        ended = [gating.ungated(as_ended(one.record, run, state="cancelled", now=now, seconds=0)) for one in done]
        for pending in done:
            pending.submitted = False
        submission = self._send(ended)
        if submission.error or submission.rejected:
            why = submission.error or "; ".join(submission.rejected[0][1])
            yield f"The deployment stays pending in Jira: {one_line(str(why))}"

    def _send(self, report: Sequence[Record]) -> Submission:
        return self.site.submit(report, self._context.run, self._reports.properties)

    def _examine(self, pending: Pending) -> None:
        """Looks what Jira has under this identity, before it is written over."""
        if pending.examined or pending.refusal:
            return
        found = self.site.name(pending.identity)
        pending.examined = True
        if found not in (None, pending.name):
            pending.refusal = pending.another(str(found))

    def _read(self, ready: Sequence[Pending], submission: Submission) -> None:
        accepted = {gating.identity_of(record) for record in submission.accepted}
        rejected = {gating.identity_of(record): reasons for record, reasons in submission.rejected}
        for pending in ready:
            if pending.identity in rejected:
                pending.refusal = Decision.of(9, _rejected(pending, rejected[pending.identity]))
            elif pending.identity in accepted:
                pending.submitted = True
                pending.refusal = _ungateable(pending, submission)
        if submission.error is not None:
            raise submission.error
        names = ", ".join(one_line(where(pending.subject), 80) for pending in ready if pending.submitted)
        if names:
            self._context.console.say(f"Submitted to Jira for its own gating: {names}.")

    def _show(self) -> None:
        if not self._shown and self._context.given.dry_run and self._pending:
            lines = json.dumps([pending.record for pending in self._pending], indent=2, ensure_ascii=False).splitlines()
            self._context.console.block("Dry run, would be submitted for gating", lines)
        self._shown = True


def _hopeless(pending: Pending) -> Decision | None:
    """Why it is not worth submitting."""
    if not is_shown(pending.record):
        return Decision.of(
            9,
            f"The deployment to {one_line(where(pending.subject), 100)} names neither a service nor an issue, so Jira "
            "would never gate it. Set service to one of the file's, whose ids are its Service ID in Jira.",
        )
    if len(pending.name) >= TEXT - 1:
        return Decision.of(4, "Pipeline and version are too long together for Jira, which cuts them. Shorten one.")
    return None


def _rejected(pending: Pending, reasons: Sequence[str]) -> str:
    return (
        f"Jira rejected the deployment to {one_line(where(pending.subject), 100)}: "
        f"{one_line('; '.join(reasons), 300)}. "
        "It will not be gated: correct what Jira names, or say gate-by: change."
    )


def _ungateable(pending: Pending, submission: Submission) -> Decision | None:
    """Why Jira accepted it and will not gate it all the same: it keeps nothing that it knows no association of."""
    services = services_of(pending.record)
    if services and set(submission.unknown_services).issuperset(services):
        names = ", ".join(one_line(one, 100) for one in services[:3])
        return Decision.of(
            9,
            f"Jira knows no service {names}, so it will never gate this deployment. Compare the ids under services "
            "with the Service ID in Jira.",
        )
    if not services and {*submission.unknown_keys, *submission.refused_keys}.issuperset(keys_of(pending.record)):
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
        deployments: those of the site.
        pending: those of this environment and tenant among them.
        pauses: seconds between looks for a deployment that was just submitted.
    """

    def __init__(
        self,
        target: Target,
        deployments: PendingDeployments,
        pending: Sequence[Pending],
        *,
        clock: Callable[[], float],
        pauses: Sequence[float] = _ARRIVING,
    ) -> None:
        super().__init__(target, clock=clock)
        self._deployments, self._pending, self._pauses = deployments, pending, list(pauses[: len(_ARRIVING)])

    def change_facts(self) -> ChangeFacts:
        """The first change that Jira named last."""
        known = super().change_facts()
        gate = self._gate
        if gate is None or self.policy is None:
            return known
        return replace(known, key=gate.key, found_by="jira")

    @property
    def change_url(self) -> str:
        """Where Jira says that a person looks at the change, if that is on the site."""
        gate = self._gate
        there = gate is not None and self.policy is not None and gating.is_of(self.policy.site, gate.link)
        return gate.link if gate is not None and there else super().change_url

    @property
    def _gate(self) -> Gate | None:
        """The first change that Jira named last."""
        return next((gate for pending in self._pending for gate in pending.gates), None)

    def ask(self) -> Decision:
        """Submits what was not submitted yet, and asks what became of it. Never raises a :class:`JiraCiError`."""
        missed = self._deployments.submit()
        if missed is not None:
            return missed
        return combine([pending.refusal or self._about(pending) for pending in self._pending])

    def _about(self, pending: Pending) -> Decision:
        try:
            found, stamp = self._status(pending)
            self.read_at = stamp.date
            return self._read(pending, found, stamp)
        except JiraCiError as error:
            return decision_of(error, 17)

    def _read(self, pending: Pending, found: Status | None, stamp: Stamp) -> Decision:
        gaps = list(_gaps(stamp))
        if gaps:
            return Decision.of(17, messages.incomplete(_STATUS, gaps))
        if found is None and not (pending.submitted or pending.known):
            return Decision.of(
                16, f"Jira gates no such deployment, and none is submitted ({self._deployments.objection})."
            )
        first = not pending.known
        if found is not None:
            pending.known = True
            pending.gates = found.gates or pending.gates
        keys = list(dict.fromkeys(gate.key for gate in pending.gates))
        decision = decide_gating(found.word if found else None, first=first, keys=keys)
        if decision.result == "proceed":
            return self._other(pending) or decision
        return decision if found is not None or services_of(pending.record) else _without_service(decision)

    def _other(self, pending: Pending) -> Decision | None:
        """Why *allowed* is about another deployment than this one; ``None`` when it is about this one."""
        name = self._deployments.site.name(pending.identity)
        if name is None:
            return Decision.of(17, messages.incomplete(_STATUS, ["Jira has lost the deployment that it allows"]))
        return None if name == pending.name else pending.another(name)

    def _status(self, pending: Pending) -> tuple[Status | None, Stamp]:
        """The status; looked for some times while a submission may be on its way."""
        site = self._deployments.site
        found = site.status(pending.identity)
        while found[0] is None and pending.submitted and not pending.known and self._pauses:
            pause, deadline = self._pauses.pop(0), site.client.deadline
            if deadline.hurried or deadline.remaining() <= pause:
                break
            deadline.sleep(pause)
            found = site.status(pending.identity)
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
    return replace(decision, reason=f"{decision.reason} {hint}")
