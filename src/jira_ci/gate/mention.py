"""Whether a change names a version and an environment, as whole words.

Versions hold points, hyphens and slashes, so that these belong to a word wherever another word follows or precedes
them: ``1.2.3`` is not named by ``1.2.3-rc1``, ``1.2.3.4`` or ``app/1.2.3``, and ``Prod`` not by ``Prod-EU`` or
``pre-prod``. So do the marks of moments, sums and addresses between digits: ``30`` is not named by ``12:30``, ``1,30``,
``30%`` or ``#30``. The full stop of a sentence ends a word. ``v1.2.3`` and ``1.2.3`` are two versions, because nobody
knows that they are the same.
"""

from __future__ import annotations

import unicodedata

from jira_ci.gate.terms import Subject
from jira_ci.text import canonical

_JOINING = frozenset("-./\\+~_@&\u2010\u2011\u2012\u2013\u2212")
_BETWEEN_DIGITS = frozenset(":,'\u2019\u2236\u066b\u066c")
_OF_NUMBERS = frozenset("%#$\u2030\u00b0\u20ac\u00a3")


def names(text: str, word: str) -> bool:
    """Whether the text holds the word (or several) whole, in any case and any Unicode form."""
    text, word = canonical(text), canonical(word)
    start = text.find(word) if word else -1
    while start >= 0:
        end = start + len(word)
        if _is_free(word[0], text[:start][::-1]) and _is_free(word[-1], text[end:]):
            return True
        start = text.find(word, start + 1)
    return False


def words(subject: Subject) -> tuple[str, ...]:
    """What a given change has to name: of several tenants each needs its own, as each needs its own title."""
    return tuple(filter(None, (subject.version, subject.environment, subject.tenant)))


def missing(words: tuple[str, ...], *texts: str) -> list[str]:
    """Those of the words that none of the texts names."""
    return [word for word in words if not any(names(text, word) for text in texts)]


def _is_free(edge: str, neighbours: str) -> bool:
    """Whether a word can end here: no letter or digit is next, not even behind joining characters.

    Args:
        edge: the word's own character at this end.
        neighbours: what stands beside it, the nearest first.
    """
    number, parted = edge.isdecimal(), False
    if number and neighbours[:1] in _OF_NUMBERS:
        return False
    for character in neighbours:
        if character in _BETWEEN_DIGITS:
            parted = True
        elif character not in _JOINING:
            belongs = character.isalnum() or unicodedata.category(character).startswith("M")
            return not belongs or (parted and not (number and character.isdecimal()))
    return True
