"""From a request to the answer of the API or the page that it asks for, without a socket."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from jira_sandbox import authorization
from jira_sandbox.authorization import gateway_refusal, rebound
from jira_sandbox.http_types import Answer, Request, json_answer, messages, text_answer
from jira_sandbox.pages import deployments_page, issue_pages, rendering, requests_page, start_page
from jira_sandbox.pages.rendering import HEADERS, problem
from jira_sandbox.routes import (
    bulk_routes,
    desk_routes,
    everyday_routes,
    issue_part_routes,
    issue_routes,
    platform_routes,
    report_routes,
    search_routes,
    trial_routes,
    version_routes,
)
from jira_sandbox.routing import Context, Edition, Route, matching

_LOG = logging.getLogger(__name__)
_GATEWAY = ("ex", "jira")
_NO_PAGES = ("rest", "ex", "jira", "oauth", "_edge", "sandbox")  # where the APIs are

_COMMON = (
    *platform_routes.ROUTES,
    *issue_routes.ROUTES,
    *issue_part_routes.ROUTES,
    *desk_routes.ROUTES,
    *trial_routes.ROUTES,
    *version_routes.ROUTES,
    *everyday_routes.ROUTES,
)
_CLOUD = (
    *authorization.ROUTES,
    *report_routes.ROUTES,
    *platform_routes.CLOUD_ROUTES,
    *issue_routes.CLOUD_ROUTES,
    *search_routes.CLOUD_ROUTES,
    *version_routes.CLOUD_ROUTES,
    *bulk_routes.ROUTES,
)
PAGES = (
    *start_page.ROUTES,
    *issue_pages.ROUTES,
    *deployments_page.ROUTES,
    *requests_page.ROUTES,
    *rendering.ROUTES,
)


def routes_of(edition: Edition) -> tuple[Route, ...]:
    """The routes that a site of this edition has: builds, deployments and access tokens exist in Cloud only."""
    return (*_COMMON, *(_CLOUD if edition.is_cloud else search_routes.DATA_CENTER_ROUTES))


@dataclass(frozen=True)
class Api:
    """Answers requests for one site. ``routes`` are by default those of its edition."""

    context: Context
    routes: Iterable[Route] = ()

    def answer(self, request: Request) -> Answer:
        """The site's answer. It never raises: a fault of the sandbox itself is a 500, kept in ``context.faults``."""
        try:
            return self._answer(request)
        except Exception as error:  # noqa: BLE001 - one bad request must not end the site
            _LOG.exception("The sandbox failed at %s %s", request.method, request.path)
            self.context.faults.append(f"{request.method} {request.path}: {error!r}")
            return messages(500, f"The sandbox failed: {error!r}")

    def too_large(self) -> Answer:
        """The answer to a body that is larger than the site takes, without having read it."""
        return messages(
            413, f"Data is too large: more than {self.context.max_body} bytes. Submit fewer in each payload."
        )

    def page(self, request: Request) -> Answer | None:
        """The page; None when the request is one for the site's APIs. It never raises: see :meth:`answer`."""
        if not request.segments or request.segments[0] in _NO_PAGES:
            return None
        try:
            return self._page(request)
        except Exception as error:  # noqa: BLE001 - one bad page must not end the site
            _LOG.exception("The sandbox failed at the page %s", request.path)
            self.context.faults.append(f"{request.method} {request.path}: {error!r}")
            return text_answer(500, f"The sandbox failed to make this page: {error!r}", HEADERS)

    def _answer(self, request: Request) -> Answer:
        context, segments = self.context, request.segments
        if segments[:2] == _GATEWAY and context.edition.is_cloud:
            if len(segments) < 5 or segments[2] != context.cloud_id or segments[3] != "rest":
                return json_answer(404, {"code": 404, "message": "Not Found"})
            request, segments = replace(request, path="/" + request.path.split("/", 4)[4]), segments[3:]
            refusal = gateway_refusal(context, request)
            if refusal:
                return refusal
            context = replace(context, gateway=True)
        handlers = matching(self.routes or routes_of(context.edition), segments)
        if not handlers:
            return _lacking(404, request)
        if request.method not in handlers:
            return _lacking(405, request, {"Allow": ", ".join(sorted(handlers))})
        handler, captured = handlers[request.method]
        return handler(context, request, captured)

    def _page(self, request: Request) -> Answer | None:
        handlers = matching(PAGES, request.segments)
        method = "GET" if request.method == "HEAD" else request.method
        if not handlers:
            # A page only for who wants to read one: to programs the APIs answer that there is nothing.
            if "text/html" not in request.headers.get("accept", "") or rebound(request):
                return None
            text = "The pretend Jira has no page at this address."
            return problem(self.context, 404, "There is nothing here", text)
        if rebound(request):
            return text_answer(403, rebound(request), HEADERS)
        if method not in handlers:
            return text_answer(405, "Method Not Allowed", {**HEADERS, "Allow": ", ".join(sorted(handlers))})
        handler, captured = handlers[method]
        return handler(self.context, request, captured)


def _lacking(status: int, request: Request, headers: Mapping[str, str] | None = None) -> Answer:
    """What the sandbox does not have, which Jira may: said in its own name, and not in one of Jira's shapes."""
    if request.segments[:1] != ("rest",):
        return text_answer(status, {404: "Not Found", 405: "Method Not Allowed"}[status], dict(headers or {}))
    told = f"The sandbox has no {request.method} {request.path[:200]}. Jira may have it."
    return json_answer(status, {"sandbox": told}, dict(headers or {}))
