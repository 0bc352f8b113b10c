"""``deploy -- CMD...``: asks the gate, reports *in progress*, runs CMD, reports how it ended.

Without the gate's *proceed* CMD never starts. From the moment it runs, nothing but CMD decides about the exit code.
"""

from __future__ import annotations

import dataclasses
import math
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Literal, Protocol

from jira_ci import child_process
from jira_ci.commands.release import close_changes, follow
from jira_ci.context import Context, Result
from jira_ci.errors import Exit, UsageError
from jira_ci.gate.bookkeeping import Closable
from jira_ci.gate.decision import ROWS, Decision, in_dry_run
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.gate_result import GateResult, document
from jira_ci.gate.messages import when
from jira_ci.gate.record import Deployment
from jira_ci.keys.parse_keys import explicit
from jira_ci.output import page
from jira_ci.output.page import Page
from jira_ci.parking.park import end_parked, unpark
from jira_ci.report.deploying import TwoReports, bounded
from jira_ci.sites.sites import missing_credentials, sites
from jira_ci.text import one_line
from jira_ci.timing import Call, Deadline

_COMMENT = 10.0  # seconds
_TO_START = 5.0  # seconds of a result's life that no report and no comment may use up, on a machine however busy
_GOODBYE = _RECORD = 1.0
_KILLED = 5.5  # seconds; by then a command was told, told again, and killed
_NOTHING: Mapping[str, Any] = MappingProxyType({})
Step = Literal["started", "successful", "failed", "cancelled"]


class Gate(Protocol):
    """What a deployment asks of the gate; see :class:`jira_ci.gate.gate.Gate`."""

    def ask(self) -> GateResult: ...

    def confirm(self) -> GateResult: ...

    def start(self) -> GateResult: ...

    def fresh(self) -> float: ...

    def decided(self, result: str) -> Sequence[Evaluation]: ...

    def comment(self, kind: Step, *, seconds: float | None = None, deadline: Deadline | None = None) -> None: ...

    def keep(self, deadline: Deadline | None = None) -> None: ...

    def forgo(self, deadline: Deadline) -> None: ...

    def closable(self, state: str) -> Sequence[Closable]: ...

    def amend(self, deployment: Deployment) -> GateResult: ...

    def interrupted(self) -> GateResult: ...

    def close(self) -> None: ...


def run(context: Context, arguments: Namespace, gate: Gate | None = None) -> Result:
    """Deploys, if the gate lets it.

    Args:
        arguments: ``cmd`` holds CMD and its arguments.
        gate: the gate; the real one by default.

    Raises:
        UsageError: there is no CMD, no environment, or a setting is invalid. Nothing was started.
    """
    command = list(arguments.cmd or ())
    _check(context, command)
    if gate is None:
        from jira_ci.commands.gate import counted_tests, pending_reports
        from jira_ci.gate.gate import Gate

        gate = Gate(context, deploying=True, reports=pending_reports, tests=counted_tests)
    job = _Job(context, command, gate)
    try:
        return job.run()
    finally:
        job.close()


def _check(context: Context, command: Sequence[str]) -> None:
    """What can be found out about the settings before anything is asked or begun."""
    if not command or not command[0]:
        raise UsageError(
            "deploy has no command to run.", "Write it so: jira-ci deploy --environment Prod -- ./deploy.sh"
        )
    if not context.environment_names:
        raise UsageError("environment is not set.", "Say where it is deployed: environment: Prod (or --environment).")
    origin = context.given.origins.get("state", "")
    if origin and not origin.startswith("the input"):  # the action's input always has a value: the job's status
        raise UsageError(f"state ({origin}) is set, but deploy reports how its command ends.", "Leave it out.")
    from jira_ci.report.plan import check_deployment

    explicit(context.settings.issue_keys)
    check_deployment(context)
    for site in sites(context):
        fault = site.fault or site.unverifiable(context.run)
        if fault and not missing_credentials(site.settings):
            raise fault


