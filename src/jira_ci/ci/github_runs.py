"""How runs went, asked of GitHub's REST API. Imported on use only."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from jira_ci.ci.api_answers import Refused
from jira_ci.ci.api_shapes import rows
from jira_ci.ci.past_runs import PastRun, from_github
from jira_ci.ci.runs_api import PAGE, Api
from jira_ci.ci.values import mapping, text, whole
from jira_ci.ci.workflow_legs import legs
from jira_ci.deadline import Deadline
from jira_ci.leg import Leg
from jira_ci.run import Run

_ACTIONS = "`permissions: actions: read`"
_CONTENTS = "`permissions: contents: read`"
_DEPLOYMENTS = "`permissions: deployments: read`"
_LOOKED_AT = 200
"""How many deployments are looked through, each with a request of its own, for one that succeeded."""
_RUN = re.compile(r"/actions/runs/([0-9]{1,18})(?:[/?#]|$)")


class GitHubRuns:
    """One repository's runs on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.past_runs.Runs`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        home = f"{run.api_url}/repos/{quote(run.repository)}"
        self._api = Api("GitHub", home, headers, ca_bundle=ca_bundle, deadline=deadline)
        self._repository, self._own = run.repository, run.run_id
        self._files: dict[tuple[str, str], str] = {}

    def run(self, run_id: str) -> PastRun:
        return self._api.ask(f"run {run_id}", _ACTIONS, lambda: self._one(run_id))

    def numbered(self, workflow: str, number: int) -> PastRun:
        def question() -> PastRun:
            name = quote(workflow.rpartition("/")[2], safe="")
            for found in self._api.pages(f"/actions/workflows/{name}/runs", "workflow_runs"):
                past = from_github(found, self._repository)
                if past is None:
                    raise Refused(0, "the answer is not of the documented shape")
                if past.number <= number:  # they come newest first
                    if past.number != number:
                        break
                    return past
            raise Refused(404)

        return self._api.ask(f"run #{number} of {workflow}", _ACTIONS, question)

    def last(self, count: int) -> list[PastRun]:
        def question() -> list[PastRun]:
            answer = self._api.get("/actions/runs", per_page=min(count + 1, PAGE))
            read = [from_github(found, self._repository) for found in rows(mapping(answer).get("workflow_runs"))]
            if None in read:
                raise Refused(0, "the answer is not of the documented shape")
            return [past for past in read if past and past.run_id != self._own][:count]

        return self._api.ask("the last runs", _ACTIONS, question)

    def attempt(self, past: PastRun, attempt: int) -> PastRun:
        if attempt >= past.attempt or attempt < 1:
            return past
        found = self._api.ask(
            f"attempt {attempt} of run {past.run_id}",
            _ACTIONS,
            lambda: self._one(past.run_id, f"/attempts/{attempt}"),
        )
        return replace(found, attempt=attempt)

    def legs(self, past: PastRun) -> list[Leg]:
        def question() -> str:
            answer = mapping(self._api.get(f"/contents/{quote(past.workflow)}", ref=past.commit))
            try:
                return base64.b64decode(text(answer.get("content"))).decode("utf-8", "replace")
            except ValueError:
                raise Refused(0, "the answer is not of the documented shape") from None

        file = past.workflow, past.commit
        if file not in self._files:
            self._files[file] = self._api.ask(f"{past.workflow} at {past.commit[:8]}", _CONTENTS, question)
        return legs(self._files[file])

    def deployed(self, environment: str) -> PastRun | None:
        what = f"the deployments to {environment!r}"
        run_id = self._api.ask(what, _DEPLOYMENTS, lambda: self._last_success(environment))
        return self.run(run_id) if run_id else None

    def close(self) -> None:
        self._api.close()

    def _one(self, run_id: str, more: str = "") -> PastRun:
        past = from_github(mapping(self._api.get(f"/actions/runs/{run_id}{more}")), self._repository)
        if past is None or past.run_id != run_id:
            raise Refused(0, "the answer is not of the documented shape")
        return past

    def _last_success(self, environment: str) -> str:
        """The id of the run that made it; a later deployment turns *success* into *inactive*, so any status counts
        (https://docs.github.com/rest/deployments/deployments#inactive-deployments)."""
        for count, found in enumerate(self._api.pages("/deployments", environment=environment)):
            if count >= _LOOKED_AT:
                raise Refused(0, f"none of the last {_LOOKED_AT} succeeded")
            statuses = self._statuses(whole(found.get("id")))
            runs = _runs(statuses)
            if self._own in runs or not any(status.get("state") == "success" for status in statuses):
                continue
            if not runs:
                raise Refused(0, "the last one that succeeded does not say which run made it")
            return runs[0]
        return ""

    def _statuses(self, deployment: int | None) -> list[Mapping[str, Any]]:
        found = list(self._api.pages(f"/deployments/{deployment}/statuses")) if deployment else []
        if not deployment or not all(text(status.get("state")) for status in found):
            raise Refused(0, "the answer is not of the documented shape")
        return found


def _runs(statuses: list[Mapping[str, Any]]) -> list[str]:
    addresses = [text(status.get(name)) for status in statuses for name in ("log_url", "target_url")]
    return [match[1] for address in addresses if (match := _RUN.search(address))]
