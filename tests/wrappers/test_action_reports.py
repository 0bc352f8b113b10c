"""action.yml from the inputs to what Jira got and what the steps that follow see."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from jira_ci.gate.gate_result import NOT_YET
from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, evaluate, parse_outputs
from wrappers.machine import SHELLS, Machine, reports, states, stored


@pytest.mark.parametrize("shell", SHELLS)
def test_an_environment_makes_it_a_deployment(shell: str, tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(tmp_path / "a runnér", shell)
    machine.uses(sandbox)
    runner = Runner(machine)
    runner.has_packages()
    step = runner.run(environment="Prod", issue_keys="WEB-12", version="1.4.0")
    assert step.code == 0, step.log
    (record,) = reports(sandbox)
    assert (record["kind"], record["state"]) == ("deployments", "successful")
    assert record["environment"]["displayName"] == "Prod"
    assert record["environment"]["type"] == "production"
    assert step.outputs == {
        "issue-keys": "WEB-12,WEB-7",
        "keys-complete": step.outputs["keys-complete"],
        "environment": "Prod",
        "environment-type": "production",
        "state": "successful",
        "accepted": "1",
        "rejected": "0",
        "unknown-keys": "",
        "lead-time": step.outputs["lead-time"],
        **dict.fromkeys(NOT_YET, ""),  # the gate was not asked
    }
    assert step.outputs["lead-time"].isdecimal()
    assert "WEB" in step.summary


def test_without_an_environment_it_is_a_build_in_the_state_of_the_job(runner: Runner, sandbox: Sandbox) -> None:
    runner.status = "failure"
    step = runner.run()
    assert step.code == 0, step.log
    assert [(record["kind"], record["state"]) for record in reports(sandbox)] == [("builds", "failed")]


def test_two_steps_of_one_job_report_the_start_and_the_end_of_one_deployment(runner: Runner, sandbox: Sandbox) -> None:
    runner.run(environment="Prod", state="in_progress")
    runner.status = "cancelled"
    runner.run(environment="Prod")
    assert states(sandbox) == ["in_progress", "cancelled"]
    (record,) = stored(sandbox, "deployments")
    assert record["state"] == "cancelled"


def test_results_of_other_jobs_can_be_passed_as_the_state(runner: Runner, sandbox: Sandbox) -> None:
    runner.run(state="success,failure,skipped")
    assert states(sandbox) == ["failed"]


def test_an_input_that_is_left_out_hides_no_variable_of_the_workflow(runner: Runner, sandbox: Sandbox) -> None:
    runner.env = {"JIRA_CI_ENVIRONMENT": "Staging", "JIRA_CI_LABEL": "from the workflow"}
    runner.run()
    assert [record["environment"]["displayName"] for record in reports(sandbox)] == ["Staging"]
    runner.run(environment="Prod")
    assert [record["environment"]["displayName"] for record in reports(sandbox)] == ["Staging", "Prod"]


def test_the_action_brings_the_leg_of_a_matrix_and_an_input_or_a_variable_wins(
    runner: Runner, sandbox: Sandbox
) -> None:
    runner.matrix, runner.legs = {"region": "eu", "zone": {"name": "b"}}, 2
    runner.run(command="build")
    runner.run(command="build", leg="chosen")
    runner.env = {"JIRA_CI_LEG": "by the workflow"}
    runner.run(command="build")
    runner.matrix, runner.legs, runner.env = None, 1, {}
    runner.run(command="build")
    assert [record["displayName"] for record in reports(sandbox)] == [
        'Deploy (deploy, eu, {"name":"b"}) #42',
        "Deploy (deploy, chosen) #42",
        "Deploy (deploy, by the workflow) #42",
        "Deploy (deploy) #42",
    ]


def test_the_action_brings_the_state_of_an_event_about_another_s_deployment(runner: Runner, sandbox: Sandbox) -> None:
    runner.event = ("deployment_status", {"deployment_status": {"state": "failure", "environment": "Preview"}})
    runner.run()
    runner.run(environment="Other")
    runner.run(state="success")
    assert states(sandbox) == ["failed", "successful", "successful"]


def test_other_names_of_inputs_mean_the_same(runner: Runner, sandbox: Sandbox) -> None:
    runner.run(environment_name="Prod", project="OPS", issue_keys="OPS-3")
    (record,) = reports(sandbox)
    assert record["environment"]["displayName"] == "Prod"
    assert record["associations"][0]["values"] == ["OPS-3"]


def test_an_empty_command_is_the_default(runner: Runner, sandbox: Sandbox) -> None:
    assert runner.run(command="").code == 0
    assert states(sandbox) == ["successful"]


def test_a_wrong_command_is_refused_with_the_nearest_one(runner: Runner) -> None:
    step = runner.run(command="deploymnt")
    assert step.code == 2
    assert "Did you mean deployment?" in step.log


def test_a_wrong_setting_fails_the_job_and_names_the_input(runner: Runner) -> None:
    step = runner.run(timeout="soon")
    assert step.code == 2
    assert "timeout (the input timeout) is 'soon'" in step.log


def test_a_command_is_one_word_and_takes_no_flags(runner: Runner) -> None:
    step = runner.run(command="report --dry-run")
    assert step.code == 2
    assert "would be sent" not in step.log


HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "two\nlines; touch pwned",
    "${{ github.token }}",
    "::set-output name=state::forged",
    "::stop-commands::x",
    "EOF\nstate=forged",
    "%0Astate=forged",
    "\\",
    "-n",
    "*",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_inputs_are_values_and_nothing_else(text: str, runner: Runner, sandbox: Sandbox) -> None:
    before = runner.machine.files(runner.machine.folder)
    step = runner.run(environment="Prod", description=text, version=text, label=text)
    assert step.code == 0, step.log
    (record,) = reports(sandbox)
    assert record["description"].strip() == text.strip()
    assert step.outputs["state"] == "successful"
    assert not [line for line in step.log.splitlines() if line.startswith(("::set-output", "::stop-commands"))]
    assert "pwned" not in " ".join(set(runner.machine.files(runner.machine.folder)) - set(before))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_command_is_one_word_whatever_it_holds(text: str, runner: Runner) -> None:
    step = runner.run(command=text)
    assert step.code == 2, step.log
    assert "pwned" not in " ".join(runner.machine.files(runner.machine.folder))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_step_reaches_python(number: signal.Signals, runner: Runner, sandbox: Sandbox) -> None:
    asked, answer = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        asked.set()
        answer.wait(20)

    sandbox.before = hang
    process, files = runner.start({"environment": "Prod"})
    try:
        assert asked.wait(30), "the step asked nothing"
        if sys.platform == "linux":  # the shell has become Python: same process
            assert b"launch.py" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        os.kill(process.pid, number)
        answer.set()
        step = runner.finish(process, files)
    finally:
        answer.set()
        process.kill()
    assert step.code == 128 + number, step.log  # an exit code of its own, not death by signal


def test_the_token_of_the_workflow_is_the_default() -> None:
    assert evaluate("${{ github.token }}", {"github": {"token": "ghs_1"}}) == "ghs_1"


def test_outputs_are_read_as_the_runner_reads_them() -> None:
    text = "a=1\nb<<D\nx=2\ny<<Z\nD\nc=\n"
    assert parse_outputs(text) == {"a": "1", "b": "x=2\ny<<Z", "c": ""}
