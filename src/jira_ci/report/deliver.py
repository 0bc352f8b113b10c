"""The lines to Jira: dialled before they are needed, so that the network works while the commits are read.

Only a run that will have something to say dials ahead, so that hardly any request turns out needless.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jira_ci import states
from jira_ci.config import model as configuration
from jira_ci.context import Context
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.exchange import Answer, Request
from jira_ci.jira.records import Record, without
from jira_ci.jira.submit import Kind, Submission
from jira_ci.keys.issue_keys import Source, collect
from jira_ci.report import report_result
from jira_ci.report.report_result import SiteResult
from jira_ci.run import Run
from jira_ci.settings import Settings
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import DEFAULT, Site, sites
from jira_ci.text import one_line
from jira_ci.timing import Call, Deadline, Late

if TYPE_CHECKING:
    from jira_ci.jira.issues import IssueTitles

_GRACE = 1.0  # seconds after the deadline, in which a conversation that it ended says how far it came


class Delivery:
    """One report's conversations with all its destinations, and the record of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[str, SiteSession] = {}
        self.requests: list[dict[str, Any]] = []
        """Every exchange, for the JSON document."""
        self.looked: dict[str, IssueTitles] = {}
        """By destination, what is known of the issues; may be handed on from one report of a deployment to the next."""

    @cached_property
    def destinations(self) -> tuple[Site, ...]:
        """Where the report goes.

        Raises:
            UsageError: a name or a setting cannot be meant.
        """
        return sites(self._context)

    @property
    def several(self) -> bool:
        """Whether destinations have to be told apart."""
        return len(self.destinations) > 1

    def dial(self, destination: Site) -> None:
        """Begins to connect to a destination that has no fault, and does not wait for it.

        Raises:
            UsageError: a setting cannot be meant.
        """
        if self.unsent(destination) is None:
            self.conversation(destination).dial()

    def close(self) -> None:
        """Hangs up everywhere."""
        for conversation in self._open.values():
            conversation.close()

    def report(
        self, kind: Kind, records: Sequence[Record], hidden: Mapping[str, Sequence[str]] = MappingProxyType({})
    ) -> list[SiteResult]:
        """Sends the records everywhere, side by side; each destination has all of the time, and a result of its own.

        Args:
            hidden: by destination the issues that it does not show, so that they are not named there.

        Raises:
            UsageError: the only destination misses a credential, or a setting of it cannot be meant.
        """
        prepared = [self._prepared(one, records, hidden) for one in self.destinations]
        if not self.several:
            [(fate, left)] = prepared
            if fate.outcome.error is not None:
                raise fate.outcome.error
            if not left:
                return [fate]
            try:
                return [dataclasses.replace(fate, outcome=self.conversation(fate.destination).report(kind, left))]
            finally:
                self.show(fate.destination)
        calls = {fate.destination.name: self._call(fate.destination, kind, left) for fate, left in prepared if left}
        patience = Deadline(self._context.deadline.remaining() + _GRACE)
        return [self._awaited(fate, calls.get(fate.destination.name), patience) for fate, _ in prepared]

    def _prepared(
        self, destination: Site, records: Sequence[Record], hidden: Mapping[str, Sequence[str]]
    ) -> tuple[SiteResult, list[Record]]:
        """What is known of the result before anything is sent, and the records to send; none where none are sent."""
        fate = self.unsent(destination)
        if fate is not None:
            return fate, []
        unseen = tuple(hidden.get(destination.name, ()))
        left = destination.own(without(records, unseen))
        return SiteResult(destination, withheld=_none_of_its(destination, left), hidden=unseen), left

    def unsent(self, destination: Site) -> SiteResult | None:
        """The fate of a report that cannot be sent; ``None`` when it can."""
        withheld = destination.withheld(self._context.run)
        if withheld:
            return SiteResult(destination, withheld=withheld)
        fault = destination.fault or destination.unverifiable(self._context.run)
        return SiteResult(destination, Submission(error=fault)) if fault else None

    def _call(self, destination: Site, kind: Kind, records: Sequence[Record]) -> Call[Submission]:
        conversation = self.conversation(destination)
        return Call(lambda: conversation.report(kind, records))

    def _awaited(self, fate: SiteResult, call: Call[Submission] | None, patience: Deadline) -> SiteResult:
        if call is None:
            return fate
        try:
            outcome = call.result(patience)
        except Late:
            outcome = Submission(error=NetworkError("Jira did not answer before the deadline.", "Raise timeout."))
        except Exception as error:  # noqa: BLE001 - our own mistake about one site hides nothing about the others
            outcome = Submission(error=JiraCiError(f"This is a bug in jira-ci: {type(error).__name__}: {error}."))
        self.show(fate.destination)
        return dataclasses.replace(fate, outcome=outcome)

    def conversation(self, destination: Site) -> SiteSession:
        """The one with this destination, which has no fault."""
        return self._open.setdefault(destination.name, SiteSession(self._context, destination))

    def show(self, destination: Site) -> None:
        """Prints what was heard; here and not when it is heard, so that no two threads print at once."""
        conversation = self.conversation(destination)
        self._print(destination, list(_emptied(conversation.heard)))
        if destination.name in self.looked:  # or they are still being looked up
            self._print(destination, list(_emptied(conversation.looked)))

    def _print(self, destination: Site, heard: Sequence[tuple[Request, Answer] | str]) -> None:
        name = destination.name if self.several else ""
        exchanged = [one for one in heard if not isinstance(one, str)]
        document = {"connection": name} if name else {}
        self.requests += [{**document, **report_result.exchange_document(*exchange)} for exchange in exchanged]
        for text in (one for one in heard if isinstance(one, str)):
            self._context.console.notice("warning", f"{name}: {text}" if name else text)
        for title, lines in report_result.exchange_blocks(exchanged, debug=self._context.settings.log_level == "debug"):
            self._context.console.block(f"{name}: {title}" if name else title, lines)


