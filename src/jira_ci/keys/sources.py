"""Which texts beside commit messages may hold issue keys: titles, branches, descriptions, squashed pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jira_ci.ci.api import Bare, Unreadable
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
_PATTERNS = (
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


def merged_branches(message: str) -> Iterator[str]:
    """The branches' names, without the remote's or the fork's owner's; none where nothing is merged.

    Args:
        message: of a commit; only its first lines are looked at.
    """
    for line in message.split("\n", _LINES)[:_LINES]:
        subject = line[:_LONGEST].rstrip()
        if not subject.startswith("Merge"):
            continue
        found = next(filter(None, (re.match(pattern, subject) for pattern in _PATTERNS)), None)
        if found is None:
            continue
        named = found.groupdict()
        for branch in re.findall(r"'([^']+)'", named["many"]) if named.get("many") else [named["one"]]:
            yield branch.partition("/")[2] if named.get("remote") else branch


def without_target(message: str) -> str:
    """A merge's message without the name of the branch that it goes into."""
    subject, line_break, rest = message.partition("\n")
    return re.sub(r" into \S+\Z", "", subject) + line_break + rest


_LOOKED_AT = 2000
_OTHERS = 2000
"""How many commits that name no pull request are asked about, where a request answers for a hundred."""
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
        every: whether a commit without a key is asked about even where it names no pull request, as one that was
            rebased or moved forward does not.
    """

    def __init__(self, lookup: Lookup, projects: Sequence[str], *, every: bool) -> None:
        self._lookup = lookup
        self._head = lookup.run.commit
        self._projects = projects
        self._suffix = _SUFFIX.get(lookup.run.provider)
        self._every = every and lookup.api is not None
        self._bare: dict[str, tuple[Bare, int]] = {}  # by commit, with the services that it touches
        self._others = 0
        self._looked_at = 0

    def see(self, commit: str, message: str, services: int = _EVERY) -> None:
        """Takes note of a commit without a key that names its pull request, is the run's own, or may have one.

        Args:
            services: those that it touches, one bit each.
        """
        is_head = commit == self._head
        # Before anything slower: there may be a hundred thousand commits.
        names = ")\n" in message or message.endswith(")")
        if self._suffix is None or not (is_head or names or (self._every and self._others < _OTHERS)):
            return
        found = self._suffix.search(message.partition("\n")[0].rstrip())
        if not (found or is_head or (self._every and self._others < _OTHERS)) or not self._is_bare(message):
            return
        number, own = int(found[1]) if found else 0, self._lookup.run.pull_request
        if own and (own.number == number or (is_head and not number)):
            return
        commit = commit or (f"#{number}" if number else "")  # an event may tell messages without ids
        if commit:
            self._others += not (number or is_head)
            before = self._bare[commit][1] if commit in self._bare else 0
            self._bare[commit] = Bare(commit, number, bool(number) or is_head), before | services

    def may_see(self, text: str) -> bool:
        """Whether there may be something to take note of among commits, as git prints them with NULs between them."""
        signs = [*(f"\n{word}" for word in MERGE), *([")\n", ")\0", self._head] if self._suffix else [])]
        return any(sign in text for sign in signs) or (self._suffix is not None and text.endswith(")"))

    def names_one(self, commit: str, message: str) -> bool:
        """Whether a pull request may have to be asked for because of this commit."""
        subject = message.partition("\n")[0].rstrip()
        return self._suffix is not None and (commit == self._head or self._suffix.search(subject) is not None)

    def read(self, *, head_matters: bool) -> Iterator[tuple[int, Source]]:
        """Titles and branches, each with the services that its commits touch; none twice.

        Args:
            head_matters: whether it is a gap when there is no one to ask for the pull request of the run's own commit.
        """
        api, gaps = self._lookup.api, self._lookup.gaps
        if api is None:
            numbers = {one.number for one, _ in self._bare.values() if one.number}
            unread = len(numbers) + (head_matters and any(not one.number for one, _ in self._bare.values()))
            if unread:
                commits = "a commit" if unread == 1 else f"{unread} commits"
                kind = _NAMES.get(self._lookup.run.provider, "")
                gaps.append(f"The {kind} of {commits} without an issue key were not read: {self._lookup.no_token()}.")
            return
        if not self._bare:
            return
        asked = [one for one, _ in self._bare.values()]
        brought = api.pull_requests_of_all(asked, descriptions=self._lookup.descriptions)
        gaps += brought.gaps
        first: dict[int, tuple[str, PullRequest]] = {}
        services: dict[int, int] = {}
        for commit, found in brought.found.items():
            for pull_request in found:
                first.setdefault(pull_request.number, (commit, pull_request))
                services[pull_request.number] = services.get(pull_request.number, 0) | self._bare[commit][1]
        for number, (commit, pull_request) in first.items():
            yield from ((services[number], source) for source in self._texts(pull_request, commit))

    def _is_bare(self, message: str) -> bool:
        if not _LIKE_A_KEY.search(message):
            return True
        self._looked_at += 1
        # Past that many, what looks like a key counts as one.
        return self._looked_at <= _LOOKED_AT and not collect([Source("", message)], self._projects).keys

    def _texts(self, found: PullRequest, commit: str) -> Iterator[Source]:
        where = f"{_SIGN[self._lookup.run.provider]}{found.number} of commit {short(commit.partition('#')[0])}"
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
