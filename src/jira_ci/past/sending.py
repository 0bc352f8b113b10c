"""Sending records again with another state: a request for each run, because its properties are the run's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jira_ci.ci.past_runs import PastRun
from jira_ci.context import Context
from jira_ci.errors import RejectedError
from jira_ci.jira import stored
from jira_ci.jira.bulk import Kind
from jira_ci.jira.records import Record
from jira_ci.jira.stored import Stored
from jira_ci.past.site import Site
from jira_ci.past.tally import Row, Tally
from jira_ci.past.targets import as_run


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


def send(context: Context, site: Site, again: Iterator[Again], tally: Tally) -> None:
    """Sends the records, and notes what became of each; a dry run shows them.

    Args:
        again: reads them one after the other; what it found before it raised something is sent all the same.
    """
    waiting: list[Again] = []
    try:
        waiting.extend(again)  # keeps what came before an error
    finally:
        _send(context, site, waiting, tally)


def _send(context: Context, site: Site, waiting: Sequence[Again], tally: Tally) -> None:
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
