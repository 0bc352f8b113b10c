"""What is done to issues: the questions that read, version and move them, one or many at once, and the answers.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-bulk-operations/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jira_ci.jira.endpoints import Edition, Question, segment
from jira_ci.jira.jql import quoted
from jira_ci.jira.parse import digits, items, mapping, optional_text, text
from jira_ci.text import one_line

PAGE = 100
"""Issues that are read at once; Jira Cloud takes no more keys in one request."""
MOST = 1000
"""Issues of one operation on many."""
_FIELDS = ("summary", "status", "issuetype", "project", "fixVersions", "security")


@dataclass(frozen=True)
class Transition:
    """One way on from where an issue is."""

    id: str
    name: str
    to_id: str
    to_name: str
    screen: bool = False
    """Whether it asks for something."""

    @property
    def shown(self) -> str:
        return one_line(self.name, 60) if self.name == self.to_name else one_line(f"{self.name} to {self.to_name}", 80)


@dataclass(frozen=True)
class WorkItem:
    """An issue, as far as it matters for what follows a deployment. Its texts are strangers', raw."""

    id: str
    key: str
    project_id: str
    project: str
    """Its project's key."""
    title: str
    type_id: str
    type: str
    subtask: bool
    status_id: str
    status: str
    category: str
    """``new``, ``indeterminate`` or ``done``; empty where Jira does not say."""
    versions: tuple[str, ...] = ()
    """Ids of its fix versions."""
    transitions: tuple[Transition, ...] = ()
    restricted: bool = False
    """Whether a security level keeps it from some who may see the project."""
    properties: Mapping[str, Any] = field(default_factory=dict)


def look(keys: Sequence[str], edition: Edition, *, transitions: bool) -> Question:
    """At most :data:`PAGE` issues, and in the same answer what their workflows allow now."""
    asks, wanted = f"show {len(keys)} issues", ["transitions"] if transitions else []
    if edition == "cloud":
        body = {"issueIdsOrKeys": [*keys], "fields": [*_FIELDS], "expand": wanted}
        return Question("POST", "api/issue/bulkfetch", asks, body=body)
    jql = f"key in ({', '.join(map(quoted, keys))})"
    found = {"jql": jql, "startAt": 0, "maxResults": PAGE, "fields": [*_FIELDS], "expand": wanted}
    return Question("POST", "api/search", asks, body={**found, "validateQuery": False})


def with_version(project: str, version_id: str, edition: Edition, mark: str, after: str = "") -> Question:
    """A page of the issues with this fix version, with one of their properties (Cloud).

    Args:
        mark: the property's key.
        after: where the page before said that the next one begins (a token; on Data Center an index).
    """
    jql = f"project = {quoted(project)} AND fixVersion = {version_id}"
    body: dict[str, Any] = {"jql": jql, "fields": [*_FIELDS], "maxResults": PAGE}
    asks = "list the issues of the version"
    if edition == "data-center":
        return Question("POST", "api/search", asks, body={**body, "startAt": int(after or 0)})
    body |= {"nextPageToken": after} if after else {}
    return Question("POST", "api/search/jql", asks, body={**body, "properties": [mark]})


def screen(item: WorkItem, transition: Transition) -> Question:
    """What one transition's screen asks for."""
    query = {"transitionId": transition.id, "expand": "transitions.fields"}
    asks = f"show what a transition of {one_line(item.key, 60)} asks for"
    return Question("GET", f"api/issue/{segment(item.id)}/transitions", asks, query)


def transit(item: WorkItem, transition: Transition) -> Question:
    """Moves an issue. Sent twice, the second one is refused: the issue is there by then."""
    body = {"transition": {"id": transition.id}}
    path = f"api/issue/{segment(item.id)}/transitions"
    return Question("POST", path, f"move {one_line(item.key, 60)}", body=body, bodiless=True)


def versioned(item: WorkItem, operation: str, version_id: str, mark: str, value: Any) -> Question:
    """Adds a fix version, or takes it off, and writes in the same step who did.

    Args:
        operation: ``add`` or ``remove``; the other fix versions stay.
        mark: the property's key.
    """
    body = {
        "update": {"fixVersions": [{operation: {"id": version_id}}]},
        "properties": [{"key": mark, "value": value}],
    }
    return Question("PUT", f"api/issue/{segment(item.id)}", f"edit {one_line(item.key, 60)}", body=body, bodiless=True)


def prop(item: WorkItem, mark: str) -> Question:
    """One property of an issue."""
    path = f"api/issue/{segment(item.id)}/properties/{segment(mark)}"
    return Question("GET", path, f"show a property of {one_line(item.key, 60)}")


def transit_all(groups: Sequence[tuple[str, Sequence[str]]]) -> Question:
    """Moves many issues (Cloud).

    Args:
        groups: a transition's id, and the ids of the issues that take it, which have one workflow.
    """
    inputs = [{"selectedIssueIdsOrKeys": [*ids], "transitionId": one} for one, ids in groups]
    count = sum(len(ids) for _, ids in groups)
    body = {"bulkTransitionInputs": inputs, "sendBulkNotification": False}
    return Question("POST", "api/bulk/issues/transition", f"move {count} issues", body=body, idempotent=False)


