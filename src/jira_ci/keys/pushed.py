"""What came with a push, and what a new branch has: without what the default branch had before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from jira_ci.ci.api import Commits
from jira_ci.git.command import GitError
from jira_ci.keys import ranges
from jira_ci.keys.merges import merged_branches
from jira_ci.keys.ranges import Messages, Range, Sources, answered, span

if TYPE_CHECKING:
    from jira_ci.ci.api import History
    from jira_ci.git.repository import Git
    from jira_ci.run import Run


def takes_default(run: Run) -> bool:
    """Whether the event tells of a merge that brings the default branch in."""
    if not run.default_branch or run.branch == run.default_branch:
        return False
    return any(run.default_branch in merged_branches(message) for message in run.messages)


def of_push(sources: Sources, *, is_build: bool) -> Messages | None:
    """What came with a push, without what was on the default branch before."""
    run, git = sources.run, sources.git
    what = f"the commits of this {run.event.replace('_', ' ')}"
    wanted = Range(what, run.base, run.commit, lambda api: api.compare(run.base, run.commit))
    if not is_build or run.event != "push" or not run.default_branch or run.branch in ("", run.default_branch):
        return ranges.read(wanted, sources)
    if sources.origin.complete(run.commit, run.base) and not _brings_others(git, run):
        return ranges.read(wanted, sources)
    default = _default(sources)
    if default:
        return ranges.read(replace(wanted, without=(default,), from_api=_both(run)), sources)
    if sources.api is not None:
        commits = sources.try_api(_both(run), what)
        return answered(commits, what, sources) if commits else None
    sources.gaps.append(
        f"{what[:1].upper()}{what[1:]} may be fewer: some may be of {run.default_branch}, and where that stands"
        " now is not known."
    )
    return ranges.read(wanted, sources)


def _brings_others(git: Git, run: Run) -> bool:
    """Whether a push may bring what another branch has: it has merges, or does not go on from where the branch was."""
    try:
        merges = git.run("rev-list", "--min-parents=2", "--max-count=1", run.commit, f"^{run.base}", "--")
    except GitError:
        return True
    return bool(merges) or not git.has(run.commit, run.base)


def _default(sources: Sources) -> str:
    """Where the default branch stands now, if that commit is here or can be had."""
    now = sources.origin.branch(sources.run.default_branch)
    return now if now and sources.origin.fetch(now) else ""


def _both(run: Run) -> Callable[[History], Commits]:
    """What is new to the branch and to the default branch."""

    def ask(api: History) -> Commits:
        pushed, new = api.compare(run.base, run.commit), api.compare(run.default_branch, run.commit)
        ids = {commit for commit, _ in new.found}
        found = tuple(one for one in pushed.found if one[0] in ids)
        return Commits(found, pushed.complete and new.complete)

    return ask


def of_new_branch(sources: Sources) -> Messages | None:
    """What the default branch does not have."""
    run = sources.run
    if not run.default_branch or run.default_branch == run.branch:
        return None
    what = f"the commits that {run.default_branch} does not have"
    known = sources.git.resolve(f"refs/remotes/origin/{run.default_branch}")
    base = _default(sources) if known or sources.api is None else ""
    if base:
        return span(sources, what, base, run.commit)
    if known and sources.api is None:  # a working copy that is used again has it as it was
        sources.gaps.append(f"{what[:1].upper()}{what[1:]} may be fewer: where it stands now could not be asked.")
        return span(sources, what, known, run.commit)
    commits = sources.try_api(lambda api: api.compare(run.default_branch, run.commit), what)
    return answered(commits, what, sources) if commits else None
