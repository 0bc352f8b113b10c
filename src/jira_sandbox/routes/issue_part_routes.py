"""What belongs to an issue in the platform's API: transitions, comments, links, properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import default
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from jira_sandbox.authorization import guarded, need
from jira_sandbox.desk.change_issue import Change, Item
from jira_sandbox.desk.ledger import LINK_TYPES
from jira_sandbox.desk.markup import document_text
from jira_sandbox.documents import (
    anything,
    body_of,
    boolean,
    expanded,
    identifier,
    items,
    number,
    parameter,
    parse,
    record,
    text,
)
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadJson, BadRequest, DeskError, Forbidden, NotFound, platform_error
from jira_sandbox.moments import jira_date
from jira_sandbox.routes.issue_routes import parsed, visible, wanted_of
from jira_sandbox.routes.platform_json import View, open_transitions
from jira_sandbox.routing import Context, Route

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_TRANSITION = record({"transition": record({"id": identifier})}, {"fields": record({}), "update": record({})})
_PROPERTY = record({"key": text(255), "value": anything}, closed=True)
_COMMENT = record({"body": anything}, {"properties": items(_PROPERTY), "visibility": record({})})
_ICON = record({}, {"url16x16": text(), "title": text(), "link": text()})
_REMOTE = record(
    {
        "object": record(
            {"title": text(), "url": text()},
            {"summary": text(), "icon": _ICON, "status": record({}, {"resolved": boolean, "icon": _ICON})},
        )
    },
    {"globalId": text(255), "relationship": text(), "application": record({}, {"type": text(), "name": text()})},
)
_END = record({}, {"key": text(), "id": text(), "self": text(), "fields": record({})}, closed=True)
_KIND = record({}, dict.fromkeys(("name", "id", "inward", "outward", "self"), text()), closed=True)
_LINK = record({"type": _KIND, "inwardIssue": _END, "outwardIssue": _END}, {"comment": anything}, closed=True)
_PROPERTY_LIMIT = 32_768
_SIDES = ("inwardIssue", "outwardIssue")
_ISSUE = "/rest/api/{version}/issue/{issueIdOrKey}"
_OWN = "/rest/api/{version}/user/properties"
_PROPERTY_PATH = f"{_ISSUE}/properties/{{propertyKey}}"


def _transitions(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, wanted = visible(context, captured["issueIdOrKey"]), parameter(request, "transitionId")
    view, expand = View(context), expanded(request)
    found = [view.transition(one, expand) for one in open_transitions(context, issue) if wanted in ("", one.id)]
    return json_answer(200, {"expand": "transitions", "transitions": found})


def _transit(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _TRANSITION, "INVALID_INPUT")
    issue = visible(context, captured["issueIdOrKey"])
    wanted = wanted_of({name: value for name, value in document.items() if name != "transition"})
    transit(context, issue, str(document["transition"]["id"]), wanted)  # clients send numbers, and Jira takes them
    return Answer(204)


def transit(context: Context, issue: Change, identity: str, wanted: Mapping[str, Any] = _NOTHING) -> None:
    """Take one transition, with the values for its screen.

    Raises:
        DeskError: it is none that the asker may take, or its screen asks for a field without a value.
    """
    taken = next((one for one in open_transitions(context, issue) if one.id == identity), None)
    if taken is None:
        raise BadRequest(
            "It seems that you have tried to perform an illegal workflow operation. "
            f"Transition id '{identity}' is not valid for this issue."
        )
    asker, desk = need(context, "TRANSITION_ISSUES", ""), context.site.desk
    changes = parsed(context, wanted)
    missing = [name for name in taken.required if changes.get(name) is None]
    if missing:
        raise DeskError(fields={name: f"{_name(context, name)} is required." for name in missing})
    if changes:
        desk.edit(issue.id, changes, asker.account)
    desk.enter(issue.id, taken.target, asker.account)


def _name(context: Context, identity: str) -> str:
    field = context.site.desk.catalogue.field(identity)
    return field.name if field else identity


def _comments(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    start, most = number(request, "startAt", 0), number(request, "maxResults", 5000)
    if start < 0 or most < 0:
        raise BadRequest("startAt and maxResults must not be negative.")
    comments = context.site.desk.extras.comments(issue.id)
    if parameter(request, "orderBy") == "-created":
        comments.reverse()
    return json_answer(200, View(context).comments(issue.id, comments, start, most, expanded(request)))


def _comment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _COMMENT, "INVALID_INPUT")
    issue = visible(context, captured["issueIdOrKey"])
    asker = need(context, "ADD_COMMENTS", "You do not have the permission to comment on this issue.")
    body = document["body"]
    if context.version == "3":
        body = document_text(body)
    if not isinstance(body, str) or not body.strip():
        raise DeskError(fields={"comment": "Comment body can not be empty!"})
    properties = {one["key"]: one["value"] for one in document.get("properties", ())}
    if any(len(json.dumps(value)) > _PROPERTY_LIMIT for value in properties.values()):
        raise BadRequest(f"The property value cannot be longer than {_PROPERTY_LIMIT} bytes.")
    # The way in which agents' comments stay internal on a service desk's issue; otherwise customers see them.
    public = properties.get("sd.public.comment") != {"internal": True} or not issue.request_type
    desk, now = context.site.desk, context.site.desk.clock.milliseconds()
    made = desk.extras.comment(issue.id, asker.account, body, now, public=public, properties=properties)
    return json_answer(201, View(context).comment(issue.id, made, expanded(request)))


def _remove_comment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    asker = need(context, "ADD_COMMENTS", "You do not have the permission to delete this comment.")
    found = [one for one in context.site.desk.extras.comments(issue.id) if one.id == captured["id"]]
    if found and found[0].author != asker.account:
        raise Forbidden("You do not have the permission to delete this comment.")
    context.site.desk.extras.remove_comment(issue.id, captured["id"])
    return Answer(204)


def _remote_links(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, wanted = visible(context, captured["issueIdOrKey"]), parameter(request, "globalId")
    links = [_remote(context, issue, one) for one in context.site.desk.extras.remote_links(issue.id)]
    if not wanted:
        return json_answer(200, links)
    found = next((one for one in links if one.get("globalId") == wanted), None)
    if found is None:
        raise NotFound("No remote link with this global id exists on the issue.")
    return json_answer(200, found)


def _remote(context: Context, issue: Change, link: dict[str, Any]) -> dict[str, Any]:
    known = ("id", "globalId", "application", "relationship", "object")
    shown = {name: link[name] for name in known if name in link}
    return {**shown, "self": f"{View(context).base}/issue/{issue.key}/remotelink/{link['id']}"}


def _link_remotely(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _REMOTE, "INVALID_INPUT")
    issue = visible(context, captured["issueIdOrKey"])
    need(context, "LINK_ISSUES", "You do not have permission to create links for this issue.")
    for name in ("title", "url"):
        if not document["object"][name].strip():
            raise DeskError(fields={name: f"'{name}' is required."})
    link, new = context.site.desk.extras.set_remote_link(issue.id, document)
    shown = _remote(context, issue, link)
    return json_answer(201 if new else 200, {"id": shown["id"], "self": shown["self"]})


def _unlink_remotely(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    need(context, "LINK_ISSUES", "You do not have permission to delete links of this issue.")
    context.site.desk.extras.remove_remote_link(issue.id, parameter(request, "globalId"))
    return Answer(204)


def _property_keys(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request
    issue = visible(context, captured["issueIdOrKey"])
    base = f"{View(context).base}/issue/{issue.id}/properties"
    known = context.site.desk.extras.properties(issue.id)
    return json_answer(200, {"keys": [{"self": f"{base}/{quote(key, safe='')}", "key": key} for key in known]})


def _attach(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    if request.headers.get("x-atlassian-token", "") not in ("no-check", "nocheck"):
        raise Forbidden("XSRF check failed")
    issue = visible(context, captured["issueIdOrKey"])
    asker = need(context, "CREATE_ATTACHMENTS", "You do not have permission to create attachments for this issue.")
    desk, now = context.site.desk, context.site.desk.clock.milliseconds()
    shown = []
    for name, content in _files(request):
        made = desk.extras.attach(issue.id, asker.account, name, content.decode("utf-8", "replace"), now)
        desk.note(issue.id, asker.account, Item("attachment", "Attachment", None, made.id, None, made.name))
        link = f"{View(context).base}/attachment/{made.id}"
        shown.append(
            {
                "self": link,
                "id": made.id,
                "filename": made.name,
                "author": View(context).user(made.author),
                "created": jira_date(made.created),
                "size": len(content),
                "mimeType": "application/json",
                "content": f"{View(context).base}/attachment/content/{made.id}",
            }
        )
    return json_answer(200, shown)


def _files(request: Request) -> list[tuple[str, bytes]]:
    """The files of a form; each has to be called ``file``. Raises BadRequest when there is none."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=default).parsebytes(head + request.body)
    parts = [part for part in form.iter_parts() if part.get_param("name", header="content-disposition") == "file"]
    if not parts:
        raise BadRequest("No file was sent: a form with a part called file is expected.")
    return [(part.get_filename() or "file", part.get_payload(decode=True)) for part in parts]  # type: ignore[misc]


