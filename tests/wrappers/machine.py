"""A machine for one job: a PATH of chosen programs, a home, temporary folders, a repository, a sandbox to report to."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from gate_jobs import POLICY
from jira_sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "runtime.txt"
PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
_TOOLS = ("git", "[", "cat", "cksum", "echo", "env", "grep", "mkdir", "rm", "touch")  # yash takes even these from PATH
_POISON = sorted({*sys.stdlib_module_names, "sitecustomize", "usercustomize", "pip", "requests", "yaml", "jira_ci"})
SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
"""What ``sh`` may be: Debian's, the one of Git for Windows and macOS, Alpine's."""
EVERY_SHELL = [*SHELLS, *(name for name in ("mksh", "yash", "zsh", "ksh93", "posh") if shutil.which(name))]
"""And whatever else may be called so; posh goes on after a command that failed in the runner's ``eval``."""


def load(path: Path) -> ModuleType:
    """A module of the wrapper, which is no package of ours."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Machine:
    """Everything below one folder."""

    folder: Path
    shell: str = SHELLS[0]
    site: dict[str, str] = field(default_factory=dict)
    """The variables that a user's organisation sets: where Jira is, with which credentials."""

    def __post_init__(self) -> None:
        for path in (self.bin, self.home, self.temp, self.workspace):
            path.mkdir(parents=True)
        for name in _TOOLS:
            self.link(name)
        # Bash and busybox are POSIX' sh when they are called by that name.
        self.link("sh", shutil.which(self.shell))
        self.link("python3", PYTHON)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def sh(self) -> Sequence[str]:
        return [str(self.bin / "sh")]

    def link(self, name: str, target: Path | str | None = None) -> None:
        found = target or shutil.which(name)
        assert found is not None, f"{name} is needed for this test"
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).symlink_to(found)

    def script(self, name: str, text: str) -> None:
        """A program on PATH that is this script."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def environ(self, **more: str) -> dict[str, str]:
        """What every process on this machine has."""
        return {"PATH": str(self.bin), "HOME": str(self.home), "LANG": "C", **self.site, **more}

    def uses(self, sandbox: Sandbox) -> None:
        self.site = {
            "JIRA_CI_SITE": sandbox.address,
            "JIRA_CI_API_URL": sandbox.address,
            "JIRA_CI_CLIENT_ID": sandbox.credentials.client_id,
            "JIRA_CI_CLIENT_SECRET": sandbox.credentials.client_secret,
        }

    def gated(self, sandbox: Sandbox, more: str = "comments: internal") -> None:
        """The repository gets the policy of ``gate_jobs``, and the organisation credentials for the gate."""
        self.uses(sandbox)
        self.site |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
        self.commit("WEB-7 Sign in with a passkey")
        (self.workspace / ".jira-ci.yml").write_text(POLICY.format(site=sandbox.address, more=more))
        subprocess.run(["git", "add", ".jira-ci.yml"], cwd=self.workspace, env=self.environ(), check=True)
        self.commit("WEB-7 The policy")

    def commit(self, message: str, branch: str = "main") -> str:
        """A commit in the workspace's repository; its hash."""
        git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        steps = [["commit", "-q", "--allow-empty", "-m", message]]
        if not (self.workspace / ".git").exists():
            steps.insert(0, ["init", "-q", "-b", branch])
        for step in steps:
            subprocess.run([*git, *step], cwd=self.workspace, env=self.environ(), check=True)
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=self.workspace,
            env=self.environ(),
            check=True,
            capture_output=True,
            text=True,
        )
        return head.stdout.strip()

    def poison(self, *names: str) -> None:
        """Modules in the checkout that would be imported in place of Python's own, all where none is named; each leaves
        a trace."""
        for name in names or _POISON:
            trace = self.folder / "poisoned"
            (self.workspace / f"{name}.py").write_text(f"open({str(trace)!r}, 'a').write('{name} ')\n")

    def poisoned(self) -> str:
        trace = self.folder / "poisoned"
        return trace.read_text() if trace.exists() else ""

    def files(self, folder: Path) -> list[str]:
        """What is in a folder, without git's own files."""
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".git" not in path.parts)


def reports(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Every build and deployment that was sent, in order."""
    sent = []
    for exchange in sandbox.exchanges:
        for kind in ("builds", "deployments"):
            if exchange.method == "POST" and f"/{kind}/0.1/" in exchange.path and exchange.path.endswith("/bulk"):
                sent += [{"kind": kind, **record} for record in exchange.json()[kind]]
    return sent


def states(sandbox: Sandbox) -> list[str]:
    """The states that were sent, in order."""
    return [record["state"] for record in reports(sandbox)]


def stored(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    """What the site shows in the end."""
    return [kept["record"] for kept in sandbox.site.dump()[kind]]


def writable_copy(source: Path, target: Path) -> Path:
    """The action as a runner downloads it: what the repository holds, and nothing a developer has beside it."""
    for name in ("action.yml", "jira-ci.schema.json", "jira-ci-record.schema.json", "jira-ci-evidence.schema.json"):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    for name in ("src", "wrapper", "requirements"):
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target
