"""Which records a run may have made: the same identities that its reports were given."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jira_ci.ci.past_runs import PastRun
from jira_ci.context import Context
from jira_ci.jira import identity
from jira_ci.jira.bulk import BUILDS, DEPLOYMENTS
from jira_ci.jira.stored import Key, Stored
from jira_ci.keys.services import known
from jira_ci.leg import Leg
from jira_ci.report import identities
from jira_ci.run import CI, Run
from jira_ci.text import one_line

_IN_ADDRESS = re.compile(r"/(?:actions/runs|-/pipelines)/([0-9]{1,18})(?:[/?#]|\Z)")


@dataclass(frozen=True)
class Target:
    """A record that may be there, and the run that would have made it."""

    key: Key
    past: PastRun
    title: str
    """For people: ``deployment #41 to Prod for Tenant A``."""
    words: Mapping[str, str]
    """What ``environment``, ``tenant`` and ``service`` mean in its texts."""


def this_run(run: Run) -> PastRun:
    """The run that this process is a part of."""
    return PastRun(run.run_id, run.number, ended=False, conclusion="in_progress", workflow=run.workflow)


def by_number(run: Run, number: int) -> PastRun:
    """A run of the same workflow, of which only the number is known."""
    return PastRun("", number, ended=False, conclusion="", workflow=run.workflow)


def as_run(run: Run, past: PastRun) -> Run:
    """The past run, as far as a record's identity and its properties are concerned."""
    workflow = past.workflow or ("" if run.provider == CI.GITLAB else run.workflow)
    return replace(run, run_id=past.run_id, number=past.number, workflow=workflow)


def own(run: Run) -> Leg:
    """The job and leg that this process is a part of."""
    return Leg(run.job, run.leg, run.leg_values, run.several_legs)


def of(context: Context, past: PastRun, environments: Sequence[str], legs: Sequence[Leg]) -> list[Target]:
    """A target for each environment, tenant, service, and whatever the reports of these legs are told apart by; without
    an environment for the builds.

    Args:
        legs: of the run's jobs; one without a name stands for all of them together, as 0.1 knew them.

    Raises:
        UsageError: the file has no such service.
    """
    settings, run = context.settings, as_run(context.run, past)
    found: dict[Key, Target] = {}
    places = [(name, tenant) for name in environments for tenant in settings.tenant or ("",)] or [("", "")]
    for service, (name, tenant), leg in itertools.product(_services(context), places, legs):
        job, which = identities.of(settings, leg, name, tenant, service)
        pipeline = identity.pipeline_id(run, settings.pipeline, service, job=job, leg=which)
        about = " of ".join([f"#{past.number}", *filter(None, [", ".join(filter(None, [job, which])), service])])
        words = {"environment": name, "tenant": tenant, "service": service}
        key, title = Key(BUILDS, pipeline, past.number), f"build {about}"
        if name:
            key = Key(DEPLOYMENTS, pipeline, past.number, identity.environment_id(name, tenant))
            title = f"deployment {about} to {name}" + (f" for {tenant}" if tenant else "")
        found.setdefault(key, Target(key, past, one_line(title, 300), words))
    return list(found.values())


def each_once(found: Iterable[Target]) -> list[Target]:
    """Without those whose record is meant already: an id and a number may name one run, two spellings one place."""
    once: dict[Key, Target] = {}
    for target in found:
        once.setdefault(target.key, target)
    return list(once.values())


def _services(context: Context) -> Sequence[str]:
    if not context.settings.service:
        return ("",)
    return [service.name for service in known(context.config, context.settings.service)]


def with_run_id(target: Target, stored: Stored, run: Run) -> PastRun:
    """The run with its id, read from the record's address where only the number was known."""
    url = str(stored.record.get("url", ""))
    match = _IN_ADDRESS.search(url) if run.repository_url and url.startswith(run.repository_url + "/") else None
    return replace(target.past, run_id=match[1]) if match and not target.past.run_id else target.past
