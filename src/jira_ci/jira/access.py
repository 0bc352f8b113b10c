"""A site and the credentials for it: addresses as people write them, made exact, and how the site is asked then."""

from __future__ import annotations

import base64
import re
from typing import Literal
from urllib.parse import urlsplit

from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, field
from jira_ci.jira.endpoints import Edition
from jira_ci.text import one_line


def base_url(text: str, setting: str) -> str:
    """An address as people write it, as ``https://host[:port][/path]`` without a trailing slash.

    Plain ``http`` is accepted for loopback addresses only, and credentials in an address never.

    Raises:
        UsageError: naming the setting.
    """
    url = text.strip() if "://" in text else f"https://{text.strip()}"
    if "@" in text:
        raise UsageError(
            f"{setting} holds a user name or password.", "Take it out; credentials have settings of their own."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    known = parts.scheme in ("https", "http") and re.fullmatch(r"[A-Za-z0-9.:_-]+", host)
    if not known or parts.query or re.match(r"[A-Za-z]+:/(?!/)", text.strip()):
        raise UsageError(
            f"{setting} is {one_line(text, 100)!r}, which is no address.", "Write it as https://acme.atlassian.net."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(f"{setting} is a plain http address.", "Use https; http is for loopback addresses only.")
    shown = f"[{host}]" if ":" in host else host
    # A page's address, as people copy it; Jira Cloud's own paths begin at the root of its host.
    path = "" if host.endswith(".atlassian.net") else parts.path.rstrip("/")
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path}"


def site_url(site: str, instance: str) -> str:
    """The Jira site's address from ``site`` or ``instance`` (the name before ``.atlassian.net``); empty without both.

    Raises:
        UsageError: neither can be an address, or they disagree.
    """
    if instance and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", instance):
        raise UsageError(
            f"instance is {one_line(instance, 100)!r}; it must be the name before .atlassian.net.",
            "For a full address use site.",
        )
    if site and "." not in site and "://" not in site and not site.startswith("localhost"):
        raise UsageError(
            f"site is {one_line(site, 100)!r}, which is no host name.", f"Did you mean {site}.atlassian.net?"
        )
    url = base_url(site, "site") if site else ""
    of_instance = f"https://{instance.lower()}.atlassian.net" if instance else ""
    if url and of_instance and url.lower() != of_instance:
        raise UsageError(f"site is {url} and instance means {of_instance}: they disagree.", "Give one of them.")
    return url or of_instance


def is_gateway_of(site: str, api: str) -> bool:
    """Whether an API address may answer for a site: Atlassian's, the site's own, or anything for a site on loopback.

    The gate needs to know: an address out of a variable must not be able to approve in the site's name.
    """
    there, here = (urlsplit(url).hostname or "" for url in (api, site))
    return there == here or there.endswith(".atlassian.com") or is_loopback(here)


def cloud_id(text: str) -> str:
    """A cloud id that can stand in a path.

    Raises:
        UsageError: it is not made of hexadecimal digits, letters and hyphens.
    """
    if text and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", text):
        raise UsageError(
            f"cloud-id is {one_line(text, 100)!r}, which is no cloud id.",
            "It looks like 11223344-a1b2-3b33-c444-def123456789; left out, the site is asked for it.",
        )
    return text


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Kind = Literal["basic", "bearer", "oauth", ""]


_GATEWAY = "https://api.atlassian.com"
# Service accounts get their tokens from another host than the clients of builds and deployments:
# https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/
_SERVICE_ACCOUNTS = "https://auth.atlassian.com"


@dataclass(frozen=True)
class Access:
    """A site and the credentials for it. Addresses have no slash at their end; what nobody set is empty."""

    site: str
    api: str = _GATEWAY
    cloud: str = ""
    """The cloud id, or empty: then the site is asked when it is needed."""
    jira_type: Literal["auto", "cloud", "data-center"] = "auto"
    user: str = ""
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    def kind(self) -> Kind:
        """How to ask: ``user`` and ``token`` before the OAuth client, which may be there for reporting only.

        Data Center takes a personal access token as a bearer and never as a password, so that a token that has a user
        is a password there (https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html).
        """
        if self.token:
            return "basic" if self.user else "bearer"
        return "oauth" if self.client_id and self.client_secret else ""

    @property
    def edition(self) -> Edition | None:
        """Which edition the settings mean; ``None`` when only the site can tell."""
        if self.jira_type != "auto":
            return self.jira_type
        host = (urlsplit(self.site).hostname or "").lower()
        known = self.client_id or self.client_secret or self.cloud or host.endswith(".atlassian.net")
        return "cloud" if known else None

    @property
    def likely(self) -> Edition | None:
        """Which edition is worth a try before the site is asked what it is: Cloud knows people by their e-mail address,
        and only Data Center takes a token alone."""
        if not self.user:
            return "data-center"
        return "cloud" if "@" in self.user else None

    @property
    def basic(self) -> str:
        """What stands behind *Basic*."""
        return base64.b64encode(f"{self.user}:{self.token}".encode()).decode()

    @property
    def token_host(self) -> str:
        """Where the OAuth client gets its token."""
        return _SERVICE_ACCOUNTS if self.api == _GATEWAY else self.api


@dataclass(frozen=True)
class Route:
    """Where and how a site is asked."""

    base: str
    edition: Edition
    kind: Kind
    site: bool
    """Whether this is the site's own address, and not Atlassian's gateway."""
