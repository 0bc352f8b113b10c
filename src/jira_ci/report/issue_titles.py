"""Issues with their titles, as a reader of the log, the summary or the document sees them. Every text is inert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jira_ci.context import Context
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.issues import IssueSummary, IssueTitles
from jira_ci.output.page import Link
from jira_ci.report.report_result import SiteResult
from jira_ci.report.summary import Column
from jira_ci.settings import Settings
from jira_ci.sites.sites import Site
from jira_ci.text import one_line
from jira_ci.timing import Call, Deadline, Late

if TYPE_CHECKING:
    from jira_ci.report.deliver import Delivery

_LINES = 20
_CELL = 200


def lines(keys: Sequence[str], cards: Mapping[str, IssueSummary]) -> Iterator[str]:
    """One line for each issue that Jira showed, for the log: ``WEB-12 Pay by card (In Progress, Ana)``."""
    known = [key for key in keys if key in cards]
    for key in known[:_LINES]:
        card = cards[key]
        name = key if moved_to(key, card) is None else f"{key}, now {card.key}"
        details = ", ".join(one_line(part, 100) for part in (card.status, card.assignee) if part)
        yield one_line(f"{name} {one_line(card.title, _CELL)}" + (f" ({details})" if details else ""))
    if len(known) > _LINES:
        yield f"… and {len(known) - _LINES} more issues."


def columns(cards: Mapping[str, IssueSummary]) -> list[Column]:
    """The columns of the summary's table; none when nothing is known."""
    if not cards:
        return []

    def cell(name: str) -> Column:
        return Column(name.title(), lambda key: (_cut(getattr(cards[key], name)),) if key in cards else ())

    return [cell("title"), cell("status"), cell("assignee")]


def moved(cards: Mapping[str, IssueSummary]) -> dict[str, Link]:
    """For each issue that was moved what it is called now."""
    return {key: Link(card.key, card.link) for key, card in cards.items() if moved_to(key, card) is not None}


def documents(keys: Sequence[str], cards: Mapping[str, IssueSummary]) -> list[dict[str, Any]]:
    """The part of the JSON document: the issues that Jira showed, under the keys that were reported."""
    return [_document(key, cards[key]) for key in keys if key in cards]


def moved_to(key: str, card: IssueSummary) -> str | None:
    """The key that an issue has now; ``None`` when it is the one that was asked for."""
    return card.key if card.key.upper() != key.upper() else None


def _document(key: str, card: IssueSummary) -> dict[str, Any]:
    now = moved_to(key, card)
    return {
        "key": key,
        **({"moved-to": now} if now is not None else {}),
        "title": card.title,
        "status": card.status,
        "status-category": card.category,
        "assignee": card.assignee,
        "type": card.type,
        "link": card.link,
    }


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else text[:_CELL] + "…"


_KEYS = 500  # as many as a record claims
_BESIDE = 3.0  # seconds that titles and the like are waited for once the report is through
_BEFORE = 10.0  # seconds that a report waits for its keys to be verified, and no more than half of all there are


