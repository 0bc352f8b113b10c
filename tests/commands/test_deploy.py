"""deploy: a real process that asks the gate, runs a real command, and reports how it ended."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import scenes
from gate_jobs import Scene, pinned, scene
from gate_subjects import IMPATIENT, known
from jira_ci.commands import deploy
from jira_ci.commands.gate import pending_reports
from jira_ci.context import Result
from jira_ci.errors import AccessError
from jira_ci.gate.bookkeeping import Closable
from jira_ci.gate.decision import Decision, in_dry_run
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.gate import Gate
from jira_ci.gate.gate_result import GateResult
from jira_ci.gate.record import Deployment
from jira_ci.output.page import Mark, Page
from jira_ci.timing import Deadline
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

OPTIONS = ("--environment", "Prod", "--version", "1.2.3", "--issue-keys", "WEB-12")
FREE = ("--environment", "Dev", "--issue-keys", "WEB-12")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no signals")


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    """A job that may ask the gate and report."""
    made = scene(tmp_path, sandbox)
    made.job.environ |= scenes.reach(sandbox)
    return made


def begin(here: Scene, *arguments: str, program: str = "", **environ: str) -> subprocess.Popen[bytes]:
    """Starts ``jira-ci deploy ARGUMENTS -- python -c PROGRAM``."""
    command = [sys.executable, "-I", "-m", "jira_ci", "deploy", *arguments]
    return subprocess.Popen(
        [*command, "--", sys.executable, "-I", "-c", program],
        cwd=here.job.folder,
        env={**here.job.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: subprocess.Popen[bytes]) -> scenes.Ended:
    out, err = process.communicate(timeout=60)
    return scenes.Ended(process.returncode, out.decode(), err.decode())


def deployed(here: Scene, *arguments: str, program: str = "", **environ: str) -> scenes.Ended:
    return end(begin(here, *arguments, program=program, **environ))


def canary(here: Scene) -> tuple[str, Path]:
    """A program that leaves a file, and the file."""
    path = here.job.folder.parent / "canary"
    return f"open({str(path)!r}, 'x').close()", path


def until(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.02)


def sent(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The deployments that were reported, in their order."""
    bulk = [one for one in sandbox.exchanges if one.path.endswith("/bulk") and not one.scripted]
    return [record for one in bulk for record in json.loads(one.body)["deployments"]]


def output(here: Scene, name: str) -> str:
    """A step output; the last one that was written counts."""
    lines = here.job.output().splitlines()
    return [lines[at + 1] for at, line in enumerate(lines) if line.startswith(f"{name}<<")][-1]


def written(here: Scene) -> Any:
    """The record in its file."""
    return json.loads(Path(output(here, "record")).read_text(encoding="utf-8"))


def comments(here: Scene, key: str) -> int:
    return len(here.sandbox.site.desk.extras.comments(known(here.sandbox, key).id))


def test_an_approved_deployment_runs_and_is_told_to_jira_from_start_to_end(here: Scene) -> None:
    key = pinned(here)
    ended = deployed(here, *OPTIONS, program="import time; time.sleep(1.2); print('deploying')")
    assert ended.code == 0, ended.out + ended.err
    assert "\ndeploying\n" in ended.out
    first, last = sent(here.sandbox)
    assert (first["state"], "duration" in first) == ("in_progress", False)
    assert (last["state"], last["duration"]) == ("successful", 1)
    assert first["associations"] == last["associations"]
    assert first["updateSequenceNumber"] < last["updateSequenceNumber"]
    told = [output(here, name) for name in ("change-key", "approved", "state", "issue-keys", "environment-type")]
    assert told == [key, "true", "successful", "WEB-12", "production"]
    assert comments(here, key) == 2


