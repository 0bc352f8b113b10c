"""What other clients of Jira ask besides: projects, statuses, kinds of links, making an issue, one comment, keys of
properties, participants of a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jira_sandbox.authorization import guarded, need
from jira_sandbox.desk.catalogue import WORK, Project
from jira_sandbox.desk.change_issue import Change, checked_summary
from jira_sandbox.desk.ledger import LINK_TYPES, Comment
from jira_sandbox.desk.markup import DocumentText, document_text
from jira_sandbox.documents import anything, body_of, expanded, items, record, text
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.jira_errors import BadRequest, DeskError, Forbidden, NotFound, desk_error, platform_error
from jira_sandbox.routes.desk_json import page
from jira_sandbox.routes.issue_routes import UPDATE, parsed, visible
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context, Route

_API = "/rest/api/{version}"
_ISSUE = f"{_API}/issue/{{issueIdOrKey}}"
_REQUEST = "/rest/servicedeskapi/request/{issueIdOrKey}"
_COMMENT = record({"body": anything}, {"properties": items(record({})), "visibility": record({})})
_PEOPLE = record({}, {"accountIds": items(text()), "usernames": items(text())})
_TO_DO = "10000"


def _projects(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, [View(context).project(one.id) for one in context.site.desk.catalogue.projects])


def _project(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    found, view = context.site.desk.catalogue.project(captured["projectIdOrKey"]), View(context)
    versions = [view.version(one) for one in context.site.desk.releases.of(found.id)]
    kinds = [view.issue_type(one.id) for one in _kinds(context, found)]
    return json_answer(200, {**view.project(found.id), "versions": versions, "issueTypes": kinds})


def _kinds(context: Context, project: Project) -> list[Any]:
    return [one for one in context.site.desk.catalogue.issue_types if (one.id in WORK) != bool(project.desk)]


def _statuses(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, [View(context).listed_status(one.id) for one in context.site.desk.workflow.statuses])


def _link_types(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    shown = [
        {"id": identity, "name": name, "outward": outward, "inward": inward}
        for name, (identity, outward, inward) in LINK_TYPES.items()
    ]
    return json_answer(200, {"issueLinkTypes": shown})


def _create(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Makes what is developed; what a service desk is asked for is raised at the desk."""
    fields = dict(body_of(request, UPDATE, "INVALID_INPUT").get("fields", {}))
    desk = context.site.desk
    try:
        given = fields.pop("project")
        project = desk.catalogue.project(str(given.get("key", given.get("id", ""))))
    except (KeyError, AttributeError, NotFound) as error:
        raise DeskError(fields={"project": "valid project is required"}) from error
    asker = need(context, "CREATE_ISSUES", "You do not have permission to create issues in this project.")
    kind = fields.pop("issuetype", None)
    wanted = {kind.get("id"), kind.get("name")} if isinstance(kind, dict) else set()
    found = next((one for one in _kinds(context, project) if wanted & {one.id, one.name}), None)
    if found is None:
        raise DeskError(fields={"issuetype": "Specify a valid issue type"})
    summary, now = checked_summary(fields.pop("summary", None)), desk.clock.milliseconds()
    with desk.ledger.lock:
        numbers = desk.ledger.number("ids"), desk.ledger.key(project.key)
        made = Change(
            *(*numbers, project.id, found.id, "", summary, "", _TO_DO, asker.account, now, now),
            statuses=((_TO_DO, now),),
        )
        changes = parsed(context, fields, issue=made)
        desk.ledger.put(made)
    if changes:
        desk.edit(made.id, changes, asker.account)
    return json_answer(201, {"id": made.id, "key": made.key, "self": f"{View(context).base}/issue/{made.id}"})


def _comment(context: Context, captured: dict[str, str]) -> tuple[Change, Comment]:
    issue = visible(context, captured["issueIdOrKey"])
    for one in context.site.desk.extras.comments(issue.id):
        if one.id == captured["id"]:
            return issue, one
    raise NotFound(f"Can not find a comment for the id: {captured['id']}.")


def _read_comment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, comment = _comment(context, captured)
    return json_answer(200, View(context).comment(issue.id, comment, expanded(request)))


def _edit_comment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    document = body_of(request, _COMMENT, "INVALID_INPUT")
    issue, comment = _comment(context, captured)
    asker = need(context, "ADD_COMMENTS", "You do not have the permission to edit this comment.")
    if comment.author != asker.account:
        raise Forbidden("You do not have the permission to edit this comment.")
    body = document_text(document["body"]) if context.version == "3" else document["body"]
    if not isinstance(body, str) or not body.strip():
        raise DeskError(fields={"comment": "Comment body can not be empty!"})
    shown = body.document if isinstance(body, DocumentText) else None
    after = context.site.desk.extras.edit_comment(issue.id, replace(comment, body=str(body), document=shown))
    return json_answer(200, View(context).comment(issue.id, after, expanded(request)))


def _property_keys(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = visible(context, captured["issueIdOrKey"])
    link = f"{View(context).base}/issue/{issue.id}/properties"
    keys = [{"self": f"{link}/{key}", "key": key} for key in context.site.desk.extras.properties(issue.id)]
    return json_answer(200, {"keys": keys})


def _participants(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue, people = _raised(context, captured), context.site.desk.people
    asked = [people.of(account) for account in issue.values.get("participants", ())]
    return page(context, request, asked, lambda one: context.edition.customer(one, context.address))


def _raised(context: Context, captured: dict[str, str]) -> Change:
    issue = visible(context, captured["issueIdOrKey"])
    if not issue.request_type:
        raise NotFound("The issue is no request of a service desk.")
    return issue


def _invite(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return _invited(context, request, captured, leave=False)


def _uninvite(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return _invited(context, request, captured, leave=True)


def _invited(context: Context, request: Request, captured: dict[str, str], *, leave: bool) -> Answer:
    document, issue = body_of(request, _PEOPLE, "The request is not valid:"), _raised(context, captured)
    need(context, "SERVICEDESK_AGENT", "You do not have permission to change the participants.")
    given = document.get("accountIds" if context.edition.is_cloud else "usernames", [])
    if not given:
        raise BadRequest("Nobody is named.")
    accounts = [context.site.desk.people.find(one).account for one in given]

    def alteration(change: Change) -> Change:
        others = [one for one in change.values.get("participants", ()) if one not in accounts]
        return replace(change, values={**change.values, "participants": [*others, *([] if leave else accounts)]})

    context.site.desk.alter(issue.id, alteration)
    return _participants(context, request, captured)


ROUTES = [
    *guarded(
        [
            Route("GET", f"{_API}/project", _projects),
            Route("GET", f"{_API}/project/{{projectIdOrKey}}", _project),
            Route("GET", f"{_API}/status", _statuses),
            Route("GET", f"{_API}/issueLinkType", _link_types),
            Route("POST", f"{_API}/issue", _create),
            Route("GET", f"{_ISSUE}/comment/{{id}}", _read_comment),
            Route("PUT", f"{_ISSUE}/comment/{{id}}", _edit_comment),
            Route("GET", f"{_ISSUE}/properties", _property_keys),
        ],
        platform_error,
    ),
    *guarded(
        [
            Route("GET", f"{_REQUEST}/participant", _participants),
            Route("POST", f"{_REQUEST}/participant", _invite),
            Route("DELETE", f"{_REQUEST}/participant", _uninvite),
        ],
        desk_error,
    ),
]
