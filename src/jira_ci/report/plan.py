"""What is about to be reported: a state, and one record for the build or for each environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jira_ci.context import Context
from jira_ci.environments.classify import Environment, classify, collisions
from jira_ci.errors import UsageError
from jira_ci.jira import records
from jira_ci.jira.bulk import BUILDS, DEPLOYMENTS, Kind
from jira_ci.jira.records import Record, Report
from jira_ci.keys.claims import Claim, Claims
from jira_ci.report import states
from jira_ci.text import one_line


@dataclass(frozen=True)
class Entry:
    """One record, the keys it claims, and the environment it is about."""

    record: Record
    claim: Claim
    environment: Environment | None = None

    @property
    def title(self) -> str:
        return self.environment.name if self.environment else str(self.record["displayName"])


@dataclass(frozen=True)
class Plan:
    """Everything one command reports."""

    kind: Kind
    state: str
    """Jira's word; empty when there is nothing to report because everything was skipped."""
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def claiming(self) -> list[Entry]:
        """The entries that claim at least one issue; Jira takes no others."""
        return [entry for entry in self.entries if entry.claim.keys.keys]


def plan_build(context: Context) -> Plan:
    """A build's record, with the test counts of ``test-results``.

    Raises:
        UsageError: a setting cannot be meant.
    """
    report = _report(context, build=True)
    if not report.state:
        return Plan(BUILDS, "")
    tests, warnings = _tests(context)
    with closing(Claims(context)) as claims:
        claim = claims.of()
    record = records.build(context.run, report, claim.keys.keys, tests)
    return Plan(BUILDS, report.state, (Entry(record, claim),), (*warnings, *_unserved(context)))


def plan_deployment(context: Context) -> Plan:
    """A record for each environment.

    Raises:
        UsageError: a setting cannot be meant, or no environment was given.
    """
    names = context.environment_names
    if not names:
        raise UsageError("environment is not set.", "Say where it was deployed: environment: Prod (or --environment).")
    report = _report(context, build=False)
    if not report.state:
        return Plan(DEPLOYMENTS, "")
    warnings = collisions(names)
    entries: dict[str, Entry] = {}
    with closing(Claims(context)) as claims:
        for name in names:
            environment = classify_environment(context, name)
            claim = claims.of(name)
            record = records.deployment(context.run, report, claim.keys.keys, environment.name, environment.type)
            entries.setdefault(record["environment"]["id"], Entry(record, claim, environment))
    return Plan(DEPLOYMENTS, report.state, tuple(entries.values()), (*warnings, *_unserved(context)))


def classify_environment(context: Context, name: str) -> Environment:
    """The environment's type: the ``environment-type`` setting, else the rules."""
    given = context.settings.environment_type
    tier = context.run.environment_tier if name == context.run.environment else ""
    found = classify(name, context.config, tier=tier, fallback=context.fallback)
    if given:
        rule = f"environment-type ({context.settings.origins['environment-type']})"
        return dataclasses.replace(found, type=given, rule=rule)
    return found


def _report(context: Context, *, build: bool) -> Report:
    settings, run = context.settings, context.run
    return Report(
        state=states.reported(settings.state, run.state, build=build),
        now=context.edges.clock(),
        pipeline=settings.pipeline,
        version=settings.version or run.tag or run.commit[:12],
        url=_web_address(settings.url),
        description=settings.description,
        label=settings.label,
    )


def _unserved(context: Context) -> Iterable[str]:
    """What the file asks for and this version does not do."""
    others = [name for name in (context.config.report_to if context.config else ()) if name != "default"]
    if others:
        yield f"report-to names {one_line(', '.join(others), 200)}: only the site under jira: is reported to so far."


def _web_address(url: str) -> str:
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise UsageError(f"url is {one_line(url, 200)!r}, which is no web address.", "Write it with https://.")
    return url


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
