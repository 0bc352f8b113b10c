"""Which texts of a run may hold issue keys: titles and branches, the commits of its range, squashed pull requests."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jira_ci.ci.api import Commits, Unreadable
from jira_ci.errors import UsageError
from jira_ci.git.origin import local_tags
from jira_ci.keys import ranges
from jira_ci.keys.deployed import end_of, tag_before
from jira_ci.keys.issue_keys import Source
from jira_ci.keys.merges import MERGE, merged_branches
from jira_ci.keys.pulls import Squashed
from jira_ci.keys.pushed import of_new_branch, of_push, takes_default
from jira_ci.keys.ranges import Messages, Range, Sources, answered, span
from jira_ci.run import CI
from jira_ci.text import sha, short

if TYPE_CHECKING:
    from jira_ci.ci.api import History
    from jira_ci.git.repository import Git
    from jira_ci.run import PullRequest, Run

_QUEUE = "gh-readonly-queue/"
_NO_REVISION = re.compile(r"^-|\.\.|[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class Asked:
    """Which range is meant."""

    since: str = ""
    """Where it begins (a commit, tag or branch), or empty."""
    environment: str = ""
    """What is deployed to: the range begins at the last successful deployment. Empty for a build."""
    version: str = ""
    """What is deployed: the tag of this name ends the range."""
    repository: str = ""
    """Another repository, whose commits from ``since`` to ``version`` are meant."""
    descriptions: bool = False
    """Whether the descriptions of pull requests are read."""
    release_notes: bool = False
    payload: bool = False


def texts(
    run: Run,
    asked: Asked,
    *,
    git: Git,
    api: History | None,
    gaps: list[str],
    projects: Sequence[str] = (),
    other: History | None = None,
) -> Iterator[Source]:
    """The texts, the most certain ones first; commits newest first.

    Args:
        git: the checkout.
        api: who answers for the repository, or None: nobody is asked.
        gaps: gets a sentence for everything that could not be read; complete once the iterator is exhausted.
        projects: only keys of these projects count when a commit is looked at for whether it has one.
        other: who answers for the other repository that is asked for.

    Raises:
        UsageError: there is no such commit as ``since``.
        Overlisted: in the end: what came may be too much, and has to be read again.
    """
    sources = sources_of(run, asked, git, api, gaps)
    yield from titles(sources, asked)
    if asked.repository:
        sources = replace(sources, api=other)
    squashed = Squashed(sources, projects)
    found, head_matters = messages(sources, asked)
    for commit, message in found:
        squashed.see(commit, message)
        where = "commit " + (commit[:8] or "message")
        yield Source(where, message)
        if message.startswith(MERGE):
            yield from (Source(f"branch of {where}", branch, branch=True) for branch in merged_branches(message))
    yield from (source for _, source in squashed.read(head_matters=head_matters))


def sources_of(run: Run, asked: Asked, git: Git, api: History | None, gaps: list[str]) -> Sources:
    """Who is asked about this run, which ends with what is deployed."""
    deployed, above = end_of(run, git, asked.version if asked.environment and not asked.repository else "")
    return Sources(deployed, git, api, gaps, above=above, started=run, descriptions=asked.descriptions)


def messages(sources: Sources, asked: Asked) -> tuple[Messages, bool]:
    """The range's commits, newest first, and whether the pull request of the run's own commit matters to it.

    Raises:
        UsageError: there is no such commit as ``since``.
    """
    if asked.repository:
        return _of_another(sources, asked), False
    found = _deployed(sources, asked)
    head_matters = found is None and not (sources.run.base or sources.run.messages_complete)
    found = _event(sources, is_build=not asked.environment) if found is None else found
    if sources.above:
        made = ranges.local("the commits on top of the run's own", sources, sources.above, sources.run.commit)
        found = itertools.chain(made, found)
    return found, head_matters


def titles(sources: Sources, asked: Asked) -> Iterator[Source]:
    """What speaks of the whole range: the title and, where that is wanted, the description of the run's own pull
    request, the branch, and what else is wanted.
    """
    run, known = sources.run, sources.run.pull_request
    if known and not (known.title and known.branch and (known.description is not None or not asked.descriptions)):
        known = _complete(known, sources)
    if known and known.title:
        yield Source(f"{_kind(run)} title", known.title)
    branch = (known.branch if known else "") or run.branch
    # A merge queue's own branch ends in "pr-12-...", which is nobody's issue.
    if branch and not branch.startswith(_QUEUE):
        yield Source("branch", branch, branch=True)
    if known and asked.descriptions:
        yield Source(f"{_kind(run)} description", known.description or "")
    if asked.release_notes:
        yield Source("release notes", run.release_notes)
    if asked.payload:
        yield from (Source("deployment payload", part) for part in run.payload)


def _kind(run: Run) -> str:
    return "merge request" if run.provider == CI.GITLAB else "pull request"


def _name(run: Run, own: PullRequest) -> str:
    return f"{_kind(run)} {'!' if run.provider == 'gitlab' else '#'}{own.number}"


def _complete(known: PullRequest, sources: Sources) -> PullRequest:
    if sources.api is None:
        part = "description" if known.title and known.branch else "title"
        sources.gaps.append(f"The {part} of {_name(sources.run, known)} was not read: {sources.no_token()}.")
        return known
    try:
        return sources.api.pull_request(known.number)
    except Unreadable as error:
        sources.gaps.append(str(error))
        return known


def _deployed(sources: Sources, asked: Asked) -> Messages | None:
    """The commits since the given or the last deployed one; None when the event's own range has to do."""
    if asked.since:
        return _since(sources, asked.since)
    run, environment = sources.run, asked.environment
    if not environment or not run.commit:
        return None
    last, unknown = _last_deployment(sources, environment)
    if last:
        what = f"the commits since the last deployment to {environment!r} ({short(last)})"
        return _or_head(span(sources, what, last, run.commit), sources)
    tag, base = _previous_tag(sources, run.tag or asked.version)
    if base:
        if sources.api is None and run.provider in ranges.TOKENS:
            sources.gaps.append(f"{unknown}; the commits since the tag {tag} were read.")
        return _or_head(span(sources, f"the commits since the tag {tag}", base, run.commit), sources)
    sources.gaps.append(f"{unknown}; only this run's own commits were read (since names another start).")
    return None


