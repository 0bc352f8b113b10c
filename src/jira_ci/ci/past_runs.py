"""Runs of the past: GitHub and GitLab are asked how they went. Imported on use only.

https://docs.github.com/rest/actions/workflow-runs and https://docs.gitlab.com/api/pipelines/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from jira_ci.ci.api import Refused, is_parked, rows
from jira_ci.ci.bound_session import PAGE, Api
from jira_ci.ci.github_env import from_github, legs_of_workflow
from jira_ci.ci.gitlab_env import from_gitlab, legs_of, milliseconds
from jira_ci.run import Leg, PastRun, Run
from jira_ci.text import mapping, string, whole
from jira_ci.timing import Deadline


class Runs(Protocol):
    """One repository's runs, as the provider knows them. Each method raises Unreadable, and nothing else."""

    def run(self, run_id: str) -> PastRun:
        """A run by its id, as it is now."""

    def numbered(self, workflow: str, number: int) -> PastRun:
        """A run of this workflow by its number, as it is now."""

    def last(self, count: int) -> list[PastRun]:
        """The newest runs, of any workflow, newest first."""

    def attempt(self, past: PastRun, attempt: int) -> PastRun:
        """The same run as far as this attempt, which a record names, is concerned."""

    def legs(self, past: PastRun) -> list[Leg]:
        """The jobs of this run, and their legs, that may have reported."""

    def deployed(self, environment: str) -> PastRun | None:
        """The run of the newest deployment to this environment that ever succeeded, without this run's own."""

    def close(self) -> None:
        """Closes the connections."""


T = TypeVar("T")
_ACTIONS = "`permissions: actions: read`"
_CONTENTS = "`permissions: contents: read`"
_DEPLOYMENTS = "`permissions: deployments: read`"
_LOOKED_AT = 200
"""How many deployments are looked through, each with a request of its own, for one that succeeded."""
_RUN = re.compile(r"/actions/runs/([0-9]{1,18})(?:[/?#]|$)")


class GitHubRuns:
    """One repository's runs on GitHub or GitHub Enterprise Server; see :class:`jira_ci.ci.past_runs.Runs`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        self._api = Api.of_github(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._repository, self._own = run.repository, run.run_id
        self._files: dict[tuple[str, str], str] = {}

    def run(self, run_id: str) -> PastRun:
        return self._api.ask(f"run {run_id}", _ACTIONS, lambda: self._one(run_id))

    def numbered(self, workflow: str, number: int) -> PastRun:
        def question() -> PastRun:
            name = quote(workflow.rpartition("/")[2], safe="")
            pages = self._api.pages(f"/actions/workflows/{name}/runs", "workflow_runs")
            return _with_number(number, (from_github(found, self._repository) for found in pages))

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
                text = base64.b64decode(string(answer.get("content"))).decode("utf-8", "replace")
            except ValueError:
                text = ""
            if not text:  # it has run, so that it has jobs
                raise Refused(0, "the answer is not of the documented shape")
            return text

        file = past.workflow, past.commit
        if file not in self._files:
            self._files[file] = self._api.ask(f"{past.workflow} at {past.commit[:8]}", _CONTENTS, question)
        return legs_of_workflow(self._files[file])

    def deployed(self, environment: str) -> PastRun | None:
        run_id = self.deployer(environment)
        return self.run(run_id) if run_id else None

    def deployer(self, environment: str) -> str:
        """The id of that run, without asking about the run itself; empty without one."""
        what = f"the deployments to {environment!r}"
        return self._api.ask(what, _DEPLOYMENTS, lambda: self._last_success(environment))

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
            runs = runs_of(statuses)
            if (
                self._own in runs
                or is_parked(addresses_of(statuses))
                or not any(status.get("state") == "success" for status in statuses)
            ):
                continue
            if not runs:
                raise Refused(0, "the last one that succeeded does not say which run made it")
            return runs[0]
        return ""

    def _statuses(self, deployment: int | None) -> list[Mapping[str, Any]]:
        found = list(self._api.pages(f"/deployments/{deployment}/statuses")) if deployment else []
        if not deployment or not all(string(status.get("state")) for status in found):
            raise Refused(0, "the answer is not of the documented shape")
        return found


def addresses_of(statuses: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where the statuses of a deployment lead."""
    return [string(status.get(name)) for status in statuses for name in ("log_url", "target_url")]


