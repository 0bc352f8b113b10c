"""The Jira sites that a run reports to: their names, and with which settings and credentials each is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from jira_ci import credentials
from jira_ci.config.model import Connection
from jira_ci.context import Context
from jira_ci.credentials import variable
from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass, replace
from jira_ci.http import Client, Observer
from jira_ci.jira.access import Access, base_url, cloud_id, site_url
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.identity import is_shown, keys_of, with_keys
from jira_ci.jira.records import Record
from jira_ci.run import Run
from jira_ci.settings import Settings
from jira_ci.text import one_line

DEFAULT = "default"
TYPES: Mapping[str, Literal["cloud", "data-center"]] = {"cloud": "cloud", "data-center": "data-center"}
_OF_CLOUD = ("client-id", "client-secret")
_HEADER = r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*:[ \t]*([\x20-\x7e]*)"
# What leads a request to somebody else, says where a message ends or what becomes of it, or is a credential. "_" counts
# as "-": behind many a proxy they are the same (https://www.rfc-editor.org/rfc/rfc9112, sections 6 and 9; RFC 9110, 7).
_NOT_EXTRA = (
    r"host|content-.*|transfer-encoding|connection|keep-alive|proxy-.*|expect|upgrade|http2-settings|te|trailer"
    r"|authorization|accept-encoding|range|if-.*"
    r"|forwarded|x-forwarded-(host|server)|x-original-(host|url)|x-rewrite-url|x-(http-)?method(-override)?"
)


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
        return edition(self.settings)

    def withheld(self, run: Run) -> str:
        """Why nothing can be sent there through nobody's fault, as a sentence; empty when it can, or should be."""
        if self.unnamed and missing_credentials(self.settings):
            return self.unnamed
        return withheld(self.settings, run)

    def unverifiable(self, run: Run) -> UsageError | None:
        """The error for keys that are to be verified without a token; ``None`` where they are not, or it may miss."""
        return None if self.unnamed else unverifiable(self.settings, run, self.word)

    @property
    def fault(self) -> UsageError | None:
        """What is missing or invalid in it, as far as it can be seen without asking anybody."""
        missing = missing_credentials(self.settings)
        if missing:
            return incomplete(self.settings, missing, self.word)
        try:
            if self.edition == "cloud":
                cloud_access(self.settings)
            else:
                need_site(access(self.settings))
            headers_of(self.settings.headers)
            bundle(self.settings.ca_bundle)
        except UsageError as error:
            return error
        return None


def sites(context: Context, names: Sequence[str] = ()) -> tuple[Site, ...]:
    """The sites of these names, else of the setting ``connection``, else of the file's ``report-to``, else the default
    one; each once.

    A named connection has nothing of the default's but what is about this machine and about Atlassian's gateway. A site
    that only the work tree's file names has neither token nor headers: they would go there.

    Raises:
        UsageError: a name is not in the file, or a setting or the file is invalid.
    """
    settings, config = context.settings, context.config
    names = names or settings.connection or (config.report_to if config else (DEFAULT,))
    known = config.connections if config else {}
    unknown = next((name for name in names if name not in known and name != DEFAULT), "")
    if unknown:
        origin = settings.origins.get("connection", "report-to")
        place = f"the connections in {config.name}" if config else f"in a file: there is no {one_line(settings.config)}"
        words = [DEFAULT, *known]
        raise UsageError(
            f"connection ({origin}) names {one_line(unknown, 80)!r}, which is not {place}.",
            nearest(unknown, words) or f"Known: {one_line(', '.join(words), 500)}.",
        )
    found = [
        Site(DEFAULT, settings) if name == DEFAULT else _named(context, name, known[name])
        for name in dict.fromkeys(names)
    ]
    return tuple(_guarded(context, found))


def site_after(context: Context, connection: str, word: str) -> Site:
    """The site where something follows a deployment, with an account of its own where a word names one.

    Args:
        connection: the file's name of it; ``default`` is the site under ``jira``, or that of the settings.
        word: of the account's variables; empty for the connection's own credentials.

    Raises:
        UsageError: a setting is invalid.
    """
    settings, config = context.settings, context.config
    site = Site(DEFAULT, settings)
    if connection != DEFAULT and config is not None:
        site = _named(context, connection, config.connections[connection])
    if word:
        own = credentials.of_connection(site.settings, context.edges.environ, word)
        site = replace(site, settings=own, word=word)
    said = context.given.origins
    if connection == DEFAULT and ("site" in said or "instance" in said):
        return site  # whoever set the site's address meant it for the account, too
    return next(_guarded(context, [site]))


def _named(context: Context, name: str, found: Connection) -> Site:
    own = credentials.of_connection(context.settings, context.edges.environ, found.credentials)
    settings = replace(own, site=found.site, instance="", cloud_id="", jira_type="auto")
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
        bare = replace(one.settings, user="", token="", headers=())
        yield replace(one, settings=bare, unnamed=why) if why else one


def _of_the_file(context: Context, site: Site) -> tuple[str, str] | None:
    """The address, and the word of the credentials, where the file says that something secret is sent there."""
    own, said = site.settings, context.given.origins
    if not (own.token or own.headers) or (not site.word and ("site" in said or "instance" in said)):
        return None
    try:
        address = site_url(own.site, own.instance)
    except UsageError:  # it is the site's fault, and keeps it from being asked
        return None
    return (address, site.word) if address else None


