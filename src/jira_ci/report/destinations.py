"""The Jira sites that a run reports to: their names, and with which settings each is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from jira_ci import credentials
from jira_ci.configuration.config import Connection
from jira_ci.context import Context
from jira_ci.errors import UsageError, nearest
from jira_ci.jira.ask import Edition
from jira_ci.jira.associations import is_shown, keys_of, with_keys
from jira_ci.jira.records import Record
from jira_ci.report import connection
from jira_ci.settings import Settings
from jira_ci.text import one_line

DEFAULT = "default"


@dataclass(frozen=True)
class Destination:
    """One site."""

    name: str
    """As in the file; ``default`` is the site under ``jira``, or that of the settings."""
    settings: Settings
    word: str = ""
    """What its variables have in their names; empty for the default's."""
    projects: tuple[str, ...] = ()
    """Only issues of these are reported there; empty where all are."""

    def takes(self, key: str) -> bool:
        """Whether this issue is reported there."""
        project = key.rpartition("-")[0].upper()
        return not self.projects or any(one.upper() == project for one in self.projects)

    def own(self, records: Sequence[Record]) -> list[Record]:
        """The records with the issues of its projects; those of which nothing is left to be shown on are left out."""
        if not self.projects:
            return list(records)
        kept = [with_keys(record, [key for key in keys_of(record) if self.takes(key)]) for record in records]
        return [record for record in kept if is_shown(record)]

    @property
    def edition(self) -> Edition | None:
        """``cloud`` or ``data-center``; ``None`` when only the site can tell."""
        return connection.edition(self.settings)

    @property
    def fault(self) -> UsageError | None:
        """What is missing or cannot be meant about it, as far as it can be seen without asking anybody."""
        missing = connection.missing_credentials(self.settings)
        if missing:
            return connection.incomplete(self.settings, missing, self.word)
        try:
            if self.edition == "cloud":
                connection.target(self.settings)
            else:
                connection.need_site(connection.access(self.settings))
            connection.prove(self.settings)
        except UsageError as error:
            return error
        return None


def destinations(context: Context) -> tuple[Destination, ...]:
    """The sites of the setting ``connection``, else of the file's ``report-to``, else the default one; each once.

    A named connection has nothing of the default's but what is about this machine and about Atlassian's gateway.

    Raises:
        UsageError: a name is not in the file, or a setting or the file cannot be meant.
    """
    settings, config = context.settings, context.config
    names = settings.connection or (config.report_to if config else (DEFAULT,))
    known = config.connections if config else {}
    stranger = next((name for name in names if name not in known and name != DEFAULT), "")
    if stranger:
        origin = settings.origins.get("connection", "report-to")
        place = f"the connections in {config.name}" if config else f"in a file: there is no {one_line(settings.config)}"
        words = [DEFAULT, *known]
        raise UsageError(
            f"connection ({origin}) names {one_line(stranger, 80)!r}, which is not {place}.",
            nearest(stranger, words) or f"Known: {one_line(', '.join(words), 500)}.",
        )
    return tuple(
        Destination(DEFAULT, settings) if name == DEFAULT else _named(context, name, known[name])
        for name in dict.fromkeys(names)
    )


def _named(context: Context, name: str, found: Connection) -> Destination:
    own = credentials.of_connection(context.edges.environ, found.credentials)
    settings = dataclasses.replace(
        context.settings,
        site=found.site,
        instance="",
        cloud_id="",
        jira_type="auto",
        client_id=own.client_id,
        client_secret=own.client_secret,
        user=own.user,
        token=own.token,
        headers=own.headers,
    )
    return Destination(name, settings, found.credentials, found.projects)