def _emptied(heard: list[tuple[Request, Answer] | str]) -> Iterator[tuple[Request, Answer] | str]:
    while heard:
        yield heard.pop(0)


def _none_of_its(destination: Site, left: Sequence[Record]) -> str:
    """Why nothing is sent to a site that takes some projects only; empty when something is."""
    projects = one_line(", ".join(destination.projects), 200)
    return f"no issue is of the site's projects ({projects})." if projects and not left else ""


def dial_ahead(context: Context, environments: Sequence[str], state: str | None = None) -> Delivery:
    """A line that is being dialled already when there will be something to say.

    Where the settings name the site, and the file no others, not even the file is waited for; whether it filters the
    keys by project is known only later, so a run whose keys are all of other projects has dialled in vain.

    Args:
        environments: what was deployed to; none for a build.
        state: Jira's word; what the settings or the CI say by default.

    Raises:
        UsageError: a setting is missing or cannot be meant.
    """
    line, given = Delivery(context), context.given
    alone = bool(given.site or given.instance or given.cloud_id) and not (given.connection or _others(context))
    settings = given if alone else context.settings
    if settings.dry_run or not _has_keys(context.run, settings):
        return line
    if not (states.reported(settings.state, context.run, environments) if state is None else state):
        return line  # everything was skipped
    for destination in (Site(DEFAULT, given),) if alone else line.destinations:
        if not destination.projects or _has_keys(context.run, settings, destination.projects):
            line.dial(destination)
    return line


def _others(context: Context) -> bool:
    """Whether the file may name other sites: found out without Python's reader of YAML, which takes its time."""
    data = configuration.read_bytes(context.root, context.given.config) or b""
    return b"report-to" in data or b"\0" in data  # or written in UTF-16


def _has_keys(run: Run, settings: Settings, projects: Sequence[str] = ()) -> bool:
    """Whether the texts that are at hand already, without git or a provider, hold a key.

    Args:
        projects: of which one has to be, instead of the settings'.
    """
    pull = [Source("", run.pull_request.title), Source("", run.pull_request.branch, True)] if run.pull_request else []
    texts = [Source("", run.branch, True), *(Source("", message) for message in run.messages)]
    return bool(settings.issue_keys or collect([*pull, *texts], projects or settings.projects, limit=1).keys)
