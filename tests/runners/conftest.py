"""Real runners, where they are installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from releases.builds import build, copied
from runners import act as github
from runners import gitlab_ci_local as gitlab
from runners.act import Act
from runners.gitlab_ci_local import Local
from wrappers.github_runner import packages_name
from wrappers.machine import LOCK, ROOT, SITE_PACKAGES

NODE = Path(__file__).parent / "node"
_FILES = ("action.yml", "jira-ci.schema.json", "jira-ci-record.schema.json", "jira-ci-evidence.schema.json")


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as a runner downloads it: what the repository holds, and nothing a developer has beside it."""
    folder = tmp_path_factory.mktemp("action") / "jira-ci"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.split("/")[0] in (*_FILES, "src", "wrapper", "requirements", ".github"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def act(tmp_path: Path, action: Path, sandbox: Sandbox) -> Act:
    """act in a repository of a user's, with credentials for the sandbox."""
    if github.PROGRAM is None:
        pytest.skip("act is not installed here")
    found = Act(tmp_path / "runner", action)  # act splits the path of a step's script at blanks
    found.uses(sandbox)
    packages = found.folder / "cache" / "tool_cache" / "jira-ci"
    packages.mkdir(parents=True)
    (packages / packages_name(LOCK)).symlink_to(SITE_PACKAGES)
    return found


@pytest.fixture(scope="session")
def gitlab_ci_local() -> Path:
    """gitlab-ci-local as its lock names it, installed once in ``build/``."""
    if os.name == "nt" or not all(shutil.which(name) for name in ("node", "npm", "bash", "awk")):
        pytest.skip("gitlab-ci-local needs node, npm, bash and awk on a system like Unix, and something is not here")
    lock = (NODE / "package-lock.json").read_bytes()
    home = ROOT / "build" / "node" / hashlib.sha256(lock).hexdigest()[:16]
    if not home.exists():
        _install(home)
    return home / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"


def _install(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, ignore_cleanup_errors=True) as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NODE / name, folder)
        quick = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *quick]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
        if done.returncode:
            pytest.skip(f"gitlab-ci-local could not be installed: {' '.join(done.stderr.split())[:200]}")
        with suppress(OSError):  # another worker was faster
            Path(folder).rename(home)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with everything of a release."""
    checkout = copied(tmp_path_factory.mktemp("checkout") / "jira-ci")
    return build(checkout, tmp_path_factory.mktemp("dist") / "out")


@pytest.fixture
def local(tmp_path: Path, gitlab_ci_local: Path, release: Path, sandbox: Sandbox) -> Iterator[Local]:
    """gitlab-ci-local in a repository of a user's, with a release's files and credentials for the sandbox."""
    found = Local(tmp_path / "runner", gitlab_ci_local, release / "jira-ci.pyz")
    found.uses(sandbox)
    found.write(gitlab.TEMPLATE, (release / gitlab.TEMPLATE).read_text("utf-8"))
    found.write(gitlab.COMPONENT, (release / "action" / gitlab.COMPONENT).read_text("utf-8"))
    yield found
    found.stop()
