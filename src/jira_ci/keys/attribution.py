"""Which issues each service of a repository claims: one pass over the range serves them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from jira_ci.ci.api import Unreadable
from jira_ci.frozen import dataclass, replace
from jira_ci.git.command import GitError
from jira_ci.keys import run_range
from jira_ci.keys.parse_keys import EXPLICIT, Keys, Source, Tally, collect
from jira_ci.keys.path_matching import PathIndex
from jira_ci.keys.ranges import Lookup, Messages, deeper, unfiltered
from jira_ci.keys.run_range import Asked
from jira_ci.keys.sources import MERGE, Squashed, merged_branches, titles, without_target
from jira_ci.text import one_line, sha

if TYPE_CHECKING:
    from jira_ci.ci.api import History
    from jira_ci.git.repository import Git
    from jira_ci.run import Run

_SHOWN = 120  # characters of a file's name


@dataclass(frozen=True)
class Whose:
    """Whose keys are asked for."""

    services: Sequence[tuple[str, ...]]
    """The globs of each."""
    explicit: Sequence[str] = ()
    """Keys that the user named: they count for every service."""
    projects: Sequence[str] = ()


def attribute(whose: Whose, asked: Asked, run: Run, git: Git, api: History | None, gaps: list[str]) -> list[Keys]:
    """The keys of each service, in the services' order.

    A commit's keys count where it touches a file of the service, and so do the title and branch of its squashed pull
    request, and the branch that it merges; the title and branch of the run's own where any commit does.

    Args:
        gaps: gets a sentence for everything that could not be read.

    Raises:
        UsageError: there is no such commit as ``since``.
        Overlisted: what was read may be too much, and has to be read again.
    """
    lookup = run_range.lookup_of(run, asked, git, api, gaps)
    touched = Touched(lookup, whose.services)
    lookup = replace(lookup, read=touched.read)
    of_range = list(titles(lookup, asked))
    tallies = [Tally(whose.projects) for _ in whose.services]
    active = _read_commits(whose, asked, lookup, touched, tallies)
    if of_range:
        active = _any_more(active, touched, (1 << len(tallies)) - 1)
    touched.tell()
    return [
        _whole(whose, of_range if active >> number & 1 else [], tally).keys() for number, tally in enumerate(tallies)
    ]


def _read_commits(whose: Whose, asked: Asked, lookup: Lookup, touched: Touched, tallies: list[Tally]) -> int:
    """Enters all keys of commits; the services that any commit touches."""
    squashed = Squashed(lookup, whose.projects, every=bool(asked.environment))
    found, head_matters = run_range.messages(lookup, asked)
    active = 0

    def matters() -> bool:
        texts = _texts("", message, lookup.run.default_branch)
        return bool(collect(texts, whose.projects).keys) or squashed.names_one(commit, message)

    for commit, message in found:
        files = touched.of(commit, message, matters)
        if not files:
            continue
        services = 0
        for some in files:
            services |= some
        active |= services
        squashed.see(commit, message, services)
        if "-" in message:
            _enter(_texts(commit, message, lookup.run.default_branch), files, tallies, services)
    for services, source in squashed.read(head_matters=head_matters and active != 0):
        for number in _numbers(services, len(tallies)):
            tallies[number].add(source)
    return active


def _texts(commit: str, message: str, default_branch: str) -> list[Source]:
    """What a commit says, and the branches that it merges. "Merge branch 'main' into feature/WEB-12" brings the work of
    others to that branch."""
    where = f"commit {commit[:8] or 'message'}"
    if not message.startswith(MERGE):
        return [Source(where, message)]
    branches = list(merged_branches(message))
    text = without_target(message) if default_branch in branches else message
    return [Source(where, text), *(Source(f"branch of {where}", branch, branch=True) for branch in branches)]


def _enter(texts: Sequence[Source], files: Files, tallies: list[Tally], services: int) -> None:
    for source in texts:
        tokens = tallies[0].tokens(source)
        for number in _numbers(services, len(tallies)) if tokens else ():
            tally = tallies[number]
            if not tally.knows(tokens):
                file = next(name for some, name in files.items() if some >> number & 1)
                tally.add(source._replace(where=f"{source.where} ({one_line(file, _SHOWN)})"), tokens)


def _any_more(active: int, touched: Touched, every: int) -> int:
    if active != every:
        for services in touched.others():
            active |= services
            if active == every:
                break
    return active


def _whole(whose: Whose, titles: Sequence[Source], commits_tally: Tally) -> Tally:
    """The surest lookup come first."""
    whole = Tally(whose.projects)
    for key in whose.explicit:
        whole.add(Source(EXPLICIT, key))
    for source in titles:
        whole.add(source)
    whole.append(commits_tally)
    return whole


def _numbers(services: int, count: int) -> Iterator[int]:
    services &= (1 << count) - 1
    while services:
        lowest = services & -services
        yield lowest.bit_length() - 1
        services ^= lowest


_MOST = 50
"""How many commits' files are asked for, one request or more each."""
_LOCAL = 500
_DEEPER, _SECONDS = 50, 20.0

