"""``forget``, step by step: showing what would be taken out, or having it taken out, at every site."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from jira_ci.context import Context
from jira_ci.errors import AccessError, JiraCiError, UsageError
from jira_ci.jira import addresses
from jira_ci.jira.exchange import Request
from jira_ci.jira.unlinking import unlink, was_linked
from jira_ci.keys.claims import Claims
from jira_ci.past import removals
from jira_ci.past.provider import Provider
from jira_ci.past.removals import Removal, Wanted
from jira_ci.past.site import Site
from jira_ci.past.visits import is_data_center
from jira_ci.report import connection
from jira_ci.report.destinations import destinations

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
            UsageError: a setting cannot be meant.
        """
        meant = removals.wanted(self.context)
        found = destinations(self.context)
        with closing(Provider(self.context)) as provider:
            for destination in found:
                site = Site(self.context, destination, several=len(found) > 1)
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

    def _at(self, site: Site, meant: Wanted, provider: Provider) -> None:
        withheld = site.destination.withheld(self.context.run)
        if withheld and not self.dry:
            raise AccessError(site.says(withheld))
        if is_data_center(self.context, site.destination):
            self._links(site, meant, provider)
            return
        wanted = removals.removals(self.context, meant, provider)
        if meant.places:
            self.context.console.say(site.says(_BY_RUN))
        if self.dry:
            api = addresses.base_url(site.destination.settings.api_url, "api-url")
            cloud = addresses.cloud_id(site.destination.settings.cloud_id)
            self._show(site, [(one.title, one.make(api, cloud, "")) for one in wanted])
            return
        site.connect()
        for one in wanted:
            self._delete(site, one)

    def _delete(self, site: Site, removal: Removal) -> None:
        site.delete(removal.make)
        self.done.append(site.says(removal.title))
        self.context.console.say(site.says(f"Jira will delete {removal.title}."))

    def _links(self, site: Site, meant: Wanted, provider: Provider) -> None:
        """On Data Center: the links of the runs' records, on the issues that are named or that this run claims."""
        if meant.properties:
            raise UsageError(
                site.says("Jira Data Center keeps no properties, so nothing can be found by property there."),
                "Name runs: run, with issue-keys.",
            )
        if meant.places:
            said = "Jira Data Center keeps no properties, so only this run's links are found there. Name others: run."
            self.context.console.notice("warning", site.says(said))
        access = connection.access(site.destination.settings)
        connection.need_site(access)
        pairs = [
            (f"the link to {target.title} on {issue}", unlink(access, issue, target.key))
            for target in removals.records(self.context, meant, provider)
            for issue in self._issues(meant)
        ]
        if self.dry:
            self._show(site, pairs)
            return
        if access.user:
            self.context.console.mask.add(access.basic)
        observe = site.hear
        with closing(connection.open_client(self.context, site.destination.settings, observe)) as client:
            for title, request in pairs:
                if was_linked(request, client.send(request)):
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

    def _show(self, site: Site, pairs: Sequence[tuple[str, Request]]) -> None:
        for title, request in pairs:
            self.context.console.say(site.says(f"Would be deleted: {title} ({request.method} {request.url})"))
            self.requests.append({"method": request.method, "url": request.url})
            self.done.append(site.says(title))
