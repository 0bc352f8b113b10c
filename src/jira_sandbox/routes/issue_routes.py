"""Issues of the platform's API: reading them, one or many, and editing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jira_sandbox.authorization import guarded, need
from jira_sandbox.desk.catalogue import EDITABLE
from jira_sandbox.desk.change_issue import Change, summary_fault
from jira_sandbox.desk.fields import Field
from jira_sandbox.documents import body_of, boolean, expanded, items, listed, record, text
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadJson, BadRequest, DeskError, NotCalledJson, NotFound, platform_error
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context, Route

BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
NO_ISSUE = "Issue does not exist or you do not have permission to see it."
_BULK_FETCH = record(
    {"issueIdsOrKeys": items(text())},
    {"expand": items(text()), "fields": items(text()), "fieldsByKeys": boolean, "properties": items(text())},
    closed=True,
)
_OPERATIONS = ("add", "set", "remove", "edit", "copy")
UPDATE = record({}, {"fields": record({}), "update": record({}), "properties": items(record({"key": text()}))})
_ISSUE = "/rest/api/{version}/issue/{issueIdOrKey}"


def visible(context: Context, key: str) -> Change:
    """The issue that the asker sees under this key or id. Raises NotFound: nobody is told that there is one."""
    found = context.site.issue(key) if context.asker and "BROWSE_PROJECTS" not in context.site.desk.denied else None
    if found is None:
        raise NotFound(NO_ISSUE)
    return found


def _get(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    shown = View(context).issue(issue, listed(request, "fields"), expanded(request))
    wanted = listed(request, "properties")
    if wanted:
        shown["properties"] = _properties(context, issue, wanted)
    context.site.trials.script.polled(issue.id)
    return json_answer(200, shown)


def _properties(context: Context, issue: Change, wanted: list[str]) -> dict[str, Any]:
    known = context.site.desk.extras.properties(issue.id)
    everything = "*all" in wanted
    return {key: value for key, value in known.items() if f"-{key}" not in wanted and (everything or key in wanted)}


def _bulk_fetch(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    try:
        document = body_of(request, _BULK_FETCH, "")
    except BadRequest as error:
        raise error if isinstance(error, (BadJson, NotCalledJson)) else BadRequest(BAD_PAYLOAD) from error
    wanted = document["issueIdsOrKeys"]
    if not 1 <= len(wanted) <= 100:
        raise BadRequest("The number of issue ids or keys must be from 1 to 100.")
    if len(document.get("properties", ())) > 5:
        raise BadRequest("The number of requested properties exceeds the limit of 5.")
    issues = {issue.id: issue for issue in (_seen(context, key) for key in wanted) if issue}
    view, fields = View(context), document.get("fields") or ["*navigable"]
    shown = [view.issue(issues[key], fields, document.get("expand", ())) for key in sorted(issues, key=int)]
    for key, one in zip(sorted(issues, key=int), shown, strict=True):
        if document.get("properties"):
            one["properties"] = _properties(context, issues[key], document["properties"])
    return json_answer(200, {"issues": shown, "issueErrors": []})


def _seen(context: Context, key: str) -> Change | None:
    try:
        return visible(context, key)
    except NotFound:
        return None


def _edit(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, UPDATE, "INVALID_INPUT")
    issue = visible(context, captured["issueIdOrKey"])
    asker = need(context, "EDIT_ISSUES", "You do not have permission to edit issues in this project.")
    changes = parsed(context, wanted_of(document, issue.values.get("labels", ())))
    if not changes and not document.get("properties"):
        raise BadRequest("one of 'fields' or 'update' required")
    if changes:
        context.site.desk.edit(issue.id, changes, asker.account)
    for one in document.get("properties", ()):
        context.site.desk.extras.set_property(issue.id, one["key"], one.get("value"))
    return Answer(204)


def wanted_of(document: Mapping[str, Any], labels: Sequence[str] = ()) -> dict[str, Any]:
    """The new values in the body of an edit: from ``fields``, and from the operation *set* in ``update``. Labels may be
    added and removed as well.

    Args:
        labels: those that the issue has.

    Raises:
        DeskError: naming the field with an operation that the sandbox does not have.
    """
    wanted = dict(document.get("fields", {}))
    for name, operations in document.get("update", {}).items():
        if name in wanted:
            raise DeskError(fields={name: f"Field '{name}' cannot appear in both 'fields' and 'update'"})
        known = isinstance(operations, list) and all(isinstance(one, dict) for one in operations)
        if name == "labels" and known and {key for one in operations for key in one} <= {"add", "remove"}:
            removed = [one["remove"] for one in operations if "remove" in one]
            added = [one["add"] for one in operations if "add" in one and one["add"] not in labels]
            wanted[name] = [*(one for one in labels if one not in removed), *added]
            continue
        if not known or [list(one) for one in operations] != [["set"]]:
            told = f"only 'set', once, of the operations {', '.join(_OPERATIONS)} is supported here"
            raise DeskError(fields={name: told})
        wanted[name] = operations[0]["set"]
    return wanted


def parsed(context: Context, wanted: Mapping[str, Any], *, rich: bool | None = None) -> dict[str, Any]:
    """Values as the desk keeps them.

    Raises:
        DeskError: with everything that is wrong, by field.
    """
    desk, faults, changes = context.site.desk, {}, {}
    editable = {field.id: field for field in desk.catalogue.fields if field.custom or field.id in EDITABLE}

    def account(value: Any) -> str:
        return desk.people.find(context.edition.account_in(value)).account

    for name, value in wanted.items():
        if name not in editable:
            faults[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            continue
        try:
            is_rich = context.version == "3" if rich is None else rich
            changes[name] = _checked(editable[name], editable[name].parsed(value, rich=is_rich, account=account))
        except DeskError as error:
            faults[name] = str(error)
    if faults:
        raise DeskError(fields=faults)
    return changes


def _checked(field: Field, value: Any) -> Any:
    fault = summary_fault(value) if field.id == "summary" else ""
    if fault:
        raise DeskError(fault)
    return value


def _delete(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    need(context, "DELETE_ISSUES", "You do not have permission to delete issues in this project.")
    context.site.desk.alter(issue.id, lambda change: replace(change, deleted=True))
    return Answer(204)


ROUTES = (
    *guarded([Route("GET", _ISSUE, _get)], platform_error, anonymous=True),
    *guarded([Route("PUT", _ISSUE, _edit), Route("DELETE", _ISSUE, _delete)], platform_error),
)
CLOUD_ROUTES = guarded(
    [Route("POST", "/rest/api/{version}/issue/bulkfetch", _bulk_fetch)], platform_error, anonymous=True
)
