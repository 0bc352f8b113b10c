"""Which commits a run is about: where its range ends, where it begins, and what is read when that is not known."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jira_ci.ci.api import Commits, Unreadable
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.git.origin import Origin, local_tags
from jira_ci.keys import ranges
from jira_ci.keys.ranges import Lookup, Messages, Range, answered, of_new_branch, of_push, span, takes_default
from jira_ci.keys.sources import kind, name_of
from jira_ci.run import CI
from jira_ci.text import sha, short

if TYPE_CHECKING:
    from jira_ci.ci.api import History
    from jira_ci.git.repository import Git
    from jira_ci.run import PullRequest, Run

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


def lookup_of(run: Run, asked: Asked, git: Git, api: History | None, gaps: list[str]) -> Lookup:
    """Who is asked about this run, which ends with what is deployed."""
    own = run.pull_request
    ahead = (run.base, sha(asked.since), *((own.base_sha, own.head_sha) if own else ()))
    version = asked.version if asked.environment and not asked.repository else ""
    deployed, above = end_of(run, git, version, *ahead)
    return Lookup(deployed, git, api, gaps, above=above, started=run, descriptions=asked.descriptions)


def messages(lookup: Lookup, asked: Asked) -> tuple[Messages, bool]:
    """The range's commits, newest first, and whether the pull request of the run's own commit matters to it.

    Raises:
        UsageError: there is no such commit as ``since``.
    """
    if asked.repository:
        return _of_another(lookup, asked), False
    found = _deployed(lookup, asked)
    head_matters = found is None and not (lookup.run.base or lookup.run.messages_complete)
    found = _event(lookup, is_build=not asked.environment) if found is None else found
    if lookup.above:
        made = ranges.local("the commits on top of the run's own", lookup, lookup.above, lookup.run.commit)
        found = itertools.chain(made, found)
    return found, head_matters


def _deployed(lookup: Lookup, asked: Asked) -> Messages | None:
    """The commits since the given or the last deployed one; None when the event's own range has to do."""
    if asked.since:
        return _since(lookup, asked.since)
    run, environment = lookup.run, asked.environment
    if not environment or not run.commit:
        return None
    last, unknown, is_answer = _last_deployment(lookup, environment)
    if last:
        what = f"the commits since the last deployment to {environment!r} ({short(last)})"
        return _or_head(span(lookup, what, last, run.commit), lookup)
    tag, base = _previous_tag(lookup, run.tag or asked.version)
    if base:
        if not is_answer and run.provider in ranges.TOKENS:
            lookup.gaps.append(f"{unknown}; the commits since the tag {tag} were read.")
        return _or_head(span(lookup, f"the commits since the tag {tag}", base, run.commit), lookup)
    number, base, why = _last_good_run(lookup) if is_answer else (0, "", "")
    if base:
        what = f"the commits since run #{number} ({short(base)}) of this pipeline, the last that succeeded"
        lookup.gaps.append(f"{unknown}, as a job without deployments makes none; {what}, were read.")
        return _or_head(span(lookup, what, base, run.commit), lookup)
    lookup.gaps.append(f"{unknown}; only this run's own commits were read (since names another start).")
    lookup.gaps.extend([why] if why else [])
    return None


def _last_deployment(lookup: Lookup, environment: str) -> tuple[str, str, bool]:
    """The commit, or why there is none, without a full stop; and whether the provider said so itself."""
    if lookup.api is None:
        return "", f"The last deployment to {environment!r} is not known: {lookup.no_token()}", False
    try:
        last = lookup.api.last_deployment(environment)
    except Unreadable as error:
        return "", str(error).rstrip("."), False
    return last, f"The provider knows no deployment to {environment!r} that succeeded before", True


def _last_good_run(lookup: Lookup) -> tuple[int, str, str]:
    """Number and commit of the last run that succeeded, or why there is none: it may have deployed, which nobody can
    tell any more.

    A job's environment makes no deployment with ``deployment: false``
    (https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/control-deployments).
    """
    if lookup.api is None:
        return 0, "", ""
    try:
        return *lookup.api.last_good_run(), ""
    except Unreadable as error:
        # On GitLab every first deployment with a job token would say so.
        return 0, "", str(error) if lookup.run.provider == CI.GITHUB else ""


