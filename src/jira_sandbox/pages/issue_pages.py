"""The page of an issue with its development panel, and that of a change with what a person does to it there."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import quote

from jira_sandbox.accounts import DINA
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.documents import parameter
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.jira_errors import Conflict, DeskError
from jira_sandbox.pages import change_view, report_view
from jira_sandbox.pages.rendering import elsewhere, form, page, problem, versioned
from jira_sandbox.pages.report_view import TYPES
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.routing import Context, Handler, Route

Step = Callable[[Context, Change, Mapping[str, str]], str]
"""Does what a form says, and gives the word under which DONE tells it."""
DONE = {
    "approved": "Approved. A gate that waits for this change sees it at its next look.",
    "declined": "Declined. A gate that waits for this change denies at its next look.",
    "moved": "The change was moved.",
    "window": "The window was set.",
    "commented": "The comment was added.",
}
_MOST = 200  # builds or deployments on a page
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
        description=change_view.description(change),
        project=desk.catalogue.project(change.project).name,
        status=change_view.lozenge(context, change),
        reporter=desk.people.of(change.reporter).display,
        created=change.created,
        steps=change_view.steps(context, change),
        transitions=change_view.transitions(context, change),
        approvals=change_view.approvals(context, change),
        to_be_asked=change_view.to_be_asked(context, change),
        implementing=change_view.implementing(context),
        window=change_view.window(context, change),
        fields=change_view.fields(context, change),
        comments=change_view.comments(context, change),
        history=change_view.history(context, change),
        links=change_view.links(context, change),
        remote_links=change_view.remote_links(context, change),
        waiting=context.site.trials.script.waiting(change.id),
        done=DONE.get(parameter(request, "done"), ""),
        fault=fault,
    )
    return versioned(request, view)


def _approve(context: Context, change: Change, given: Mapping[str, str]) -> str:
    answered = _answer(context, change, given, "approved")
    final = answered.approvals[-1].final if answered.approvals else "pending"
    over = final == "approved" and change_view.pending(answered) is None
    if over and given.get("onward") and change_view.implementing(context):
        context.site.desk.enter(change.key, change_view.IMPLEMENTING, DINA.account)
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
    if not change.approvals and change_view.to_be_asked(context, change):
        change = desk.enter(change.key, desk.stages[0].status, DINA.account)
    waiting = change_view.pending(change)
    if waiting is None:
        raise Conflict("Nobody is asked to approve this change any more.")
    account = given.get("by", "")
    return desk.answer(change.key, waiting.id, account, "approved" if decision == "approved" else "declined")


def _move(context: Context, change: Change, given: Mapping[str, str]) -> str:
    wanted = given.get("status", "")
    if wanted not in (target for _, target, _ in change_view.transitions(context, change)):
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
            return show(context, request, context.site.issue(change.id) or change, str(error), error.status)
        return elsewhere(f"/browse/{quote(change.key, safe='')}?done={done}")

    return handle


_STEPS: Mapping[str, Step] = {
    "approve": _approve,
    "decline": _decline,
    "move": _move,
    "window": _window,
    "comment": _comment,
}


def _browse(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = context.site.issue(captured["key"])
    if issue is None:
        key = captured["key"][:300]
        return problem(context, 404, f"There is no issue {key}", "It does not exist, or nobody is allowed to see it.")
    if issue.request_type:
        return show(context, request, issue)
    return versioned(request, _issue(context, issue))


def _issue(context: Context, issue: Change) -> Answer:
    builds = report_view.newest(report_view.build(*one) for one in context.site.stored(BUILDS) if issue.key in one[1])
    deployments = report_view.newest(
        report_view.deployment(*one) for one in context.site.stored(DEPLOYMENTS) if issue.key in one[1]
    )
    newest = report_view.latest(deployments)
    by_type = [(name, [one for one in newest if one.type == name]) for name in TYPES]
    return page(
        context,
        "issue.html",
        key=issue.key,
        title=issue.summary,
        description=change_view.description(issue),
        project=context.site.desk.catalogue.project(issue.project).name,
        status=change_view.lozenge(context, issue),
        builds=builds[:_MOST],
        build_count=len(builds),
        build_states=Counter(one.state for one in builds).most_common(),
        deployments=deployments[:_MOST],
        deployment_count=len(deployments),
        environments=[(name, many) for name, many in by_type if many],
        remote_links=change_view.remote_links(context, issue),
        links=change_view.links(context, issue),
        comments=change_view.comments(context, issue),
    )


def _portal(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Where Jira's customers look at their requests."""
    return elsewhere(f"/browse/{quote(captured['key'], safe='')}")


ROUTES = (
    *(Route("POST", f"/browse/{{key}}/{name}", _handler(step)) for name, step in _STEPS.items()),
    Route("GET", "/browse/{key}", _browse),
    Route("GET", "/changes/{key}", _browse),
    Route("GET", "/servicedesk/customer/portal/{desk}/{key}", _portal),
)
