"""Who answers questions about a run's repository: GitHub or GitLab, with whatever token there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jira_ci.ci.history import Provider
from jira_ci.deadline import Deadline
from jira_ci.run import CI, Run

if TYPE_CHECKING:
    from jira_ci.ci.comments import Comments
    from jira_ci.ci.past_runs import Runs


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
    if run.provider == CI.GITHUB and github_token:
        from jira_ci.ci.github_api import GitHubHistory

        return GitHubHistory(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    if run.provider == CI.GITLAB and run.api_url and (gitlab_token or job_token):
        from jira_ci.ci.gitlab_api import GitLabHistory

        return GitLabHistory(run, gitlab_token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
    return None


def connect_runs(
    run: Run, *, github_token: str, gitlab_token: str, job_token: str, ca_bundle: str, deadline: Deadline
) -> Runs | None:
    """Who answers for this repository's runs; None without a token or outside GitHub and GitLab."""
    if run.provider == CI.GITHUB and github_token:
        from jira_ci.ci.github_runs import GitHubRuns

        return GitHubRuns(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    if run.provider == CI.GITLAB and run.api_url and (gitlab_token or job_token):
        from jira_ci.ci.gitlab_runs import GitLabRuns

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
