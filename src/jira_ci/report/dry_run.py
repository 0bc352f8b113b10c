"""What a report would send, shown and not sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from jira_ci.context import Context
from jira_ci.jira import records, wire
from jira_ci.jira.bulk import LARGEST
from jira_ci.jira.exchange import Request
from jira_ci.jira.records import keys_of
from jira_ci.report import connection, findings, properties, remote_links
from jira_ci.report.destinations import Destination
from jira_ci.report.plan import Plan


def requests(context: Context, plan: Plan, destinations: Sequence[Destination]) -> list[dict[str, Any]]:
    """Shows every request to every destination, and returns them for the JSON document. Nobody is asked anything, and
    no credentials are needed: a token for a site that may be either edition means Data Center.

    Raises:
        UsageError: an address cannot be meant.
    """
    shown: list[dict[str, Any]] = []
    for destination in destinations:
        name = destination.name if len(destinations) > 1 else ""
        for request, what in _links(plan, destination) if by_links(destination) else _bulks(context, plan, destination):
            shown.append({**({"connection": name} if name else {}), **findings.exchange_document(request, None)})
            if what:
                lines = json.dumps(request.body, indent=2, ensure_ascii=False).splitlines()
                context.console.block(f"{name}: {what}" if name else what, lines)
    return shown


def by_links(destination: Destination) -> bool:
    """Whether a site is told by links on its issues, as far as that can be known without asking it."""
    return destination.edition == "data-center" or (destination.edition is None and bool(destination.settings.token))


def _bulks(context: Context, plan: Plan, destination: Destination) -> Iterator[tuple[Request, str]]:
    where = connection.access(destination.settings)
    claiming = destination.own([entry.record for entry in plan.claiming])
    for start in range(0, len(claiming), LARGEST):
        portion = claiming[start : start + LARGEST]
        body = records.body(plan.kind.plural, portion, context.run, properties.given(context.settings))
        request = wire.bulk(where.api, where.cloud, plan.kind.plural, body)
        yield request, f"Dry run, would be sent: {request.method} {request.url}"


def _links(plan: Plan, destination: Destination) -> Iterator[tuple[Request, str]]:
    """Each request, with the text above it; the same link on other issues is shown once."""
    access = connection.access(destination.settings)
    connection.need_site(access)
    claiming = [record for record in destination.own([entry.record for entry in plan.claiming]) if keys_of(record)]
    made = list(remote_links.requests(plan.kind, claiming, access))
    issues = Counter(request.body["globalId"] for request in made)
    for request in made:
        others = issues.pop(request.body["globalId"], 0) - 1
        more = f" (and to {others} more issues)" if others > 0 else ""
        yield request, f"Dry run, would be sent: {request.method} {request.url}{more}" if others >= 0 else ""
