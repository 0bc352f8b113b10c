"""Service desks and requests as the service desk's API shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from jira_sandbox.desk.catalogue import Project, RequestType
from jira_sandbox.desk.change_issue import Approval, Change
from jira_sandbox.desk.fields import Field
from jira_sandbox.desk.ledger import Comment
from jira_sandbox.desk.markup import markup_of
from jira_sandbox.documents import number
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import DeskError, NotFound
from jira_sandbox.moments import jira_date, moment
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context

_One = TypeVar("_One")
_MOST = 100
_EXPANDS = ("participant", "status", "sla", "requestType", "serviceDesk", "attachment", "action", "comment")


def date(milliseconds: int) -> dict[str, Any]:
    """A moment in the forms in which this API tells it, for somebody who lives in UTC."""
    at = moment(milliseconds)
    return {
        "epochMillis": milliseconds,
        "friendly": at.strftime("%d/%b/%y %I:%M %p"),
        "iso8601": jira_date(milliseconds)[:19] + "+0000",
        "jira": jira_date(milliseconds),
    }


def page(context: Context, request: Request, values: Sequence[_One], show: Callable[[_One], Any]) -> Answer:
    """One page of these values, as the request's ``start`` and ``limit`` want it."""
    start, limit = max(0, _number(request, "start", 0)), _number(request, "limit", 50)
    limit = min(limit, _MOST) if limit > 0 else 50
    shown = [show(one) for one in values[start : start + limit]]
    link = f"{context.address}{request.path}?start={{}}&limit={limit}"
    links = {
        "base": f"{context.address}/rest/servicedeskapi",
        "context": "",
        "self": f"{context.address}{request.path}",
    }
    last = start + len(shown) >= len(values)
    if not last:
        links["next"] = link.format(start + limit)
    if start:
        links["prev"] = link.format(max(0, start - limit))
    body = {"_expands": [], "size": len(shown), "start": start, "limit": limit, "isLastPage": last, "_links": links}
    return json_answer(200, {**body, "values": shown})


def _number(request: Request, name: str, default: int) -> int:
    try:
        return number(request, name, default)
    except DeskError as error:  # the framework behind this API finds no such address then
        raise NotFound(str(error)) from error


