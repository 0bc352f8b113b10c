"""``evidence``: the deployments of a period (``--from``, ``--to``), or whether a kept record is what it says
(``--verify FILE``)."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import datetime, timezone

from jira_ci.context import Context, Result
from jira_ci.errors import Exit, UsageError


def add_arguments(child: ArgumentParser) -> None:
    """What only this command takes."""
    child.add_argument("--from", dest="first", metavar="DAY", help="the first day (UTC), as 2026-07-01")
    child.add_argument("--to", dest="last", metavar="DAY", default="", help="the last day (UTC); today by default")
    child.add_argument(
        "--environment", dest="places", action="append", metavar="NAME", help="only this one, or several; else all"
    )
    child.add_argument("--fresh", action="store_true", help="read every record anew, and believe no index")
    child.add_argument("--verify", metavar="FILE", help="the file that the output record names")


def run(context: Context, arguments: Namespace) -> Result:
    """Lists a population, or verifies the records of a file.

    Raises:
        UsageError: neither was asked for, or both, or a setting is invalid.
    """
    if arguments.verify and arguments.first:
        raise UsageError("--verify FILE and --from are two questions.", "Ask one of them.")
    if arguments.verify:
        return _verify(context, arguments.verify)
    if not arguments.first:
        raise UsageError(
            "evidence has no period to list, and nothing to verify.",
            "Write it so: jira-ci evidence --from 2026-07-01 --to 2026-09-30, or: --verify jira-ci-record.json",
        )
    from jira_ci.evidence.evidence_document import document
    from jira_ci.evidence.evidence_page import as_csv, as_page, lines
    from jira_ci.evidence.population import Reader
    from jira_ci.evidence.population_rows import period

    now = datetime.fromtimestamp(context.edges.clock(), timezone.utc)
    asked = period(arguments.first, arguments.last, now)
    with context.console.working("Reading deployments and changes"):
        found = Reader(context, asked, _names(arguments.places or ()), fresh=arguments.fresh).read()
    if context.given.format == "csv":
        context.console.raw(as_csv(found))
    elif context.given.format == "html":
        from jira_ci.output.html import as_html

        context.console.raw(as_html(as_page(found, len(found.rows) + len(found.gaps))))
    for line in lines(found):
        context.console.say(line)
    return Result(exit=Exit.NETWORK if found.gaps else Exit.OK, document=document(found), summary=as_page(found))


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Each of them, separated by commas or lines as in every list.

    Raises:
        UsageError: one is empty, as of a variable that is not set: that would be a list of all.
    """
    if not all(one.strip(" ,\r\n\t") for one in given):
        raise UsageError("--environment is empty.", "Name one, or leave it out for all.")
    return tuple(filter(None, (part.strip() for one in given for part in re.split(r"[,\n\r]", one))))


def _verify(context: Context, file: str) -> Result:
    """A line for each record of the file; the exit code is that of the worst one.

    Raises:
        UsageError: it holds no record.
    """
    from jira_ci.gate.verification import verify

    if context.given.format not in ("text", "json"):
        raise UsageError(f"format is {context.given.format}, and a verification is text or json.", "Take one of them.")
    found = []
    for one in verify(context, context.edges.directory / file):
        found.append(one)
        context.console.say(f"SHA-256 {one.sha256}: the schema holds.")
        if one.exit == Exit.OK:
            context.console.say(one.found)
        else:
            context.console.notice("error", one.found)
    return Result(
        exit=max(one.exit for one in found),
        document={
            "records": [
                {"sha256": one.sha256, "change": one.change, "ok": one.exit == Exit.OK, "found": one.found}
                for one in found
            ]
        },
    )
