"""From a template and values to a page: its texts, which are strangers', its headers, its version, its files."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jira_sandbox import moments
from jira_sandbox.authorization import foreign
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.routing import Context, Route

if TYPE_CHECKING:
    from jinja2 import Environment

WORDS = {
    "successful": "Successful",
    "failed": "Failed",
    "in_progress": "In progress",
    "pending": "Pending",
    "cancelled": "Cancelled",
    "rolled_back": "Rolled back",
    "unknown": "Unknown",
}
"""Jira's states and what its development panel calls them."""
# Controls, and what turns the order of characters round: "Trojan Source", CVE-2021-42574.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_NOT_IN_URLS = re.compile(r"[\s\\\"<>`\x00-\x20\x7f-\xa0]")
FILES = {
    "style.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Name of a file -> its media type."""
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
_FOR_EVER = "public, max-age=31536000, immutable"


def visible(value: Any) -> Any:
    """A text whose unseen characters are written as ``\\u202e``; anything else as it is."""
    if type(value) is not str:
        return value
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", value.replace("\r\n", "\n"))


def web_address(value: Any) -> str:
    """The address when it is an absolute one of the web, otherwise nothing: no other kind may become a link."""
    if not isinstance(value, str) or len(value) > 2000 or _NOT_IN_URLS.search(value) or _UNSEEN.search(value):
        return ""
    try:
        parts = urlsplit(value)
        known = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return value if known and "@" not in parts.netloc else ""


def clipped(value: Any, most: int = 80) -> str:
    """The text in at most so many characters."""
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 build``, ``2 builds``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def render(template: str, **values: Any) -> bytes:
    """The page. Every text in it is escaped, and its unseen characters are shown."""
    text = _environment().get_template(template).render(values)
    return text.encode("utf-8", "replace")


@lru_cache(1)
def warm() -> None:
    """Read every template, so that the first page of a process comes as quickly as the next ones."""
    folder = resources.files("jira_sandbox.pages").joinpath("templates")
    for template in folder.iterdir():
        _environment().get_template(template.name)


@lru_cache(8)
def file(name: str) -> bytes:
    """One of FILES."""
    return _read(f"static/{name}").encode()


@lru_cache(8)
def address(name: str) -> str:
    """Where a file is; another address as soon as it is another file, so that it may be kept for ever."""
    return f"/pages/{name}?v={hashlib.sha256(file(name)).hexdigest()[:10]}"


@lru_cache(1)
def templates_version() -> str:
    """Another text as soon as a template or a file is another one."""
    digest = hashlib.sha256()
    for folder in ("templates", "static"):
        for one in sorted(resources.files("jira_sandbox.pages").joinpath(folder).iterdir(), key=lambda one: one.name):
            digest.update(one.read_bytes())
    return digest.hexdigest()[:10]


def _read(name: str) -> str:
    # Not by a path: the package may be in a zip file.
    return resources.files("jira_sandbox.pages").joinpath(name).read_text(encoding="utf-8")


@lru_cache(1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        loader=FunctionLoader(lambda name: _read(f"templates/{name}")),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": web_address,
        "clip": clipped,
        "clock": moments.clock_time,
        "day": moments.day,
        "field": moments.field,
        "lasted": moments.lasted,
        "machine": moments.machine,
        "minute": moments.minute,
        "visible": visible,
    }
    environment.globals |= {"file": address, "plural": plural, "words": WORDS}
    return environment


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
    return request.form


def _file(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    name = captured.get("name", "icon.svg")
    if name not in FILES:
        return problem(context, 404, "There is no such file", "The address may be of another version of the sandbox.")
    keep = _FOR_EVER if request.query.startswith("v=") else "no-cache"
    return Answer(200, file(name), {**HEADERS, "Content-Type": FILES[name], "Cache-Control": keep})


ROUTES = (Route("GET", "/pages/{name}", _file), Route("GET", "/favicon.ico", _file))
