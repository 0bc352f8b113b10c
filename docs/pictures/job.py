"""A gated deployment, run as a job on GitHub against the sandbox with its example's data, and the summary it writes."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

from markdown_it import MarkdownIt

from jira_ci.cli import main
from jira_ci.edges import Edges, Signals
from jira_sandbox.server import Sandbox

_VERSION, _ENVIRONMENT = "2.6.11", "Prod-EU"
_POLICY = """\
project-name: Shop
jira: {{site: "{site}"}}
environments:
  Prod-EU: {{type: production, change-controlled: true}}
change-control: {{enabled: true, service-desk: OPS, minimum-approvals: 1}}
"""
_COMMITS = ("WEB-12 Pay by card", "WEB-19: sign in with a passkey", "OPS-9 Rotate the signing keys")
_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ.get("PATH", "")}
_ANA = {
    f"GIT_{who}_{what}": text
    for who in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "Ana"), ("EMAIL", "a"), ("DATE", "2026-03-13T12:00:00Z"))
}
_TEMPORARY = "/home/runner/work/_temp"  # as GitHub's own runners have it


class _NoSignals(Signals):
    def install(self) -> None:
        pass


def deploy(folder: Path, sandbox: Sandbox, *, approved: bool = True) -> str:
    """Runs ``jira-ci deploy``, and returns the job summary in Markdown.

    Args:
        folder: an empty one.
        approved: whether the change is approved before.
    """
    if approved:
        title = f'Deploy "Shop" version {_VERSION} to "{_ENVIRONMENT}"'
        [change] = [one for one in sandbox.site.desk.ledger.all() if one.summary == title]
        sandbox.desk.approve(change.key)
        sandbox.desk.transition(change.key, "Implementing")
    environ, now = _environ(folder, sandbox), sandbox.clock.now().timestamp()
    nowhere = io.StringIO()
    words = ["deploy", "--environment", _ENVIRONMENT, "--version", _VERSION, "--since", "HEAD~3", "--", "true"]
    main(words, Edges(environ, folder / "shop", nowhere, nowhere, lambda: now, _NoSignals()))
    text = (folder / "summary.md").read_text(encoding="utf-8")
    return text.replace(str(folder), _TEMPORARY)


def as_github(text: str) -> str:
    """Markdown as a page that looks as on GitHub."""
    style = Path(__file__).with_name("github.css").read_text(encoding="utf-8")
    shown = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return f'<!DOCTYPE html><meta charset="utf-8"><title>Summary</title><style>{style}</style><main>{shown}</main>'


def _environ(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    head = _repository(folder / "shop", sandbox.address)
    event = {"repository": {"full_name": "acme/shop", "id": 77, "default_branch": "main"}}
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    return {
        **_NOBODY,
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REPOSITORY_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "9041",
        "GITHUB_RUN_NUMBER": "435",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": head,
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_WORKFLOW": "Deploy",
        "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
        "GITHUB_WORKSPACE": str(folder / "shop"),
        "JIRA_CI_API_URL": sandbox.address,
        "JIRA_CI_CLIENT_ID": sandbox.credentials.client_id,
        "JIRA_CI_CLIENT_SECRET": sandbox.credentials.client_secret,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        "JIRA_CI_USER": sandbox.credentials.user,
        "RUNNER_TEMP": str(folder),
    }


def _repository(folder: Path, site: str) -> str:
    """A repository with a policy and some commits; returns its head."""
    folder.mkdir()
    (folder / ".jira-ci.yml").write_text(_POLICY.format(site=site), encoding="utf-8")
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "remote", "add", "origin", "https://github.com/acme/shop.git")
    _git(folder, "add", ".")
    for message in ("Start", *_COMMITS):
        _git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=_NOBODY | _ANA, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
