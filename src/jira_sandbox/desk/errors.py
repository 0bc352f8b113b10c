"""What a desk cannot do, said in Jira's words."""

from __future__ import annotations

from collections.abc import Mapping


class DeskError(Exception):
    """The desk refuses; the message says why. ``fields`` holds what is wrong with single fields, by id."""

    def __init__(self, message: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message or "; ".join((fields or {}).values()))
        self.fields = dict(fields or {})


class NotFound(DeskError):
    """There is no such thing, or nobody may know of it."""


class Forbidden(DeskError):
    """There is such a thing, and the asking person may not do this to it."""


class Conflict(DeskError):
    """It was done already."""