def _previous_tag(lookup: Lookup, name: str) -> tuple[str, str]:
    """The tag before this one, and its commit: what is known of a release where no deployment is."""
    if not name:
        return "", ""
    tags = local_tags(lookup.git)
    found = tag_before(name, tags)
    if not found or lookup.git.boundary():  # a shallow clone has some of the tags at most
        tags = {**tags, **lookup.origin.tags()}
        found = tag_before(name, tags)
    return found, tags.get(found, "")


def _since(lookup: Lookup, since: str) -> Messages:
    run, git = lookup.run, lookup.git
    what = f"the commits since {since}"
    if _NO_REVISION.search(since):
        raise UsageError(f"since is {since!r}, which no commit, tag or branch is called.", "Correct since.")
    base = git.resolve(since) or git.resolve(f"refs/remotes/origin/{since}")
    if not base and git.boundary():
        base = sha(since) or lookup.origin.tag(since) or lookup.origin.branch(since)
    if base and (git.resolve(base) or lookup.api is None):
        return _or_head(span(lookup, what, base, run.commit), lookup)
    if lookup.api is None:
        if not git.problem() and not git.boundary():
            raise _unknown(since)
        lookup.gaps.append(f"{since} (since) is not in the clone, and {lookup.no_token()}.")
        return _head(lookup)
    try:
        found: Messages | None = answered(lookup.api.compare(since, run.commit), what, lookup)
    except Unreadable as error:
        if error.missing:
            raise _unknown(since) from None
        lookup.gaps.append(str(error))
        found = None
    return _or_head(found, lookup)


def _of_another(lookup: Lookup, asked: Asked) -> Messages:
    """The commits that lie between two versions of another repository; its tag may have a v before the version."""
    api, since = lookup.api, asked.since
    what = f"the commits of {asked.repository} from {since} to {asked.version}"
    if api is None:
        lookup.gaps.append(f"{what[:1].upper()}{what[1:]} could not be read: {lookup.no_token()}.")
        return iter(())
    try:
        try:
            return answered(api.compare(since, asked.version), what, lookup)
        except Unreadable as error:
            if not error.missing:
                raise
            return answered(api.compare(since, f"v{asked.version}"), what, lookup)
    except Unreadable as error:
        lookup.gaps.append(str(error))
        return iter(())


def _unknown(since: str) -> UsageError:
    return UsageError(
        f"since is {since!r}, and neither the clone nor the provider has such a commit, tag or branch.",
        "Correct since, or fetch what it names before jira-ci runs.",
    )


def _event(lookup: Lookup, *, is_build: bool) -> Messages:
    """The commits of the event's own range.

    Args:
        is_build: then what the default branch has is not new because it was merged into another branch.
    """
    run, own = lookup.run, lookup.run.pull_request
    if own and own.base_sha and own.head_sha:
        return _or_head(_of_pull_request(own, lookup), lookup)
    if run.messages_complete and not (run.base and (lookup.read or (is_build and takes_default(run)))):
        return iter(_told(run)[::-1])  # the event does not tell their files
    if run.base:
        return _or_head(of_push(lookup, is_build=is_build), lookup)
    if run.event == "push" and run.branch:
        return _or_head(of_new_branch(lookup), lookup)
    if own and (run.provider != CI.GITLAB or run.event == "merge_request_event"):
        asked = f"the commits of {name_of(run, own)}"
        commits = lookup.try_api(lambda api: api.pull_request_commits(own.number), asked)
        return _or_head(answered(commits, asked, lookup) if commits else None, lookup)
    return _head(lookup)


def _of_pull_request(own: PullRequest, lookup: Lookup) -> Messages | None:
    def ask(api: History) -> Commits:
        if lookup.run.provider == CI.GITHUB:
            return api.pull_request_commits(own.number)
        return api.compare(own.base_sha, own.head_sha)

    # The event's base is where it was when the pull request was made; the merge that is checked out knows better.
    merged = lookup.git.parents(lookup.git.head()) if lookup.git.head() else []
    base = merged[0] if len(merged) == 2 and merged[1] == own.head_sha else own.base_sha
    wanted = Range(f"the commits of this {kind(lookup.run)}", base, own.head_sha, ask, own.commits)
    return ranges.read(wanted, lookup)


