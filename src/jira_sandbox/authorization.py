"""Who is asking, and who may not: credentials, access tokens, and requests from pages of somebody else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from jira_sandbox.accounts import DESK_SCOPES, Person
from jira_sandbox.documents import parse
from jira_sandbox.http_types import Answer, Request, json_answer, text_answer
from jira_sandbox.jira_errors import BadJson, DeskError, Forbidden, desk_error
from jira_sandbox.routing import Context, Handler, Route

_NO_LOOPBACK = "The Host header names no loopback address."
_NOT_LOGGED_IN = "Client must be authenticated to access this resource."
_REFUSED = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": 'OAuth realm="sandbox"'}
_AUDIENCE = "api.atlassian.com"


def rebound(request: Request) -> str:
    """Why this request may have been led here under a name of somebody else's; empty when it was not."""
    return "" if _is_loopback(request.headers.get("host", "")) else _NO_LOOPBACK


def foreign(request: Request) -> str:
    """Why this request may come from a page that is none of the sandbox's own; empty when it does not."""
    if rebound(request):
        return _NO_LOOPBACK
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return "The request comes from another site."
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers["host"]:
        return f"The request comes from {origin[:100]}."
    return ""


def intruding(request: Request) -> str:
    """Why the site's APIs refuse this request whoever signed it; empty when they do not.

    The credentials of a sandbox are no secret, so they prove nothing. Programs name no origin; a browser names it
    whenever a page changes something.
    """
    return rebound(request) if request.method in ("GET", "HEAD", "OPTIONS") else foreign(request)


def _is_loopback(host: str) -> bool:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:]+)\]|([0-9.]+|localhost))(?::[0-9]{1,5})?", host, re.ASCII)
    if not match:
        return False
    try:
        return match[2] == "localhost" or ipaddress.ip_address(match[1] or match[2]).is_loopback
    except ValueError:
        return False


def gateway_refusal(context: Context, request: Request) -> Answer | None:
    """Why the gateway at ``/ex/jira/{cloudId}`` does not let the request through to the site, or None.

    Scoped tokens and service accounts belong there and unscoped tokens to the site; an access token of the builds and
    deployments APIs has no scope of the platform.
    """
    scheme, value = request.authorization
    if scheme == "basic" and context.credentials.person(value) == "scoped":
        return None
    scopes = context.credentials.scopes_of(value) if scheme == "bearer" else None
    if scopes is None:
        return json_answer(401, {"code": 401, "message": "Unauthorized"})
    if not scopes & DESK_SCOPES:
        return json_answer(401, {"code": 401, "message": "Unauthorized; scope does not match"})
    return None


def who(context: Context, request: Request) -> Person | None:
    """Whoever the credentials in the request belong to; None when they are missing or not good here."""
    people, (scheme, value) = context.site.desk.people, request.authorization
    if not context.edition.is_cloud:
        return people.find("release") if scheme == "bearer" and context.credentials.is_personal(value) else None
    if context.gateway:  # it was checked there already
        return people.find("pipeline" if scheme == "bearer" else "release")
    # On the site's own address a scoped token is refused like a wrong one.
    email = context.credentials.owner(value) if scheme == "basic" else ""
    if not email:
        return None
    return people.find("release") if email == context.credentials.user else people.find(email)


def guarded(routes: Iterable[Route], errors: Callable[[DeskError], Answer], *, anonymous: bool = False) -> list[Route]:
    """The routes, refused to wrong credentials, and to none at all where somebody has to be logged in.

    The handlers find in ``context.asker`` who is asking, in ``context.version`` which version of the API, and may raise
    DeskError, of which ``errors`` makes the answer.
    """
    return [replace(route, handler=_guarded(route.handler, errors, anonymous)) for route in routes]


def _guarded(handler: Handler, errors: Callable[[DeskError], Answer], anonymous: bool) -> Handler:
    def guard(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        version = captured.pop("version", "2")
        if version not in context.edition.versions:
            return text_answer(404, "Not Found")
        asker = who(context, request)
        if asker is None and not (anonymous and "authorization" not in request.headers):
            return not_logged_in(request)
        try:
            version = "2" if version == "latest" else version
            return handler(replace(context, asker=asker, version=version), request, captured)
        except DeskError as error:
            return errors(error)

    return guard


def not_logged_in(request: Request) -> Answer:
    """What wrong credentials get."""
    if request.segments[:2] == ("rest", "servicedeskapi"):
        body = desk_error(DeskError(_NOT_LOGGED_IN)).body
        return Answer(401, body, {"Content-Type": "application/json", **_REFUSED})
    return text_answer(401, _NOT_LOGGED_IN, _REFUSED)


def need(context: Context, permission: str, sentence: str) -> Person:
    """The asking person, who has to have this permission. Raises Forbidden otherwise."""
    asker = context.asker
    if asker is None or permission in context.site.desk.denied:
        raise Forbidden(sentence)
    return asker


def _token(context: Context, request: Request, captured: dict[str, str]) -> Answer:
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
        return request.form
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
    return json_answer(200, {"cloudId": context.cloud_id})


ROUTES = (Route("POST", "/oauth/token", _token), Route("GET", "/_edge/tenant_info", _tenant_info))