def access(settings: Settings) -> Access:
    """The site and the credentials of these settings.

    Raises:
        UsageError: an address or the cloud id is invalid.
    """
    return Access(
        site_url(settings.site, settings.instance),
        base_url(settings.api_url, "api-url"),
        cloud_id(settings.cloud_id),
        TYPES.get(settings.jira_type, "auto"),
        settings.user,
        settings.token,
        settings.client_id,
        settings.client_secret,
    )


def edition(settings: Settings) -> Edition | None:
    """Which edition of Jira the settings mean; ``None`` when only the site can tell, or they are invalid."""
    try:
        return access(settings).edition
    except UsageError:
        return None


def missing_credentials(settings: Settings) -> list[str]:
    """The names of the credentials that reporting needs and nobody set.

    Builds and deployments go to Jira Cloud with OAuth client credentials, to Data Center with a token; a token for a
    site that may be either is enough to ask.
    """
    found = edition(settings)
    if found == "data-center" or (found is None and settings.token):
        return [] if settings.token else ["token"]
    return missing_client(settings)


def missing_client(settings: Settings) -> list[str]:
    """The names of the client credentials that nobody set."""
    return [name for name in _OF_CLOUD if not getattr(settings, name.replace("-", "_"))]


def incomplete(settings: Settings, missing: Sequence[str], word: str = "") -> UsageError:
    """The error for credentials that nobody set, with how to get them and how to pass them.

    Args:
        missing: their names.
        word: of the connection's variables.
    """
    personal = f"a personal access token as {variable('token', word)}"
    if missing == ["token"]:
        hint = f"Make a token in your profile in Jira Data Center, and pass {personal}"
    else:
        variables = " and ".join(variable(name, word) for name in missing)
        hint = (
            f"Create OAuth credentials in the Jira site's settings under Marketplace apps, and pass them as {variables}"
        )
        hint += f"; for Jira Data Center pass {personal}" if edition(settings) is None else ""
    return UsageError(f"{_are(missing)} not set.", f"{hint}.")


def withheld(settings: Settings, run: Run) -> str:
    """Why this run has no credentials through nobody's fault, as a sentence; empty when it has them or should have."""
    missing = missing_credentials(settings)
    if not missing or not run.secrets_withheld:
        return ""
    return f"{_are(missing)} not there: {one_line(run.secrets_withheld)} gets no secrets."


def unverifiable(settings: Settings, run: Run, word: str = "") -> UsageError | None:
    """The error for keys that are to be verified without a token; ``None`` where they are not, or it may be missing."""
    if not settings.verify_keys or settings.token or run.secrets_withheld:
        return None
    both = f"{variable('user', word)} and {variable('token', word)}"
    return UsageError(
        "verify-keys is true, but there is no token to ask Jira about the issues with.",
        f"Set user and token (as {both}), or token alone for Jira Data Center.",
    )


def cloud_access(settings: Settings) -> Access:
    """The site and the credentials of builds and deployments on Jira Cloud.

    Raises:
        UsageError: a credential or an address is missing or invalid, or the site is no Cloud site.
    """
    where = access(settings)
    if where.edition == "data-center":
        raise UsageError(
            "jira-type says that the site is Jira Data Center, which has no API for builds and deployments.",
            "Report to Jira Data Center with report, build, deployment or deploy: they make remote links there.",
        )
    missing = missing_client(settings)
    if missing:
        raise incomplete(settings, missing)
    if not where.cloud:
        need_site(where)
    return where


def need_site(where: Access) -> None:
    """Does nothing when there is a site to ask.

    Raises:
        UsageError: nobody named one.
    """
    if not where.site:
        raise UsageError("site is not set.", "Name your Jira site: site: acme.atlassian.net (or JIRA_CI_SITE).")


def open_client(context: Context, settings: Settings, observe: Observer | None = None) -> Client:
    """A session for Jira.

    Raises:
        UsageError: ``headers`` or ``ca-bundle`` is invalid.
    """
    return Client(
        context.deadline,
        ca_bundle=bundle(settings.ca_bundle),
        site_headers=headers_of(settings.headers),
        observe=observe,
        now=context.edges.clock,
        preconnected=context.preconnected,
    )


def headers_of(lines: Sequence[str]) -> dict[str, str]:
    """The extra headers.

    Raises:
        UsageError: a line is no header, or one that leads a request elsewhere.
    """
    headers = {}
    for number, line in enumerate(lines, 1):
        match = re.fullmatch(_HEADER, line)
        if not match:  # nothing of it is shown: a secret may stand anywhere in it
            raise UsageError(
                f"Line {number} of headers is no header.", "Write each on a line of its own, as Name: value."
            )
        if re.fullmatch(_NOT_EXTRA, match[1].lower().replace("_", "-")):
            raise UsageError(
                f"Line {number} of headers sets {match[1]}, which belongs to jira-ci.",
                "Take it out: site says where requests go, user and token (or client-id and client-secret) who asks.",
            )
        headers[match[1]] = match[2].strip()
    return headers


def bundle(path: str) -> str:
    """The file of certificate authorities; empty without one.

    Raises:
        UsageError: there is no such file.
    """
    if path and not Path(path).is_file():
        raise UsageError(f"ca-bundle is {one_line(path, 200)!r}, and no such file can be read.", "Name a PEM file.")
    return path


def _are(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
