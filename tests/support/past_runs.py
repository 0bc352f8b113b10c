"""Runs of the past as GitHub and GitLab show them, served on loopback."""

from __future__ import annotations

from typing import Any

from ci.servers import Api
from scenes import Job

DEPLOY = ".github/workflows/deploy.yml"
CI = ".github/workflows/ci.yml"
REPO = "/repos/acme/shop"
PROJECT = "/projects/88"


def github_run(run_id: int = 9001, number: int = 41, **changes: Any) -> dict[str, Any]:
    """A run as GitHub's API and its events show it."""
    found = {
        "id": run_id,
        "name": "CI",
        "path": CI,
        "run_number": number,
        "run_attempt": 1,
        "event": "push",
        "status": "completed",
        "conclusion": "cancelled",
        "display_title": "::error::WEB-1 `$(id)`",
        "html_url": f"https://github.com/acme/shop/actions/runs/{run_id}",
    }
    return {**found, **changes}


def completed(**changes: Any) -> dict[str, Any]:
    """The event of a workflow that runs on ``workflow_run``."""
    run = github_run(**changes)
    return {
        "action": "completed",
        "workflow": {"path": run.get("path") or CI},
        "workflow_run": run,
        "repository": {"id": 77, "full_name": "acme/shop", "default_branch": "main"},
    }


def shows(api: Api, *runs: dict[str, Any]) -> None:
    """GitHub shows these runs, newest first, each at its own address, in the list, and in its workflow's list."""
    for run in runs:
        api.json(f"{REPO}/actions/runs/{run['id']}", run)
    api.pages(f"{REPO}/actions/runs", list(runs), lambda page: {"total_count": len(runs), "workflow_runs": page})
    for path in {run["path"] for run in runs}:
        own = [run for run in runs if run["path"] == path]
        name = path.rpartition("/")[2]
        api.pages(f"{REPO}/actions/workflows/{name}/runs", own, lambda page: {"workflow_runs": page})


def deployed(api: Api, *rows: tuple[int, list[str]], environment: str = "Prod") -> None:
    """GitHub shows these deployments, newest first: the run that made each, and its states."""
    listed = []
    for number, (run, states) in enumerate(rows):
        listed.append({"id": number + 1, "sha": "a" * 40, "environment": environment})
        log = f"https://github.com/acme/shop/actions/runs/{run}/job/5"
        statuses = [{"state": state, "log_url": log, "target_url": ""} for state in states]
        api.json(f"{REPO}/deployments/{number + 1}/statuses", statuses)
    api.pages(f"{REPO}/deployments", listed)


def at_github(job: Job, api: Api) -> Job:
    """The job can ask GitHub."""
    job.environ |= {"GITHUB_API_URL": api.url, "GITHUB_TOKEN": "t0ken"}
    return job


def pipeline(run_id: int = 5001, number: int = 12, status: str = "canceled", **changes: Any) -> dict[str, Any]:
    """A pipeline as GitLab's API shows it."""
    return {"id": run_id, "iid": number, "status": status, "ref": "main", "source": "push", **changes}


def gitlab_shows(api: Api, *pipelines: dict[str, Any]) -> None:
    """GitLab shows these pipelines, newest first."""
    for one in pipelines:
        api.json(f"{PROJECT}/pipelines/{one['id']}", one)
    api.pages(f"{PROJECT}/pipelines", list(pipelines))


def at_gitlab(job: Job, api: Api, **environ: str) -> Job:
    """The job can ask GitLab, with these tokens."""
    job.environ |= {"CI_API_V4_URL": api.url, **environ}
    return job