Files = Mapping[int, str]
"""For each set of services, one bit each, the first file that belongs to exactly these."""


class Touched:
    """Remembers nothing of a commit that was asked about: a range may have a hundred thousand.

    Args:
        lookup: who may be asked, and the list of what could not be read.
        services: for each service its globs.
    """

    def __init__(self, lookup: Lookup, services: Sequence[Sequence[str]]) -> None:
        self._lookup, self._git = lookup, lookup.git
        self._index = PathIndex(services)
        self._known: dict[str, Files] = {}
        self._later: list[str] = []
        self._asked = self._looked_at = self._unknown = self._cut = 0
        self._refused = self._deepened = False
        self._is_treeless = False

    def read(self, head: str, *bases: str) -> Messages:
        """The commits of a range in the clone, whose files are known afterwards.

        Raises:
            GitError: git fails, perhaps after some commits.
        """
        seen = 0
        try:
            for change in self._git.changes(self._index.__getitem__, head, *bases):
                seen += 1
                self._known[change.commit] = change.files
                yield change.commit, change.message
        except GitError:
            self._is_treeless = True  # what is there all the same are the messages
            for number, found in enumerate(self._git.messages(head, *bases)):
                if number >= seen:
                    yield found

    def of(self, commit: str, message: str, matters: Callable[[], bool]) -> Files:
        """What a commit touches that has just been read; nothing when that is not known.

        Args:
            matters: whether it is worth a request.
        """
        files = self._known.pop(commit, None)
        if files is not None:
            return files
        if " into " in message.partition("\n")[0] and self._lookup.run.default_branch in merged_branches(message):
            return {}  # "Merge branch 'main' into feature/WEB-12": what it brings is the work of others
        if matters():
            return self._ask(commit)
        if len(self._later) < _MOST:
            self._later.append(commit)
        return {}

    def others(self) -> Iterator[int]:
        """What the commits touch that were not worth a request before, as sets of services."""
        for commit in self._later:
            yield from self._ask(commit)

    def tell(self) -> None:
        """Notes what is not known in the end."""
        depth = (unfiltered if self._is_treeless else deeper)(self._lookup.run)
        if self._unknown:
            commits = "a commit touches is" if self._unknown == 1 else f"{self._unknown} commits touch is"
            why = f": {self._lookup.no_token()}" if self._lookup.api is None else ""
            why = f": only {_MOST} were asked for" if self._asked >= _MOST else why
            self._lookup.gaps.append(
                f"Which files {commits} not known{why}; their issues count for no service ({depth})."
            )
        if self._cut:
            commits = "a commit" if self._cut == 1 else f"{self._cut} commits"
            self._lookup.gaps.append(f"The provider lists only some of the files of {commits} ({depth}).")

    def _ask(self, commit: str) -> Files:
        files = self._from_clone(commit) if sha(commit) else None
        if files is None:
            files = self._from_provider(commit) if sha(commit) else None
        self._unknown += files is None
        return files or {}

    def _from_clone(self, commit: str) -> Files | None:
        self._looked_at += 1
        git = self._git
        if self._is_treeless or self._looked_at > _LOCAL or not git.resolve(commit):
            return None
        if commit in git.boundary() and not self._deepened:
            self._deepened = True
            if self._lookup.origin.is_home:
                git.deepen(_DEEPER, _SECONDS, self._lookup.run.commit)
        if commit in git.boundary():  # it looks as if it had made everything
            return None
        try:
            return next((change.files for change in git.changes_of([commit], self._index.__getitem__)), None)
        except GitError:
            return None

    def _from_provider(self, commit: str) -> Files | None:
        api = self._lookup.api
        if api is None or self._refused or self._asked >= _MOST:
            return None
        self._asked += 1
        try:
            found = api.files_of(commit)
        except Unreadable as error:
            if not error.missing:
                self._refused = True
                self._lookup.gaps.append(str(error))
            return None
        self._cut += not found.complete
        files: dict[int, str] = {}
        for name in found.files:
            files.setdefault(self._index[name], name)
        files.pop(0, None)
        return files
