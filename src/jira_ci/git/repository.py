"""The git command line: questions about a checkout that may be shallow, strange, or not there at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jira_ci.ci.values import first, short, strip_ref
from jira_ci.ci.values import sha as full_sha
from jira_ci.git import command as git_command
from jira_ci.git import log as git_log
from jira_ci.git.command import GitError

if TYPE_CHECKING:
    from jira_ci.git.changes import Change

_SECONDS = 30.0  # a local question; a cold repository on a network disk takes seconds
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_KINDS = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a directory"}


class Unfit(GitError):
    """What is committed there is known, and it is not what was asked for."""


class Git:
    """A checkout.

    No method lets text become an option: revisions are full commit ids, or names checked by :meth:`resolve`.

    Args:
        directory: anywhere in the checkout.
        environ: the environment git runs in, hardened by :mod:`jira_ci.git.command`.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self._environ = environ
        self._problem: str | None = None
        self._shallow: frozenset[str] | None = None
        self._remote_failed = False

    def run(self, *arguments: str, seconds: float = _SECONDS, network: bool = False) -> str:
        """What ``git ARGUMENTS`` prints.

        Raises:
            GitError: it failed, or took too long.
        """
        return git_command.run(self.directory, self._environ, arguments, seconds=seconds, network=network)

    def ask(self, *arguments: str) -> str:
        """What git prints, without white space at its ends; empty when it fails."""
        try:
            return self.run(*arguments).strip()
        except GitError:
            return ""

    def problem(self) -> str:
        """Why there is no history to read, with the mend; empty when there is."""
        if self._problem is None:
            self._problem = self._find_problem()
        return self._problem

    def top(self) -> Path | None:
        """The checkout's top directory, or None where there is none."""
        found = "" if self.problem() else self.ask("rev-parse", "--show-toplevel")
        return Path(found) if found else None

    def head(self) -> str:
        """The commit that is checked out, or an empty text."""
        return "" if self.problem() else self.resolve("HEAD")

    def resolve(self, name: str) -> str:
        """The full id of the commit that a branch, tag, id or expression such as ``HEAD~3`` names here, or empty."""
        if not name or name.startswith("-") or _CONTROL.search(name) or self.problem():
            return ""
        return full_sha(self.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"))

    def boundary(self) -> frozenset[str]:
        """The commits at which a shallow clone was cut; none in a complete clone."""
        if self._shallow is None:
            path = "" if self.problem() else self.ask("rev-parse", "--git-path", "shallow")
            self._shallow = _lines(self.directory / path) if path else frozenset()
        return self._shallow

    def holds(self, base: str, head: str) -> bool:
        """Whether every commit of ``base..head`` is here: both ends are, and no cut lies between them.

        Args:
            base: a full commit id.
            head: a full commit id.
        """
        if not (self.resolve(head) and self.resolve(base)):
            return False
        cut = self.boundary()
        try:
            return not cut or cut.isdisjoint(self.run("rev-list", head, f"^{base}", "--").split())
        except GitError:
            return False

    def count(self, base: str, head: str) -> int:
        """How many commits ``base..head`` has here; -1 when git does not say."""
        counted = self.ask("rev-list", "--count", head, f"^{base}", "--")
        return int(counted) if counted.isdecimal() else -1

    def messages(self, base: str, head: str) -> Iterator[tuple[str, str]]:
        """Ids and messages of ``base..head``, newest first, through all parents.

        Args:
            base: a full commit id.
            head: a full commit id.

        Raises:
            GitError: git fails, perhaps after some commits.
        """
        return git_log.stream(self.directory, self._environ, [head, f"^{base}"])

    def changes(self, base: str, head: str, group: Callable[[str], int]) -> Iterator[Change]:
        """The same commits in the same order, with the files that each touches.

        Args:
            group: what the caller sorts files into, by their names; files of 0 are nobody's.

        Raises:
            GitError: git fails, perhaps after some commits: a clone may have no trees.
        """
        from jira_ci.git import changes

        return changes.of_range(self.directory, self._environ, base, head, group)

    def changes_of(self, commits: Sequence[str], group: Callable[[str], int]) -> Iterator[Change]:
        """These commits alone, by their full ids; otherwise as :meth:`changes`."""
        from jira_ci.git import changes

        return changes.of_commits(self.directory, self._environ, commits, group)

    def message(self, commit: str) -> str:
        """One commit's message; empty when the commit is not here."""
        if not self.resolve(commit):
            return ""
        return self.ask("log", "-1", "--no-patch", "--no-show-signature", "--encoding=UTF-8", "--format=%B", commit)

    def deepen(self, commits: int, seconds: float) -> bool:
        """Fetches that many more commits before a shallow clone's cuts. Whether it worked; a remote that failed once
        is not asked again.
        """
        head = self.head()
        if not head or self._remote_failed:
            return False
        self._shallow = None
        try:
            self.run(*_fetch(head, f"--deepen={commits}"), seconds=seconds, network=True)
        except GitError:
            self._remote_failed = True
        return not self._remote_failed

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        """A file as it was committed; None when that commit certainly has none of this path.

        Args:
            commit: a full commit id.
            path: from the repository's top, with slashes.
            limit: the most bytes it may have.

        Raises:
            Unfit: there is something else than a file of at most that size; a symbolic link is not followed.
            GitError: the commit or the file is not here, or git failed.
        """
        listed = self.run("--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", commit, "--", path)
        if not listed:
            return None
        entry, _, found = listed.partition("\0")[0].partition("\t")
        mode, kind, blob, size, *_ = [*entry.split(), "", "", "", ""]
        if found != path or kind != "blob" or not mode.startswith("100"):
            raise Unfit(f"{path} is {_KINDS.get(mode, 'no file')} in commit {short(commit)}, and not a file")
        if int(size) > limit:
            raise Unfit(f"{path} has {size} bytes in commit {short(commit)}, and {limit} are allowed")
        return git_command.output(self.directory, self._environ, ("cat-file", "blob", blob), seconds=_SECONDS)

    def remote_head(self, seconds: float) -> tuple[str, str]:
        """What the remote named origin says its default branch and that branch's commit are; either may be empty.

        Raises:
            GitError: it cannot be asked.
        """
        arguments = ("ls-remote", "--symref", "--upload-pack=git-upload-pack", "origin", "HEAD")
        lines = [line.partition("\t") for line in self.run(*arguments, seconds=seconds, network=True).splitlines()]
        # The pattern finds branches named x/HEAD too.
        told = [value for value, _, name in lines if name == "HEAD"]
        names = [strip_ref(value.removeprefix("ref: ")) for value in told if value.startswith("ref: ")]
        return first(names), first(full_sha(value) for value in told)

    def fetch(self, commit: str, seconds: float) -> None:
        """Fetches one commit, without history where the clone has none either.

        Raises:
            GitError: it cannot be had.
        """
        alone = ["--depth=1"] if self.boundary() else []  # in a complete clone this would cut its history
        self._shallow = None
        self.run(*_fetch(commit, *alone), seconds=seconds, network=True)

    def _find_problem(self) -> str:
        try:
            inside = self.run("rev-parse", "--is-inside-work-tree", "--is-bare-repository").split()
        except GitError as error:
            return _explain(str(error), self.directory)
        return "" if "true" in inside else f"{self.directory} is inside a .git directory, not in a checkout."


def _fetch(commit: str, *how: str) -> Sequence[str]:
    return (
        "fetch",
        "--quiet",
        *how,
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--upload-pack=git-upload-pack",
        "origin",
        commit,
    )


def _lines(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return frozenset()


def _explain(complaint: str, directory: Path) -> str:
    if "dubious ownership" in complaint or "safe.directory" in complaint:
        return (
            f"git does not read {directory} because somebody else owns it; run"
            f" `git config --global --add safe.directory {directory}` before jira-ci."
        )
    if "not a git repository" in complaint:
        return f"{directory} is not a git checkout; check the repository out before jira-ci, or run it there."
    if "not installed" in complaint:
        return "git is not installed; use an image that has it."
    return f"git cannot read {directory}: {complaint}."
