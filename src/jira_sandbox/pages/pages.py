"""The pages' routes: from a request to its page, or None when the request is none for a page."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from jira_sandbox.context import Context
from jira_sandbox.exchange import Answer, Request, text_answer
from jira_sandbox.origins import rebound
from jira_sandbox.pages import change_page, deployment_pages, issue_page, request_pages, start_page
from jira_sandbox.pages.answers import HEADERS, problem
from jira_sandbox.pages.render import FILES, file
from jira_sandbox.routing import Handler, Route

_LOG = logging.getLogger(__name__)
_FOR_EVER = "public, max-age=31536000, immutable"
_NO_PAGES = ("rest", "ex", "jira", "oauth", "_edge", "sandbox")  # where the APIs are


def _file(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    name = captured.get("name", "icon.svg")
    if name not in FILES:
        return problem(context, 404, "There is no such file", "The address may be of another version of the sandbox.")
    keep = _FOR_EVER if request.query.startswith("v=") else "no-cache"
    return Answer(200, file(name), {**HEADERS, "Content-Type": FILES[name], "Cache-Control": keep})


ROUTES = (
    *start_page.ROUTES,
    *issue_page.ROUTES,
    *change_page.ROUTES,
    *deployment_pages.ROUTES,
    *request_pages.ROUTES,
    Route("GET", "/pages/{name}", _file),
    Route("GET", "/favicon.ico", _file),
)


@dataclass(frozen=True)
class Pages:
    """The pages of one site."""

    context: Context

    def answer(self, request: Request) -> Answer | None:
        """The page; None when the request is one for the site's APIs. It never raises: see :meth:`Api.answer`."""
        segments = request.segments
        if not segments or segments[0] in _NO_PAGES:
            return None
        handlers = _matching(segments)
        method = "GET" if request.method == "HEAD" else request.method
        try:
            if not handlers:
                return self._nothing(request)
            if rebound(request):
                return text_answer(403, rebound(request), HEADERS)
            if method not in handlers:
                return text_answer(405, "Method Not Allowed", {**HEADERS, "Allow": ", ".join(sorted(handlers))})
            handler, captured = handlers[method]
            return handler(self.context, request, captured)
        except Exception as error:  # noqa: BLE001 - one bad page must not end the site
            _LOG.exception("The sandbox failed at the page %s", request.path)
            self.context.faults.append(f"{request.method} {request.path}: {error!r}")
            return text_answer(500, f"The sandbox failed to make this page: {error!r}", HEADERS)

    def _nothing(self, request: Request) -> Answer | None:
        """A page only for who wants to read one: to programs the APIs answer that there is nothing."""
        if "text/html" not in request.headers.get("accept", "") or rebound(request):
            return None
        text = "The pretend Jira has no page at this address."
        return problem(self.context, 404, "There is nothing here", text)


def _matching(segments: tuple[str, ...]) -> dict[str, tuple[Handler, dict[str, str]]]:
    matches = ((route, route.match(segments)) for route in ROUTES)
    return {route.method: (route.handler, found) for route, found in matches if found is not None}
