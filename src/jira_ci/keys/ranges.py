"""Reads the commits of one range from wherever they can be read: the clone, a deepened clone, the provider's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jira_ci.ci.history import Commits, Unreadable
from jira_ci.ci.values import short
from jira_ci.git import deepen
from jira_ci.git.command import GitError

if TYPE_CHECKING:
    from jira_ci.ci.history import History
    from jira_ci.git.repository import Git
    from jira_ci.run import Run

_DEPTH = {
    "github": "give actions/checkout `fetch-depth: 0`",
    "gitlab": "set the variable GIT_DEPTH to 0",
    "local": "run `git fetch --unshallow`",
    "harness": "set the codebase's clone depth to 0",
    "drone": "take the depth out of the pipeline's clone",
}
Messages = Iterator[tuple[str, str]]
"""Commit ids and whole messages."""
_TOKEN = {"github": "github-token", "gitlab": "gitlab-token"}


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


@dataclass(frozen=True)
class Sources:
    """Who may be asked, and where is noted what nobody knew."""

    run: Run
    git: Git
    api: History | None
    gaps: list[str]
    read: Callable[[str, str], Messages] | None = None
    """Delivers the commits of ``base..head`` from the clone, where somebody looks at more than their messages."""

    def no_token(self) -> str:
        """Why the provider is not asked, with the mend."""
        setting = _TOKEN.get(self.run.provider)
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
    if _is_held(wanted, sources.git):
        return _local(wanted, sources)
    why = _why(wanted, sources)
    if sources.api is None:
        if sources.git.holds(wanted.base, wanted.head):
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


def deeper(run: Run) -> str:
    """How to have more history in the clone: ``give actions/checkout `fetch-depth: 0` ``."""
    return _DEPTH.get(run.provider, _DEPTH["local"])


def _is_held(wanted: Range, git: Git) -> bool:
    if not deepen.until_held(git, wanted.base, wanted.head):
        return False
    return wanted.size is None or git.count(wanted.base, wanted.head) == wanted.size


def _local(wanted: Range, sources: Sources) -> Messages:
    try:
        yield from (sources.read or sources.git.messages)(wanted.base, wanted.head)
    except GitError as error:
        sources.gaps.append(f"{_capital(wanted.what)} could not be read completely: {error}.")


def _why(wanted: Range, sources: Sources) -> str:
    """Why the clone did not suffice, without a full stop."""
    git = sources.git
    if problem := git.problem():
        return problem.rstrip(".")
    if git.boundary():
        return f"the clone is shallow ({deeper(sources.run)})"
    for commit in (wanted.base, wanted.head):
        if not git.resolve(commit):
            return f"commit {short(commit)} is not in the clone (a force push may have removed it)"
    return f"the clone counts other commits than the {wanted.size} that the event announces"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