def runs_of(statuses: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the runs that gave a deployment its statuses."""
    return [match[1] for address in addresses_of(statuses) if (match := _RUN.search(address))]


_NEED = "the scope read_api (a project access token, given as gitlab-token)"
_BADLY = ("failed", "canceled")


def _with_number(number: int, runs: Iterable[PastRun | None]) -> PastRun:
    """The run with this number.

    Args:
        runs: the newest first; ``None`` is one that cannot be read.

    Raises:
        Refused: there is none, or one before it cannot be read.
    """
    for past in runs:
        if past is None:
            raise Refused(0, "the answer is not of the documented shape")
        if past.number <= number:
            if past.number != number:
                break
            return past
    raise Refused(404)


class GitLabRuns:
    """One project's pipelines on GitLab; see :class:`jira_ci.ci.past_runs.Runs`.

    A job token may read deployments, but no pipelines
    (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).
    """

    def __init__(self, run: Run, token: str, *, job_token: str, ca_bundle: str, deadline: Deadline) -> None:
        self._api = Api.of_gitlab(run, token, job_token, ca_bundle=ca_bundle, deadline=deadline)
        self._job_token_only, self._own = not token, run.run_id
        self._jobs: dict[str, list[Mapping[str, Any]]] = {}  # several records of a pipeline ask the same question

    def run(self, run_id: str) -> PastRun:
        def question() -> PastRun:
            past = from_gitlab(mapping(self._api.get(f"/pipelines/{run_id}")))
            if past is None or past.run_id != run_id:
                raise Refused(0, "the answer is not of the documented shape")
            return past

        return self._ask(f"pipeline {run_id}", question)

    def numbered(self, workflow: str, number: int) -> PastRun:  # noqa: ARG002 - a project has one pipeline
        def question() -> PastRun:
            return _with_number(number, map(from_gitlab, self._api.pages("/pipelines", order_by="id", sort="desc")))

        return self._ask(f"pipeline #{number}", question)

    def last(self, count: int) -> list[PastRun]:
        def question() -> list[PastRun]:
            answer = self._api.get("/pipelines", order_by="id", sort="desc", per_page=min(count, PAGE))
            read = [from_gitlab(found) for found in rows(answer)]
            if None in read:
                raise Refused(0, "the answer is not of the documented shape")
            return [past for past in read if past]

        return self._ask("the last pipelines", question)

    def attempt(self, past: PastRun, attempt: int) -> PastRun:
        """As the job that reported it ended, if it ended badly; a job that went well may only have told of the start,
        so then the pipeline counts as well."""

        statuses = {string(job.get("status")) for job in self._jobs_of(past) if _is(job, attempt)}
        going = sorted(statuses - {"success", "skipped", *_BADLY})
        if going:
            return replace(past, ended=False, conclusion=going[0], attempt=attempt)
        if len(statuses) == 1 and statuses <= set(_BADLY):
            return replace(past, ended=True, conclusion=statuses.pop(), attempt=attempt)
        if past.ended and "success" in statuses and past.conclusion != "success":
            return replace(past, conclusion=f"{past.conclusion}, though the job that reported it succeeded")
        return past

    def legs(self, past: PastRun) -> list[Leg]:
        names = dict.fromkeys(string(job.get("name")) for job in self._jobs_of(past))
        return [leg for name in names if name for leg in legs_of(name)]

    def deployed(self, environment: str) -> PastRun | None:
        def question() -> Mapping[str, Any]:
            for found in self._api.pages(
                "/deployments", environment=environment, status="success", order_by="id", sort="desc"
            ):
                pipeline = mapping(mapping(found.get("deployable")).get("pipeline"))
                if not whole(pipeline.get("id")):
                    raise Refused(0, "the last one that succeeded does not say which pipeline made it")
                if str(pipeline["id"]) != self._own:
                    return pipeline
            return {}

        found = self._ask(f"the deployments to {environment!r}", question, job_token=True)
        return (from_gitlab(found) or self.run(str(found["id"]))) if found else None

    def close(self) -> None:
        self._api.close()

    def _jobs_of(self, past: PastRun) -> list[Mapping[str, Any]]:
        def question() -> list[Mapping[str, Any]]:
            jobs = list(self._api.pages(f"/pipelines/{past.run_id}/jobs", include_retried="true"))
            if not all(whole(job.get("id")) is not None and string(job.get("status")) for job in jobs):
                raise Refused(0, "the answer is not of the documented shape")
            return jobs

        if past.run_id not in self._jobs:
            self._jobs[past.run_id] = self._ask(f"the jobs of pipeline {past.run_id}", question)
        return self._jobs[past.run_id]

    def _ask(self, what: str, question: Callable[[], T], *, job_token: bool = False) -> T:
        def permitted() -> T:
            if self._job_token_only and not job_token:
                raise Refused(403, "CI_JOB_TOKEN may not read it; set gitlab-token to a token with the scope read_api")
            return question()

        return self._api.ask(what, _NEED, permitted)


def _is(job: Mapping[str, Any], attempt: int) -> bool:
    """Whether this is the job that a record's attempt stands for; see :mod:`jira_ci.ci.gitlab_env`."""
    return attempt > 0 and attempt in (milliseconds(string(job.get("started_at"))) // 1000, whole(job.get("id")))
