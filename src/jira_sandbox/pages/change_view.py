"""A change as its page shows it: plain values, made from the desk's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

from jira_sandbox import moments
from jira_sandbox.desk import markup
from jira_sandbox.desk.actions import item
from jira_sandbox.desk.change_issue import Approval, Change
from jira_sandbox.desk.ledger import LINK_TYPES
from jira_sandbox.desk.workflow import STATUSES
from jira_sandbox.pages.rendering import web_address
from jira_sandbox.routing import Context

WINDOW = ("Planned start", "Planned end")
IMPLEMENTING = STATUSES[4].id
_REFUSED = tuple(status.id for status in STATUSES[6:9])  # Declined, Canceled, Failed: they are over, and not done
_PATH = tuple(status.id for status in STATUSES[:6])  # Review to Completed


@dataclass(frozen=True)
class Lozenge:
    """A status and what colours it: its category, or ``refused`` where it is done and nothing was."""

    name: str
    category: str


@dataclass(frozen=True)
class Step:
    """One status on the way of a change: ``done``, ``now``, or ``later``."""

    name: str
    place: Literal["done", "now", "later"]


@dataclass(frozen=True)
class Window:
    """The change's window. ``start`` and ``end`` are for a form, ``text`` is for people."""

    there: bool
    start: str = ""
    end: str = ""
    text: str = ""


def lozenge(context: Context, issue: Change) -> Lozenge:
    """Its status."""
    status = context.site.desk.workflow.status(issue.status)
    return Lozenge(status.name, "refused" if status.id in _REFUSED else status.category)


def steps(context: Context, change: Change) -> list[Step]:
    """The way from the first status to the last; a status beside the way stands behind those that were reached."""
    workflow, had = context.site.desk.workflow, {status for status, _ in change.statuses}
    path = [one for one in _PATH if any(one == status.id for status in workflow.statuses)]
    if change.status not in path:
        reached = [one for one in path if one in had]
        return [
            *(Step(workflow.status(one).name, "done") for one in reached),
            Step(workflow.status(change.status).name, "now"),
        ]
    index = path.index(change.status)
    places: list[Literal["done", "now", "later"]] = [
        "done" if at < index else "now" if at == index else "later" for at in range(len(path))
    ]
    return [Step(workflow.status(one).name, place) for one, place in zip(path, places, strict=True)]


def transitions(context: Context, change: Change) -> list[tuple[str, str, str]]:
    """Names, targets' ids and targets' names of what can be done now, without what answers an approval."""
    workflow = context.site.desk.workflow
    waiting = pending(change) is not None
    found = [one for one in workflow.open_from(change.status) if not (waiting and one.name in ("Approve", "Decline"))]
    return [(one.name, one.target, workflow.status(one.target).name) for one in found]


def implementing(context: Context) -> str:
    """What the status is called in which a change is carried out; nothing on a site without it."""
    return next((one.name for one in context.site.desk.workflow.statuses if one.id == IMPLEMENTING), "")


def pending(change: Change) -> Approval | None:
    """The approval that waits for answers."""
    return next((one for one in reversed(change.approvals) if one.final == "pending"), None)


def approvals(context: Context, change: Change) -> list[dict[str, Any]]:
    """Every approval, newest first, with who was asked."""
    people = context.site.desk.people
    return [
        {
            "id": one.id,
            "name": one.name,
            "decision": one.final,
            "given": sum(answer == "approved" for answer in one.decisions.values()),
            "needed": min(one.needed or len(one.decisions), len(one.decisions)),
            "people": [
                {"account": account, "name": people.of(account).display, "decision": answer}
                for account, answer in one.decisions.items()
            ],
        }
        for one in reversed(change.approvals)
    ]


def to_be_asked(context: Context, change: Change) -> list[dict[str, str]]:
    """Who will be asked as soon as the change gets to its approval; nobody when that is behind it."""
    desk = context.site.desk
    if change.approvals or not desk.stages or desk.workflow.status(change.status).category == "done":
        return []
    if change.status not in _PATH[:3]:
        return []
    own = [account for one in desk.catalogue.named("Approvers") for account in change.values.get(one.id, ())]
    asked = own or list(desk.stages[0].approvers)
    return [{"account": account, "name": desk.people.of(account).display} for account in asked]