def test_the_record_tells_what_became_of_the_deployment(here: Scene) -> None:
    pinned(here)
    ended = deployed(here, *OPTIONS, "--format", "json", program="raise SystemExit(7)")
    assert ended.code == 7
    became = ended.json["record"]["deployment"]
    assert (became["state"], became["exit"]) == ("failed", 7)
    assert became["started"] <= became["ended"]
    assert written(here) == ended.json["record"]
    assert (ended.json["decision"], ended.json["approved"], ended.json["state"]) == ("proceed", True, "failed")


@pytest.mark.parametrize("environment", ["Prod", "Unheard-Of"])
def test_without_the_gates_proceed_the_command_never_starts(here: Scene, environment: str) -> None:
    program, path = canary(here)
    ended = deployed(here, "--environment", environment, *OPTIONS[2:], program=program)
    assert ended.code == {"Prod": 4, "Unheard-Of": 2}[environment]
    assert "The command was not started." in ended.out
    assert not path.exists()
    assert sent(here.sandbox) == []
    assert output(here, "approved") == "false"


def test_a_jira_that_is_down_opens_no_gate(here: Scene) -> None:
    program, path = canary(here)
    here.sandbox.before = lambda _: Answer(503)
    ended = deployed(here, *OPTIONS, "--timeout", "2s", program=program)
    assert (ended.code, path.exists()) == (7, False)


def test_an_environment_that_is_not_controlled_is_deployed_and_that_is_said(here: Scene) -> None:
    ended = deployed(here, *FREE, program="raise SystemExit(3)")
    assert ended.code == 3
    assert "is change controlled" in ended.out
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "failed"]
    assert (output(here, "decision"), output(here, "approved")) == ("proceed", "false")


FAULTS: list[tuple[str, Answer]] = [
    ("down", Answer(503)),
    ("forbidden", Answer(403)),
    ("HTML", Answer(200, b"<html>", {"Content-Type": "text/html"})),
    ("refused", Answer(400, b"[]", {"Content-Type": "application/json"})),
]


@pytest.mark.parametrize("answer", [row[1] for row in FAULTS], ids=[row[0] for row in FAULTS])
@pytest.mark.parametrize("code", [0, 5])
def test_a_report_that_does_not_arrive_changes_nothing(here: Scene, answer: Answer, code: int) -> None:
    def before(request: Request) -> Answer | None:
        return answer if request.path.endswith("/bulk") else None

    here.sandbox.before = before
    more = ("--on-error", "fail", "--timeout", "2s")
    ended = deployed(here, *FREE, *more, program=f"print('ran'); raise SystemExit({code})")
    assert ended.code == code
    assert "\nran\n" in ended.out
    assert "Not reported" in ended.out


def hanging(sandbox: Sandbox, *ends: str) -> threading.Event:
    """Lets questions about these hang, until the event is set."""
    go_on = threading.Event()

    def before(request: Request) -> Answer | None:
        if request.path.partition("?")[0].endswith(ends):
            go_on.wait(60)
        return None

    sandbox.before = before
    return go_on


@pytest.mark.parametrize(
    ("ends", "took"), [(("/bulk", "/comment"), 20.0), (("/bulk", "/comment"), 27.0), (("/oauth/token",), 21.0)]
)
def test_what_hangs_before_the_start_is_left_behind_and_the_gate_not_asked_again(
    here: Scene, ends: tuple[str, ...], took: float
) -> None:
    pinned(here)
    program, path = canary(here)
    context = here.context("issue-keys=WEB-12", "timeout=2s")

    class Slow(Gate):
        """Its first round began this many seconds ago, and the deadline has passed since."""

        def ask(self) -> GateResult:
            found = super().ask()
            here.time.slept += took
            return found

    gate = Slow(
        context, deploying=True, reports=pending_reports, clock=here.time.clock, sleep=here.time.sleep, pauses=IMPATIENT
    )
    go_on = hanging(here.sandbox, *ends)
    try:
        result = deploy.run(context, Namespace(cmd=[sys.executable, "-I", "-c", program]), gate)
    finally:
        go_on.set()
    assert (result.exit, result.outputs["approved"], path.exists()) == (0, True, True), here.log.getvalue()
    assert sum(one.endswith(" approval") for one in here.asked()) == 1
    assert re.search("no (complete )?answer", here.log.getvalue())