def _or_head(found: Messages | None, lookup: Lookup) -> Messages:
    """HEAD alone when a range is empty (HEAD is as old as what is deployed, or older) or unreadable; then what the
    event says has to do.
    """
    if found is None:
        told = _told(lookup.run)[::-1]
        yield from told or _head(lookup)
        return
    newest = next(found, None)
    if newest is None:
        yield from _head(lookup)
        return
    yield newest
    yield from found


def _head(lookup: Lookup) -> Messages:
    run = lookup.run
    if not run.commit:
        return
    told = dict(_told(run)).get(run.commit) or lookup.git.message(run.commit)
    if told:
        yield run.commit, told
        return
    if lookup.api is None:
        why = lookup.git.problem().rstrip(".") or "it is not in the clone"
        lookup.gaps.append(f"Commit {short(run.commit)} could not be read: {why}, and {lookup.no_token()}.")
        return
    try:
        yield run.commit, lookup.api.commit_message(run.commit)
    except Unreadable as error:
        lookup.gaps.append(str(error))


def _told(run: Run) -> list[tuple[str, str]]:
    """The commits the event itself carries, oldest first."""
    ids = (*run.message_ids, *[""] * len(run.messages))
    return list(zip(ids, run.messages, strict=False))


# These are about a commit of their own: what is checked out meanwhile is another matter.
_ABOUT_ANOTHER = {"workflow_run", "deployment", "deployment_status", "merge_group"}
_LONGEST = 200
_NUMBER = re.compile(r"[0-9]+")


def end_of(run: Run, git: Git, version: str, *ahead: str) -> tuple[Run, str]:
    """The run with the commit that is deployed, and a commit that is checked out on top of it, or an empty text.

    That is the commit of the tag that ``version`` names; else what is checked out: a workflow that was started by hand
    on main may deploy an older tag. A pull request's merge commit is nobody's, and another repository's checkout says
    nothing about this run.

    Args:
        version: what is deployed, or empty.
        ahead: commits that will be asked about next. Here that costs nothing: most of an answer's time is git's start.
    """
    names = (version, f"v{version}") if version else ()
    head, *known = git.resolve_each("HEAD", *(f"refs/tags/{name}" for name in names), run.commit, *ahead)
    for name, tagged in zip(names, known, strict=False):
        if tagged:
            return (run if tagged == run.commit else _elsewhere(run, tagged, name)), ""
    if run.provider == CI.LOCAL or run.event in _ABOUT_ANOTHER or (run.pull_request and run.pull_request.head_sha):
        return run, ""
    if not head or head == run.commit or not run.commit or not Origin(git, run).is_home:
        return run, ""
    if git.resolve(run.commit) and git.has(head, run.commit):
        return run, head
    return _elsewhere(run, head, git.ask("describe", "--tags", "--exact-match", head)), ""


def _elsewhere(run: Run, commit: str, tag: str) -> Run:
    """The same run about another commit, of which the event tells nothing."""
    return replace(run, commit=commit, tag=tag, base="", messages=(), message_ids=(), messages_complete=False)


def tag_before(name: str, tags: Iterable[str]) -> str:
    """The tag with the next smaller numbers among those written like this one; empty when there is none.

    ``v1.4.0`` comes after ``v1.3.2``: ``v1.4.0-rc1`` and ``v1`` are written otherwise.
    """
    form, own = _form(name)
    alike = [(numbers, tag) for tag in tags for found, numbers in [_form(tag)] if found == form and numbers < own]
    return max(alike)[1] if own and alike else ""


def _form(tag: str) -> tuple[str, tuple[int, ...]]:
    """A tag without its numbers and without the v that may come before the first, and the numbers."""
    tag = re.sub(r"\A[vV](?=[0-9])", "", tag[:_LONGEST])
    return _NUMBER.sub("0", tag), tuple(int(number) for number in _NUMBER.findall(tag))
