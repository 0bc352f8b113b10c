"""Secrets, masked in every form in which they could reach a log, an error, an output or a dry run."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4  # a shorter text would blacken half of every log, and is no secret


class Masker:
    """Replaces the secrets it knows, in all their forms, by ``***``."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Learns one more secret, such as an access token that just arrived."""
        self._forms |= {form for form in _forms(secret) if len(form) >= _SHORTEST}
        if self._forms:
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def document(self, value: Any) -> Any:
        """The same for every text in a JSON document, keys included."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(str(name)): self.document(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.document(part) for part in value]
        return value


def _forms(secret: str) -> set[str]:
    """As it is, line by line, as JSON, percent-encoded, and Base64 wherever it stands in the encoded text."""
    parts = {secret, secret.strip(), *(line.strip() for line in secret.splitlines())}
    return {form for part in parts if len(part) >= _SHORTEST for form in _encoded(part)}


def _encoded(text: str) -> set[str]:
    percent = {quote(text, safe=""), quote(text), quote_plus(text)}
    percent |= {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    escaped = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    return {text, *percent, *escaped, *_base64(text.encode("utf-8", "surrogateescape"))}


def _base64(data: bytes) -> set[str]:
    """Base64 of the data at each of the three places it can have in a longer text ("user:secret"), in both alphabets,
    without the characters at the edges that neighbours share."""
    forms = set()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        forms.add(text[first:last])
    return forms | {form.translate(str.maketrans("+/", "-_")) for form in forms}
