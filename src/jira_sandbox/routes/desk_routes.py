"""Service desks, their request types, and the requests: raising and reading them, comments, approvals."""

from __future__ import annotations

from typing import Any

from jira_sandbox.authorization import guarded, need
from jira_sandbox.desk.catalogue import RequestType
from jira_sandbox.desk.change_issue import Approval, Change, Decision, summary_fault
from jira_sandbox.documents import (
    body_of,
    boolean,
    choice,
    expanded,
    identifier,
    items,
    listed,
    parameter,
    record,
    switch,
    text,
)
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadRequest, DeskError, NotFound, desk_error
from jira_sandbox.routes.desk_json import DeskView, date, page
from jira_sandbox.routes.issue_routes import parsed, visible
from jira_sandbox.routing import Context, Handler, Route

_BAD = "The request is not valid:"
_CREATE = record(
    {},
    {
        "serviceDeskId": identifier,
        "requestTypeId": identifier,
        "requestFieldValues": record({}),
        "requestParticipants": items(text()),
        "raiseOnBehalfOf": text(),
        "isAdfRequest": boolean,
        "channel": text(),
        "form": record({}),
    },
    closed=True,
)
_COMMENT = record({"body": text()}, {"public": boolean}, closed=True)
_DECISION = record({"decision": choice("approve", "decline")}, closed=True)
_TRANSITION = record({"id": identifier}, {"additionalComment": record({}, {"body": text()}, closed=True)}, closed=True)
_DESK = "/rest/servicedeskapi/servicedesk/{serviceDeskId}"
_REQUEST = "/rest/servicedeskapi/request/{issueIdOrKey}"
_APPROVAL = f"{_REQUEST}/approval/{{approvalId}}"


