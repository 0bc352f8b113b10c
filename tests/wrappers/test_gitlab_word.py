"""A job of the template ends well only when jira-ci itself said so, whatever is started in its place."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wrappers.gitlab_runner import GitLab
from wrappers.machine import EVERY_SHELL, PYTHON, Machine

JOBS = """
gate:
  extends: .jira-ci-gate
  environment: {name: Prod}
deploy:
  extends: .jira-ci-gated-deployment
  environment: {name: Prod}
  script: touch deployed
report:
  extends: .jira-ci-deployment
  environment: {name: Prod}
  script: touch deployed
names:
  before_script: [!reference [.jira-ci, script]]
  script:
    - version=2.3.1 command=mine home=h folder=f python=p package=q said=s address=a
    - export version command home folder python package said address
    - export CDPATH=/
    - IFS=-
    - set -Cu
    - jira_ci --version >first
    - jira_ci deploy --environment Dev --issue-keys WEB-7 -- sh -c 'env >seen; exit 9'
"""
DENY = {"JIRA_CI_OUT_DECISION": "deny", "JIRA_CI_OUT_APPROVED": "false"}


def _archive(main: str, package: str = "jira_ci/__init__.py") -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("__main__.py", main)
            file.writestr(package, "")

    return make


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "__main__.py").touch()


def _half(path: Path) -> None:
    _archive("x = 1" * 100)(path)
    path.write_bytes(path.read_bytes()[:-30])


THINGS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "an empty file": Path.touch,
    "an error page": lambda path: path.write_text("<html><body>502 Bad Gateway</body></html>"),
    "a pointer of Git LFS": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n"),
    "a few bytes that run": lambda path: path.write_text("None\n"),
    "a folder": Path.mkdir,
    "a folder that runs": _folder,
    "half of it": _half,
    "another program": _archive("", "other/__init__.py"),
    "one that says nothing": _archive("import sys; sys.exit(0)"),
    "one that ends otherwise": _archive(
        "import os; os.write(3, ('jira-ci %s 1' % os.environ['JIRA_CI_WORD']).encode())"
    ),
    "one that says yesterday's word": _archive("import os; os.write(3, b'jira-ci 6001-1 0')"),
    "one that breaks": _archive("import nonexistent"),
    "one that is killed": _archive("import os; os.kill(os.getpid(), 9)"),
}


def _closed(pipeline: GitLab, name: str) -> None:
    job = pipeline.run(name)
    assert (job.status, dict(job.outputs)) == ("failed", DENY), job.log
    assert "error: " in job.log
    assert not (pipeline.machine.workspace / "deployed").exists()


def _reported(pipeline: GitLab) -> None:
    job = pipeline.run("report")
    assert job.status == "success", job.log
    assert "warning: Not reported: " in job.log
    assert "warning: Not reported: " in job.after
    assert (pipeline.machine.workspace / "deployed").exists()


SILENT = "one that says nothing"
EVERY = [("dash", thing) for thing in THINGS] + [(shell, SILENT) for shell in EVERY_SHELL if shell != "dash"]


@pytest.mark.parametrize(("shell", "thing"), EVERY)
def test_what_is_not_jira_ci_opens_no_gate_and_stops_no_report(shell: str, thing: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "a runner", shell)  # yash knows no other letters in the C locale
    pyz = tmp_path / "jira-ci.pyz"
    THINGS[thing](pyz)
    pipeline = GitLab(machine, JOBS, {"JIRA_CI_PYZ": str(pyz)})
    _closed(pipeline, "gate")
    _closed(pipeline, "deploy")
    _reported(pipeline)


@pytest.mark.parametrize("answer", ["exit 0", "echo Python for jira-ci; exit 0"])
def test_a_python_that_answers_0_to_everything_opens_no_gate(answer: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "a runnér")
    machine.script("python3", answer)
    (machine.home / "bin").mkdir()
    (machine.home / "bin" / "python").symlink_to(machine.bin / "python3")
    for variables in ({"JIRA_CI_PYZ": __file__}, {"JIRA_CI_HOME": str(machine.home)}, {"JIRA_CI_PACKAGE": "x"}):
        pipeline = GitLab(machine, JOBS, variables)
        _closed(pipeline, "gate")
        _reported(pipeline)
        (machine.workspace / "deployed").unlink()


@pytest.mark.parametrize("shell", EVERY_SHELL)
def test_names_of_the_job_and_its_options_are_left_alone(shell: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "a runner", shell)
    job = GitLab(machine, JOBS, {"JIRA_CI_HOME": sys.prefix}).run("names")
    assert job.status == "failed", job.log
    seen = (machine.workspace / "seen").read_text("utf-8").splitlines()
    theirs = {"version=2.3.1", "command=mine", "home=h", "folder=f", "python=p", "package=q", "said=s", "address=a"}
    assert theirs <= set(seen)
    assert not [line for line in seen if line.lower().startswith("jira_ci_") and "HOME" not in line]


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_a_refusal_is_written_into_a_plain_file_only(kind: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "runner")
    victim, place = tmp_path / "victim", machine.workspace / ".jira-ci/jira-ci.env"
    victim.write_text("KEPT=1\n")
    place.parent.mkdir()
    if kind == "link":
        place.symlink_to(victim)
    elif kind == "fifo":
        os.mkfifo(place)
    else:
        place.mkdir()
    job = GitLab(machine, JOBS, {"JIRA_CI_PYZ": "/nonexistent"}).run("gate")
    assert job.status == "failed"
    assert "jira-ci.env is no plain file" in job.log
    assert victim.read_text() == "KEPT=1\n"


def test_a_python_that_a_branch_brings_is_not_even_asked(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "runner")
    theirs = machine.workspace / "bin"
    theirs.mkdir()
    (theirs / "python3").write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\nexit 0\n")
    (theirs / "python3").chmod(0o755)
    machine.link("python3", PYTHON)
    pipeline = GitLab(machine, JOBS, {"JIRA_CI_PYZ": "/nonexistent", "PATH": f"{theirs}:bin:{machine.bin}"})
    pipeline.variables["CDPATH"] = str(machine.folder)  # where another bin is
    _closed(pipeline, "gate")
    assert not (tmp_path / "ran").exists()
