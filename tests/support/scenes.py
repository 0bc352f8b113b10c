"""A CI job to run commands in: a real repository, the provider's variables, and what came out of a command."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jira_ci.cli import main
from jira_ci.edges import Edges, Receipt, Signals
from jira_sandbox.server import Sandbox

NOW = 1_795_000_000.0
_GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.com",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.com",
}


class NoSignals(Signals):
    """Leaves the test runner's signal handlers alone."""

    def install(self) -> None:
        pass


@dataclass
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Job:
    """One CI job's surroundings."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**self.environ, **_GIT},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def publish(self, name: str) -> None:
        """Lets the checkout of the run's own repository remember a default branch that has this file as it is in the
        work tree."""
        if "GITHUB_REPOSITORY" in self.environ:
            own = f"{self.environ['GITHUB_SERVER_URL']}/{self.environ['GITHUB_REPOSITORY']}.git"
            self.git("remote", "set-url", "origin", own)
        self.git("add", "--", name)
        commit = self.git("commit-tree", self.git("write-tree"), "-m", f"Write {name}")
        self.git("update-ref", "refs/remotes/origin/main", commit)
        self.git("rm", "--quiet", "--cached", "--", name)

    def jira_ci(self, *arguments: str, now: float = NOW, **environ: str) -> Ended:
        """Runs a command in this process; variables given as keywords count for this call only."""
        out, err = io.StringIO(), io.StringIO()
        given = {**self.environ, **_GIT, **environ}
        edges = Edges(given, self.folder, out, err, lambda: now, NoSignals(), _Unwritten(given))
        code = main(list(arguments), edges)
        return Ended(code, out.getvalue(), err.getvalue())

    def output(self) -> str:
        return Path(self.environ["GITHUB_OUTPUT"]).read_text(encoding="utf-8")

    def summary(self) -> str:
        return Path(self.environ["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")


class _Unwritten(Receipt):
    """Descriptor 3 is somebody else's in this process."""

    def write(self, code: object) -> None:
        """Says nothing."""


def local(folder: Path, path: str) -> Job:
    """A repository on somebody's machine."""
    job = Job(folder, {"PATH": path})
    folder.mkdir(parents=True, exist_ok=True)
    job.git("init", "--quiet", "--initial-branch=main")
    job.git("remote", "add", "origin", "https://git.example/acme/shop.git")
    return job


def _cloned(job: Job, host: str) -> Job:
    """The job whose repository is cloned from the run's own host, which shows an empty repository: the one packet that
    ends a list (https://git-scm.com/docs/gitprotocol-common#_pkt_line_format)."""
    job.git("remote", "set-url", "origin", f"git@{host}:acme/shop.git")
    job.environ["GIT_SSH_COMMAND"] = "printf 0000; cat >/dev/null; :"
    return job


def github(folder: Path, path: str, event: Mapping[str, Any], name: str = "push") -> Job:
    """A job on GitHub with this event."""
    job = _cloned(local(folder / "work space", path), "github.com")
    head = job.commit("Start")
    files = {variable: folder / variable.lower() for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    job.environ |= {
        **{variable: str(file) for variable, file in files.items()},
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REPOSITORY_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "9001",
        "GITHUB_RUN_NUMBER": "41",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": head,
        "GITHUB_WORKFLOW": "CI",
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/ci.yml@refs/heads/main",
        "GITHUB_WORKSPACE": str(job.folder),
    }
    return job


def pull_request(title: str, branch: str = "topic", **more: Any) -> dict[str, Any]:
    """A pull request's event."""
    repository = {"full_name": "acme/shop", "id": 77, "fork": False}
    return {
        "action": "opened",
        "pull_request": {
            "number": 5,
            "title": title,
            "html_url": "https://github.com/acme/shop/pull/5",
            "commits": 1,
            "head": {"ref": branch, "sha": "1" * 40, "repo": more.get("head_repo", {**repository})},
            "base": {"ref": "main", "sha": "2" * 40, "repo": repository},
        },
        "repository": {**repository, "default_branch": "main"},
    }


def gitlab(folder: Path, path: str) -> Job:
    """A branch job on GitLab."""
    job = _cloned(local(folder / "shop", path), "gitlab.com")
    head = job.commit("WEB-12 Pay by card")
    job.environ |= {
        "GITLAB_CI": "true",
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_MESSAGE": "WEB-12 Pay by card",
        "CI_COMMIT_REF_NAME": "main",
        "CI_COMMIT_REF_PROTECTED": "true",
        "CI_COMMIT_SHA": head,
        "CI_DEFAULT_BRANCH": "main",
        "CI_JOB_ID": "70001",
        "CI_JOB_NAME": "deploy",
        "CI_JOB_STARTED_AT": "2026-11-18T00:00:00Z",
        "CI_JOB_STATUS": "success",
        "CI_PIPELINE_ID": "5001",
        "CI_PIPELINE_IID": "12",
        "CI_PIPELINE_SOURCE": "push",
        "CI_PIPELINE_URL": "https://gitlab.com/acme/shop/-/pipelines/5001",
        "CI_PROJECT_DIR": str(job.folder),
        "CI_PROJECT_ID": "88",
        "CI_PROJECT_PATH": "acme/shop",
        "CI_PROJECT_URL": "https://gitlab.com/acme/shop",
        "CI_SERVER_URL": "https://gitlab.com",
    }
    return job


def under(job: Job, environ: Mapping[str, str]) -> Job:
    """The same job with other variables."""
    return Job(job.folder, {**job.environ, **environ})


def reach(sandbox: Sandbox) -> dict[str, str]:
    """The variables that lead to a sandbox."""
    return {
        "JIRA_CI_SITE": sandbox.address,
        "JIRA_CI_API_URL": sandbox.address,
        "JIRA_CI_CLIENT_ID": sandbox.credentials.client_id,
        "JIRA_CI_CLIENT_SECRET": sandbox.credentials.client_secret,
    }


def stored(sandbox: Sandbox, key: str) -> dict[str, Any]:
    """What the sandbox shows on an issue."""
    issue = sandbox.site.issues.find(key)
    assert issue is not None
    return dict(sandbox.site.on_issue(issue))
