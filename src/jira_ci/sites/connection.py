"""From the settings to a gateway: where Jira is, with which credential, and whether there is one at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.http import Client, Observer
from jira_ci.jira import addresses
from jira_ci.jira.auth import Access
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.gateway import Gateway, Target
from jira_ci.run import Run
from jira_ci.settings import Settings
from jira_ci.sites.credentials import variable
from jira_ci.text import one_line

_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*:[ \t]*([\x20-\x7e]*)")
# What leads a request to somebody else, says where a message ends or what becomes of it, or is a credential. "_" counts
# as "-": behind many a proxy they are the same (https://www.rfc-editor.org/rfc/rfc9112, sections 6 and 9; RFC 9110, 7).
_NOT_EXTRA = re.compile(
    r"host|content-.*|transfer-encoding|connection|keep-alive|proxy-.*|expect|upgrade|http2-settings|te|trailer"
    r"|authorization|accept-encoding|range|if-.*"
    r"|forwarded|x-forwarded-(host|server)|x-original-(host|url)|x-rewrite-url|x-(http-)?method(-override)?"
)
_TYPES: Mapping[str, Literal["cloud", "data-center"]] = {"cloud": "cloud", "data-center": "data-center"}
_OF_CLOUD = ("client-id", "client-secret")


def access(settings: Settings) -> Access:
    """The site and the credentials of these settings.

    Raises:
        UsageError: an address or the cloud id cannot be meant.
    """
    return Access(
        addresses.site_url(settings.site, settings.instance),
        addresses.base_url(settings.api_url, "api-url"),
        addresses.cloud_id(settings.cloud_id),
        _TYPES.get(settings.jira_type, "auto"),
        settings.user,
        settings.token,
        settings.client_id,
        settings.client_secret,
    )


def edition(settings: Settings) -> Edition | None:
    """Which edition of Jira the settings mean; ``None`` when only the site can tell, or they cannot be meant."""
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
        hint = f"Create OAuth credentials in the Jira site's settings under Apps, and pass them as {variables}"
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


def target(settings: Settings) -> Target:
    """Where builds and deployments go on Jira Cloud.

    Raises:
        UsageError: a credential or an address is missing or cannot be meant, or the site is no Cloud site.
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
    return Target(where.site, where.api, where.cloud, where.client_id, where.client_secret)


def need_site(where: Access) -> None:
    """Does nothing when there is a site to ask.

    Raises:
        UsageError: nobody named one.
    """
    if not where.site:
        raise UsageError("site is not set.", "Name your Jira site: site: acme.atlassian.net (or JIRA_CI_SITE).")


def open_gateway(
    context: Context,
    settings: Settings,
    observe: Observer | None = None,
    warn: Callable[[str], None] | None = None,
) -> Gateway:
    """A gateway that is not connected yet.

    Args:
        warn: is told what the user should know; by default it is printed.

    Raises:
        UsageError: a setting is missing or cannot be meant.
    """
    console = context.console
    where = target(settings)
    return Gateway(
        open_client(context, settings, observe),
        where,
        keep_secret=console.mask.add,
        warn=warn or (lambda text: console.notice("warning", text)),
    )


def open_client(context: Context, settings: Settings, observe: Observer | None = None) -> Client:
    """A session for Jira.

    Raises:
        UsageError: ``headers`` or ``ca-bundle`` cannot be meant.
    """
    return Client(
        context.deadline,
        ca_bundle=_file(settings.ca_bundle),
        site_headers=_headers(settings.headers),
        observe=observe,
        now=context.edges.clock,
    )


def prove(settings: Settings) -> None:
    """Does nothing when a session can be had with these settings.

    Raises:
        UsageError: as :func:`open_client`.
    """
    _headers(settings.headers)
    _file(settings.ca_bundle)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    headers = {}
    for number, line in enumerate(lines, 1):
        match = _HEADER.fullmatch(line)
        if not match:  # nothing of it is shown: a secret may stand anywhere in it
            raise UsageError(
                f"Line {number} of headers is no header.", "Write each on a line of its own, as Name: value."
            )
        if _NOT_EXTRA.fullmatch(match[1].lower().replace("_", "-")):
            raise UsageError(
                f"Line {number} of headers sets {match[1]}, which belongs to jira-ci.",
                "Take it out: site says where requests go, user and token (or client-id and client-secret) who asks.",
            )
        headers[match[1]] = match[2].strip()
    return headers


def _file(path: str) -> str:
    if path and not Path(path).is_file():
        raise UsageError(f"ca-bundle is {one_line(path, 200)!r}, and no such file can be read.", "Name a PEM file.")
    return path


def _are(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
