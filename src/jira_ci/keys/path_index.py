"""Which services a file belongs to: all their path globs in one tree, walked once for each new name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from jira_ci.keys.path_globs import parse

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
        ValueError: a glob cannot be meant; see :func:`jira_ci.keys.path_globs.parse`.
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