def test_a_report_that_hangs_leaves_the_comment_its_time(here: Scene) -> None:
    key = pinned(here)
    go_on = hanging(here.sandbox, "/bulk")
    try:
        ended = deployed(here, *OPTIONS, "--timeout", "2s", program="print('ran')")
    finally:
        go_on.set()
    assert (ended.code, comments(here, key)) == (0, 2), ended.out
    assert "\nran\n" in ended.out


def test_without_issue_keys_it_is_said_once_and_deployed(here: Scene) -> None:
    ended = deployed(here, "--environment", "Dev", "--on-no-keys", "fail", program="raise SystemExit(6)")
    assert ended.code == 6
    assert ended.out.count("No issue key was found") == 1
    assert (output(here, "state"), output(here, "issue-keys"), sent(here.sandbox)) == ("failed", "", [])


def test_without_reporting_credentials_it_is_said_and_deployed(here: Scene) -> None:
    pinned(here)
    for name in ("JIRA_CI_CLIENT_ID", "JIRA_CI_CLIENT_SECRET"):
        del here.job.environ[name]
    ended = deployed(here, *OPTIONS)
    assert ended.code == 0
    assert ended.out.count("client-id and client-secret are not set") == 1
    assert output(here, "state") == "successful"


def test_without_the_gates_credentials_nothing_is_deployed(here: Scene) -> None:
    program, path = canary(here)
    for name in ("JIRA_CI_USER", "JIRA_CI_TOKEN", "JIRA_CI_CLIENT_ID", "JIRA_CI_CLIENT_SECRET"):
        del here.job.environ[name]
    assert deployed(here, *OPTIONS, program=program).code == 6
    assert not path.exists()


_NOISE = """
import os
for turn in range(64):
    os.write(1, bytes(range(256)) * 64)
    os.write(2, bytes(reversed(range(256))) * 64)
"""


def test_a_megabyte_of_anything_streams_through_untouched(here: Scene) -> None:
    process = begin(here, *FREE, program=_NOISE)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert bytes(range(256)) * 64 * 64 in out
    assert err == bytes(reversed(range(256))) * 64 * 64


def test_with_json_stdout_holds_one_document_whatever_the_command_prints(here: Scene) -> None:
    ended = deployed(here, *FREE, "--format", "json", program="print('{not ours}')")
    assert ended.json["state"] == "successful"
    assert "{not ours}" in ended.err


def test_the_command_gets_the_users_environment_without_our_secrets(here: Scene) -> None:
    program = "import os; print('names', *sorted(os.environ)); print('in', os.getcwd())"
    ended = deployed(here, *FREE, program=program, GITHUB_TOKEN="theirs", JIRA_CI_EMEA_TOKEN="ours", MINE="1")
    [names] = [line.split()[1:] for line in ended.out.splitlines() if line.startswith("names")]
    assert {"GITHUB_TOKEN", "MINE", "JIRA_CI_SITE", "PATH"} <= set(names)
    assert [name for name in names if "SECRET" in name or name in ("JIRA_CI_TOKEN", "JIRA_CI_EMEA_TOKEN")] == []
    assert f"in {here.job.folder.resolve()}" in ended.out


@posix
def test_a_command_that_cannot_be_found_is_a_failed_deployment(here: Scene) -> None:
    ended = here.job.jira_ci("deploy", *FREE, "--", "./missing.sh")
    assert ended.code == 127
    assert "./missing.sh was not found" in ended.out
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "failed"]


