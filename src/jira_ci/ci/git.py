"""The git command line: questions about a checkout that may be shallow, strange, or not there at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jira_ci.ci import git_command, git_log
from jira_ci.ci.git_command import GitError
from jira_ci.ci.values import sha as full_sha

_SECONDS = 30.0  # a local question; a cold repository on a network disk takes seconds
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


class Git:
    """A checkout.

    No method lets text become an option: revisions are full commit ids, or names checked by :meth:`resolve`.

    Args:
        directory: anywhere in the checkout.
        environ: the environment git runs in, hardened by :mod:`jira_ci.ci.git_command`.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self._environ = environ
        self._problem: str | None = None
        self._shallow: frozenset[str] | None = None

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

    def message(self, commit: str) -> str:
        """One commit's message; empty when the commit is not here."""
        if not self.resolve(commit):
            return ""
        return self.ask("log", "-1", "--no-patch", "--no-show-signature", "--encoding=UTF-8", "--format=%B", commit)

    def deepen(self, commits: int, seconds: float) -> bool:
        """Fetches that many more commits before a shallow clone's cuts. Whether it worked."""
        head = self.head()
        self._shallow = None
        try:
            self.run(*_fetch(head, commits), seconds=seconds, network=True)
        except GitError:
            return False
        return bool(head)

    def _find_problem(self) -> str:
        try:
            inside = self.run("rev-parse", "--is-inside-work-tree", "--is-bare-repository").split()
        except GitError as error:
            return _explain(str(error), self.directory)
        return "" if "true" in inside else f"{self.directory} is inside a .git directory, not in a checkout."


def _fetch(head: str, commits: int) -> Sequence[str]:
    return (
        "fetch",
        "--quiet",
        f"--deepen={commits}",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--upload-pack=git-upload-pack",
        "origin",
        head,
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
