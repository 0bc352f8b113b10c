"""The page of an issue: its status, and the development panel with its builds and deployments."""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote

from jira_sandbox.context import Context
from jira_sandbox.desk.change import Change
from jira_sandbox.exchange import Answer, Request
from jira_sandbox.pages import change_page, changes, reports
from jira_sandbox.pages.answers import elsewhere, page, problem, versioned
from jira_sandbox.pages.reports import TYPES
from jira_sandbox.routing import Route
from jira_sandbox.rules import BUILDS, DEPLOYMENTS

_MOST = 200


def _browse(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = context.site.issue(captured["key"])
    if issue is None:
        key = captured["key"][:300]
        return problem(context, 404, f"There is no issue {key}", "It does not exist, or nobody is allowed to see it.")
    if issue.request_type:
        return change_page.show(context, request, issue)
    return versioned(request, _issue(context, issue))


def _issue(context: Context, issue: Change) -> Answer:
    builds = reports.newest(reports.build(*one) for one in context.site.stored(BUILDS) if issue.key in one[1])
    deployments = reports.newest(
        reports.deployment(*one) for one in context.site.stored(DEPLOYMENTS) if issue.key in one[1]
    )
    newest = reports.latest(deployments)
    by_type = [(name, [one for one in newest if one.type == name]) for name in TYPES]
    return page(
        context,
        "issue.html",
        key=issue.key,
        title=issue.summary,
        description=issue.description,
        project=context.site.desk.catalogue.project(issue.project).name,
        status=changes.lozenge(context, issue),
        builds=builds[:_MOST],
        build_count=len(builds),
        build_states=Counter(one.state for one in builds).most_common(),
        deployments=deployments[:_MOST],
        deployment_count=len(deployments),
        environments=[(name, many) for name, many in by_type if many],
        remote_links=changes.remote_links(context, issue),
        links=changes.links(context, issue),
        comments=changes.comments(context, issue),
    )


def _portal(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """Where Jira's customers look at their requests."""
    del context, request
    return elsewhere(f"/browse/{quote(captured['key'], safe='')}")


ROUTES = (
    Route("GET", "/browse/{key}", _browse),
    Route("GET", "/changes/{key}", _browse),
    Route("GET", "/servicedesk/customer/portal/{desk}/{key}", _portal),
)
