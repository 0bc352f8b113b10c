"""What becomes of a record that a job may have left open: the one decision of ``reconcile``. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jira_ci import states
from jira_ci.context import Context, Result
from jira_ci.corrections.correction_sites import CorrectionSite
from jira_ci.corrections.reported import Target
from jira_ci.errors import Exit, JiraCiError, RejectedError, UsageError
from jira_ci.jira.records import keys_of
from jira_ci.jira.stored import Stored
from jira_ci.jira.submit import Kind, Submission
from jira_ci.output import page
from jira_ci.output.page import Block, Mark, Notice, Page, Strong
from jira_ci.text import one_line


@dataclass(frozen=True)
class Action:
    """What to do with one record, and why."""

    what: Literal["close", "leave", "nothing"]
    state: str = ""
    """Jira's word, for what is closed."""
    why: str = ""


def closing(state: str, attempt: int, *, ended: bool, conclusion: str, seen: int) -> Action:
    """What to do with a record.

    Args:
        state: Jira's word for it now.
        attempt: which attempt of the run reported it.
        ended: whether the provider says that the run, or that attempt of it, is over.
        conclusion: the provider's word for how it ended, or for what it does.
        seen: the attempt that these two are about; 0 where they are about the whole run.
    """
    if not states.of(state).open:
        return Action("nothing", why=f"it is {state} already")
    if not ended:
        return Action("leave", why=f"its run is {conclusion or 'still going on'}".replace("_", " "))
    if seen and attempt > seen:
        return Action("leave", why=f"attempt {attempt} reported it, and only attempt {seen} is known to be over")
    if seen and attempt < seen:
        return Action("leave", why=f"attempt {attempt} reported it, and how that ended is not known")
    found = states.from_end(conclusion)
    if state == "pending" and found == "successful":  # nobody ever said that it began: the job may have been skipped
        found = "unknown"
    return Action("close", found, f"its run ended: {conclusion.replace('_', ' ') or 'nobody says how'}")


def rolling_back(state: str) -> Action:
    """What ``rollback`` does with a record in this state: whatever has ended can be rolled back, a deployment that
    failed half-way too."""
    if state == "rolled_back":
        return Action("nothing", why="it is rolled back already")
    if states.of(state).open:
        return Action("leave", why=f"it is {state.replace('_', ' ')}")
    return Action("close", "rolled_back", f"it was {state}")


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