class LookUps:
    """One report's questions about its issues, each site asked once.

    Args:
        known: by site, what was found out before; what is found out now is added.
    """

    def __init__(self, context: Context, delivery: Delivery, known: dict[str, IssueTitles]) -> None:
        self._context, self._delivery, self._found = context, delivery, known
        self._calls: dict[str, Call[IssueTitles]] = {}

    def verify(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """For each site that could be asked the keys that it does not show, said; those that were not verified stay."""
        for site in self._delivery.sites:
            self._begin(site, keys)
        self._wait(min(_BEFORE, self._context.deadline.remaining() / 2))
        for site in self._delivery.sites:
            self._say_verified(site)
        return {name: looked.missing for name, looked in self._found.items()}

    def begin(self, keys: Sequence[str]) -> None:
        """Asks those sites that have a connection and a credential for it, and does not wait. Data Center is asked on
        the connection of the report, when that has shown that the credential is good."""
        for site in self._delivery.sites:
            if site.edition == "cloud":
                self._begin(site, keys[:_KEYS])

    def finish(self, keys: Sequence[str], results: Sequence[SiteResult]) -> Mapping[str, IssueSummary]:
        """The issues by the keys that were asked for, of the first site that has each; waits a moment for them.

        Args:
            results: what became of the report; where it failed nothing more is asked.
        """
        for result in results:
            if result.submission.error is None and not self._context.deadline.hurried:
                unknown = frozenset(result.submission.unknown_keys)
                self._at_last(result.site, [key for key in keys if key not in unknown][:_KEYS])
        awaited = list(self._calls)
        self._wait(0.0 if self._context.deadline.hurried else _BESIDE)
        for name in awaited:
            error = self._found[name].error
            if error is not None:
                reason = f"{self._prefix(name)}Titles and status of the issues are not shown: {error.message}"
                self._context.console.say(reason)
        found = [self._found[one.name].cards for one in self._delivery.sites if one.name in self._found]
        return {key: card for cards in reversed(found) for key, card in cards.items()}

    def _at_last(self, site: Site, keys: Sequence[str]) -> None:
        """Asks a site that was not asked before, if another one did not take all of the time."""
        if self._context.deadline.remaining():
            self._begin(site, keys)
        elif self._is_open(site, keys):
            prefix = self._prefix(site.name)
            self._context.console.say(f"{prefix}Titles and status of the issues are not shown: no time was left.")

    def _is_open(self, site: Site, keys: Sequence[str]) -> bool:
        """Whether there is a question for this site that it was not asked yet, and a credential to ask with."""
        asked = site.name in self._found or site.name in self._calls
        return not asked and bool(keys and site.settings.token) and self._delivery.unsent(site) is None

    def _begin(self, site: Site, keys: Sequence[str]) -> None:
        name, keys = site.name, [key for key in keys if site.takes(key)]
        if not self._is_open(site, keys):
            return
        session = self._delivery.session(site)
        session.dial()
        self._calls[name] = Call(lambda: session.look_up(keys))

    def _wait(self, seconds: float) -> None:
        until = Deadline(seconds, whole=self._context.deadline)
        for name, call in self._calls.items():
            self._found[name] = _result(call, until)
        for site in self._delivery.sites:
            if site.name in self._calls:
                self._delivery.show(site)
        self._calls = {}

    def _say_verified(self, site: Site) -> None:
        console, prefix, looked = (self._context.console, self._prefix(site.name), self._found.get(site.name))
        if looked is None:
            if site.unnamed:
                console.say(f"{prefix}The keys are not verified: {site.unnamed}")
            elif not site.settings.token and self._context.run.secrets_withheld:
                console.say(f"{prefix}The keys are not verified: this run gets no secrets.")
            return
        if looked.missing:
            whom = account(site.settings)
            console.say(f"{prefix}Issues that Jira does not show to {whom}: {', '.join(looked.missing)}")
        if looked.error is not None:
            console.notice("warning", f"{prefix}Keys are reported unverified: {looked.error}")

    def _prefix(self, name: str) -> str:
        return f"{name}: " if self._delivery.several else ""


def account(settings: Settings) -> str:
    """Who asks, without an e-mail address."""
    name, _, domain = one_line(settings.user, 100).partition("@")
    return f"{name}@…" if domain else name or "the account of token"


def _result(call: Call[IssueTitles], until: Deadline) -> IssueTitles:
    try:
        return call.result(until)
    except Late:
        return IssueTitles(error=NetworkError("Jira did not answer in time.", "Look whether the site is slow or down."))
    except Exception as error:  # noqa: BLE001 - our own mistake about a title keeps no report from arriving
        return IssueTitles(error=JiraCiError(f"This is a bug in jira-ci: {type(error).__name__}: {error}."))
