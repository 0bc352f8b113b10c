"""Secrets, masked in every form in which they could reach a log, an error, an output or a dry run."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from jira_ci.text import HYPERTEXT, for_jira, markdown

MASK = "***"
_SHORTEST = 4  # a shorter text would blacken half of every log, and is no secret
_BEGINNING = 8
_ENDLESS = 1 << 30
_HALF = re.compile(r"(?:\\(?:[uUxX][0-9A-Fa-f{]{0,8}|[0-7]{0,2})|%[0-9A-Fa-f]?|&#?[xX]?[0-9A-Za-z]{0,8})+$")
"""What a cut leaves of an escape, and of the one that was in it."""
_HALVES = 30  # characters
_DEEP = 4  # times that a text is unescaped: JSON in JSON, percent twice, and one more of each


class Masker:
    """Replaces the secrets it knows, in all their forms, by ``***``."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._plain: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Learns one more secret, such as an access token that just arrived; two may arrive at once."""
        forms = {form for form in _forms(secret) if len(form) >= _SHORTEST}
        plain = {form for form in _plain(secret) if len(form) >= _SHORTEST}
        with self._lock:
            self._forms |= forms
            self._plain |= plain

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
        may_be_cut = "…" in text
        for form in self._forms:  # dozens, of thousands of texts that hold none of them
            if form in text:
                yield from _places(form, text)
            if may_be_cut:
                yield from _cut_short(form, text)
        if not self._plain:
            return
        for view in _views(text):
            is_cut = "…" in view.text
            for form in self._plain:
                if len(form) < view.shortest:
                    continue
                if form in view.text:
                    yield from (view.original(*place) for place in _places(form, view.text))
                if is_cut:
                    yield from (view.original(*place) for place in _cut_short(form, view.text))


class _View:
    """A text read differently: parts of it replaced by what they mean, and known where each stood.

    Args:
        before: what was read; none for the text itself.
        parts: in ``before`` begin and end of each part, and what it means.
        shortest: what is looked for in it; shorter texts would be found by chance.
    """

    def __init__(
        self, text: str, before: _View | None = None, parts: Iterable[tuple[int, int, str]] = (), shortest: int = 0
    ) -> None:
        self._before, self.shortest = before, shortest
        self._new: list[int] = []
        self._old: list[tuple[int, int, int]] = []
        shown, end, length = [], 0, 0
        for start, stop, meant in parts:
            shown += [text[end:start], meant]
            length += start - end
            self._new.append(length)
            length += len(meant)
            self._old.append((length, start, stop))
            end = stop
        self.text = "".join([*shown, text[end:]]) if shown else text

    def original(self, start: int, stop: int) -> tuple[int, int]:
        """Where this place of the view is in the text that was read first; parts are taken whole."""
        if self._before is None:
            return start, stop
        return self._before.original(self._at(start)[0], self._at(stop - 1)[1])

    def _at(self, place: int) -> tuple[int, int]:
        """Begin and end, in what was read, of one character."""
        index = bisect_right(self._new, place) - 1
        if index < 0:
            return place, place + 1
        end, start, stop = self._old[index]
        if place < end:
            return start, stop
        return stop + place - end, stop + place - end + 1


def _views(text: str) -> Iterator[_View]:
    """The text unescaped, once and again, and each of these without line ends; and the text without its line ends
    unescaped, because a line may end within an escape. The same of what stands in it as Base64 or hex."""
    whole = _View(text)
    breaks = bool(_BREAK.search(text))
    for view in (whole, _joined(whole)) if breaks else (whole,):
        if view is whole or _may_escape(text):
            yield from _unescaped(view)
        decoded = [(*run.span(), meant) for run in _RUN.finditer(view.text) if (meant := _decoded(run[0]))]
        if decoded:
            inner = _View(view.text, view, decoded, view.shortest)
            yield inner
            yield from _unescaped(inner)


def _unescaped(view: _View) -> Iterator[_View]:
    for depth in range(_DEEP + 1):
        if depth:
            yield view
        if _BREAK.search(view.text):
            yield _joined(view)
        if depth == _DEEP or not _may_escape(view.text) or not _escape().search(view.text):
            return
        meant = ((*match.span(), _meaning(match)) for match in _escape().finditer(view.text))
        view = _View(view.text, view, meant, view.shortest)


def _joined(view: _View) -> _View:
    """Without its line ends."""
    breaks = ((match.start(), match.end(), "") for match in _BREAK.finditer(view.text))
    return _View(view.text, view, breaks, _BEGINNING)


def _may_escape(text: str) -> bool:
    return "%" in text or "\\" in text or "&" in text


