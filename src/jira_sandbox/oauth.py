"""Getting in: access tokens for client credentials, and the cloud id, which anybody may ask for."""

from __future__ import annotations

from jira_sandbox.bodies import BadJson, parse
from jira_sandbox.context import Context
from jira_sandbox.exchange import Answer, Request, json_answer
from jira_sandbox.routing import Route

_AUDIENCE = "api.atlassian.com"


def _token(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
    fields = _fields(request)
    if isinstance(fields, Answer):
        return fields
    grant = fields.get("grant_type", "")
    if not grant:
        return _refusal(400, "invalid_request", "Missing required parameter: grant_type")
    if grant != "client_credentials":
        return _refusal(400, "unsupported_grant_type", f"Unsupported grant type: {grant}")
    # Without an audience the one there is holds: Atlassian's own Jenkins plugin never sent it.
    if fields.get("audience", _AUDIENCE) != _AUDIENCE:
        return _refusal(403, "access_denied", f"Service not found: {fields['audience']}")
    token = context.credentials.grant(fields.get("client_id", ""), fields.get("client_secret", ""))
    if token is None:
        return _refusal(401, "access_denied", "Unauthorized")
    scopes = context.credentials.scopes_of(token) or frozenset()
    document = {
        "access_token": token,
        "expires_in": int(context.credentials.lifetime),
        "token_type": "Bearer",
        "scope": " ".join(sorted(scopes)),
    }
    return json_answer(200, document, {"Cache-Control": "no-store"})


def _fields(request: Request) -> dict[str, str] | Answer:
    if request.content_type == "application/x-www-form-urlencoded":
        form = Request("", "", request.body.decode("utf-8", "replace"))
        return dict(form.parameters)
    if request.content_type != "application/json":
        return _refusal(415, "invalid_request", "Unsupported content type")
    try:
        document = parse(request.body)
    except BadJson as error:
        return _refusal(400, "invalid_request", str(error))
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        return _refusal(400, "invalid_request", "The parameters must be strings")
    return document


def _refusal(status: int, error: str, description: str) -> Answer:
    return json_answer(status, {"error": error, "error_description": description})


def _tenant_info(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request, captured
    return json_answer(200, {"cloudId": context.cloud_id})


ROUTES = (Route("POST", "/oauth/token", _token), Route("GET", "/_edge/tenant_info", _tenant_info))
