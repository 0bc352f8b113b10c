"""The platform's look-ups: what the server is, who is asking and may do what, who is in a group, which fields and
statuses there are."""

from __future__ import annotations

from typing import Any

from jira_sandbox.accounts import Group
from jira_sandbox.authorization import guarded
from jira_sandbox.desk.actions import PERMISSIONS
from jira_sandbox.desk.catalogue import EDITABLE, WORK
from jira_sandbox.desk.fields import Field
from jira_sandbox.desk.search_index import Search
from jira_sandbox.desk.workflow import OF_WORK
from jira_sandbox.documents import body_of, items, listed, number, parameter, record, switch, text
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadRequest, DeskError, Forbidden, NotFound, platform_error
from jira_sandbox.moments import jira_date
from jira_sandbox.routes.issue_routes import visible
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context, Route

_API = "/rest/api/{version}"


def _server_info(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = {
        "baseUrl": context.address,
        **context.edition.server(),
        "serverTime": jira_date(context.site.desk.clock.milliseconds()),
        "serverTitle": "Jira",
        "serverTimeZone": "Etc/UTC",
    }
    return json_answer(200, document)


def _myself(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    shown = View(context).user(context.asker.account if context.asker else "")
    return json_answer(200, {**shown, "locale": context.site.desk.shown("locale")})


def _fields(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, [_field(one) for one in context.site.desk.catalogue.fields])


def _field(field: Field) -> dict[str, Any]:
    names = [field.name] if field.custom else [field.id]
    if field.custom:
        names.insert(0, f"cf[{field.id.rpartition('_')[2]}]")
    shown = {"id": field.id, "key": field.id, "name": field.name, "custom": field.custom, "orderable": True}
    return {**shown, "navigable": True, "searchable": True, "clauseNames": names, "schema": field.schema()}


def _edit_meta(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, view = visible(context, captured["issueIdOrKey"]), View(context)
    catalogue = context.site.desk.catalogue
    fields = [one for one in catalogue.fields if one.id in EDITABLE or (one.custom and issue.issue_type not in WORK)]
    shown = {}
    for field in fields:
        shown[field.id] = {
            "required": field.id == "summary",
            "schema": field.schema(),
            "name": field.name,
            "key": field.id,
            "operations": ["set", "add", "remove"] if field.kind == "versions" else ["set"],
        }
        if field.options:
            shown[field.id]["allowedValues"] = [view.value(field, option) for option in field.options]
    return json_answer(200, {"fields": shown})


def _my_permissions(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    wanted = listed(request, "permissions")
    if not wanted and context.edition.is_cloud:
        raise BadRequest("The 'permissions' query parameter is required.")
    strangers = [name for name in wanted if name not in PERMISSIONS]
    if strangers:
        raise BadRequest(f"Unrecognized permission: {', '.join(strangers)}")
    for name in ("projectKey", "projectId"):
        if parameter(request, name):
            context.site.desk.catalogue.project(parameter(request, name))
    for name in ("issueKey", "issueId"):
        if parameter(request, name):
            visible(context, parameter(request, name))
    return json_answer(200, {"permissions": {name: _permission(context, name) for name in wanted or PERMISSIONS}})


def _permission(context: Context, name: str) -> dict[str, Any]:
    return {
        "id": str(PERMISSIONS.index(name) + 10),
        "key": name,
        "name": name.replace("_", " ").capitalize(),
        "type": "GLOBAL" if name in ("ADMINISTER", "BULK_CHANGE", "USER_PICKER") else "PROJECT",
        "description": "",
        "havePermission": name not in context.site.desk.denied,
    }


def _statuses(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    catalogue, view = context.site.desk.catalogue, View(context)
    project = catalogue.project(captured["projectIdOrKey"])
    everything = [view.listed_status(one.id) for one in context.site.desk.workflow.statuses]
    shown = []
    for kind in catalogue.issue_types:
        if bool(project.desk) == (kind.id not in WORK):
            one = view.issue_type(kind.id)
            statuses = [status for status in everything if (status["id"] in OF_WORK) == (kind.id in WORK)]
            shown.append({name: one[name] for name in ("self", "id", "name", "subtask")} | {"statuses": statuses})
    return json_answer(200, shown)


def _parse(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, record({"queries": items(text(), 1)}, closed=True), "INVALID_INPUT")
    if parameter(request, "validation", "strict") not in ("strict", "warn", "none"):
        raise BadRequest("The validation parameter must be one of strict, warn, none.")
    return json_answer(200, {"queries": [_parsed(context, query) for query in document["queries"]]})


def _parsed(context: Context, query: str) -> dict[str, Any]:
    """A query with what is wrong with it; what it is made of is not told."""
    try:
        Search(query, context.site.desk, bounded=False)
    except DeskError as error:
        return {"query": query, "errors": [str(error)]}
    return {"query": query}


_LARGEST = 50  # members in one answer, whatever is asked for


def _group_members(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/#api-rest-api-3-group-member-get

    https://docs.atlassian.com/software/jira/docs/api/REST/latest/#api/2/group-getUsersFromGroup
    """
    _need_to_see(context)
    group, start = _group(context, request), number(request, "startAt", 0)
    most = min(number(request, "maxResults", _LARGEST), _LARGEST)
    if start < 0 or most < 1:
        raise BadRequest("startAt must not be negative, and maxResults must be positive.")
    people = [context.site.desk.people.of(account) for account in group.members]
    wanted = [one for one in people if one.active or switch(request, "includeInactiveUsers")]
    shown, view = wanted[start : start + most], View(context)
    document = {
        "self": f"{view.base}/group/member?groupname={group.name}&startAt={start}",
        "maxResults": most,
        "startAt": start,
        "total": len(wanted),
        "isLast": start + len(shown) >= len(wanted),
        "values": [view.user(one.account) for one in shown],
    }
    return json_answer(200, document)


def _need_to_see(context: Context) -> None:
    """Cloud wants the global permission Browse users and groups, Data Center an administrator."""
    denied, cloud = context.site.desk.denied, context.edition.is_cloud
    enough = ("USER_PICKER", "ADMINISTER") if cloud else ("ADMINISTER",)
    if denied.issuperset(enough):
        raise Forbidden("You do not have permission to see the members of this group.")


def _group(context: Context, request: Request) -> Group:
    name, identity = parameter(request, "groupname"), parameter(request, "groupId")
    if not context.edition.is_cloud:
        identity = ""  # which it does not know
    if bool(name) == bool(identity):
        raise BadRequest("You must specify either the groupname or the groupId.")
    groups = context.site.desk.people.groups
    found = next((one for one in groups if one.id == identity or one.name.casefold() == name.casefold()), None)
    if found is None:
        raise NotFound(f"The group named '{name or identity}' does not exist.")
    return found


ROUTES = (
    *guarded([Route("GET", f"{_API}/serverInfo", _server_info)], platform_error, anonymous=True),
    *guarded(
        [
            Route("GET", f"{_API}/myself", _myself),
            Route("GET", f"{_API}/field", _fields),
            Route("GET", f"{_API}/issue/{{issueIdOrKey}}/editmeta", _edit_meta),
            Route("GET", f"{_API}/mypermissions", _my_permissions),
            Route("GET", f"{_API}/project/{{projectIdOrKey}}/statuses", _statuses),
            Route("GET", f"{_API}/group/member", _group_members),
        ],
        platform_error,
    ),
)
CLOUD_ROUTES = guarded([Route("POST", f"{_API}/jql/parse", _parse)], platform_error, anonymous=True)
