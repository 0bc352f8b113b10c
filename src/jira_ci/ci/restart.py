"""Starting a run of the past again: GitHub and GitLab are asked what became of it, and to go on. Imported on use only.

https://docs.github.com/rest/actions/workflow-runs, https://docs.github.com/rest/actions/workflow-jobs and
https://docs.gitlab.com/api/jobs/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from jira_ci.ci.api import Refused, Unreadable
from jira_ci.ci.bound_session import Api
from jira_ci.ci.gitlab_env import milliseconds
from jira_ci.ci.past_runs import GitHubRuns, GitLabRuns
from jira_ci.exchange import Answer
from jira_ci.run import CI, Run
from jira_ci.text import mapping, one_line, string, whole
from jira_ci.timing import Deadline

_LAST_DAY = timedelta(days=30)
"""https://docs.github.com/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs"""
_WRITE = "`permissions: actions: write`"
_READ = "`permissions: actions: read`"
_SCOPE = "the scope api, and the right to deploy there (a project access token, given as gitlab-token)"
_SINCE = "it was started again since, and ended well"
_BADLY = {"failure": "failed", "timed_out": "took too long", "cancelled": "was cancelled"}
_SKIPPED = (
    "it was skipped, because a job before it failed. Say parked: success where the gate is asked, so that this job "
    "waits to be played; this time retry that one by hand"
)
_GOING = re.compile("already running|already in progress|currently running", re.IGNORECASE)
# GitHub's words after 30 days (https://github.com/cli/cli/issues/9989), and after 50 times.
_NEVER = re.compile("over a month ago|too many times|maximum number of", re.IGNORECASE)
_WAITING = (
    "created",
    "waiting_for_resource",
    "waiting_for_callback",
    "preparing",
    "pending",
    "running",
    "scheduled",
    "canceling",
)


@dataclass(frozen=True)
class Waiting:
    """What there is to be started again.

    Attributes:
        run: the run's id.
        attempt: the one that waited.
        job: GitHub: the job's key; GitLab: the name of the job that deploys.
        runner: GitHub: the name of the runner that ran the job in that attempt; GitLab: the id of the job that waited.
            May be empty.
        moment: when it was going on, epoch seconds by the runner's clock.
    """

    run: str
    attempt: int
    job: str
    runner: str
    moment: float = 0.0


@dataclass(frozen=True)
class Standing:
    """A run, as its CI says now.

    Attributes:
        commit: the full id of what it deploys.
        going: whether it runs, so that nothing can be started.
        gone: why it can never be started again; empty while it can.
        workflow: GitHub: its workflow's file.
        held: why it cannot be started as it is; empty while it can.
    """

    commit: str
    going: bool
    gone: str = ""
    workflow: str = ""
    held: str = ""


Started = Literal["started", "running", "never"]
"""Whether it was started now, by somebody else before, or cannot be any more."""


class Restarts(Protocol):
    """One repository's runs. Each method raises Unreadable, and nothing else."""

    def standing(self, waiting: Waiting) -> Standing:
        """The run as it is now."""

    def start(self, waiting: Waiting) -> Started:
        """Starts it again, if it can be."""

    def newest(self, environment: str) -> int:
        """The id of the run that made the newest deployment to an environment which ever succeeded; 0 without any."""

    def permitted(self) -> str:
        """What can be told of the token without an order, a sentence."""

    def close(self) -> None:
        """Closes the connections."""


def restarts(run: Run, token: str, *, ca_bundle: str, deadline: Deadline, now: datetime) -> Restarts:
    """How the run's CI, GitHub or GitLab, is asked.

    Args:
        token: of the workflow, or on GitLab of a project.
    """
    kind = GitHubRestarts if run.provider == CI.GITHUB else GitLabRestarts
    return kind(run, token, ca_bundle=ca_bundle, deadline=deadline, now=now)


