"""Texts from strangers on a page: shown as what they are, never acted upon."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

# Controls, and what turns the order of characters round: "Trojan Source", CVE-2021-42574.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_NOT_IN_URLS = re.compile(r"[\s\\\"<>`\x00-\x20\x7f-\xa0]")


def visible(value: Any) -> Any:
    """A text whose unseen characters are written as ``\\u202e``; anything else as it is."""
    if type(value) is not str:
        return value
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", value.replace("\r\n", "\n"))


def web_address(value: Any) -> str:
    """The address when it is an absolute one of the web, otherwise nothing: no other kind may become a link."""
    if not isinstance(value, str) or len(value) > 2000 or _NOT_IN_URLS.search(value) or _UNSEEN.search(value):
        return ""
    try:
        parts = urlsplit(value)
        known = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return value if known and "@" not in parts.netloc else ""


def clipped(value: Any, most: int = 80) -> str:
    """The text in at most so many characters."""
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 build``, ``2 builds``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
