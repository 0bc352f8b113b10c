"""Which commits a range has, by who is whose parent: no clock is believed, and no cut is taken for a beginning.

``git rev-list head ^base`` stops by the commits' dates (``still_interesting`` in
https://github.com/git/git/blob/master/revision.c). Where clocks were wrong it lists commits that base has, and in a
shallow clone those that base has behind a cut. It never lists fewer than the clone holds. So its list is read as it is,
and what is proven is that base has none of it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from jira_ci.git.log import Commit, follow, lines, revisions

if TYPE_CHECKING:
    from jira_ci.git.changes import Change
    from jira_ci.git.repository import Git


class Outline:
    """The lower edge of a list of commits: those that have no parent in the list.

    Base has one of the listed commits exactly when it has one of these. Of what lies above them nothing is kept.
    """

    def __init__(self) -> None:
        self._lowest: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        self._last = "", ""  # what was added last, with its parents; not entered yet

    def add(self, commit: str, parents: str) -> None:
        """Takes a commit that was listed, with its parents as git prints them.

        A parent that was listed before its child (by a wrong clock) leaves the child on the edge: one more to look at.
        """
        last, only_parent = self._last
        if only_parent != commit:
            self._enter(last, only_parent)
        if self._children:  # empty in a history without merges, where this has to be cheap
            for child in self._children.pop(commit, ()):
                self._lowest.pop(child, None)
        self._last = commit, parents

    def add_all(self, listed: Sequence[Change] | Sequence[Commit]) -> None:
        """The same for some that were listed one after the other."""
        if not listed:
            return
        self.add(listed[0][0], listed[0][1])
        is_line = [found[1] for found in listed[:-1]] == [found[0] for found in listed[1:]]
        if is_line and not self._children:  # each the only parent of the one before: those between leave nothing behind
            self._last = listed[-1][0], listed[-1][1]
            return
        for found in listed[1:]:
            self.add(found[0], found[1])

    def _enter(self, commit: str, parents: str) -> None:
        if commit:
            self._lowest[commit] = parents
            for parent in parents.split(" ") if parents else ():
                self._children.setdefault(parent, []).append(commit)

    def above(self, bases: Sequence[str]) -> list[str]:
        """The edge, without those that have the only base for a parent: no parent has its children."""
        self._enter(*self._last)
        self._last = "", ""
        base = bases[0] if len(bases) == 1 else "-"
        return [commit for commit, parents in self._lowest.items() if base not in parents]


class _Below:
    """What the bases have, as far down as it takes until the whole edge has the rest of it, too."""

    def __init__(self, bases: Sequence[str], edge: Sequence[str]) -> None:
        self.left = set(bases)
        """What a base has and not all of the edge, as far as is known, with parents that are not known."""
        self.is_met = not self.left.isdisjoint(edge)
        """Whether a base has one of the edge."""
        self._edge = frozenset(edge)
        self._everyone = (1 << len(edge)) - 1
        self._had_by = {commit: 1 << number for number, commit in enumerate(edge)}  # one bit for each of the edge
        self._of_base = set(bases)
        self._parents: dict[str, Sequence[str]] = {}

    def take(self, commit: str, parents: Sequence[str]) -> None:
        """Learns a commit's parents."""
        self._parents[commit] = parents
        self.left.discard(commit)
        changed = [commit]
        while changed:
            child = changed.pop()
            changed.extend(parent for parent in self._parents[child] if self._inherits(parent, child))

    def _inherits(self, parent: str, child: str) -> bool:
        """Whether something new about a parent whose own parents are known follows from its child."""
        before, old = self._had_by.get(parent, 0), parent in self._of_base
        mask, is_old = before | self._had_by.get(child, 0), old or child in self._of_base
        if mask == before and is_old == old:
            return False
        self._had_by[parent] = mask
        if is_old:
            self._of_base.add(parent)
            self.is_met = self.is_met or parent in self._edge
        if parent in self._parents:
            return True
        if mask == self._everyone:
            self.left.discard(parent)
        elif is_old:
            self.left.add(parent)
        return False


def is_disjoint(
    bases: Sequence[str],
    edge: Sequence[str],
    listed: Iterable[tuple[str, Sequence[str]]],
    cut: frozenset[str] = frozenset(),
) -> bool | None:
    """Whether no base has a commit of the edge; None when a cut hides the answer.

    Looks at what the bases have until every commit of the edge has all that is left of it: no commit has its own
    descendants.

    Args:
        bases: full commit ids.
        edge: full commit ids.
        listed: the bases, the edge and their ancestors, each with its parents, in any order; no more are taken than
            needed.
        cut: commits whose parents are hidden.
    """
    below = _Below(bases, edge)
    for commit, parents in listed:
        if commit not in cut:
            below.take(commit, parents)
        if below.is_met or not below.left:
            return not below.is_met
    return None


def parents_of(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The lines of ``git rev-list --parents``."""
    for line in lines:
        commit, *parents = line.split()
        yield commit, parents


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
        return (found for _, some in self.exact_blocks(span, (("", [found]) for found in listed)) for found in some)

    def exact_blocks(
        self, span: Span, blocks: Iterator[tuple[str, list[Listed]]]
    ) -> Iterator[tuple[str, list[Listed]]]:
        """The same for many at once, each time with the text that they were read from.

        Raises:
            Overlisted: as :meth:`exactly`.
        """
        if span in self._proven:
            old = self._proven[span]
            yield from ((text, [found for found in some if found[0] not in old]) for text, some in blocks)
            return
        outline = Outline()
        for text, some in blocks:
            outline.add_all(some)
            yield text, some
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
