"""The deployments: the timeline of all of them, and the page of one."""

from __future__ import annotations

from collections import Counter

from jira_sandbox.context import Context
from jira_sandbox.documents import parameter
from jira_sandbox.exchange import Answer, Request
from jira_sandbox.pages import render, reports
from jira_sandbox.pages.answers import HEADERS, known, page, problem, versioned
from jira_sandbox.pages.timeline import timeline
from jira_sandbox.routing import Route
from jira_sandbox.rules import DEPLOYMENTS

_LISTED = 15


def _timeline(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
    find = parameter(request, "find").strip()[:255]
    version = f"{reports.fingerprint(context, DEPLOYMENTS)}-{reports.mark_of(render.version(), context.address, find)}"
    if known(request, f'"{version}"'):  # an open page asks every other second: not worth a timeline
        return Answer(304, b"", {**HEADERS, "ETag": f'"{version}"', "Cache-Control": "no-cache"})
    every = reports.deployments(context)
    found = [one for one in every if find.casefold() in one.environment.casefold()]
    drawn = timeline(found)
    answer = page(
        context,
        "deployments.html",
        timeline=drawn,
        total=len(every),
        count=len(found),
        find=find,
        latest=found[:_LISTED],
        states=Counter(one.state for one in drawn.shown),
    )
    return versioned(request, answer, version)


def _deployment(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    for record, issues in context.site.stored(DEPLOYMENTS):
        one = reports.deployment(record, issues)
        if one.mark == captured["mark"]:
            return versioned(request, page(context, "deployment.html", one=one))
    return problem(context, 404, "There is no such deployment", "It was never reported, or was forgotten again.")


ROUTES = (Route("GET", "/deployments", _timeline), Route("GET", "/deployments/{mark}", _deployment))
