"""Machines with a pretend Jira beside them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner
from wrappers.gitlab_runner import GitLab
from wrappers.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, sandbox: Sandbox) -> Machine:
    """A machine whose paths hold a space and a letter that is not ASCII, with credentials for the sandbox."""
    machine = Machine(tmp_path / "a runnér")
    machine.uses(sandbox)
    return machine


@pytest.fixture
def runner(machine: Machine) -> Runner:
    """GitHub's runner, not for the first time."""
    runner = Runner(machine)
    runner.has_packages()
    return runner


@pytest.fixture
def gated(runner: Runner, sandbox: Sandbox) -> Runner:
    """GitHub's runner in a repository whose policy makes Prod change controlled."""
    runner.machine.gated(sandbox)
    runner.event = ("push", {"repository": {"full_name": "octo-org/web", "id": 1296269, "default_branch": "main"}})
    return runner


@pytest.fixture
def gitlab(machine: Machine) -> Callable[..., GitLab]:
    """GitLab with this ``.gitlab-ci.yml`` and these variables; jira-ci is in the job's image already."""

    def start(text: str, **variables: str) -> GitLab:
        return GitLab(machine, text, {"JIRA_CI_HOME": sys.prefix, **variables})

    return start
