"""One Jira site, and what it is asked about records that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jira_ci import templates
from jira_ci.context import Context
from jira_ci.exchange import Answer, Request, exchange_blocks, exchange_document
from jira_ci.jira import stored
from jira_ci.jira.endpoints import Make
from jira_ci.jira.records import Record
from jira_ci.jira.status_errors import expect
from jira_ci.jira.submit import Kind, Submission, bulk, submit
from jira_ci.run import Run
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import Site
from jira_ci.text import one_line


class CorrectionSite:
    """Asks one site, prints what was asked, and remembers it.

    Args:
        several: whether there are others, so that its name is said.
    """

    def __init__(self, context: Context, site: Site, *, several: bool) -> None:
        self.site = site
        self.name = site.name if several else ""
        self.requests: list[dict[str, Any]] = []
        """Every exchange, for the JSON document."""
        self._context = context
        self.session = SiteSession(
            context, site, hear=self.hear, warn=lambda text: context.console.notice("warning", text)
        )

    def says(self, sentence: str) -> str:
        """The sentence, with the site's name where there are several."""
        return f"{one_line(self.name, 80)}: {sentence}" if self.name else sentence

    def connect(self) -> None:
        """Fetches what every further question needs.

        Raises:
            JiraCiError: there is no connection to be had, or the site is no Cloud site.
        """
        if self.site.fault:
            raise self.site.fault
        self.session.cloud().prepare()

    def close(self) -> None:
        """Hangs up."""
        self.session.close()

    def read(self, key: stored.Key) -> stored.Stored | None:
        """A record; None when there is none.

        Raises:
            JiraCiError: there was no usable answer.
        """
        return stored.read(key, *self.session.cloud().ask(stored.reading(key)))

    def submit(self, kind: Kind, records: Sequence[Record], run: Run) -> Submission:
        """Sends records; see :func:`jira_ci.jira.submit.submit`.

        Raises:
            UsageError: ``property`` is invalid.
        """
        make = bulk(kind, run, templates.given(self._context.settings))
        return submit(kind, records, make, self.session.cloud().ask)

    def delete(self, make: Make) -> None:
        """Has something deleted, some time after the answer.

        Raises:
            JiraCiError: there was no usable answer.
        """
        request, answer = self.session.cloud().ask(make)
        expect(request, answer, 202)

    def hear(self, request: Request, answer: Answer) -> None:
        """Remembers an exchange, and prints it with log-level debug."""
        named = {"connection": self.name} if self.name else {}
        self.requests.append({**named, **exchange_document(request, answer)})
        if self._context.settings.log_level == "debug":
            for title, lines in exchange_blocks([(request, answer)]):
                self._context.console.block(self.says(title), lines)