def window(context: Context, change: Change) -> Window:
    """When it may be implemented."""
    catalogue = context.site.desk.catalogue
    named = [catalogue.named(name) for name in WINDOW]
    if not any(named):
        return Window(there=False)
    start, end = (change.values.get(fields[0].id) if fields else None for fields in named)
    words = [moments.minute(one) if isinstance(one, int) else str(one) if one else "open" for one in (start, end)]
    if isinstance(start, int) and isinstance(end, int):  # a day is said once
        words[1] = words[1].removeprefix(words[0].rpartition(" ")[0] + " ")
    forms = [moments.field(one) if isinstance(one, int) else "" for one in (start, end)]
    return Window(True, forms[0], forms[1], " – ".join(words) if start or end else "")


def fields(context: Context, change: Change) -> list[tuple[str, str]]:
    """Names and values of its other fields."""
    desk = context.site.desk
    lines = [
        item(desk.catalogue, desk.people, one.id, None, change.values[one.id])
        for one in desk.catalogue.fields
        if change.values.get(one.id) not in (None, "", [], ()) and one.name not in WINDOW
    ]
    return [(one.name.capitalize() if one.field == "labels" else one.name, one.after_text or "") for one in lines]


def comments(context: Context, change: Change) -> list[dict[str, Any]]:
    """Oldest first."""
    desk = context.site.desk
    return [
        {
            "by": desk.people.of(one.author).display,
            "body": _followed(markup.shown(one.body, one.document)),
            "public": one.public,
            "at": one.created,
        }
        for one in desk.extras.comments(change.id)
    ]


def description(issue: Change) -> list[list[markup.Part]]:
    """What people see of it, line by line; nothing without one."""
    return _followed(markup.shown(issue.description, issue.documents.get("description"))) if issue.description else []


def _followed(lines: list[list[markup.Part]]) -> list[list[markup.Part]]:
    """The lines with those addresses only that are of the web."""
    return [[(text, web_address(address)) for text, address in line] for line in lines]


def history(context: Context, change: Change) -> list[dict[str, Any]]:
    """What was changed and who answered an approval, newest first."""
    people = context.site.desk.people
    given = [(one.after, name, one) for name, one in ((it.name, one) for it in change.approvals for one in it.answers)]
    found: list[dict[str, Any]] = []
    for at in range(len(change.history) + 1):
        found += [
            {
                "by": people.of(one.account).display,
                "at": one.at,
                "items": [(f"approval {name}", "waiting", one.decision)],
            }
            for after, name, one in given
            if after == at
        ]
        for entry in change.history[at : at + 1]:
            items = [(one.name, _words(one.before_text), _words(one.after_text)) for one in entry.items]
            found.append({"by": people.of(entry.author).display, "at": entry.created, "items": items})
    return found[::-1]


_JIRA_DATE = "%d/%b/%y %I:%M %p"


def _words(text: str | None) -> str:
    """What it was, with a moment written as on the rest of the page."""
    try:
        at = datetime.strptime(text or "", _JIRA_DATE).replace(tzinfo=timezone.utc)
    except ValueError:
        return text or "nothing"
    return moments.minute(moments.milliseconds(at))


def links(context: Context, issue: Change) -> list[dict[str, Any]]:
    """The issues that it is linked to, in the words of the link."""
    found = []
    for one in context.site.desk.extras.links(issue.id):
        _, outward, inward = LINK_TYPES[one.kind]
        words, end = (inward, one.outward) if one.inward == issue.id else (outward, one.inward)
        other = context.site.issue(end)
        if other:
            found.append({"words": words, "key": other.key, "title": other.summary, "status": lozenge(context, other)})
    return found


def remote_links(context: Context, issue: Change) -> list[dict[str, Any]]:
    """Links to elsewhere, as they were given; of an address that is none of the web only the text is left."""
    found = []
    for one in context.site.desk.extras.remote_links(issue.id):
        shown, application = one.get("object") or {}, one.get("application") or {}
        status = shown.get("status") or {}
        found.append(
            {
                "title": str(shown.get("title", "")),
                "summary": str(shown.get("summary") or ""),
                "url": web_address(shown.get("url")),
                "relationship": str(one.get("relationship") or "Web links"),
                "application": str(application.get("name") or ""),
                "resolved": status.get("resolved") is True,
            }
        )
    return sorted(found, key=lambda one: one["relationship"].casefold())
