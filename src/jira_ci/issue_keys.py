"""Text -> issue keys: which keys stand in titles, branches and commit messages, and which look-alikes are none.

Jira's own rule for a key is ``^\\p{L}[\\p{L}\\p{Digit}_]{1,255}-\\p{Digit}{1,255}$``; its digits are 0 to 9. In running text
the project has to be written in upper case, and neither end of a key may touch more of a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jira_ci.errors import UsageError

EXPLICIT = "issue-keys"
"""The ``where`` of keys that the user named: they are taken at their word, whatever ``projects`` says."""

_NO_KEY = "not an issue key"
_MOST_DROPPED = 100
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class Source:
    """A text that may hold keys."""

    where: str
    """What a person calls it: ``pull request title``, ``branch``, ``commit 1a2b3c4``, ``issue-keys``, ``--text``."""
    text: str
    branch: bool = False
    """Whether it is a branch's name, in which a path segment may begin with a lower-case key."""


@dataclass(frozen=True)
class Keys:
    """What was found."""

    keys: tuple[str, ...]
    """Unique, upper-case, in the order of first appearance."""
    sources: Mapping[str, str]
    """For each of the keys, the ``where`` of the first source that has it."""
    dropped: Mapping[str, str]
    """What looks like a key and does not count, with the reason; the first hundred of them."""
    left_out: int
    """How many more distinct keys there were than the limit allows."""


def collect(sources: Iterable[Source], projects: Sequence[str] = (), limit: int = 500) -> Keys:
    raise NotImplementedError


def explicit(keys: Iterable[str]) -> tuple[str, ...]:
    raise NotImplementedError
