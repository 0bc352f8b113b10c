"""How Jira's search compares texts: by stems of words, so that near misses are found too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from jira_sandbox.desk.jql_words import JqlError

# Dots and apostrophes between letters or digits stay inside a word, as in 1.2.3; everything else ends it.
_WORD = re.compile(r"\w+(?:[.'’]\w+)*")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
        "this to was will with",
    )
)
_ENDINGS = ("ments", "ment", "ings", "ing", "ions", "ion", "ers", "er", "ed", "es", "s", "e")


@dataclass(frozen=True)
class Pattern:
    """What a text has to hold: every one of the ``words``, and every phrase; stems, all of them."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]

    def found_in(self, text: str) -> bool:
        stems = stems_of(text)
        known = set(stems)
        return all(_has_word(known, word) for word in self.words) and all(
            any(stems[at : at + len(phrase)] == phrase for at in range(len(stems) - len(phrase) + 1))
            for phrase in self.phrases
        )


def pattern(text: str, field: str) -> Pattern:
    """The pattern of ``field ~ "text"``.

    Raises:
        JqlError: Jira cannot read it.
    """
    if not text.strip():
        raise JqlError(f"The field '{field}' does not support searching for an empty string.")
    if text.lstrip()[0] in "*?":
        raise JqlError(
            f"The text query '{text}' for field '{field}' is not allowed to start with '{text.lstrip()[0]}'."
        )
    pieces = re.split(r'(?<!\\)"', text)
    if len(pieces) % 2 == 0:
        raise JqlError(f"Unable to parse the text '{text}' for field '{field}'.")
    words = [stem for piece in pieces[::2] for stem in _loose(piece)]
    phrases = [stems_of(piece) for piece in pieces[1::2]]
    return Pattern(tuple(words), tuple(phrases))


@lru_cache(4096)  # every search compares with the same summaries
def stems_of(text: str) -> tuple[str, ...]:
    """The stems of the words in a text, in their order, without those that every text has."""
    words = (match[0].casefold() for match in _WORD.finditer(text))
    return tuple(_stem(word) for word in words if word not in _STOP)


def _loose(piece: str) -> list[str]:
    """The words outside of phrases; one that ends in ``*`` stands for all that begin so."""
    wild = [word[:-1].casefold() + "*" for word in re.findall(r"\w+\*", piece)]
    return [*stems_of(re.sub(r"\w+\*", " ", piece)), *wild]


def _has_word(stems: set[str], word: str) -> bool:
    return any(stem.startswith(word[:-1]) for stem in stems) if word.endswith("*") else word in stems


def _stem(word: str) -> str:
    if word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word
