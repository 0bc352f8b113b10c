"""The commits that one has and others have not: as git lists them, and as they are proven to be."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from jira_ci.git.ancestry import Outline, is_disjoint, parents_of
from jira_ci.git.log import Commit, follow, lines, revisions

if TYPE_CHECKING:
    from jira_ci.git.changes import Change
    from jira_ci.git.repository import Git

Listed = TypeVar("Listed", "Change", Commit)
Span = tuple[str, ...]
"""The commit that a range ends with, and those whose commits it leaves out."""


class Overlisted(Exception):
    """Clocks that were wrong made git list too much of a range: what was read of it has to be read again."""


class Spans:
    """What is proven of the ranges of one clone."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._proven: dict[Span, frozenset[str]] = {}

    def forget(self) -> None:
        """The clone has more commits now."""
        self._proven.clear()

    def too_many(self, span: Span) -> int:
        """How many commits more than there are git is known to list."""
        return len(self._proven.get(span, ()))

    def exactly(self, span: Span, listed: Iterator[Listed]) -> Iterator[Listed]:
        """What git lists of a range, without what its bases have.

        Raises:
            Overlisted: in the end, once: what came has commits of a base. The next time it has not.
        """
        if span in self._proven:
            old = self._proven[span]
            yield from (found for found in listed if found[0] not in old) if old else listed
            return
        outline = Outline()
        for found in listed:
            outline.add(found[0], found[1])
            yield found
        if not self._git.boundary() and self._is_disjoint(span, outline) is False:
            self._proven[span] = self._old(span)
            raise Overlisted

    def prove(self, span: Span, old: frozenset[str] = frozenset()) -> bool:
        """Whether a range is certain in a clone with cuts.

        Args:
            old: what git lists of it and does not belong to it.

        Raises:
            GitError: git fails.
        """
        if not old and span in self._proven:
            return True
        outline = Outline()
        for line in self._git.run("rev-list", "--parents", *revisions(*span)).splitlines():
            commit, _, parents = line.partition(" ")
            if commit in old:
                continue
            if commit in self._git.boundary():
                return False
            outline.add(commit, parents)
        found = self._is_disjoint(span, outline)
        if found is False and not old:
            return self.prove(span, self._old(span))
        if found:
            self._proven[span] = old
        return found is True

    def _is_disjoint(self, span: Span, outline: Outline) -> bool | None:
        bases = span[1:]
        edge = outline.above(bases)
        if not edge:
            return True
        with tempfile.TemporaryFile() as given:
            given.writelines(commit.encode() + b"\n" for commit in (*bases, *edge))
            given.seek(0)
            arguments = ("rev-list", "--parents", "--stdin")
            printed = follow(self._git.directory, self._git.environ, arguments, lines, given)
            with contextlib.closing(printed):
                return is_disjoint(bases, edge, parents_of(printed), self._git.boundary())

    def _old(self, span: Span) -> frozenset[str]:
        """What git lists of a range although a base has it."""
        listed = set(self._git.run("rev-list", *revisions(*span)).split())
        arguments = ("rev-list", *span[1:], "--")
        with contextlib.closing(follow(self._git.directory, self._git.environ, arguments, lines)) as printed:
            return frozenset(commit for commit in map(str.strip, printed) if commit in listed)
