"""Versions in the platform's API: listing, making and releasing them, and the pages that are linked to them.

The shapes are those of jira.js 6.2.0, which is made of Atlassian's own document.
"""

from __future__ import annotations

from typing import Any

from jira_sandbox.authorization import guarded, need
from jira_sandbox.desk.catalogue import Project
from jira_sandbox.desk.releases import Version
from jira_sandbox.documents import body_of, boolean, int64, number, parameter, record, text, uri
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadRequest, DeskError, Forbidden, NotFound, platform_error
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context, Route

_API = "/rest/api/{version}"
_OPTIONAL = {
    "description": text(),
    "startDate": text(),
    "releaseDate": text(),
    "archived": boolean,
    "released": boolean,
    "name": text(),
    "projectId": int64,
    "project": text(),
}
_NAMES = {"description": "description", "startDate": "start", "releaseDate": "release", "archived": "archived"}
_RELATED = record({"category": text()}, {"title": text(), "url": uri, "issueId": int64})
_MOST = 50


def _project(context: Context, key_or_id: str) -> Project:
    if "BROWSE_PROJECTS" in context.site.desk.denied:
        raise NotFound(f"No project could be found with key '{key_or_id}'.")
    return context.site.desk.catalogue.project(key_or_id)


def _all(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    project = _project(context, captured["projectIdOrKey"])
    return json_answer(200, [View(context).version(one) for one in context.site.desk.releases.of(project.id)])


def _page(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    project = _project(context, captured["projectIdOrKey"])
    sought, start = parameter(request, "query").casefold(), number(request, "startAt", 0)
    most = min(number(request, "maxResults", _MOST), _MOST)
    if start < 0 or most < 1:
        raise BadRequest("startAt must not be negative, and maxResults must be positive.")
    found = [one for one in context.site.desk.releases.of(project.id) if sought in _text_of(one)]
    values = [View(context).version(one) for one in found[start : start + most]]
    last = start + len(values) >= len(found)
    answer = {"maxResults": most, "startAt": start, "total": len(found), "isLast": last, "values": values}
    return json_answer(200, answer)


def _text_of(version: Version) -> str:
    return f"{version.name}\n{version.description}".casefold()


def _administer(context: Context, sentence: str) -> None:
    """Jira tells who may not do this that there is nothing (https://developer.atlassian.com/cloud/jira/platform/rest/v3/
    api-group-project-versions/); Data Center says that it is forbidden."""
    try:
        need(context, "ADMINISTER_PROJECTS", sentence)
    except Forbidden as error:
        raise NotFound(sentence) if context.edition.is_cloud else error from error


def _create(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, record({}, _OPTIONAL), "INVALID_INPUT")
    given = document.get("projectId", document.get("project"))
    if given is None:
        raise DeskError(fields={"project": "Project must be specified to create a version."})
    project = _project(context, str(given))
    _administer(context, f"No project could be found with key '{project.key}'.")
    made = context.site.desk.releases.create(project.id, document.get("name", ""), **_changes(document))
    return json_answer(201, View(context).version(made))


def _changes(document: dict[str, Any]) -> dict[str, Any]:
    return {ours: document[name] for name, ours in _NAMES.items() if name in document}


def _get(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, View(context).version(_seen(context, captured["id"])))


def _seen(context: Context, identity: str) -> Version:
    if "BROWSE_PROJECTS" in context.site.desk.denied:
        raise NotFound(f"Could not find version for id '{identity}'")
    return context.site.desk.releases.find(identity)


def _update(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, record({}, _OPTIONAL), "INVALID_INPUT")
    version = _seen(context, captured["id"])
    _administer(context, f"Could not find version for id '{version.id}'")
    changes = _changes(document)
    changes |= {name: document[name] for name in ("name", "released") if name in document}
    return json_answer(200, View(context).version(context.site.desk.releases.alter(version.id, **changes)))


def _related(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    version = _seen(context, captured["id"])
    return json_answer(200, [_work(one.id, one.category, one.title, one.url) for one in version.related])


def _relate(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _RELATED, "INVALID_INPUT")
    version = _seen(context, captured["id"])
    need(context, "EDIT_ISSUES", "You do not have permission to edit the related work of this version.")
    if not document.get("url"):
        raise BadRequest("The url of related work is required.")
    made = context.site.desk.releases.relate(
        version.id, document["category"], document.get("title", ""), document["url"]
    )
    return json_answer(201, _work(made.id, made.category, made.title, made.url))


def _work(identity: str, category: str, title: str, url: str) -> dict[str, Any]:
    return {"relatedWorkId": identity, "category": category, "title": title, "url": url}


ROUTES = guarded(
    [
        Route("GET", f"{_API}/project/{{projectIdOrKey}}/versions", _all),
        Route("GET", f"{_API}/project/{{projectIdOrKey}}/version", _page),
        Route("POST", f"{_API}/version", _create),
        Route("GET", f"{_API}/version/{{id}}", _get),
        Route("PUT", f"{_API}/version/{{id}}", _update),
    ],
    platform_error,
)
CLOUD_ROUTES = guarded(
    [
        Route("GET", f"{_API}/version/{{id}}/relatedwork", _related),
        Route("POST", f"{_API}/version/{{id}}/relatedwork", _relate),
    ],
    platform_error,
)