def _property(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, key = visible(context, captured["issueIdOrKey"]), captured["propertyKey"]
    known = context.site.desk.extras.properties(issue.id)
    if key not in known:
        raise NotFound(f"The property with key '{key}' does not exist.")
    return json_answer(200, {"key": key, "value": known[key]})


def _set_property(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, key = visible(context, captured["issueIdOrKey"]), captured["propertyKey"]
    need(context, "EDIT_ISSUES", "You do not have permission to edit issues in this project.")
    return _kept(context, request, issue.id, key)


def _kept(context: Context, request: Request, owner: str, key: str) -> Answer:
    if len(key) > 255:
        raise BadRequest("The property key must not be longer than 255 characters.")
    if len(request.body) > _PROPERTY_LIMIT:
        raise BadRequest(f"The property value cannot be longer than {_PROPERTY_LIMIT} bytes.")
    try:
        new = context.site.desk.extras.set_property(owner, key, parse(request.body))
    except BadJson as error:
        raise BadRequest("The property value must be a valid, non-empty JSON value.") from error
    return json_answer(201 if new else 200, {})


def _own(context: Context, request: Request) -> str:
    """Whose properties are asked for; somebody else's are an administrator's.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-properties/
    """
    name = "accountId" if context.edition.is_cloud else "userKey"
    wanted, own = parameter(request, name), context.asker.account if context.asker else ""
    if wanted not in (own, View(context).user(own).get("key")):
        raise Forbidden("You do not have permission to see or set the properties of this user.")
    return f"user {own}"


def _own_property_keys(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    link = f"{View(context).base}/user/properties"
    known = context.site.desk.extras.properties(_own(context, request))
    return json_answer(200, {"keys": [{"self": f"{link}/{key}", "key": key} for key in known]})


def _own_property(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    known, key = context.site.desk.extras.properties(_own(context, request)), captured["propertyKey"]
    if key not in known:
        raise NotFound(f"The property with key '{key}' does not exist.")
    return json_answer(200, {"key": key, "value": known[key]})


def _set_own_property(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return _kept(context, request, _own(context, request), captured["propertyKey"])


def _remove_property(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    need(context, "EDIT_ISSUES", "You do not have permission to edit issues in this project.")
    context.site.desk.extras.remove_property(issue.id, captured["propertyKey"])
    return Answer(204)


def _link(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _LINK, "INVALID_INPUT")
    need(context, "LINK_ISSUES", "No Link Issue Permission for issue.")
    inward, outward = (visible(context, document[side].get("key") or document[side].get("id", "")) for side in _SIDES)
    wanted = document["type"]
    for name, (identity, _, _) in LINK_TYPES.items():
        if identity == wanted.get("id") or name.casefold() == wanted.get("name", "").casefold():
            context.site.desk.extras.link(name, outward.id, inward.id)
            return Answer(201)
    raise NotFound(f"No issue link type with name '{wanted.get('name', wanted.get('id'))}' found.")


ROUTES = guarded(
    [
        Route("GET", f"{_ISSUE}/transitions", _transitions),
        Route("POST", f"{_ISSUE}/transitions", _transit),
        Route("GET", f"{_ISSUE}/comment", _comments),
        Route("POST", f"{_ISSUE}/comment", _comment),
        Route("DELETE", f"{_ISSUE}/comment/{{id}}", _remove_comment),
        Route("GET", f"{_ISSUE}/remotelink", _remote_links),
        Route("POST", f"{_ISSUE}/remotelink", _link_remotely),
        Route("DELETE", f"{_ISSUE}/remotelink", _unlink_remotely),
        Route("GET", f"{_ISSUE}/properties", _property_keys),
        Route("POST", f"{_ISSUE}/attachments", _attach),
        Route("GET", _PROPERTY_PATH, _property),
        Route("PUT", _PROPERTY_PATH, _set_property),
        Route("DELETE", _PROPERTY_PATH, _remove_property),
        Route("GET", _OWN, _own_property_keys),
        Route("GET", f"{_OWN}/{{propertyKey}}", _own_property),
        Route("PUT", f"{_OWN}/{{propertyKey}}", _set_own_property),
        Route("POST", "/rest/api/{version}/issueLink", _link),
    ],
    platform_error,
)
