"""A repository and a GitHub run in it, for measuring."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from figures.process import clean_environ
from jira_sandbox.server import Sandbox

CONFIGURATION = 'jira:\n  projects: [WEB, OPS]\nenvironments:\n  Prod-EU: production\n  "qa*": testing\n'


def git(folder: Path, *arguments: str) -> str:
    """Runs git and returns what it prints."""
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make(folder: Path) -> dict[str, str]:
    """A repository with twelve commits, pushed to GitHub; returns the run's environment."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / ".jira-ci.yml").write_text(CONFIGURATION, encoding="utf-8")
    git(folder, "add", ".")
    for number in range(12):
        git(folder, "commit", "--quiet", "--allow-empty", "-m", f"WEB-{number + 1} Something useful\n\nAnd why.")
    event = folder.parent / "event.json"
    head, before = git(folder, "rev-parse", "HEAD"), git(folder, "rev-parse", "HEAD~10")
    commits = [{"id": head, "message": "WEB-12 Something useful\n\nAnd why."}]  # the nine others are in the clone
    push = {"before": before, "after": head, "ref": "refs/heads/main", "forced": True, "commits": commits}
    event.write_text(json.dumps(push), encoding="utf-8")
    (folder.parent / "output").touch()
    return clean_environ() | {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(folder.parent / "output"),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_NAME": "main",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REPOSITORY_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "9001",
        "GITHUB_RUN_NUMBER": "41",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": head,
        "GITHUB_WORKFLOW": "CI",
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/ci.yml@refs/heads/main",
    }


def jira(sandbox: Sandbox, site: str, api: str) -> dict[str, str]:
    """The settings that lead to the sandbox."""
    return {
        "JIRA_CI_SITE": site,
        "JIRA_CI_API_URL": api,
        "JIRA_CI_CLIENT_ID": sandbox.credentials.client_id,
        "JIRA_CI_CLIENT_SECRET": sandbox.credentials.client_secret,
    }


def floor(sandbox: Sandbox, site: str, api: str, folder: Path, requests: int = 1) -> dict[str, str]:
    """The environment of the bare script, whose bodies are what ``jira-ci`` sent in its last requests."""
    sent = [exchange.body for exchange in sandbox.exchanges if exchange.path.endswith("/bulk")][-requests:]
    bodies = [folder.parent / f"body{number}.json" for number in range(len(sent))]
    for file, body in zip(bodies, sent, strict=True):
        file.write_bytes(body)
    return clean_environ() | {
        "FLOOR_SITE": site,
        "FLOOR_API": api,
        "FLOOR_BODY": os.pathsep.join(map(str, bodies)),
        "FLOOR_YAML": str(folder / ".jira-ci.yml"),
        "FLOOR_ID": sandbox.credentials.client_id,
        "FLOOR_SECRET": sandbox.credentials.client_secret,
    }
