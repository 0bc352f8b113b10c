"""Sending records again with another state: a request for each run, because its properties are the run's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from jira_ci.ci.past_runs import PastRun
from jira_ci.context import Context
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.reported import as_run
from jira_ci.corrections.tally import Row, Tally
from jira_ci.errors import AccessError, JiraCiError, NetworkError, RejectedError, UsageError
from jira_ci.jira import stored
from jira_ci.jira.records import Record
from jira_ci.jira.stored import Stored
from jira_ci.jira.submit import Kind
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import Site, missing_credentials, sites


@dataclass(frozen=True)
class Again:
    """One record to be sent, and the run that its properties are about."""

    row: Row
    record: Record
    past: PastRun


def with_state(context: Context, found: Stored, state: str, tally: Tally) -> Record | None:
    """The record with another state; None where it cannot be sent, which is noted."""
    try:
        return stored.again(found, context.run, state, context.edges.clock(), keys=context.settings.issue_keys)
    except RejectedError as error:
        tally.errors.append(error)
        return None


def send(context: Context, site: CorrectionSite, again: Iterator[Again], tally: Tally) -> None:
    """Sends the records, and notes what became of each; a dry run shows them.

    Args:
        again: reads them one after the other; what it found before it raised something is sent all the same.
    """
    waiting: list[Again] = []
    try:
        waiting.extend(again)  # keeps what came before an error
    finally:
        _send(context, site, waiting, tally)


def _send(context: Context, site: CorrectionSite, waiting: Sequence[Again], tally: Tally) -> None:
    groups: dict[tuple[Kind, PastRun], list[Again]] = {}
    for one in waiting:
        groups.setdefault((one.row.target.key.kind, one.past), []).append(one)
    for (kind, past), group in groups.items():
        rows, records = [one.row for one in group], [one.record for one in group]
        for one in group:
            context.console.say(f"{one.row.sentence}: {one.row.was} -> {one.row.action.state} ({one.row.action.why})")
        if context.settings.dry_run:
            for record in records:
                lines = json.dumps(record, indent=2, ensure_ascii=False).splitlines()
                context.console.block(site.says("Dry run, would be sent"), lines)
            tally.closed += rows
        else:
            tally.sent(site, kind, rows, site.submit(kind, records, as_run(context.run, past)))


def visit(context: Context, tally: Tally, work: Callable[[CorrectionSite], None]) -> None:
    """Does the work at every Jira Cloud site that this run reports to. Data Center keeps no records to work on.

    Raises:
        UsageError: a setting cannot be meant, or the only site lacks one.
    """
    found = sites(context)
    for destination in found:
        site = CorrectionSite(context, destination, several=len(found) > 1)
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


def is_data_center(context: Context, site: Site) -> bool:
    """Whether the site is Jira Data Center; it is asked where the settings do not tell.

    Raises:
        JiraCiError: no usable answer came.
    """
    if site.edition is not None or missing_credentials(site.settings):
        return site.edition == "data-center"
    with closing(SiteSession(context, site)) as session:
        return session.edition() == "data-center"


def _connected(context: Context, site: CorrectionSite, tally: Tally) -> bool:
    try:
        if is_data_center(context, site.site):
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
