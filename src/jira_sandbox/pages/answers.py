"""Answers that are pages: their headers, their versions, and which requests get none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from jira_sandbox.context import Context
from jira_sandbox.exchange import Answer, Request
from jira_sandbox.origins import foreign
from jira_sandbox.pages.render import render

HEADERS = {
    # Nothing from elsewhere, nothing inline: a text that got into a page by a fault of ours could still do nothing.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer, which would take the origin from the forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HTML = {**HEADERS, "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}
_FORM = "application/x-www-form-urlencoded"
_LARGEST_FORM = 64 * 2**10


def page(context: Context, template: str, code: int = 200, **values: Any) -> Answer:
    """A page of the site, sent with this HTTP status."""
    edition = "Cloud" if context.edition.is_cloud else "Data Center"
    return Answer(code, render(template, edition=edition, site=context.address, **values), dict(_HTML))


def problem(context: Context, status: int, title: str, text: str) -> Answer:
    """A page that says what went wrong."""
    return page(context, "problem.html", status, title=title, text=text)


def elsewhere(path: str) -> Answer:
    """Go on to this page, and do not send the form again there."""
    return Answer(303, b"", {**HEADERS, "Location": path, "Cache-Control": "no-store"})


def versioned(request: Request, answer: Answer, version: str = "") -> Answer:
    """The answer with its version; without a body when that is the one which the browser has."""
    if answer.status != 200:
        return answer
    tag = f'"{version or hashlib.sha256(answer.body).hexdigest()[:20]}"'
    headers = {**answer.headers, "ETag": tag}
    return Answer(304, b"", headers) if known(request, tag) else Answer(200, answer.body, headers)


def known(request: Request, tag: str) -> bool:
    """Whether the browser has the version with this tag."""
    return tag in (one.strip() for one in request.headers.get("if-none-match", "").split(","))


def form(request: Request) -> dict[str, str] | str:
    """The fields of a form of one of our own pages; else the sentence that says why it may not be one."""
    strange = foreign(request)
    if strange:
        return strange
    if "origin" not in request.headers:  # every browser names it for a form
        return "The request does not say which page it comes from."
    if request.content_type != _FORM or len(request.body) > _LARGEST_FORM:
        return "The request holds no form of these pages."
    fields = Request("", "", request.body.decode("utf-8", "replace")).parameters
    return dict(fields)


Handler = Callable[[Context, Request, dict[str, str]], Answer]
