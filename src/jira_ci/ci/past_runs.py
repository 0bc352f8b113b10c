"""Runs of the past: what a provider says of how they went. Pure; who asks for it is in ``runs_api``.

https://docs.github.com/rest/actions/workflow-runs and https://docs.gitlab.com/api/pipelines/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jira_ci.ci.values import mapping, sha, text, whole
from jira_ci.leg import Leg

_ENDED_ON_GITLAB = ("success", "failed", "canceled", "skipped")  # "manual" and the like may still go on


@dataclass(frozen=True)
class PastRun:
    """One run, or one attempt of it."""

    run_id: str
    number: int
    """GitHub's run number, GitLab's pipeline IID."""
    ended: bool
    conclusion: str
    """The provider's word for how it ended; while it is going on, for what it does."""
    workflow: str = ""
    """As in :class:`jira_ci.run.Run`."""
    attempt: int = 0
    """Which attempt this is about, counted as in :class:`jira_ci.run.Run`; 0 where it is about all of them."""
    commit: str = ""
    """GitHub: what the workflow's file was read at."""

    def __str__(self) -> str:
        return f"run {self.run_id} (#{self.number})"


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


def from_github(found: Mapping[str, Any], repository: str, path: str = "") -> PastRun | None:
    """A run from GitHub's API or event; None when it does not say which one it is.

    Args:
        repository: ``owner/name``, for a workflow's path that begins with it.
        path: the workflow's, where the run itself does not say it.
    """
    run_id, number = whole(found.get("id")), whole(found.get("run_number"))
    # The API writes .github/workflows/x.yml, at times with @main behind it.
    workflow = (text(found.get("path")) or path).partition("@")[0]
    if workflow.lower().startswith(repository.lower() + "/"):
        workflow = workflow[len(repository) + 1 :]
    if not (run_id and number and workflow):
        return None
    ended = found.get("status") == "completed"
    return PastRun(
        str(run_id),
        number,
        ended,
        text(found.get("conclusion" if ended else "status")),
        workflow,
        whole(found.get("run_attempt")) or 1,
        sha(found.get("head_sha")),
    )


def from_event(event: Mapping[str, Any], repository: str) -> PastRun | None:
    """The run that a ``workflow_run`` event is about."""
    return from_github(mapping(event.get("workflow_run")), repository, text(mapping(event.get("workflow")).get("path")))


def from_gitlab(found: Mapping[str, Any]) -> PastRun | None:
    """A pipeline from GitLab's API; None when it does not say which one it is."""
    run_id, number, status = whole(found.get("id")), whole(found.get("iid")), text(found.get("status"))
    child = text(found.get("name")) if found.get("source") == "parent_pipeline" else ""
    return PastRun(str(run_id), number, status in _ENDED_ON_GITLAB, status, child) if run_id and number else None
