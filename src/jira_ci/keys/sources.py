"""Which texts beside commit messages may hold issue keys: titles, branches, descriptions, squashed pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jira_ci.ci.api import Unreadable
from jira_ci.keys.parse_keys import Source, collect
from jira_ci.run import CI
from jira_ci.text import short

if TYPE_CHECKING:
    from jira_ci.keys.ranges import Lookup
    from jira_ci.keys.run_range import Asked
    from jira_ci.run import PullRequest, Run

MERGE = ("Merge", "Pull request #")
"""What the message of such a commit begins with."""

_LINES = 3
_LONGEST = 1000
_BRANCH = r"[^\s'\"]{1,250}"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # GitHub: Merge pull request #7 from acme/feature/web-12-pay
        rf"Merge pull request #[0-9]+ from [^\s/]+/(?P<one>{_BRANCH})\Z",
        # Bitbucket Data Center: Merge pull request #7 in SHOP/web from feature/web-12-pay to main
        rf"Merge pull request #[0-9]+ in \S+ from (?P<one>{_BRANCH}) to \S+\Z",
        # its newer form, below "Pull request #7: Pay by card": Merge in SHOP/web from feature/web-12-pay to main
        rf"Merge in \S+ from (?P<one>{_BRANCH}) to \S+\Z",
        # Azure: Merge pull request 7 from feature/web-12-pay into main
        rf"Merge pull request [0-9]+ from (?P<one>{_BRANCH}) into \S+\Z",
        # Gitea: Merge pull request 'Pay by card' (#7) from feature/web-12-pay into main
        rf"Merge pull request '.*' \([#!][0-9]+\) from (?P<one>{_BRANCH}) into \S+\Z",
        # Bitbucket Cloud: Merged in feature/web-12-pay (pull request #7)
        rf"Merged in (?P<one>{_BRANCH}) \(pull request #[0-9]+\)",
        # git and GitLab: Merge branch 'x' into 'main', Merge remote-tracking branches 'origin/a' and 'origin/b'
        rf"Merge (?P<remote>remote-tracking )?branch(?:es)? (?P<many>'{_BRANCH}'(?:(?:, | and )'{_BRANCH}')*)",
    )
)


def merged_branches(message: str) -> Iterator[str]:
    """The branches' names, without the remote's or the fork's owner's; none where nothing is merged.

    Args:
        message: of a commit; only its first lines are looked at.
    """
    for line in message.split("\n", _LINES)[:_LINES]:
        subject = line[:_LONGEST].rstrip()
        found = next(filter(None, (pattern.match(subject) for pattern in _PATTERNS)), None)
        if found is None:
            continue
        named = found.groupdict()
        for branch in re.findall(r"'([^']+)'", named["many"]) if named.get("many") else [named["one"]]:
            yield branch.partition("/")[2] if named.get("remote") else branch


def without_target(message: str) -> str:
    """A merge's message without the name of the branch that it goes into."""
    subject, line_break, rest = message.partition("\n")
    return re.sub(r" into \S+\Z", "", subject) + line_break + rest


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

    def __init__(self, lookup: Lookup, projects: Sequence[str]) -> None:
        self._lookup = lookup
        self._head = lookup.run.commit
        self._projects = projects
        self._suffix = _SUFFIX.get(lookup.run.provider)
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

    def may_see(self, text: str) -> bool:
        """Whether there may be something to take note of among commits, as git prints them with NULs between them."""
        signs = [*(f"\n{word}" for word in MERGE), *([")\n", ")\0", self._head] if self._suffix else [])]
        return any(sign in text for sign in signs) or (self._suffix is not None and text.endswith(")"))

    def names_one(self, commit: str, message: str) -> bool:
        """Whether a pull request may have to be asked for because of this commit."""
        subject = message.partition("\n")[0].rstrip()
        return self._suffix is not None and (commit == self._head or self._suffix.search(subject) is not None)

    def read(self, *, head_matters: bool) -> Iterator[tuple[int, Source]]:
        """Titles and branches, each with the services that its commits touch.

        Args:
            head_matters: whether it is a gap when there is no one to ask for the pull request of the run's own commit.
        """
        api, gaps = self._lookup.api, self._lookup.gaps
        kind = _NAMES.get(self._lookup.run.provider, "")
        if api is None:
            unread = len(self._numbers) + self._left_out + (self._head_is_bare and head_matters)
            if unread:
                commits = "a commit" if unread == 1 else f"{unread} commits"
                gaps.append(f"The {kind} of {commits} without an issue key were not read: {self._lookup.no_token()}.")
            return
        try:
            for number, commit in self._numbers.items():
                yield from ((self._services[number], source) for source in self._one(number, commit))
            if self._head_is_bare:
                commit = self._lookup.run.commit
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
        own = self._lookup.run.pull_request
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
        api = self._lookup.api
        try:
            found = [api.pull_request(number)] if api else []
        except Unreadable as error:
            if not error.missing:
                raise
            return  # "(#12)" may as well name an issue
        for pull_request in found:
            yield from self._texts(pull_request, commit)

    def _texts(self, found: PullRequest, commit: str) -> Iterator[Source]:
        where = f"{_SIGN[self._lookup.run.provider]}{found.number} of commit {short(commit)}"
        yield Source(where, found.title)
        if found.branch:
            yield Source(f"branch of {where}", found.branch, branch=True)
        if self._lookup.descriptions:
            yield Source(f"description of {where}", found.description or "")


_QUEUE = "gh-readonly-queue/"


def titles(lookup: Lookup, asked: Asked) -> Iterator[Source]:
    """What speaks of the whole range: the title and, where that is wanted, the description of the run's own pull
    request, the branch, and what else is wanted.
    """
    run, known = lookup.run, lookup.run.pull_request
    if known and not (known.title and known.branch and (known.description is not None or not asked.descriptions)):
        known = _complete(known, lookup)
    if known and known.title:
        yield Source(f"{kind(run)} title", known.title)
    branch = (known.branch if known else "") or run.branch
    # A merge queue's own branch ends in "pr-12-...", which is no issue.
    if branch and not branch.startswith(_QUEUE):
        yield Source("branch", branch, branch=True)
    if known and asked.descriptions:
        yield Source(f"{kind(run)} description", known.description or "")
    if asked.release_notes:
        yield Source("release notes", run.release_notes)
    if asked.payload:
        yield from (Source("deployment payload", part) for part in run.payload)


def kind(run: Run) -> str:
    return "merge request" if run.provider == CI.GITLAB else "pull request"


def name_of(run: Run, own: PullRequest) -> str:
    return f"{kind(run)} {'!' if run.provider == 'gitlab' else '#'}{own.number}"


def _complete(known: PullRequest, lookup: Lookup) -> PullRequest:
    if lookup.api is None:
        part = "description" if known.title and known.branch else "title"
        lookup.gaps.append(f"The {part} of {name_of(lookup.run, known)} was not read: {lookup.no_token()}.")
        return known
    try:
        return lookup.api.pull_request(known.number)
    except Unreadable as error:
        lookup.gaps.append(str(error))
        return known
