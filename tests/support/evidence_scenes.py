"""An auditor's desk: a repository with a policy at a provider, and a sandbox whose changes tell of deployments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import scenes
from gate_jobs import POLICY
from gate_subjects import known
from jira_ci.gate.kept_records import INDEX, merged
from jira_sandbox.server import Sandbox
from providers.github_graphql_server import GitHubGraph
from providers.gitlab_server import GitLab
from scenes import Ended, Job

NOON = datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
QUARTER = ("--from", "2026-07-01", "--to", "2026-09-30")
COMMIT = "a" * 40


def stamp(text: str) -> str:
    """``07-02 10:00`` of 2026 as APIs write it."""
    return f"2026-{text.replace(' ', 'T')}:00Z"


def entry(number: int, began: str, **changes: Any) -> dict[str, Any]:
    """What an index tells of the record of run 9000 and so many, which began then and took a minute."""
    return {
        "record": f"{number:016x}",
        "at": stamp(began),
        "decision": "proceed",
        "approved": True,
        "approvers": ["712020:ana"],
        "approved-at": [stamp(began)],
        "emergency": None,
        "project": "Web Site",
        "environment": "Prod",
        "tenant": None,
        "version": "1.2.3",
        "commit": COMMIT,
        "run": f"octo/hello#{9000 + number}/1",
        "by": "octocat",
        "started": stamp(began),
        "ended": stamp(f"{began[:-2]}59"),
        "state": "successful",
        **changes,
    }


def listed(number: int, began: str, state: str = "success", **changes: Any) -> dict[str, Any]:
    """The same deployment as GitHub lists it."""
    known = {"id": 500 + number, "commit": COMMIT, "environment": "Prod", "created": stamp(began), "ref": "main"}
    told = [(state, stamp(began), 9000 + number)] if state else []
    return {**known, "actor": "octocat", "told": told, **changes}


@dataclass
class Desk:
    """The job that asks, and the site."""

    job: Job
    sandbox: Sandbox
    now: float

    def change(self, *entries: Mapping[str, Any], properties: Mapping[str, Any] | None = None, **options: Any) -> str:
        """The key of a change whose index tells of these."""
        clock = self.sandbox.clock
        clock.standing, now = datetime(2026, 7, 1, tzinfo=timezone.utc).timestamp(), clock.standing
        key = str(self.sandbox.desk.create(options.pop("summary", "Deploy"), **options).key)
        clock.standing = now
        values = {**({INDEX: merged({}, entries, set())} if entries else {}), **(properties or {})}
        for name, value in values.items():
            self.sandbox.site.desk.extras.set_property(known(self.sandbox, key).id, name, value)
        return key

    def evidence(self, *arguments: str, **environ: str) -> Ended:
        return self.job.jira_ci("evidence", *(arguments or QUARTER), now=self.now, **environ)

    def found(self, *arguments: str, **environ: str) -> tuple[Any, Ended]:
        """The JSON document."""
        ended = self.evidence(*(arguments or QUARTER), "--format", "json", **environ)
        return ended.json, ended


def at(sandbox: Sandbox, when: datetime = NOON) -> float:
    """Sets the site's clock."""
    sandbox.clock.standing = when.timestamp()
    return when.timestamp()


def on_github(folder: Path, sandbox: Sandbox, provider: GitHubGraph, when: datetime = NOON) -> Desk:
    """The repository octo/hello."""
    policy = POLICY.format(site=sandbox.address, more="comments: internal")
    provider.files = {".jira-ci.yml": policy.encode()}
    event = {"repository": {"full_name": "octo/hello", "id": 1, "default_branch": "main"}}
    job = scenes.github(folder, os.environ["PATH"], event)
    job.environ |= {"GITHUB_REPOSITORY": "octo/hello", "GITHUB_API_URL": provider.url, "GITHUB_TOKEN": "t0ken"}
    return _ready(job, sandbox, policy, folder, when)


def on_gitlab(folder: Path, sandbox: Sandbox, provider: GitLab, when: datetime = NOON) -> Desk:
    """The project 42."""
    policy = POLICY.format(site=sandbox.address, more="comments: internal")
    provider.files = {".jira-ci.yml": policy.encode()}
    job = scenes.gitlab(folder, os.environ["PATH"])
    job.environ |= {"CI_PROJECT_ID": "42", "CI_PROJECT_PATH": "acme/web", "CI_API_V4_URL": provider.url}
    job.environ["JIRA_CI_GITLAB_TOKEN"] = "t0ken"
    return _ready(job, sandbox, policy, folder, when)


def _ready(job: Job, sandbox: Sandbox, policy: str, folder: Path, when: datetime) -> Desk:
    job.write(".jira-ci.yml", policy)
    job.git("add", ".jira-ci.yml")
    commit = job.commit("Policy")
    job.environ |= {
        "GITHUB_SHA" if "GITHUB_SHA" in job.environ else "CI_COMMIT_SHA": commit,
        "JIRA_CI_API_URL": sandbox.address,
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        "RUNNER_TEMP": str(folder),
    }
    return Desk(job, sandbox, at(sandbox, when))


def asked(desk: Desk) -> Sequence[str]:
    """What Jira was asked, as method and the end of the path."""
    return [f"{one.method} {one.path.rsplit('/', 1)[-1]}" for one in desk.sandbox.exchanges]
