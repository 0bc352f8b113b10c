"""Reads the commits of one range from wherever they can be read: the clone, a deepened clone, the provider's API."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from jira_ci.ci.api import Commits, Unreadable
from jira_ci.frozen import dataclass, replace
from jira_ci.git.command import GitError
from jira_ci.git.origin import Origin
from jira_ci.keys.sources import merged_branches
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
class Lookup:
    """Who may be asked, and the list of what could not be read."""

    run: Run
    """Its commit is what the range ends with."""
    git: Git
    api: History | None
    gaps: list[str]
    read: Callable[..., Messages] | None = None
    """Delivers the commits of ``head, *bases`` from the clone, where somebody looks at more than their messages."""
    skip: Callable[[str], bool] | None = None
    """Whether nothing is lost with many of the clone's commits, where nobody looks at more than their messages."""
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


def read(wanted: Range, lookup: Lookup) -> Messages | None:
    """Commit ids and messages, or None when there was no one to ask; then, and when some are missing, it is said."""
    is_held = lookup.origin.complete(wanted.head, wanted.base, *wanted.without)
    counts_right = is_held and _counts_right(wanted, lookup.git)
    if counts_right:
        return _local(wanted, lookup)
    why = _why(wanted, lookup)
    if lookup.api is None:
        if is_held:
            lookup.gaps.append(f"{_capital(wanted.what)} may be others: {why}, and {lookup.no_token()}.")
            return _local(wanted, lookup)
        lookup.gaps.append(f"{_capital(wanted.what)} could not be read: {why}, and {lookup.no_token()}.")
        return None
    try:
        commits = wanted.from_api(lookup.api)
    except Unreadable as error:
        lookup.gaps.append(f"{_capital(wanted.what)} could not be read: {why}. {error}")
        return None
    if not commits.complete:
        lookup.gaps.append(f"The provider lists only {len(commits.found)} of {wanted.what}: {why}.")
    return iter(commits.found)


def span(lookup: Lookup, what: str, base: str, head: str) -> Messages | None:
    """The commits between two that the clone or the provider may have."""
    return read(Range(what, base, head, lambda api: api.compare(base, head)), lookup)


def answered(commits: Commits, what: str, lookup: Lookup) -> Messages:
    """What the provider listed; it is said when that is not all."""
    if not commits.complete:
        lookup.gaps.append(f"The provider lists only {len(commits.found)} of {what}.")
    return iter(commits.found)


def local(what: str, lookup: Lookup, head: str, *bases: str) -> Messages:
    """The commits of a range that the clone holds."""
    read = lookup.read or functools.partial(lookup.git.messages, skip=lookup.skip)
    try:
        yield from read(head, *bases)
    except GitError as error:
        lookup.gaps.append(f"{_capital(what)} could not be read completely: {error}.")


def deeper(run: Run) -> str:
    """How to have more history in the clone: ``give actions/checkout `fetch-depth: 0` ``."""
    return _DEPTH.get(run.provider, _DEPTH[CI.LOCAL])


def unfiltered(run: Run) -> str:
    """How to have the trees in the clone."""
    return _FILTER.get(run.provider, "clone without --filter=tree:0")


def _local(wanted: Range, lookup: Lookup) -> Messages:
    return local(wanted.what, lookup, wanted.head, wanted.base, *wanted.without)


def _counts_right(wanted: Range, git: Git) -> bool:
    return wanted.size is None or git.count(wanted.head, wanted.base, *wanted.without) == wanted.size


def _why(wanted: Range, lookup: Lookup) -> str:
    """Why the clone did not suffice, without a full stop."""
    git = lookup.git
    if problem := git.problem():
        return problem.rstrip(".")
    absent = [commit for commit in (wanted.head, wanted.base) if not git.resolve(commit)]
    if absent and (above := git.ask("rev-parse", "--show-superproject-working-tree")):
        return f"{git.directory} is a submodule of {one_line(above, 200)} (run jira-ci there)"
    if absent and git.addresses() and not lookup.origin.is_home:
        return f"{git.directory} is no checkout of {one_line(lookup.run.repository, 100)} (run jira-ci in one)"
    if git.boundary() and not git.holds(wanted.head, wanted.base, *wanted.without):
        return f"the clone is shallow ({deeper(lookup.run)}, and no later step fetches with --depth)"
    for commit in absent:
        return f"commit {short(commit)} is not in the clone (a force push may have removed it)"
    return f"the clone counts other commits than the {wanted.size} that the event announces"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def takes_default(run: Run) -> bool:
    """Whether the event tells of a merge that brings the default branch in."""
    if not run.default_branch or run.branch == run.default_branch:
        return False
    return any(run.default_branch in merged_branches(message) for message in run.messages)


def of_push(lookup: Lookup, *, is_build: bool) -> Messages | None:
    """What came with a push, without what was on the default branch before."""
    run, git = lookup.run, lookup.git
    what = f"the commits of this {run.event.replace('_', ' ')}"
    wanted = Range(what, run.base, run.commit, lambda api: api.compare(run.base, run.commit))
    if not is_build or run.event != "push" or not run.default_branch or run.branch in ("", run.default_branch):
        return read(wanted, lookup)
    if lookup.origin.complete(run.commit, run.base) and not _brings_others(git, run):
        return read(wanted, lookup)
    default = _default(lookup)
    if default:
        return read(replace(wanted, without=(default,), from_api=_both(run)), lookup)
    if lookup.api is not None:
        commits = lookup.try_api(_both(run), what)
        return answered(commits, what, lookup) if commits else None
    lookup.gaps.append(
        f"{what[:1].upper()}{what[1:]} may be fewer: some may be of {run.default_branch}, and where that stands"
        " now is not known."
    )
    return read(wanted, lookup)


def _brings_others(git: Git, run: Run) -> bool:
    """Whether a push may bring what another branch has: it has merges, or does not go on from where the branch was."""
    try:
        listed = git.run("rev-list", "--parents", run.commit, f"^{run.base}", "--").splitlines()
    except GitError:
        return True
    # A line of single parents that ends at the base.
    parents = [line.partition(" ")[2] for line in listed]
    return run.base not in (run.commit, *parents) or any(" " in those for those in parents)


def _default(lookup: Lookup) -> str:
    """Where the default branch stands now, if that commit is here or can be had."""
    now = lookup.origin.branch(lookup.run.default_branch)
    return now if now and lookup.origin.fetch(now) else ""


def _both(run: Run) -> Callable[[History], Commits]:
    """What is new to the branch and to the default branch."""

    def ask(api: History) -> Commits:
        pushed, new = api.compare(run.base, run.commit), api.compare(run.default_branch, run.commit)
        ids = {commit for commit, _ in new.found}
        found = tuple(one for one in pushed.found if one[0] in ids)
        return Commits(found, pushed.complete and new.complete)

    return ask


def of_new_branch(lookup: Lookup) -> Messages | None:
    """What the default branch does not have."""
    run = lookup.run
    if not run.default_branch or run.default_branch == run.branch:
        return None
    what = f"the commits that {run.default_branch} does not have"
    known = lookup.git.resolve(f"refs/remotes/origin/{run.default_branch}")
    base = _default(lookup) if known or lookup.api is None else ""
    if base:
        return span(lookup, what, base, run.commit)
    if known and lookup.api is None:  # a working copy that is used again has it as it was
        lookup.gaps.append(f"{what[:1].upper()}{what[1:]} may be fewer: where it stands now could not be asked.")
        return span(lookup, what, known, run.commit)
    commits = lookup.try_api(lambda api: api.compare(run.default_branch, run.commit), what)
    return answered(commits, what, lookup) if commits else None
