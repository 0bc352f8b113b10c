"""How pipelines and their jobs went, asked of GitLab's REST API. Imported on use only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

from jira_ci.ci.api_answers import Refused
from jira_ci.ci.api_shapes import rows
from jira_ci.ci.gitlab import legs_of, milliseconds
from jira_ci.ci.past_runs import PastRun, from_gitlab
from jira_ci.ci.runs_api import PAGE, Api
from jira_ci.ci.values import mapping, text, whole
from jira_ci.deadline import Deadline
from jira_ci.leg import Leg
from jira_ci.run import Run

_NEED = "the scope read_api (a project access token, given as gitlab-token)"
_BADLY = ("failed", "canceled")
T = TypeVar("T")


class GitLabRuns:
    """One project's pipelines on GitLab; see :class:`jira_ci.ci.past_runs.Runs`.

    A job token may read deployments, but no pipelines
    (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).
    """

    def __init__(self, run: Run, token: str, *, job_token: str, ca_bundle: str, deadline: Deadline) -> None:
        headers = {"PRIVATE-TOKEN": token} if token else {"JOB-TOKEN": job_token}
        home = f"{run.api_url}/projects/{quote(run.repository_id, safe='')}"
        self._api = Api("GitLab", home, headers, ca_bundle=ca_bundle, deadline=deadline)
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
            for found in self._api.pages("/pipelines", order_by="id", sort="desc"):
                past = from_gitlab(found)
                if past is None:
                    raise Refused(0, "the answer is not of the documented shape")
                if past.number <= number:  # they come newest first
                    if past.number != number:
                        break
                    return past
            raise Refused(404)

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

        statuses = {text(job.get("status")) for job in self._jobs_of(past) if _is(job, attempt)}
        going = sorted(statuses - {"success", "skipped", *_BADLY})
        if going:
            return replace(past, ended=False, conclusion=going[0], attempt=attempt)
        if len(statuses) == 1 and statuses <= set(_BADLY):
            return replace(past, ended=True, conclusion=statuses.pop(), attempt=attempt)
        if past.ended and "success" in statuses and past.conclusion != "success":
            return replace(past, conclusion=f"{past.conclusion}, though the job that reported it succeeded")
        return past

    def legs(self, past: PastRun) -> list[Leg]:
        names = dict.fromkeys(text(job.get("name")) for job in self._jobs_of(past))
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
            if not all(whole(job.get("id")) is not None and text(job.get("status")) for job in jobs):
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
    """Whether this is the job that a record's attempt stands for; see :mod:`jira_ci.ci.gitlab`."""
    return attempt > 0 and attempt in (milliseconds(text(job.get("started_at"))) // 1000, whole(job.get("id")))
