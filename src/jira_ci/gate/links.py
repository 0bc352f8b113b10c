"""Linking a new change to its run and to the issues that are deployed; what does not succeed is said, never fatal."""

from __future__ import annotations

from collections.abc import Iterator

from jira_ci.errors import JiraCiError
from jira_ci.gate.terms import Occasion
from jira_ci.jira.service import Service
from jira_ci.jira.unwelcome import NotFound, Refused

_MOST = 20  # issues: Jira takes each link as a request of its own


def link(service: Service, issue_id: str, key: str, occasion: Occasion) -> Iterator[str]:
    """Links the change, and yields what people should know, as sentences."""
    if occasion.url:
        error = _try_run(service, issue_id, occasion)
        if error:
            yield f"{key} is not linked to its run: {error.message}"
    for issue in occasion.keys[:_MOST]:
        error = _try_issue(service, key, issue)
        if error:
            yield f"{key} is not linked to {issue}: {error.message}"
        if error and not isinstance(error, (NotFound, Refused)):
            return  # what is wrong with the connection is wrong with the other links too
    if len(occasion.keys) > _MOST:
        yield f"{key} is linked to {_MOST} of {len(occasion.keys)} issues; its description names more."


def _try_run(service: Service, issue_id: str, occasion: Occasion) -> JiraCiError | None:
    try:
        service.remote_link(issue_id, occasion.url, f"Run {occasion.run}".strip())
    except JiraCiError as error:
        return error
    return None


def _try_issue(service: Service, key: str, issue: str) -> JiraCiError | None:
    try:
        service.link(key, issue)
    except JiraCiError as error:
        return error
    return None
