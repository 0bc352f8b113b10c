"""Which services a file belongs to: globs of paths, as CI configurations write them, and an index of all of them.

``*`` is any text within a path's segment, ``?`` one character of it, ``[a-c]`` and ``[!a-c]`` one of some; ``**`` is
any number of folders, and beside other text any text at all; ``{a,b}`` is either; a backslash takes the meaning of the
next character away. A last segment without any of these stands for itself and for everything below it. A glob becomes
a regular expression that never takes long.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

_TOKEN = re.compile(r"\\(?P<escaped>[]*?[{},!\\])|(?P<stars>\*+)|(?P<set>\[[!^]?(?:\][^]/]*|[^]/]+)\])|.", re.DOTALL)
_MOST = 256
_LONGEST = 1000
_DEPTH = 20

T = TypeVar("T")
_Token = tuple[str, str]  # its sign ("" for a plain character), and its text
_Tokens = tuple[_Token, ...]
_STAR, _DEEP = ("*", "*"), ("**", "**")


class Glob(NamedTuple):
    """One way to fit a pattern."""

    folder: tuple[str, ...]
    """The path's first segments, exactly."""
    rest: str
    """A regular expression for what follows them; empty when everything fits, also nothing."""


@functools.lru_cache(maxsize=1024)
def parse(pattern: str) -> tuple[Glob, ...]:
    """The ways to fit a pattern, without its ``!``.

    Raises:
        ValueError: it is invalid; the text says why: *means more than 256 paths*.
    """
    if not pattern:
        raise ValueError("is empty")
    if len(pattern) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    tokens = tuple(_token(found) for found in _TOKEN.finditer(unicodedata.normalize("NFC", pattern)))
    globs: dict[Glob, None] = {}
    for chosen in _choices(tokens):
        for segments in _unfolded(_segments(chosen)):
            globs[_glob(segments)] = None
            if len(globs) > _MOST:
                raise ValueError(f"means more than {_MOST} paths")
    return tuple(globs)


def problem(pattern: str) -> str:
    """Why a pattern, perhaps with a ``!`` before it, is invalid, as the end of a sentence; empty when it is valid."""
    try:
        parse(pattern.removeprefix("!"))
    except ValueError as error:
        return str(error)
    return ""


def _token(found: re.Match[str]) -> _Token:
    if found["escaped"]:
        return "", found["escaped"]
    if found["stars"]:
        return _DEEP if len(found[0]) > 1 else _STAR
    if found["set"]:
        return "[", found[0]
    if found[0] == "\\":
        raise ValueError("has a backslash where a / belongs")
    return (found[0] if found[0] in "?{},/" else ""), found[0]


def _choices(tokens: _Tokens, depth: int = 0) -> list[_Tokens]:
    """Without braces. Those that are not closed, or hold no comma, are plain characters."""
    choices: list[_Tokens] = [()]
    at = 0
    while at < len(tokens):
        options, end = [tokens[at : at + 1]], at
        if tokens[at][0] == "{":
            parts, closing = _parts(tokens, at)
            if len(parts) > 1:
                if depth >= _DEPTH:
                    raise ValueError("has too many braces inside of one another")
                options, end = [choice for part in parts for choice in _choices(part, depth + 1)], closing
        choices = [
            before + option for before, option in itertools.islice(itertools.product(choices, options), _MOST + 1)
        ]
        if len(choices) > _MOST:
            raise ValueError(f"means more than {_MOST} paths")
        at = end + 1
    return choices


def _parts(tokens: _Tokens, opening: int) -> tuple[list[_Tokens], int]:
    """What stands between the commas of a pair of braces, and where it is closed; nothing when it is not."""
    parts, begin, depth = [], opening + 1, 0
    for at in range(opening, len(tokens)):
        sign = tokens[at][0]
        depth += (sign == "{") - (sign == "}")
        if (sign == "," and depth == 1) or depth == 0:
            parts.append(tokens[begin:at])
            begin = at + 1
        if depth == 0:
            return parts, at
    return [], opening


def _segments(tokens: _Tokens) -> list[_Tokens]:
    segments = [tuple(group) for slash, group in itertools.groupby(tokens, lambda token: token[0] == "/") if not slash]
    kept = [segment for segment in segments if _plain(segment) != "."]
    if any(_plain(segment) == ".." for segment in kept):
        raise ValueError("leads out of the repository")
    return kept if kept and tokens[-1][0] != "/" else [*kept, (_DEEP,)]


def _unfolded(segments: list[_Tokens]) -> Iterator[list[_Tokens]]:
    """``a**b`` is ``a*b``, or ``a*`` and ``*b`` with any folders between them."""
    for number, segment in enumerate(segments):
        if _DEEP in segment and len(segment) > 1:
            at = segment.index(_DEEP)
            before, behind = (*segment[:at], _STAR), (_STAR, *segment[at + 1 :])
            yield from _unfolded([*segments[:number], (*before, *behind[1:]), *segments[number + 1 :]])
            yield from _unfolded([*segments[:number], before, (_DEEP,), behind, *segments[number + 1 :]])
            return
    yield segments


def _glob(segments: list[_Tokens]) -> Glob:
    while segments[-2:] == [(_DEEP,), (_DEEP,)]:
        segments = segments[:-1]
    if len(segments) > 1 and segments[-1] == (_DEEP,) and _plain(segments[-2]) is not None:
        segments = segments[:-1]  # a/** and a are the same: a may be a submodule
    plain = [_plain(segment) for segment in itertools.takewhile(lambda segment: _plain(segment) is not None, segments)]
    rest = segments[len(plain) :]
    folder = tuple(name for name in plain if name is not None)
    if not rest or rest == [(_DEEP,)]:
        return Glob(folder, "")
    return Glob(folder, _expression(rest))


