"""Reads what an answer cannot do without: an empty value would look like *there is none*."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.ci.values import sha, text


def said(value: object) -> str:
    """The string.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError("no text")
    return text(value)


def commit_id(value: object) -> str:
    """The full commit id.

    Raises:
        ValueError: it is none.
    """
    found = sha(value)
    if not found:
        raise ValueError("no commit id")
    return found


def rows(value: object) -> list[Mapping[str, Any]]:
    """The list of objects.

    Raises:
        ValueError: it is no list, or of something else.
    """
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise ValueError("no list of objects")
    return value