@functools.cache  # compiling it takes longer than all else at a start, and most texts hold no such part
def _escape() -> re.Pattern[str]:
    # A run of percent signs is one part, because a character may take several; of backslashes, because a text may hold
    # nothing else. Then those of JSON, JavaScript and Python: \u0073 \x73 \U00000073 \u{73} \163 \n; and of HTML:
    # &#115; &#x73; &amp;
    return re.compile(
        r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)|(?P<slashes>(?:\\\\)+)"
        r"|\\(?:(?P<pair>[uU][dD][89abAB][0-9A-Fa-f]{2}\\[uU][dD][c-fC-F][0-9A-Fa-f]{2})|U(?P<long>[0-9A-Fa-f]{8})"
        r"|u\{0*(?P<braces>[0-9A-Fa-f]{1,6})\}|[uU](?P<four>[0-9A-Fa-f]{4})|[xX](?P<two>[0-9A-Fa-f]{2})"
        r"|(?P<octal>[0-3][0-7]{2})|(?P<one>[/\"'abfnrtv]))"
        r"|&(?:#0*(?P<decimal>[0-9]{1,7})|#[xX]0*(?P<hex>[0-9A-Fa-f]{1,6})|(?P<name>[A-Za-z][A-Za-z0-9]{1,31}(?=;)))"
        r"(?:;|(?![0-9A-Fa-fxu%\\]*…))"
    )


_RUN = re.compile(r"[A-Za-z0-9+/_-]{10,}={0,2}|[0-9A-Fa-f]{2}(?:[: -][0-9A-Fa-f]{2}){7,}")


def _decoded(run: str) -> str:
    """What Base64 or hex says, if that is text; what else looks like one of these, such as a commit's id, is not."""
    with contextlib.suppress(ValueError):
        return _text(bytes.fromhex(run.translate(_APART)))
    with contextlib.suppress(ValueError):
        bare = run.rstrip("=").translate(_USUAL)
        found = base64.b64decode(bare[: len(bare) - (len(bare) % 4 == 1)] + "=" * (-len(bare) % 4))
        return _text(found)
    return ""


def _text(data: bytes) -> str:
    text = data.decode() if data.isascii() else ""
    return text if text.translate(_LINES).isprintable() else ""


_LINES = str.maketrans("", "", "\r\n\t")
_APART = str.maketrans("", "", ": -")
_USUAL = str.maketrans("-_", "+/")
_ONE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BREAK = re.compile(r"[\r\n]\s*")


def _meaning(match: re.Match[str]) -> str:
    kind, found = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "percent":
        return bytes.fromhex(found.replace("%", "")).decode("utf-8", "surrogateescape")
    return found[: len(found) // 2] if kind == "slashes" else _character(kind, found)


@functools.lru_cache(maxsize=1024)
def _character(kind: str, found: str) -> str:
    if kind == "pair":
        return chr(0x10000 + ((int(found[1:5], 16) & 0x3FF) << 10) + (int(found[7:11], 16) & 0x3FF))
    if kind == "one":
        return _ONE.get(found, found)
    if kind == "name":
        import html

        return html.unescape(f"&{found};")
    number = int(found, {"decimal": 10, "octal": 8}.get(kind, 16))
    return chr(min(number, sys.maxunicode))


def _places(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the form is; places that overlap are one."""
    start = text.find(form)
    while start >= 0:
        begun, end = start, start + len(form)
        start = text.find(form, start + 1)
        while 0 <= start <= end:
            end = start + len(form)
            start = text.find(form, start + 1)
        yield begun, end


def _cut_short(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a text that was shortened ends in the beginning of the form, maybe within an escape; fewer than eight
    characters could be any."""
    start = text.find(form[:_BEGINNING]) if len(form) > _BEGINNING else -1
    while start >= 0:
        stop = text.find("…", start, start + len(form) + _HALVES)
        if stop >= 0 and form.startswith(_HALF.sub("", text[start:stop])):
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


def _plain(secret: str) -> set[str]:
    """What is looked for where a text is unescaped or joined: the secret, what is left when it is unescaped with the
    text around it, and the forms that hold nothing to unescape."""
    forms: set[str] = set()
    for part in {secret.strip(), *(line.strip() for line in secret.splitlines())}:
        if len(part) >= _SHORTEST:
            data = _bytes(part)
            forms |= {
                part,
                part.replace(" ", "+"),
                _BREAK.sub("", part),
                data.decode("latin-1"),
                *_hex(data),
                *_base64(data),
            }
            for _ in range(_DEEP):
                part = _escape().sub(_meaning, part) if _may_escape(part) else part
                forms.add(part)
    return forms


def _hex(data: bytes) -> set[str]:
    small = {data.hex(), *(data.hex(mark) for mark in ": -")}
    return {*small, *map(str.upper, small)}


def _encoded(text: str) -> set[str]:
    data = _bytes(text)
    percent = {quote(data, safe=""), quote(data), quote_plus(data)}
    percent |= {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    escaped = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    escaped |= {form.replace("/", "\\/") for form in escaped}  # as some write JSON
    marked = {markdown(text, _ENDLESS), text.translate(HYPERTEXT), for_jira(text, _ENDLESS)}
    return {text, *percent, *escaped, *marked, *_hex(data), *_base64(data)}


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