def _plain(segment: _Tokens) -> str | None:
    """The segment's text, if it is nothing but itself."""
    special = any(sign in ("*", "**", "?", "[") for sign, _ in segment)
    return None if special else "".join(text for _, text in segment)


def _expression(segments: list[_Tokens]) -> str:
    """A search is never repeated: what stands between two ``**``, or two ``*``, is taken where it fits first, because
    a later place is never better. Otherwise a name of many letters and a glob of many stars would take for ever.
    """
    names = (f"_{number}" for number in itertools.count())
    *groups, last = _split(segments, (_DEEP,))
    below = not last  # it ends in **
    if below:
        *groups, last = groups
    written, search = "", False
    for group in groups:
        folders = "/".join(_segment(segment, names) for segment in group) + "/" if group else ""
        written += _once(f"(?:[^/]+/)*?{folders}", names) if search else folders
        search = True
    end = "/".join(_segment(segment, names) for segment in last)
    if below:
        return f"{written}{'(?:[^/]+/)*?' if search else ''}{end}/."
    plain = _plain(last[-1]) is not None
    return f"{written}{'(?:[^/]+/)*?' if search else ''}{end}(?:{'/|' if plain else ''}\\Z)"


def _segment(segment: _Tokens, names: Iterator[str]) -> str:
    first, *others = ("".join(map(_character, piece)) for piece in _split(segment, _STAR))
    if not others:
        return first
    if not first and others == [""]:
        return "[^/]+"
    middle = "".join(_once(f"[^/]*?{piece}", names) for piece in others[:-1] if piece)
    return f"{first}{middle}[^/]*{others[-1]}"


def _character(token: _Token) -> str:
    sign, text = token
    if sign == "?":
        return "[^/]"
    if sign != "[":
        return re.escape(text)
    body = text[1:-1]
    negated = len(body) > 1 and body[0] in "!^"
    members = re.findall(r"(.)-(.)|(.)", body[negated:], re.DOTALL)
    written = "".join(
        re.escape(one) if one else f"{re.escape(low)}-{re.escape(high)}" for low, high, one in members if low <= high
    )
    if negated:
        return f"[^/{written}]"
    return f"(?!/)[{written}]" if written else "(?!)"


def _once(expression: str, names: Iterator[str]) -> str:
    """Matches as the expression does, and never tries another way (an atomic group, which Python has from 3.11)."""
    name = next(names)
    return f"(?=(?P<{name}>{expression}))(?P={name})"


def _split(items: Sequence[T], separator: T) -> list[list[T]]:
    groups: list[list[T]] = [[]]
    for item in items:
        if item == separator:
            groups.append([])
        else:
            groups[-1].append(item)
    return groups


_REMEMBERED = 50_000  # names; a range of a monorepo touches the same files again and again

_Vote = tuple[int, int]
"""The service's number, and twice the place in its list; one more when the glob takes the file in."""


class _Rule(NamedTuple):
    fits: re.Pattern[str] | None
    """What follows the folder; None: anything."""
    votes: list[_Vote]


class _Folder:
    def __init__(self) -> None:
        self.folders: dict[str, _Folder] = {}
        self.rules: dict[str, _Rule] = {}


class PathIndex(dict[str, int]):
    """A file's name, from the repository's top with slashes -> the services that have it, one bit each.

    Args:
        services: for each service its globs; the last one that fits a file decides, and ``!`` before it takes the file
            out.

    Raises:
        ValueError: a glob is invalid; see :func:`jira_ci.keys.path_matching.parse`.
    """

    def __init__(self, services: Sequence[Sequence[str]]) -> None:
        super().__init__()
        self._top = _Folder()
        for number, patterns in enumerate(services):
            for place, pattern in enumerate(patterns, 1):
                self._add(pattern.removeprefix("!"), (number, 2 * place + (not pattern.startswith("!"))))

    def __missing__(self, path: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        votes: dict[int, int] = {}
        for number, vote in self._votes(path if path.isascii() else unicodedata.normalize("NFC", path)):
            if vote > votes.get(number, 0):
                votes[number] = vote
        found = self[path] = sum(1 << number for number, vote in votes.items() if vote & 1)
        return found

    def _add(self, pattern: str, vote: _Vote) -> None:
        for glob in parse(pattern):
            folder = self._top
            for name in glob.folder:
                folder = folder.folders.setdefault(name, _Folder())
            if glob.rest not in folder.rules:
                folder.rules[glob.rest] = _Rule(re.compile(glob.rest, re.DOTALL) if glob.rest else None, [])
            folder.rules[glob.rest].votes.append(vote)

    def _votes(self, path: str) -> Iterator[_Vote]:
        folder: _Folder | None = self._top
        begin = 0
        while folder is not None:
            yield from _fitting(folder.rules.values(), path, begin)
            if begin > len(path):
                return
            end = path.find("/", begin)
            end = len(path) if end < 0 else end
            folder, begin = folder.folders.get(path[begin:end]), end + 1


def _fitting(rules: Iterable[_Rule], path: str, begin: int) -> Iterator[_Vote]:
    for fits, votes in rules:
        if fits is None or fits.match(path, begin):
            yield from votes