def _desks(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    projects = [one for one in context.site.desk.catalogue.projects if one.desk]
    return page(context, request, projects, DeskView(context).desk)


def _desk(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, DeskView(context).desk(context.site.desk.catalogue.desk(captured["serviceDeskId"])))


def _request_types(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    project = context.site.desk.catalogue.desk(captured["serviceDeskId"])
    return page(context, request, _sought(context, request, [project.desk]), DeskView(context).request_type)


def _all_request_types(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    desks = listed(request, "serviceDeskId") or [one.desk for one in context.site.desk.catalogue.projects if one.desk]
    return page(context, request, _sought(context, request, desks), DeskView(context).request_type)


def _sought(context: Context, request: Request, desks: list[str]) -> list[RequestType]:
    """The request types of these desks whose name or description holds each word of ``searchQuery``.

    "This API by default will filter out request types hidden in the portal when ``searchQuery`` is provided".
    """
    kinds = [one for one in context.site.desk.catalogue.request_types if one.desk in desks]
    words = parameter(request, "searchQuery").casefold().split()
    if not words:
        return kinds
    shown = context.site.desk.shown
    hidden_too = switch(request, "includeHiddenRequestTypesInSearch")
    return [
        one
        for one in kinds
        if (hidden_too or not one.hidden)
        and any(all(word in text.casefold() for word in words) for text in (shown(one.name), one.description))
    ]


def _request_type(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, DeskView(context).request_type(_captured_type(context, captured)))


def _captured_type(context: Context, captured: dict[str, str]) -> RequestType:
    catalogue = context.site.desk.catalogue
    return catalogue.request_type(catalogue.desk(captured["serviceDeskId"]).desk, captured["requestTypeId"])


def _fields(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    kind = _captured_type(context, captured)
    document = {"canRaiseOnBehalfOf": True, "canAddRequestParticipants": True}
    return json_answer(200, {**document, "requestTypeFields": DeskView(context).form(kind)})


def _info(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    server = context.edition.server()
    document = {
        "version": "5.12.0",
        "platformVersion": server["version"],
        "buildDate": date(0),
        "buildChangeSet": "0" * 40,
        "isLicensedForUse": True,
        "_links": {"self": f"{context.address}/rest/servicedeskapi/info"},
    }
    return json_answer(200, document)


def _create(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _CREATE, _BAD)
    if "isAdfRequest" in document and not context.edition.is_cloud:
        raise BadRequest(f"{_BAD} 'isAdfRequest' is not known")
    asker = need(context, "CREATE_ISSUES", "You do not have permission to create requests in this service desk.")
    desk, kind = context.site.desk, _kind(context, document)
    values = _values(context, kind, document)
    summary, description = values.pop("summary"), values.pop("description", None)
    reporter = asker.account
    if "raiseOnBehalfOf" in document:
        try:
            reporter = desk.people.find(document["raiseOnBehalfOf"]).account
        except NotFound as error:
            raise BadRequest(str(error)) from error
    made = desk.create(kind, summary, description or "", values, reporter)
    return json_answer(201, DeskView(context).request(made))


def _kind(context: Context, document: dict[str, Any]) -> RequestType:
    catalogue = context.site.desk.catalogue
    try:
        desk = catalogue.desk(str(document.get("serviceDeskId", ""))).desk
        return catalogue.request_type(desk, str(document.get("requestTypeId", "")))
    except NotFound as error:  # the documents name no 404 here
        raise BadRequest(f"{error} Your request could not be created.") from error


def _values(context: Context, kind: RequestType, document: dict[str, Any]) -> dict[str, Any]:
    """The values of the new request's fields; everything that is wrong with them is told at once."""
    given = document.get("requestFieldValues", {})
    faults = {
        name: "Field cannot be set. It is not on the appropriate screen, or unknown."
        for name in given
        if name not in kind.fields
    }
    missing = (name for name in kind.required if given.get(name) in (None, "", []) and name != "summary")
    faults |= dict.fromkeys(missing, "This field is required.")
    summary = summary_fault(given.get("summary"))
    if summary:
        faults["summary"] = summary
    try:
        known = {name: value for name, value in given.items() if name not in faults}
        values = parsed(context, known, rich=document.get("isAdfRequest", False))
    except DeskError as error:
        faults |= error.fields
    if faults:
        raise DeskError(
            "Your request could not be created. Please check the fields have been correctly entered.", faults
        )
    return values


def visible_request(context: Context, key: str) -> Change:
    """The request with this key or id. Raises NotFound when there is none, or it is no request."""
    try:
        issue = visible(context, key)
    except NotFound:
        issue = None
    if issue is None or not issue.request_type:
        raise NotFound("The issue does not exist or you do not have permission to see it.")
    return issue


def _get(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    change = visible_request(context, captured["issueIdOrKey"])
    shown = DeskView(context).request(change, expanded(request))
    context.site.trials.script.polled(change.id)
    return json_answer(200, shown)


def _statuses(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    change = visible_request(context, captured["issueIdOrKey"])
    return page(context, request, DeskView(context).statuses(change), lambda one: one)


def _comments(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    change, view = visible_request(context, captured["issueIdOrKey"]), DeskView(context)
    public, internal = switch(request, "public", default=True), switch(request, "internal", default=True)
    shown = [one for one in context.site.desk.extras.comments(change.id) if (public if one.public else internal)]
    return page(context, request, shown, lambda one: view.comment(change, one))


def _comment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _COMMENT, _BAD)
    change, desk = visible_request(context, captured["issueIdOrKey"]), context.site.desk
    asker = need(context, "ADD_COMMENTS", "You do not have permission to comment on this request.")
    public = document.get("public", True)
    made = desk.extras.comment(change.id, asker.account, document["body"], desk.clock.milliseconds(), public=public)
    return json_answer(201, DeskView(context).comment(change, made))


def _one_comment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    change = visible_request(context, captured["issueIdOrKey"])
    comments = context.site.desk.extras.comments(change.id)
    found = next((one for one in comments if one.id == captured["commentId"]), None)
    if found is None:
        raise NotFound("The comment does not exist.")
    return json_answer(200, DeskView(context).comment(change, found))


def _transitions(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Customers may move nothing in the default change workflow."""
    visible_request(context, captured["issueIdOrKey"])
    return page(context, request, [], lambda one: one)


def _transit(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _TRANSITION, _BAD)
    visible_request(context, captured["issueIdOrKey"])
    raise BadRequest(f"The transition {document['id']} is not available to customers.")


def _approvals(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    change, view = visible_request(context, captured["issueIdOrKey"]), DeskView(context)
    return page(context, request, change.approvals, lambda one: view.approval(change, one))


def _approval(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    change = visible_request(context, captured["issueIdOrKey"])
    return json_answer(200, DeskView(context).approval(change, _asked(change, captured["approvalId"])))


def _answer(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _DECISION, _BAD)
    change, identity = visible_request(context, captured["issueIdOrKey"]), captured["approvalId"]
    asker = need(context, "BROWSE_PROJECTS", "You do not have permission to answer this approval.")
    decision: Decision = "approved" if document["decision"] == "approve" else "declined"
    after = context.site.desk.answer(change.id, identity, asker.account, decision)
    return json_answer(200, DeskView(context).approval(after, _asked(after, identity)))


def _asked(change: Change, identity: str) -> Approval:
    found = next((one for one in change.approvals if one.id == identity), None)
    if found is None:
        raise NotFound("The approval does not exist.")
    return found


def _experimental(handler: Handler) -> Handler:
    def guard(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        return context.edition.refuse_experimental(request) or handler(context, request, captured)

    return guard


ROUTES = guarded(
    [
        Route("GET", "/rest/servicedeskapi/servicedesk", _desks),
        Route("GET", _DESK, _desk),
        Route("GET", f"{_DESK}/requesttype", _request_types),
        Route("GET", f"{_DESK}/requesttype/{{requestTypeId}}", _request_type),
        Route("GET", f"{_DESK}/requesttype/{{requestTypeId}}/field", _fields),
        Route("GET", "/rest/servicedeskapi/requesttype", _all_request_types),
        Route("GET", "/rest/servicedeskapi/info", _info),
        Route("POST", "/rest/servicedeskapi/request", _create),
        Route("GET", _REQUEST, _get),
        Route("GET", f"{_REQUEST}/status", _statuses),
        Route("GET", f"{_REQUEST}/comment", _comments),
        Route("POST", f"{_REQUEST}/comment", _comment),
        Route("GET", f"{_REQUEST}/comment/{{commentId}}", _one_comment),
        Route("GET", f"{_REQUEST}/transition", _transitions),
        Route("POST", f"{_REQUEST}/transition", _transit),
        Route("GET", f"{_REQUEST}/approval", _experimental(_approvals)),
        Route("GET", _APPROVAL, _experimental(_approval)),
        Route("POST", _APPROVAL, _experimental(_answer)),
    ],
    desk_error,
)
