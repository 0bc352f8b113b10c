"""Service desks, their request types and the fields of those."""

from __future__ import annotations

from jira_sandbox.access import desk_error, guarded
from jira_sandbox.context import Context
from jira_sandbox.desk.catalogue import RequestType
from jira_sandbox.desk_shown import DeskView, date, page
from jira_sandbox.documents import listed, parameter, switch
from jira_sandbox.exchange import Answer, Request, json_answer
from jira_sandbox.routing import Route


def _desks(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
    projects = [one for one in context.site.desk.catalogue.projects if one.desk]
    return page(context, request, projects, DeskView(context).desk)


def _desk(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request
    return json_answer(200, DeskView(context).desk(context.site.desk.catalogue.desk(captured["serviceDeskId"])))


def _request_types(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    project = context.site.desk.catalogue.desk(captured["serviceDeskId"])
    return page(context, request, _sought(context, request, [project.desk]), DeskView(context).request_type)


def _all_request_types(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
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
    hidden_too = switch(request, "includeHiddenRequestTypesInSearch")
    return [
        one
        for one in kinds
        if (hidden_too or not one.hidden)
        and any(all(word in text.casefold() for word in words) for text in (one.name, one.description))
    ]


def _fields(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request
    catalogue = context.site.desk.catalogue
    kind = catalogue.request_type(catalogue.desk(captured["serviceDeskId"]).desk, captured["requestTypeId"])
    document = {"canRaiseOnBehalfOf": True, "canAddRequestParticipants": True}
    return json_answer(200, {**document, "requestTypeFields": DeskView(context).form(kind)})


def _info(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request, captured
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


_DESK = "/rest/servicedeskapi/servicedesk/{serviceDeskId}"
ROUTES = guarded(
    [
        Route("GET", "/rest/servicedeskapi/servicedesk", _desks),
        Route("GET", _DESK, _desk),
        Route("GET", f"{_DESK}/requesttype", _request_types),
        Route("GET", f"{_DESK}/requesttype/{{requestTypeId}}/field", _fields),
        Route("GET", "/rest/servicedeskapi/requesttype", _all_request_types),
        Route("GET", "/rest/servicedeskapi/info", _info),
    ],
    desk_error,
)