def _last_deployment(sources: Sources, environment: str) -> tuple[str, str]:
    """The commit, or why there is none, without a full stop."""
    if sources.api is None:
        return "", f"The last deployment to {environment!r} is not known: {sources.no_token()}"
    try:
        last = sources.api.last_deployment(environment)
    except Unreadable as error:
        return "", str(error).rstrip(".")
    return last, f"The provider knows no deployment to {environment!r} that succeeded before"


def _previous_tag(sources: Sources, name: str) -> tuple[str, str]:
    """The tag before this one, and its commit: what is known of a release where no deployment is."""
    if not name:
        return "", ""
    tags = local_tags(sources.git)
    found = tag_before(name, tags)
    if not found or sources.git.boundary():  # a shallow clone has some of the tags at most
        tags = {**tags, **sources.origin.tags()}
        found = tag_before(name, tags)
    return found, tags.get(found, "")


def _since(sources: Sources, since: str) -> Messages:
    run, git = sources.run, sources.git
    what = f"the commits since {since}"
    if _NO_REVISION.search(since):
        raise UsageError(f"since is {since!r}, which no commit, tag or branch is called.", "Correct since.")
    base = git.resolve(since) or git.resolve(f"refs/remotes/origin/{since}")
    if not base and git.boundary():
        base = sha(since) or sources.origin.tag(since) or sources.origin.branch(since)
    if base and (git.resolve(base) or sources.api is None):
        return _or_head(span(sources, what, base, run.commit), sources)
    if sources.api is None:
        if not git.problem() and not git.boundary():
            raise _unknown(since)
        sources.gaps.append(f"{since} (since) is not in the clone, and {sources.no_token()}.")
        return _head(sources)
    try:
        found: Messages | None = answered(sources.api.compare(since, run.commit), what, sources)
    except Unreadable as error:
        if error.missing:
            raise _unknown(since) from None
        sources.gaps.append(str(error))
        found = None
    return _or_head(found, sources)


def _of_another(sources: Sources, asked: Asked) -> Messages:
    """The commits that lie between two versions of another repository; its tag may have a v before the version."""
    api, since = sources.api, asked.since
    what = f"the commits of {asked.repository} from {since} to {asked.version}"
    if api is None:
        sources.gaps.append(f"{what[:1].upper()}{what[1:]} could not be read: {sources.no_token()}.")
        return iter(())
    try:
        try:
            return answered(api.compare(since, asked.version), what, sources)
        except Unreadable as error:
            if not error.missing:
                raise
            return answered(api.compare(since, f"v{asked.version}"), what, sources)
    except Unreadable as error:
        sources.gaps.append(str(error))
        return iter(())


def _unknown(since: str) -> UsageError:
    return UsageError(
        f"since is {since!r}, and neither the clone nor the provider has such a commit, tag or branch.",
        "Correct since, or fetch what it names before jira-ci runs.",
    )


def _event(sources: Sources, *, is_build: bool) -> Messages:
    """The commits of the event's own range.

    Args:
        is_build: then what the default branch has is not new because it was merged into another branch.
    """
    run, own = sources.run, sources.run.pull_request
    if own and own.base_sha and own.head_sha:
        return _or_head(_of_pull_request(own, sources), sources)
    if run.messages_complete and not (run.base and (sources.read or (is_build and takes_default(run)))):
        return iter(_told(run)[::-1])  # the event does not tell their files
    if run.base:
        return _or_head(of_push(sources, is_build=is_build), sources)
    if run.event == "push" and run.branch:
        return _or_head(of_new_branch(sources), sources)
    if own and (run.provider != CI.GITLAB or run.event == "merge_request_event"):
        asked = f"the commits of {_name(run, own)}"
        commits = sources.try_api(lambda api: api.pull_request_commits(own.number), asked)
        return _or_head(answered(commits, asked, sources) if commits else None, sources)
    return _head(sources)


def _of_pull_request(own: PullRequest, sources: Sources) -> Messages | None:
    def ask(api: History) -> Commits:
        if sources.run.provider == CI.GITHUB:
            return api.pull_request_commits(own.number)
        return api.compare(own.base_sha, own.head_sha)

    # The event's base is where it was when the pull request was made; the merge that is checked out knows better.
    merged = sources.git.parents(sources.git.head()) if sources.git.head() else []
    base = merged[0] if len(merged) == 2 and merged[1] == own.head_sha else own.base_sha
    wanted = Range(f"the commits of this {_kind(sources.run)}", base, own.head_sha, ask, own.commits)
    return ranges.read(wanted, sources)


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
