"""Which texts of a run may hold issue keys: titles and branches, the commits of its range, squashed pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jira_ci.ci.history import Unreadable
from jira_ci.ci.values import short
from jira_ci.errors import UsageError
from jira_ci.keys import ranges
from jira_ci.keys.issue_keys import Source
from jira_ci.keys.pulls import Squashed
from jira_ci.keys.ranges import Messages, Range, Sources

if TYPE_CHECKING:
    from jira_ci.ci.history import Commits, History
    from jira_ci.git.repository import Git
    from jira_ci.run import PullRequest, Run

_QUEUE = "gh-readonly-queue/"
_NO_REVISION = re.compile(r"^-|\.\.|[\x00-\x20\x7f\\]")


def texts(
    run: Run,
    *,
    git: Git,
    api: History | None,
    since: str,
    environment: str,
    gaps: list[str],
    projects: Sequence[str] = (),
) -> Iterator[Source]:
    """The texts, the most certain ones first; commits newest first.

    Args:
        git: the checkout.
        api: who answers for the repository, or None: nobody is asked.
        since: where the range begins (a commit, tag or branch), or empty.
        environment: what is deployed to; its range begins at the last successful deployment. Empty for a build.
        gaps: gets a sentence for everything that could not be read; complete once the iterator is exhausted.
        projects: only keys of these projects count when a commit is looked at for whether it has one.

    Raises:
        UsageError: there is no such commit as ``since``.
    """
    sources = Sources(run, git, api, gaps)
    yield from titles(sources)
    squashed = Squashed(sources, projects)
    found, head_matters = messages(sources, since, environment)
    for commit, message in found:
        squashed.see(commit, message)
        yield Source("commit " + (commit[:8] or "message"), message)
    yield from (source for _, source in squashed.read(head_matters=head_matters))


def messages(sources: Sources, since: str, environment: str) -> tuple[Messages, bool]:
    """The range's commits, newest first, and whether the pull request of the run's own commit matters to it.

    Raises:
        UsageError: there is no such commit as ``since``.
    """
    found = _deployed(sources, since, environment)
    if found is not None:
        return found, False
    return _event(sources), not (sources.run.base or sources.run.messages_complete)


def titles(sources: Sources) -> Iterator[Source]:
    """What speaks of the whole range: the title of the run's own pull request, and the branch."""
    run, known = sources.run, sources.run.pull_request
    if known and not (known.title and known.branch):
        known = _complete(known, sources)
    if known and known.title:
        yield Source(f"{_kind(run)} title", known.title)
    branch = (known.branch if known else "") or run.branch
    # A merge queue's own branch ends in "pr-12-...", which is nobody's issue.
    if branch and not branch.startswith(_QUEUE):
        yield Source("branch", branch, branch=True)


def _kind(run: Run) -> str:
    return "merge request" if run.provider == "gitlab" else "pull request"


def _name(run: Run, own: PullRequest) -> str:
    return f"{_kind(run)} {'!' if run.provider == 'gitlab' else '#'}{own.number}"


def _complete(known: PullRequest, sources: Sources) -> PullRequest:
    if sources.api is None:
        sources.gaps.append(f"The title of {_name(sources.run, known)} was not read: {sources.no_token()}.")
        return known
    try:
        return sources.api.pull_request(known.number)
    except Unreadable as error:
        sources.gaps.append(str(error))
        return known


def _deployed(sources: Sources, since: str, environment: str) -> Messages | None:
    """The commits since the given or the last deployed one; None when the event's own range has to do."""
    if since:
        return _since(sources, since)
    run = sources.run
    if not environment or not run.commit:
        return None
    if sources.api is None:
        sources.gaps.append(
            f"The last deployment to {environment!r} is not known: {sources.no_token()}; only this run's own commits"
            " were read (since names another start)."
        )
        return None
    try:
        last = sources.api.last_deployment(environment)
    except Unreadable as error:
        sources.gaps.append(str(error))
        return None
    what = f"the commits since the last deployment to {environment!r} ({short(last)})"
    return _or_head(_span(sources, what, last, run.commit), sources) if last else None


