"""What one command did to records: sending them again at every site, noting what became of them, and saying it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal

from jira_ci.context import Context, Result
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.past_records import Target, as_run
from jira_ci.errors import AccessError, Exit, JiraCiError, NetworkError, RejectedError, UsageError
from jira_ci.jira import stored
from jira_ci.jira.identity import keys_of
from jira_ci.jira.records import Record
from jira_ci.jira.stored import Stored
from jira_ci.jira.submit import Kind, Submission
from jira_ci.output import page
from jira_ci.output.page import Block, Mark, Notice, Page, Strong
from jira_ci.run import PastRun
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import Site, missing_credentials, sites
from jira_ci.text import one_line


@dataclass(frozen=True)
class Action:
    """What to do with one record, and why."""

    what: Literal["close", "leave", "nothing"]
    state: str = ""
    """Jira's word, for what is closed."""
    why: str = ""


_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """One record, and what was done about it."""

    site: str
    target: Target
    was: str
    action: Action

    @property
    def sentence(self) -> str:
        return one_line(f"{f'{self.site}: ' * bool(self.site)}{self.target.title}", 500)

    def document(self) -> Mapping[str, Any]:
        """For the JSON document."""
        found = {
            "record": self.target.title,
            **self.target.key.mapping,
            "run": self.target.past.run_id,
            "was": self.was,
            "state": self.action.state or self.was,
            "why": self.action.why,
        }
        return {"connection": self.site, **found} if self.site else found


@dataclass
class Tally:
    """Everything that one command found and did."""

    verb: str
    """What was done to the records that were sent again: ``Closed``."""
    closed: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)
    settled: list[Row] = field(default_factory=list)
    """There was nothing to do about these."""
    missing: list[Target] = field(default_factory=list)
    going: list[str] = field(default_factory=list)
    """Runs that are still going on, whose records were not looked at."""
    rejected: int = 0
    keys: dict[str, None] = field(default_factory=dict)
    unknown_keys: dict[str, None] = field(default_factory=dict)
    errors: list[JiraCiError] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def sent(self, site: CorrectionSite, kind: Kind, rows: Sequence[Row], outcome: Submission) -> None:
        """Notes what became of records that were sent again."""
        accepted = {kind.identify(record) for record in outcome.accepted}
        self.closed += [row for row in rows if kind.identify(row.target.key.mapping) in accepted]
        self.rejected += len(outcome.rejected)
        self.unknown_keys.update(dict.fromkeys(outcome.unknown_keys))
        for record in outcome.accepted:
            self.keys.update(dict.fromkeys(keys_of(record)))
        for record, reasons in outcome.rejected:
            name = one_line(str(record.get("displayName")), 100)
            said = site.says(f"Jira rejected {name!r}: {one_line('; '.join(reasons))}.")
            self.errors.append(RejectedError(said, "Run with log-level: debug to see what was sent."))
        if outcome.error is not None:
            self.errors.append(outcome.error)

    def result(self, context: Context) -> Result:
        """Says it, and ends as ``on-error`` has it."""
        dry = context.settings.dry_run
        for row in self.left:
            context.console.say(f"Left alone: {row.sentence}: {row.action.why}.")
        if self.unknown_keys:
            context.console.say(f"Issues that Jira does not know: {', '.join(self.unknown_keys)}")
        for sentence in self.going[:_SHOWN]:
            context.console.say(sentence)
        done = [] if dry else self.closed
        context.console.say(
            f"{self.verb}: {len(done)}. Left alone: {len(self.left) + len(self.going)}. "
            f"Nothing to do: {len(self.settled)}. Not in Jira: {len(self.missing)}."
        )
        wrong_usage = [error for error in self.errors if isinstance(error, UsageError)]
        error = next(iter([*wrong_usage, *self.errors]), None)  # wrong usage always fails, so it decides
        fail = bool(wrong_usage) or context.settings.on_error == "fail"
        for one in self.errors:
            fatal = isinstance(one, UsageError) or context.settings.on_error == "fail"
            context.console.notice("error" if fatal else "warning", f"Not done: {one}")
        return Result(
            error.exit if error is not None and fail else Exit.OK,
            outputs={
                "issue-keys": list(self.keys),
                "accepted": len(done),
                "rejected": self.rejected,
                "unknown-keys": list(self.unknown_keys),
            },
            document={
                "closed": [row.document() for row in self.closed],
                "left-alone": [row.document() for row in self.left],
                "still-going": self.going,
                "nothing-to-do": [row.document() for row in self.settled],
                "not-found": [dict(target.key.mapping) for target in self.missing],
                "requests": self.requests,
                **({"error": error.document()} if error is not None else {}),
            },
            summary=self._summary(dry),
        )

    def _summary(self, dry: bool) -> Page | None:
        title = f"{len(self.closed)} {'would be ' * dry}{self.verb.lower()}"
        rows = [
            ((one.sentence,), (one.was,), (one.action.state or one.was,), (one.action.why,))
            for one in (*self.closed, *self.left)
        ]
        wrong: list[Block] = [Notice((Strong("Not done:"), f" {error}")) for error in self.errors[:_SHOWN]]
        blocks = [*page.table("Records", ("Record", "Was", "Now", "Why"), rows, _SHOWN), *wrong]
        return Page(Mark("bad" if self.errors else "good", title), tuple(blocks)) if blocks else None


def row(site: CorrectionSite, target: Target, stored: Stored, action: Action) -> Row:
    """One record that is there."""
    return Row(site.name, target, stored.state, action)


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
        UsageError: a setting is invalid, or the only site lacks one.
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
