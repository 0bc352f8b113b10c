"""Which CI runs us: picks the reader and hands it what it reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jira_ci.errors import UsageError
from jira_ci.frozen import replace
from jira_ci.git.repository import Git
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline

if TYPE_CHECKING:
    from jira_ci.ci.api import Comments, Here, Provider, RepositoryFiles
    from jira_ci.ci.gitlab_api import GitLabHistory
    from jira_ci.ci.past_runs import Runs

_LARGEST = 32 * 1024 * 1024  # bytes; GitHub caps an event at 25 MB

Reader = Callable[[Path, int], bytes]
_NUMBERS = {
    CI.JENKINS: ("Jenkins", "BUILD_NUMBER"),
    CI.AZURE: ("Azure Pipelines", "BUILD_BUILDID"),
    CI.BITBUCKET: ("Bitbucket Pipelines", "BITBUCKET_BUILD_NUMBER"),
    CI.CIRCLECI: ("CircleCI", "CIRCLE_BUILD_NUM"),
    CI.BUILDKITE: ("Buildkite", "BUILDKITE_BUILD_NUMBER"),
    CI.TEAMCITY: ("TeamCity", "BUILD_NUMBER"),
}
"""What people call it, and the variable that its number is in."""


def read_bytes(path: Path, limit: int) -> bytes:
    """Up to ``limit`` bytes of a regular file.

    Raises:
        OSError: the file cannot be read, or is none.
    """
    if not path.is_file():  # a pipe would never end
        raise FileNotFoundError(path)
    with path.open("rb") as file:
        return file.read(limit)


def read_run(environ: Mapping[str, str], git: Git, reader: Reader = read_bytes, *, number: int | None = None) -> Run:
    """What this process runs in. No request is made.

    Args:
        environ: the process environment.
        git: the checkout, asked outside CI and where the CI names no commit or repository.
        reader: reads the event file; the second argument is the most bytes it may return.
        number: the run's number, where somebody says it; the CI's own does not count then.

    Raises:
        UsageError: the environment says which CI it is, but lacks what that always sets.
    """
    run = _read(environ, git, reader)
    if number:
        return replace(run, number=number)
    if not run.number and run.provider in _NUMBERS:
        name, variable = _NUMBERS[run.provider]
        raise UsageError(
            f"This runs in {name}, but {variable} is {'missing' if not environ.get(variable) else 'no whole number'}.",
            f"Pass {variable} on to the process (docker run -e {variable}), or set number.",
        )
    return run


def _read(environ: Mapping[str, str], git: Git, reader: Reader) -> Run:
    if environ.get("GITHUB_ACTIONS") == "true":
        from jira_ci.ci import github_env

        event, gap = _event(environ.get("GITHUB_EVENT_PATH", ""), reader)
        run = github_env.read(environ, event)
        return replace(run, gaps=(*run.gaps, gap)) if gap else run
    if environ.get("GITLAB_CI") == "true":
        from jira_ci.ci import gitlab_env

        return gitlab_env.read(environ)
    from jira_ci.ci import harness_env, local_env

    def checkout() -> Run:
        return local_env.read(local_env.facts(git))

    if harness_env.is_here(environ):
        return harness_env.read(environ, checkout)
    found = _of_variables(environ, reader)
    return local_env.completed(found, checkout) if found else checkout()


def _of_variables(environ: Mapping[str, str], reader: Reader) -> Run | None:
    """What another CI says about this run; None where there is none that is known.

    Those that set a variable of their own come first: Jenkins' may be those of the machine.
    """
    if environ.get("TF_BUILD", "").lower() == "true":
        from jira_ci.ci import azure_env

        return azure_env.read(environ)
    if environ.get("BITBUCKET_BUILD_NUMBER"):
        from jira_ci.ci import bitbucket_env

        return bitbucket_env.read(environ)
    if environ.get("CIRCLECI") == "true":
        from jira_ci.ci import circleci_env

        return circleci_env.read(environ)
    if environ.get("BUILDKITE") == "true":
        from jira_ci.ci import buildkite_env

        return buildkite_env.read(environ)
    if environ.get("TEAMCITY_VERSION"):
        from jira_ci.ci import teamcity_env

        return teamcity_env.read(environ, reader)
    if _is_jenkins(environ):
        from jira_ci.ci import jenkins_env

        return jenkins_env.read(environ)
    return None


def _is_jenkins(environ: Mapping[str, str]) -> bool:
    """Whether a build of Jenkins runs us: ``JENKINS_URL`` is missing where the administrator has configured none, and
    ``JENKINS_HOME`` may be the machine's.
    """
    known = environ.get("JENKINS_URL") or environ.get("JENKINS_HOME")
    return environ.get("BUILD_TAG", "").startswith("jenkins-") or bool(known and environ.get("BUILD_NUMBER"))


def read_event(environ: Mapping[str, str], reader: Reader = read_bytes) -> Mapping[str, Any]:
    """The event of a run on GitHub; an empty one when it cannot be read, which :func:`read_run` says."""
    return _event(environ.get("GITHUB_EVENT_PATH", ""), reader)[0]


def _event(path: str, reader: Reader) -> tuple[Mapping[str, Any], str]:
    """The event, or an empty one and a sentence that says why."""
    if not path:
        return {}, "GITHUB_EVENT_PATH is not set: the event is not known; pass the variable and its file on."
    try:
        content = reader(Path(path), _LARGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "there is no such file"
        return {}, f"The event file {path} cannot be read ({why}); mount it into the container."
    if len(content) > _LARGEST:
        return {}, f"The event file {path} is larger than {_LARGEST // 1024 // 1024} MB and was not read."
    try:
        event = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return {}, f"The event file {path} is not JSON and was not read."
    if not isinstance(event, dict):
        return {}, f"The event file {path} does not hold a JSON object and was not read."
    return event, ""


def connect(
    run: Run,
    *,
    github_token: str = "",
    gitlab_token: str = "",
    job_token: str = "",
    ca_bundle: str = "",
    deadline: Deadline,
) -> Provider | None:
    """Who answers for this run's repository; None without a token or outside GitHub and GitLab.

    Args:
        github_token: the workflow's own, or one that may read contents, deployments and pull requests.
        gitlab_token: a personal, project or group access token with read_api.
        job_token: ``CI_JOB_TOKEN``, used when there is no ``gitlab_token``.
        ca_bundle: a file of certificate authorities, or empty for the built-in ones.
        deadline: over all that is asked.
    """
    if not is_known(run, github_token=github_token, gitlab_token=gitlab_token, job_token=job_token):
        return None
    if run.provider == CI.GITHUB:
        from jira_ci.ci.github_api import GitHubHistory

        return GitHubHistory(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    from jira_ci.ci.gitlab_api import GitLabHistory

    return GitLabHistory(run, gitlab_token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)


def is_known(run: Run, *, github_token: str, gitlab_token: str, job_token: str) -> bool:
    """Whether somebody answers for this run's repository; nothing is loaded for it."""
    if run.provider == CI.GITHUB:
        return bool(github_token)
    return run.provider == CI.GITLAB and bool(run.api_url and (gitlab_token or job_token))


