"""The line to Jira: dialled before it is needed, so that the network works while the commits are read.

Only a run that will have something to say dials ahead, so that hardly any request turns out needless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jira_ci.context import Context
from jira_ci.deadline import Call, Late
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.bulk import Kind, Outcome
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.gateway import Gateway
from jira_ci.jira.records import Record
from jira_ci.keys.issue_keys import Source, collect
from jira_ci.report import connection, states
from jira_ci.run import Run
from jira_ci.settings import Settings


class Line:
    """One report's conversation with Jira, and the record of it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._dialled: tuple[Gateway, Call[None]] | None = None
        self._heard: list[tuple[Request, Answer]] = []
        self.requests: list[dict[str, Any]] = []
        """Every exchange, for the JSON document."""

    def dial(self, settings: Settings) -> tuple[Gateway, Call[None]]:
        """Begins to connect, once, and does not wait for it.

        Raises:
            UsageError: a setting is missing or cannot be meant.
        """
        if self._dialled is None:
            gateway = connection.open_gateway(self._context, settings, lambda *exchange: self._heard.append(exchange))
            self._dialled = gateway, Call(gateway.connect)
        return self._dialled

    def close(self) -> None:
        """Hangs up; a line that was dialled for nothing asks nothing more."""
        if self._dialled is not None:
            self._dialled[0].close()

    def report(self, kind: Kind, records: Sequence[Record]) -> Outcome:
        """Sends the records; a connection that cannot be had is an outcome as well.

        Raises:
            UsageError: a setting is missing or cannot be meant.
        """
        gateway, connected = self.dial(self._context.settings)
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

    def _show(self) -> None:
        """Prints what was heard so far; here and not when it is heard, so that no two threads print at once."""
        from jira_ci.report import findings

        debug = self._context.settings.log_level == "debug"
        while self._heard:
            request, answer = self._heard.pop(0)
            self.requests.append(dict(findings.exchange_document(request, answer)))
            title = f"Asked {request.host} to {request.asks}: {answer.status}"
            self._context.console.block(title, findings.exchange_lines(request, answer, debug=debug))


def dial_ahead(context: Context) -> Line:
    """A line that is being dialled already when there will be something to say.

    Where the settings name the site, not even the file is waited for; whether it filters the keys by project is known
    only later, so a run whose keys are all of other projects has dialled in vain.

    Raises:
        UsageError: a setting is missing or cannot be meant.
    """
    line, given = Line(context), context.given
    settings = given if given.site or given.instance or given.cloud_id else context.settings
    silent = settings.dry_run or connection.missing_credentials(settings)
    if not silent and _has_keys(context.run, settings) and _has_ended_or_begun(context.run, settings):
        line.dial(settings)
    return line


def _has_keys(run: Run, settings: Settings) -> bool:
    """Whether the texts that are at hand already, without git or a provider, hold a key."""
    pull = [Source("", run.pull_request.title), Source("", run.pull_request.branch, True)] if run.pull_request else []
    texts = [Source("", run.branch, True), *(Source("", message) for message in run.messages)]
    return bool(settings.issue_keys or collect([*pull, *texts], settings.projects, limit=1).keys)


def _has_ended_or_begun(run: Run, settings: Settings) -> bool:
    """Whether there is a state to report: not when everything was skipped."""
    return bool(states.reported(settings.state, run.state, build=False))
