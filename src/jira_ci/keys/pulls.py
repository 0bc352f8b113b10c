"""Finds the pull requests behind commits that carry no key themselves: squash merges keep keys in the title only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jira_ci.ci.api import Unreadable
from jira_ci.keys.issue_keys import Source, collect
from jira_ci.run import CI
from jira_ci.text import short

if TYPE_CHECKING:
    from jira_ci.keys.ranges import Sources
    from jira_ci.run import PullRequest

_MOST = 50
"""How many pull requests are asked for, one request each."""
_LOOKED_AT = 2000
_EVERY = -1  # every bit
_LIKE_A_KEY = re.compile(r"\w-[1-9]")
# "Title (#12)" is what GitHub writes when it squashes; GitLab's templates put "(!12)" there.
_SUFFIX = {CI.GITHUB: re.compile(r"\(#([0-9]{1,18})\)\Z"), CI.GITLAB: re.compile(r"\(!([0-9]{1,18})\)\Z")}
_SIGN = {CI.GITHUB: "pull request #", CI.GITLAB: "merge request !"}
_NAMES = {CI.GITHUB: "pull requests", CI.GITLAB: "merge requests"}


class Squashed:
    """Watches commits go by, then reads the titles and branches of their pull requests.

    Args:
        projects: keys of other projects do not count as keys.
    """

    def __init__(self, sources: Sources, projects: Sequence[str]) -> None:
        self._sources = sources
        self._head = sources.run.commit
        self._projects = projects
        self._suffix = _SUFFIX.get(sources.run.provider)
        self._numbers: dict[int, str] = {}  # number -> commit
        self._services: dict[int, int] = {}
        self._of_head = _EVERY
        self._left_out = 0
        self._looked_at = 0
        self._head_is_bare = False

    def see(self, commit: str, message: str, services: int = _EVERY) -> None:
        """Takes note of a commit without a key that names its pull request, or is the run's own.

        Args:
            services: those that it touches, one bit each.
        """
        is_head = commit == self._head
        # Before anything slower: there may be a hundred thousand commits.
        if self._suffix is None or not (is_head or ")\n" in message or message.endswith(")")):
            return
        found = self._suffix.search(message.partition("\n")[0].rstrip())
        if (found or is_head) and self._is_bare(message):
            self._note(commit, int(found[1]) if found else None, services)

    def names_one(self, commit: str, message: str) -> bool:
        """Whether a pull request may have to be asked for because of this commit."""
        subject = message.partition("\n")[0].rstrip()
        return self._suffix is not None and (commit == self._head or self._suffix.search(subject) is not None)

    def read(self, *, head_matters: bool) -> Iterator[tuple[int, Source]]:
        """Titles and branches, each with the services that its commits touch.

        Args:
            head_matters: whether it is a gap when nobody can be asked for the pull request of the run's own commit.
        """
        api, gaps = self._sources.api, self._sources.gaps
        kind = _NAMES.get(self._sources.run.provider, "")
        if api is None:
            unread = len(self._numbers) + self._left_out + (self._head_is_bare and head_matters)
            if unread:
                commits = "a commit" if unread == 1 else f"{unread} commits"
                gaps.append(f"The {kind} of {commits} without an issue key were not read: {self._sources.no_token()}.")
            return
        try:
            for number, commit in self._numbers.items():
                yield from ((self._services[number], source) for source in self._one(number, commit))
            if self._head_is_bare:
                commit = self._sources.run.commit
                for pull_request in api.pull_requests_of(commit):
                    yield from ((self._of_head, source) for source in self._texts(pull_request, commit))
        except Unreadable as error:
            gaps.append(str(error))
        if self._left_out:
            gaps.append(f"Only {_MOST} {kind} of commits without an issue key were read, {self._left_out} were not.")

    def _is_bare(self, message: str) -> bool:
        if not _LIKE_A_KEY.search(message):
            return True
        self._looked_at += 1
        # Past that many, what looks like a key counts as one: the fifty requests are spent on better candidates.
        return self._looked_at <= _LOOKED_AT and not collect([Source("", message)], self._projects).keys

    def _note(self, commit: str, number: int | None, services: int) -> None:
        own = self._sources.run.pull_request
        if number is None:
            self._head_is_bare, self._of_head = own is None, services
        elif own and own.number == number:
            return
        elif number in self._numbers:
            self._services[number] |= services
        elif len(self._numbers) < _MOST:
            self._numbers[number], self._services[number] = commit, services
        else:
            self._left_out += 1

    def _one(self, number: int, commit: str) -> Iterator[Source]:
        api = self._sources.api
        try:
            found = [api.pull_request(number)] if api else []
        except Unreadable as error:
            if not error.missing:
                raise
            return  # "(#12)" may as well name an issue
        for pull_request in found:
            yield from self._texts(pull_request, commit)

    def _texts(self, found: PullRequest, commit: str) -> Iterator[Source]:
        where = f"{_SIGN[self._sources.run.provider]}{found.number} of commit {short(commit)}"
        yield Source(where, found.title)
        if found.branch:
            yield Source(f"branch of {where}", found.branch, branch=True)
        if self._sources.descriptions:
            yield Source(f"description of {where}", found.description or "")
