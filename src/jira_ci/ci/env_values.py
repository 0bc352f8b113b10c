"""Reads values that strangers wrote: whatever is not of the expected type or form counts as absent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

_SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"[0-9]{1,18}\Z")


def text(value: object) -> str:
    """The string, or an empty one. Lone surrogates (``"\\ud800"`` in JSON, odd bytes in the environment), which no
    encoder takes, become U+FFFD.
    """
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """A whole number from zero up, also written as digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.isascii() and _WHOLE.match(value) else None


def sha(value: object) -> str:
    """A full commit id; empty for anything else and for the all-zeros one, which means *none*."""
    found = text(value).lower()
    return found if _SHA.match(found) and found.strip("0") else ""


def short(name: str) -> str:
    """A commit's id as people write it; any other name as it is."""
    return name[:8] if sha(name) else name


def mapping(value: object) -> Mapping[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The mappings in a list, or none."""
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def url(value: object) -> str:
    """An ``http`` or ``https`` address without credentials and without a trailing slash; else empty."""
    found = text(value).strip().rstrip("/")
    try:
        parts = urlsplit(found)
        sound = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.password
    except ValueError:
        return ""
    return found if sound and not re.search(r"[\s\x00-\x1f\x7f\\\"<>]", found) else ""


def strip_ref(ref: str, kind: str = "heads") -> str:
    """``main`` from ``refs/heads/main``; empty when the ref is of another kind."""
    prefix = f"refs/{kind}/"
    return ref[len(prefix) :] if ref.startswith(prefix) else ""


def variables(environ: Mapping[str, str], nothing: re.Pattern[str]) -> Callable[[str], str]:
    """What reads a variable by its name: without blanks around it, and empty where it is not there.

    Args:
        nothing: texts that stand for nothing as well, such as an expression that was not resolved.
    """

    def get(name: str) -> str:
        value = text(environ.get(name)).strip()
        return "" if nothing.fullmatch(value) else value

    return get


def first(values: Iterable[str]) -> str:
    """The first text that is not empty."""
    return next((value for value in values if value), "")
