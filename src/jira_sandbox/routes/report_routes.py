"""The builds and deployments APIs, at the addresses for OAuth clients and at those for apps, which refuse them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jira_sandbox.documents import int64, parse, text
from jira_sandbox.http_types import Answer, Request, json_answer, messages, text_answer
from jira_sandbox.jira_errors import BadJson
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS, Family, request_faults
from jira_sandbox.routing import Context, Handler, Route

_PATHS = {
    "builds": "/pipelines/{pipelineId}/builds/{buildNumber}",
    "deployments": "/pipelines/{pipelineId}/environments/{environmentId}/deployments/{deploymentSequenceNumber}",
}
_GATING = f"/jira/deployments/0.1/cloud/{{cloudId}}{_PATHS['deployments']}/gating-status"


def refusal(context: Context, request: Request, cloud: str, scope: str) -> Answer | None:
    """Why this request may not do what needs this scope, or None when it may.

    Bodies of 401 and 403 have no documented shape; these are what the gateway in front of Jira sends.
    """
    scheme, token = request.authorization
    if scheme == "basic":  # "All requests must be signed with either a Connect JWT token or OAuth token"
        return json_answer(403, {"code": 403, "message": "Forbidden"})
    scopes = context.credentials.scopes_of(token) if scheme == "bearer" else None
    if scopes is None:
        return json_answer(401, {"code": 401, "message": "Unauthorized"}, {"WWW-Authenticate": "Bearer"})
    if cloud != context.cloud_id:  # the documents name no 404 for a submission
        return json_answer(403, {"code": 403, "message": "The token does not belong to this site"})
    if scope not in scopes:
        return json_answer(403, {"code": 403, "message": f"The token lacks the scope {scope}"})
    return None


def _submit(family: Family, context: Context, request: Request) -> Answer:
    if request.content_type != "application/json":
        return messages(415, f"Unsupported content type: {request.content_type or 'none'}")
    try:
        document = parse(request.body)
    except BadJson as error:
        return messages(400, str(error))
    faults = request_faults(family, document)
    return messages(400, *faults) if faults else json_answer(202, context.site.submit(family, document))


def _get(family: Family, context: Context, key: list[Any]) -> Answer:
    stored = context.site.get(family, key)
    if stored is None:
        return text_answer(404, f"No {family.noun.lower()} data found for the given key.")
    return json_answer(200, stored)


def _delete(family: Family, context: Context, key: list[Any]) -> Answer:
    context.site.delete(family, key)
    return Answer(202)


def _delete_by(family: Family, context: Context, request: Request) -> Answer:
    # `_updateSequenceNumber`: "This parameter usage is no longer supported."
    properties = [(name, value) for name, value in request.parameters if name != "_updateSequenceNumber"]
    faults = _number_faults(request)
    if not properties:
        faults.append("At least one property is required")
    faults += [f"'{name}' is no property" for name, _ in properties if name.startswith("_") or ":" in name]
    if faults:
        return messages(400, *faults)
    context.site.delete_by(family, properties)
    return Answer(202)


def _number_faults(request: Request) -> list[str]:
    name = "_updateSequenceNumber"
    return [fault for given, value in request.parameters if given == name for fault in int64(_number(value), name)]


def _number(digits: str) -> int | None:
    return int(digits) if re.fullmatch("-?[0-9]{1,19}", digits) else None


def _keyed(family: Family, verb: str, answer: Callable[[Family, Context, list[Any]], Answer]) -> Handler:
    def handler(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        no = refusal(context, request, captured.pop("cloudId"), _scope(family, verb))
        if no:
            return no
        faults = _number_faults(request)
        key: list[Any] = []
        for name, value in captured.items():
            rule = int64 if name.endswith("Number") else text(255)
            key.append(_number(value) if name.endswith("Number") else value)
            faults += rule(key[-1], name)
        return messages(400, *faults) if faults else answer(family, context, key)

    return handler


def _whole(family: Family, verb: str, answer: Callable[[Family, Context, Request], Answer]) -> Handler:
    def handler(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        no = refusal(context, request, captured["cloudId"], _scope(family, verb))
        return no or answer(family, context, request)

    return handler


def _gating_status(family: Family, context: Context, key: list[Any]) -> Answer:
    """Whether a change lets a deployment begin. Not every site serves it to OAuth clients: the documents name apps."""
    gating = context.site.gating
    if gating.refused:
        return json_answer(gating.refused, {"code": gating.refused, "message": "Gating is for apps only"})
    stored = context.site.get(family, key)
    found = gating.status(tuple(key), context.address) if stored else None
    return json_answer(200, found) if found else text_answer(404, "No data found for the given deployment ID.")


def _scope(family: Family, verb: str) -> str:
    return f"{verb}:{family.noun.lower()}-info:jira"


def _for_apps(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """The same operations for Connect and Forge apps, on the site's own address: nobody here is one."""
    scheme, _ = request.authorization
    if scheme in ("basic", "jwt"):
        return text_answer(403, "The token does not correspond to an app that defines the module.")
    return text_answer(401, "Missing a JWT token, or token is invalid.")


def _routes(family: Family) -> list[Route]:
    base, path = f"/jira/{family.name}/0.1/cloud/{{cloudId}}", _PATHS[family.name]
    return [
        Route("POST", f"{base}/bulk", _whole(family, "write", _submit)),
        Route("DELETE", f"{base}/bulkByProperties", _whole(family, "delete", _delete_by)),
        Route("GET", base + path, _keyed(family, "read", _get)),
        Route("DELETE", base + path, _keyed(family, "delete", _delete)),
        Route("POST", f"/rest/{family.name}/0.1/bulk", _for_apps),
        Route("DELETE", f"/rest/{family.name}/0.1/bulkByProperties", _for_apps),
        Route("GET", f"/rest/{family.name}/0.1{path}", _for_apps),
        Route("DELETE", f"/rest/{family.name}/0.1{path}", _for_apps),
    ]


ROUTES = (
    *_routes(BUILDS),
    *_routes(DEPLOYMENTS),
    Route("GET", _GATING, _keyed(DEPLOYMENTS, "read", _gating_status)),
)
