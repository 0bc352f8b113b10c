"""Who answers questions about a run's repository: GitHub or GitLab, with whatever token there is."""

from __future__ import annotations

from jira_ci.ci.history import Provider
from jira_ci.deadline import Deadline
from jira_ci.run import Run


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
    if run.provider == "github" and github_token:
        from jira_ci.ci.github_api import GitHubHistory

        return GitHubHistory(run, github_token, ca_bundle=ca_bundle, deadline=deadline)
    if run.provider == "gitlab" and run.api_url and (gitlab_token or job_token):
        from jira_ci.ci.gitlab_api import GitLabHistory

        return GitLabHistory(run, gitlab_token, job_token=job_token, ca_bundle=ca_bundle, deadline=deadline)
    return None
