"""A job that ends well and only waits: its deployment at GitHub is marked, so that jira-ci takes it for none later.

GitHub makes a deployment of every job with an environment and calls it a success where the job ends well. The mark is a
status of ours in between, whose address ends in a word of ours; whoever may write one may deploy.

https://docs.github.com/rest/deployments/statuses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from jira_ci.ci.api import PARKED_MARK, Unreadable, rows
from jira_ci.ci.bound_session import Api
from jira_ci.ci.past_runs import runs_of
from jira_ci.run import Run
from jira_ci.text import string, whole
from jira_ci.timing import Deadline

_WRITE = "`permissions: deployments: write`"
_GOING = ("in_progress", "queued", "pending", "waiting")
_MOST = 5  # deployments of one commit to one environment


def mark(run: Run, token: str, environment: str, *, ca_bundle: str, deadline: Deadline) -> str:
    """Marks the deployment of this job.

    Returns:
        Why it could not be; empty where it is marked, or GitHub made none.
    """
    if not token:
        return "there is no github-token"
    with closing(Api.of_github(run, token, ca_bundle=ca_bundle, deadline=deadline)) as api:
        try:
            what = f"the deployments to {environment[:100]!r}"
            going = api.ask(what, _WRITE, lambda: _going(api, run, environment))
            if len(going) > 1:
                return "this run has several deployments there that are not over"
            for one in going:
                said = {"description": "Waits for its change; nothing is deployed.", "state": "in_progress"}
                path, body = f"/deployments/{one}/statuses", {**said, "log_url": f"{run.url}{PARKED_MARK}"}
                api.ask(f"the deployment {one}", _WRITE, lambda path=path, body=body: api.write("POST", path, body))  # type: ignore[misc]
        except Unreadable as error:
            return str(error)
    return ""


def _going(api: Api, run: Run, environment: str) -> list[int]:
    """The deployments of this run that are not over."""
    listed = rows(api.get("/deployments", environment=environment, sha=run.commit, per_page=_MOST))
    numbers = [whole(one.get("id")) or 0 for one in listed]
    return [number for number in numbers if _is_own(rows(api.get(f"/deployments/{number}/statuses")), run)]


def _is_own(statuses: Sequence[Mapping[str, Any]], run: Run) -> bool:
    """They come newest first."""
    return bool(statuses) and string(statuses[0].get("state")) in _GOING and run.run_id in runs_of(statuses)
