"""``forget``: takes out of Jira again what was reported."""

from __future__ import annotations

from argparse import Namespace

from jira_ci.context import Context, Result
from jira_ci.corrections.forget import Forgetting
from jira_ci.errors import Exit
from jira_ci.output import page
from jira_ci.output.page import Mark, Notice, Page, Strong

HOW = "Nothing was deleted. To delete it, say so: --dry-run false (or the input, or JIRA_CI_DRY_RUN=false)."
LATER = "Jira deletes it some time after it said so; until then it can still be seen."
_SHOWN = 50


def run(context: Context, arguments: Namespace) -> Result:  # noqa: ARG001 - as every command
    """Shows what would be deleted; only an explicit ``dry-run: false`` deletes.

    Raises:
        UsageError: a setting is invalid or missing.
    """
    dry = context.settings.dry_run or "dry-run" not in context.settings.origins
    work = Forgetting(context, dry)
    work.everywhere()
    if work.done or not work.errors:
        context.console.say((HOW if dry else LATER) if work.done else "There was nothing to delete.")
    for one in work.errors:
        context.console.notice("error", f"Not done: {one}")
    error = work.errors[0] if work.errors else None
    title = "would be deleted" if dry else "deleted"
    return Result(
        error.exit if error else Exit.OK,
        outputs={"accepted": 0 if dry else len(work.done)},
        document={
            "dry-run": dry,
            "forgotten": work.done,
            "requests": work.requests,
            **({"error": error.document()} if error else {}),
        },
        summary=_summary(title, work),
    )


def _summary(title: str, work: Forgetting) -> Page:
    wrong = [Notice((Strong("Not done:"), f" {error}")) for error in work.errors[:_SHOWN]]
    return Page(
        Mark("bad" if work.errors else "good", title), (*page.items([(one,) for one in work.done], _SHOWN), *wrong)
    )
