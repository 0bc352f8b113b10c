"""Delivering a report to each site: dialled ahead, so that the network works while the commits are read.

Only a run that will have something to say dials ahead, so that hardly any request turns out needless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jira_ci import templates
from jira_ci.context import Context
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.exchange import Answer, Request, exchange_blocks, exchange_document
from jira_ci.frozen import replace
from jira_ci.jira.identity import without
from jira_ci.jira.records import Record
from jira_ci.jira.submit import Kind, Submission
from jira_ci.report.ahead import has_keys, is_alone, will_speak
from jira_ci.report.report_result import SiteResult
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import DEFAULT, Site, sites
from jira_ci.text import one_line
from jira_ci.timing import Call, Deadline, Late

if TYPE_CHECKING:
    from jira_ci.jira.issues import IssueTitles

_GRACE = 1.0  # seconds after the deadline, in which a session that it ended says how far it came


class Delivery:
    """One report's sessions with all its sites, and the record of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[str, SiteSession] = {}
        self.requests: list[dict[str, Any]] = []
        """Every exchange, for the JSON document."""
        self.looked: dict[str, IssueTitles] = {}
        """By site, what is known of the issues; may be handed on from one report of a deployment to the next."""

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Where the report goes.

        Raises:
            UsageError: a name or a setting is invalid.
        """
        return sites(self._context)

    @property
    def several(self) -> bool:
        """Whether sites have to be told apart."""
        return len(self.sites) > 1

    def dial(self, site: Site) -> None:
        """Begins to connect to a site that has no fault, and does not wait for it.

        Raises:
            UsageError: a setting is invalid.
        """
        if self.unsent(site) is None:
            self.session(site).dial()

    def close(self) -> None:
        """Hangs up everywhere."""
        for session in self._open.values():
            session.close()
        self._context.preconnected.close()

    def report(
        self, kind: Kind, records: Sequence[Record], hidden: Mapping[str, Sequence[str]] = MappingProxyType({})
    ) -> list[SiteResult]:
        """Sends the records everywhere, side by side; each site has all of the time, and a result of its own.

        Args:
            hidden: by site the issues that it does not show, so that they are not named there.

        Raises:
            UsageError: the only site misses a credential, or a setting of it is invalid.
        """
        prepared = [self._prepared(one, records, hidden) for one in self.sites]
        if not self.several:
            [(result, left)] = prepared
            if result.submission.error is not None:
                raise result.submission.error
            if not left:
                return [result]
            try:
                submission = self.session(result.site).report(kind, left, templates.given)
                return [replace(result, submission=submission)]
            finally:
                self.show(result.site)
        calls = {result.site.name: self._call(result.site, kind, left) for result, left in prepared if left}
        until = Deadline(self._context.deadline.remaining() + _GRACE)
        return [self._awaited(result, calls.get(result.site.name), until) for result, _ in prepared]

    def _prepared(
        self, site: Site, records: Sequence[Record], hidden: Mapping[str, Sequence[str]]
    ) -> tuple[SiteResult, list[Record]]:
        """What is known of the result before anything is sent, and the records to send; none where none are sent."""
        result = self.unsent(site)
        if result is not None:
            return result, []
        unseen = tuple(hidden.get(site.name, ()))
        left = site.own(without(records, unseen))
        return SiteResult(site, withheld=_none_of_its(site, left), hidden=unseen), left

    def unsent(self, site: Site) -> SiteResult | None:
        """The result of a report that cannot be sent; ``None`` when it can."""
        withheld = site.withheld(self._context.run)
        if withheld:
            return SiteResult(site, withheld=withheld)
        fault = site.fault or site.unverifiable(self._context.run)
        return SiteResult(site, Submission(error=fault)) if fault else None

    def _call(self, site: Site, kind: Kind, records: Sequence[Record]) -> Call[Submission]:
        session = self.session(site)
        return Call(lambda: session.report(kind, records, templates.given))

    def _awaited(self, result: SiteResult, call: Call[Submission] | None, until: Deadline) -> SiteResult:
        if call is None:
            return result
        try:
            submission = call.result(until)
        except Late:
            submission = Submission(error=NetworkError("Jira did not answer before the deadline.", "Raise timeout."))
        except Exception as error:  # noqa: BLE001 - our own mistake about one site hides nothing about the others
            submission = Submission(error=JiraCiError(f"This is a bug in jira-ci: {type(error).__name__}: {error}."))
        self.show(result.site)
        return replace(result, submission=submission)

    def session(self, site: Site) -> SiteSession:
        """The one with this site, which has no fault."""
        return self._open.setdefault(site.name, SiteSession(self._context, site))

    def show(self, site: Site) -> None:
        """Prints what was heard; here and not when it is heard, so that no two threads print at once."""
        session = self.session(site)
        self._print(site, list(_emptied(session.heard)))
        if site.name in self.looked:  # or they are still being looked up
            self._print(site, list(_emptied(session.looked)))

    def _print(self, site: Site, heard: Sequence[tuple[Request, Answer] | str]) -> None:
        name = site.name if self.several else ""
        exchanged = [one for one in heard if not isinstance(one, str)]
        document = {"connection": name} if name else {}
        self.requests += [{**document, **exchange_document(*exchange)} for exchange in exchanged]
        for text in (one for one in heard if isinstance(one, str)):
            self._context.console.notice("warning", f"{name}: {text}" if name else text)
        if self._context.settings.log_level == "debug":
            for title, lines in exchange_blocks(exchanged):
                self._context.console.block(f"{name}: {title}" if name else title, lines)


def _emptied(heard: list[tuple[Request, Answer] | str]) -> Iterator[tuple[Request, Answer] | str]:
    while heard:
        yield heard.pop(0)


def _none_of_its(site: Site, left: Sequence[Record]) -> str:
    """Why nothing is sent to a site that takes some projects only; empty when something is."""
    projects = one_line(", ".join(site.projects), 200)
    return f"no issue is of the site's projects ({projects})." if projects and not left else ""


def dial_ahead(context: Context, environments: Sequence[str], state: str | None = None) -> Delivery:
    """A line that is being dialled already when there will be something to say.

    Where the settings name the site, and the file no others, not even the file is waited for; whether it filters the
    keys by project is known only later, so a run whose keys are all of other projects has dialled in vain.

    Args:
        environments: what was deployed to; none for a build.
        state: Jira's word; what the settings or the CI say by default.

    Raises:
        UsageError: a setting is missing or invalid.
    """
    delivery, given = Delivery(context), context.given
    alone = is_alone(context)
    settings = given if alone else context.settings
    if not will_speak(context, settings, environments, state):
        return delivery
    for site in (Site(DEFAULT, given),) if alone else delivery.sites:
        if not site.projects or has_keys(context.run, settings, site.projects):
            delivery.dial(site)
    return delivery
