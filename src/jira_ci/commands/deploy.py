"""``deploy -- CMD...``: asks the gate, reports *in progress*, runs CMD, reports how it ended.

Without the gate's *proceed* CMD never starts. From the moment it runs, nothing but CMD decides about the exit code.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, Protocol

from jira_ci import child, connection
from jira_ci.ci.log import Level
from jira_ci.context import Context, Result
from jira_ci.deadline import Call, Deadline
from jira_ci.errors import Exit, UsageError
from jira_ci.gate.decision import ROWS, Decision, in_dry_run
from jira_ci.gate.record import Deployment, dumps, with_deployment
from jira_ci.gate.reasons import when
from jira_ci.issue_keys import explicit
from jira_ci.progress import Progress, bounded
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.gate.keeper import Verdict

_COMMENT = 10.0  # seconds
_GOODBYE = 1.0
_KILLED = 5.5  # seconds; by then a command was told, told again, and killed
Step = Literal["started", "successful", "failed", "cancelled"]


class Gate(Protocol):
    """What a deployment asks of the gate; see :class:`jira_ci.gate.keeper.Keeper`."""

    def ask(self) -> Verdict: ...

    def confirm(self) -> Verdict: ...

    def comment(self, kind: Step) -> None: ...

    def close(self) -> None: ...


def run(context: Context, arguments: Namespace, keeper: Gate | None = None) -> Result:
    """Deploys, if the gate lets it.

    Args:
        arguments: ``cmd`` holds CMD and its arguments.
        keeper: the gate; the real one by default.

    Raises:
        UsageError: there is no CMD, no environment, or a setting cannot be meant. Nothing was started.
    """
    command = list(arguments.cmd or ())
    _check(context, command)
    if keeper is None:
        from jira_ci.gate.keeper import Keeper

        keeper = Keeper(context, deploying=True)
    job = _Job(context, command, keeper)
    try:
        return job.run()
    finally:
        job.close()


def _check(context: Context, command: Sequence[str]) -> None:
    """What can be found out about the settings before anything is asked or begun."""
    if not command or not command[0]:
        raise UsageError("deploy has no command to run.", _BEHIND)
    if not context.environment_names:
        raise UsageError("environment is not set.", "Say where it is deployed: environment: Prod (or --environment).")
    origin = context.given.origins.get("state", "")
    if origin and not origin.startswith("the input"):  # the action's input always has a value: the job's status
        raise UsageError(f"state ({origin}) is set, but deploy reports how its command ends.", "Leave it out.")
    from jira_ci.plan import classify_environment

    explicit(context.settings.issue_keys)
    for name in context.environment_names:
        classify_environment(context, name)
    if not connection.missing_credentials(context.settings):
        connection.target(context.settings)


_BEHIND = "Write it behind --, as in: jira-ci deploy --environment Prod -- ./deploy.sh"


class _Job:
    """One deployment."""

    def __init__(self, context: Context, command: Sequence[str], keeper: Gate) -> None:
        self._context, self._command, self._keeper = context, command, keeper
        self._signals = context.edges.signals
        self._whole = Deadline(math.inf)  # a signal leaves five seconds of it
        self._progress = Progress(context, self._whole)

    def run(self) -> Result:
        verdict = self._keeper.ask()
        self._signals.deadline = self._whole
        if self._context.settings.dry_run:
            return self._dry_run(verdict)
        if not self._may_start(verdict):
            return self._refused(verdict, verdict.decision, Result())
        self._context.console.say(verdict.decision.reason)
        self._progress.begin()
        verdict = self._confirm()
        if self._may_start(verdict):
            self._comment("started")
            verdict = self._confirm()  # costs nothing, unless the comment took long
        return self._deploy(verdict) if self._may_start(verdict) else self._called_off(verdict)

    def close(self) -> None:
        """Hangs up; nothing that goes wrong with that matters any more."""
        bounded(self._keeper.close, Deadline(_GOODBYE, whole=self._whole), None, lambda _: None)

    def _confirm(self) -> Verdict:
        try:
            return self._keeper.confirm()
        except Exception:
            self._progress.end("cancelled", 0.0)
            raise
        finally:
            self._signals.deadline = self._whole

    def _may_start(self, verdict: Verdict) -> bool:
        return (verdict.decision.result, verdict.decision.exit, self._signals.received) == ("proceed", Exit.OK, 0)

    def _dry_run(self, verdict: Verdict) -> Result:
        """Shows what would be sent and run."""
        report = Result()
        if ROWS[verdict.decision.row][0] == "proceed":
            report = self._progress.begin()
            self._context.console.say(f"Dry run, would be run: {one_line(' '.join(self._command), 2000)}")
        return self._refused(verdict, in_dry_run(verdict.decision), report)

    def _called_off(self, verdict: Verdict) -> Result:
        """Jira was told of a start that does not come."""
        report = self._progress.end("cancelled", 0.0)
        self._comment("cancelled")
        return self._refused(verdict, verdict.decision, report)

    def _refused(self, verdict: Verdict, decision: Decision, report: Result) -> Result:
        """The end without a start."""
        number = self._signals.received
        why = f"signal {number} came first." if number else decision.reason
        level: Level = "warning" if self._context.settings.dry_run else "error"
        self._context.console.notice(level, f"The command was not started: {why}")
        said = {"approved": False, "decision": "deny" if decision.result == "deny" else "wait"}
        code = 128 + number if number else decision.exit or Exit.BUG
        return _result(code, verdict.records, report, {**verdict.outputs, **report.outputs, **said}, verdict.summary)

    def _deploy(self, verdict: Verdict) -> Result:
        started = self._now()
        try:
            running = child.Child(
                self._command,
                directory=self._context.edges.directory,
                environ=child.without_credentials(self._context.edges.environ),
                stdout=child.STDERR if self._context.settings.format == "json" else None,
            )
        except child.CannotStart as error:
            self._context.console.notice("error", f"The command was not started: {error}")
            report = self._tell("failed", 0.0)
            return self._deployed(verdict, report, Deployment(started, started, "failed", error.exit))
        by_itself = running.wait(lambda: self._signals.received)
        stopping = None if by_itself else Call(lambda: running.stop(self._signals.received))
        state = _state(running, self._signals.received)
        report = self._tell(state, running.seconds)  # while an interrupted command gets its time to end
        if stopping is not None:
            self._join(stopping)
        ended = started + timedelta(seconds=running.seconds)
        return self._deployed(verdict, report, Deployment(started, ended, state, running.exit))

    def _tell(self, state: Step, seconds: float) -> Result:
        """Tells Jira how it ended."""
        report = self._progress.end(state, seconds)
        self._comment(state)
        return report

    def _join(self, stopping: Call[None]) -> None:
        def complain(problem: str) -> None:
            self._context.console.notice("warning", f"The command may still be running: {problem}.")

        bounded(lambda: stopping.result(Deadline(_KILLED)), Deadline(_KILLED), None, complain)

    def _comment(self, step: Step) -> None:
        def complain(problem: str) -> None:
            self._context.console.notice("warning", f"The change was not commented: {problem}")

        bounded(lambda: self._keeper.comment(step), Deadline(_COMMENT, whole=self._whole), None, complain)

    def _deployed(self, verdict: Verdict, report: Result, became: Deployment) -> Result:
        records, outputs = verdict.records, {**verdict.outputs, **report.outputs}
        try:
            for sentence in _outlived(records, became):
                self._context.console.notice("warning", sentence)
            records = tuple(with_deployment(document, became) for document in records)
        except Exception as error:  # noqa: BLE001 - the command has ended, and that is what counts
            self._context.console.notice("warning", f"The record is not complete: {type(error).__name__}: {error}")
        number = self._signals.received
        code = 128 + number if number else became.exit
        return _result(Exit.BUG if code is None else code, records, report, outputs, verdict.summary)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._context.edges.clock(), timezone.utc)


def _state(running: child.Child, signal: int) -> Step:
    if running.exit == 0:
        return "successful"
    return "cancelled" if signal else "failed"


def _outlived(records: Sequence[dict[str, Any]], became: Deployment) -> Iterator[str]:
    """Says which windows ended while the command ran."""
    for document in records:
        end = document["window"]["end"]
        moment = datetime.fromisoformat(end.replace("Z", "+00:00")) if end else None
        if moment and became.started and became.ended and became.started <= moment < became.ended:
            key = one_line(document["change"]["key"], 100)
            yield f"The window of {key} ended at {when(moment)}, while the command was running."


def _result(
    code: int, records: Sequence[dict[str, Any]], report: Result, outputs: dict[str, Any], summary: str
) -> Result:
    if "record" in outputs:
        outputs = {**outputs, "record": "\n".join(map(dumps, records))}
    return Result(code, outputs, report.document, "\n".join(filter(None, [summary, report.summary])))