class GitHubRestarts:
    """One repository's runs on GitHub or GitHub Enterprise Server; see :class:`Restarts`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline, now: datetime) -> None:
        self._api, self._now = Api.of_github(run, token, ca_bundle=ca_bundle, deadline=deadline), now
        self._past = GitHubRuns(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._jobs: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._own = run.run_id

    def standing(self, waiting: Waiting) -> Standing:
        def question() -> Standing:
            found = mapping(self._api.get(f"/actions/runs/{waiting.run}"))
            commit, begun = string(found.get("head_sha")), milliseconds(string(found.get("created_at"))) / 1000
            if str(found.get("id")) != waiting.run or not commit or not begun:
                raise Refused(0, "the answer is not of the documented shape")
            old = self._now.timestamp() - begun >= _LAST_DAY.total_seconds()
            gone = "the run is more than 30 days old, and GitHub starts none of those again" if old else ""
            gone, file = gone or self._ended_well(found, waiting), string(found.get("path")).partition("@")[0]
            return Standing(commit, found.get("status") != "completed", gone, file)

        return _or_gone(
            lambda: self._api.ask(f"run {waiting.run}", _READ, question),
            lambda: self._api.ask("the repository", _READ, lambda: self._api.get("")),
            "the run was deleted",
        )

    def start(self, waiting: Waiting) -> Started:
        def question() -> Started:
            _, newest = self._jobs_of(waiting)
            job = whole(newest.get("id"))
            # Without the job's own id: everything of the run that failed, and this did.
            path = f"/actions/jobs/{job}/rerun" if job else f"/actions/runs/{waiting.run}/rerun-failed-jobs"
            return _started(lambda: self._api.post(path), _WRITE)

        return self._api.ask(f"run {waiting.run}", _WRITE, question)

    def newest(self, environment: str) -> int:
        return int(self._past.deployer(environment) or 0)

    def permitted(self) -> str:
        """GitHub tells a token its rights by carrying an order out, and ``check`` gives none."""

        def question() -> str:
            if str(mapping(self._api.get(f"/actions/runs/{self._own}")).get("id")) != self._own:
                raise Refused(0, "the answer is not of the documented shape")
            return "the token of this job may read runs; that it may start them (`actions: write`) is not tested"

        return self._api.ask(f"run {self._own}", _READ, question)

    def close(self) -> None:
        self._api.close()
        self._past.close()

    def _ended_well(self, run: Mapping[str, Any], waiting: Waiting) -> str:
        """Why there is nothing to start: somebody did, and it deployed. A job that waits again leaves its note anew."""
        if (whole(run.get("run_attempt")) or 0) <= waiting.attempt:
            return ""
        waited, newest = self._jobs_of(waiting)
        # A new attempt may list what it did not run again: such a job has begun when it did before.
        again = newest.get("started_at") != waited.get("started_at") if waited else True
        ended = string((newest or run).get("conclusion"))
        # A deployment that failed is for people: started again by every sweep that cannot take its note off, it would
        # fail fifty times. Without the job's name nobody knows whether it was this one that failed. One that was
        # cancelled before a runner took it has done nothing yet, as where another run took its place in the queue.
        begun = ended != "cancelled" or bool(newest.get("runner_name"))
        if again and newest and begun and ended in _BADLY:
            return f"it was started again since, and {_BADLY[ended]}; start it by hand when that is mended"
        return _SINCE if again and ended == "success" else ""

    def _jobs_of(self, waiting: Waiting) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The job that waited, and the same in the newest attempt, by the name that the runner's job had in the attempt
        that waited; nothing where that is not sure. A job is listed by its name for people, of which the job itself
        knows only the key."""
        if waiting.run not in self._jobs:
            self._jobs[waiting.run] = list(self._api.pages(f"/actions/runs/{waiting.run}/jobs", "jobs", filter="all"))
        jobs = self._jobs[waiting.run]
        named = _narrowed([one for one in jobs if _ran(one, waiting)], waiting)
        if not waiting.runner or len(named) != 1:
            return {}, {}
        same = [one for one in jobs if one.get("name") == named[0].get("name")]
        return named[0], max(same, key=lambda one: whole(one.get("run_attempt")) or 0)


def _narrowed(jobs: Sequence[Mapping[str, Any]], waiting: Waiting) -> Sequence[Mapping[str, Any]]:
    """Those among the jobs of one runner that can be the one that waited: a runner of one's own may have had several.
    The one that has the key in its name, alone or behind the caller's, and the leg behind it; else the one that was
    going on at that moment, because a runner has one job at a time."""
    if len(jobs) < 2:
        return jobs
    key = re.compile(rf"(?:.* / )?{re.escape(waiting.job)}(?: \(.*\))?", re.DOTALL)
    named = [one for one in jobs if waiting.job and key.fullmatch(string(one.get("name")))]
    return named if len(named) == 1 else [one for one in jobs if _spans(one, waiting.moment)]


def _spans(job: Mapping[str, Any], moment: float) -> bool:
    begun, ended = (milliseconds(string(job.get(name))) / 1000 for name in ("started_at", "completed_at"))
    return 0 < begun <= moment <= ended


def _ran(job: Mapping[str, Any], waiting: Waiting) -> bool:
    return whole(job.get("run_attempt")) == waiting.attempt and job.get("runner_name") == waiting.runner


