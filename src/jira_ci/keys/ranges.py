"""Reads the commits of one range from wherever they can be read: the clone, a deepened clone, the provider's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from jira_ci.ci.api import Commits, Unreadable
from jira_ci.git.command import GitError
from jira_ci.git.origin import Origin
from jira_ci.run import CI
from jira_ci.text import one_line, short

if TYPE_CHECKING:
    from jira_ci.ci.api import History
    from jira_ci.git.repository import Git
    from jira_ci.run import Run

_DEPTH = {
    CI.GITHUB: "give actions/checkout `fetch-depth: 0`",
    CI.GITLAB: "set the variable GIT_DEPTH to 0",
    CI.LOCAL: "run `git fetch --unshallow`",
    CI.HARNESS: "set the codebase's clone depth to 0",
    CI.DRONE: "take the depth out of the pipeline's clone",
    CI.JENKINS: "take the shallow clone out of the checkout's behaviours",
    CI.AZURE: "give the step checkout `fetchDepth: 0`",
    CI.BITBUCKET: "give the pipeline `clone: {depth: full}`",
    CI.BUILDKITE: "take the depth out of BUILDKITE_GIT_CLONE_FLAGS",
}
_FILTER = {
    CI.GITHUB: "give actions/checkout no `filter`, or `filter: blob:none`",
    CI.GITLAB: "take --filter=tree:0 out of GIT_CLONE_EXTRA_FLAGS and GIT_FETCH_EXTRA_FLAGS, or use --filter=blob:none",
}
Messages = Iterator[tuple[str, str]]
"""Commit ids and whole messages."""
TOKENS = {CI.GITHUB: "github-token", CI.GITLAB: "gitlab-token"}
"""The providers that can be asked about deployments, and what that takes."""


@dataclass(frozen=True)
class Range:
    """The commits that ``head`` has and ``base`` has not."""

    what: str
    """What people call it: ``the commits of this push``."""
    base: str
    """A full commit id."""
    head: str
    """A full commit id."""
    from_api: Callable[[History], Commits]
    size: int | None = None
    """How many commits there are, where the event says so: a clone that counts more has an outdated base."""
    without: tuple[str, ...] = ()
    """Other commits whose history is left out, too; full ids, certainly in the clone."""


@dataclass(frozen=True)
class Sources:
    """Who may be asked, and where is noted what nobody knew."""

    run: Run
    """Its commit is what the range ends with."""
    git: Git
    api: History | None
    gaps: list[str]
    read: Callable[..., Messages] | None = None
    """Delivers the commits of ``head, *bases`` from the clone, where somebody looks at more than their messages."""
    above: str = ""
    """A commit that the job has checked out on top of the run's own; or empty."""
    descriptions: bool = False
    """Whether the descriptions of pull requests are wanted."""
    started: Run | None = None
    """The run as the CI tells it, where something else than its commit is deployed."""

    @cached_property
    def origin(self) -> Origin:
        """The remote of the checkout."""
        return Origin(self.git, self.started or self.run)

    def no_token(self) -> str:
        """Why the provider is not asked, with the hint."""
        setting = TOKENS.get(self.run.provider)
        return f"{setting} is not set, so the provider was not asked" if setting else "there is no provider to ask"

    def try_api(self, question: Callable[[History], Commits], what: str) -> Commits | None:
        """The API's answer; without one the reason is noted as a gap."""
        if self.api is None:
            self.gaps.append(f"{_capital(what)} could not be read: {self.no_token()}.")
            return None
        try:
            return question(self.api)
        except Unreadable as error:
            self.gaps.append(str(error))
            return None


def read(wanted: Range, sources: Sources) -> Messages | None:
    """Commit ids and messages, or None when nobody could be asked; then, and when some are missing, it is said."""
    is_held = sources.origin.complete(wanted.head, wanted.base, *wanted.without)
    counts_right = is_held and _counts_right(wanted, sources.git)
    if counts_right:
        return _local(wanted, sources)
    why = _why(wanted, sources)
    if sources.api is None:
        if is_held:
            sources.gaps.append(f"{_capital(wanted.what)} may be others: {why}, and {sources.no_token()}.")
            return _local(wanted, sources)
        sources.gaps.append(f"{_capital(wanted.what)} could not be read: {why}, and {sources.no_token()}.")
        return None
    try:
        commits = wanted.from_api(sources.api)
    except Unreadable as error:
        sources.gaps.append(f"{_capital(wanted.what)} could not be read: {why}. {error}")
        return None
    if not commits.complete:
        sources.gaps.append(f"The provider lists only {len(commits.found)} of {wanted.what}: {why}.")
    return iter(commits.found)


def span(sources: Sources, what: str, base: str, head: str) -> Messages | None:
    """The commits between two that the clone or the provider may have."""
    return read(Range(what, base, head, lambda api: api.compare(base, head)), sources)


def answered(commits: Commits, what: str, sources: Sources) -> Messages:
    """What the provider listed; it is said when that is not all."""
    if not commits.complete:
        sources.gaps.append(f"The provider lists only {len(commits.found)} of {what}.")
    return iter(commits.found)


def local(what: str, sources: Sources, head: str, *bases: str) -> Messages:
    """The commits of a range that the clone holds."""
    try:
        yield from (sources.read or sources.git.messages)(head, *bases)
    except GitError as error:
        sources.gaps.append(f"{_capital(what)} could not be read completely: {error}.")


def deeper(run: Run) -> str:
    """How to have more history in the clone: ``give actions/checkout `fetch-depth: 0` ``."""
    return _DEPTH.get(run.provider, _DEPTH[CI.LOCAL])


def unfiltered(run: Run) -> str:
    """How to have the trees in the clone."""
    return _FILTER.get(run.provider, "clone without --filter=tree:0")


def _local(wanted: Range, sources: Sources) -> Messages:
    return local(wanted.what, sources, wanted.head, wanted.base, *wanted.without)


def _counts_right(wanted: Range, git: Git) -> bool:
    return wanted.size is None or git.count(wanted.head, wanted.base, *wanted.without) == wanted.size


def _why(wanted: Range, sources: Sources) -> str:
    """Why the clone did not suffice, without a full stop."""
    git = sources.git
    if problem := git.problem():
        return problem.rstrip(".")
    absent = [commit for commit in (wanted.head, wanted.base) if not git.resolve(commit)]
    if absent and (above := git.ask("rev-parse", "--show-superproject-working-tree")):
        return f"{git.directory} is a submodule of {one_line(above, 200)} (run jira-ci there)"
    if absent and not sources.origin.is_home:
        return f"{git.directory} is no checkout of {one_line(sources.run.repository, 100)} (run jira-ci in one)"
    if git.boundary() and not git.holds(wanted.head, wanted.base, *wanted.without):
        return f"the clone is shallow ({deeper(sources.run)}, and no later step fetches with --depth)"
    for commit in absent:
        return f"commit {short(commit)} is not in the clone (a force push may have removed it)"
    return f"the clone counts other commits than the {wanted.size} that the event announces"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
