"""The shell that runs the action's script, and the file that it is given."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from wrapper import script_file

from jira_ci.errors import UsageError


def _program(folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("shell", "begins"),
    [
        ("auto", ["bash", "-eo", "pipefail"]),
        ("bash", ["bash", "-eo", "pipefail"]),
        ("sh", ["sh", "-e"]),
        ("pwsh", ["pwsh", "-NoProfile", "-NonInteractive", "-Command"]),
    ],
)
def test_each_shell_is_called_as_github_calls_it(shell: str, begins: list[str], tmp_path: Path) -> None:
    environ = {"PATH": _program(tmp_path, "bash"), "RUNNER_TEMP": str(tmp_path)}
    path = script_file.write("./deploy.sh\r\n", environ, shell)
    found = script_file.command(path, environ, shell, windows=False)
    assert [Path(found[0]).name, *found[1:-1]] == begins
    assert path.suffix == (".ps1" if shell == "pwsh" else ".sh")
    assert found[-1] == (f". '{path}'" if shell == "pwsh" else str(path))
    assert "\r" not in path.read_bytes().decode()


def test_without_bash_it_is_sh(tmp_path: Path) -> None:
    assert script_file.command(Path("x"), {"PATH": str(tmp_path)}, windows=False) == ["sh", "-e", "x"]


def test_powershell_stops_at_an_error_and_ends_as_its_last_program(tmp_path: Path) -> None:
    text = script_file.write("./deploy.ps1", {"RUNNER_TEMP": str(tmp_path)}, "pwsh").read_text("utf-8")
    assert text.startswith("$ErrorActionPreference = 'stop'\n./deploy.ps1\n")
    assert text.endswith("exit $LASTEXITCODE }\n")


def test_a_quote_in_the_path_stays_one(tmp_path: Path) -> None:
    assert script_file.command(Path("it's"), {}, "pwsh")[-1] == ". 'it''s'"
    assert script_file.command(Path("O’Brien"), {}, "pwsh")[-1] == ". 'O’’Brien'"


@pytest.mark.skipif(
    os.name == "nt", reason="programs have other names on Windows; its rules are tried here all the same"
)
def test_on_windows_the_bash_that_starts_another_system_is_passed_over(tmp_path: Path) -> None:
    wsl = [_program(tmp_path / name, "bash") for name in ("System32", "WindowsApps")]
    git = _program(tmp_path / "Git" / "cmd", "git")
    path = os.pathsep.join([*wsl, git])
    assert script_file.command(Path("x"), {"PATH": path}, windows=True) == ["sh", "-e", "x"], "no bash but that"
    with pytest.raises(UsageError, match="no bash here but WSL's"):
        script_file.command(Path("x"), {"PATH": path}, "bash", windows=True)
    own = str(Path(_program(tmp_path / "Git" / "bin", "bash")) / "bash")
    assert script_file.command(Path("x"), {"PATH": path}, windows=True)[0] == own
    assert script_file.command(Path("x"), {"PATH": path}, windows=False)[0] == str(Path(wsl[0]) / "bash")


@pytest.mark.skipif(not shutil.which("pwsh"), reason="PowerShell (pwsh) is not installed here")
def test_powershell_runs_it(tmp_path: Path) -> None:
    path = script_file.write("exit 7", {"RUNNER_TEMP": str(tmp_path)}, "pwsh")
    assert subprocess.run(script_file.command(path, {}, "pwsh")).returncode == 7
