"""``evidence``: whether a kept record is what it says (``--verify FILE``)."""

from __future__ import annotations

from argparse import Namespace

from jira_ci.context import Context, Result
from jira_ci.errors import Exit, UsageError
from jira_ci.gate.verification import verify


def run(context: Context, arguments: Namespace) -> Result:
    """A line for each record of the file; the exit code is that of the worst one.

    Raises:
        UsageError: no file was given, or it holds no record.
    """
    if not arguments.verify:
        raise UsageError(
            "evidence has nothing to verify.", "Write it so: jira-ci evidence --verify jira-ci-record.json"
        )
    found = []
    for one in verify(context, context.edges.directory / arguments.verify):
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
