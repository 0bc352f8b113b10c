"""Questions to Jira's platform about changes: search, issues, properties, links. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jira_ci.jira.ask import Ask, Edition, segment
from jira_ci.text import one_line

PROPERTY = "jira-ci.change"
"""The issue property on the changes we make: what they were made for."""
BASIC_FIELDS = ("summary", "status", "issuetype", "project", "reporter", "creator", "description", "created")
PAGE = 100


def search(jql: str, edition: Edition, *, after: str = "", reconcile: Sequence[str] = ()) -> Ask:
    """One page of candidates: ids and summaries.

    Args:
        jql: bounded by a project.
        after: where the page before said that the next one begins (a token; on Data Center an index).
        reconcile: ids of issues that the answer must know even if the index does not yet (Cloud only).
    """
    body: dict[str, Any] = {"jql": jql, "fields": ["summary"], "maxResults": PAGE}
    if edition == "data-center":
        return Ask("POST", "api/search", "find the change", body={**body, "startAt": int(after or 0)})
    body |= {"nextPageToken": after} if after else {}
    body |= {"reconcileIssues": [int(one) for one in reconcile]} if reconcile else {}
    return Ask("POST", "api/search/jql", "find the change", body=body)


def issue(id_or_key: str, fields: Iterable[str] = BASIC_FIELDS, *, history: bool = False) -> Ask:
    """One issue with our own property, and with the names of its fields and its history when these are wanted.

    Args:
        fields: ids, or ``*all``.
    """
    query = {"fields": ",".join(fields), "properties": PROPERTY, "failFast": "true"}
    if history:
        query["expand"] = "changelog,names"
    return Ask("GET", f"api/issue/{segment(id_or_key)}", f"show the change {one_line(id_or_key, 60)}", query)


def fields_for(window: Sequence[str]) -> tuple[str, ...]:
    """What to ask an issue for, so that these window fields are in the answer.

    Only the site knows which ids have a name, so that a name means asking for everything: one request less than asking
    for the list of fields first, and another field of the same name does not stay hidden.
    """
    if all(name.startswith("customfield_") for name in window):
        return (*BASIC_FIELDS, *window)
    return ("*all", "-comment", "-worklog", "-attachment", "-issuelinks")


def fields() -> Ask:
    """Every field of the site."""
    return Ask("GET", "api/field", "list its fields")


def types_of_project(project: str) -> Ask:
    """The issue types of a project."""
    return Ask("GET", f"api/project/{segment(project)}/statuses", f"list the issue types of {one_line(project, 60)}")


def set_property(issue_id: str, value: Mapping[str, Any]) -> Ask:
    """Writes what the change was made for."""
    path = f"api/issue/{segment(issue_id)}/properties/{PROPERTY}"
    return Ask("PUT", path, "remember what the change is for", body=dict(value), bodiless=True)


def link(change_key: str, issue_key: str) -> Ask:
    """Links a change to an issue that is deployed with it; Jira knows a link between two issues only once."""
    body = {
        "type": {"name": "Relates"},
        "inwardIssue": {"key": change_key},
        "outwardIssue": {"key": issue_key},
    }
    return Ask("POST", "api/issueLink", f"link the change to {issue_key}", body=body, bodiless=True)


def remote_link(issue_id: str, url: str, title: str) -> Ask:
    """Links a change to a page elsewhere; a second link with the same address replaces the first."""
    body = {"globalId": url[:255], "object": {"url": url, "title": title}}
    return Ask("POST", f"api/issue/{segment(issue_id)}/remotelink", "link the change to its run", body=body)


def myself() -> Ask:
    """Who is asking."""
    return Ask("GET", "api/myself", "say who is asking")


def server_info() -> Ask:
    """Which edition of Jira this is."""
    return Ask("GET", "api/serverInfo", "say what it is")


def permissions(project: str, names: Iterable[str]) -> Ask:
    """Which of these permissions the account has in a project, or in any where none is named."""
    query = {**({"projectKey": project} if project else {}), "permissions": ",".join(names)}
    return Ask("GET", "api/mypermissions", "say what the account may do", query)
