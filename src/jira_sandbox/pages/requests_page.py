"""The requests that were made: what was asked, and what Jira said about it, in sentences."""

from __future__ import annotations

import http
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from jira_sandbox.documents import parameter
from jira_sandbox.http_types import Answer, Exchange, Request
from jira_sandbox.pages.rendering import page, problem, versioned
from jira_sandbox.routes.trial_routes import masked, shown
from jira_sandbox.routing import Context, Route

_NOT_SHOWN = "Not shown: it holds credentials."
_TOKENS = "/oauth/token"
_LARGEST = 100_000  # characters of a body on a page
_SECRET = re.compile(
    r'("(?:[\w-]*(?:secret|password)|(?:access_|refresh_|id_|api_)?token|authorization|api_?key)"\s*:\s*)"(?:[^"\\]|\\.)*"',
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(://)[^/\s\"'@]+@")
_TITLES = (
    (r"POST /oauth/token", "Get an access token"),
    (r"GET /_edge/tenant_info", "Find the cloud id"),
    (r"POST .*/builds/0\.1/.*/?bulk", "Report builds"),
    (r"POST .*/deployments/0\.1/.*/?bulk", "Report deployments"),
    (r"DELETE .*/(builds|deployments)/0\.1/.*", "Take back a report"),
    (r"GET .*/deployments/0\.1/.*/gating-status", "Ask whether a deployment may start"),
    (r"GET .*/(builds|deployments)/0\.1/.*", "Read a report"),
    (r"POST .*/rest/api/\w+/issue/bulkfetch", "Look issues up"),
    (r"\w+ .*/rest/api/\w+/search.*", "Search for issues"),
    (r"GET .*/rest/api/\w+/issue/[^/]+", "Read an issue"),
    (r"PUT .*/rest/api/\w+/issue/[^/]+", "Edit an issue"),
    (r"\w+ .*/rest/api/\w+/issue/[^/]+/comment.*", "Comments"),
    (r"\w+ .*/rest/api/\w+/issue/[^/]+/remotelink.*", "Remote links"),
    (r"\w+ .*/rest/api/\w+/issue/[^/]+/transitions", "Transitions"),
    (r"POST .*/rest/api/\w+/issueLink", "Link two issues"),
    (r"GET .*/approval(/.*)?", "Read approvals"),
    (r"POST .*/rest/servicedeskapi/request", "Raise a change request"),
    (r"GET .*/rest/servicedeskapi/request/[^/]+", "Read a change request"),
    (r"GET .*/requesttype.*", "Read request types"),
    (r"GET .*/rest/api/\w+/serverInfo", "Ask which Jira this is"),
    (r"GET .*/rest/api/\w+/myself", "Ask who is logged in"),
    (r"GET .*/rest/api/\w+/field.*", "Read the fields"),
    (r"\w+ /sandbox/.*", "A step of a trial"),
)
_ON_A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One request in a list. ``level`` says whether all is well; ``said`` are sentences."""

    number: int
    at: int
    method: str
    path: str
    title: str
    status: int
    phrase: str
    level: Literal["good", "doubtful", "bad"]
    said: tuple[str, ...]


@dataclass(frozen=True)
class Whole:
    """One request with everything in it that may be shown."""

    line: Line
    query: str
    headers: tuple[tuple[str, str], ...]
    body: str
    answer: str


def lines(context: Context) -> Iterator[Line]:
    """Every request, the newest first; each is read when its turn comes, for there may be many."""
    secrets = context.credentials.secrets()
    return (_line(number, one, secrets) for number, one in reversed(context.record.numbered()))


def whole(context: Context, number: int) -> Whole | None:
    """The request with this number; None when there is none any more."""
    found = dict(context.record.numbered()).get(number)
    if found is None:
        return None
    secrets = context.credentials.secrets()
    plain, hidden = shown(found, secrets), found.path.endswith(_TOKENS)
    return Whole(
        _line(number, found, secrets),
        _unmarked(plain["query"]),
        tuple(sorted(plain["headers"].items())),
        _NOT_SHOWN if hidden and found.body else _pretty(plain["body"]),
        _NOT_SHOWN if hidden else _pretty(plain["answer"]),
    )


def _line(number: int, exchange: Exchange, secrets: list[str]) -> Line:
    said = () if exchange.path.endswith(_TOKENS) and exchange.status < 400 else tuple(_said(exchange))
    bad = exchange.status >= 400
    doubtful = any("rejected" in one or "unknown" in one for one in said)
    return Line(
        number,
        exchange.at,
        exchange.method,
        _cleaned(exchange.path, secrets),
        _title(f"{exchange.method} {exchange.path}"),
        exchange.status,
        _phrase(exchange.status),
        "bad" if bad else "doubtful" if doubtful else "good",
        tuple(_cleaned(one, secrets)[:500] for one in said),
    )


def _title(text: str) -> str:
    return next((title for pattern, title in _TITLES if re.fullmatch(pattern, text)), "")


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _said(exchange: Exchange) -> Iterator[str]:
    """The answer in sentences."""
    try:
        document = json.loads(exchange.answer_body) if exchange.answer_body else None
    except (ValueError, RecursionError):
        if exchange.status >= 400:
            yield exchange.answer_body.decode("utf-8", "replace")
        return
    if isinstance(document, list) and exchange.status >= 400:
        yield from (str(one["message"]) for one in document if isinstance(one, dict) and "message" in one)
    elif isinstance(document, dict):
        yield from _of_bulk(document)
        if exchange.status >= 400:
            yield from _of_error(document)


def _of_bulk(document: dict[str, Any]) -> Iterator[str]:
    for noun in ("build", "deployment"):
        accepted = document.get(f"accepted{noun.capitalize()}s", ())
        rejected = document.get(f"rejected{noun.capitalize()}s", ())
        if accepted:
            yield f"{len(accepted)} {noun}{'s' if len(accepted) > 1 else ''} accepted"
        for one in rejected:
            told = "; ".join(str(error.get("message", "")) for error in one.get("errors", ()))
            yield f"{noun} rejected: {told}"
    if document.get("unknownIssueKeys"):
        yield f"unknown issue keys: {', '.join(document['unknownIssueKeys'])}"
    for one in document.get("unknownAssociations") or ():
        if one["associationType"] not in ("issueKeys", "issueIdOrKeys"):
            yield f"unknown {one['associationType']}: {', '.join(map(str, one['values']))}"
        elif not document.get("unknownIssueKeys"):
            yield f"unknown issues: {', '.join(map(str, one['values']))}"


def _of_error(document: dict[str, Any]) -> Iterator[str]:
    for name in ("errorMessage", "message", "error_description", "error"):
        if isinstance(document.get(name), str) and document[name]:
            yield document[name]
            break
    yield from (str(one) for one in document.get("errorMessages") or ())
    errors = document.get("errors")
    yield from (f"{name}: {text}" for name, text in (errors.items() if isinstance(errors, dict) else ()))


def _cleaned(text: str, secrets: list[str]) -> str:
    return _unmarked(masked(text, secrets))


def _unmarked(text: str) -> str:
    """Without what is called a secret, also where the sandbox does not know it as one."""
    return _USERINFO.sub(r"\1***@", _SECRET.sub(r'\1"***"', text))


def _pretty(text: str) -> str:
    try:
        told = json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else ""
    except (ValueError, RecursionError):
        told = text
    told = _unmarked(told)
    cut = f"\n… and {len(told) - _LARGEST:,} more characters" if len(told) > _LARGEST else ""
    return told[:_LARGEST] + cut


def _list(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    only = parameter(request, "only") == "problems"
    before = _number(parameter(request, "before"))
    wanted = (
        one for one in lines(context) if (before is None or one.number < before) and not (only and one.level == "good")
    )
    found = list(islice(wanted, _ON_A_PAGE + 1))
    answer = page(
        context,
        "requests.html",
        lines=found[:_ON_A_PAGE],
        count=context.record.count,
        only=only,
        first=before is None,
        older=found[_ON_A_PAGE - 1].number if len(found) > _ON_A_PAGE else None,
    )
    return versioned(request, answer)


def _one(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    number = _number(captured["number"])
    found = whole(context, number) if number is not None else None
    if found is None:
        return problem(context, 404, "There is no such request", "Only the last 10,000 are kept.")
    return versioned(request, page(context, "request.html", one=found, line=found.line))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


ROUTES = (Route("GET", "/requests", _list), Route("GET", "/requests/{number}", _one))
