"""The git command line: questions about a checkout that may be shallow, strange, or not there at all."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jira_ci.git import checkout
from jira_ci.git import command as git_command
from jira_ci.git import log as git_log
from jira_ci.git.ancestry import Spans
from jira_ci.git.command import GitError
from jira_ci.git.log import revisions
from jira_ci.text import first, strip_ref
from jira_ci.text import sha as full_sha

if TYPE_CHECKING:
    from jira_ci.git.changes import Change

_SECONDS = 30.0  # a local question; a cold repository on a network disk takes seconds
_DETOURS = r"^(http\..*(proxy|sslverify)|remote\.origin\.(proxy|vcs))$"
_CONTROL = r"[\x00-\x20\x7f]"


class Git:
    """A checkout.

    No method lets text become an option: revisions are full commit ids, or names checked by :meth:`resolve`.

    Args:
        directory: anywhere in the checkout.
        environ: the environment git runs in, hardened by :mod:`jira_ci.git.command`.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = environ
        self._shallow: frozenset[str] | None = None
        self._commits: dict[str, str] = {}  # by full id: what it is here; empty where it is not
        self._outdated: set[str] = set()  # full ids that were looked up before something was fetched
        self._remote_failed = False
        self._spans = Spans(self)

    def run(self, *arguments: str, seconds: float = _SECONDS, network: bool = False) -> str:
        """What ``git ARGUMENTS`` prints.

        Raises:
            GitError: it failed, or took too long.
        """
        return git_command.run(self.directory, self.environ, arguments, seconds=seconds, network=network)

    def ask(self, *arguments: str) -> str:
        """What git prints, without white space at its ends; empty when it fails."""
        try:
            return self.run(*arguments).strip()
        except GitError:
            return ""

    def problem(self) -> str:
        """Why there is no history to read, with the hint; empty when there is."""
        return self._state.problem

    @cached_property
    def _state(self) -> checkout.State:
        return checkout.state(self.directory, self.run)

    def top(self) -> Path | None:
        """The checkout's top directory, or None where there is none."""
        return self._top

    @cached_property
    def _top(self) -> Path | None:
        found = "" if self.problem() else self.ask("rev-parse", "--show-toplevel")
        return Path(found) if found else None

    def head(self) -> str:
        """The commit that is checked out, or an empty text."""
        return "" if self.problem() else self.resolve("HEAD")

    def resolve(self, name: str) -> str:
        """The full id of the commit that a branch, tag, id or expression such as ``HEAD~3`` names here, or empty."""
        return self.resolve_each(name)[0]

    def resolve_each(self, *names: str) -> list[str]:
        """The same for several names, which takes one question."""
        if self.problem():
            return [""] * len(names)
        unknown = {name for name in names if name not in self._commits and _is_askable(name)}
        if unknown:
            asked = list(unknown | self._outdated)
            found = dict(zip(asked, checkout.commits(self.directory, self.environ, asked, _SECONDS), strict=True))
            self._outdated.clear()
            # What a name means may change while a command runs; what an id means does not.
            self._commits.update({name: commit for name, commit in found.items() if full_sha(name)})
            self._commits.update({commit: commit for commit in found.values() if commit})
        else:
            found = {}
        return [found.get(name, "") or self._commits.get(name, "") for name in names]

    def boundary(self) -> frozenset[str]:
        """The commits at which a shallow clone was cut; none in a complete clone."""
        if self._shallow is None:
            path = self._state.shallow
            self._shallow = frozenset(checkout.text(path).split()) if path else frozenset()
        return self._shallow

    def holds(self, head: str, *bases: str) -> bool:
        """Whether the clone proves what head has and none of the bases: all are here, no cut lies between them, and
        none that a base has could hide a commit of theirs behind it.

        Args:
            head: a full commit id.
            bases: full commit ids, one at least.
        """
        if not all(self.resolve_each(head, *bases)):
            return False
        try:
            # Nothing is cut in most clones: there :meth:`messages` proves it while it reads.
            return not self.boundary() or self._spans.prove((head, *bases))
        except GitError:
            return False

    def has(self, commit: str, ancestor: str) -> bool:
        """Whether one commit is known to be an ancestor of the other, or the same."""
        try:
            self.run("merge-base", "--is-ancestor", ancestor, commit)
        except GitError:
            return False
        return True

    def parents(self, commit: str) -> list[str]:
        """A commit's parents as it names them, whatever is cut; empty when it is not here."""
        header = self.ask("cat-file", "commit", commit).partition("\n\n")[0]
        return [line.removeprefix("parent ") for line in header.splitlines() if line.startswith("parent ")]

    def count(self, head: str, *bases: str) -> int:
        """How many commits head has here and none of the bases; -1 when git does not say."""
        counted = self.ask("rev-list", "--count", *revisions(head, *bases))
        return int(counted) - self._spans.too_many((head, *bases)) if counted.isdecimal() else -1

    def messages(self, head: str, *bases: str, skip: Callable[[str], bool] | None = None) -> Iterator[tuple[str, str]]:
        """Ids and messages of what head has and none of the bases, newest first, through all parents.

        Args:
            head: a full commit id.
            bases: full commit ids, one at least.
            skip: whether many commits at once may be left out, by what git prints of them: ids and messages, with
                NULs between them. The newest ones and the oldest one are always delivered.

        Raises:
            GitError: git fails, perhaps after some commits.
            Overlisted: in the end, once: what was delivered has commits of a base. The next time it has not.
        """
        blocks = self._spans.exact_blocks((head, *bases), git_log.blocks(self.directory, self.environ, head, *bases))
        is_first = True
        oldest: list[git_log.Commit] = []  # of those that were left out last
        for text, commits in blocks:
            if is_first or skip is None or not skip(text):
                for commit, _, message in commits:
                    yield commit, message
                oldest = [] if commits else oldest
            else:
                oldest = commits[-1:] or oldest
            is_first = is_first and not commits
        for commit, _, message in oldest:
            yield commit, message

    def changes(self, group: Callable[[str], int], head: str, *bases: str) -> Iterator[Change]:
        """The same commits in the same order, with the files that each touches.

        Args:
            group: what the caller sorts files into, by their names; files of 0 belong to none.

        Raises:
            GitError: git fails, perhaps after some commits: a clone may have no trees.
            Overlisted: as :meth:`messages`.
        """
        from jira_ci.git import changes

        listed = changes.of_range(self.directory, self.environ, revisions(head, *bases), group)
        return self._spans.exactly((head, *bases), listed)

    def changes_of(self, commits: Sequence[str], group: Callable[[str], int]) -> Iterator[Change]:
        """These commits alone, by their full ids; otherwise as :meth:`changes`."""
        from jira_ci.git import changes

        return changes.of_commits(self.directory, self.environ, commits, group)

    def message(self, commit: str) -> str:
        """One commit's message; empty when the commit is not here."""
        if not self.resolve(commit):
            return ""
        return self.ask("log", "-1", "--no-patch", "--no-show-signature", "--encoding=UTF-8", "--format=%B", commit)

    def deepen(self, commits: int, seconds: float, *towards: str) -> bool:
        """Fetches that many more commits before a shallow clone's cuts. Whether it worked; a remote that failed once
        is not asked again.

        Args:
            towards: commits that are here and that the remote knows.
        """
        if not towards or self._remote_failed:
            return False
        self._forget()
        # The first one is the run's own: the remote may have lost the others.
        for wanted in dict.fromkeys((towards, towards[:1])):
            with contextlib.suppress(GitError):
                self.run(*_fetch(wanted, f"--deepen={commits}"), seconds=seconds, network=True)
                return True
        self._remote_failed = True
        return False

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        """A file as it was committed; None when that commit certainly has none of this path.

        Args:
            commit: a full commit id.
            path: from the repository's top, with slashes.
            limit: the most bytes it may have.

        Raises:
            Unfit: there is something else than a file of at most that size; a symbolic link is not followed.
            Missing: an object on the way to the file is not here: a partial or a damaged clone.
            GitError: an object is not what its id says, or git failed.
        """
        from jira_ci.git import objects

        return objects.file(self.directory, self.environ, commit, path, limit)

    def blob(self, object_id: str, limit: int) -> bytes | None:
        """A file's content by its id, unless it is not here, larger, or not what its id says."""
        from jira_ci.git import objects

        return objects.blob(self.directory, self.environ, object_id, limit)

    def addresses(self) -> list[str]:
        """Where the remote named origin is really asked, as ``url.*.insteadOf`` has it; git asks the first of several.
        None without such a remote.
        """
        return [] if self.problem() else self.ask("remote", "get-url", "--all", "origin").splitlines()

    def detours(self) -> list[str]:
        """The names of what the checkout's own configuration says about the way to origin, other than its address: a
        proxy, or certificates that are not verified.
        """
        told = self.ask("config", "--includes", "--show-scope", "--name-only", "--get-regexp", _DETOURS).splitlines()
        scoped = [line.partition("\t") for line in told]
        return [name for scope, _, name in scoped if scope in ("local", "worktree")]

    def fetch_object(self, object_id: str, seconds: float) -> None:
        """Fetches one object that a partial or damaged clone lacks, whatever git believes to have already.

        Raises:
            GitError: it cannot be had.
        """
        # A filter would make a partial clone of one that is none.
        partial = self.ask("config", "--get", "remote.origin.promisor") == "true"
        how = ["--filter=blob:none"] if partial else []
        arguments = ("-c", "fetch.negotiationAlgorithm=noop", *_fetch([object_id], *how))
        self._forget()
        self.run(*arguments, seconds=seconds, network=True)

    def left_out(self, root: Path, path: str, limit: int) -> bytes | None:
        """A file as HEAD has it that a sparse checkout leaves out of the work tree; None where that is not so.

        Args:
            root: where the path begins; anything else than the repository's top has no such file.
            limit: the most bytes it may have.

        Raises:
            GitError: it is committed, and cannot be had: not from the remote either, where a partial clone lacks it.
        """
        if os.path.lexists(root / path) or self.ask("config", "--get", "core.sparseCheckout") != "true":
            return None
        listed = self.ask("ls-files", "-t", "--full-name", "-z", "--", f":(top,literal){path}").split("\0")
        if self.top() != root.resolve() or f"S {path}" not in listed:
            return None
        blob = full_sha(self.run("rev-parse", "--verify", f"HEAD:{path}").strip())
        if not self.ask("cat-file", "-t", blob):
            self.run(*_fetch([blob]), seconds=_SECONDS, network=True)
        data = git_command.output(self.directory, self.environ, ("cat-file", "blob", blob), seconds=_SECONDS)
        if len(data) > limit:
            raise GitError(f"{path} has {len(data)} bytes, and {limit} are allowed")
        return data

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

    def remote_tag(self, name: str, seconds: float) -> str:
        """The commit of a tag that the remote named origin has, an annotated one peeled; empty when it has none.

        Raises:
            GitError: it cannot be asked.
        """
        if not name or re.search(_CONTROL, name):
            return ""
        wanted = f"refs/tags/{name}"
        arguments = ("ls-remote", "--tags", "--upload-pack=git-upload-pack", "origin", wanted, f"{wanted}^{{}}")
        lines = [line.partition("\t") for line in self.run(*arguments, seconds=seconds, network=True).splitlines()]
        # The patterns are globs, and may find other tags, too.
        found = {ref: full_sha(value) for value, _, ref in lines}
        return found.get(f"{wanted}^{{}}") or found.get(wanted, "")

    def fetch(self, commit: str, seconds: float) -> None:
        """Fetches one commit, without history where the clone has none either.

        Raises:
            GitError: it cannot be had.
        """
        alone = ["--depth=1"] if self.boundary() else []  # in a complete clone this would cut its history
        self._forget()
        self.run(*_fetch([commit], *alone), seconds=seconds, network=True)

    def _forget(self) -> None:
        self._shallow = None
        self._outdated.update(self._commits)
        self._commits.clear()
        self._spans.forget()


def _fetch(commits: Sequence[str], *how: str) -> Sequence[str]:
    return (
        "fetch",
        "--quiet",
        *how,
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--upload-pack=git-upload-pack",
        "origin",
        *commits,
    )


def _is_askable(name: str) -> bool:
    """Whether a name may stand in a question: on a line of its own, and never as an option."""
    return bool(name) and not name.startswith("-") and not re.search(_CONTROL, name)
