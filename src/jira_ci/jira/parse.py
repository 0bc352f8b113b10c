"""What an answer of Jira holds, read strictly: parts of JSON, people, permissions, pages of a list. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.frozen import dataclass


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


@dataclass(frozen=True)
class Account:
    """Somebody: what identifies them for ever, and what people call them."""

    id: str
    name: str


def account(value: Any, name: str) -> Account | None:
    """Somebody; ``None`` for null. Data Center knows users by key and name, and has no account ids.

    Raises:
        WrongShape: there is somebody without anything that identifies them.
    """
    if value is None:
        return None
    user = mapping(value, name)
    identity = next((user[known] for known in ("accountId", "key", "name") if user.get(known)), None)
    if not isinstance(identity, str):
        raise WrongShape(f"{name} has no account id")
    return Account(identity, optional_text(user, "displayName") or identity)


def granted(body: Any) -> dict[str, bool]:
    """Which of the permissions that were asked for the account has."""
    found = mapping(mapping(body, "the answer").get("permissions"), "permissions")
    return {name: mapping(one, name).get("havePermission") is True for name, one in found.items()}


@dataclass(frozen=True)
class Page:
    """One page of a list: its values, raw, and whether it says that it is the last."""

    start: int
    values: tuple[Any, ...]
    last: bool


def page(body: Any) -> Page:
    """A page.

    Raises:
        WrongShape: it does not say where it begins or whether it is the last, its size is not that of its values, or it
            is the last and names the next one.
    """
    bean = mapping(body, "the page")
    last, links = bean.get("isLastPage"), bean.get("_links")
    if not isinstance(last, bool):
        raise WrongShape("isLastPage is neither true nor false")
    if last and isinstance(links, dict) and links.get("next"):
        raise WrongShape("isLastPage contradicts the link to the next page")
    values = tuple(items(bean.get("values"), "values"))
    if "size" in bean and number(bean, "size") != len(values):
        raise WrongShape("size is not the number of its values")
    return Page(number(bean, "start"), values, last)
