"""A roll-back takes a fix version off the issues again, but only off those to which we added it.

Whoever adds a version writes a property on the issue in the same edit (see :func:`jira_ci.after.issue_work.mark_of`):
which environment, which run. An issue without it, or whose property names another environment, keeps its version, as it
was there before, or is still deployed. Transitions and the version's release are left to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_ci.after.issue_work import mark_of
from jira_ci.after.outcome import IssueOutcome, Outcome, VersionOutcome
from jira_ci.after.rule import Step
from jira_ci.jira import issue_edits
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.issue_edits import WorkItem
from jira_ci.jira.parse import WrongShape
from jira_ci.jira.status_errors import messages, misshapen, phrase, refusal
from jira_ci.jira.versions import Version
from jira_ci.text import canonical, one_line

_PAGES = 20


def take_off(login: Login, edition: Edition, project: str, version: Version, outcome: Outcome, run: str) -> None:
    """Takes the version off the issues of one project.

    Args:
        outcome: of the environment that was rolled back; gets what became of each issue.
        run: address of the run that rolls back.

    Raises:
        JiraCiError: the credential is refused, or Jira gives no usable answer.
    """
    mark = mark_of(version.id)
    holding, whole = _holding(login, edition, project, version, mark)
    more = f"only the first {len(holding)} issues that have it were looked at: run it again for the rest"
    outcome.versions[project] = VersionOutcome(project, version.name, why="" if whole else more, stays=version.released)
    for item in holding:
        value = item.properties.get(mark) if edition == "cloud" else _property(login, item, mark)
        outcome.issues[item.key] = IssueOutcome(item.key, _off(login, item, version, value, outcome.environment, run))


def _off(login: Login, item: WorkItem, version: Version, value: Any, environment: str, run: str) -> Step:
    if not isinstance(value, dict) or value.get("added") is not True:
        return Step("skipped", "somebody else gave it the version")
    of = str(value.get("environment", ""))
    if canonical(of) != canonical(environment):
        return Step("skipped", f"it got the version when it was deployed to {one_line(of, 80)}")
    gone = {**value, "added": False, "taken-off-by": run}
    _, answer = login.send(issue_edits.versioned(item, "remove", version.id, mark_of(version.id), gone))
    good = answer.status in (200, 204)
    return Step("done") if good else Step("failed", one_line("; ".join(messages(answer)) or phrase(answer), 300))


def _holding(login: Login, edition: Edition, project: str, version: Version, mark: str) -> tuple[list[WorkItem], bool]:
    """The issues that have the version, and whether these are all."""
    found: list[WorkItem] = []
    after = ""
    for _ in range(_PAGES):
        request, answer = login.send(issue_edits.with_version(project, version.id, edition, mark, after))
        if answer.status != 200:
            raise refusal(request, answer, "after")
        try:
            found += issue_edits.work_items(answer.json())
            after = issue_edits.next_page(answer.json(), edition, len(found))
        except WrongShape as error:
            raise misshapen(request, answer, error) from None
        if not after:
            return found, True
    return found, False


def _property(login: Login, item: WorkItem, mark: str) -> Mapping[str, Any] | None:
    request, answer = login.send(issue_edits.prop(item, mark))
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise refusal(request, answer, "after")
    body = answer.json()
    value = body.get("value") if isinstance(body, dict) else None
    return value if isinstance(value, dict) else None