def _since(sources: Sources, since: str) -> Messages:
    run, git = sources.run, sources.git
    what = f"the commits since {since}"
    if _NO_REVISION.search(since):
        raise UsageError(f"since is {since!r}, which no commit, tag or branch is called.", "Correct since.")
    base = git.resolve(since) or git.resolve(f"refs/remotes/origin/{since}")
    if base:
        return _or_head(_span(sources, what, base, run.commit), sources)
    if sources.api is None:
        if not git.problem() and not git.boundary():
            raise _unknown(since)
        sources.gaps.append(f"{since} (since) is not in the clone, and {sources.no_token()}.")
        return _head(sources)
    try:
        found: Messages | None = _answered(sources.api.compare(since, run.commit), what, sources)
    except Unreadable as error:
        if error.missing:
            raise _unknown(since) from None
        sources.gaps.append(str(error))
        found = None
    return _or_head(found, sources)


def _unknown(since: str) -> UsageError:
    return UsageError(
        f"since is {since!r}, and neither the clone nor the provider has such a commit, tag or branch.",
        "Correct since, or fetch what it names before jira-ci runs.",
    )


def _event(sources: Sources) -> Messages:
    """The commits of the event's own range."""
    run, own = sources.run, sources.run.pull_request
    if own and own.base_sha and own.head_sha:
        return _or_head(_of_pull_request(own, sources), sources)
    if run.messages_complete and not (sources.read and run.base):  # the event does not tell their files
        return iter(_told(run)[::-1])
    if run.base:
        found = _span(sources, f"the commits of this {run.event.replace('_', ' ')}", run.base, run.commit)
        return _or_head(found, sources)
    if run.event == "push" and run.branch:
        return _or_head(_new_branch(sources), sources)
    if own and (run.provider == "github" or run.event == "merge_request_event"):
        asked = f"the commits of {_name(run, own)}"
        commits = sources.try_api(lambda api: api.pull_request_commits(own.number), asked)
        return _or_head(_answered(commits, asked, sources) if commits else None, sources)
    return _head(sources)


def _of_pull_request(own: PullRequest, sources: Sources) -> Messages | None:
    def ask(api: History) -> Commits:
        if sources.run.provider == "github":
            return api.pull_request_commits(own.number)
        return api.compare(own.base_sha, own.head_sha)

    wanted = Range(f"the commits of this {_kind(sources.run)}", own.base_sha, own.head_sha, ask, own.commits)
    return ranges.read(wanted, sources)


def _new_branch(sources: Sources) -> Messages | None:
    """What the default branch does not have."""
    run = sources.run
    if not run.default_branch or run.default_branch == run.branch:
        return None
    what = f"the commits that {run.default_branch} does not have"
    base = sources.git.resolve(f"refs/remotes/origin/{run.default_branch}")
    if base:
        return _span(sources, what, base, run.commit)
    commits = sources.try_api(lambda api: api.compare(run.default_branch, run.commit), what)
    return _answered(commits, what, sources) if commits else None


def _span(sources: Sources, what: str, base: str, head: str) -> Messages | None:
    return ranges.read(Range(what, base, head, lambda api: api.compare(base, head)), sources)


def _answered(commits: Commits, what: str, sources: Sources) -> Messages:
    if not commits.complete:
        sources.gaps.append(f"The provider lists only {len(commits.found)} of {what}.")
    return iter(commits.found)


def _or_head(found: Messages | None, sources: Sources) -> Messages:
    """HEAD alone when a range is empty (HEAD is as old as what is deployed, or older) or unreadable; then what the
    event says has to do.
    """
    if found is None:
        told = _told(sources.run)[::-1]
        yield from told or _head(sources)
        return
    newest = next(found, None)
    if newest is None:
        yield from _head(sources)
        return
    yield newest
    yield from found


def _head(sources: Sources) -> Messages:
    run = sources.run
    if not run.commit:
        return
    told = dict(_told(run)).get(run.commit) or sources.git.message(run.commit)
    if told:
        yield run.commit, told
        return
    if sources.api is None:
        why = sources.git.problem().rstrip(".") or "it is not in the clone"
        sources.gaps.append(f"Commit {short(run.commit)} could not be read: {why}, and {sources.no_token()}.")
        return
    try:
        yield run.commit, sources.api.commit_message(run.commit)
    except Unreadable as error:
        sources.gaps.append(str(error))


def _told(run: Run) -> list[tuple[str, str]]:
    """The commits the event itself carries, oldest first."""
    ids = (*run.message_ids, *[""] * len(run.messages))
    return list(zip(ids, run.messages, strict=False))
