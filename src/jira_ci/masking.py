"""Secrets, masked in every form in which they could reach a log, an error, an output or a dry run."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from jira_ci.text import for_jira, markdown

MASK = "***"
_SHORTEST = 4  # a shorter text would blacken half of every log, and is no secret
_BEGINNING = 8
_ENDLESS = 1 << 30


class Masker:
    """Replaces the secrets it knows, in all their forms, by ``***``."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Learns one more secret, such as an access token that just arrived; two may arrive at once."""
        forms = {form for form in _forms(secret) if len(form) >= _SHORTEST}
        with self._lock:
            self._forms |= forms

    def __call__(self, text: str) -> str:
        """The text without the secrets. Where two overlap, both are gone completely."""
        shown, end = [], 0
        for start, stop in _merged(sorted(self._found(text))):
            shown += [text[end:start], MASK]
            end = stop
        return "".join([*shown, text[end:]])

    def document(self, value: Any) -> Any:
        """The same for every text in a JSON document, keys included."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(str(name)): self.document(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.document(part) for part in value]
        return value

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        for form in self._forms:
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + 1)
            yield from _cut_short(form, text)


def _cut_short(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a text that was shortened ends in the beginning of the form; fewer than eight characters could be any."""
    start = text.find(form[:_BEGINNING]) if len(form) > _BEGINNING else -1
    while start >= 0:
        stop = text.find("…", start, start + len(form))
        if stop >= 0 and form.startswith(text[start:stop]):
            yield start, stop
        start = text.find(form[:_BEGINNING], start + 1)


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Overlapping spans as one. Expects them sorted."""
    begun, end = -1, -1
    for start, stop in spans:
        if start >= end:
            if end >= 0:
                yield begun, end
            begun = start
        end = max(end, stop)
    if end >= 0:
        yield begun, end


def _forms(secret: str) -> set[str]:
    """As it is, line by line, as JSON, as markup, percent-encoded, and Base64 wherever it stands in a longer text."""
    parts = {secret, secret.strip(), *(line.strip() for line in secret.splitlines())}
    return {form for part in parts if len(part) >= _SHORTEST for form in _encoded(part)}


def _encoded(text: str) -> set[str]:
    data = _bytes(text)
    percent = {quote(data, safe=""), quote(data), quote_plus(data)}
    percent |= {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    escaped = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    escaped |= {form.replace("/", "\\/") for form in escaped}  # as some write JSON
    marked = {markdown(text, _ENDLESS), html.escape(text), for_jira(text, _ENDLESS)}
    return {text, *percent, *escaped, *marked, *_base64(data)}


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # an environment variable's bytes, whatever they are
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _base64(data: bytes) -> set[str]:
    """Base64 of the data alone, and at each of the three places it can have in a longer text ("user:secret"), without
    the characters at the edges that neighbours share; in both alphabets."""
    alone = base64.b64encode(data).decode()
    forms = {alone, alone.rstrip("=")}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data).decode()
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        forms.add(text[first:last])
    return forms | {form.translate(str.maketrans("+/", "-_")) for form in forms}
