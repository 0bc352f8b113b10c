"""The requests: all that were made, and one of them with its body and its answer."""

from __future__ import annotations

from itertools import islice

from jira_sandbox.context import Context
from jira_sandbox.documents import parameter
from jira_sandbox.exchange import Answer, Request
from jira_sandbox.pages import requests
from jira_sandbox.pages.answers import page, problem, versioned
from jira_sandbox.routing import Route

_ON_A_PAGE = 50


def _list(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
    only = parameter(request, "only") == "problems"
    before = _number(parameter(request, "before"))
    wanted = (
        one
        for one in requests.lines(context)
        if (before is None or one.number < before) and not (only and one.level == "good")
    )
    found = list(islice(wanted, _ON_A_PAGE + 1))
    answer = page(
        context,
        "requests.html",
        lines=found[:_ON_A_PAGE],
        count=context.record.count,
        only=only,
        first=before is None,
        older=found[_ON_A_PAGE - 1].number if len(found) > _ON_A_PAGE else None,
    )
    return versioned(request, answer)


def _one(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    number = _number(captured["number"])
    found = requests.whole(context, number) if number is not None else None
    if found is None:
        return problem(context, 404, "There is no such request", "Only the last 10,000 are kept.")
    return versioned(request, page(context, "request.html", one=found, line=found.line))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


ROUTES = (Route("GET", "/requests", _list), Route("GET", "/requests/{number}", _one))
