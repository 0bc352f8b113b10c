"""Questions to Jira Service Management: desks, request types, requests, approvals, comments. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.jira.ask import Ask, segment
from jira_ci.text import one_line

PAGE = 100
_API = "servicedeskapi"


def desk(id_or_project: str) -> Ask:
    """A service desk, by its id or its project's."""
    return Ask(
        "GET", f"{_API}/servicedesk/{segment(id_or_project)}", f"show the service desk {one_line(id_or_project, 60)}"
    )


def desks(start: int) -> Ask:
    """A page of all service desks."""
    return Ask("GET", f"{_API}/servicedesk", "list its service desks", _page(start))


def request_types(desk_id: str, start: int, name: str = "") -> Ask:
    """A page of a service desk's request types, those hidden from the portal too.

    Args:
        name: only those with this text in name or description. Hidden ones are in the answer to such a search only.
    """
    query = {"includeHiddenRequestTypesInSearch": "true", **_page(start), **({"searchQuery": name} if name else {})}
    return Ask("GET", f"{_API}/servicedesk/{segment(desk_id)}/requesttype", "list the request types", query)


def request_fields(desk_id: str, type_id: str) -> Ask:
    """The fields of a request type, hidden ones too."""
    path = f"{_API}/servicedesk/{segment(desk_id)}/requesttype/{segment(type_id)}/field"
    return Ask("GET", path, "list the fields of the request type", {"expand": "hiddenFields"})


def create(desk_id: str, type_id: str, values: Mapping[str, Any]) -> Ask:
    """Makes a request. It is sent once: nothing in it would let Jira know a second one from the first."""
    body = {"serviceDeskId": desk_id, "requestTypeId": type_id, "requestFieldValues": dict(values)}
    return Ask("POST", f"{_API}/request", "make a change", body=body, idempotent=False)


def approvals(issue_id: str, start: int) -> Ask:
    """A page of a request's approvals."""
    return Ask("GET", f"{_API}/request/{segment(issue_id)}/approval", "list the change's approvals", _page(start))


def comments(issue_id: str, start: int) -> Ask:
    """A page of a request's comments, internal ones too."""
    return Ask("GET", f"{_API}/request/{segment(issue_id)}/comment", "list the change's comments", _page(start))


def comment(issue_id: str, body: str, *, public: bool) -> Ask:
    """Writes a comment (wiki markup). It is sent once, as a change is."""
    path = f"{_API}/request/{segment(issue_id)}/comment"
    return Ask("POST", path, "take a comment", body={"body": body, "public": public}, idempotent=False)


def _page(start: int) -> dict[str, str]:
    return {"start": str(start), "limit": str(PAGE)}
