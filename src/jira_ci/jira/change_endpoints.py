"""What Jira is asked about changes, and its service desk: each question relative to a site. Nothing is sent here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jira_ci.jira.endpoints import Edition, Question, segment
from jira_ci.text import one_line

PROPERTY = "jira-ci.change"
"""The issue property on the changes we make: what they were made for."""
BASIC_FIELDS = ("summary", "status", "issuetype", "project", "reporter", "creator", "description", "created")
PAGE = 100
LARGE_PAGE = 1000
"""Data Center gives no more at once; Jira Cloud may give fewer, and says where the next page begins."""
PARKED = "jira-ci.parked"
"""The issue property with the notes of the runs that wait for a change."""
PARKED_FIELDS = ("summary", "status", "issuetype", "project", "labels")
"""What tells of an issue that a search brings whether it can be a change that a run waits for."""


def search(
    jql: str,
    edition: Edition,
    *,
    after: str = "",
    reconcile: Sequence[str] = (),
    fields: Sequence[str] = ("summary",),
    properties: Sequence[str] = (),
    most: int = PAGE,
) -> Question:
    """One page of candidates: by default ids and summaries.

    Args:
        jql: bounded by a project or a label.
        after: where the page before said that the next one begins (a token; on Data Center an index).
        reconcile: ids of issues that the answer must know even if the index does not yet (Cloud only).
        properties: which of the issues' properties to tell (Cloud only).
    """
    body: dict[str, Any] = {"jql": jql, "fields": [*fields], "maxResults": most}
    if edition == "data-center":
        return Question("POST", "api/search", "find the change", body={**body, "startAt": int(after or 0)})
    body |= {"nextPageToken": after} if after else {}
    body |= {"reconcileIssues": [int(one) for one in reconcile]} if reconcile else {}
    body |= {"properties": list(properties)} if properties else {}
    return Question("POST", "api/search/jql", "find the change", body=body)


def issue(id_or_key: str, fields: Iterable[str] = BASIC_FIELDS, *, history: bool = False) -> Question:
    """One issue with our own properties, and with the names of its fields and its history when these are wanted.

    Args:
        fields: ids, or ``*all``.
    """
    query = {"fields": ",".join(fields), "properties": f"{PROPERTY},{PARKED}", "failFast": "true"}
    if history:
        query["expand"] = "changelog,names"
    return Question("GET", f"api/issue/{segment(id_or_key)}", f"show the change {one_line(id_or_key, 60)}", query)


def fields_for(window: Sequence[str]) -> tuple[str, ...]:
    """What to ask an issue for, so that these window fields are in the answer.

    Only the site knows which ids have a name, so that a name means asking for everything: one request less than asking
    for the list of fields first, and another field of the same name does not stay hidden.
    """
    if all(name.startswith("customfield_") for name in window):
        return (*BASIC_FIELDS, *window)
    return ("*all", "-comment", "-worklog", "-attachment", "-issuelinks")


def fields() -> Question:
    """Every field of the site."""
    return Question("GET", "api/field", "list its fields")


def types_of_project(project: str) -> Question:
    """The issue types of a project."""
    return Question(
        "GET", f"api/project/{segment(project)}/statuses", f"list the issue types of {one_line(project, 60)}"
    )


def get_property(issue_id: str, key: str) -> Question:
    """Reads one of our properties of a change."""
    return Question(
        "GET", f"api/issue/{segment(issue_id)}/properties/{segment(key)}", "show what is kept on the change"
    )


def label(issue_id: str, name: str, *, add: bool) -> Question:
    """Adds a label to a change, or takes it off; either may be sent again."""
    update = {"update": {"labels": [{"add" if add else "remove": name}]}}
    return Question("PUT", f"api/issue/{segment(issue_id)}", "label the change", body=update, bodiless=True)


def unparked(issue_id: str, value: Mapping[str, Any], label: str) -> Question:
    """Writes the notes of a change and takes a label off it in one edit; it may be sent again."""
    body = {"update": {"labels": [{"remove": label}]}, "properties": [{"key": PARKED, "value": dict(value)}]}
    path = f"api/issue/{segment(issue_id)}"
    return Question("PUT", path, "take a note off the change", body=body, bodiless=True)


def remove_remote_link(issue_id: str, global_id: str) -> Question:
    """Takes the link with this identity off a change."""
    path = f"api/issue/{segment(issue_id)}/remotelink"
    return Question("DELETE", path, "take a link off the change", {"globalId": global_id}, bodiless=True)


def set_property(issue_id: str, value: Mapping[str, Any], key: str = PROPERTY) -> Question:
    """Writes one of our properties of a change; by default what it was made for."""
    path = f"api/issue/{segment(issue_id)}/properties/{segment(key)}"
    return Question("PUT", path, "remember what the change is for", body=dict(value), bodiless=True)


LONGEST_PROPERTY = 32_768
"""Bytes of the JSON that an issue's property may have.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-properties/
"""


def property_keys(issue_id: str) -> Question:
    """The keys of an issue's properties."""
    return Question("GET", f"api/issue/{segment(issue_id)}/properties", "list the change's properties")


def attach(issue_id: str, name: str, content: bytes) -> Question:
    """Attaches a file to an issue. It is sent once, as a change is."""
    path = f"api/issue/{segment(issue_id)}/attachments"
    return Question("POST", path, "keep a file", file=(name, content), idempotent=False)


def link(change_key: str, issue_key: str) -> Question:
    """Links a change to an issue that is deployed with it; Jira knows a link between two issues only once."""
    body = {
        "type": {"name": "Relates"},
        "inwardIssue": {"key": change_key},
        "outwardIssue": {"key": issue_key},
    }
    return Question("POST", "api/issueLink", f"link the change to {issue_key}", body=body, bodiless=True)


