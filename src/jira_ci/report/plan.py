"""What is about to be reported: a state, and one record for the build or for each environment, tenant and service."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from jira_ci import dora, states
from jira_ci.context import Context
from jira_ci.environments.classify import Environment, check_name, classify, collisions
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.jira import identity, records
from jira_ci.jira.records import Record
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS, Kind
from jira_ci.keys.resolve import Claim, Claims
from jira_ci.run import Run
from jira_ci.templates import ReportTemplate

if TYPE_CHECKING:
    from jira_ci.keys.services import Service

_MOST_CLAIMS = 5  # environments with ranges of their own, of which git is asked


@dataclass(frozen=True)
class Entry:
    """One record, the keys it claims, and what it is about."""

    record: Record
    claim: Claim
    environment: Environment | None = None
    tenant: str = ""
    service: str = ""

    @property
    def title(self) -> str:
        """What a person calls it: ``Dev for Tenant A (billing)``, or the build's own name."""
        if self.environment is None:
            return str(self.record["displayName"])
        where = f"{self.environment.name} for {self.tenant}" if self.tenant else self.environment.name
        return f"{where} ({self.service})" if self.service else where


@dataclass(frozen=True)
class Plan:
    """Everything one command reports."""

    kind: Kind
    state: str
    """Jira's word; empty when there is nothing to report because everything was skipped."""
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences that are worth a line in the log."""
    first_commit: int = 0
    """Epoch seconds of the first commit that is deployed; 0 where it is not known."""
    lead_time: int | None = None
    """Seconds from it to the end of the deployment; ``None`` unless that was successful."""

    @property
    def claiming(self) -> list[Entry]:
        """The entries that name an issue or a service to be shown on; Jira keeps no others."""
        return [entry for entry in self.entries if identity.is_shown(entry.record)]


def plan_build(context: Context, state: str | None = None) -> Plan:
    """A build's record, or one for each service, with the test counts of ``test-results``.

    Args:
        state: Jira's word; what the settings or the CI say by default.

    Raises:
        UsageError: a setting is invalid.
    """
    if state is None:
        state = states.reported(context.settings.state, context.run, ())
    template, services = ReportTemplate(context, state), _services(context)
    if not state:
        return Plan(BUILDS, "")
    tests, problems = _tests(context)
    entries: dict[str, Entry] = {}
    with closing(Claims(context)) as claims:
        for service in services:
            name = service.name if service else ""
            claim = _claim(claims, "", service, context.run)
            record = records.build(context.run, template.report(None, "", name), claim.keys.keys, tests)
            entries.setdefault(record["pipelineId"], Entry(record, claim, service=name))
    needless = "tenant is set, but a build has none: give an environment as well." * bool(context.settings.tenant)
    warnings = [
        *collisions(context.settings.service, "service"),
        *filter(None, [needless]),
        *template.warnings,
        *problems,
    ]
    return Plan(BUILDS, state, tuple(entries.values()), tuple(warnings))


def plan_deployment(context: Context, state: str | None = None) -> Plan:
    """A record for each environment, tenant and service.

    Args:
        state: Jira's word; what the settings or the CI say by default.

    Raises:
        UsageError: a setting is invalid, or no environment was given.
    """
    run, settings = context.run, context.settings
    if state is None:
        state = states.reported(settings.state, run, context.environment_names)
    environments, services, template = _places(context), _deployed_services(context), ReportTemplate(context, state)
    if not state:
        return Plan(DEPLOYMENTS, "")
    entries: dict[tuple[str, str], Entry] = {}
    with closing(Claims(context)) as claims:
        for environment, service in itertools.product(environments, services):
            claim = _claim(claims, environment.name, service, run)
            name, ids = (service.name, service.ids) if service else ("", ())
            for tenant in settings.tenant or ("",):
                report, keys = template.report(environment, tenant, name), claim.keys.keys
                record = records.deployment(
                    run, report, keys, environment.name, environment.type, tenant=tenant, service_ids=ids
                )
                identity = record["pipeline"]["id"], record["environment"]["id"]
                entries.setdefault(identity, Entry(record, claim, environment, tenant, name))
        older = dict.fromkeys(filter(None, (claims.older(environment.name) for environment in environments)))
    warnings = (*_same(context), *older, *template.warnings)
    first = _first_commit(context, entries.values())
    lead = dora.lead_time(first, context.edges.clock(), state)
    return Plan(DEPLOYMENTS, state, tuple(entries.values()), warnings, tuple(template.notes), first, lead)


def _first_commit(context: Context, entries: Iterable[Entry]) -> int:
    """Epoch seconds; the author's time, which survives a rebase."""
    commits = {one.claim.first for one in entries if one.claim.first}
    told = [context.git.ask("log", "-1", "--format=%at", commit, "--") for commit in sorted(commits)[:_MOST_CLAIMS]]
    return min((int(one) for one in told if one.isdecimal()), default=0)