def test_a_dry_run_shows_everything_and_starts_nothing(here: Scene) -> None:
    pinned(here)
    program, path = canary(here)
    ended = deployed(here, *OPTIONS, "--dry-run", program=program)
    assert (ended.code, path.exists(), sent(here.sandbox)) == (4, False, [])
    assert "Dry run, would be sent" in ended.out
    assert "Dry run, would be run" in ended.out
    assert deployed(here, "--environment", "Unheard-Of", "--dry-run", program=program).code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*FREE], "hint: Write it so: jira-ci deploy"),
        ([*FREE, "--"], "deploy has no command to run."),
        ([*FREE, "--", ""], "deploy has no command to run"),
        ([*FREE, "./deploy.sh", "--fast"], "and ./deploy.sh stands before it."),
        (["--enviroment", "Dev", "--", "true"], "Did you mean --environment?"),
        (["--", "true"], "environment is not set"),
        ([*FREE, "--state", "success", "--", "true"], "state (--state) is set"),
        ([*FREE, "--url", "x", "--issue-keys", "hello", "--", "true"], "not an issue key"),
        ([*FREE, "--site", "https://u:p@acme.example", "--", "true"], "holds a user name or password"),
    ],
)
def test_what_cannot_be_meant_starts_nothing(here: Scene, arguments: list[str], sentence: str) -> None:
    ended = here.job.jira_ci("deploy", *arguments)
    assert ended.code == 2
    assert sentence in ended.out + ended.err
    assert here.sandbox.exchanges == []


def test_the_actions_input_state_always_has_a_value_and_says_nothing(here: Scene) -> None:
    assert deployed(here, *FREE, JIRA_CI_INPUT_STATE="success", program="raise SystemExit(9)").code == 9
    assert sent(here.sandbox)[-1]["state"] == "failed"


def test_what_stands_behind_the_border_is_not_ours(here: Scene) -> None:
    program = "import sys; print('got', sys.argv[1:])"
    command = ["-c", program, "--format", "json", "--dry-run", "--", "--help"]
    ended = end(begin(here, *FREE, "--", sys.executable, "-I", *command))
    assert ended.code == 0, ended.err
    assert "got ['--format', 'json', '--dry-run', '--', '--help', '--'" in ended.out


_LONG = """
import signal, sys, time
def bye(number, frame):
    print("command told", number, flush=True)
    sys.exit(3)
signal.signal(signal.SIGINT, bye)
signal.signal(signal.SIGTERM, bye)
open("ready", "x").close()
time.sleep(60)
"""


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_reaches_the_command_and_the_deployment_is_cancelled(here: Scene, number: int, code: int) -> None:
    key = pinned(here)
    process = begin(here, *OPTIONS, program=_LONG)
    until((here.job.folder / "ready").exists)
    process.send_signal(number)
    ended = end(process)
    assert ended.code == code, ended.out + ended.err
    assert f"command told {int(number)}\n" in ended.out
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "cancelled"]
    assert written(here)["deployment"]["exit"] == 3
    assert comments(here, key) == 2


@posix
def test_a_command_that_does_not_listen_is_killed_and_the_cancellation_told(here: Scene) -> None:
    program = "import signal\nfor number in (2, 15): signal.signal(number, signal.SIG_IGN)\n"
    program += "open('ready', 'x').close(); import time; time.sleep(60)"
    process = begin(here, *FREE, program=program)
    until((here.job.folder / "ready").exists)
    process.send_signal(signal.SIGINT)
    assert end(process).code == 130
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "cancelled"]
    assert written(here)["deployment"]["exit"] == 137


@posix
def test_a_signal_while_the_gate_waits_starts_nothing(here: Scene) -> None:
    program, path = canary(here)
    process = begin(here, *OPTIONS, "--wait", "1h", "--interval", "2s", program=program)
    until(lambda: any("approval" in one.path for one in here.sandbox.exchanges))
    process.send_signal(signal.SIGTERM)
    assert end(process).code == 143
    assert not path.exists()
    assert sent(here.sandbox) == []
    assert output(here, "approved") == "false"


