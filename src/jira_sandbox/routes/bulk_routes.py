"""Operations on many issues at once, in Cloud only: transitions, fix versions, and a property on each.

Each begins a task that goes on by itself. The shapes are those of jira.js 6.2.0, which is made of Atlassian's own
document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from jira_sandbox.accounts import Person
from jira_sandbox.authorization import guarded, need
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.releases import Task
from jira_sandbox.documents import anything, body_of, boolean, choice, int64, items, record, text
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadRequest, DeskError, Forbidden, NotFound, platform_error
from jira_sandbox.routes.issue_part_routes import transit
from jira_sandbox.routes.issue_routes import parsed, visible
from jira_sandbox.routing import Context, Route

MOST = 1000
"""Issues of one operation."""
_API = "/rest/api/{version}"
_INPUT = record({"selectedIssueIdsOrKeys": items(text()), "transitionId": text()})
_TRANSITIONS = record({"bulkTransitionInputs": items(_INPUT)}, {"sendBulkNotification": boolean})
_VERSIONS = record(
    {
        "bulkEditMultiSelectFieldOption": choice("ADD", "REMOVE", "REPLACE", "REMOVE_ALL"),
        "fieldId": text(),
        "versions": items(record({}, {"versionId": text()})),
    }
)
_FIELDS = record(
    {"selectedActions": items(text()), "selectedIssueIdsOrKeys": items(text())},
    {
        "editedFieldsInput": record({}, {"multipleVersionPickerFields": items(_VERSIONS)}),
        "sendBulkNotification": boolean,
    },
)
_FILTER = record({}, {"currentValue": anything, "entityIds": items(int64), "hasProperty": boolean})
_PROPERTY = record({}, {"expression": text(), "filter": _FILTER, "value": anything})


def bulk_error(error: DeskError) -> Answer:
    """An error as these operations tell it."""
    return json_answer(error.status, {"errors": [{"message": str(error)}]})


def _allowed(context: Context, count: int) -> Person:
    asker = need(context, "BULK_CHANGE", "You do not have the global permission Make bulk changes.")
    if not 1 <= count <= MOST:
        raise BadRequest(f"The number of issues must be from 1 to {MOST}.")
    return asker


def _begun(context: Context, asker: Person) -> Task:
    desk = context.site.desk
    return desk.releases.begin(asker.account, desk.clock.milliseconds())


def _each(context: Context, task: Task, keys: Iterable[str], act: Callable[[Change], object]) -> None:
    for key in dict.fromkeys(keys):
        try:
            issue = visible(context, key)
        except NotFound:
            task.unseen += 1
            continue
        try:
            act(issue)
            task.processed.append(issue.id)
        except DeskError as error:
            task.failed[issue.id] = str(error)


def _transitions(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _TRANSITIONS, "INVALID_INPUT")
    inputs = document["bulkTransitionInputs"]
    asker = _allowed(context, sum(len(one["selectedIssueIdsOrKeys"]) for one in inputs))
    task = _begun(context, asker)
    for one in inputs:
        _each(context, task, one["selectedIssueIdsOrKeys"], partial(_taken, context, one["transitionId"]))
    return json_answer(201, {"taskId": task.id})


def _taken(context: Context, identity: str, issue: Change) -> None:
    transit(context, issue, identity)


def _fields(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _FIELDS, "INVALID_INPUT")
    asker = _allowed(context, len(document["selectedIssueIdsOrKeys"]))
    edits = document.get("editedFieldsInput", {}).get("multipleVersionPickerFields", [])
    if document["selectedActions"] != ["fixVersions"] or [one["fieldId"] for one in edits] != ["fixVersions"]:
        raise BadRequest("Only fixVersions can be edited in bulk here, and it has to be among the selected actions.")
    [edit] = edits
    if edit["bulkEditMultiSelectFieldOption"] not in ("ADD", "REMOVE"):
        raise BadRequest("Only ADD and REMOVE are supported here.")
    operation = edit["bulkEditMultiSelectFieldOption"].lower()
    operations = [{operation: {"id": one.get("versionId", "")}} for one in edit["versions"]]

    def act(issue: Change) -> None:
        if "EDIT_ISSUES" in context.site.desk.denied:
            raise Forbidden("You do not have permission to edit issues in this project.")
        changes = parsed(context, {}, issue=issue, update={"fixVersions": operations})
        context.site.desk.edit(issue.id, changes, asker.account)

    task = _begun(context, asker)
    _each(context, task, document["selectedIssueIdsOrKeys"], act)
    return json_answer(201, {"taskId": task.id})


def _progress(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    task = context.site.desk.releases.task(captured["taskId"])
    shown: dict[str, Any] = {"taskId": task.id, "created": task.created, "started": task.created}
    total = len(task.processed) + len(task.failed) + task.unseen
    if task.polls:
        task.polls -= 1
        return json_answer(200, {**shown, "status": "RUNNING", "progressPercent": 50, "totalIssueCount": total})
    shown |= {
        "status": "COMPLETE",
        "progressPercent": 100,
        "totalIssueCount": total,
        "processedAccessibleIssues": [int(one) for one in task.processed],
        "failedAccessibleIssues": {identity: [why] for identity, why in task.failed.items()},
        "invalidOrInaccessibleIssueCount": task.unseen,
        "updated": task.created,
    }
    return json_answer(200, shown)


def _property(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _PROPERTY, "INVALID_INPUT")
    wanted = [str(one) for one in document.get("filter", {}).get("entityIds", [])]
    if "value" not in document or not wanted:
        raise BadRequest("A value, and the entityIds of a filter, have to be given here.")
    asker = need(context, "EDIT_ISSUES", "You do not have permission to edit issues in this project.")
    task, extras = _begun(context, asker), context.site.desk.extras
    value = document["value"]
    _each(context, task, wanted, lambda issue: extras.set_property(issue.id, captured["propertyKey"], value))
    address = f"{context.address}/rest/api/{context.version}/task/{task.id}"
    return Answer(303, b"", {"Location": address})


ROUTES = guarded(
    [
        Route("POST", f"{_API}/bulk/issues/transition", _transitions),
        Route("POST", f"{_API}/bulk/issues/fields", _fields),
        Route("GET", f"{_API}/bulk/queue/{{taskId}}", _progress),
    ],
    bulk_error,
) + guarded([Route("PUT", f"{_API}/issue/properties/{{propertyKey}}", _property)], platform_error)