def check_deployment(context: Context) -> None:
    """Finds out, without a request, whether a deployment could be planned; its state is not looked at.

    Raises:
        UsageError: it could not.
    """
    _places(context)
    _services(context)
    ReportTemplate(context, "pending")


def ended(plan: Plan, context: Context, state: str, seconds: float) -> Plan:
    """A plan that was reported at the start of a deployment, as it is at its end: it claims the same issues, and only
    the texts that hold the state are other ones.

    Args:
        state: Jira's word.
        seconds: how long it took.
    """
    template, now = ReportTemplate(context, state), context.edges.clock()
    entries = []
    for entry in plan.entries:
        texts = template.texts_of_state(entry.environment, entry.tenant, entry.service)
        record = records.as_ended(entry.record, context.run, state=state, now=now, seconds=seconds, texts=texts)
        entries.append(replace(entry, record=record))
    lead = dora.lead_time(plan.first_commit, now, state)
    return replace(plan, state=state, entries=tuple(entries), lead_time=lead)


def classify_environment(context: Context, name: str) -> Environment:
    """The environment's type: the ``environment-type`` setting, else the rules."""
    given = context.settings.environment_type
    tier = context.run.environment_tier if name == context.run.environment else ""
    found = classify(name, context.config, tier=tier, fallback=context.fallback)
    if given:
        rule = f"environment-type ({context.settings.origins['environment-type']})"
        return replace(found, type=given, rule=rule)
    return found


def _places(context: Context) -> list[Environment]:
    """The environments, once they and the tenants have names that Jira can show."""
    names = context.environment_names
    if not names:
        raise UsageError("environment is not set.", "Say where it was deployed: environment: Prod (or --environment).")
    for tenant in context.settings.tenant:
        check_name(tenant, "tenant", "Acme")
    return [classify_environment(context, name) for name in names]


def _services(context: Context) -> tuple[Service | None, ...]:
    """The services that were asked for; without one everything is reported as a whole, which is ``None``."""
    if not context.settings.service:
        return (None,)
    from jira_ci.keys.services import known

    return known(context.config, context.settings.service)


def _deployed_services(context: Context) -> tuple[Service | None, ...]:
    """The same of a deployment, which as a whole may be of the services in Atlassian's own file."""
    if context.settings.service or not context.service_ids:
        return _services(context)
    from jira_ci.keys.services import Service

    return (Service("", context.service_ids),)


def _claim(claims: Claims, environment: str, service: Service | None, run: Run) -> Claim:
    """The claim, with as many keys as fit beside the service's ids; a build has no ids."""
    if service is None:
        return claims.of(environment)
    claim = claims.of(environment, service.name)
    fitting = identity.room(service.ids, run) if environment else identity.VALUES
    keys, left_out = claim.keys.keys[:fitting], len(claim.keys.keys) - fitting
    if left_out <= 0:
        return claim
    sources = {key: claim.keys.sources[key] for key in keys}
    found = replace(claim.keys, keys=keys, sources=sources, left_out=claim.keys.left_out + left_out)
    return replace(claim, keys=found)


def _same(context: Context) -> Iterable[str]:
    """Sentences about names that mean the same in Jira."""
    yield from collisions(context.environment_names)
    yield from collisions(context.settings.tenant, "tenant")
    yield from collisions(context.settings.service, "service")


def _tests(context: Context) -> tuple[Mapping[str, int] | None, Iterable[str]]:
    if not context.settings.test_results:
        return None, ()
    from jira_ci.report.test_results import count

    counts = count(context.settings.test_results, Path(context.edges.directory))
    if not counts.files:
        return None, counts.problems
    numbers = {
        "totalNumber": counts.total,
        "numberPassed": counts.passed,
        "numberFailed": counts.failed,
        "numberSkipped": counts.skipped,
    }
    return numbers, counts.problems