class _Job:
    """One deployment."""

    def __init__(self, context: Context, command: Sequence[str], gate: Gate) -> None:
        self._context, self._command, self._gate = context, command, gate
        self._signals = context.edges.signals
        self._whole = Deadline(math.inf)  # a signal leaves five seconds of it
        self._progress = TwoReports(context, self._whole)
        self._told = False

    def run(self) -> Result:
        result = self._gate.ask()
        self._signals.deadline = self._whole
        if self._context.settings.dry_run:
            return self._dry_run(result)
        if not self._may_start(result):
            return self._refused(result, result.decision, Result())
        self._progress.begin(self._before_the_start())
        result = self._confirm()
        if self._may_start(result):
            self._keep(self._before_the_start())
            self._comment("started", None, self._before_the_start())
            result = self._confirm()
        if self._may_start(result):
            result = self._confirm(self._gate.start)
        return self._deploy(result) if self._may_start(result) else self._called_off(result)

    def close(self) -> None:
        """Hangs up; nothing that goes wrong with that matters any more."""
        bounded(self._gate.close, Deadline(_GOODBYE, whole=self._whole), None, lambda _: None)

    def _before_the_start(self) -> Deadline:
        """Until when Jira may be told of a start. To ask the gate again because a report was slow could turn down what
        is approved: there may be no time left to ask."""
        return Deadline(max(0.0, self._gate.fresh() - _TO_START), whole=self._whole)

    def _confirm(self, ask: Callable[[], GateResult] | None = None) -> GateResult:
        try:
            return (ask or self._gate.confirm)()
        except Exception:
            self._progress.end("cancelled", 0.0)
            self._forgo()
            raise
        finally:
            self._signals.deadline = self._whole

    def _may_start(self, result: GateResult) -> bool:
        return (result.decision.result, result.decision.exit, self._signals.received) == ("proceed", Exit.OK, 0)

    def _dry_run(self, result: GateResult) -> Result:
        """Shows what would be sent and run."""
        report = Result()
        if ROWS[result.decision.row][0] == "proceed":
            report = self._progress.begin(self._whole)
            self._context.console.say(f"Dry run, would be run: {one_line(' '.join(self._command), 2000)}")
        return self._refused(result, in_dry_run(result.decision), report)

    def _called_off(self, result: GateResult) -> Result:
        """Jira was told of a start that does not come."""
        report = self._progress.end("cancelled", 0.0)
        self._comment("cancelled", None)
        self._forgo()
        return self._refused(result, result.decision, report)

    def _refused(self, result: GateResult, decision: Decision, report: Result) -> Result:
        """The end without a start. Why, the gate has said."""
        number = self._signals.received
        if number and result.decision.result == "proceed":
            result = self._gate.interrupted()
        outputs, code = result.outputs, int(decision.exit or Exit.BUG)
        if decision.result == "wait" and not number and not self._context.settings.dry_run:
            outputs, code = end_parked(self._context, self._gate, outputs, code)
        if decision.result == "deny" and not number:
            self._unpark()
        self._context.console.say(f"The command was not started{f': signal {number} came' if number else ''}.")
        said = {**outputs, "approved": False, "decision": "deny" if decision.result == "deny" else "wait"}
        shown = page.refused(result.summary, report.summary)
        return _result(128 + number if number else code, result, report, shown, said)

    def _deploy(self, result: GateResult) -> Result:
        started = self._now()
        try:
            running = child_process.Child(
                self._command,
                directory=self._context.edges.directory,
                environ=child_process.without_credentials(self._context.edges.environ),
                stdout=child_process.STDERR if self._context.settings.format == "json" else None,
            )
        except child_process.CannotStart as error:
            self._context.console.notice("error", f"The command was not started: {error}")
            report = self._tell("failed", 0.0)
            return self._deployed(result, report, Deployment(started, started, "failed", error.exit))
        by_itself = running.wait(lambda: self._signals.received)
        stopping = None if by_itself else Call(lambda: running.stop(self._signals.received))
        state = _state(running, self._signals.received)
        report = self._tell(state, running.seconds)  # while an interrupted command gets its time to end
        if stopping is not None:
            self._join(stopping)
        ended = started + timedelta(seconds=running.seconds)
        return self._deployed(result, report, Deployment(started, ended, state, running.exit))

    def _tell(self, state: Step, seconds: float) -> Result:
        """Tells Jira how it ended."""
        report = self._progress.end(state, seconds)
        self._comment(state, seconds)
        return report

    def _join(self, stopping: Call[None]) -> None:
        def complain(problem: str) -> None:
            self._context.console.notice("warning", f"The command may still be running: {problem}.")

        bounded(lambda: stopping.result(Deadline(_KILLED)), Deadline(_KILLED), None, complain)

    def _comment(self, step: Step, seconds: float | None, whole: Deadline | None = None) -> None:
        deadline = Deadline(_COMMENT, whole=whole or self._whole)

        self._told = True

        def complain(problem: str) -> None:
            self._told = False
            self._context.console.notice("warning", f"The change was not commented: {problem}.")

        _told_in_time(lambda: self._gate.comment(step, seconds=seconds, deadline=deadline), deadline, complain)

    def _keep(self, whole: Deadline) -> None:
        """Keeps the records on their changes."""
        deadline = Deadline(_COMMENT, whole=whole)

        def complain(problem: str) -> None:
            self._context.console.notice("warning", f"The record was not kept on the change: {problem}.")

        _told_in_time(lambda: self._gate.keep(deadline), deadline, complain)

    def _unpark(self) -> None:
        """A run that somebody has started again waits no more."""
        deadline = Deadline(_COMMENT, whole=self._whole)

        def complain(problem: str) -> None:
            self._context.console.notice("warning", f"The change may still have a note of this run: {problem}.")

        _told_in_time(lambda: unpark(self._context, self._gate), deadline, complain)

    def _forgo(self) -> None:
        """What was kept of a start says that it does not come."""
        deadline = Deadline(_COMMENT, whole=self._whole)

        def complain(problem: str) -> None:
            self._context.console.notice("warning", f"The record on the change was not ended: {problem}.")

        _told_in_time(lambda: self._gate.forgo(deadline), deadline, complain)

    def _deployed(self, result: GateResult, report: Result, became: Deployment) -> Result:
        def complain(problem: str) -> None:
            self._told = False  # a change that lacks its record stays open
            self._context.console.notice("warning", f"The record is not complete: {problem}.")

        lead = report.outputs.get("lead-time")
        became = dataclasses.replace(became, lead_time=lead if isinstance(lead, int) else None)
        nothing: list[str] = []
        for sentence in bounded(lambda: _outlived(result.records, became), Deadline(_RECORD), nothing, complain):
            self._context.console.notice("warning", sentence)
        result = bounded(lambda: self._gate.amend(became), Deadline(_RECORD), result, complain)
        self._keep(self._whole)
        self._unpark()
        report = self._follow(report, became)
        number = self._signals.received
        code = 128 + number if number else became.exit
        shown = page.deployed(result.summary, report.summary, became.state or "unknown")
        said: Mapping[str, Any] = {"approved": False} if number else _NOTHING
        return _result(Exit.BUG if code is None else code, result, report, shown, said)

    def _follow(self, report: Result, became: Deployment) -> Result:
        """What comes after: the issues move on where all went well, and the change goes where its policy says."""
        context, state = self._context, became.state or "unknown"
        limit = Deadline(context.settings.timeout + _GOODBYE, whole=self._whole)

        def complain(problem: str) -> None:
            context.console.notice("warning", f"Not everything was done after the deployment: {problem.rstrip('.')}.")

        def close() -> None:
            close_changes(context, self._gate.closable(state), became, self._whole)

        if self._told:
            bounded(close, limit, None, complain)
        return bounded(
            lambda: follow(context, self._progress.plan, state, report, self._whole), limit, report, complain
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._context.edges.clock(), timezone.utc)


