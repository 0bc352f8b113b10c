"""Going from site to site: each is asked as far as it can be, and what keeps one from it does not keep the others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from jira_ci.context import Context
from jira_ci.errors import AccessError, JiraCiError, NetworkError, RejectedError, UsageError
from jira_ci.past.site import Site
from jira_ci.past.tally import Tally
from jira_ci.report import connection
from jira_ci.report.destinations import Destination, destinations


def visit(context: Context, tally: Tally, work: Callable[[Site], None]) -> None:
    """Does the work at every Jira Cloud site that this run reports to. Data Center keeps no records to work on.

    Raises:
        UsageError: a setting cannot be meant, or the only site lacks one.
    """
    found = destinations(context)
    for destination in found:
        site = Site(context, destination, several=len(found) > 1)
        withheld = destination.withheld(context.run)
        if withheld:
            context.console.say(site.says(f"Nothing was done: {withheld}"))
            continue
        with closing(site):
            if _connected(context, site, tally):
                try:
                    work(site)
                except (AccessError, NetworkError, RejectedError) as error:
                    tally.errors.append(error)
                except UsageError as error:
                    if not tally.closed:
                        raise
                    tally.errors.append(error)  # what was done at another site is not kept secret
        tally.requests += site.requests


def is_data_center(context: Context, destination: Destination) -> bool:
    """Whether the destination is Jira Data Center; it is asked where the settings do not tell.

    Raises:
        JiraCiError: no usable answer came.
    """
    settings = destination.settings
    if destination.edition is not None or connection.missing_credentials(settings):
        return destination.edition == "data-center"
    from jira_ci.jira.session import ask_edition

    access = connection.access(settings)
    if not access.site:
        raise UsageError("site is not set.", "Name your Jira site: site: acme.atlassian.net (or JIRA_CI_SITE).")
    with closing(connection.open_client(context, settings)) as client:
        return ask_edition(client, access.site) == "data-center"


def _connected(context: Context, site: Site, tally: Tally) -> bool:
    try:
        if is_data_center(context, site.destination):
            said = "Jira Data Center keeps links on issues, and no builds or deployments: nothing was done there."
            context.console.notice("warning", site.says(said))
            return False
        site.connect()
    except UsageError as error:
        if not site.name:
            raise
        tally.errors.append(error)
        return False
    except JiraCiError as error:
        tally.errors.append(error)
        return False
    return True
