"""What a provider is asked about commits when the clone does not know, and who answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jira_ci.run import PullRequest


class Unreadable(Exception):
    """The provider did not give a usable answer: one sentence that says what was asked, what came back, and the mend.

    Args:
        sentence: for people.
        missing: whether the provider answered that there is no such thing (404, 410).
        denied: whether it answered that the token may not have it (401, 403).
    """

    def __init__(self, sentence: str, *, missing: bool = False, denied: bool = False) -> None:
        super().__init__(sentence)
        self.missing, self.denied = missing, denied


@dataclass(frozen=True)
class Commits:
    """Some commits, and whether they are all of what was asked for."""

    found: tuple[tuple[str, str], ...]
    """Full commit id and whole message."""
    complete: bool = True


@dataclass(frozen=True)
class Touched:
    """The files that a commit touches: a merge those that it brings to its first parent."""

    files: tuple[str, ...]
    """From the repository's top, with slashes; a file that was moved by both names."""
    complete: bool = True


class History(Protocol):
    """One repository's history, read through a provider's API. Each method raises Unreadable, and nothing else."""

    def compare(self, base: str, head: str) -> Commits:
        """The commits that ``head`` has and ``base`` has not; full ids or names, newest or oldest first."""

    def commit_message(self, commit: str) -> str:
        """The whole message of one commit."""

    def files_of(self, commit: str) -> Touched:
        """What one commit touches."""

    def pull_request(self, number: int) -> PullRequest:
        """A pull or merge request by its number."""

    def pull_request_commits(self, number: int) -> Commits:
        """The commits of a pull or merge request."""

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        """The pull or merge requests that brought, or want to bring, this commit."""

    def last_deployment(self, environment: str) -> str:
        """The commit of the newest deployment to this environment that ever succeeded, without this run's own;
        empty when there is none.
        """

    def close(self) -> None:
        """Closes the connections."""


class Files(Protocol):
    """One repository's committed files, read through a provider's API. Each method raises Unreadable, and nothing
    else.
    """

    def default_commit(self) -> tuple[str, str]:
        """The default branch's name and the full id of its newest commit, as the provider says now."""

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        """A file as it was committed; None when that commit certainly has none of this path.

        Args:
            commit: a full commit id.
            path: from the repository's top, with slashes.
            limit: the most bytes it may have; a larger one, a symbolic link or a directory is Unreadable.
        """


class Provider(History, Files, Protocol):
    """Everything that a provider is asked."""
