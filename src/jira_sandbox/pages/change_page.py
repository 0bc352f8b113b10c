"""The page of a change, and what a person does to it there: answer, move, edit its window, comment."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from urllib.parse import quote

from jira_sandbox.context import Context
from jira_sandbox.desk.change import Change
from jira_sandbox.desk.errors import Conflict, DeskError, Forbidden, NotFound
from jira_sandbox.desk.people import DINA
from jira_sandbox.documents import parameter
from jira_sandbox.exchange import Answer, Request
from jira_sandbox.pages import changes
from jira_sandbox.pages.answers import elsewhere, form, page, problem, versioned
from jira_sandbox.routing import Handler, Route

Step = Callable[[Context, Change, Mapping[str, str]], str]
"""Does what a form says, and gives the word under which DONE tells it."""
DONE = {
    "approved": "Approved. A gate that waits for this change sees it at its next look.",
    "declined": "Declined. A gate that waits for this change denies at its next look.",
    "moved": "The change was moved.",
    "window": "The window was set.",
    "commented": "The comment was added.",
}
_PRESET = datetime.timedelta(hours=2)


def show(context: Context, request: Request, change: Change, fault: str = "", code: int = 200) -> Answer:
    """The page; with what could not be done on it."""
    desk = context.site.desk
    view = page(
        context,
        "change.html",
        code,
        key=change.key,
        title=change.summary,
        description=change.description,
        project=desk.catalogue.project(change.project).name,
        status=changes.lozenge(context, change),
        reporter=desk.people.of(change.reporter).display,
        created=change.created,
        steps=changes.steps(context, change),
        transitions=changes.transitions(context, change),
        approvals=changes.approvals(context, change),
        to_be_asked=changes.to_be_asked(context, change),
        implementing=changes.implementing(context),
        window=changes.window(context, change),
        fields=changes.fields(context, change),
        comments=changes.comments(context, change),
        history=changes.history(context, change),
        links=changes.links(context, change),
        remote_links=changes.remote_links(context, change),
        waiting=context.site.trials.script.waiting(change.id),
        done=DONE.get(parameter(request, "done"), ""),
        fault=fault,
    )
    return versioned(request, view)


def _approve(context: Context, change: Change, given: Mapping[str, str]) -> str:
    answered = _answer(context, change, given, "approved")
    final = answered.approvals[-1].final if answered.approvals else "pending"
    over = final == "approved" and changes.pending(answered) is None
    if over and given.get("onward") and changes.implementing(context):
        context.site.desk.enter(change.key, changes.IMPLEMENTING, DINA.account)
    return "approved"


def _decline(context: Context, change: Change, given: Mapping[str, str]) -> str:
    answered = _answer(context, change, given, "declined")
    declined = [one for one in context.site.desk.workflow.open_from(answered.status) if one.name == "Decline"]
    if declined:
        context.site.desk.enter(change.key, declined[0].target, DINA.account)
    return "declined"


def _answer(context: Context, change: Change, given: Mapping[str, str], decision: str) -> Change:
    """The change after this answer; asked for first, where it was not yet."""
    desk = context.site.desk
    if not change.approvals and changes.to_be_asked(context, change):
        change = desk.enter(change.key, desk.stages[0].status, DINA.account)
    waiting = changes.pending(change)
    if waiting is None:
        raise Conflict("Nobody is asked to approve this change any more.")
    account = given.get("by", "")
    return desk.answer(change.key, waiting.id, account, "approved" if decision == "approved" else "declined")


def _move(context: Context, change: Change, given: Mapping[str, str]) -> str:
    wanted = given.get("status", "")
    if wanted not in (target for _, target, _ in changes.transitions(context, change)):
        raise Conflict("The change cannot be moved there from where it is now.")
    context.site.desk.enter(change.key, wanted, DINA.account)
    return "moved"


def _window(context: Context, change: Change, given: Mapping[str, str]) -> str:
    start, end = (_moment(given.get(name, "")) for name in ("start", "end"))
    if given.get("preset") == "now":
        start = context.site.desk.clock.now().replace(second=0, microsecond=0)
        end = start + _PRESET
    elif given.get("preset") == "none":
        start = end = None
    context.site.trials.window(change.key, start, end)
    return "window"


def _moment(text: str) -> datetime.datetime | None:
    if not text:
        return None
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise DeskError(f"{text[:40]!r} is no moment such as 2026-03-01T14:00.") from error
    return at.replace(tzinfo=datetime.timezone.utc)


def _comment(context: Context, change: Change, given: Mapping[str, str]) -> str:
    desk, public = context.site.desk, given.get("visibility") == "public"
    desk.extras.comment(change.id, DINA.account, given.get("body", ""), desk.clock.milliseconds(), public=public)
    return "commented"


def _handler(step: Step) -> Handler:
    def handle(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        given = form(request)
        if isinstance(given, str):
            return problem(context, 403, "Refused", given)
        change = context.site.issue(captured["key"])
        if change is None or not change.request_type:
            return problem(context, 404, f"There is no change {captured['key'][:300]}", "It may have been deleted.")
        try:
            with context.site.desk.ledger.lock:
                done = step(context, change, given)
        except DeskError as error:
            code = {NotFound: 404, Forbidden: 403, Conflict: 409}.get(type(error), 400)
            return show(context, request, context.site.issue(change.id) or change, str(error), code)
        return elsewhere(f"/browse/{quote(change.key, safe='')}?done={done}")

    return handle


_STEPS: Mapping[str, Step] = {
    "approve": _approve,
    "decline": _decline,
    "move": _move,
    "window": _window,
    "comment": _comment,
}
ROUTES = tuple(Route("POST", f"/browse/{{key}}/{name}", _handler(step)) for name, step in _STEPS.items())
