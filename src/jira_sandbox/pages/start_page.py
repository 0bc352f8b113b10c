"""The first page, and the lists of issues and changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from jira_sandbox.desk.change_issue import Change
from jira_sandbox.documents import parameter
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.pages import report_view, requests_page
from jira_sandbox.pages.change_view import Lozenge, lozenge, window
from jira_sandbox.pages.rendering import elsewhere, page, versioned
from jira_sandbox.pages.report_view import Build, Deployment
from jira_sandbox.routing import Context, Route

_FEW = 8
_MANY = 500


@dataclass(frozen=True)
class IssueLine:
    """An issue in a list, with how much was reported on it; ``at``: the newest of it, epoch milliseconds, or 0."""

    key: str
    title: str
    status: Lozenge
    builds: int
    deployments: int
    links: int
    at: int


@dataclass(frozen=True)
class ChangeLine:
    """A change in a list."""

    key: str
    title: str
    status: Lozenge
    approval: str
    window: str
    at: int


def _start(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    builds, deployments = report_view.builds(context), report_view.deployments(context)
    issues, changes = _issues(context, builds, deployments), _changes(context)
    answer = page(
        context,
        "start.html",
        issues=issues[:_FEW],
        issue_count=len(issues),
        changes=changes[:_FEW],
        change_count=len(changes),
        environments=report_view.latest(deployments),
        deployment_count=len(deployments),
        requests=list(islice(requests_page.lines(context), _FEW)),
        request_count=context.record.count,
    )
    return versioned(request, answer)


def _issue_list(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issues = _issues(context, report_view.builds(context), report_view.deployments(context))
    answer = page(context, "issues.html", issues=issues[:_MANY], issue_count=len(issues))
    return versioned(request, answer)


def _change_list(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    changes = _changes(context)
    return versioned(request, page(context, "changes.html", changes=changes[:_MANY], change_count=len(changes)))


def _search(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """From the field in which people type a key."""
    key = parameter(request, "key").strip()
    return elsewhere(f"/browse/{quote(key[:300], safe='')}" if key else "/issues")


def _issues(context: Context, builds: Sequence[Build], deployments: Sequence[Deployment]) -> list[IssueLine]:
    """Every issue on which something was reported, the newest report first."""
    newest: dict[str, int] = {}
    for key, at in [(key, one.at) for one in builds for key in one.issues] + [
        (key, one.at) for one in deployments for key in one.issues
    ]:
        newest[key] = max(newest.get(key, 0), at)
    built = Counter(key for one in builds for key in one.issues)
    deployed = Counter(key for one in deployments for key in one.issues)
    extras = context.site.desk.extras
    linked = [issue for issue in map(context.site.issue, reversed(extras.linked_remotely())) if issue]
    keys = dict.fromkeys(issue.key for issue in linked if not issue.request_type) | newest
    found = []
    for issue in map(context.site.issue, sorted(keys, key=lambda key: -newest.get(key, 0))):
        if issue:
            key, links = issue.key, len(extras.remote_links(issue.id))
            counts = (built[key], deployed[key], links)
            found.append(IssueLine(key, issue.summary, lozenge(context, issue), *counts, newest.get(key, 0)))
    return found


def _changes(context: Context) -> list[ChangeLine]:
    """Every request, the newest one first."""
    made = [one for one in context.site.desk.ledger.all() if one.request_type and not one.hidden]
    return [_change_line(context, one) for one in reversed(made)]


def _change_line(context: Context, change: Change) -> ChangeLine:
    decision = change.approvals[-1].final if change.approvals else ""
    return ChangeLine(
        change.key, change.summary, lozenge(context, change), decision, window(context, change).text, change.updated
    )


ROUTES = (
    Route("GET", "/", _start),
    Route("GET", "/issues", _issue_list),
    Route("GET", "/changes", _change_list),
    Route("GET", "/browse", _search),
)
