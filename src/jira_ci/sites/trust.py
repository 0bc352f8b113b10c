"""Which sites of the work tree's file may be shown a credential: those that the trusted file names as well.

Whoever may push a branch may write its ``.jira-ci.yml``, and must not be able to have the tokens sent to an address of
theirs. An address that a flag, an input or a variable names needs no leave.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jira_ci.config import trusted_ref
from jira_ci.config.model import Config, parse
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.jira.access import site_url
from jira_ci.run import CI
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.ci.api import RepositoryFiles
    from jira_ci.ci.gitlab_api import GitLabHistory
    from jira_ci.ci.teams import Teams

_UNASKED = "There is no CI_JOB_TOKEN to ask GitLab with."
Place = tuple[str, str]
"""A site's address, and the word in the names of its variables, which is empty for the default's."""


def unnamed(context: Context, places: Collection[Place]) -> Mapping[Place, str]:
    """The places that the trusted file does not name, each with the reason as a sentence, which is said once.

    Outside a CI there is nobody who could have written the file but the user.
    """
    if context.run.provider == CI.LOCAL:
        return {}
    new = dict.fromkeys(place for place in places if place not in context.vouched)
    if new:
        found = _unnamed(context, new)
        context.vouched.update({place: found.get(place, "") for place in new})
        for sentence in dict.fromkeys(found.values()):
            context.console.notice("warning", sentence)
    return {place: why for place in places if (why := context.vouched[place])}


@contextmanager
def provider(context: Context) -> Iterator[Callable[[], RepositoryFiles | None]]:
    """How the CI's provider is connected to; hangs up in the end."""
    connected: list[RepositoryFiles] = []

    def connect() -> RepositoryFiles | None:
        found = _connect(context, context.run.repository)
        connected.extend([found] if found else [])
        return found

    try:
        yield connect
    finally:
        for one in connected:
            one.close()


@contextmanager
def repository(context: Context, name: str) -> Iterator[RepositoryFiles | None]:
    """The committed files of another repository of the CI's own provider, read with ``organisation-token`` or else with
    the tokens for the run's own; hangs up in the end. None where there is no provider or no token.

    Args:
        name: ``owner/name``.
    """
    found = _connect(context, name, context.given.organisation_token)
    try:
        yield found
    finally:
        if found:
            found.close()


def _connect(context: Context, name: str, token: str = "") -> RepositoryFiles | None:
    from jira_ci.ci import detect

    return detect.connect_files(
        context.run,
        name,
        github_token=token or context.given.github_token,
        gitlab_token=token or context.given.gitlab_token,
        job_token=context.edges.environ.get("CI_JOB_TOKEN", ""),
        ca_bundle=context.provider_bundle,
        deadline=context.deadline.part(0.5),
        here=context.git.blob,
    )


def job_objection(context: Context) -> str:
    """Why it is not certain that this job is of the run's commit; empty when GitLab says so of its ``CI_JOB_TOKEN``,
    which no variable of a pipeline's can give another commit."""
    if "job" not in context.files:
        context.files["job"] = _job_objection(context)
    found: str = context.files["job"]
    return found


def _job_objection(context: Context) -> str:
    from jira_ci.ci.api import Unreadable

    run = context.run
    try:
        with _job(context) as job:
            if job is None:
                return _UNASKED
            commit = job.job_commit()
    except Unreadable as error:
        return one_line(str(error), 300)
    own = (run.commit, run.pull_request.head_sha if run.pull_request else "")
    return "" if commit in own else f"GitLab says that this job is of commit {commit}."


def job_user(context: Context) -> tuple[str, str]:
    """Who started this job, by the login that GitLab says, and what started its pipeline; empty where it does not say.

    Raises:
        Unreadable: GitLab does not say who.
    """
    from jira_ci.ci.api import Unreadable

    with _job(context) as job:
        if job is None:
            raise Unreadable(_UNASKED)
        return job.job_user()


def in_a_team(context: Context, teams: Sequence[str], login: str) -> bool:
    """Whether somebody is in one of these teams of the provider's, asked with ``organisation-token`` or else with the
    tokens for the run's own repository.

    Raises:
        Unreadable: the provider does not say; also of one of them where none of the others has this person.
    """
    with _teams(context) as asked:
        return any(_is_member(context, asked, team, login) for team in teams)