@posix
def test_a_signal_during_the_last_report_does_not_hold_the_job_up(here: Scene) -> None:
    told, go_on = threading.Event(), threading.Event()

    def before(request: Request) -> Answer | None:
        if request.path.endswith("/bulk") and b"successful" in request.body:
            told.set()
            go_on.wait(50)
        return None

    here.sandbox.before = before
    process = begin(here, *FREE)
    assert told.wait(50)
    process.send_signal(signal.SIGTERM)
    ended = end(process)
    go_on.set()
    assert ended.code == 143
    assert written(here)["deployment"]["state"] == "successful"


_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@posix
def test_in_a_terminal_the_command_can_read_from_it_and_ctrl_c_reaches_it_once(here: Scene) -> None:
    program = "print('read', input(), flush=True)\n" + _LONG
    inside = [sys.executable, "-I", "-m", "jira_ci", "deploy", *FREE, "--", sys.executable, "-I", "-c", program]
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _TERMINAL, *inside],
        cwd=here.job.folder,
        env=here.job.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    process.stdin.write(b"typed\n")
    process.stdin.flush()
    until((here.job.folder / "ready").exists)
    process.stdin.write(b"\x03")
    process.stdin.flush()
    out = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 130, out
    assert "read typed" in out
    assert out.count("command told 2") == 1
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "cancelled"]


class StandIn:
    """A gate that answers what it is told to."""

    def __init__(self, *verdicts: GateResult, problem: Exception | None = None) -> None:
        self.verdicts, self.problem = list(verdicts), problem
        self.done: list[str] = []

    def ask(self) -> GateResult:
        return self.verdicts.pop(0)

    def confirm(self) -> GateResult:
        if not self.verdicts and self.problem:
            raise self.problem
        self.last = self.verdicts.pop(0)
        return self.last

    def start(self) -> GateResult:
        return self.last

    def fresh(self) -> float:
        return 30.0

    def decided(self, result: str) -> list[Evaluation]:
        return []

    def comment(self, kind: deploy.Step, *, seconds: float | None = None, deadline: Deadline | None = None) -> None:
        self.done.append(kind)
        if self.problem:
            raise self.problem

    def closable(self, state: str) -> list[Closable]:
        raise KeyError(state)

    def amend(self, deployment: Deployment) -> GateResult:
        self.done.append(str(deployment.state))
        raise OSError("the disk is full")

    def keep(self, deadline: Deadline | None = None) -> None:
        raise OSError("the change is gone")

    def forgo(self, deadline: Deadline) -> None:
        self.done.append("forgone")

    def interrupted(self) -> GateResult:
        return self.verdicts[-1]

    def close(self) -> None:
        raise ConnectionError("gone")


def verdict(row: int, **window: Any) -> GateResult:
    records: tuple[Mapping[str, Any], ...] = ({"window": {"end": None, **window}, "change": {"key": "OPS-7"}},)
    outputs = {"approved": row == 31, "decision": Decision.of(row, "").result}
    return GateResult(
        Decision.of(row, "Because."), None, (), outputs, tuple(map(dict, records)), Page(Mark("good", "")), 0.0
    )


def run(here: Scene, gate: StandIn, program: str) -> Result:
    context = here.context("environment=Dev", "issue-keys=WEB-12")
    return deploy.run(context, Namespace(cmd=[sys.executable, "-I", "-c", program]), gate)


def test_not_even_our_own_bugs_come_between_a_command_and_its_exit_code(here: Scene) -> None:
    gate = StandIn(verdict(31), verdict(31), verdict(31), problem=ZeroDivisionError("a bug"))
    result = run(here, gate, "raise SystemExit(7)")
    assert (result.exit, result.outputs["state"]) == (7, "failed")
    assert gate.done == ["started", "failed", "failed"]
    assert "The change was not commented: a bug." in here.log.getvalue()
    assert "The record is not complete: the disk is full." in here.log.getvalue()


