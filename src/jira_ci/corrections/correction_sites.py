"""One Jira site, and what it is asked about records that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jira_ci import templates
from jira_ci.context import Context
from jira_ci.exchange import Answer, Request
from jira_ci.jira import stored
from jira_ci.jira.errors import expect
from jira_ci.jira.gateway import Gateway
from jira_ci.jira.records import Record
from jira_ci.jira.submit import Kind, Submission
from jira_ci.report import report_result
from jira_ci.run import Run
from jira_ci.sites import connection
from jira_ci.sites.sites import Site
from jira_ci.text import one_line


class CorrectionSite:
    """Asks one destination, prints what was asked, and remembers it.

    Args:
        several: whether there are others, so that its name is said.
    """

    def __init__(self, context: Context, destination: Site, *, several: bool) -> None:
        self.destination = destination
        self.name = destination.name if several else ""
        self.requests: list[dict[str, Any]] = []
        """Every exchange, for the JSON document."""
        self._context = context
        self._gateway: Gateway | None = None

    def says(self, sentence: str) -> str:
        """The sentence, with the site's name where there are several."""
        return f"{one_line(self.name, 80)}: {sentence}" if self.name else sentence

    def connect(self) -> None:
        """Fetches what every further question needs.

        Raises:
            JiraCiError: there is no connection to be had, or the site is no Cloud site.
        """
        if self.destination.fault:
            raise self.destination.fault
        self._gateway = connection.open_gateway(self._context, self.destination.settings, self.hear)
        self._gateway.connect()

    def close(self) -> None:
        """Hangs up."""
        if self._gateway is not None:
            self._gateway.close()

    def read(self, key: stored.Key) -> stored.Stored | None:
        """A record; None when there is none.

        Raises:
            JiraCiError: there was no usable answer.
        """
        return stored.read(key, *self._connected().ask(stored.reading(key)))

    def submit(self, kind: Kind, records: Sequence[Record], run: Run) -> Submission:
        """Sends records; see :func:`jira_ci.jira.submit.submit`.

        Raises:
            UsageError: ``property`` cannot be meant.
        """
        return self._connected().submit(kind, records, run, templates.given(self._context.settings))

    def delete(self, make: stored.Make) -> None:
        """Has something deleted, some time after the answer.

        Raises:
            JiraCiError: there was no usable answer.
        """
        request, answer = self._connected().ask(make)
        expect(request, answer, 202)

    def _connected(self) -> Gateway:
        assert self._gateway is not None, "connect comes first"  # noqa: S101 - our own mistake
        return self._gateway

    def hear(self, request: Request, answer: Answer) -> None:
        """Prints and remembers an exchange. Reads are printed with log-level debug only: there may be many."""
        named = {"connection": self.name} if self.name else {}
        self.requests.append({**named, **report_result.exchange_document(request, answer)})
        debug = self._context.settings.log_level == "debug"
        if debug or request.method != "GET":
            for title, lines in report_result.exchange_blocks([(request, answer)], debug=debug):
                self._context.console.block(self.says(title), lines)
