"""The line to Jira: dialled before it is needed, so that the network works while the commits are read.

Only a run that will surely have something to say dials ahead: no request is made that might turn out needless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jira_ci import connection, findings
from jira_ci.context import Context
from jira_ci.deadline import Call, Late
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.bulk import Kind, Outcome
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.gateway import Gateway
from jira_ci.jira.records import Record


class Line:
    """One report's conversation with Jira, and the record of it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._dialled: tuple[Gateway, Call[None]] | None = None
        self._heard: list[tuple[Request, Answer]] = []
        self.requests: list[dict[str, Any]] = []
        """Every exchange, for the JSON document."""

    def dial(self) -> tuple[Gateway, Call[None]]:
        """Begins to connect, once, and does not wait for it.

        Raises:
            UsageError: a setting is missing or cannot be meant.
        """
        if self._dialled is None:
            gateway = connection.open_gateway(self._context, lambda *exchange: self._heard.append(exchange))
            self._dialled = gateway, Call(gateway.connect)
        return self._dialled

    def report(self, kind: Kind, records: Sequence[Record]) -> Outcome:
        """Sends the records; a connection that cannot be had is an outcome as well.

        Raises:
            UsageError: a setting is missing or cannot be meant.
        """
        gateway, connected = self.dial()
        try:
            connected.result(self._context.deadline)
            self._show()
            return gateway.submit(kind, records, self._context.run)
        except Late:
            return Outcome(error=NetworkError("Jira gave no access before the deadline.", "Raise timeout."))
        except JiraCiError as error:
            return Outcome(error=error)
        finally:
            self._show()
            gateway.close()

    def _show(self) -> None:
        """Prints what was heard so far; here and not when it is heard, so that no two threads print at once."""
        debug = self._context.settings.log_level == "debug"
        while self._heard:
            request, answer = self._heard.pop(0)
            self.requests.append(dict(findings.exchange_document(request, answer)))
            title = f"Asked {request.host} to {request.asks}: {answer.status}"
            self._context.console.block(title, findings.exchange_lines(request, answer, debug=debug))
