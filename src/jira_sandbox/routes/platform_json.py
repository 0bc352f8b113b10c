"""Issues and what belongs to them as the platform's API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jira_sandbox.desk.catalogue import WORK, IssueType, Project
from jira_sandbox.desk.change_issue import Change, Entry
from jira_sandbox.desk.fields import Field
from jira_sandbox.desk.ledger import LINK_TYPES, Comment
from jira_sandbox.desk.markup import document_of, markup_of
from jira_sandbox.desk.releases import Version
from jira_sandbox.desk.workflow import CATEGORIES, Transition
from jira_sandbox.moments import jira_date
from jira_sandbox.routing import Context

_OUTSIDE_NAVIGABLE = ("comment",)
_BY_APPROVAL = ("Approve", "Decline")


class View:
    """Makes JSON for one asker: at one address, in one edition and one version of the API."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.site.desk
        self.base = f"{context.address}/rest/api/{context.version}"

    def user(self, account: str) -> dict[str, Any]:
        person = self._desk.people.of(account)
        return self._context.edition.user(person, self._context.address, self._context.version)

    def rich(self, text: str, document: dict[str, Any] | None = None) -> Any:
        """A long text: a document in version 3 of the API, wiki markup in version 2. Nothing when it is empty."""
        if not text:
            return None
        if self._context.version == "3":
            return document or document_of(text)
        return markup_of(document) if document else text

    def status(self, identity: str) -> dict[str, Any]:
        status = self._desk.workflow.status(identity)
        return {
            "self": f"{self.base}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self._context.address}/images/icons/statuses/generic.png",
            "name": self._desk.shown(status.name),
            "id": status.id,
            "statusCategory": self.category(status.category),
        }

    def listed_status(self, identity: str) -> dict[str, Any]:
        """A status in a list of them, where Cloud says its own name beside the translated one."""
        own = {"untranslatedName": self._desk.workflow.status(identity).name}
        return {**self.status(identity), **(own if self._context.edition.is_cloud else {})}

    def category(self, key: str) -> dict[str, Any]:
        number, name, colour = CATEGORIES[key]
        link = f"{self.base}/statuscategory/{number}"
        return {"self": link, "id": number, "key": key, "colorName": colour, "name": self._desk.shown(name)}

    def issue_type(self, identity: str) -> dict[str, Any]:
        known = (one for one in self._desk.catalogue.issue_types if one.id == identity)
        kind = next(known, IssueType(identity, "Unknown"))
        return {
            "self": f"{self.base}/issuetype/{kind.id}",
            "id": kind.id,
            "description": "",
            "name": kind.name,
            "subtask": kind.subtask,
        }

    def project(self, identity: str) -> dict[str, Any]:
        known = (one for one in self._desk.catalogue.projects if one.id == identity)
        project = next(known, Project(identity, "GONE", "Gone"))
        return {
            "self": f"{self.base}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "service_desk" if project.desk else "software",
            "simplified": False,
        }

    def issue(self, change: Change, wanted: Sequence[str], expand: Iterable[str] = ()) -> dict[str, Any]:
        """An issue with the wanted fields; ``wanted`` as in the parameter ``fields``."""
        values = self._values(change, wanted)
        shown: dict[str, Any] = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": change.id,
            "self": f"{self.base}/issue/{change.id}",
            "key": change.key,
            "fields": values,
        }
        shown |= self.described(values, expand)
        if "changelog" in expand:
            shown["changelog"] = self._changelog(change)
        if "transitions" in expand:
            shown["transitions"] = [self.transition(one) for one in open_transitions(self._context, change)]
        return shown

    def described(self, identities: Iterable[str], expand: Iterable[str]) -> dict[str, Any]:
        """Names and schemas of fields, as far as ``expand`` asks for them."""
        fields = [field for field in map(self._desk.catalogue.field, identities) if field]
        shown: dict[str, Any] = {}
        if "names" in expand:
            shown["names"] = {field.id: field.name for field in fields}
        if "schema" in expand:
            shown["schema"] = {field.id: field.schema() for field in fields}
        return shown

    def value(self, field: Field, value: Any, document: dict[str, Any] | None = None) -> Any:
        """The value of a custom field, or of the labels; with the document that it shows, if it has one."""
        if value is None or (isinstance(value, str) and field.kind in ("string", "datetime", "system")):
            return value
        if field.kind == "datetime":
            return jira_date(value) if isinstance(value, int) else value
        if field.kind == "textarea":
            return self.rich(value, document)
        if field.kind == "select" and value in field.options:
            option = field.option_id(value)
            return {"self": f"{self.base}/customFieldOption/{option}", "value": value, "id": option}
        makers: dict[str, Any] = {
            "users": self.user,
            "groups": lambda one: {"name": one, "groupId": one},
            "services": lambda one: {"id": one},
        }
        maker = makers.get(field.kind)
        return [maker(one) for one in value] if maker and isinstance(value, list) else value

    def comment(self, issue: str, comment: Comment, expand: Iterable[str] = ()) -> dict[str, Any]:
        author = self.user(comment.author)
        shown = {
            "self": f"{self.base}/issue/{issue}/comment/{comment.id}",
            "id": comment.id,
            "author": author,
            "body": self.rich(comment.body, comment.document),
            "updateAuthor": author,
            "created": jira_date(comment.created),
            "updated": jira_date(comment.created),
            "jsdPublic": comment.public,
        }
        if "properties" in expand:
            shown["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shown

    def transition(self, one: Transition, expand: Iterable[str] = ()) -> dict[str, Any]:
        shown = {"id": one.id, "name": one.name, "to": self.status(one.target), "hasScreen": bool(one.required)}
        shown |= {"isGlobal": not one.sources, "isInitial": False, "isConditional": False, "isAvailable": True}
        if "transitions.fields" in expand:
            shown["fields"] = {name: self._asked_for(name) for name in one.required}
        return shown

    def _asked_for(self, identity: str) -> dict[str, Any]:
        field = self._desk.catalogue.field(identity) or Field(identity, identity)
        told = {"required": True, "schema": field.schema(), "name": field.name, "key": field.id}
        return {**told, "hasDefaultValue": False, "operations": ["set"]}

    def version(self, one: Version) -> dict[str, Any]:
        days = {"startDate": one.start, "releaseDate": one.release}
        return {
            "self": f"{self.base}/version/{one.id}",
            "id": one.id,
            "name": one.name,
            **({"description": one.description} if one.description else {}),
            **{name: day for name, day in days.items() if day},
            "archived": one.archived,
            "released": one.released,
            "projectId": int(one.project),
        }

    def _values(self, change: Change, wanted: Sequence[str]) -> dict[str, Any]:
        makers = self._system(change)
        customs = [] if change.issue_type in WORK else [one for one in self._desk.catalogue.fields if one.custom]
        for field in customs:
            makers[field.id] = lambda field=field: self.value(
                field, change.values.get(field.id), change.documents.get(field.id)
            )
        return {name: make() for name, make in makers.items() if _is_wanted(name, wanted)}

    def _system(self, change: Change) -> dict[str, Any]:
        extras, assignee = self._desk.extras, change.values.get("assignee")
        return {
            "summary": lambda: change.summary,
            "description": lambda: self.rich(change.description, change.documents.get("description")),
            "issuetype": lambda: self.issue_type(change.issue_type),
            "project": lambda: self.project(change.project),
            "status": lambda: self.status(change.status),
            "statusCategory": lambda: self.category(self._desk.workflow.status(change.status).category),
            "assignee": lambda: self.user(assignee) if assignee else None,
            "reporter": lambda: self.user(change.reporter),
            "creator": lambda: self.user(change.reporter),
            "created": lambda: jira_date(change.created),
            "updated": lambda: jira_date(change.updated),
            "labels": lambda: list(change.values.get("labels", ())),
            "issuelinks": lambda: self._links(change),
            "fixVersions": lambda: [
                self.version(self._desk.releases.find(one)) for one in change.values.get("fixVersions", ())
            ],
            "comment": lambda: self.comments(change.id, extras.comments(change.id)),
        }

    def comments(
        self, issue: str, comments: Sequence[Comment], start: int = 0, most: int = 5000, expand: Iterable[str] = ()
    ) -> dict[str, Any]:
        """A page of comments."""
        shown = [self.comment(issue, one, expand) for one in comments[start : start + most]]
        return {"comments": shown, "maxResults": most, "total": len(comments), "startAt": start}

    def _links(self, change: Change) -> list[dict[str, Any]]:
        shown = []
        for link in self._desk.extras.links(change.id):
            number, outward, inward = LINK_TYPES[link.kind]
            side, other = ("outwardIssue", link.outward) if link.inward == change.id else ("inwardIssue", link.inward)
            issue = self._context.site.issue(other)
            kind = {"id": number, "name": link.kind, "inward": inward, "outward": outward}
            if issue:
                fields = {"summary": issue.summary, "status": self.status(issue.status)}
                seen = {"id": issue.id, "key": issue.key, "self": f"{self.base}/issue/{issue.id}", "fields": fields}
                shown.append({"id": link.id, "type": kind, side: seen})
        return shown

    def _changelog(self, change: Change) -> dict[str, Any]:
        limit = self._context.edition.history_limit
        entries = change.history if limit is None else change.history[::-1][:limit]
        histories = [self._entry(one) for one in entries]
        return {"startAt": 0, "maxResults": len(histories), "total": len(change.history), "histories": histories}

    def _entry(self, entry: Entry) -> dict[str, Any]:
        items = [
            {
                "field": one.name,
                "fieldtype": "custom" if one.field.startswith("customfield_") else "jira",
                "fieldId": one.field,
                "from": one.before,
                "fromString": one.before_text,
                "to": one.after,
                "toString": one.after_text,
            }
            for one in entry.items
        ]
        return {
            "id": entry.id,
            "author": self.user(entry.author),
            "created": jira_date(entry.created),
            "items": items,
        }


def open_transitions(context: Context, issue: Change) -> list[Transition]:
    """The transitions that the asker may take: while an approval waits for answers, only it approves or declines."""
    desk = context.site.desk
    if "TRANSITION_ISSUES" in desk.denied or context.asker is None:
        return []
    waiting = bool(issue.approvals) and issue.approvals[-1].final == "pending"
    found = desk.workflow.open_from(issue.status, issue.project)
    return [one for one in found if not (waiting and one.name in _BY_APPROVAL)]


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    if f"-{name}" in wanted:
        return False
    navigable = "*navigable" in wanted and name not in _OUTSIDE_NAVIGABLE
    only_without = all(one.startswith("-") for one in wanted)
    return name in wanted or "*all" in wanted or navigable or only_without