def test_what_has_no_time_left_before_the_start_is_not_begun(here: Scene) -> None:
    gate = StandIn(verdict(31), verdict(31), verdict(31))
    gate.fresh = lambda: 1.0  # type: ignore[method-assign]
    assert run(here, gate, "").exit == 0
    assert gate.done == ["successful", "successful"]
    assert "The change was not commented: there was no time left for it." in here.log.getvalue()


def test_a_change_of_mind_after_the_start_was_told_calls_it_off(here: Scene) -> None:
    program, path = canary(here)
    gate = StandIn(verdict(31), verdict(18))
    result = run(here, gate, program)
    assert (result.exit, path.exists(), gate.done) == (3, False, ["cancelled", "forgone"])
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "cancelled"]
    assert (result.outputs["approved"], result.outputs["decision"]) == (False, "deny")


def test_a_change_of_mind_while_the_comment_was_written_calls_it_off_too(here: Scene) -> None:
    program, path = canary(here)
    gate = StandIn(verdict(31), verdict(31), verdict(17))
    assert (run(here, gate, program).exit, path.exists()) == (7, False)
    assert gate.done == ["started", "cancelled", "forgone"]


def test_a_gate_that_breaks_lets_nothing_start_and_leaves_nothing_in_progress(here: Scene) -> None:
    program, path = canary(here)
    with pytest.raises(AccessError):
        run(here, StandIn(verdict(31), problem=AccessError("refused")), program)
    assert not path.exists()
    assert [one["state"] for one in sent(here.sandbox)] == ["in_progress", "cancelled"]


def test_a_weakened_proceed_starts_nothing(here: Scene) -> None:
    program, path = canary(here)
    weak = dataclasses.replace(verdict(31), decision=in_dry_run(Decision.of(31, "Because.")))
    assert (run(here, StandIn(weak), program).exit, path.exists()) == (4, False)


def test_a_window_that_ends_meanwhile_is_said_and_the_command_goes_on(here: Scene) -> None:
    end = datetime.fromtimestamp(here.time.epoch(), timezone.utc) + timedelta(seconds=1.5)
    gate = StandIn(*[verdict(32, end=end.isoformat().replace("+00:00", "Z"))] * 3)
    result = run(here, gate, "import time; time.sleep(3)")
    assert result.exit == 0
    assert "The window of OPS-7 ended at" in here.log.getvalue()


def test_the_same_issues_are_claimed_although_the_checkout_changed_meanwhile(here: Scene) -> None:
    program = "import subprocess; subprocess.run(['git', 'commit', '-qm', 'WEB-13', '--allow-empty'], check=True)"
    who = {f"GIT_{role}_{part}": "ana@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    ended = deployed(here, *FREE, program=f"{program}; open('.jira-ci.yml', 'w').write('nonsense: [')", **who)
    assert ended.code == 0, ended.out + ended.err
    first, last = sent(here.sandbox)
    assert (last["state"], last["associations"]) == ("successful", first["associations"])


@posix
def test_a_signal_between_the_record_and_the_start_ends_the_record_too(here: Scene) -> None:
    key = pinned(here)
    program, path = canary(here)
    process: list[subprocess.Popen[bytes]] = []

    def stop(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/comment") and process:
            process.pop().send_signal(signal.SIGTERM)  # before the comment is answered
        return None

    here.sandbox.before = stop
    started = begin(here, *OPTIONS, program=program)
    process.append(started)
    ended = end(started)
    assert (ended.code, path.exists()) == (143, False), ended.err
    kept = here.sandbox.site.desk.extras.properties(known(here.sandbox, key).id)
    records = [value for name, value in kept.items() if name.startswith("jira-ci.record.")]
    assert [(one["decision"], one["deployment"]["state"]) for one in records] == [("proceed", "cancelled")], ended.err
