"""The demo's stage: a small repository with a policy, the variables of a GitHub and of a GitLab run, and a narrator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMITS = (
    ("main", "Start the shop"),
    ("main", "WEB-11 Dark colours for the dashboard"),
    ("feature/web-12-pay-by-card", "Pay by card\n\nThe form, the receipt, and UTF-8 names on it."),
    ("feature/web-12-pay-by-card", "OPS-7: the slow product page loads its pictures later"),
)
CONFIGURATION = """\
project-name: Shop
jira: {{site: "{site}"}}
environments:
  "qa*": testing
  Prod-EU: {{type: production, change-controlled: true}}
change-control: {{enabled: true, service-desk: OPS, minimum-approvals: 1}}
"""


def run(folder: Path, environ: Mapping[str, str], *arguments: str) -> int:
    """Runs jira-ci as a CI would, and returns its exit code."""
    print(f"$ jira-ci {' '.join(arguments)}", flush=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI", "GITLAB_"))}
    command = [sys.executable, "-m", "jira_ci", *arguments]
    ended = subprocess.run(command, cwd=folder, env={**clean, **environ}, check=False, timeout=120)
    print(f"(exit code {ended.returncode})\n", flush=True)
    return ended.returncode


def show(address: str, key: str) -> int:
    """Prints an issue's development panel; returns how many builds and deployments it has."""
    with urllib.request.urlopen(f"{address}/sandbox/issues/{key}", timeout=10) as answer:  # noqa: S310 - loopback
        issue: dict[str, Any] = json.load(answer)
    print(f"{key}  {issue['title']}")
    for build in issue["builds"]:
        print(f"    build       {build['displayName']}: {build['state']}")
    for deployment in issue["deployments"]:
        environment = deployment["environment"]
        print(f"    deployment  {environment['displayName']} ({environment['type']}): {deployment['state']}")
    return len(issue["builds"]) + len(issue["deployments"])


def make_repository(folder: Path, site: str) -> tuple[str, str]:
    """A repository with a policy and a branch; returns the commits before and at the branch's head."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "https://github.com/acme/shop.git")
    (folder / ".jira-ci.yml").write_text(CONFIGURATION.format(site=site), encoding="utf-8")
    (folder / "deploy.sh").write_text("echo 'The shop is being deployed.'\n", encoding="utf-8")
    git(folder, "add", ".")
    base = ""
    for branch, message in COMMITS:
        if branch != git(folder, "symbolic-ref", "--short", "HEAD"):
            base = git(folder, "rev-parse", "HEAD")
            git(folder, "switch", "--quiet", "--create", branch)
        git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return base, git(folder, "rev-parse", "HEAD")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """The story is told on this terminal."""


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """Serves the repository as its origin, on loopback, so that nobody's real one is asked; yields the host's address.

    It is git's own protocol for plain files: https://git-scm.com/docs/git-update-server-info
    """
    bare = folder / "origin" / "acme" / "shop.git"
    git(folder, "clone", "--quiet", "--bare", str(folder / "shop"), str(bare))
    git(bare, "update-server-info")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder / "origin"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        git(folder / "shop", "remote", "set-url", "origin", f"{address}/acme/shop.git")
        yield address
        server.shutdown()


def main_branch_run(folder: Path, head: str, server: str) -> dict[str, str]:
    """The variables of a GitHub run on the default branch."""
    repository = {"full_name": "acme/shop", "id": 77, "default_branch": "main"}
    push = {"ref": "refs/heads/main", "after": head, "repository": repository}
    (folder / "push.json").write_text(json.dumps(push), encoding="utf-8")
    return github_run(folder, head, head) | {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_SERVER_URL": server,
        "GITHUB_EVENT_PATH": str(folder / "push.json"),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_NAME": "main",
        "GITHUB_HEAD_REF": "",
        "GITHUB_BASE_REF": "",
        "GITHUB_RUN_NUMBER": "42",
        "GITHUB_WORKFLOW": "Deploy",
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
    }


def github_run(folder: Path, base: str, head: str) -> dict[str, str]:
    """The variables and the event of a GitHub run for pull request 5."""
    branch = COMMITS[-1][0]
    event = {
        "action": "synchronize",
        "pull_request": {
            "number": 5,
            "title": "Pay by card",
            "html_url": "https://github.com/acme/shop/pull/5",
            "commits": 2,
            "head": {"ref": branch, "sha": head, "repo": {"full_name": "acme/shop", "id": 77, "fork": False}},
            "base": {"ref": "main", "sha": base, "repo": {"full_name": "acme/shop", "id": 77}},
        },
        "repository": {"full_name": "acme/shop", "id": 77, "default_branch": "main"},
    }
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    (folder / "output").touch()
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REPOSITORY_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "9001",
        "GITHUB_RUN_NUMBER": "41",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": head,
        "GITHUB_REF": "refs/pull/5/merge",
        "GITHUB_HEAD_REF": branch,
        "GITHUB_BASE_REF": "main",
        "GITHUB_WORKFLOW": "CI",
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/ci.yml@refs/pull/5/merge",
    }


def gitlab_run(base: str, head: str) -> dict[str, str]:
    """The variables of a GitLab deployment job."""
    return {
        "GITLAB_CI": "true",
        "CI_COMMIT_BEFORE_SHA": base,
        "CI_COMMIT_BRANCH": COMMITS[-1][0],
        "CI_COMMIT_REF_NAME": COMMITS[-1][0],
        "CI_COMMIT_REF_PROTECTED": "true",
        "CI_COMMIT_SHA": head,
        "CI_DEFAULT_BRANCH": "main",
        "CI_ENVIRONMENT_NAME": "qa7",
        "CI_JOB_ID": "70001",
        "CI_JOB_NAME": "deploy",
        "CI_JOB_STATUS": "running",
        "CI_JOB_URL": "https://gitlab.com/acme/shop/-/jobs/70001",
        "CI_PIPELINE_IID": "12",
        "CI_PIPELINE_ID": "5001",
        "CI_PIPELINE_SOURCE": "push",
        "CI_PIPELINE_URL": "https://gitlab.com/acme/shop/-/pipelines/5001",
        "CI_PROJECT_ID": "88",
        "CI_PROJECT_PATH": "acme/shop",
        "CI_PROJECT_URL": "https://gitlab.com/acme/shop",
        "CI_SERVER_URL": "https://gitlab.com",
    }


def git(folder: Path, *arguments: str) -> str:
    """Runs git and returns what it prints."""
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def title(text: str) -> None:
    """A heading of the story."""
    print(f"\n== {text}\n", flush=True)
