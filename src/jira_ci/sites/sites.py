"""The Jira sites that a run reports to: their names, and with which settings each is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jira_ci.config.model import Connection
from jira_ci.context import Context
from jira_ci.errors import UsageError, nearest
from jira_ci.jira import addresses
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.records import Record, is_shown, keys_of, with_keys
from jira_ci.run import Run
from jira_ci.settings import Settings
from jira_ci.sites import connection, credentials
from jira_ci.text import one_line

DEFAULT = "default"


@dataclass(frozen=True)
class Site:
    """One site."""

    name: str
    """As in the file; ``default`` is the site under ``jira``, or that of the settings."""
    settings: Settings
    word: str = ""
    """What its variables have in their names; empty for the default's."""
    unnamed: str = ""
    """Why its token and headers were left out of the settings, as a sentence; empty when they were not."""
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

    def withheld(self, run: Run) -> str:
        """Why nothing can be sent there through nobody's fault, as a sentence; empty when it can, or should be."""
        if self.unnamed and connection.missing_credentials(self.settings):
            return self.unnamed
        return connection.withheld(self.settings, run)

    def unverifiable(self, run: Run) -> UsageError | None:
        """The error for keys that are to be verified without a token; ``None`` where they are not, or it may miss."""
        return None if self.unnamed else connection.unverifiable(self.settings, run, self.word)

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


def sites(context: Context) -> tuple[Site, ...]:
    """The sites of the setting ``connection``, else of the file's ``report-to``, else the default one; each once.

    A named connection has nothing of the default's but what is about this machine and about Atlassian's gateway. A site
    that only the work tree's file names has neither token nor headers: they would go there.

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
    found = [
        Site(DEFAULT, settings) if name == DEFAULT else _named(context, name, known[name])
        for name in dict.fromkeys(names)
    ]
    return tuple(_guarded(context, found))


def _named(context: Context, name: str, found: Connection) -> Site:
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
    return Site(name, settings, found.credentials, projects=found.projects)


def _guarded(context: Context, found: Sequence[Site]) -> Iterator[Site]:
    places = {one.name: place for one in found if (place := _of_the_file(context, one))}
    if not places:
        yield from found
        return
    from jira_ci.sites import trust

    unnamed = trust.unnamed(context, places.values())
    for one in found:
        why = unnamed.get(places[one.name], "") if one.name in places else ""
        bare = dataclasses.replace(one.settings, user="", token="", headers=())
        yield dataclasses.replace(one, settings=bare, unnamed=why) if why else one


def _of_the_file(context: Context, destination: Site) -> tuple[str, str] | None:
    """The address, and the word of the credentials, where the file says that something secret is sent there."""
    own, said = destination.settings, context.given.origins
    if not (own.token or own.headers) or (not destination.word and ("site" in said or "instance" in said)):
        return None
    try:
        site = addresses.site_url(own.site, own.instance)
    except UsageError:  # it is the destination's fault, and keeps it from being asked
        return None
    return (site, destination.word) if site else None