def versioned_all(ids: Sequence[str], operation: str, version_id: str) -> Question:
    """Adds a fix version to many issues, or takes it off them (Cloud).

    Args:
        operation: ``add`` or ``remove``.
    """
    edit = {
        "bulkEditMultiSelectFieldOption": operation.upper(),
        "fieldId": "fixVersions",
        "versions": [{"versionId": version_id}],
    }
    body = {
        "selectedActions": ["fixVersions"],
        "selectedIssueIdsOrKeys": [*ids],
        "editedFieldsInput": {"multipleVersionPickerFields": [edit]},
        "sendBulkNotification": False,
    }
    return Question("POST", "api/bulk/issues/fields", f"edit {len(ids)} issues", body=body, idempotent=False)


def progress(task: str) -> Question:
    """How far an operation on many issues is."""
    return Question("GET", f"api/bulk/queue/{segment(task)}", "say how far that is")


def mark_all(ids: Sequence[str], mark: str, value: Any) -> Question:
    """Sets a property of many issues (Cloud); it is the same however often it is set."""
    body = {"value": value, "filter": {"entityIds": [int(one) for one in ids]}}
    return Question("PUT", f"api/issue/properties/{segment(mark)}", f"remember {len(ids)} issues", body=body)


def work_items(body: Any) -> list[WorkItem]:
    """The issues of an answer; those that are not there, or not shown, are left out of it.

    Raises:
        WrongShape: a part is missing.
    """
    return [_item(mapping(one, "an issue")) for one in items(mapping(body, "the answer").get("issues"), "issues")]


def next_page(body: Any, edition: Edition, seen: int) -> str:
    """Where the next page begins; empty behind the last one.

    Args:
        seen: how many issues were read before this page and on it.
    """
    answer = mapping(body, "the answer")
    if edition == "cloud":
        return optional_text(answer, "nextPageToken") or ""
    total = answer.get("total")
    return str(seen) if isinstance(total, int) and seen < total and answer.get("issues") else ""


def required(body: Any, transition: str) -> tuple[str, ...]:
    """Names of the fields that a transition's screen will not do without.

    Raises:
        WrongShape: a part is missing.
    """
    found = items(mapping(body, "the answer").get("transitions"), "transitions")
    beans = [mapping(one, "a transition") for one in found]
    fields = next((one.get("fields") for one in beans if one.get("id") == transition), None)
    asked = mapping({} if fields is None else fields, "fields").values()
    return tuple(
        text(bean, "name")
        for bean in (mapping(one, "a field") for one in asked)
        if bean.get("required") is True and bean.get("hasDefaultValue") is not True
    )


@dataclass(frozen=True)
class Progress:
    """How far an operation on many issues is."""

    ended: bool
    status: str
    processed: frozenset[str] = frozenset()
    """Ids of the issues for which it went well."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """By id, why it did not."""


def read_task(body: Any) -> str:
    """The id of an operation that has begun. Raises WrongShape: there is none."""
    return text(mapping(body, "the answer"), "taskId")


def read_progress(body: Any) -> Progress:
    """Raises WrongShape: a part is missing."""
    answer = mapping(body, "the answer")
    status = text(answer, "status")
    done, failed = answer.get("processedAccessibleIssues"), answer.get("failedAccessibleIssues")
    return Progress(
        status in ("COMPLETE", "FAILED", "CANCELLED", "DEAD"),
        status,
        frozenset(str(one) for one in items([] if done is None else done, "processedAccessibleIssues")),
        {name: _reasons(one) for name, one in mapping({} if failed is None else failed, "failed").items()},
    )


def _reasons(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _item(bean: Mapping[str, Any]) -> WorkItem:
    fields = mapping(bean.get("fields"), "fields")
    status, kind = mapping(fields.get("status"), "status"), mapping(fields.get("issuetype"), "issuetype")
    project, category = mapping(fields.get("project"), "project"), status.get("statusCategory")
    beans = [mapping(one, "a transition") for one in bean.get("transitions") or ()]
    marks = bean.get("properties")
    return WorkItem(
        id=digits(bean, "id"),
        key=text(bean, "key"),
        project_id=digits(project, "id"),
        project=text(project, "key"),
        title=optional_text(fields, "summary") or "",
        type_id=digits(kind, "id"),
        type=optional_text(kind, "name") or "",
        subtask=kind.get("subtask") is True,
        status_id=digits(status, "id"),
        status=text(status, "name"),
        category=optional_text(mapping(category, "statusCategory"), "key") or "" if category else "",
        versions=tuple(digits(mapping(one, "a version"), "id") for one in fields.get("fixVersions") or ()),
        transitions=tuple(_transition(one) for one in beans if one.get("isAvailable") is not False),
        restricted=fields.get("security") is not None,
        properties=marks if isinstance(marks, dict) else {},
    )


def _transition(bean: Mapping[str, Any]) -> Transition:
    target = mapping(bean.get("to"), "to")
    return Transition(
        text(bean, "id"), text(bean, "name"), digits(target, "id"), text(target, "name"), bean.get("hasScreen") is True
    )