def see_team(context: Context, team: str) -> None:
    """Looks whether a team of the provider's can be read.

    Raises:
        Unreadable: it cannot.
    """
    with _teams(context) as asked:
        asked.see(team)


@contextmanager
def _teams(context: Context) -> Iterator[Teams]:
    from jira_ci.ci.api import Unreadable
    from jira_ci.ci.teams import Teams

    given, run = context.given, context.run
    token = given.organisation_token or (given.github_token if run.provider == CI.GITHUB else given.gitlab_token)
    if not token or run.provider not in (CI.GITHUB, CI.GITLAB):
        raise Unreadable("There is no token to ask for its members with: set organisation-token.")
    asked = Teams(run, token, ca_bundle=context.provider_bundle, deadline=context.deadline.part(0.5))
    try:
        yield asked
    finally:
        asked.close()


def _is_member(context: Context, asked: Teams, team: str, login: str) -> bool:
    known = f"{login} in {team}"
    if known not in context.files:
        context.files[known] = asked.has(team, login)
    found: bool = context.files[known]
    return found


@contextmanager
def _job(context: Context) -> Iterator[GitLabHistory | None]:
    """Who answers for the job of a ``CI_JOB_TOKEN``; None without one. Hangs up in the end."""
    from jira_ci.ci import detect

    token, bundle = context.edges.environ.get("CI_JOB_TOKEN", ""), context.provider_bundle
    job = detect.connect_job(context.run, token, ca_bundle=bundle, deadline=context.deadline.part(0.5))
    try:
        yield job
    finally:
        if job is not None:
            job.close()


def _unnamed(context: Context, places: Collection[Place]) -> dict[Place, str]:
    left, why = set(places), ""
    try:
        path = trusted_ref.path_of(_in_repository(context))
        with provider(context) as connect:
            for commit in trusted_ref.places(context.run, git=context.git, connect=connect):
                named, why = _named(commit, path)
                left -= named
                if not left:
                    break
    except UsageError as error:
        why = _reason(error)
    return {place: _sentence(context, place, why) for place in left}


def _in_repository(context: Context) -> str:
    """The setting ``config``, which is a path from the workspace, as a path from the repository's top."""
    root, top = context.root.resolve(), context.git.top()
    file = Path(os.path.normpath(root / context.given.config))  # links are not followed: the committed file is meant
    for folder in (top.resolve() if top else root, root):
        if file.is_relative_to(folder):
            return file.relative_to(folder).as_posix()
    return context.given.config


def _named(commit: trusted_ref.Place, path: str) -> tuple[set[Place], str]:
    """What the file at this commit names, and how to say that something is not among it."""
    shown = one_line(path, 100)
    try:
        found = commit.file(path)
        if not isinstance(found, trusted_ref.Committed):
            return set(), f"There is no {shown} at {commit.what}."
        return set(_places(parse(found.data, found.name))), f"{shown} of {commit.what} does not name it."
    except UsageError as error:
        return set(), _reason(error)


def _reason(error: UsageError) -> str:
    return error.message.removeprefix(f"{trusted_ref.UNREADABLE} ")


def _places(config: Config) -> Iterator[Place]:
    if config.site:
        yield site_url(config.site, ""), ""
    by_name = {"default": config.site} | {name: one.site for name, one in config.connections.items()}
    for connection in config.connections.values():
        yield site_url(connection.site, ""), connection.credentials
    for rule in config.after.values():
        site = by_name[rule.get("connection", "default")]
        if site and "credentials" in rule:
            yield site_url(site, ""), rule["credentials"]


def _sentence(context: Context, place: Place, why: str) -> str:
    site, word = place
    name = one_line(context.given.config, 100)
    whose = f"The token and headers of {word} are" if word else "token and headers are"
    setting = " by the setting site (JIRA_CI_SITE), or" * (not word)
    hint = f"Name it{setting} in the file on the default branch."
    return f"{whose} not sent to {site}, which only the work tree's {name} is known to name. {why} {hint}"
