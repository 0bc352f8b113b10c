"""Which issues each service of a repository claims: one pass over the range serves them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jira_ci.keys import commits
from jira_ci.keys.commits import Asked
from jira_ci.keys.issue_keys import EXPLICIT, Keys, Source, collect
from jira_ci.keys.merges import MERGE, merged_branches, without_target
from jira_ci.keys.pulls import Squashed
from jira_ci.keys.ranges import Sources
from jira_ci.keys.tally import Tally
from jira_ci.keys.touched import Files, Touched
from jira_ci.text import one_line

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
    sources = commits.sources_of(run, asked, git, api, gaps)
    touched = Touched(sources, whose.services)
    sources = replace(sources, read=touched.read)
    titles = list(commits.titles(sources, asked))
    tallies = [Tally(whose.projects) for _ in whose.services]
    active = _read_commits(whose, asked, sources, touched, tallies)
    if titles:
        active = _any_more(active, touched, (1 << len(tallies)) - 1)
    touched.tell()
    return [_whole(whose, titles if active >> number & 1 else [], tally).keys() for number, tally in enumerate(tallies)]


def _read_commits(whose: Whose, asked: Asked, sources: Sources, touched: Touched, tallies: list[Tally]) -> int:
    """Enters all keys of commits; the services that any commit touches."""
    squashed = Squashed(sources, whose.projects)
    found, head_matters = commits.messages(sources, asked)
    active = 0

    def matters() -> bool:
        texts = _texts("", message, sources.run.default_branch)
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
            _enter(_texts(commit, message, sources.run.default_branch), files, tallies, services)
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
    """The surest sources come first."""
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
