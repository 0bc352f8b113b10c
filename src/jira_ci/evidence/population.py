"""The population of a period: both lists read and joined, emergencies with their reviews, and what cannot be proven."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property

from jira_ci.ci.api import Unreadable
from jira_ci.ci.deployment_list import DeploymentList, ProviderDeployment, ProviderList, deployment_list
from jira_ci.context import Context
from jira_ci.environments.classify import is_glob
from jira_ci.errors import JiraCiError, UsageError
from jira_ci.evidence import kept_reports
from jira_ci.evidence.jira_list import DeskReader, JiraList
from jira_ci.evidence.joining import joined, of_the_same_runs
from jira_ci.evidence.population_rows import Approved, Gap, Noted, Period, Population, Recorded, Review, Row
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.snapshot import approval_of
from jira_ci.gate.targets import asked_for, trusted_files, unaskable
from jira_ci.jira.service_desk import Service
from jira_ci.run import CI, Run
from jira_ci.sites.session import GateSites
from jira_ci.text import canonical, one_line
from jira_ci.timing import Deadline

_GITLAB = "https://gitlab.com/api/v4"
_NAMES = {CI.GITHUB: "GitHub", CI.GITLAB: "GitLab"}
_RUN = timedelta(days=36)
"""How long after it was made a deployment may begin on GitHub: a run lives for 35 days, in which a job waits for its
review (https://docs.github.com/actions/reference/limits)."""
_LAG = timedelta(hours=1)  # what happened since may not be in Jira's index yet
_KEPT = {CI.GITHUB: timedelta(days=90)}
"""How long a provider certainly keeps what it knows (https://docs.github.com/organizations/managing-organization-settings
/configuring-the-retention-period-for-github-actions-artifacts-and-logs-in-your-organization)."""
_TOLD = 25
"""Deployments that are asked about one by one where the list does not say how they went."""
_INVALID, _NO_RULE = 1, 2  # of the gate's table
_PATIENCE = 10
"""How often the setting ``timeout`` one list may take."""


@dataclass
class Reader:
    """Reads one population."""

    context: Context
    period: Period
    environments: tuple[str, ...] = ()
    fresh: bool = False
    _gaps: list[Gap] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _controlled: dict[str, bool] = field(default_factory=dict)
    _nameless: list[str] = field(default_factory=list)
    _name: str = ""
    _accounts: dict[tuple[str, str], Service] = field(default_factory=dict)

    def read(self) -> Population:
        """Asks the provider and Jira.

        Raises:
            UsageError: a setting is invalid, or nothing here is change controlled.
        """
        self._sources = trusted_files(self.context)
        if not self._sources.files:
            raise UsageError(
                "Nothing here is change controlled, so that there is no population.",
                "Run it in the repository whose .jira-ci.yml has change-control, or name organisation-policy.",
            )
        self._asked = asked_for(self.context)
        self._check_names()
        with closing(GateSites(self.context)) as sites:
            jira = self._jira(sites)
            rows, left = self._provided(jira)
            rows = sorted((*rows, *self._further(rows)), key=lambda row: row.moment)
            counted = [row for row in rows if self._counts(row)]
            rows = [dataclasses.replace(row, by_jira=self._is_by_jira(row)) for row in self._begun(counted)]
            self._undated(left)
            reviews = dict(self._reviews(sites, rows))
        self._end(rows)
        return Population(
            self.period,
            self.context.run.repository,
            self.environments,
            self._now,
            self._name,
            tuple(rows),
            reviews,
            tuple(self._gaps),
            tuple(self._notes),
        )

    def _check_names(self) -> None:
        """A name with a mistake in it must not make an empty list."""
        for name in self.environments:
            settled = self._settled(name)
            shown, first = one_line(name, 80), settled[0]
            if is_glob(name):
                raise UsageError(f"--environment {shown} is a pattern.", "Name each environment, or leave it out.")
            if all(isinstance(one, Decision) and one.result == "proceed" for one in settled):
                raise UsageError(f"--environment {shown} is not change controlled, so that no change is wanted there.")
            if isinstance(first, Decision) and first.result != "proceed":
                raise UsageError(f"--environment {shown}: {first.reason}")

    def _settled(self, name: str) -> list[Policy | Decision]:
        """What is in force for an environment: first without a tenant, then for each kind of tenant that differs."""
        return [settle(self._sources, name, self._asked, gate=True, tenant=one) for one in self._tenants]

    @cached_property
    def _tenants(self) -> list[str]:
        """None, and a tenant of each kind of rule: none says another service desk, so that hundreds are of a few."""
        kinds: dict[object, str] = {None: ""}
        for file in self._sources.files:
            for rule in file.config.tenants:
                kinds.setdefault((file.source, rule.change_controlled), rule.name)
        return list(kinds.values())

    @property
    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.context.edges.clock(), timezone.utc)

    def _deadline(self) -> Deadline:
        deadline = Deadline(_PATIENCE * self.context.given.timeout)
        self.context.edges.signals.deadline = deadline
        return deadline

    def _jira(self, sites: GateSites) -> list[JiraList]:
        """What each service desk that any rule asks says."""
        found = []
        for policy in self._places():
            refused = next(unaskable(self.context, policy), None)
            if refused is not None:
                self._gap("Jira", refused.reason)
                continue
            service = sites.service(policy.site, policy.credentials)
            sites.give(self._deadline())
            own = self.context.run.repository
            reader = DeskReader(
                service, policy.site, policy.service_desk, period=self.period, repository=own, fresh=self.fresh
            )
            found.append(reader.read())
            self._gaps += found[-1].gaps
            self._accounts.setdefault((policy.site, policy.credentials), service)
        return found

    def _places(self) -> list[Policy]:
        """A policy for each service desk. Where none is asked, an empty list proves nothing."""
        places: dict[tuple[str, str, str], Policy] = {}
        for name in dict.fromkeys(rule.name for one in self._sources.files for rule in one.config.rules):
            for policy in self._settled(name):
                if isinstance(policy, Policy) and policy.gate_by == "change":
                    places.setdefault((policy.site, policy.credentials, policy.service_desk), policy)
                elif isinstance(policy, Policy):
                    self._gap(
                        "Jira",
                        f"{one_line(name, 60)} is gated by Jira itself (gate-by: jira), which keeps no records: the "
                        "changes that Jira makes for it tell who approved.",
                    )
                elif policy.row == _INVALID:
                    self._gap("Jira", f"What is in force for {one_line(name, 60)} is not known: {policy.reason}")
        if not (places or self._gaps):
            self._gap("Jira", "No change was asked for: today's policy puts no environment under control.")
        return list(places.values())

    def _provided(self, jira: Sequence[JiraList]) -> tuple[list[Row], list[Noted]]:
        """The rows of both lists. Deployments without a record are looked at once more where the list says little."""
        recorded = [one for found in jira for one in found.recorded]
        foreign = [one for found in jira for one in found.foreign]
        noted = [one for found in jira for one in found.noted]
        asked = self._provider(self._deadline())
        if asked is None:
            self._gap(
                "The provider", "Neither GitHub nor GitLab was asked for its deployments: there is no token here."
            )
            self._say_foreign(len(foreign))
            return joined([], recorded, noted)
        self._name = _NAMES[asked.provider]
        with closing(asked):
            listed = asked.since(self.period.start - _RUN)
            self._reach(self._name, asked.provider, listed)
            ours = of_the_same_runs(foreign, listed.found.values())
            self._say_foreign(len(foreign) - len(ours))
            noted = _not_older(noted, listed)
            rows, left = joined(listed.found.values(), [*recorded, *ours], noted)
            again = self._told(asked, rows)
            if again:
                rows, left = joined({**listed.found, **again}.values(), [*recorded, *ours], noted)
            return rows, left

    def _further(self, rows: Sequence[Row]) -> Iterator[Row]:
        """What was reported, and neither list has: a job without an environment that went past the gate."""
        for service in self._accounts.values():
            for one in kept_reports.further(service, self.period, self.context.run.repository, rows):
                if isinstance(one, str):
                    self._gap("Jira", one)
                else:
                    yield one

    def _say_foreign(self, count: int) -> None:
        if count:
            said = f"{count} records of other repositories are not listed: run it there."
            self._notes.append(said if count > 1 else "A record of another repository is not listed: run it there.")

    def _provider(self, deadline: Deadline) -> DeploymentList | None:
        given = self.context.given
        return deployment_list(
            of_a_clone(self.context.run),
            github_token=given.github_token,
            gitlab_token=given.gitlab_token,
            job_token=self.context.edges.environ.get("CI_JOB_TOKEN", ""),
            ca_bundle=self.context.provider_bundle,
            deadline=deadline,
        )

    def _told(self, asked: DeploymentList, rows: Sequence[Row]) -> dict[str, ProviderDeployment]:
        """Those without a record of which the list says neither run nor state, each by a question of its own. Of those
        that were made before the period it may say that they began in it.
        """
        silent = [row for row in rows if row.recorded is None and row.provided and not row.provided.runs]
        first, end = self.period.start - _RUN, self.period.end
        silent = [row for row in silent if row.state == "unknown" and first <= row.moment < end]
        silent.sort(key=lambda row: (not self.period.holds(row.moment), abs(row.moment - self.period.start)))
        wanted = [row.provided for row in silent if row.provided and self._is_controlled(row.environment)]
        found: dict[str, ProviderDeployment] = {}
        try:
            found.update((one.id, asked.told(one)) for one in wanted[:_TOLD])
        except Unreadable as error:
            self._notes.append(str(error))
        return found

    def _reach(self, name: str, provider: CI, listed: ProviderList) -> None:
        """Says which days of the period the provider's list does not cover."""
        if listed.problem:
            last = listed.reached.date() if listed.reached else self.period.last
            self._gap(name, listed.problem, last=min(last, self.period.last))
            return
        if not listed.ended or provider not in _KEPT:
            return
        if listed.born is not None and listed.born >= self.period.start:
            return  # there was nothing before it was made
        begin = min(filter(None, (self._now - _KEPT[provider], listed.reached)))
        if begin > self.period.start:
            why = f"{name} tells of nothing before {begin.date()}: it may have forgotten, or there was nothing."
            self._gap(name, why, last=min(begin.date() - timedelta(days=1), self.period.last))

    def _counts(self, row: Row) -> bool:
        """Whether it is a deployment of the period to an environment that is asked for."""
        if not self.period.holds(row.moment):
            return False
        names = {canonical(row.environment)} | (row.recorded.names if row.recorded else set())
        if self.environments and names.isdisjoint(map(canonical, self.environments)):
            return False
        return row.recorded is not None or row.change is not None or self._is_controlled(row.environment)

    def _begun(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Those that are deployments. What waits for somebody to play its job has deployed nothing."""
        waiting = 0
        for row in rows:
            if row.finding == "no-change" and row.provided and row.provided.unbegun:
                waiting += 1
            else:
                yield row
        if waiting:
            self._notes.append(f"Of {waiting} more the job has not begun, so that nothing was deployed: not listed.")

    def _is_controlled(self, name: str) -> bool:
        """Whether the policy wants a change there; a name that no rule knows counts, as the gate denies it."""
        if name not in self._controlled:
            first, *others = self._settled(name)
            free = [isinstance(one, Decision) and one.result == "proceed" for one in (first, *others)]
            self._controlled[name] = not all(free)
            if isinstance(first, Decision) and first.row == _NO_RULE:
                self._nameless.append(one_line(name, 80))
            elif free[0] and not all(free):
                shown = one_line(name, 80)
                self._notes.append(
                    f"{shown} is change controlled for some tenants only, and the provider's list does not tell whom a "
                    "deployment is for: one without a record may be for another tenant."
                )
        return self._controlled[name]

    def _is_by_jira(self, row: Row) -> bool:
        """Whether Jira itself gates its environment today, for whomever it was."""
        found = [one for one in self._settled(row.environment) if isinstance(one, Policy)]
        return bool(found) and all(one.gate_by == "jira" for one in found)

    def _undated(self, left: Sequence[Noted]) -> None:
        """What a change tells of, and nobody says when it was."""
        for one in left[:_TOLD]:
            run = one_line(one.run, 40)
            why = (
                f"{one.change.key} tells of a deployment to {one_line(one.environment, 80)} by run {run}, and no record"
            )
            self._gap("Jira", f"{why} and no list of the provider's says when it was.")
        if len(left) > _TOLD:
            self._gap("Jira", f"Changes tell of {len(left) - _TOLD} more deployments that nothing says the time of.")

    def _reviews(self, sites: GateSites, rows: Sequence[Row]) -> Iterator[tuple[int, Review]]:
        """Each emergency's approvals as they are now: who looked at it afterwards is not in its record."""
        policies = {policy.site: policy for policy in self._places()}
        for place, row in enumerate(rows):
            found = row.recorded
            if found is None or found.emergency is None:
                continue
            policy = policies[found.change.site]
            sites.give(self._deadline())
            service = sites.service(policy.site, policy.credentials)
            try:
                listed, own = service.approvals(found.change.id)[0], service.myself().id
            except JiraCiError as error:
                day = found.moment.date()
                why = f"The approvals of {found.change.key}, an emergency, could not be read: {error}"
                self._gap("Jira", why, first=day, last=day)
                continue
            after = [
                Approved(person.account or "", approval.completed)
                for approval in map(approval_of, listed.values)
                for person in approval.approvers
                if person.decision == "approved" and person.account not in ("", None, own)
                if approval.completed and approval.completed >= found.moment
            ]
            yield place, review(found, after, self._now)

    def _end(self, rows: Sequence[Row]) -> None:
        """What is said in the end. The newest is not certain: the day may go on, and Jira's index lags behind."""
        known = {
            name for row in rows for name in (canonical(row.environment), *(row.recorded.names if row.recorded else ()))
        }
        looks = sum(len(row.looks) for row in rows)
        if looks:
            self._notes.append(
                f"{looks} records of gates that were asked before the same deployment once more are not listed again."
                if looks > 1
                else "A record of a gate that was asked before the same deployment once more is not listed again."
            )
        nothing = [one_line(name, 80) for name in self.environments if canonical(name) not in known]
        if nothing:
            self._notes.append(f"No deployment to {', '.join(nothing[:_TOLD])} is known; is the name spelt so?")
        if self._nameless:
            names = ", ".join(self._nameless[:_TOLD])
            self._notes.append(f"No rule of the policy names these environments, so that they count: {names}.")
        if self._now - _LAG < self.period.end:
            day = max((self._now - _LAG).date(), self.period.first)
            why = "The period is not over, or ended less than an hour ago, which Jira's index may not know yet."
            self._gap("Jira", why, first=min(day, self.period.last))

    def _gap(self, source: str, why: str, **between: object) -> None:
        gap = Gap(source, why, self.period.first, self.period.last)
        gap = dataclasses.replace(gap, **between)  # type: ignore[arg-type]
        if gap.first <= gap.last and gap not in self._gaps:
            self._gaps.append(gap)


def of_a_clone(run: Run) -> Run:
    """The run with the API of the repository that somebody has cloned; only of the two that are known to everybody, as
    a token goes there."""
    apis = {"https://github.com": (CI.GITHUB, "https://api.github.com"), "https://gitlab.com": (CI.GITLAB, _GITLAB)}
    if run.provider != CI.LOCAL or run.server_url not in apis:
        return run
    provider, api = apis[run.server_url]
    return dataclasses.replace(run, provider=provider, api_url=api, repository_id=run.repository)


def _not_older(noted: Sequence[Noted], listed: ProviderList) -> list[Noted]:
    """What changes tell of, without what was before the list: runs are numbered as they are made."""
    known = [int(run) for one in listed.found.values() for run in one.runs]
    oldest = min(known, default=0)
    return [one for one in noted if not (one.run.isascii() and one.run.isdecimal()) or int(one.run) >= oldest]


def review(found: Recorded, after: Sequence[Approved], now: datetime) -> Review:
    """Whether an emergency was looked at in time.

    Args:
        after: the approvals that were complete after it began.
    """
    listed = tuple(sorted(after, key=lambda one: one.at or now))
    until = found.emergency.review_until if found.emergency else None
    if until is None:
        return Review(listed)
    first = listed[0].at if listed else None
    if first is not None:
        return Review(listed, first <= until)
    return Review(listed, None if now <= until else False)
