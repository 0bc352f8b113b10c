"""Which merges of a range bring nothing new: those by which a branch is brought up to date with where it came from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping


def idle_merges(listed: Iterable[str], head: str) -> set[str]:
    """Merges of commits that the merging branch's own target has, or that are outside of the range.

    "Merge branch 'main' into feature/WEB-12" differs from its first parent in everything that main got meanwhile. A
    line is a commit and its first parents; a line ends in the merge that takes it into the line above. A merge is idle
    when all it brings comes from a line above its own.

    Args:
        listed: the range's commits, each with its parents behind it, as of ``git rev-list --parents``.
        head: the commit that the range ends with.
    """
    parents = {commit: others for commit, *others in map(str.split, listed)}
    line, above = _lines(parents, head)
    return {
        commit
        for commit, others in parents.items()
        if len(others) > 1 and all(_is_old(line.get(other, -1), line.get(commit, 0), above) for other in others[1:])
    }


def _lines(parents: Mapping[str, list[str]], head: str) -> tuple[dict[str, int], list[int]]:
    """The line of each commit, and for each line the one above it; 0 is head's own, -1 what is outside."""
    line: dict[str, int] = {}
    above: list[int] = []
    waiting = deque([(head, -1)])  # nearest first, so that a line is whole before those below it begin
    while waiting:
        commit, upper = waiting.popleft()
        if commit in line or commit not in parents:
            continue
        number = len(above)
        above.append(upper)
        while commit in parents and commit not in line:
            line[commit] = number
            first, *merged = parents[commit] or [""]
            waiting.extend((other, number) for other in merged)
            commit = first
    return line, above


def _is_old(brought: int, own: int, above: list[int]) -> bool:
    if brought == own:
        return True
    while own >= 0 and own != brought:
        own = above[own]
    return own == brought
