"""Search in the platform's API: the paged one of Cloud, the counted one of Data Center, and the one that is gone."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from jira_sandbox.authorization import guarded
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.search_index import Search
from jira_sandbox.documents import body_of, boolean, int64, items, listed, number, parameter, record, text
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadRequest, platform_error
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context, Route

_PAGED = record(
    {},
    {
        "jql": text(),
        "nextPageToken": text(),
        "maxResults": int64,
        "fields": items(text()),
        "expand": text(),
        "properties": items(text()),
        "fieldsByKeys": boolean,
        "reconcileIssues": items(int64),
    },
    closed=True,
)
_COUNTED = record(
    {},
    {
        "jql": text(),
        "startAt": int64,
        "maxResults": int64,
        "fields": items(text()),
        "expand": items(text()),
        "validateQuery": boolean,
    },
    closed=True,
)
_MOST = 5000
_MOST_COUNTED = 1000
_MOST_RECONCILED = 50
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline "
    "is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_SEARCH = "/rest/api/{version}/search"


def _get_page(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    reconciled = listed(request, "reconcileIssues")
    if not all(one.isascii() and one.isdigit() for one in reconciled):
        raise BadRequest("reconcileIssues must be ids of issues.")
    document = {
        "jql": parameter(request, "jql"),
        "nextPageToken": parameter(request, "nextPageToken"),
        "maxResults": number(request, "maxResults", 50),
        "fields": listed(request, "fields"),
        "expand": parameter(request, "expand"),
        "reconcileIssues": reconciled,
        "properties": listed(request, "properties"),
    }
    return _page(context, document)


def _post_page(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return _page(context, body_of(request, _PAGED, "INVALID_INPUT"))


def _page(context: Context, document: dict[str, Any]) -> Answer:
    jql, most = document.get("jql") or "", document.get("maxResults", 50)
    if most < 1:
        raise BadRequest("maxResults must be positive.")
    if len(document.get("reconcileIssues", ())) > _MOST_RECONCILED:
        raise BadRequest(f"At most {_MOST_RECONCILED} issues can be reconciled.")
    if len(document.get("properties", ())) > 5:
        raise BadRequest("The number of requested properties exceeds the limit of 5.")
    start = _start(document.get("nextPageToken") or "", jql)
    found = _found(context, jql, document.get("reconcileIssues", ()))
    page = found[start : start + min(most, _MOST)]
    wanted = document.get("fields") or ["id"]
    expand = [part.strip() for part in (document.get("expand") or "").split(",")]
    answer: dict[str, Any] = {"issues": _shown(context, page, wanted, expand)}
    answer |= _described(context, page, wanted, expand)
    for issue, one in zip(page, answer["issues"], strict=True):
        if document.get("properties"):
            known = context.site.desk.extras.properties(issue.id)
            one["properties"] = {key: known[key] for key in document["properties"] if key in known}
    end = start + len(page)
    answer["isLast"] = end >= len(found)
    if end < len(found):
        answer["nextPageToken"] = _token(end, jql)
    return json_answer(200, answer)


def _found(
    context: Context, jql: str, reconciled: Sequence[Any] = (), *, bounded: bool = True, validated: bool = True
) -> list[Change]:
    """The issues that a query finds. Not validated, it may name issues that do not exist."""
    site, asker = context.site, context.asker
    search = Search(jql, site.desk, bounded=bounded, validated=validated)
    if asker is None or "BROWSE_PROJECTS" in site.desk.denied:
        return []
    return search.found(map(str, reconciled), site.by_rule)


def _shown(context: Context, page: list[Change], wanted: list[str], expand: list[str]) -> list[dict[str, Any]]:
    if wanted == ["id"]:
        return [{"id": issue.id} for issue in page]
    expand = [one for one in expand if one not in ("names", "schema")]  # these are told once, beside the issues
    return [View(context).issue(issue, wanted, expand) for issue in page]


def _described(context: Context, page: list[Change], wanted: list[str], expand: list[str]) -> dict[str, Any]:
    if not page or wanted == ["id"]:
        return {}
    view = View(context)
    return view.described(view.issue(page[0], wanted)["fields"], expand)


def _token(start: int, jql: str) -> str:
    return base64.urlsafe_b64encode(f"{start}:{_mark(jql)}".encode()).decode()


def _start(token: str, jql: str) -> int:
    """Where the page with this token starts. Raises BadRequest when the token is of another query, or none."""
    if not token:
        return 0
    try:
        start, _, mark = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except ValueError:  # among them binascii.Error and UnicodeError
        start = mark = ""
    if mark != _mark(jql) or not re.fullmatch("[0-9]{1,9}", start):
        raise BadRequest("The provided next page token is invalid or expired.")
    return int(start)


def _mark(jql: str) -> str:
    return hashlib.sha256(jql.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _count(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, record({}, {"jql": text()}, closed=True), "INVALID_INPUT")
    return json_answer(200, {"count": len(_found(context, document.get("jql") or ""))})


def _gone(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(410, {"errorMessages": [_REMOVED], "errors": {}})


def _get_counted(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = {
        "jql": parameter(request, "jql"),
        "startAt": number(request, "startAt", 0),
        "maxResults": number(request, "maxResults", 50),
        "fields": listed(request, "fields"),
        "expand": listed(request, "expand"),
        "validateQuery": parameter(request, "validateQuery").lower() != "false",
    }
    return _counted(context, document)


def _post_counted(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return _counted(context, body_of(request, _COUNTED, "INVALID_INPUT"))


def _counted(context: Context, document: dict[str, Any]) -> Answer:
    start, most = document.get("startAt", 0), min(document.get("maxResults", 50), _MOST_COUNTED)
    if start < 0 or most < 0:
        raise BadRequest("startAt and maxResults must not be negative.")
    validated = document.get("validateQuery", True)
    found = _found(context, document.get("jql") or "", bounded=False, validated=validated)
    page = found[start : start + most]
    wanted, expand = document.get("fields") or ["*navigable"], document.get("expand", [])
    answer = {"expand": "schema,names", "startAt": start, "maxResults": most, "total": len(found)}
    issues = [View(context).issue(issue, wanted, set(expand) - {"names", "schema"}) for issue in page]
    return json_answer(200, {**answer, "issues": issues, **_described(context, page, wanted, expand)})


CLOUD_ROUTES = (
    *guarded(
        [
            Route("GET", f"{_SEARCH}/jql", _get_page),
            Route("POST", f"{_SEARCH}/jql", _post_page),
            Route("POST", f"{_SEARCH}/approximate-count", _count),
        ],
        platform_error,
        anonymous=True,
    ),
    Route("GET", _SEARCH, _gone),
    Route("POST", _SEARCH, _gone),
)
DATA_CENTER_ROUTES = guarded(
    [Route("GET", _SEARCH, _get_counted), Route("POST", _SEARCH, _post_counted)], platform_error, anonymous=True
)
