"""The command as a process of its own: streams, encodings, exit codes, a strange folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import scenes
from jira_ci.errors import Exit
from jira_sandbox.server import Sandbox

PATH = os.environ["PATH"]


def _run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-m", "jira_ci", *arguments],
        cwd=folder,
        env={"PATH": PATH, "GIT_CONFIG_GLOBAL": os.devnull, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_shows_the_commands_and_the_exit_codes(tmp_path: Path) -> None:
    ended = _run(tmp_path, "--help", COLUMNS="1000")
    assert ended.returncode == 0
    assert all(f"{code.value} {code.meaning}" in ended.stdout for code in Exit)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["reprot"], "Did you mean report?"),
        (["--vresion"], "Did you mean --version?"),
        (["--site", "acme.atlassian.net", "keys"], "Write: jira-ci keys --site ..."),
        (["--dry-run"], "Write: jira-ci report --dry-run ..."),
        (["report", "--enviroment", "x"], "Did you mean --environment?"),
        ([], "See jira-ci --help."),
        (["keys", "--text"], "See jira-ci keys --help."),
    ],
)
def test_a_typo_is_answered_with_the_nearest_word(tmp_path: Path, arguments: list[str], hint: str) -> None:
    ended = _run(tmp_path, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert hint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_error_is_json_too(tmp_path: Path) -> None:
    ended = _run(tmp_path, "report", "--state", "nonsense", "--format", "json")
    assert ended.returncode == 2
    assert set(json.loads(ended.stdout)["error"]) == {"kind", "message", "hint", "mend"}


def test_a_closed_stdout_fails_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-m", "jira_ci", "keys", "--text", "WEB-1"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        ended = subprocess.run(command, cwd=tmp_path, stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False)
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr


def test_a_terminal_without_unicode_gets_escapes(tmp_path: Path) -> None:
    ended = _run(tmp_path, "environment", "Prod-Überall", LANG="C", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0
    assert ended.stdout.startswith("Prod-")


def test_outside_of_a_repository_it_works_and_says_the_gap(tmp_path: Path) -> None:
    ended = _run(tmp_path, "keys")
    assert ended.returncode == 0
    assert "No issue key was found." in ended.stdout
    assert "warning" in ended.stderr


def test_a_poisoned_checkout_changes_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("WEB-12 Pay by card")
    for module in ("json", "requests", "yaml", "sitecustomize", "jira_ci"):
        job.write(f"{module}.py", "raise SystemExit('poisoned')")
    ended = _run(job.folder, "report", "--state", "success", PYTHONPATH=str(job.folder), **scenes.reach(sandbox))
    assert ended.returncode == 0, ended.stderr
    assert scenes.stored(sandbox, "WEB-12")["builds"]


def test_twenty_jobs_at_once_leave_one_record_each(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12"), "pull_request")
    command = [sys.executable, "-I", "-m", "jira_ci", "build", "--state", "success"]
    environ = {**job.environ, **scenes.reach(sandbox)}
    children = [
        subprocess.Popen(
            [*command, "--pipeline", f"leg {leg}"],
            cwd=job.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for leg in range(20)
    ]
    ended = [(child.communicate(timeout=100)[0], child.returncode) for child in children]
    assert [code for _, code in ended] == [0] * 20, ended
    assert len(scenes.stored(sandbox, "WEB-12")["builds"]) == 20
