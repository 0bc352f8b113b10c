"""A release, built once for all tests here, and machines that it runs on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from releases.builds import build, copied
from wrappers.github_runner import Runner
from wrappers.machine import Machine


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that nobody's edits come in between two builds."""
    return copied(tmp_path_factory.mktemp("checkout") / "jira-ci")


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with everything of a release."""
    return build(checkout, tmp_path_factory.mktemp("dist") / "out")


@pytest.fixture
def machine(tmp_path: Path, sandbox: Sandbox) -> Machine:
    """A machine whose paths hold a space and a letter that is not ASCII, that reaches only the sandbox."""
    machine = Machine(tmp_path / "a runnér")
    machine.uses(sandbox)
    nowhere = "http://127.0.0.1:9"
    machine.site |= {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "ALL_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
    machine.site["TMPDIR"] = str(machine.temp)
    for folder in (machine.folder, machine.temp, machine.home):  # whatever the umask here is
        folder.chmod(0o755)
    return machine


@pytest.fixture
def archive(built: Path, machine: Machine) -> Path:
    """``jira-ci.pyz`` in a read-only folder whose path has a space."""
    folder = machine.folder / "read only"
    folder.mkdir()
    path = Path(shutil.copy(built / "jira-ci.pyz", folder))
    folder.chmod(0o555)
    return path


@pytest.fixture
def runner(machine: Machine, built: Path, tmp_path: Path) -> Runner:
    """GitHub's runner with the release's action, downloaded for this job."""
    action = tmp_path / "_actions" / "jira-ci" / "v1"
    shutil.copytree(built / "action", action)
    machine.site["CI_JOB_TOKEN"] = "t0ken-of-this-job"
    return Runner(machine, action)
