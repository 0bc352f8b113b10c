"""Streams commits with the files they touch out of one ``git log``: any number of both in little memory."""

from __future__ import annotations

import functools
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from jira_ci.git import command as git_command
from jira_ci.git.command import GitError
from jira_ci.git.log import follow, whole_records
from jira_ci.text import one_line

# What a repository's or a user's settings would change about the files that are named.
_SETTINGS = (
    "-c",
    "log.diffMerges=separate",
    "-c",
    "diff.relative=false",
    "-c",
    "diff.orderFile=/dev/null",
    "-c",
    "log.follow=false",
)
_ARGUMENTS = (
    "log",
    "-z",
    "--encoding=UTF-8",
    "--name-only",
    "--no-renames",  # a file that was moved is touched at both places
    "--root",
    "--ignore-submodules=none",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-decorate",
    "--no-notes",
    "--no-show-signature",
)
_FIRST_PARENT = "--diff-merges=first-parent"
# The same for single commits, and the only way before git 2.31.
_ALONE = ("--no-walk=unsorted", "--stdin", "-m", "--first-parent")


class Change(NamedTuple):
    """A commit and what it touches; a merge touches what it brings that its first parent has not."""

    commit: str
    parents: str
    """As git prints them."""
    message: str
    files: Mapping[int, str]
    """For each group the first of its files, from the repository's top with slashes."""


def of_range(
    directory: Path, environ: Mapping[str, str], revisions: tuple[str, ...], group: Callable[[str], int]
) -> Iterator[Change]:
    """The commits of a range, newest first, in the order of ``git log``.

    A merge that only brings a branch up to date touches nothing: what it brings is the work of others.

    Args:
        revisions: the full id of the commit that the range ends with, then ``^`` before each to leave out, then ``--``.
        group: the group of a file by its name; files of the group 0 are left out.

    Raises:
        GitError: git fails, perhaps after some commits.
    """
    idle: set[str] | None = None
    for change in _stream(directory, environ, revisions, group):
        if change.files and " " in change.parents:
            if idle is None:
                arguments = ("rev-list", "--parents", *revisions)
                idle = idle_merges(
                    git_command.run(directory, environ, arguments, seconds=60).splitlines(), revisions[0]
                )
            change = change._replace(files={}) if change.commit in idle else change
        yield change


def of_commits(
    directory: Path, environ: Mapping[str, str], commits: Sequence[str], group: Callable[[str], int]
) -> Iterator[Change]:
    """These commits, in this order.

    Raises:
        GitError: git fails, perhaps after some commits.
    """
    return _listed(directory, environ, commits, group)


def _stream(
    directory: Path, environ: Mapping[str, str], revisions: tuple[str, ...], group: Callable[[str], int]
) -> Iterator[Change]:
    begun = False
    try:
        for found in _log(directory, environ, (_FIRST_PARENT, *revisions), group):
            begun = True
            yield found
    except GitError as error:
        if begun or "diff-merges" not in str(error):
            raise
        commits = git_command.run(directory, environ, ("rev-list", *revisions), seconds=60).split()
        yield from _listed(directory, environ, commits, group)


def _listed(
    directory: Path, environ: Mapping[str, str], commits: Sequence[str], group: Callable[[str], int]
) -> Iterator[Change]:
    if not commits:
        return
    with tempfile.TemporaryFile() as given:
        given.writelines(commit.encode() + b"\n" for commit in commits)
        given.seek(0)
        yield from _log(directory, environ, _ALONE, group, given)


def _log(
    directory: Path,
    environ: Mapping[str, str],
    arguments: tuple[str, ...],
    group: Callable[[str], int],
    given: IO[bytes] | None = None,
) -> Iterator[Change]:
    # No message and no file name can be written so that it looks like the next commit.
    mark = os.urandom(8).hex()
    whole = (*_SETTINGS, *_ARGUMENTS, f"--format={mark}%H %P%n%B", *arguments)
    return follow(directory, environ, whole, functools.partial(_commits, mark=mark, group=group), given)


def _commits(pipe: IO[bytes], mark: str, group: Callable[[str], int]) -> Iterator[Change]:
    head, first = "", False
    files: dict[int, str] = {}
    for part in _parts(pipe):
        if part.startswith(mark):
            if head:
                yield _found(head, files)
            head, files = part[len(mark) :], {}
            first = True
            continue
        if not head:
            raise GitError(f"git log printed {one_line(part, 80)!r} where a commit should be")
        if first:  # a line break parts the message from the names
            part, first = part.removeprefix("\n"), False
        if part and (found := group(part)) and found not in files:
            files[found] = part
    if head:
        yield _found(head, files)


def _found(head: str, files: dict[int, str]) -> Change:
    ids, _, message = head.partition("\n")
    commit, _, parents = ids.partition(" ")
    return Change(commit, parents, message, files)


def _parts(pipe: IO[bytes]) -> Iterator[str]:
    """What stands between NULs, decoded with replacement."""
    for piece in whole_records(pipe):
        yield from piece.decode("utf-8", "replace").split("\0")


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