class DeskView:
    """Makes JSON for one asker."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._site = context.site.desk
        self.base = f"{context.address}/rest/servicedeskapi"

    def user(self, account: str) -> dict[str, Any]:
        return self._context.edition.customer(self._site.people.of(account), self._context.address)

    def desk(self, project: Project) -> dict[str, Any]:
        return {
            "id": project.desk,
            "projectId": project.id,
            "projectName": project.name,
            "projectKey": project.key,
            "projectTypeKey": "service_desk",
            "_links": {"self": f"{self.base}/servicedesk/{project.desk}"},
        }

    def request_type(self, kind: RequestType) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "_expands": ["field"],
            "id": kind.id,
            "_links": {"self": f"{self.base}/servicedesk/{kind.desk}/requesttype/{kind.id}"},
            "name": self._site.shown(kind.name),
            "description": kind.description,
            "helpText": "",
            "issueTypeId": kind.issue_type,
            "serviceDeskId": kind.desk,
            "portalId": kind.desk,
            "groupIds": [] if kind.hidden else ["12"],
        }
        if self._context.edition.is_cloud:
            shown |= {"canCreateRequest": True, "practice": "CHANGE_MANAGEMENT", "restrictionStatus": "OPEN"}
        return shown

    def form(self, kind: RequestType) -> list[dict[str, Any]]:
        """The fields of a request type that this site has."""
        fields = [field for field in map(self._site.catalogue.field, kind.fields) if field]
        return [self._field(field, field.id in kind.required) for field in fields]

    def _field(self, field: Field, required: bool) -> dict[str, Any]:
        values = [{"value": field.option_id(one), "label": one, "children": []} for one in field.options]
        return {
            "fieldId": field.id,
            "name": field.name,
            "description": "",
            "required": required,
            "visible": True,
            "validValues": values,
            "defaultValues": [],
            "presetValues": [],
            "jiraSchema": field.schema(),
        }

    def request(self, change: Change, expand: Iterable[str] = ()) -> dict[str, Any]:
        kind = next((one for one in self._site.catalogue.request_types if one.id == change.request_type), None)
        desk = kind.desk if kind else ""
        address = self._context.address
        shown = {
            "_expands": list(_EXPANDS),
            "issueId": change.id,
            "issueKey": change.key,
            "summary": change.summary,
            "requestTypeId": change.request_type,
            "serviceDeskId": desk,
            "createdDate": date(change.created),
            "reporter": self.user(change.reporter),
            "requestFieldValues": self._values(change, kind),
            "currentStatus": self.statuses(change)[0],
            "_links": {
                "jiraRest": f"{address}/rest/api/2/issue/{change.id}",
                "web": f"{address}/servicedesk/customer/portal/{desk}/{change.key}",
                "agent": f"{address}/browse/{change.key}",
                "self": f"{self.base}/request/{change.id}",
            },
        }
        if "requestType" in expand and kind:
            shown["requestType"] = self.request_type(kind)
        if "serviceDesk" in expand and kind:
            shown["serviceDesk"] = self.desk(self._site.catalogue.desk(kind.desk))
        return shown

    def _values(self, change: Change, kind: RequestType | None) -> list[dict[str, Any]]:
        own = {"summary": change.summary, "description": _markup(change, "description", change.description)}
        names = [name for name in (kind.fields if kind else ("summary",)) if name in own or name in change.values]
        fields = [field for field in map(self._site.catalogue.field, names) if field]
        return [
            {"fieldId": one.id, "label": one.name, "value": own.get(one.id) or self._value(one, change)}
            for one in fields
        ]

    def _value(self, field: Field, change: Change) -> Any:
        value = change.values.get(field.id)
        # Long texts are wiki markup here, whatever the platform's version.
        return _markup(change, field.id, value) if field.kind == "textarea" else View(self._context).value(field, value)

    def statuses(self, change: Change) -> list[dict[str, Any]]:
        """Every status that the request had, newest first."""
        shown = []
        for identity, at in reversed(change.statuses or ((change.status, change.created),)):
            status = self._site.workflow.status(identity)
            name = self._site.shown(status.name)
            shown.append({"status": name, "statusCategory": status.category.upper(), "statusDate": date(at)})
        return shown

    def approval(self, change: Change, approval: Approval) -> dict[str, Any]:
        asker = self._context.asker
        shown = {
            "id": approval.id,
            "name": approval.name,
            "finalDecision": approval.final,
            "canAnswerApproval": approval.final == "pending"
            and bool(asker)
            and approval.decisions.get(asker.account if asker else "") == "pending",
            "approvers": [
                {"approver": self.user(account), "approverDecision": decision}
                for account, decision in approval.decisions.items()
            ],
            "createdDate": date(approval.created),
            "_links": {"self": f"{self.base}/request/{change.id}/approval/{approval.id}"},
        }
        if approval.completed is not None:
            shown["completedDate"] = date(approval.completed)
        if not self._context.edition.is_cloud:
            shown["condition"] = {"type": "number", "value": str(approval.needed or len(approval.decisions))}
        return shown

    def comment(self, change: Change, comment: Comment) -> dict[str, Any]:
        return {
            "_expands": ["attachment", "renderedBody"],
            "id": comment.id,
            "body": markup_of(comment.document) if comment.document else comment.body,
            "public": comment.public,
            "author": self.user(comment.author),
            "created": date(comment.created),
            "_links": {"self": f"{self.base}/request/{change.id}/comment/{comment.id}"},
        }


def _markup(change: Change, field: str, text: Any) -> Any:
    document = change.documents.get(field)
    return markup_of(document) if document else text