def remote_link(issue_id: str, url: str, title: str, global_id: str = "") -> Question:
    """Links a change to a page elsewhere; a second link with the same identity, by default the address, replaces the
    first."""
    body = {"globalId": global_id or url[:255], "object": {"url": url, "title": title}}
    return Question("POST", f"api/issue/{segment(issue_id)}/remotelink", "link the change to its run", body=body)


def own_properties(account: str, edition: Edition, key: str = "", value: Mapping[str, Any] | None = None) -> Question:
    """The properties of the account itself: their keys, one of them, or one that is written.

    Whoever may use Jira may read and write those of the own user
    (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-properties/).
    """
    path = f"api/user/properties/{segment(key)}" if key else "api/user/properties"
    query = {("accountId" if edition == "cloud" else "userKey"): account}
    if value is None:
        return Question("GET", path, "show what is noted of deployments", query)
    return Question("PUT", path, "note a deployment", query, body=dict(value), bodiless=True)


_GROUP_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
GROUP_PAGE = 50
"""Jira gives no more members of a group at once."""


def group_members(group: str, edition: Edition, start: int) -> Question:
    """A page of a group's members, those included who are not active any more, so that no page is short of any.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/#api-rest-api-3-group-member-get

    Args:
        group: its name; on Cloud its id, too.
    """
    by_id = edition == "cloud" and re.fullmatch(_GROUP_ID, group, re.IGNORECASE)
    query = {("groupId" if by_id else "groupname"): group, "includeInactiveUsers": "true"}
    query |= {"startAt": str(start), "maxResults": str(GROUP_PAGE)}
    return Question("GET", "api/group/member", f"list who is in the group {one_line(group, 60)}", query)


DESK_PAGE = 100
_API = "servicedeskapi"


def desk(id_or_project: str) -> Question:
    """A service desk, by its id or its project's."""
    return Question(
        "GET", f"{_API}/servicedesk/{segment(id_or_project)}", f"show the service desk {one_line(id_or_project, 60)}"
    )


def desks(start: int) -> Question:
    """A page of all service desks."""
    return Question("GET", f"{_API}/servicedesk", "list its service desks", _page(start))


def request_types(desk_id: str, start: int, name: str = "") -> Question:
    """A page of a service desk's request types, those hidden from the portal too.

    Args:
        name: only those with this text in name or description. Hidden ones are in the answer to such a search only.
    """
    query = {"includeHiddenRequestTypesInSearch": "true", **_page(start), **({"searchQuery": name} if name else {})}
    return Question("GET", f"{_API}/servicedesk/{segment(desk_id)}/requesttype", "list the request types", query)


def request_fields(desk_id: str, type_id: str) -> Question:
    """The fields of a request type, hidden ones too."""
    path = f"{_API}/servicedesk/{segment(desk_id)}/requesttype/{segment(type_id)}/field"
    return Question("GET", path, "list the fields of the request type", {"expand": "hiddenFields"})


def create(desk_id: str, type_id: str, values: Mapping[str, Any], *, documents: bool = False) -> Question:
    """Makes a request. It is sent once: nothing in it would let Jira know a second one from the first.

    Args:
        documents: all rich texts among the values are Atlassian documents (Cloud), and none is wiki markup.
    """
    body: dict[str, Any] = {"serviceDeskId": desk_id, "requestTypeId": type_id, "requestFieldValues": dict(values)}
    body |= {"isAdfRequest": True} if documents else {}
    return Question("POST", f"{_API}/request", "make a change", body=body, idempotent=False)


def request(issue_id: str) -> Question:
    """A request with its request type, which the platform shows in a field whose id differs from site to site."""
    query = {"expand": "requestType"}
    return Question("GET", f"{_API}/request/{segment(issue_id)}", "show the change's request type", query)


def approvals(issue_id: str, start: int) -> Question:
    """A page of a request's approvals."""
    return Question("GET", f"{_API}/request/{segment(issue_id)}/approval", "list the change's approvals", _page(start))


def comments(issue_id: str, start: int) -> Question:
    """A page of an issue's comments, internal ones too, with the properties that they carry."""
    query = {"startAt": str(start), "maxResults": str(PAGE), "expand": "properties"}
    return Question("GET", f"api/issue/{segment(issue_id)}/comment", "list the change's comments", query)


def comment(issue_id: str, body: str, *, public: bool) -> Question:
    """Writes a comment (wiki markup) the service desk's way. It is sent once, as a change is."""
    path = f"{_API}/request/{segment(issue_id)}/comment"
    return Question("POST", path, "take a comment", body={"body": body, "public": public}, idempotent=False)


def document_comment(issue_id: str, document: Mapping[str, Any], properties: Mapping[str, Any]) -> Question:
    """Writes a comment that is an Atlassian document (Cloud). It is sent once, as a change is."""
    body = {"body": document, "properties": [{"key": key, "value": value} for key, value in properties.items()]}
    path = f"api/issue/{segment(issue_id)}/comment"
    return Question("POST", path, "take a comment", body=body, idempotent=False)


def remove_comment(issue_id: str, comment_id: str) -> Question:
    """Takes a comment away.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    """
    path = f"api/issue/{segment(issue_id)}/comment/{segment(comment_id)}"
    return Question("DELETE", path, "take a comment away", bodiless=True)


def _page(start: int) -> dict[str, str]:
    return {"start": str(start), "limit": str(DESK_PAGE)}
