"""Reading an answer's JSON strictly: what has not the documented shape is an error, never a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WrongShape(Exception):
    """A part of an answer is missing or of another kind; the message names it."""


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise WrongShape(f"{name} is no object")
    return value


def items(value: Any, name: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise WrongShape(f"{name} is no list")
    return value


def text(parent: Mapping[str, Any], name: str) -> str:
    """A text that says something."""
    value = parent.get(name)
    if not isinstance(value, str) or not value.strip():
        raise WrongShape(f"{name} is no text")
    return value


def optional_text(parent: Mapping[str, Any], name: str) -> str | None:
    """A text, or ``None`` for null and for what is not there."""
    value = parent.get(name)
    if value is not None and not isinstance(value, str):
        raise WrongShape(f"{name} is no text")
    return value


def number(parent: Mapping[str, Any], name: str) -> int:
    """A whole number that is not negative."""
    value = parent.get(name)
    if type(value) is not int or value < 0:
        raise WrongShape(f"{name} is no number")
    return value


def digits(parent: Mapping[str, Any], name: str) -> str:
    """An id: a number written as text."""
    value = text(parent, name)
    if not (value.isascii() and value.isdigit()):
        raise WrongShape(f"{name} is no id")
    return value
