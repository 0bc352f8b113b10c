"""What ``check`` asks the CI for ``resume``: whether the token may start runs again. Nothing is started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone

from jira_ci.checks.report_checks import Line, warning
from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.parking.note import is_supported
from jira_ci.run import CI

_SUBJECT = "resume"
_TOKENS = {CI.GITHUB: "github-token", CI.GITLAB: "gitlab-token"}
_HINTS = {
    CI.GITHUB: "The workflow that runs jira-ci resume needs `permissions: actions: write`, and its event and actor "
    "have to be allowed by the organisation.",
    CI.GITLAB: "Set gitlab-token, where jira-ci resume runs, to a project access token with the scope api and a role "
    "that may deploy.",
}


def parks(context: Context) -> bool:
    """Whether a deployment that waits leaves a note here."""
    return context.given.parked != "off" and is_supported(context.run)


def lines(context: Context) -> Iterator[Line]:
    """One line, where deployments park: about the token of this job, which need not be that of the job that resumes."""
    if not parks(context):
        return
    run, given = context.run, context.given
    token = given.github_token if run.provider == CI.GITHUB else given.gitlab_token
    if not token:
        yield Line(_SUBJECT, f"not tested: this job has no {_TOKENS[run.provider]}")
        return
    from jira_ci.ci.restart import restarts

    now = datetime.fromtimestamp(context.edges.clock(), timezone.utc)
    bundle, deadline = context.provider_bundle, context.deadline
    try:
        with closing(restarts(run, token, ca_bundle=bundle, deadline=deadline, now=now)) as ci:
            yield Line(_SUBJECT, ci.permitted())
    except Unreadable as error:
        yield warning(_SUBJECT, str(error), _HINTS[run.provider])
