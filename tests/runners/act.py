"""GitHub's workflows as a user has them, run by act (https://github.com/nektos/act) without containers.

What the pinned version of act cannot show: it ignores ``concurrency`` and ``permissions``, and it takes the reusable
workflows of other repositories from GitHub only. What it refuses yet is TOO_NEW, and taken out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jira_sandbox.server import Sandbox

PROGRAM = shutil.which("act", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
REPOSITORY = {"id": 1296269, "name": "shop", "full_name": "acme/shop", "default_branch": "main"}
TOO_NEW = (
    r"^ *queue: max\b.*\n",  # of concurrency
    r"^ *timezone: .*\n",  # of schedule
    r", deployment: false(?=\})|^ *deployment: false\b.*\n",  # of environment
)
_GIT = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
_SECONDS = 120
# Others' actions cannot be fetched here. act itself does what checkout does; these say that they were reached.
_STAND_IN = """
name: a stand-in
description: says that it was reached
inputs:
  name: {description: a name}
  path: {description: a path}
runs:
  using: composite
  steps:
    - shell: sh
      env: {WHAT: "${{ inputs.name }}: ${{ inputs.path }}"}
      run: echo "stand-in for REPOSITORY, $WHAT"
"""


def without_too_new(text: str) -> str:
    """The workflow without what act does not know yet."""
    for pattern in TOO_NEW:
        text = re.sub(pattern, "", text, flags=re.MULTILINE)
    return text


@dataclass(frozen=True)
class Ended:
    """What a run left behind: act's own log, one document a line."""

    code: int
    lines: tuple[Mapping[str, Any], ...]

    @property
    def log(self) -> str:
        """What the steps printed."""
        return "".join(str(line["msg"]) for line in self.lines if line.get("raw_output"))

    def outputs(self, step: str, job: str = "") -> dict[str, str]:
        """The outputs of a step, by its id."""
        told = [line for line in self.lines if line.get("command") == "set-output" and job in ("", line.get("jobID"))]
        # Inside a composite action the inner step's outputs come first, then the action's own.
        return {line["name"]: line["arg"] for line in told if line.get("stepID") == [step]}

    @property
    def summary(self) -> str:
        return "".join(line["content"] for line in self.lines if line.get("command") == "summary")

    def annotations(self, level: str) -> list[str]:
        """Warnings, errors and notices as the run's page shows them."""
        return [str(line["arg"]) for line in self.lines if line.get("command") == level]

    def result(self, job: str) -> str:
        """``success`` or ``failure``."""
        [found] = {line["jobResult"] for line in self.lines if line.get("jobID") == job and "jobResult" in line}
        return str(found)


@dataclass
class Act:
    """A machine with act on it, and a user's repository.

    Attributes:
        folder: everything is below it.
        action: what ``uses: jira-ci/jira-ci@v0`` means.
    """

    folder: Path
    action: Path
    env: dict[str, str] = field(default_factory=dict)
    """What the organisation sets for every job."""
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.repository.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "https://github.com/acme/shop")
        for name, text in {"deploy.sh": 'echo "deploying $*"', "migrate.sh": "echo migrating"}.items():
            self.write(name, f"#!/bin/sh\n{text}\n", mode=0o755)
        self.write("Makefile", "test lint:\n\t@echo tested\n")

    @property
    def repository(self) -> Path:
        return self.folder / "the shop"

    def uses(self, sandbox: Sandbox) -> None:
        """Jira is this sandbox; the secrets have the names that the examples give them."""
        known = sandbox.credentials
        self.env |= {"JIRA_CI_API_URL": sandbox.address, "JIRA_CI_SITE": sandbox.address}
        self.secrets |= {
            "JIRA_CLIENT_ID": known.client_id,
            "JIRA_CLIENT_SECRET": known.client_secret,
            "JIRA_USER": known.user,
            "JIRA_TOKEN": known.token,
        }

    def git(self, *arguments: str) -> str:
        done = subprocess.run([*_GIT, *arguments], cwd=self.repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def workflow(self, text: str, name: str = "ci.yml") -> None:
        """A workflow as the documents show it, but for this Jira instead of theirs, and for TOO_NEW."""
        text = without_too_new(text).replace("acme.atlassian.net", self.env["JIRA_CI_SITE"])
        self.write(f".github/workflows/{name}", text)

    def init(self) -> None:
        """What ``jira-ci init`` writes, as a user has it."""
        done = subprocess.run([sys.executable, "-I", "-m", "jira_ci", "init"], cwd=self.repository, check=False)
        assert done.returncode == 0

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, event: str = "push", document: Mapping[str, Any] | None = None, *more: str, **env: str) -> Ended:
        """One run of the workflows that this event triggers."""
        return self.finish(self.start(event, document, *more, **env))

    def start(
        self, event: str = "push", document: Mapping[str, Any] | None = None, *more: str, **env: str
    ) -> subprocess.Popen[str]:
        """The same, still running; its log comes out of it, one JSON document a line."""
        assert PROGRAM is not None
        payload = self.folder / "event.json"
        payload.write_text(json.dumps({"repository": REPOSITORY, **(document or {})}))
        given = {"GITHUB_REPOSITORY_ID": str(REPOSITORY["id"]), "GITHUB_RUN_NUMBER": "42", "GITHUB_RUN_ID": "77"}
        command = [
            PROGRAM,
            event,
            "--json",
            *("--platform", "ubuntu-latest=-self-hosted"),
            "--pull=false",
            "--action-offline-mode",
            "--no-cache-server",
            *("--action-cache-path", str(self.folder / "cache")),
            *("--local-repository", f"jira-ci/jira-ci@v0={self.action}"),
            *(f"--local-repository={name}={folder}" for name, folder in self._stand_ins()),
            *("--eventpath", str(payload)),
            *("--actor", "octocat"),
            *(f"--env={name}={text}" for name, text in {**given, **self.env, **env}.items()),
            *(f"--secret={name}={text}" for name, text in self.secrets.items()),
            *more,
        ]
        return subprocess.Popen(
            command,
            cwd=self.repository,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for the end."""
        with process:
            text, _ = process.communicate(timeout=_SECONDS)
        return Ended(process.returncode, tuple(_documents(text)))

    def _stand_ins(self) -> Iterator[tuple[str, Path]]:
        workflows = (self.repository / ".github" / "workflows").glob("*.yml")
        named = {
            name for path in workflows for name in re.findall(r"uses: ([\w-]+/[\w-]+@[0-9a-f]{40})", path.read_text())
        }
        for name in sorted(named):
            folder = self.folder / "stand-ins" / name.replace("/", "-")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(_STAND_IN.replace("REPOSITORY", name.partition("@")[0]))
            yield name, folder


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        yield json.loads(line) if line.startswith("{") else {"msg": line + "\n", "raw_output": True}
