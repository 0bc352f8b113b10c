"""One question to a Jira site, before anybody decided at which address and with which credential it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

Edition = Literal["cloud", "data-center"]

# Approvals are experimental on Data Center, and refused without this header:
# https://docs.atlassian.com/jira-servicedesk/REST/latest/#experimental-methods
_EXPERIMENTAL: Mapping[str, str] = {"X-ExperimentalApi": "opt-in"}


@dataclass(frozen=True)
class Ask:
    """A request relative to a site."""

    method: str
    path: str
    """``api/issue/7`` for the platform, whose version depends on the edition, or ``servicedeskapi/request``."""
    asks: str
    """What it is for, in words that fit behind *asked acme.atlassian.net to*."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    idempotent: bool = True
    bodiless: bool = False

    def address(self, base: str, edition: Edition) -> str:
        """The whole address; ``base`` has no slash at its end."""
        version = "3" if edition == "cloud" else "2"
        path = self.path.replace("api/", f"api/{version}/", 1) if self.path.startswith("api/") else self.path
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='*,')}" for name, value in self.query.items())
        return f"{base}/rest/{path}{'?' + query if query else ''}"

    def headers(self, edition: Edition) -> Mapping[str, str]:
        """What this question needs besides a credential."""
        return _EXPERIMENTAL if edition == "data-center" and self.path.startswith("servicedeskapi/") else {}


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
