"""Every piece of shell that users run: checked for what all POSIX shells know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from wrappers.gitlab_runner import TEMPLATE, commands, resolve
from wrappers.machine import ROOT

SHELLCHECK = Path(sys.executable).with_name("shellcheck")


def _pieces() -> dict[str, str]:
    pieces = {path.name: path.read_text() for path in sorted((ROOT / "wrapper").glob("*.sh"))}
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]:
        pieces[f"action.yml: {step['id']}"] = step["run"]
    for name, job in resolve(TEMPLATE.read_text()).items():
        for part in ("before_script", "script", "after_script"):
            if part in job:
                pieces[f"{name}: {part}"] = "\n".join(commands(job[part]))
    return pieces


@pytest.mark.parametrize(("name", "text"), _pieces().items())
def test_it_is_plain_shell(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "piece.sh"
    file.write_text(text)
    command = [str(SHELLCHECK), "--shell=sh", "--severity=style", "--exclude=SC2317,SC2329", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{name}\n{done.stdout}"


def test_there_is_shell_to_check() -> None:
    assert {"find-python.sh", "action.yml: jira-ci", ".jira-ci-deployment: after_script"} <= _pieces().keys()


def test_the_shell_check_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "piece.sh"
    file.write_text("if [[ $1 == a ]]; then echo $1; fi\n")
    assert subprocess.run([str(SHELLCHECK), "--shell=sh", str(file)], capture_output=True).returncode == 1


@pytest.mark.parametrize("name", ["action.yml", ".gitlab-ci-template.yml", "examples"])
def test_it_is_tidy_yaml(name: str) -> None:
    command = [sys.executable, "-m", "yamllint", "--strict", "-c", str(ROOT / ".yamllint"), str(ROOT / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