class GitLabRestarts:
    """One project's pipelines on GitLab; see :class:`Restarts`."""

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline, now: datetime) -> None:  # noqa: ARG002
        self._api = Api.of_gitlab(run, token, ca_bundle=ca_bundle, deadline=deadline)
        self._all = Api("GitLab", run.api_url, {"PRIVATE-TOKEN": token}, ca_bundle=ca_bundle, deadline=deadline)
        self._past = GitLabRuns(run, token, job_token="", ca_bundle=ca_bundle, deadline=deadline)
        self._jobs: dict[tuple[str, str], Sequence[Mapping[str, Any]]] = {}

    def standing(self, waiting: Waiting) -> Standing:
        def question() -> Standing:
            job = self._job(waiting)
            if not job:
                return Standing("", False, f"the pipeline has no job {one_line(waiting.job, 80)}: mend parked-job")
            commit, status = string(mapping(job.get("commit")).get("id")), string(job.get("status"))
            if not commit or not status:
                raise Refused(0, "the answer is not of the documented shape")
            gone = "the job is archived" if job.get("archived") is True else ""
            # With `parked: success` the job that waited ended well, too; every other that did has deployed.
            if status == "success" and waiting.runner and str(job.get("id")) != waiting.runner:
                gone = _SINCE
            return Standing(commit, status in _WAITING, gone, held=_SKIPPED if status == "skipped" else "")

        what = f"the job {one_line(waiting.job, 80)} of pipeline {waiting.run}"
        return _or_gone(
            lambda: self._api.ask(what, _SCOPE, question),
            lambda: self._api.ask("the project", _SCOPE, lambda: self._api.get("")),
            "the pipeline was deleted",
        )

    def start(self, waiting: Waiting) -> Started:
        def question() -> Started:
            job = self._job(waiting)
            verb = "play" if job.get("status") == "manual" else "retry"
            try:
                return _started(lambda: self._api.post(f"/jobs/{whole(job.get('id')) or 0}/{verb}"), _SCOPE)
            except Refused as error:
                # "Unplayable Job", "Job is not retryable": of one that somebody was faster with, and of others.
                del self._jobs[waiting.run, waiting.job]
                if error.status in (400, 403) and self._job(waiting).get("status") in (*_WAITING, "success"):
                    return "running"
                raise

        return self._api.ask(f"the job {one_line(waiting.job, 80)} of pipeline {waiting.run}", _SCOPE, question)

    def newest(self, environment: str) -> int:
        found = self._past.deployed(environment)
        return int(found.run_id) if found else 0

    def permitted(self) -> str:
        """https://docs.gitlab.com/api/personal_access_tokens/#retrieve-details-on-a-personal-access-token"""

        def question() -> str:
            found = mapping(self._all.get("/personal_access_tokens/self"))
            scopes = found.get("scopes")
            if not isinstance(scopes, list) or "api" not in scopes:
                raise Refused(403)
            ends = string(found.get("expires_at"))
            until = f", until {one_line(ends, 40)}" if ends else ""
            return f"gitlab-token has the scope api{until}; whether its role may deploy shows when a job is played"

        return self._all.ask("the token's own scopes", _SCOPE, question)

    def close(self) -> None:
        self._api.close()
        self._all.close()
        self._past.close()

    def _job(self, waiting: Waiting) -> Mapping[str, Any]:
        """The newest job of this name, or the one that triggers a child pipeline; empty without any."""
        at, home = (waiting.run, waiting.job), f"/pipelines/{waiting.run}"
        if at not in self._jobs:
            self._jobs[at] = self._named(f"{home}/jobs", waiting) or self._named(f"{home}/bridges", waiting)
        return max(self._jobs[at], key=lambda one: whole(one.get("id")) or 0, default={})

    def _named(self, path: str, waiting: Waiting) -> list[Mapping[str, Any]]:
        return [one for one in self._api.pages(path) if one.get("name") == waiting.job]


def _or_gone(question: Callable[[], Standing], home: Callable[[], object], why: str) -> Standing:
    """What the question answers; what is not there any more cannot be started. A token of something else is shown
    nothing at all, which is no reason to take anything off."""
    try:
        return question()
    except Unreadable as error:
        if not error.missing:
            raise
    try:
        home()
    except Unreadable as error:
        raise Unreadable(str(error), denied=error.denied or error.missing) from None
    return Standing("", False, why)


def _started(order: Callable[[], Any], permission: str) -> Started:
    """What came of the order.

    GitHub refuses with 403 what runs, GitLab with 400 or 403 what was started by now; only their words tell that from a
    token that may not.
    """
    try:
        order()
    except Refused as error:
        if error.status in (400, 403, 409) and (error.status == 409 or _GOING.search(error.told)):
            return "running"
        if error.status == 403 and _NEVER.search(error.told):
            return "never"
        if error.status in (400, 403) and error.told and not error.limited:
            told = f"it answered: {one_line(_words(error), 200)}"
            needs = f" (it needs {permission})" if error.status == 403 else ""
            raise Refused(error.status, f"{told}{needs}", error.headers) from None
        raise
    return "started"


def _words(refused: Refused) -> str:
    found = Answer(refused.status, body=refused.told.encode()).json()
    return string(mapping(found).get("message")) or str(refused.status)
