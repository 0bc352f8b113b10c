"""One HTTP request and one answer, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from jira_ci.frozen import dataclass, field
from jira_ci.text import named_once


@dataclass(frozen=True)
class Request:
    """One HTTP request, and what it is for in words that fit into a sentence."""

    method: str
    url: str
    asks: str
    """``take 2 deployments``: what the other side is asked to do."""
    body: Any = None
    """What is sent as JSON; ``None`` sends no body."""
    bearer: str = ""
    basic: str = ""
    """Base64 of ``user:token``, where a person or a service account asks in place of a bearer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What this one request needs besides, such as an opt-in to an experimental API."""
    idempotent: bool = True
    """Whether it may be sent again: what creates something is sent once, and looked for when no answer comes."""
    bodiless: bool = False
    """Whether a good answer may be empty: then its length has to say so."""
    site: bool = False
    """Whether it goes to the Jira site itself, the only host that sees the extra ``headers``."""
    secret: bool = False
    """Whether body and answer hold credentials, so that neither may be shown, not even masked: the masker does not know
    a token before the answer that brings it was read."""
    file: tuple[str, bytes] | None = None
    """A file to send as a form, by its name and content, in place of a body."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Header names in lower case."""
    body: bytes = b""
    attempts: int = 1
    """Which try brought it."""

    def json(self) -> Any:
        """The body as JSON, or ``None`` when it is none, or when an object has a name twice: readers differ in which of
        the two values they take (https://www.rfc-editor.org/rfc/rfc8259#section-4).
        """
        try:
            return json.loads(self.body, object_pairs_hook=named_once)
        except (ValueError, RecursionError):
            return None
