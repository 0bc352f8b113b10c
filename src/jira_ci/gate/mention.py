"""Whether a change names a version and an environment, as whole words.

Versions hold points, hyphens and slashes, so that these belong to a word wherever another word follows or precedes
them: ``1.2.3`` is not named by ``1.2.3-rc1``, ``1.2.3.4`` or ``app/1.2.3``, and ``Prod`` not by ``Prod-EU`` or
``pre-prod``. The full stop of a sentence ends a word. ``v1.2.3`` and ``1.2.3`` are two versions, because nobody knows
that they are the same.
"""

from __future__ import annotations

import unicodedata

from jira_ci.gate.terms import Subject
from jira_ci.text import canonical

_JOINING = frozenset("-./\\+~_\u2010\u2011\u2012\u2013\u2212")


def names(text: str, word: str) -> bool:
    """Whether the text holds the word (or several) whole, in any case and any Unicode form."""
    text, word = canonical(text), canonical(word)
    start = text.find(word) if word else -1
    while start >= 0:
        end = start + len(word)
        if _is_free(text[:start][::-1]) and _is_free(text[end:]):
            return True
        start = text.find(word, start + 1)
    return False


def words(subject: Subject) -> tuple[str, ...]:
    """What a given change has to name: of several tenants each needs its own, as each needs its own title."""
    return tuple(filter(None, (subject.version, subject.environment, subject.tenant)))


def missing(words: tuple[str, ...], *texts: str) -> list[str]:
    """Those of the words that none of the texts names."""
    return [word for word in words if not any(names(text, word) for text in texts)]


def _is_free(neighbours: str) -> bool:
    """Whether a word can end here: no letter or digit is next, not even behind joining characters."""
    for character in neighbours:
        if character not in _JOINING:
            return not (character.isalnum() or unicodedata.category(character).startswith("M"))
    return True
