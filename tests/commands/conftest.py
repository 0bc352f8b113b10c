"""The jobs that most commands begin with, and a provider's API without an answer yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import scenes
from ci.servers import Api, serving
from gate_jobs import EVENT, commit, scene
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
PLAIN = 'environments:\n  Azure-Dev: development\n  "qa*": testing\n'


@pytest.fixture
def api() -> Iterator[Api]:
    with serving("/api") as api:
        yield api


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A pull request's job on GitHub that can reach a sandbox, as run #41."""
    made = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    made.environ |= scenes.reach(sandbox)
    return made


@pytest.fixture
def pushed(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A push to main that reports, without change control."""
    made = scenes.github(tmp_path, PATH, EVENT)
    commit(made, PLAIN)
    made.environ |= scenes.reach(sandbox)
    return made


@pytest.fixture
def gated(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A push to main that reports and has change control."""
    made = scene(tmp_path, sandbox, "minimum-approvals: 1").job
    made.environ |= scenes.reach(sandbox)
    return made
