"""What ``forget`` takes out: by run or property all that was reported so, or single records by their key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jira_ci.ci.past_runs import PastRun
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.jira import identity
from jira_ci.jira.bulk import BUILDS, DEPLOYMENTS
from jira_ci.jira.records import PLACE, TEXT
from jira_ci.jira.stored import Make, deleting, deleting_all
from jira_ci.past import targets
from jira_ci.past.jobs import Jobs
from jira_ci.past.provider import Provider
from jira_ci.past.targets import Target
from jira_ci.past.wanted import Reference, references
from jira_ci.report import properties
from jira_ci.text import for_jira, one_line


@dataclass(frozen=True)
class Removal:
    """One request, and what it takes out, for people."""

    make: Make
    title: str


@dataclass(frozen=True)
class Wanted:
    """What the settings ask for."""

    runs: tuple[Reference, ...]
    properties: Mapping[str, str]
    narrow: bool
    """Whether single records are meant and not all that the runs reported."""
    places: tuple[str, ...] = ()
    """The environments of which every run's deployments are meant."""


def wanted(context: Context) -> Wanted:
    """What the settings ask for; without any, everything that this run reported.

    Raises:
        UsageError: a setting cannot be meant, or two of them contradict each other.
    """
    settings, run = context.settings, context.run
    named, given = references(settings.run), properties.given(settings)
    narrow = [name for name in ("environment", "tenant", "service", "pipeline", "leg") if getattr(settings, name)] or [
        "run as a number"
    ] * any(one.number for one in named)
    if given and narrow:
        raise UsageError(
            f"property finds everything that was reported with it, so it does not go together with {narrow[0]}.",
            f"Leave one of them out ({settings.origins['property']}).",
        )
    if settings.tenant and not context.environment_names:
        raise UsageError("tenant is set, and environment is not.", "A tenant's deployment is one to an environment.")
    if not (run.repository_id or narrow):
        raise UsageError("This repository has no name that its records could be found by.", "Give it a remote.")
    everywhere = settings.environment if narrow == ["environment"] and not named else ()
    if everywhere and not run.repository_id:
        raise UsageError("This repository has no name that its records could be found by.", "Give it a remote.")
    if not (named or given):
        if not (run.run_id or narrow):
            raise UsageError("This run has no id.", "Name what is meant: run as a number ('#41'), or property.")
        named = (Reference(run.run_id, 0 if run.run_id else run.number),)
    return Wanted(named, given, bool(narrow), everywhere)


def removals(context: Context, meant: Wanted, provider: Provider) -> list[Removal]:
    """The requests to Jira Cloud. The repository's id is in each that goes by properties, so that nobody takes out what
    another repository reported.

    Raises:
        UsageError: a run's number has to be known, and there is nobody to ask.
        AccessError, NetworkError: the provider was asked for it, and gave no usable answer.
    """
    repository = ("repository", for_jira(context.run.repository_id, TEXT))
    if meant.narrow:
        single = [Removal(deleting(one.key), one.title) for one in records(context, meant, provider)]
        return [*single, *_of_places(context, meant.places, repository)]
    own = tuple(meant.properties.items())
    found = []
    for reference in meant.runs or (None,):
        run = (("run", for_jira(reference.run_id, TEXT)),) if reference else ()
        told = one_line(", ".join([*([str(reference)] if reference else []), *map("=".join, own)]), 500)
        for kind in (BUILDS, DEPLOYMENTS):
            make = deleting_all(kind, (repository, *run, *own))
            found.append(Removal(make, f"all {kind.plural} of {context.run.repository} reported with {told}"))
    return found


def _of_places(context: Context, places: Sequence[str], repository: tuple[str, str]) -> Iterator[Removal]:
    """Everything that any run deployed there."""
    for name in places:
        where = (PLACE, for_jira(identity.environment_id(name), TEXT))
        told = one_line(f"every run's deployments of {context.run.repository} to {name}", 500)
        yield Removal(deleting_all(DEPLOYMENTS, (repository, where)), told)


def records(context: Context, meant: Wanted, provider: Provider) -> list[Target]:
    """The single records that the runs may have made.

    Raises:
        UsageError, AccessError, NetworkError: as :func:`removals`.
    """
    names: Sequence[str] = context.environment_names
    found: list[Target] = []
    jobs = Jobs(context, provider)
    for reference in meant.runs:
        past = past_run(context, reference, provider)
        legs = jobs.of(past)
        # The environment that the CI knows says nothing against a build, but no build is a tenant's.
        if not (context.settings.environment or context.settings.tenant):
            found += targets.of(context, past, (), legs)
        found += targets.of(context, past, names, legs) if names else []
    return targets.each_once(found)


def past_run(context: Context, reference: Reference, provider: Provider) -> PastRun:
    """The run, whose number is known at the end.

    Raises:
        UsageError, AccessError, NetworkError: as :func:`removals`.
    """
    if reference.number:
        return targets.by_number(context.run, reference.number)
    own = reference.run_id == context.run.run_id
    return targets.this_run(context.run) if own else provider.referred(reference)
