"""The routes: from a request to its answer, without a socket.

Whatever a part of the site answers is in a module of its own, which has its routes in a table at its end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jira_sandbox import (
    customer_requests,
    devops,
    inspection,
    issue_parts,
    issue_routes,
    oauth,
    platform,
    search_routes,
    service_desks,
    trial_routes,
)
from jira_sandbox.access import gateway_refusal
from jira_sandbox.context import Context
from jira_sandbox.editions import Edition
from jira_sandbox.exchange import Answer, Request, json_answer, messages, text_answer
from jira_sandbox.routing import Handler, Route

_GATEWAY = ("ex", "jira")
_LOG = logging.getLogger(__name__)

_COMMON = (
    *platform.ROUTES,
    *issue_routes.ROUTES,
    *issue_parts.ROUTES,
    *service_desks.ROUTES,
    *customer_requests.ROUTES,
    *inspection.ROUTES,
    *trial_routes.ROUTES,
)
_CLOUD = (
    *oauth.ROUTES,
    *devops.ROUTES,
    *platform.CLOUD_ROUTES,
    *issue_routes.CLOUD_ROUTES,
    *search_routes.CLOUD_ROUTES,
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

    def _answer(self, request: Request) -> Answer:
        segments = request.segments
        if segments[:2] == _GATEWAY and self.context.edition.is_cloud:
            if len(segments) < 5 or segments[2] != self.context.cloud_id or segments[3] != "rest":
                return json_answer(404, {"code": 404, "message": "Not Found"})
            rest = "/" + request.path.split("/", 4)[4]
            request, segments = replace(request, path=rest), segments[3:]
            refusal = gateway_refusal(self.context, request)
            if refusal:
                return refusal
            context = replace(self.context, gateway=True)
        else:
            context = self.context
        handlers: dict[str, tuple[Handler, dict[str, str]]] = {}
        for route in self.routes or routes_of(self.context.edition):
            found = route.match(segments)
            if found is not None:
                handlers[route.method] = (route.handler, found)
        return _call(handlers, context, request)


def _call(handlers: dict[str, tuple[Handler, dict[str, str]]], context: Context, request: Request) -> Answer:
    if not handlers:
        return text_answer(404, "Not Found")
    if request.method not in handlers:
        return text_answer(405, "Method Not Allowed", {"Allow": ", ".join(sorted(handlers))})
    handler, captured = handlers[request.method]
    return handler(context, request, captured)
