"""The action's gate: a script that starts only when the change is approved, and what it gets and hands on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ci.servers import serving
from gate_subjects import approved
from jira_ci.settings import TABLE
from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, Step
from wrappers.machine import Machine, reports, states

UNREACHABLE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nonexistent"}
CANARY = "touch deployed"


def deploy(runner: Runner, script: str = CANARY, **inputs: str) -> Step:
    return runner.run(**{"command": "deploy", "environment": "Prod", "version": "1.2.3", "script": script, **inputs})


def deployed(runner: Runner) -> bool:
    return (runner.machine.workspace / "deployed").exists()


def left(runner: Runner) -> list[str]:
    """Files of scripts that are still there."""
    return [path.name for path in runner.machine.temp.glob("jira-ci-*.sh")]


def test_an_approved_change_lets_the_script_run(gated: Runner, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    step = deploy(gated)
    assert step.code == 0, step.log
    assert deployed(gated)
    assert (step.outputs["decision"], step.outputs["approved"]) == ("proceed", "true")
    assert (step.outputs["change-key"], step.outputs["change-status"]) == (key, "Implementing")
    assert step.outputs["change-url"] == f"{sandbox.address}/browse/{key}"
    assert (step.outputs["state"], states(sandbox)) == ("successful", ["in_progress", "successful"])
    assert Path(step.outputs["record"]).is_file()
    assert left(gated) == []


def test_without_an_approval_the_script_never_starts(gated: Runner, sandbox: Sandbox) -> None:
    step = deploy(gated)
    assert step.code == 4, step.log
    assert not deployed(gated)
    assert (step.outputs["decision"], step.outputs["approved"]) == ("wait", "false")
    assert states(sandbox) == []
    assert left(gated) == []


def test_a_declined_change_denies(gated: Runner, sandbox: Sandbox) -> None:
    key = sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"').key
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.decline(key)
    step = deploy(gated)
    assert step.code == 3, step.log
    assert not deployed(gated)
    assert (step.outputs["decision"], step.outputs["approved"]) == ("deny", "false")


@pytest.mark.parametrize("status", ["failure", "cancelled"])
def test_the_job_s_status_is_not_the_state_that_deploy_refuses(status: str, gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    gated.status = status
    assert deploy(gated).outputs["state"] == "successful"
    assert states(sandbox) == ["in_progress", "successful"]


def test_the_gate_alone_decides_and_starts_nothing(gated: Runner, sandbox: Sandbox) -> None:
    step = gated.run(command="gate", environment="Prod", version="1.2.3")
    assert (step.code, step.outputs["approved"]) == (4, "false")
    key = step.outputs["change-key"]
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
    step = gated.run(command="gate", environment="Prod", version="1.2.3")
    assert (step.code, step.outputs["approved"]) == (0, "true")
    assert reports(sandbox) == []


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_script_has_the_user_s_environment_and_nothing_of_ours(shell: str, gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    if shell == "bash":
        gated.machine.link("bash")
    own = {"MSYS2_ENV_CONV_EXCL": "MY_"} if shell == "bash" else {}  # what the action sets for itself is taken back
    gated.env = {**own, "MY_KEY": "a b=c\nd", "GITHUB_TOKEN": "theirs", "PYTHONPATH": "mine", "EMPTY": ""}
    gated.token = "workflow-token"
    with serving() as github:  # it knows no tag of that name
        gated.env["GITHUB_API_URL"] = github.url
        step = deploy(gated, "env -0 > seen; echo $0 > name; cat > stdin")
    del gated.env["GITHUB_API_URL"]
    assert step.code == 0, step.log
    text = (gated.machine.workspace / "seen").read_text(encoding="utf-8")
    seen = dict(row.split("=", 1) for row in text.split("\0") if row)
    withheld = {row.variable for row in TABLE if row.secret}
    wanted = {**gated.machine.environ(), **gated.env}
    # What every shell sets for its children is no part of it, and paths of the runner's files differ from step to step.
    made = {"_", "PWD", "OLDPWD", "SHLVL"}
    theirs = {name: value for name, value in seen.items() if not name.startswith(("GITHUB_", "RUNNER_"))}
    assert {name: value for name, value in theirs.items() if name not in {"CI", *made}} == {
        name: value for name, value in wanted.items() if name not in withheld and name != "GITHUB_TOKEN"
    }
    assert (seen["GITHUB_TOKEN"], seen["GITHUB_REPOSITORY"]) == ("theirs", "octo-org/web")
    assert not {sandbox.credentials.token, sandbox.credentials.client_secret, "workflow-token"} & set(seen.values())


def test_bash_stops_at_the_first_failure_in_a_pipe_and_knows_its_own_words(gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    gated.machine.link("bash")
    step = deploy(gated, "words=(a deployed); touch ${words[1]}\n(exit 9) | cat\ntouch after")
    assert step.code == 9, step.log
    assert deployed(gated)
    assert "after" not in gated.machine.files(gated.machine.workspace)
    assert states(sandbox) == ["in_progress", "failed"]


@pytest.mark.parametrize("code", [1, 3, 4, 77, 255])
def test_the_script_s_exit_code_is_the_step_s(code: int, gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    step = deploy(gated, f"echo out; exit {code}")
    assert step.code == code
    assert "\nout\n" in step.log
    assert step.outputs["decision"] == "proceed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_script(number: signal.Signals, gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    gated.machine.link("sleep")
    script = "trap 'touch told; exit 5' INT TERM\ntouch deployed\nwhile :; do sleep 0.05; done"
    given = {"command": "deploy", "environment": "Prod", "version": "1.2.3", "script": script}
    process, files = gated.start(given)
    try:
        while not deployed(gated) and process.poll() is None:
            time.sleep(0.05)
        os.kill(process.pid, number)
        step = gated.finish(process, files)
    finally:
        process.kill()
    assert step.code == 128 + number, step.log
    assert "told" in gated.machine.files(gated.machine.workspace)
    assert states(sandbox) == ["in_progress", "cancelled"]
    assert left(gated) == []


@pytest.mark.parametrize(
    "text", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "1\ntouch pwned", "-- touch pwned", "${{ x }}"]
)
def test_inputs_beside_the_script_are_values(text: str, gated: Runner) -> None:
    for name in ("version", "change", "environment", "command"):
        step = deploy(gated, **{name: text})
        assert step.code != 0
        assert step.outputs["approved"] != "true"
    assert {"pwned", "deployed"}.isdisjoint(gated.machine.files(gated.machine.workspace))


def test_a_script_is_run_as_it_was_written(gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    text = "cat <<'END' > kept\n$HOME `x` \\ \"'%0A ${{ x }} ü\n::error::no\nEND\n"
    step = deploy(gated, text)
    assert step.code == 0, step.log
    kept = (gated.machine.workspace / "kept").read_text(encoding="utf-8")
    assert kept == "$HOME `x` \\ \"'%0A ${{ x }} ü\n::error::no\n"


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"command": "deploy", "script": " \n"}, "script is empty, and command is deploy."),
        ({"command": "gate", "script": CANARY}, "script is set, but command is gate"),
        ({"command": "report", "script": CANARY}, "script is set, but command is report"),
    ],
)
def test_a_script_belongs_to_deploy_and_deploy_to_a_script(
    inputs: dict[str, str], sentence: str, gated: Runner, sandbox: Sandbox
) -> None:
    step = gated.run(environment="Prod", version="1.2.3", **inputs)
    assert step.code == 2
    assert f"::error title=jira-ci::{sentence}" in step.log
    assert (deployed(gated), sandbox.exchanges) == (False, [])
    assert step.outputs["approved"] == ("" if inputs["command"] == "report" else "false")


def test_a_script_that_cannot_be_stored_starts_nothing(gated: Runner, sandbox: Sandbox) -> None:
    approved(sandbox)
    gated.env = {"RUNNER_TEMP": "/nonexistent"}
    step = deploy(gated)
    assert step.code == 2, step.log
    assert "The script could not be stored in /nonexistent" in step.log
    assert (deployed(gated), step.outputs["approved"]) == (False, "false")


@pytest.mark.parametrize("command", ["gate", "deploy"])
def test_what_cannot_be_installed_approves_nothing(command: str, machine: Machine) -> None:
    runner = Runner(machine, env={**UNREACHABLE, "JIRA_CI_ON_ERROR": "warn"})
    step = runner.run(command=command, environment="Prod", script=CANARY if command == "deploy" else "")
    assert step.code == 7, step.log
    assert (step.outputs["decision"], step.outputs["approved"], deployed(runner)) == ("deny", "false", False)
    assert step.outputs["reason"] == "The gate was not asked."


@pytest.mark.parametrize("command", ["gate", "deploy"])
def test_no_python_approves_nothing(command: str, gated: Runner) -> None:
    (gated.machine.bin / "python3").unlink()
    step = gated.run(command=command, environment="Prod", script=CANARY if command == "deploy" else "")
    assert (step.code, step.outputs["decision"], step.outputs["approved"]) == (2, "deny", "false")
    assert not deployed(gated)
