"""``forget``, step by step: what is meant, by run, property or key; shown, or taken out at every site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from jira_ci import templates
from jira_ci.context import Context
from jira_ci.corrections import past_records
from jira_ci.corrections.correction_result import is_data_center
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Jobs, Provider, Reference, Target, references
from jira_ci.errors import AccessError, JiraCiError, UsageError
from jira_ci.jira import identity
from jira_ci.jira.access import base_url, cloud_id
from jira_ci.jira.endpoints import Make
from jira_ci.jira.records import PLACE, TEXT
from jira_ci.jira.stored import deleting, deleting_all, unlink, was_linked
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS
from jira_ci.keys.resolve import Claims
from jira_ci.run import PastRun
from jira_ci.sites.sites import access, need_site, sites
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
        UsageError: a setting is invalid, or two of them contradict each other.
    """
    settings, run = context.settings, context.run
    named, given = references(settings.run), templates.given(settings)
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
    """The requests to Jira Cloud. The repository's id is in each that goes by properties, so that no run takes out what
    another repository reported.

    Raises:
        UsageError: a run's number has to be known, and there is no provider to ask.
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
            found += past_records.of(context, past, (), legs)
        found += past_records.of(context, past, names, legs) if names else []
    return past_records.each_once(found)


def past_run(context: Context, reference: Reference, provider: Provider) -> PastRun:
    """The run, whose number is known at the end.

    Raises:
        UsageError, AccessError, NetworkError: as :func:`removals`.
    """
    if reference.number:
        return past_records.by_number(context.run, reference.number)
    own = reference.run_id == context.run.run_id
    return past_records.this_run(context.run) if own else provider.referred(reference)


_BY_RUN = (
    "Not found by environment is what 0.1 reported, and what was reported for several environments at once or with "
    "three properties of your own: name its run."
)


@dataclass
class Forgetting:
    """What was, or would be, taken out so far.

    Args:
        dry: whether it is only shown.
    """

    context: Context
    dry: bool
    done: list[str] = field(default_factory=list)
    errors: list[JiraCiError] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def everywhere(self) -> None:
        """Goes to every site of the run; trouble at one does not keep the others from being asked.

        Raises:
            UsageError: a setting is invalid.
        """
        meant = wanted(self.context)
        found = sites(self.context)
        with closing(Provider(self.context)) as provider:
            for destination in found:
                site = CorrectionSite(self.context, destination, several=len(found) > 1)
                try:
                    with closing(site):
                        self._at(site, meant, provider)
                except UsageError as error:
                    if not site.name:
                        raise
                    self.errors.append(error)
                except JiraCiError as error:
                    self.errors.append(error)
                self.requests += site.requests

    def _at(self, site: CorrectionSite, meant: Wanted, provider: Provider) -> None:
        withheld = site.site.withheld(self.context.run)
        if withheld and not self.dry:
            raise AccessError(site.says(withheld))
        if is_data_center(self.context, site.site):
            self._links(site, meant, provider)
            return
        wanted = removals(self.context, meant, provider)
        if meant.places:
            self.context.console.say(site.says(_BY_RUN))
        if self.dry:
            api = base_url(site.site.settings.api_url, "api-url")
            cloud = cloud_id(site.site.settings.cloud_id)
            made = [(one.title, one.make(api, cloud, "")) for one in wanted]
            self._show(site, [(title, request.method, request.url) for title, request in made])
            return
        site.connect()
        for one in wanted:
            self._delete(site, one)

    def _delete(self, site: CorrectionSite, removal: Removal) -> None:
        site.delete(removal.make)
        self.done.append(site.says(removal.title))
        self.context.console.say(site.says(f"Jira will delete {removal.title}."))

    def _links(self, site: CorrectionSite, meant: Wanted, provider: Provider) -> None:
        """On Data Center: the links of the runs' records, on the issues that are named or that this run claims."""
        if meant.properties:
            raise UsageError(
                site.says("Jira Data Center keeps no properties, so nothing can be found by property there."),
                "Name runs: run, with issue-keys.",
            )
        if meant.places:
            said = "Jira Data Center keeps no properties, so only this run's links are found there. Name others: run."
            self.context.console.notice("warning", site.says(said))
        where = access(site.site.settings)
        need_site(where)
        pairs = [
            (f"the link to {target.title} on {issue}", unlink(issue, target.key))
            for target in records(self.context, meant, provider)
            for issue in self._issues(meant)
        ]
        if self.dry:
            shown = [(title, one.method, one.address(where.site, "data-center")) for title, one in pairs]
            self._show(site, shown)
            return
        login = site.session.person("links")
        for title, question in pairs:
            if was_linked(*login.send(question)):
                self.done.append(site.says(title))
                self.context.console.say(site.says(f"Taken out: {title}."))

    def _issues(self, meant: Wanted) -> Sequence[str]:
        settings = self.context.settings
        if settings.issue_keys:
            return settings.issue_keys
        if any(one.run_id != self.context.run.run_id for one in meant.runs):
            raise UsageError("Which issues another run's links are on is not known.", "Name them: issue-keys.")
        with closing(Claims(self.context)) as claims:
            found: dict[str, None] = {}
            for name in self.context.environment_names or ("",):
                found.update(dict.fromkeys(claims.of(name).keys.keys))
        return list(found)

    def _show(self, site: CorrectionSite, would: Sequence[tuple[str, str, str]]) -> None:
        for title, method, url in would:
            self.context.console.say(site.says(f"Would be deleted: {title} ({method} {url})"))
            self.requests.append({"method": method, "url": url})
            self.done.append(site.says(title))
