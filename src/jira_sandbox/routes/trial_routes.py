"""The sandbox's own API, outside of Jira's paths: steps of a trial, and what a person asks it about itself.

Whoever can reach the sandbox may take steps, so that nobody else's page in the same browser may: requests from other
origins, and such that any page could send, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jira_sandbox.authorization import foreign
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.fields import written
from jira_sandbox.documents import Rule, parse, record, text
from jira_sandbox.http_types import Answer, Exchange, Request, json_answer
from jira_sandbox.jira_errors import DeskError, NotFound
from jira_sandbox.moments import jira_date
from jira_sandbox.routes.platform_json import View
from jira_sandbox.routing import Context, Handler, Route

_MASK = "***"
# Any other header may be a secret: people add their own to get through a proxy.
_HARMLESS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
_KEYED = "/sandbox/changes/{key}"
_MOST_POLLS = 10_000


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


def _issue(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """What people would see on an issue."""
    seen = context.site.issue(captured["key"])
    issue = context.site.find(seen.id) if seen else None
    if issue is None:
        return json_answer(404, {"error": f"There is no issue {captured['key']}."})
    return json_answer(200, {"key": issue.key, "title": issue.title, **context.site.on_issue(issue)})


def _exchanges(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """What was asked and answered so far, oldest first."""
    secrets = context.credentials.secrets()
    return json_answer(200, {"exchanges": [shown(one, secrets) for one in context.record.all()]})


def shown(exchange: Exchange, secrets: list[str]) -> dict[str, Any]:
    """An exchange as plain values, without these secrets and without any header that may be one."""
    return {
        "method": exchange.method,
        "path": exchange.path,
        "query": masked(exchange.query, secrets),
        "headers": _headers(exchange.headers),
        "body": masked(exchange.body.decode("utf-8", "replace"), secrets),
        "status": exchange.status,
        "answer": masked(exchange.answer_body.decode("utf-8", "replace"), secrets),
    }


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    shown = {name: value if name in _HARMLESS else _MASK for name, value in headers.items()}
    scheme, space, _ = headers.get("authorization", "").partition(" ")
    if space:
        shown["authorization"] = f"{scheme} {_MASK}"
    return shown


def masked(text: str, secrets: list[str]) -> str:
    """The text without these secrets, and without what is called a client secret."""
    for secret in secrets:
        for form in (secret, quote(secret, safe="")):
            text = text.replace(form, _MASK)
    # A wrong secret is somebody's right one elsewhere.
    return re.sub(r'("?client_secret"?\s*[:=]\s*"?)(?:[^"&\\]|\\.)*', rf"\g<1>{_MASK}", text)


def _polls(value: Any, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_POLLS:
        yield f"'{where}' must be a whole number from 0 to {_MOST_POLLS}"


def _text_or_null(value: Any, where: str) -> Any:
    if value is not None:
        yield from text()(value, where)


_COMMON: dict[str, Rule] = {"after-polls": _polls, "by": text()}


def _own(handler: Handler) -> Handler:
    """The handler for the sandbox's own requests; what it refuses is told in one sentence."""

    def guard(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        strange = foreign(request)
        if strange:
            return json_answer(403, {"error": strange})
        try:
            return handler(context, request, captured)
        except NotFound as error:
            return json_answer(404, {"error": str(error)})
        except DeskError as error:
            return json_answer(400, {"error": str(error)})

    return guard


def _body(request: Request, rule: Rule) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise DeskError("The content type must be application/json.")
    document = parse(request.body or b"{}")
    faults = list(rule(document, ""))
    if faults:
        raise DeskError(f"{faults[0]}.")
    return dict(document)


def _step(name: str, required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Route:
    """The route of a method of the trials; the body holds its arguments."""
    rule = record(required, {**_COMMON, **optional}, closed=True)

    def handler(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        getattr(context.site.trials, name)(captured["key"], **_arguments(_body(request, rule)))
        return json_answer(200, told(context, context.site.desk.known(captured["key"])))

    return Route("POST", f"{_KEYED}/{name}", _own(handler))


def _arguments(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in document.items()}


def _clock(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Sets Jira's clock: for the next freeze, or the end of a window."""
    document = _body(request, record({"now": text()}, {}, closed=True))
    clock = context.site.desk.clock
    clock.set(written(document["now"]))
    return json_answer(200, {"now": jira_date(clock.milliseconds())})


def _create(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    options = {"description": text(), "request-type": text(), "project": text(), "by": text(), "status": text()}
    document = _body(
        request, record({"summary": text()}, {**options, "key": text(), "fields": record({})}, closed=True)
    )
    return json_answer(201, told(context, context.site.trials.create(**_arguments(document))))


def _changes(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Every request that there is, oldest first."""
    made = [one for one in context.site.desk.ledger.all() if one.request_type]
    return json_answer(200, {"changes": [told(context, one) for one in made]})


def _change(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    return json_answer(200, told(context, context.site.desk.known(captured["key"])))


ROUTES = (
    Route("GET", "/sandbox/issues/{key}", _issue),
    Route("GET", "/sandbox/exchanges", _exchanges),
    Route("POST", "/sandbox/clock", _own(_clock)),
    Route("GET", "/sandbox/changes", _own(_changes)),
    Route("POST", "/sandbox/changes", _own(_create)),
    Route("GET", _KEYED, _own(_change)),
    _step("approve", {}, {}),
    _step("decline", {}, {}),
    _step("transition", {"status": text()}, {}),
    _step("window", {}, {"start": _text_or_null, "end": _text_or_null}),
)
