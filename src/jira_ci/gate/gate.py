"""The gate for one job: everything between the settings and the result."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from jira_ci.context import Context, Result
from jira_ci.environments.classify import collisions
from jira_ci.errors import Exit, UsageError
from jira_ci.frozen import replace
from jira_ci.gate import attestation, description, record, targets
from jira_ci.gate.bookkeeping import Bookkeeping, Closable
from jira_ci.gate.by_change import ByChange
from jira_ci.gate.by_jira import ByJira, PendingDeployments, Reports
from jira_ci.gate.comments import Kind
from jira_ci.gate.decision import Decision, combine, fresh_for, in_dry_run, out_of_date, too_old, unrecorded
from jira_ci.gate.evaluation import Decided, Evaluation
from jira_ci.gate.find_change import PAUSES
from jira_ci.gate.gate_result import NOT_YET, GateResult, gate_result
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.polling import Backoff, GateLog, until_decided
from jira_ci.gate.record import Deployment
from jira_ci.gate.targets import Target
from jira_ci.gate.version_tag import PROVIDER, VersionTag
from jira_ci.jira.access import site_url
from jira_ci.output.publish import publish
from jira_ci.sites.session import GateSites
from jira_ci.sites.sites import sites
from jira_ci.text import one_line
from jira_ci.timing import Deadline

_COMMENT = 15.0  # seconds for a comment


class Gate:
    """Asks Jira, waits, and says whether a deployment may begin.

    Args:
        deploying: whether the command deploys; the command ``gate`` makes no sense without a policy.
        reports: what the job reports later, for Jira's own gating; called only where that decides. It may raise a
            :class:`UsageError`, which is row 1.
        tests: how the job's tests went; called only where a change is made.
        clock, sleep: of monotonic seconds.
        jitter: asked before each pause: about 1.
        pauses: seconds between looks for a change that was just made.
    """

    def __init__(
        self,
        context: Context,
        *,
        deploying: bool,
        reports: Callable[[Context], Reports],
        tests: description.Tests = lambda _: ("", ""),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.05),  # noqa: S311 - spreads load, guards nothing
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._context, self._deploying = context, deploying
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._sites = GateSites(context, clock=clock)
        self._pauses, self._plan_reports, self._count_tests = pauses, reports, tests
        self._deployments: dict[tuple[str, str, str], PendingDeployments] = {}
        self._evaluations: list[Evaluation] = []
        self._tag, self._id = VersionTag(context), secrets.token_hex(8)
        self._log = GateLog(context, clock)
        self._result: GateResult | None = None
        self._books = Bookkeeping(context, clock)
        self._whole = context.deadline

    def ask(self) -> GateResult:
        """Decides, and waits as ``wait`` says. Whatever Jira or the network does is a decision and never an error."""
        self.announce()
        given = self._context.given
        attestation.artifact(given.artifact_digest)
        if not self._deploying:  # whoever deploys is told with the report
            for sentence in (*collisions(self._context.environment_names), *collisions(given.tenant, "tenant")):
                self._context.console.notice("warning", sentence)
        found = targets.targets(self._context, deploying=self._deploying)
        commits = self._tag.with_commit(found, Deadline(PROVIDER, self._clock, self._sleep))
        self._evaluations = [self._evaluation(target) for target in commits]
        # A dry run never proceeds, so that there is nothing to wait for.
        self._whole = self._deadline(0 if given.dry_run else given.wait)
        return self._decide()

    def confirm(self) -> GateResult:
        """The last result, as long as it may be used; after 30 s everything is read again, until the deadline. Looking
        at many changes may take so long that the first one is too old at the end."""
        found = self._result or self.ask()
        while found.decision.result == "proceed" and too_old(found.begun, self._clock()):
            if self._whole.remaining() <= 0 and any(evaluation.policy for evaluation in self._evaluations):
                return self._conclude([out_of_date(evaluation.final()) for evaluation in self._evaluations])
            found = self._decide()
        return found

    def fresh(self) -> float:
        """Seconds for which the last result may still be used."""
        return fresh_for(self._result.begun, self._clock()) if self._result else 0.0

    def decided(self, result: str) -> Sequence[Evaluation]:
        """What was decided so, with some seconds to write something there; nothing where the last result as a whole is
        another."""
        if self._result is None or self._result.decision.result != result:
            return []
        self._sites.give(Deadline(_COMMENT, self._clock, self._sleep))
        return [one for one in self._evaluations if one.decision.result == result]

    def announce(self) -> None:
        """Writes that nothing is approved, before anything is asked."""
        names = list(self._context.environment_names)
        publish(Result(outputs={**NOT_YET, "environment": names}), self._context)

    def comment(self, kind: Kind, *, seconds: float | None = None, deadline: Deadline | None = None) -> None:
        """Tells each change what becomes of its deployment, as the policy says, once for each attempt. Failure is said
        and changes nothing.

        Args:
            seconds: how long the deployment took.
            deadline: over all of it; 15 s by default.
        """
        if self._result is not None:
            self._sites.give(deadline or Deadline(_COMMENT, self._clock, self._sleep))
            self._books.comment(self._pairs, kind, seconds)

    def keep(self, deadline: Deadline | None = None) -> None:
        """Keeps the record of each deployment that may begin on its change, or what became of it. Failure is said and
        changes nothing.

        Args:
            deadline: over all of it; 15 s by default.
        """
        # Once for all: whoever is not waited for any more gives nothing to a question that somebody else asks by then.
        self._sites.give(deadline or Deadline(_COMMENT, self._clock, self._sleep))
        self._books.keep(self._pairs)

    def forgo(self, deadline: Deadline) -> None:
        """Notes in the records that are kept on changes that nothing begins. Failure is said and changes nothing.

        Args:
            deadline: over all of it.
        """
        self._sites.give(deadline)
        self._books.forgo()

    def start(self) -> GateResult:
        """Notes on each change that the deployment begins, where the policy lets nothing begin unnoted (``reuse:
        once``). The result is the last one, unless that cannot be done."""
        found = self._result or self.ask()
        self._sites.give(Deadline(self._context.given.timeout, self._clock, self._sleep, whole=self._whole))
        decisions = []
        with self._hurried_by_signals():
            for evaluation in self._evaluations:
                refused = evaluation.start()
                if refused is not None:
                    evaluation.refuse(refused)
                decisions.append(refused or evaluation.decision)
        if found.decision.result != "proceed" or combine(decisions).result == "proceed":
            return self.confirm()  # writing may have taken its time
        return self._conclude(decisions)

    def closable(self, state: str) -> list[Closable]:
        """The changes that go on now that their deployment has ended so, as the policy says: those that were told of
        it, where they are to be told, and none whose record was kept nowhere.

        Args:
            state: Jira's word.
        """
        recorded = self._result is not None and bool(self._result.outputs["record"])
        self._sites.give(Deadline(_COMMENT, self._clock, self._sleep))
        return self._books.closable(self._evaluations, state) if recorded else []

    def amend(self, deployment: Deployment) -> GateResult:
        """The result with what became of the deployment in its records, which are written anew."""
        found = self._result or self.ask()
        records = tuple(record.with_deployment(one, deployment) for one in found.records)
        outputs = {**found.outputs, "record": record.write(self._context, records)}
        self._result = replace(found, records=records, outputs=outputs)
        return self._result

    def interrupted(self) -> GateResult:
        """The result when a signal came before the command could start: nothing is approved any more."""
        found = self._result or self.ask()
        decisions = [_interrupted(evaluation.final()) for evaluation in self._evaluations]
        again = gate_result(self._context, self._evaluations, decisions)
        self._result = replace(again, outputs={**found.outputs, **again.outputs})
        return self._result

    def close(self) -> None:
        """Closes the connections."""
        self._sites.close()

    def _evaluation(self, target: Target) -> Evaluation:
        """How this target is decided; an invalid setting is its decision (row 1)."""
        if target.policy is None:
            return Decided(target, clock=self._clock)
        try:
            by_jira = target.policy.gate_by == "jira"
            return self._by_jira(target, target.policy) if by_jira else self._by_change(target, target.policy)
        except UsageError as error:
            return Decided(replace(target, decision=Decision.of(1, str(error))), clock=self._clock)

    def _by_change(self, target: Target, policy: Policy) -> ByChange:
        return ByChange(
            target,
            policy,
            service=self._sites.service(policy.site, policy.credentials),
            attempt=replace(targets.attempt_of(self._context), id=self._id),
            complete=lambda attempt, subject: description.completed(self._context, attempt, subject, self._count_tests),
            clock=self._clock,
            pauses=self._pauses,
        )

    def _by_jira(self, target: Target, policy: Policy) -> ByJira:
        objection = targets.attempt_of(self._context).objection or ("" if policy.create else "create: false")
        place = policy.site, policy.credentials, objection
        if place not in self._deployments:
            site = self._sites.gating(policy.site, policy.credentials)
            self._deployments[place] = PendingDeployments(self._context, site, objection, self._reports)
            self._warn_unless_reported(policy)
        deployments = self._deployments[place]
        pending = deployments.of(target.subject)
        return ByJira(target, deployments, pending, clock=self._clock, pauses=self._pauses)

    @cached_property
    def _reports(self) -> Reports:
        return self._plan_reports(self._context)

    def _warn_unless_reported(self, policy: Policy) -> None:
        """Only the reports of a job tell its start and its end; a site that gets none shows it as pending."""
        reported = [site_url(one.settings.site, one.settings.instance) for one in sites(self._context)]
        if policy.site not in reported:
            self._context.console.notice(
                "warning",
                f"{policy.site} gates this deployment, but is not reported to, so that it stays pending there. Add the "
                f"connection {one_line(policy.connection, 80)} to report-to.",
            )

    def _decide(self) -> GateResult:
        backoff = Backoff(self._context.given.interval, self._whole, self._jitter)
        with self._hurried_by_signals(), self._log.shown(self._evaluations, waits=self._waits):
            until_decided(
                self._look,
                backoff,
                self._whole,
                retry_after=self._sites.retry_after,
                tell=lambda pause: self._log.waiting(self._evaluations, pause, self._whole.remaining()),
            )
            decisions = [self._weighed(evaluation) for evaluation in self._evaluations]
        return self._conclude(decisions)

    @property
    def _waits(self) -> bool:
        return self._context.given.wait > 0 and not self._context.given.dry_run

    def _deadline(self, wait: float) -> Deadline:
        seconds = wait or self._context.given.timeout
        return Deadline(seconds, self._clock, self._sleep, idle=self._context.console.tick)

    def _look(self) -> bool:
        """One look at everything; whether another one may change something."""
        self._log.asking()
        self._sites.give(Deadline(self._context.given.timeout, self._clock, self._sleep, whole=self._whole))
        asked = not self._tag.settled
        refused = self._ask_tag() if asked else None
        for evaluation in self._evaluations:
            if refused is None or evaluation.policy is None:
                evaluation.look()
            else:
                evaluation.refuse(refused)
        proceeding = [one for one in self._evaluations if one.policy and one.decision.result == "proceed"]
        if proceeding and not asked and (refused := self._ask_tag()) is not None:
            for evaluation in proceeding:
                evaluation.refuse(refused)
        for evaluation in self._evaluations:
            if self._whole.remaining() <= 0:
                evaluation.late()
            self._log.tell(evaluation)
        left = max((evaluation.frozen_for() for evaluation in self._evaluations), default=0.0)
        waits = self._waits and left <= self._whole.remaining()
        return waits and combine([evaluation.decision for evaluation in self._evaluations]).result == "wait"

    def _ask_tag(self) -> Decision | None:
        return self._tag.refusal(self._evaluations, Deadline(PROVIDER, self._clock, self._sleep, whole=self._whole))

    def _weighed(self, evaluation: Evaluation) -> Decision:
        decision = evaluation.final()
        if self._context.given.dry_run:
            decision = in_dry_run(decision)
        return _interrupted(decision) if self._whole.hurried else decision

    def _conclude(self, decisions: Sequence[Decision]) -> GateResult:
        self._result = gate_result(self._context, self._evaluations, decisions)
        proceeds = self._result.decision.result == "proceed"
        lost = not self._result.outputs["record"] and any(unrecorded(one) != one for one in decisions)
        if lost and not (proceeds and self._kept_elsewhere()):
            self._result = gate_result(self._context, self._evaluations, [unrecorded(one) for one in decisions])
        outputs: dict[str, Any] = self._result.outputs
        named = (evaluation.subject.environment for evaluation in self._evaluations)
        outputs["environment"] = list(dict.fromkeys(filter(None, named)))
        decision = self._result.decision
        attestation.write_statement(self._context, self._result.records, self._result.outputs["record"])
        self._log.conclude(self._evaluations, decision)
        if decision.result == "deny" or self._whole.hurried:
            self._call_off()
        return self._result

    def _call_off(self) -> None:
        """What Jira was to gate is not deployed: it would be pending there for ever. A *wait* may still be allowed, and
        is taken up by the next attempt."""
        self._sites.give(
            Deadline(_COMMENT, self._clock, self._sleep, whole=self._whole if self._whole.hurried else None)
        )
        for deployments in self._deployments.values():
            for sentence in deployments.call_off():
                self._context.console.notice("warning", sentence)

    def _kept_elsewhere(self) -> bool:
        self._sites.give(Deadline(_COMMENT, self._clock, self._sleep, whole=self._whole))
        return self._books.keep_all(self._pairs)

    @property
    def _pairs(self) -> list[tuple[Evaluation, Mapping[str, Any]]]:
        """Each evaluation with its record."""
        return list(zip(self._evaluations, self._result.records, strict=True)) if self._result else []

    @contextmanager
    def _hurried_by_signals(self) -> Iterator[None]:
        signals = self._context.edges.signals
        before, signals.deadline = signals.deadline, self._whole
        try:
            yield
        finally:
            signals.deadline = before


def _interrupted(decision: Decision) -> Decision:
    """After a signal nothing begins; its own exit code is the process's business."""
    reason = f"{decision.reason} A signal ended the job."
    if decision.result != "proceed":
        return replace(decision, reason=reason)
    return replace(decision, result="wait", exit=Exit.WAIT, reason=reason)
