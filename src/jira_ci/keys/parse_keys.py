"""Text -> issue keys: which keys stand in titles, branches and commit messages, and which look-alikes are none.

Jira's own rule for a key is ``^\\p{L}[\\p{L}\\p{Digit}_]{1,255}-\\p{Digit}{1,255}$``, with the digits 0 to 9. In
running text the project has to be written in upper case, and neither end of a key may touch more of a word.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass
from jira_ci.keys import lookalikes
from jira_ci.text import one_line

EXPLICIT = "issue-keys"
"""The ``where`` of keys that the user named: they are taken at their word, whatever ``projects`` says."""

_NO_KEY = "not an issue key"
_OTHER_PROJECT = "its project is not among projects"
_MOST_DROPPED = 100
_LONGEST = 256
_IN_PROJECT = frozenset("0123456789_")
_JIRAS_NUMBER = re.compile("[0-9]{1,255}")
_NUMBER = "[1-9][0-9]{0,254}"
_VERSION = re.compile(r"\.[0-9xX*]")
# Accents that decomposed Unicode (macOS) writes behind a cased letter.
_ACCENTS = "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
_ACCENT = f"[{_ACCENTS}]"


class Source(NamedTuple):  # not a dataclass: a hundred thousand of them are made for a long range
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
    """The issue keys in the texts, the surest sources first.

    Args:
        sources: in the order of certainty; the first that has a key is named as its source.
        projects: only keys of these projects count, and they count in any case. Without, well-known look-alikes are
            dropped, and lower-case keys count only at the start of a branch's path segment.
        limit: how many keys are kept.

    Raises:
        UsageError: one of the projects is no project's key, or a source called ``issue-keys`` holds what is no key.
    """
    wanted = frozenset(project_key(project) for project in projects)
    found: dict[str, str] = {}
    dropped: dict[str, str] = {}
    seen: set[str] = set()
    read = Reader(wanted).read
    for source in sources:
        if source.where == EXPLICIT:
            for key in explicit(source.text.replace(",", " ").split()):
                found.setdefault(key, source.where)
        elif "-" in source.text:  # most commit messages end here: a hundred thousand of them have to be cheap
            for token in read(source):
                if token not in seen:
                    seen.add(token)
                    judge(token, source, wanted, found, dropped)
    keys = tuple(itertools.islice(found, limit))
    return Keys(
        keys=keys,
        sources={key: found[key] for key in keys},
        dropped={name: reason for name, reason in dropped.items() if name not in found},
        left_out=len(found) - len(keys),
    )


def explicit(keys: Iterable[str]) -> tuple[str, ...]:
    """Keys that the user named, upper-cased and unique, in their order.

    Raises:
        UsageError: one of them breaks Jira's rule for keys; the message names it.
    """
    unique: dict[str, None] = {}
    for given in keys:
        project, dash, number = given.strip().rpartition("-")
        project = _upper(project)
        if not dash or not _is_project(project) or not _JIRAS_NUMBER.fullmatch(number):
            raise UsageError(
                f"issue-keys holds {one_line(given, 80)!r}, which is not an issue key.",
                "Write keys such as WEB-12, separated by commas or lines.",
            )
        unique[f"{project}-{number}"] = None
    return tuple(unique)


def judge(token: str, source: Source, wanted: frozenset[str], found: dict[str, str], dropped: dict[str, str]) -> None:
    """Enters one spelling, perhaps with more numbers behind it (``CVE-2024-1234``), as a key or as a dropped one."""
    spelled, _, number = token.partition("-")
    number, _, more = number.partition("-")
    project = _upper(spelled)
    if not project.isupper():
        return  # a lower-case word that is no project's name in any case, such as straße
    key = token if spelled == project and not more else f"{project}-{number}"
    lookalike = project not in wanted and _is_lookalike(spelled, project, number, source.text)
    if project in wanted or not (wanted or lookalike):
        found.setdefault(key, source.where)
    elif len(dropped) < _MOST_DROPPED and (spelled == project or not wanted):
        dropped.setdefault(token if lookalike else key, _NO_KEY if lookalike else _OTHER_PROJECT)


def _is_lookalike(spelled: str, project: str, number: str, text: str) -> bool:
    return (
        lookalikes.is_known(project, number)
        or (spelled != project and lookalikes.is_branch_word(spelled, number))
        or lookalikes.is_hexadecimal(project, number, text)
        or lookalikes.is_advisory(project, number, text)
    )


class Reader:
    """Finds what is spelled like a key, each with up to four more numbers that follow (``CVE-2024-1234``).

    Args:
        wanted: the projects whose keys count in any case; when empty, all projects' in upper case.
    """

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = bool(wanted)
        self._initials = "".join(sorted({project[0] for project in wanted}))
        # Nearly every text is plain ASCII, and of a long range a hundred thousand are read.
        self.usual = _pattern(True, self._initials, self._wanted).findall

    def read(self, source: Source) -> Iterable[str]:
        text = source.text
        ascii_only = text.isascii()
        if not ascii_only:
            text = _composed(text)
        any_case = self._wanted or source.branch
        if ascii_only and any_case == self._wanted:
            tokens: list[str] = self.usual(text)
        else:
            tokens = _pattern(ascii_only, self._initials, any_case).findall(text)
        if not any_case or all(map(str.isupper, tokens)):  # only lower case depends on where it stands
            return tokens
        return self._placed(text, _pattern(ascii_only, self._initials, True))

    def _placed(self, text: str, pattern: re.Pattern[str]) -> Iterator[str]:
        lower = self._wanted or not lookalikes.is_programs_branch(text)
        for match in pattern.finditer(text):
            if match[0].isupper() or (lower and _is_lower_case_key(match, self._wanted)):
                yield match[0]


def _is_lower_case_key(match: re.Match[str], anywhere: bool) -> bool:
    """Whether lower case counts at this place, and the number is not the beginning of a version (``lodash-4.17``)."""
    text, start = match.string, match.start()
    return (anywhere or start == 0 or text[start - 1] == "/") and not _VERSION.match(text, match.end())


@functools.lru_cache(maxsize=64)
def _pattern(ascii_only: bool, initials: str = "", any_case: bool = False, /) -> re.Pattern[str]:
    """Finds keys in upper case, or in any case; in lower case only with certain initials, if any are given.

    A key begins where no word does: each start is tried once, and looks at no more than 256 characters before the dash
    and 256 digits, which keeps the whole linear. The first character comes before the look behind, because ``re`` finds
    candidates for a set of characters much faster than for an assertion.
    """
    upper, cased, word = ("A-Z", "A-Za-z", "A-Za-z") if ascii_only else _alphabets()
    before = f"0-9_{word}" + ("" if ascii_only else _ACCENTS)
    run, first = (cased, upper + initials.lower() if initials else cased) if any_case else (upper, upper)
    end = f"(?![0-9{word}])"
    tail = f"(?:-[0-9]{{1,20}}{end}){{0,4}}"  # of no meaning to a key, but without it CVE-2024-1234 cannot be named
    return re.compile(f"[{first}](?<![{before}][{first}])[0-9_{run}]{{1,255}}-{_NUMBER}{end}{tail}")


@functools.cache
def _alphabets() -> tuple[str, str, str]:
    """The upper-case letters, the cased ones, and those with the ones outside the Basic Multilingual Plane, which Jira
    refuses, as the inside of a character set. The scripts between U+2E80 and U+FAFF without cases are passed over."""
    blocks = (range(0x2E80), range(0xA640, 0xAC00), range(0xFB00, 0x10000), range(0x10400, 0x1F000))
    categories = [(point, unicodedata.category(chr(point))) for block in blocks for point in block]
    cased = [point for point, category in categories if category in ("Lu", "Ll", "Lt")]
    upper = [point for point, category in categories if category == "Lu" and point < 0x10000]
    return _character_set(upper), _character_set(point for point in cased if point < 0x10000), _character_set(cased)


def _character_set(points: Iterable[int]) -> str:
    """Ranges, because ``re`` goes through what lies outside the Basic Multilingual Plane item by item."""
    ranges: list[list[int]] = []
    for point in points:
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


def _composed(text: str) -> str:
    """Letters followed by their accents become one letter, as Jira writes them. Only runs of letters with up to three
    accents each: ``unicodedata.normalize`` takes quadratic time over long runs of accents."""
    if not re.search(_ACCENT, text):
        return text
    return _accented().sub(lambda match: unicodedata.normalize("NFC", match[0]), text)


@functools.cache
def _accented() -> re.Pattern[str]:
    return re.compile(f"(?:[{_alphabets()[1]}][{_ACCENTS}]{{1,3}})+")


@functools.lru_cache(maxsize=1024)
def _upper(text: str) -> str:
    """In upper case where that can be undone, otherwise unchanged: ``straße`` is not the project ``STRASSE``, nor is
    a dotless ``ı`` an ``I``. A Greek final sigma is a sigma."""
    if text.isascii() or len(text) > 2 * _LONGEST:
        return text.upper()
    text = unicodedata.normalize("NFC", text)
    upper = text.upper()
    return upper if upper.lower().replace("ς", "σ") == text.lower().replace("ς", "σ") else text


def project_key(given: str) -> str:
    """A project of ``projects``, in upper case.

    Raises:
        UsageError: no project can be called so.
    """
    project = _upper(given.strip())
    if not _is_project(project):
        raise UsageError(
            f"projects holds {one_line(given, 80)!r}, which is not a project's key.",
            "Write the part of an issue key before the dash, such as WEB.",
        )
    return project


def _is_project(text: str) -> bool:
    """Jira's rule for the part before the dash, without letters outside the Basic Multilingual Plane: Jira refuses a
    whole request for one of them."""
    return (
        2 <= len(text) <= _LONGEST
        and text[0].isalpha()
        and all(character.isalpha() or character in _IN_PROJECT for character in text)
        and max(text) <= "\uffff"
        and text.upper() == text
    )


class Tally:
    """The keys of one service: no text is kept, only each key and where it was found first.

    Args:
        projects: only keys of these projects count.

    Raises:
        UsageError: one of the projects is no project's key.
    """

    def __init__(self, projects: Sequence[str] = ()) -> None:
        self._wanted = frozenset(map(project_key, projects))
        self._reader = Reader(self._wanted)
        self._seen: set[str] = set()
        self._found: dict[str, str] = {}
        self._dropped: dict[str, str] = {}

    def tokens(self, source: Source) -> list[str]:
        """What looks like a key in this text; the same for every tally of these projects."""
        return list(self._reader.read(source)) if "-" in source.text else []

    def knows(self, tokens: Iterable[str]) -> bool:
        """Whether all of them were met before."""
        return self._seen.issuperset(tokens)

    def knows_all_of(self, text: str) -> bool:
        """Whether a text of many commits certainly holds nothing that was not met before."""
        return text.isascii() and self._seen.issuperset(self._reader.usual(text))

    def add(self, source: Source, tokens: Iterable[str] | None = None) -> None:
        """Enters the keys of one text.

        Args:
            tokens: what looks like a key in it, when that is known.
        """
        if source.where == EXPLICIT:
            self._found.setdefault(source.text, source.where)
            return
        for token in self.tokens(source) if tokens is None else tokens:
            if token not in self._seen:
                self._seen.add(token)
                judge(token, source, self._wanted, self._found, self._dropped)

    def append(self, other: Tally) -> None:
        """Enters what another one found, behind what is here."""
        for key, where in other._found.items():
            self._found.setdefault(key, where)
        self._dropped = {**other._dropped, **self._dropped}

    def keys(self, limit: int = 500) -> Keys:
        """What was found so far."""
        kept = tuple(itertools.islice(self._found, limit))
        dropped = {name: reason for name, reason in self._dropped.items() if name not in self._found}
        sources = {key: self._found[key] for key in kept}
        return Keys(kept, sources, dict(itertools.islice(dropped.items(), 100)), len(self._found) - len(kept))
