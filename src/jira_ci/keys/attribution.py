"""Which issues each service of a repository claims: one pass over the range serves them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jira_ci.keys import commits
from jira_ci.keys.issue_keys import EXPLICIT, Keys, Source, collect
from jira_ci.keys.pulls import Squashed
from jira_ci.keys.ranges import Sources
from jira_ci.keys.tally import Tally
from jira_ci.keys.touched import Files, Touched
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.ci.history import History
    from jira_ci.git.repository import Git
    from jira_ci.run import Run

_SHOWN = 120  # characters of a file's name


@dataclass(frozen=True)
class Asked:
    """Whose keys of which commits."""

    services: Sequence[tuple[str, ...]]
    """The globs of each."""
    explicit: Sequence[str] = ()
    """Keys that the user named: they count for every service."""
    since: str = ""
    environment: str = ""
    projects: Sequence[str] = ()


def attribute(asked: Asked, run: Run, git: Git, api: History | None, gaps: list[str]) -> list[Keys]:
    """The keys of each service, in the services' order.

    A commit's keys count where it touches a file of the service, and so do the title and branch of its squashed pull
    request; the title and branch of the run's own where any commit does.

    Args:
        gaps: gets a sentence for everything that could not be read.

    Raises:
        UsageError: there is no such commit as ``since``.
    """
    sources = Sources(run, git, api, gaps)
    touched = Touched(sources, asked.services)
    sources = replace(sources, read=touched.read)
    titles = list(commits.titles(sources))
    tallies = [Tally(asked.projects) for _ in asked.services]
    active = _read_commits(asked, sources, touched, tallies)
    if titles:
        active = _any_more(active, touched, (1 << len(tallies)) - 1)
    touched.tell()
    return [_whole(asked, titles if active >> number & 1 else [], tally).keys() for number, tally in enumerate(tallies)]


def _read_commits(asked: Asked, sources: Sources, touched: Touched, tallies: list[Tally]) -> int:
    """Enters all keys of commits; the services that any commit touches."""
    squashed = Squashed(sources, asked.projects)
    found, head_matters = commits.messages(sources, asked.since, asked.environment)
    active = 0

    def matters() -> bool:
        return bool(collect([Source("", message)], asked.projects).keys) or squashed.names_one(commit, message)

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
            _enter(commit, message, files, tallies, services)
    for services, source in squashed.read(head_matters=head_matters and active != 0):
        for number in _numbers(services, len(tallies)):
            tallies[number].add(source)
    return active


def _enter(commit: str, message: str, files: Files, tallies: list[Tally], services: int) -> None:
    tokens = tallies[0].tokens(Source("", message))
    if not tokens:
        return
    for number in _numbers(services, len(tallies)):
        tally = tallies[number]
        if not tally.knows(tokens):
            file = next(name for some, name in files.items() if some >> number & 1)
            where = f"commit {commit[:8] or 'message'} ({one_line(file, _SHOWN)})"
            tally.add(Source(where, message), tokens)


def _any_more(active: int, touched: Touched, every: int) -> int:
    if active != every:
        for services in touched.others():
            active |= services
            if active == every:
                break
    return active


def _whole(asked: Asked, titles: Sequence[Source], commits_tally: Tally) -> Tally:
    """The surest sources come first."""
    whole = Tally(asked.projects)
    for key in asked.explicit:
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
