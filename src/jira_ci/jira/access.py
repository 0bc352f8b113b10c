"""Who asks Jira about changes: the credentials there are, and where each kind of them is let in."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from jira_ci.jira.ask import Edition

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