def connect_files(
    run: Run,
    repository: str,
    *,
    github_token: str,
    gitlab_token: str,
    job_token: str,
    ca_bundle: str,
    deadline: Deadline,
    here: Here | None = None,
) -> RepositoryFiles | None:
    """Who answers for a repository's files; None without a token or outside GitHub and GitLab.

    Args:
        repository: ``owner/name``, on the server that the run is on.
        here: what the checkout has of its files.
    """
    other = run if repository == run.repository else replace(run, repository=repository, repository_id=repository)
    if run.provider == CI.GITHUB and github_token:
        from jira_ci.ci.github_files import GitHubFiles

        return GitHubFiles(other, github_token, ca_bundle=ca_bundle, deadline=deadline, here=here)
    if run.provider == CI.GITLAB and run.api_url and (gitlab_token or job_token):
        from jira_ci.ci.gitlab_api import GitLabHistory

        return GitLabHistory(other, gitlab_token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
    return None


def connect_job(run: Run, job_token: str, *, ca_bundle: str, deadline: Deadline) -> GitLabHistory | None:
    """Who answers which job a ``CI_JOB_TOKEN`` is of; None without one or outside GitLab."""
    if run.provider != CI.GITLAB or not run.api_url or not job_token:
        return None
    from jira_ci.ci.gitlab_api import GitLabHistory

    return GitLabHistory(run, "", job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)


def connect_runs(
    run: Run, *, github_token: str, gitlab_token: str, job_token: str, ca_bundle: str, deadline: Deadline
) -> Runs | None:
    """Who answers for this repository's runs; None without a token or outside GitHub and GitLab."""
    if run.provider == CI.GITHUB and github_token:
        from jira_ci.ci.past_runs import GitHubRuns

        return GitHubRuns(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    if run.provider == CI.GITLAB and run.api_url and (gitlab_token or job_token):
        from jira_ci.ci.past_runs import GitLabRuns

        return GitLabRuns(run, gitlab_token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
    return None


def connect_comments(
    run: Run, *, github_token: str, gitlab_token: str, ca_bundle: str, deadline: Deadline
) -> Comments | None:
    """Who answers for the comments on pull requests; None without a token that writes, or outside GitHub and GitLab.

    ``CI_JOB_TOKEN`` writes no comments (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).
    """
    if run.provider == CI.GITHUB and github_token:
        from jira_ci.ci.github_comments import GitHubComments

        return GitHubComments(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    if run.provider == CI.GITLAB and run.api_url and gitlab_token:
        from jira_ci.ci.gitlab_comments import GitLabComments

        return GitLabComments(run, gitlab_token, job_token="", ca_bundle=ca_bundle, deadline=deadline)
    return None
