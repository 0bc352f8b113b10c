"""Who may do what: OAuth clients with their tokens, and people with API tokens."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import Literal

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - there is nothing behind it
USER = "release@example.com"
TOKEN = "sandbox-api-token"  # noqa: S105 - likewise
SCOPED_TOKEN = "sandbox-scoped-token"  # noqa: S105 - likewise
SCOPES = frozenset(
    f"{verb}:{noun}-info:jira" for verb in ("read", "write", "delete") for noun in ("build", "deployment")
)


class Credentials:
    """The site's one OAuth client and one person, who has an API token and one with scopes.

    Attributes:
        lifetime: how long an access token is good, in seconds; may be changed.
        scopes: what access tokens given from now on may do.
    """

    def __init__(
        self,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        user: str = USER,
        token: str = TOKEN,
        scoped_token: str = SCOPED_TOKEN,
        *,
        lifetime: float = 3600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client_id, self.client_secret = client_id, client_secret
        self.user, self.token, self.scoped_token = user, token, scoped_token
        self.lifetime = lifetime
        self.scopes = SCOPES
        self._clock = clock
        self._given: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def grant(self, client_id: str, client_secret: str) -> str | None:
        """A new access token, or None when id or secret is wrong."""
        if not _same(client_id, self.client_id) or not _same(client_secret, self.client_secret):
            return None
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._given[token] = (self._clock() + self.lifetime, self.scopes)
        return token

    def scopes_of(self, token: str) -> frozenset[str] | None:
        """What the access token may do; None when it was never given, is expired or revoked."""
        with self._lock:
            end, scopes = self._given.get(token, (0.0, frozenset()))
            return scopes if token in self._given and self._clock() < end else None

    def revoke(self) -> None:
        """Forget every access token given so far."""
        with self._lock:
            self._given.clear()

    def person(self, basic: str) -> Literal["site", "scoped"] | None:
        """Which token a Basic header's value holds: one for the site's address or a scoped one; None when wrong."""
        try:
            user, _, token = base64.b64decode(basic, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        if not _same(user, self.user):
            return None
        if _same(token, self.token):
            return "site"
        return "scoped" if _same(token, self.scoped_token) else None

    def secrets(self) -> list[str]:
        """Everything that must not be shown."""
        with self._lock:
            return [self.client_secret, self.token, self.scoped_token, *self._given]


def _same(given: str, true: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), true.encode())