def _told_in_time(tell: Callable[[], None], deadline: Deadline, complain: Callable[[str], None]) -> None:
    """Tells the change something. Without any time left it is not even begun: left behind, it would take away the time
    that the gate gives to its own questions by then."""
    if deadline.remaining() <= 0:
        complain("there was no time left for it")
    else:
        bounded(tell, deadline, None, complain)


def _state(running: child_process.Child, signal: int) -> Step:
    if running.exit == 0:
        return "successful"
    return "cancelled" if signal else "failed"


def _outlived(records: Sequence[Mapping[str, Any]], became: Deployment) -> list[str]:
    """Which windows ended while the command ran, as sentences."""
    found = []
    for one in records:
        end = one["window"]["end"]
        moment = datetime.fromisoformat(end.replace("Z", "+00:00")) if end else None
        if moment and became.started and became.ended and became.started <= moment < became.ended:
            key = one_line(one["change"]["key"], 100)
            found.append(f"The window of {key} ended at {when(moment)}, while the command was running.")
    return found


def _result(code: int, result: GateResult, report: Result, page: Page, said: Mapping[str, Any] = _NOTHING) -> Result:
    """The gate's and the report's results together."""
    return Result(
        code,
        outputs={**result.outputs, **report.outputs, **said},
        document={**report.document, **document(result)},
        summary=page,
    )
