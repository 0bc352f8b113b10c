"""From the settings to a gateway: where Jira is, with which credential, and whether there is one at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.jira import addresses
from jira_ci.jira.client import Client, Observer
from jira_ci.jira.gateway import Gateway, Target
from jira_ci.run import Run
from jira_ci.settings import Settings
from jira_ci.text import one_line

_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*([\x20-\x7e]*)")


def missing_credentials(settings: Settings) -> list[str]:
    """The names of the credentials that reporting needs and nobody set."""
    return [name for name in ("client-id", "client-secret") if not getattr(settings, name.replace("-", "_"))]


def withheld(settings: Settings, run: Run) -> str:
    """Why this run has no credentials through nobody's fault, as a sentence; empty when it has them or should have."""
    missing = missing_credentials(settings)
    if not missing or not run.secrets_withheld:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    return f"{' and '.join(missing)} {verb} not there: {one_line(run.secrets_withheld)} gets no secrets."


def target(settings: Settings) -> Target:
    """Where reports go.

    Raises:
        UsageError: a credential or an address is missing or cannot be meant.
    """
    missing = missing_credentials(settings)
    if missing:
        variables = " and ".join(f"JIRA_CI_{name.upper().replace('-', '_')}" for name in missing)
        raise UsageError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            f"Create OAuth credentials in the Jira site's settings under Apps, and pass them as {variables}.",
        )
    found = Target(
        addresses.site_url(settings.site, settings.instance),
        addresses.base_url(settings.api_url, "api-url"),
        addresses.cloud_id(settings.cloud_id),
        settings.client_id,
        settings.client_secret,
    )
    if not found.site and not found.cloud:
        raise UsageError("site is not set.", "Name your Jira site: site: acme.atlassian.net (or JIRA_CI_SITE).")
    return found


def open_gateway(context: Context, settings: Settings, observe: Observer | None = None) -> Gateway:
    """A gateway that is not connected yet.

    Raises:
        UsageError: a setting is missing or cannot be meant.
    """
    console = context.console
    where = target(settings)
    return Gateway(
        open_client(context, settings, observe),
        where,
        keep_secret=console.mask.add,
        warn=lambda text: console.notice("warning", text),
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


def _headers(lines: Sequence[str]) -> dict[str, str]:
    headers = {}
    for number, line in enumerate(lines, 1):
        match = _HEADER.fullmatch(line)
        if not match:  # nothing of it is shown: a secret may stand anywhere in it
            raise UsageError(
                f"Line {number} of headers is no header.", "Write each on a line of its own, as Name: value."
            )
        headers[match[1]] = match[2].strip()
    return headers


def _file(path: str) -> str:
    if path and not Path(path).is_file():
        raise UsageError(f"ca-bundle is {one_line(path, 200)!r}, and no such file can be read.", "Name a PEM file.")
    return path
