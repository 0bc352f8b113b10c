"""Taking remote links off issues again, on Jira Data Center.

https://developer.atlassian.com/server/jira/platform/rest/v10000/api-group-issue/ (deleteRemoteIssueLinkByGlobalId)
"""

from __future__ import annotations

from jira_ci.jira import remote_links
from jira_ci.jira.access import Access
from jira_ci.jira.ask import segment
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.refusals import messages
from jira_ci.jira.stored import Key
from jira_ci.jira.unwelcome import unwelcome


def unlink(access: Access, issue: str, key: Key) -> Request:
    """Takes the link that shows this record off one issue, if it is there."""
    link = segment(remote_links.global_id(key.kind, key.mapping))
    return Request(
        "DELETE",
        f"{access.site}/rest/api/2/issue/{segment(issue)}/remotelink?globalId={link}",
        f"take a link off {issue}",
        bearer=access.token if access.kind == "bearer" else "",
        basic=access.basic if access.kind == "basic" else "",
        bodiless=True,
        site=True,
    )


def was_linked(request: Request, answer: Answer) -> bool:
    """Whether the link was there; it is gone now. Jira says 404 for a link and for an issue that is not there.

    Raises:
        JiraCiError: any other answer.
    """
    if answer.status == 204:
        return True
    if answer.status == 404 and messages(answer):
        return False
    raise remote_links.final(request, answer) or unwelcome(request, answer)
