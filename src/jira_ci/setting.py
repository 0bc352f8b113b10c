"""One setting: what it is, and its text as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from jira_ci.errors import UsageError, nearest

Kind = Literal["text", "list", "duration", "switch", "choice", "count", "number"]

_DURATION = re.compile(r"([0-9]{1,6})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_COUNT = re.compile(r"0|[1-9][0-9]{0,5}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")  # Jira keeps 63 bits


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    kind: Kind
    group: str
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()
    secret: bool = False
    also: tuple[str, ...] = ()
    """Other names for it, as in a flag: the Harness plugin's words."""
    plugin: bool = False
    """Whether the Harness plugin has it, so that ``PLUGIN_<NAME>`` is read too."""
    variables: tuple[str, ...] = ()
    """Environment variables of others that mean the same."""
    yaml: str = ""
    """Its place in ``.jira-ci.yml``, as a dotted path."""
    metavar: str = ""
    zero: bool = False
    """Whether a duration may be ``0``: none at all."""
    exact: bool = False
    """Whether blanks at its ends stay, for whoever uses it to refuse them."""
    name: str = ""

    @property
    def variable(self) -> str:
        return "JIRA_CI_" + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")


def parse(row: Setting, text: str, origin: str) -> Any:
    """One setting's text as its value: strict, so that a mistake is never a silent default.

    Raises:
        UsageError: naming the setting, where the text came from, and what was expected.
    """
    if row.kind == "text":
        return text if row.exact else text.strip()
    if row.kind == "list":
        return _list(row, text, origin)
    if row.kind == "duration":
        return _duration(row, text, origin)
    if row.kind == "count":
        return _count(row, text, origin)
    if row.kind == "number":
        return _number(row, text.strip(), origin)
    choices = ("true", "false") if row.kind == "switch" else row.choices
    if text not in choices:
        hint = nearest(text.strip().lower(), choices)
        raise UsageError(f"{row.name} ({origin}) is {text[:80]!r}; it must be one of: {', '.join(choices)}.", hint)
    return text == "true" if row.kind == "switch" else text


def _list(row: Setting, text: str, origin: str) -> tuple[str, ...]:
    if row.name == "headers":  # their control characters are refused later, so they must not be stripped here
        parts = [part.strip(" \t") for part in re.split(r"[\n\r]", text)]
    else:
        parts = [part.strip() for part in re.split(r"[,\n\r]", text)]
    if values := tuple(filter(None, parts)):
        return values
    raise UsageError(f"{row.name} ({origin}) is a list of nothing.", "Give it a value or leave it out.")


def _duration(row: Setting, text: str, origin: str) -> float:
    if row.zero and text == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else -1
    if seconds < 0 or (seconds == 0 and not row.zero):
        expected = "a duration, or 0" if row.zero else "a duration above zero"
        raise UsageError(
            f"{row.name} ({origin}) is {text[:80]!r}; it must be {expected}.", "Write it as 90s, 30m or 2h."
        )
    return float(seconds)


def _count(row: Setting, text: str, origin: str) -> int:
    if not _COUNT.fullmatch(text):
        raise UsageError(
            f"{row.name} ({origin}) is {text[:80]!r}; it must be a whole number, 0 or more.", "Write it in digits."
        )
    return int(text)


def _number(row: Setting, text: str, origin: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise UsageError(
            f"{row.name} ({origin}) is {text[:80]!r}; it must be a whole number above zero.",
            "Write it in digits, 18 of them at most.",
        )
    return int(text)
