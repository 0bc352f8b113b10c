"""The main job in a minute: a small repository, a GitHub run and a GitLab run, and what Jira shows afterwards.

Everything is real but the Jira: git makes the commits, ``jira-ci`` is run as a CI would run it, and the sandbox answers
over HTTP as Jira would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jira_ci.sandbox.server import Sandbox

COMMITS = (
    ("main", "Start the shop"),
    ("main", "WEB-11 Show the basket on every page"),
    ("feature/web-12-pay-by-card", "Pay by card\n\nThe form, the receipt, and UTF-8 names on it."),
    ("feature/web-12-pay-by-card", "OPS-7: rotate the payment key"),
)
CONFIGURATION = """\
project-name: Shop
environments:
  "qa*": testing
  Prod-EU: production
"""


def main() -> int:
    """Tells the story; the exit code is 0 when every step ended as it should."""
    with tempfile.TemporaryDirectory(prefix="jira-ci demo ") as folder, Sandbox() as sandbox:
        shop = Path(folder) / "shop"
        base, head = _make_repository(shop)
        jira = {
            "JIRA_CI_SITE": sandbox.address,
            "JIRA_CI_API_URL": sandbox.address,
            "JIRA_CI_CLIENT_ID": sandbox.credentials.client_id,
            "JIRA_CI_CLIENT_SECRET": sandbox.credentials.client_secret,
            "JIRA_CI_SINCE": "main",  # what is deployed already; with a token the provider is asked
        }
        _title("A repository with a branch feature/web-12-pay-by-card, and its commits")
        print(_git(shop, "log", "--oneline", "--all"))

        github = {**jira, **_github_run(Path(folder), base, head)}
        _title("GitHub, pull request 5: the tests passed, the build is reported")
        _run(shop, github, "report", "--state", "success")
        _title("GitHub: a deployment to qa2 begins, and ends well")
        _run(shop, github, "report", "--environment", "qa2", "--version", "1.4.0", "--state", "in_progress")
        _run(shop, github, "report", "--environment", "qa2", "--version", "1.4.0", "--state", "success")

        gitlab = {**jira, **_gitlab_run(base, head)}
        _title("GitLab: a job deploys the same commits to Prod-EU; its status comes from GitLab itself")
        _run(shop, gitlab, "deployment", "--version", "1.4.0", "--state", "in_progress")
        _run(shop, {**gitlab, "CI_JOB_STATUS": "success"}, "deployment", "--version", "1.4.0")

        _title("What Jira shows now")
        shown = [_show(sandbox.address, key) for key in ("WEB-12", "OPS-7", "WEB-11")]
        print(f"\nTry it by hand: {sys.executable} -m jira_ci sandbox")
        return 0 if shown == [3, 3, 0] else 1


def _run(folder: Path, environ: Mapping[str, str], *arguments: str) -> None:
    print(f"$ jira-ci {' '.join(arguments)}", flush=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI", "GITLAB_"))}
    subprocess.run(
        [sys.executable, "-m", "jira_ci", *arguments], cwd=folder, env={**clean, **environ}, check=True, timeout=60
    )
    print(flush=True)


def _show(address: str, key: str) -> int:
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


def _make_repository(folder: Path) -> tuple[str, str]:
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / ".jira-ci.yml").write_text(CONFIGURATION, encoding="utf-8")
    _git(folder, "add", ".")
    base = ""
    for branch, message in COMMITS:
        if branch != _git(folder, "symbolic-ref", "--short", "HEAD"):
            base = _git(folder, "rev-parse", "HEAD")
            _git(folder, "switch", "--quiet", "--create", branch)
        _git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return base, _git(folder, "rev-parse", "HEAD")


def _github_run(folder: Path, base: str, head: str) -> dict[str, str]:
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


def _gitlab_run(base: str, head: str) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_COMMIT_BEFORE_SHA": base,
        "CI_COMMIT_BRANCH": COMMITS[-1][0],
        "CI_COMMIT_REF_NAME": COMMITS[-1][0],
        "CI_COMMIT_REF_PROTECTED": "true",
        "CI_COMMIT_SHA": head,
        "CI_DEFAULT_BRANCH": "main",
        "CI_ENVIRONMENT_NAME": "Prod-EU",
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


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _title(text: str) -> None:
    print(f"\n== {text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
