"""What Atlassian's documents say of versions and of operations on many issues, which our extracts of them leave out.

Written after the operations and schemas of jira.js 6.2.0 (npm), which is made of Atlassian's own OpenAPI document;
``tests/jira_sandbox/routes/test_version_routes.py`` holds it against that package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_TEXT: Schema = {"type": "string"}
_SWITCH: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "integer", "format": "int64"}
_DAY: Schema = {"type": "string", "format": "date"}
_ADDRESS: Schema = {"type": "string", "format": "uri"}


def _object(required: tuple[str, ...] = (), *, closed: bool = False, **properties: Any) -> dict[str, Any]:
    more = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {}), **more}


def _list(of: Schema) -> dict[str, Any]:
    return {"type": "array", "items": of}


SCHEMAS: Mapping[str, Schema] = {
    "Version": _object(
        archived=_SWITCH,
        description={"type": "string", "maxLength": 16384},
        driver=_TEXT,
        expand=_TEXT,
        id=_TEXT,
        moveUnfixedIssuesTo=_ADDRESS,
        name=_TEXT,
        overdue=_SWITCH,
        project=_TEXT,
        projectId=_NUMBER,
        releaseDate=_DAY,
        released=_SWITCH,
        self=_ADDRESS,
        startDate=_DAY,
        userReleaseDate=_TEXT,
        userStartDate=_TEXT,
        closed=True,
    ),
    "VersionRelatedWork": _object(
        ("category",), category=_TEXT, issueId=_NUMBER, relatedWorkId=_TEXT, title=_TEXT, url=_ADDRESS, closed=True
    ),
    "BulkTransitionSubmitInput": _object(
        ("selectedIssueIdsOrKeys", "transitionId"), selectedIssueIdsOrKeys=_list(_TEXT), transitionId=_TEXT
    ),
    "JiraMultipleVersionPickerField": _object(
        ("bulkEditMultiSelectFieldOption", "fieldId", "versions"),
        bulkEditMultiSelectFieldOption={"type": "string", "enum": ["ADD", "REMOVE", "REPLACE", "REMOVE_ALL"]},
        fieldId=_TEXT,
        versions=_list(_object(versionId=_TEXT)),
    ),
    "SubmittedBulkOperation": _object(taskId=_TEXT),
    "BulkOperationProgress": _object(
        created=_NUMBER,
        failedAccessibleIssues={"type": "object", "additionalProperties": _list(_TEXT)},
        invalidOrInaccessibleIssueCount=_NUMBER,
        processedAccessibleIssues=_list(_NUMBER),
        progressPercent=_NUMBER,
        started=_NUMBER,
        status={
            "type": "string",
            "enum": ["ENQUEUED", "RUNNING", "COMPLETE", "FAILED", "CANCEL_REQUESTED", "CANCELLED", "DEAD"],
        },
        taskId=_TEXT,
        totalIssueCount=_NUMBER,
        updated=_NUMBER,
    ),
}
_TRANSITIONS = _object(
    ("bulkTransitionInputs",),
    bulkTransitionInputs=_list(SCHEMAS["BulkTransitionSubmitInput"]),
    sendBulkNotification={"type": "boolean", "nullable": True},
)
_EDIT = _object(
    ("selectedActions", "selectedIssueIdsOrKeys"),
    editedFieldsInput=_object(multipleVersionPickerFields=_list(SCHEMAS["JiraMultipleVersionPickerField"])),
    selectedActions=_list(_TEXT),
    selectedIssueIdsOrKeys=_list(_TEXT),
    sendBulkNotification={"type": "boolean", "nullable": True},
)
_PROPERTY = _object(
    expression=_TEXT,
    filter=_object(currentValue={}, entityIds=_list(_NUMBER), hasProperty=_SWITCH),
    value={},
)
_PAGE = _object(
    isLast=_SWITCH,
    maxResults=_NUMBER,
    nextPage=_ADDRESS,
    self=_ADDRESS,
    startAt=_NUMBER,
    total=_NUMBER,
    values=_list(SCHEMAS["Version"]),
)


def _operation(good: str, answer: Schema | None = None, body: Schema | None = None, *names: str) -> dict[str, Any]:
    statuses: dict[str, Any] = {one: {"description": ""} for one in ("400", "401", "403", "404", "429")}
    statuses[good] = {"description": ""}
    if answer is not None:
        statuses[good]["content"] = {"application/json": {"schema": answer}}
    found: dict[str, Any] = {"responses": statuses}
    found["parameters"] = [{"name": one, "in": "query", "schema": _TEXT} for one in names]
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


_VERSION, _WORK, _TASK = SCHEMAS["Version"], SCHEMAS["VersionRelatedWork"], SCHEMAS["SubmittedBulkOperation"]
PATHS: Mapping[str, Mapping[str, Any]] = {
    "/rest/api/3/project/{projectIdOrKey}/versions": {"get": _operation("200", _list(_VERSION), None, "expand")},
    "/rest/api/3/project/{projectIdOrKey}/version": {
        "get": _operation("200", _PAGE, None, "startAt", "maxResults", "orderBy", "query", "status", "expand")
    },
    "/rest/api/3/version": {"post": _operation("201", _VERSION, _VERSION)},
    "/rest/api/3/version/{id}": {
        "get": _operation("200", _VERSION, None, "expand"),
        "put": _operation("200", _VERSION, _VERSION),
    },
    "/rest/api/3/version/{id}/relatedwork": {
        "get": _operation("200", _list(_WORK)),
        "post": _operation("201", _WORK, _WORK),
    },
    "/rest/api/3/bulk/issues/transition": {"post": _operation("201", _TASK, _TRANSITIONS)},
    "/rest/api/3/bulk/issues/fields": {"post": _operation("201", _TASK, _EDIT)},
    "/rest/api/3/bulk/queue/{taskId}": {"get": _operation("200", SCHEMAS["BulkOperationProgress"])},
    "/rest/api/3/issue/properties/{propertyKey}": {"put": _operation("303", None, _PROPERTY)},
}


def document() -> dict[str, Any]:
    """All of it as an OpenAPI document."""
    paths = {path: {**operations, "parameters": _named(path)} for path, operations in PATHS.items()}
    return {"openapi": "3.0.1", "info": {"title": "Releases", "version": "1"}, "paths": paths}


def _named(path: str) -> list[dict[str, Any]]:
    parts = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in parts]
