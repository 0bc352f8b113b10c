"""The release's action, as runners run it: nothing is installed, nothing is left but byte code in a private folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from releases.pythons import each
from wrappers.github_runner import Runner
from wrappers.machine import states


def _store(runner: Runner) -> Path:
    """The one file of byte code among the runner's temporary ones."""
    (file,) = runner.machine.temp.glob("jira-ci-*/*")
    return file


@pytest.mark.parametrize("python", each(10, 11, 12, 13, 14))
def test_a_job_s_first_step_and_its_second(python: str, runner: Runner, sandbox: Sandbox) -> None:
    runner.machine.link("python3", python)
    runner.machine.commit("WEB-7 first")
    folders = [runner.action, runner.machine.workspace, runner.machine.home, runner.tool_cache]
    before = [runner.machine.files(folder) for folder in folders]
    runner.machine.poison()
    runner.env = {"PYTHONPATH": str(runner.machine.workspace), "PIP_INDEX_URL": "http://127.0.0.1:9"}
    assert runner.run(environment="Prod", state="in_progress").code == 0
    written = _store(runner).stat().st_mtime_ns
    assert runner.run(environment="Prod", state="in_progress").code == 0
    assert _store(runner).stat().st_mtime_ns == written, "the second step compiled something"
    assert states(sandbox) == ["in_progress", "in_progress"]
    assert runner.machine.poisoned() == ""
    for poison in runner.machine.workspace.glob("*.py"):
        poison.unlink()
    assert [runner.machine.files(folder) for folder in folders] == before


def test_the_byte_code_is_for_this_user_alone(runner: Runner) -> None:
    assert runner.run(command="environment", environment="Prod").code == 0
    assert stat.S_IMODE(_store(runner).parent.stat().st_mode) == 0o700


def test_a_release_with_other_sources_has_byte_code_of_its_own(runner: Runner) -> None:
    assert runner.run(command="environment", environment="Prod").code == 0
    source = runner.action / "src" / "jira_ci" / "environments" / "classify.py"
    then = source.stat()
    (runner.action / "vendor" / "DIGEST").write_text("f" * 32 + "\n")
    source.write_text(source.read_text().replace("the word", "the term"))
    os.utime(source, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert 'the term "prod"' in runner.run(command="environment", environment="Prod").log
    assert len(list(runner.machine.temp.glob("jira-ci-*/*"))) == 2


def test_a_source_that_was_replaced_is_compiled_again(runner: Runner) -> None:
    assert runner.run(command="environment", environment="Prod").code == 0
    source = runner.action / "src" / "jira_ci" / "environments" / "classify.py"
    source.write_text(source.read_text().replace("the word", "these letters"))
    assert 'these letters "prod"' in runner.run(command="environment", environment="Prod").log


@pytest.mark.parametrize("kept", [0, 3, 8, 100, 10_000])
def test_a_store_that_was_damaged_is_made_again(kept: int, runner: Runner) -> None:
    assert runner.run(command="environment", environment="Prod").code == 0
    file = _store(runner)
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:kept] + bytes(size - kept))
    step = runner.run(command="environment", environment="Prod")
    assert step.code == 0, step.log
    assert file.stat().st_size == size


def test_a_folder_that_others_can_write_to_is_not_used(runner: Runner) -> None:
    runner.env = {"TMPDIR": str(runner.machine.home)}
    assert runner.run(command="environment", environment="Prod").code == 0
    file = _store(runner)
    file.parent.chmod(0o777)
    file.write_bytes(b"somebody else's")
    assert runner.run(command="environment", environment="Prod").code == 0
    assert file.read_bytes() == b"somebody else's"
    assert list(runner.machine.home.glob("jira-ci-*/*")), "the next best folder"


def test_a_read_only_action_and_home_are_enough(runner: Runner, sandbox: Sandbox) -> None:
    folders = [path for path in (runner.action, *runner.action.rglob("*"), runner.machine.home) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert runner.run(environment="Prod").code == 0
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert states(sandbox) == ["successful"]
