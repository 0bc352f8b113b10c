"""Who is asking, and who may not: the same for the platform's API and the service desk's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from jira_sandbox.bodies import BadJson
from jira_sandbox.context import Context
from jira_sandbox.credentials import DESK_SCOPES
from jira_sandbox.desk.errors import Conflict, DeskError, Forbidden, NotFound
from jira_sandbox.desk.people import Person
from jira_sandbox.exchange import Answer, Request, json_answer, text_answer
from jira_sandbox.routing import Handler, Route

_NOT_LOGGED_IN = "Client must be authenticated to access this resource."
_REFUSED = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": 'OAuth realm="sandbox"'}
_STATUSES = {NotFound: 404, Forbidden: 403, Conflict: 409}


class BadRequest(DeskError):
    """The request itself is wrong. ``status`` is 400, or 415 for another content type than JSON."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


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


def guarded(
    routes: Iterable[Route], errors: Callable[[DeskError, int], Answer], *, anonymous: bool = False
) -> list[Route]:
    """The routes, refused to wrong credentials, and to none at all where somebody has to be logged in.

    The handlers find in ``context.asker`` who is asking, in ``context.version`` which version of the API, and may raise
    DeskError, of which ``errors`` makes the answer.
    """
    return [replace(route, handler=_guarded(route.handler, errors, anonymous)) for route in routes]


def _guarded(handler: Handler, errors: Callable[[DeskError, int], Answer], anonymous: bool) -> Handler:
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
        except BadRequest as error:
            return errors(error, error.status)
        except BadJson as error:
            return errors(DeskError(str(error)), 400)
        except DeskError as error:
            return errors(error, _STATUSES.get(type(error), 400))

    return guard


def not_logged_in(request: Request) -> Answer:
    """What wrong credentials get."""
    if request.segments[:2] == ("rest", "servicedeskapi"):
        return desk_error(DeskError(_NOT_LOGGED_IN), 401, _REFUSED)
    return text_answer(401, _NOT_LOGGED_IN, _REFUSED)


def platform_error(error: DeskError, status: int) -> Answer:
    """An error as the platform's API tells it."""
    texts = [] if error.fields else [str(error)]
    return json_answer(status, {"errorMessages": texts, "errors": error.fields})


def desk_error(error: DeskError, status: int, headers: dict[str, str] | None = None) -> Answer:
    """An error as the service desk's API tells it."""
    texts = [f"{name}: {text}" for name, text in error.fields.items()] or [str(error)]
    key = "sd.validation.fields" if error.fields else "sd.error"
    return json_answer(
        status,
        {"errorMessage": " ".join(texts), "i18nErrorMessage": {"i18nKey": key, "parameters": list(error.fields)}},
        headers,
    )


def need(context: Context, permission: str, sentence: str) -> Person:
    """The asking person, who has to have this permission. Raises Forbidden otherwise."""
    asker = context.asker
    if asker is None or permission in context.site.desk.denied:
        raise Forbidden(sentence)
    return asker
