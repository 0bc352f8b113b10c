"""Opens a hearing for each environment and tenant: whose decision it is, and at which site it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.gate import targets
from jira_ci.gate.by_change import ByChange
from jira_ci.gate.by_jira import ByJira, Pending, PendingDeployments
from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.subject import Subject
from jira_ci.gate.targets import Target
from jira_ci.jira import addresses
from jira_ci.sites.gate_sites import Sites
from jira_ci.sites.sites import sites
from jira_ci.templates import given
from jira_ci.text import canonical, one_line

if TYPE_CHECKING:
    from jira_ci.report.plan import Plan


class Openings:
    """The hearings of one job.

    Args:
        clock: monotonic seconds.
        pauses: seconds between looks for what was just made or submitted.
    """

    def __init__(self, context: Context, sites: Sites, *, clock: Callable[[], float], pauses: Sequence[float]) -> None:
        self._context, self._sites, self._clock, self._pauses = context, sites, clock, pauses
        self._registers: dict[tuple[str, str, str], PendingDeployments] = {}

    def open(self, entry: Target) -> Evaluation:
        """The hearing of this entry; what cannot be meant is its decision (row 1)."""
        try:
            return self._open(entry)
        except UsageError as error:
            return Evaluation(dataclasses.replace(entry, decision=Decision.of(1, str(error))), clock=self._clock)

    def call_off(self) -> Iterator[str]:
        """Tells Jira that nothing comes of the deployments it was to gate; yields what goes wrong with that."""
        for register in self._registers.values():
            yield from register.call_off()

    def _open(self, entry: Target) -> Evaluation:
        policy = entry.source if entry.decision is None else None
        if not isinstance(policy, Policy):
            return Evaluation(entry, clock=self._clock)
        if policy.gate_by == "jira":
            register = self._register(policy)
            held = self._hold(register, entry.subject)
            return ByJira(entry, register, held, clock=self._clock, pauses=self._pauses)
        return ByChange(
            entry,
            policy,
            service=self._sites.service(policy),
            occasion=targets.attempt_of(self._context),
            keys=lambda environment: targets.issue_keys(self._context, environment),
            clock=self._clock,
            pauses=self._pauses,
        )

    def _register(self, policy: Policy) -> PendingDeployments:
        objection = targets.attempt_of(self._context).objection or ("" if policy.create else "create: false")
        place = policy.site, policy.credentials, objection
        if place not in self._registers:
            site, own = self._sites.gating(policy), given(self._context.settings)
            self._registers[place] = PendingDeployments(self._context, site, objection, own)
            self._warn_unless_reported(policy)
        return self._registers[place]

    def _hold(self, register: PendingDeployments, subject: Subject) -> list[Pending]:
        wanted = canonical(subject.environment), canonical(subject.tenant)
        found = [
            register.hold(entry.record, subject)
            for entry in self._pending.entries
            if (canonical(entry.environment.name if entry.environment else ""), canonical(entry.tenant)) == wanted
        ]
        if not found:
            raise UsageError(f"Nothing is reported about {one_line(subject.environment, 80)}, so Jira cannot gate it.")
        return found

    def _warn_unless_reported(self, policy: Policy) -> None:
        """Only the reports of a job tell its start and its end; a site that gets none shows it as pending."""
        reported = [addresses.site_url(one.settings.site, one.settings.instance) for one in sites(self._context)]
        if policy.site not in reported:
            self._context.console.notice(
                "warning",
                f"{policy.site} gates this deployment, but is not reported to, so that it stays pending there. Add the "
                f"connection {one_line(policy.connection, 80)} to report-to.",
            )

    @cached_property
    def _pending(self) -> Plan:
        """The records that the job reports later, in the state in which Jira gates them: who is who is the same."""
        from jira_ci.report.plan import plan_deployment

        first, states = self._context, ("pending",)
        context = dataclasses.replace(first, given=dataclasses.replace(first.given, state=states))
        settings = dataclasses.replace(first.settings, state=states)
        vars(context).update(config=first.config, fallback=first.fallback, settings=settings)
        return plan_deployment(context)
