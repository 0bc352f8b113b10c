"""How jobs of the GitLab template get jira-ci where the image does not hold it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jira_ci import __version__
from jira_ci.settings import TABLE
from jira_sandbox.server import Sandbox
from wrappers.gitlab_runner import GitLab
from wrappers.machine import ROOT, SHELLS, Machine, states

Start = Callable[..., GitLab]

VERSION = """
job:
  before_script: [!reference [.jira-ci, script]]
  script: ["jira_ci --version"]
"""
DEPLOY = """
deploy:
  extends: .jira-ci-deployment
  environment: {name: production}
  script: touch deployed
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ourselves, as PyPI has us."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def _offline(wheel: Path) -> dict[str, str]:
    """Only our own package is installed: nothing is asked of an index, and ``--version`` needs no other."""
    return {"JIRA_CI_PACKAGE": str(wheel), "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "CI_JOB_TOKEN": "t0ken"}


@pytest.mark.parametrize("shell", SHELLS)
def test_it_is_installed_once_for_a_job_outside_of_the_checkout(shell: str, tmp_path: Path, wheel: Path) -> None:
    machine = Machine(tmp_path / "a runnér", shell)
    package = Path(shutil.copy(wheel, tmp_path))
    pipeline = GitLab(machine, VERSION, _offline(package))
    first = pipeline.run("job")
    assert first.status == "success", first.log
    assert f"jira-ci {__version__}" in first.log
    assert machine.files(machine.workspace) == []
    package.unlink()  # a second installation would need it
    assert f"jira-ci {__version__}" in pipeline.run("job").log


def test_settings_for_the_project_s_own_pip_lead_nothing_astray(tmp_path: Path, wheel: Path) -> None:
    machine = Machine(tmp_path / "runner")
    bad = dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_CONSTRAINT"), "/nonexistent")
    pipeline = GitLab(machine, VERSION, {**_offline(wheel), **bad, "PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1"})
    job = pipeline.run("job")
    assert f"jira-ci {__version__}" in job.log


def test_what_is_half_built_is_built_again_and_another_package_apart(tmp_path: Path, wheel: Path) -> None:
    machine = Machine(tmp_path / "runner")
    pipeline = GitLab(machine, VERSION, _offline(wheel))
    name = hashlib.sha256(f"t0ken{wheel}".encode()).hexdigest()[:32]
    home = machine.folder / "workspace.tmp" / f"jira-ci-home-{name}"
    (home / "bin").mkdir(parents=True)
    (home / "stale").touch()
    (home / "bin" / "python").symlink_to("/nonexistent/python")
    assert f"jira-ci {__version__}" in pipeline.run("job").log
    assert (home / "bin" / "python").is_file()
    assert not (home / "stale").exists()
    pipeline.variables["JIRA_CI_PACKAGE"] = str(machine.folder / "other.whl")
    assert "other.whl could not be installed" in pipeline.run("job").log


@pytest.mark.parametrize("token", ["of-this-job", ""])
def test_what_an_earlier_job_left_is_neither_run_nor_kept(token: str, tmp_path: Path, wheel: Path) -> None:
    machine = Machine(tmp_path / "runner")
    pipeline = GitLab(machine, VERSION, _offline(wheel))
    assert pipeline.run("job").status == "success"
    (home,) = (machine.folder / "workspace.tmp").glob("jira-ci-home-*")
    (site,) = home.glob("lib/python3*/site-packages")
    trace = tmp_path / "ran"
    (site / "evil.pth").write_text(f"import os; open({str(trace)!r}, 'a').write('pth ')\n")
    (home / "bin" / "python").unlink()
    (home / "bin" / "python").write_text(f"#!/bin/sh\ntouch '{trace}'\n")
    (home / "bin" / "python").chmod(0o755)
    job = pipeline.run("job", CI_JOB_TOKEN=token)
    assert f"jira-ci {__version__}" in job.log
    assert not trace.exists()
    assert not home.exists()


@pytest.mark.parametrize(("on_error", "status"), [("", "success"), ("warn", "success"), ("fail", "failed")])
def test_what_cannot_be_installed_is_said_and_stops_no_deployment(
    on_error: str, status: str, machine: Machine, sandbox: Sandbox
) -> None:
    machine.script("python3", "exit 1")
    variables = {"JIRA_CI_PACKAGE": "/nonexistent.whl", **({"JIRA_CI_ON_ERROR": on_error} if on_error else {})}
    job = GitLab(machine, DEPLOY, variables).run("deploy")
    assert job.status == status, job.log
    assert "warning: Not reported: /nonexistent.whl could not be installed" in job.log
    assert ("deployed" in machine.files(machine.workspace)) == (status == "success")
    assert states(sandbox) == []


def test_an_image_without_python_deploys_all_the_same(machine: Machine) -> None:
    (machine.bin / "python3").unlink()
    job = GitLab(machine, DEPLOY).run("deploy")
    assert job.status == "success", job.log
    assert "The image needs Python 3.10 or newer" in job.log
    assert job.artifacts == ()


def test_a_home_of_the_user_s_own_is_used_and_never_emptied(tmp_path: Path, wheel: Path) -> None:
    machine = Machine(tmp_path / "runner")
    home = machine.folder / "home of theirs"
    home.mkdir()
    (home / "precious").touch()
    pipeline = GitLab(machine, VERSION, {**_offline(wheel), "JIRA_CI_HOME": str(home)})
    assert f"jira-ci {__version__}" in pipeline.run("job").log
    assert (home / "precious").exists()


def test_secrets_are_no_variables_of_the_installer(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "runner")
    machine.script("python3", 'env > "$HOME/seen"; exit 1')
    secrets = {row.variable: "s3cr3t" for row in TABLE if row.secret}
    GitLab(machine, VERSION, secrets).run("job")
    seen = (machine.home / "seen").read_text()
    assert "CI_JOB_ID" in seen
    assert "s3cr3t" not in seen
