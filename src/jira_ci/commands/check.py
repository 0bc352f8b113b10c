"""``check``: configuration and every connection that reporting and the gate need, tested; nothing is written."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event, Thread

from jira_ci.checks import gate_checks, report_checks
from jira_ci.checks.report_checks import Line
from jira_ci.context import Context, Result
from jira_ci.errors import Exit, UsageError
from jira_ci.timing import Call, Deadline, Late


def run(context: Context, arguments: Namespace) -> Result:
    """A line for each thing; the exit code is that of the worst one. Neither half keeps the other from being tested.
    With ``--policy`` the policy in force, and nothing is tested."""
    if arguments.policy:
        return policy(context)
    lines = []
    for line in _lines(context):
        lines.append(line)
        context.console.say(str(line), line.verdict)
    return Result(
        exit=max(line.exit for line in lines),
        document={
            "checks": [
                {
                    "name": line.subject,
                    "ok": line.exit == Exit.OK,
                    "warning": line.doubtful,
                    "found": line.found,
                    "hint": line.hint,
                }
                for line in lines
            ]
        },
    )


_SECONDS = 8.0
"""For everything that is asked, where nobody set ``timeout``."""
_GRACE = 1.0  # seconds after that, in which a question that it ended says whom it was for
_PATIENCE = 1.0  # seconds before it is said who is waited for
Question = tuple[str, Callable[[], Iterable[Line]]]
"""Who is asked, and what asks them."""


def _lines(context: Context) -> Iterator[Line]:
    """Everybody is asked at once, so that one dead host keeps nothing else from being told."""
    seconds = context.given.timeout if "timeout" in context.given.origins else _SECONDS
    context = dataclasses.replace(context, deadline=Deadline(seconds))
    context.edges.signals.deadline = context.deadline
    known = list(report_checks.lines(context))
    yield from known
    asked: list[Question] = []
    if not any(line.subject == "configuration" and line.exit for line in known):
        try:
            asked += report_checks.site_questions(context)
        except UsageError as error:
            yield report_checks.failed("connection", error)
    accounts = bool(asked)
    asked += [("what follows a deployment", lambda: _after(context)), ("the gate", lambda: _gate(context, accounts))]
    yield from _at_once(context, asked)


def _gate(context: Context, accounts: bool) -> Iterator[Line]:
    """The gate, and the accounts that it did not ask about: once it is known, and not after a host that is dead."""
    known = set()
    for line in gate_checks.lines(context):
        known.add(line.tried)
        yield line
    if accounts:
        yield from report_checks.account_lines(context, known)


def _at_once(context: Context, asked: Sequence[Question]) -> Iterator[Line]:
    """The lines of each question, in their order; all begin now, and none outlives the deadline."""
    running = [(who, Call(lambda ask=ask: list(ask()))) for who, ask in asked]  # type: ignore[misc]
    over = Event()
    Thread(target=_say_who, args=(context, list(dict.fromkeys(who for who, _ in asked)), over), daemon=True).start()
    try:
        end = Deadline(context.deadline.remaining() + _GRACE)
        for who, call in running:
            yield from _told(who, call, end)
    finally:
        over.set()


def _told(who: str, call: Call[list[Line]], end: Deadline) -> list[Line]:
    try:
        return call.result(end)
    except Late:
        hint = "Is the address right, and is there a way to it from here (proxy, firewall)? timeout gives it longer."
        return [Line(who, "no answer came in time.", hint, Exit.NETWORK)]


def _say_who(context: Context, names: Sequence[str], over: Event) -> None:
    if not over.wait(_PATIENCE):
        seconds = context.deadline.remaining()
        context.console.say(f"Asking {', '.join(names)}: at most {seconds:.0f} s more ...")


def policy(context: Context) -> Result:
    """What decides about each environment: every value with the place that it comes from.

    Raises:
        UsageError: the policy cannot be read.
    """
    found = list(gate_checks.policies(context))
    for one in found:
        for line in gate_checks.shown_policy(one):
            context.console.say(line)
    if not found:
        context.console.say("No environment is named, neither by this job nor by a file of the policy.")
    document = {"policy": [gate_checks.policy_document(one) for one in found]}
    return Result(exit=max((gate_checks.policy_exit(one) for one in found), default=Exit.OK), document=document)


def _after(context: Context) -> Iterator[Line]:
    """What follows a deployment, where anything does."""
    try:
        config = context.config
    except UsageError:  # it is said with the rest of the configuration
        return
    if config is not None and config.after:
        from jira_ci.checks import after_checks

        yield from after_checks.lines(context, config)
