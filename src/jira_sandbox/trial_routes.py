"""Steps of a trial over HTTP, outside of Jira's paths: what people do to changes, for the command line and a demo.

Whoever can reach the sandbox may use them, so that nobody else's page in the same browser may: requests from other
origins, and such that any page could send, are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jira_sandbox.bodies import BadJson, parse
from jira_sandbox.context import Context
from jira_sandbox.desk.change import Change
from jira_sandbox.desk.errors import DeskError, NotFound
from jira_sandbox.exchange import Answer, Request, json_answer
from jira_sandbox.origins import foreign
from jira_sandbox.routing import Handler, Route
from jira_sandbox.shapes import Rule, record, text
from jira_sandbox.told import told

Step = Callable[[Context, str, Mapping[str, Any]], None]
_MOST_POLLS = 10_000


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
        except (BadJson, DeskError) as error:
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


def _step(step: Step, required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Handler:
    rule = record(required, {**_COMMON, **optional}, closed=True)

    def handler(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        document = _body(request, rule)
        step(context, captured["key"], document)
        return json_answer(200, told(context, _known(context, captured["key"])))

    return _own(handler)


def _approve(context: Context, key: str, document: Mapping[str, Any]) -> None:
    context.site.trials.approve(key, document.get("by", ""), after_polls=document.get("after-polls", 0))


def _decline(context: Context, key: str, document: Mapping[str, Any]) -> None:
    context.site.trials.decline(key, document.get("by", ""), after_polls=document.get("after-polls", 0))


def _transition(context: Context, key: str, document: Mapping[str, Any]) -> None:
    by, polls = document.get("by", "dina"), document.get("after-polls", 0)
    context.site.trials.transition(key, document["status"], by, after_polls=polls)


def _window(context: Context, key: str, document: Mapping[str, Any]) -> None:
    by, polls = document.get("by", "dina"), document.get("after-polls", 0)
    context.site.trials.window(key, document.get("start"), document.get("end"), by=by, after_polls=polls)


def _create(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
    options = {"description": text(), "request-type": text(), "project": text(), "by": text(), "status": text()}
    document = _body(
        request, record({"summary": text()}, {**options, "key": text(), "fields": record({})}, closed=True)
    )
    made = context.site.trials.create(**{name.replace("-", "_"): value for name, value in document.items()})
    return json_answer(201, told(context, made))


def _changes(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Every request that there is, oldest first."""
    del request, captured
    made = [one for one in context.site.desk.ledger.all() if one.request_type]
    return json_answer(200, {"changes": [told(context, one) for one in made]})


def _change(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request
    return json_answer(200, told(context, _known(context, captured["key"])))


def _known(context: Context, key: str) -> Change:
    found = context.site.desk.ledger.find(key) or context.site.desk.find_elsewhere(key)
    if found is None:
        raise NotFound(f"There is no issue {key}.")
    return found


_KEYED = "/sandbox/changes/{key}"
ROUTES = (
    Route("GET", "/sandbox/changes", _own(_changes)),
    Route("POST", "/sandbox/changes", _own(_create)),
    Route("GET", _KEYED, _own(_change)),
    Route("POST", f"{_KEYED}/approve", _step(_approve, {}, {})),
    Route("POST", f"{_KEYED}/decline", _step(_decline, {}, {})),
    Route("POST", f"{_KEYED}/transition", _step(_transition, {"status": text()}, {})),
    Route("POST", f"{_KEYED}/window", _step(_window, {}, {"start": _text_or_null, "end": _text_or_null})),
)
