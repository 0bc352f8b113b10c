"""A change for people, with words where the API has ids: what the sandbox tells of itself."""

from __future__ import annotations

from typing import Any

from jira_sandbox.context import Context
from jira_sandbox.desk.change import Change
from jira_sandbox.desk.words import jira_date
from jira_sandbox.shown import View


def told(context: Context, change: Change) -> dict[str, Any]:
    """A change for people: with words where the API has ids."""
    desk, view = context.site.desk, View(context)
    people, status = desk.people, desk.workflow.status(change.status)
    fields = {field.id: field for field in desk.catalogue.fields if field.id in change.values}
    return {
        "id": change.id,
        "key": change.key,
        "summary": change.summary,
        "description": change.description,
        "issue-type": view.issue_type(change.issue_type)["name"],
        "status": {"name": status.name, "category": status.category},
        "reporter": people.of(change.reporter).display,
        "created": jira_date(change.created),
        "fields": {field.name: view.value(field, change.values[name]) for name, field in fields.items()},
        "approvals": _approvals(context, change),
        "comments": _comments(context, change),
        "history": _history(context, change),
        "links": _linked(context, change),
        "remote-links": desk.extras.remote_links(change.id),
        "properties": desk.extras.properties(change.id),
        "hidden": change.hidden,
        "deleted": change.deleted,
        "steps-waiting": context.site.trials.script.waiting(change.id),
    }


def _approvals(context: Context, change: Change) -> list[dict[str, Any]]:
    people = context.site.desk.people
    return [
        {
            "id": one.id,
            "name": one.name,
            "decision": one.final,
            "created": jira_date(one.created),
            "approvers": {people.of(account).display: answer for account, answer in one.decisions.items()},
        }
        for one in change.approvals
    ]


def _comments(context: Context, change: Change) -> list[dict[str, Any]]:
    desk = context.site.desk
    return [
        {"by": desk.people.of(one.author).display, "body": one.body, "public": one.public}
        for one in desk.extras.comments(change.id)
    ]


def _linked(context: Context, change: Change) -> list[str]:
    """Keys of the issues that it is linked to."""
    ends = [end for one in context.site.desk.extras.links(change.id) for end in (one.outward, one.inward)]
    issues = (context.site.issue(end) for end in ends if end != change.id)
    return [issue.key for issue in issues if issue]


def _history(context: Context, change: Change) -> list[dict[str, Any]]:
    people = context.site.desk.people
    return [
        {
            "by": people.of(one.author).display,
            "at": jira_date(one.created),
            "changed": {item.name: [item.before_text, item.after_text] for item in one.items},
        }
        for one in change.history
    ]
