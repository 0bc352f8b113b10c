"""Names matched by globs, in any case: one pass over the name, however many stars there are.

``*`` is any text (also ``/``), ``?`` one character, ``[a-c]`` and ``[!a-c]`` one of some; everything else is itself.
"""

from __future__ import annotations

import functools
import re

from jira_ci.text import nfkc

_SPECIAL = re.compile(r"\*+|\?|\[!?\]?[^\]\[]*\]")


def is_glob(pattern: str) -> bool:
    """Whether it holds anything that is not itself."""
    return _SPECIAL.search(pattern) is not None


def literal_length(pattern: str) -> int:
    """How many characters of it are themselves: the more, the closer the rule."""
    return len(_SPECIAL.sub("", pattern))


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits the glob, whatever the case and the Unicode form of both."""
    first, *others = _segments(pattern)
    text = _fold(name)
    if not others:
        return first.fullmatch(text) is not None
    begin = first.match(text)
    if begin is None:
        return False
    at = begin.end()
    # Between stars each segment has one length, so its leftmost place is never worse than a later one.
    for segment in others[:-1]:
        found = segment.search(text, at)
        if found is None:
            return False
        at = found.end()
    last = re.compile(f"(?:{others[-1].pattern})\\Z", re.DOTALL)
    return last.search(text, at) is not None


@functools.lru_cache(maxsize=1000)
def _segments(pattern: str) -> tuple[re.Pattern[str], ...]:
    segments, at = [""], 0
    for special in _SPECIAL.finditer(pattern):
        segments[-1] += re.escape(_fold(pattern[at : special.start()]))
        at = special.end()
        if special[0].startswith("*"):
            segments.append("")
        else:
            segments[-1] += "." if special[0] == "?" else _one_of(special[0][1:-1])
    segments[-1] += re.escape(_fold(pattern[at:]))
    return tuple(re.compile(segment, re.DOTALL) for segment in segments)


def _one_of(body: str) -> str:
    negated = body.startswith("!")
    left, members = _fold(body.removeprefix("!")), ""
    while left:
        span = re.match(r"(.)-(.)", left, re.DOTALL)
        if span is None:
            members, left = members + re.escape(left[0]), left[1:]
            continue
        if span[1] <= span[2]:
            members += f"{re.escape(span[1])}-{re.escape(span[2])}"
        left = left[3:]
    if not members:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{members}]"


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", nfkc(text).casefold())
