"""The words of the live line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.changes import READ, approval, people
from jira_ci.gate.approvals import Approval
from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Decided, Evaluation
from jira_ci.gate.polling import Progress, WaitLine, by_itself, result_line
from jira_ci.gate.record import ChangeFacts
from jira_ci.gate.subject import Subject
from jira_ci.gate.targets import Target

NOW = 100.0


class Heard(Decided):
    """One environment after a look."""

    def __init__(
        self, row: int, *approvals: Approval, reason: str = "Why.", key: str = "OPS-7", status: str = "Authorize"
    ) -> None:
        subject = Subject("Web Site", "Prod", "", "1.2.3", "0" * 40, "Deploy")
        super().__init__(Target(subject, None, Decision.of(row, reason)), clock=lambda: NOW)
        self.rounds, self._facts = 1, ChangeFacts(site="https://jira.example", key=key, status_name=status)
        self.snapshot = replace(READ, approvals=approvals) if approvals else None

    def change_facts(self) -> ChangeFacts:
        return self._facts


def words(*cases: Evaluation, pause: float | None = None) -> str:
    waiting = WaitLine(lambda: NOW)
    waiting.begin(cases)
    waiting.pause(pause)
    return waiting()


def pending(*names: str, called: str = "CAB") -> Approval:
    return approval(called, "pending", people(*names, decision="pending"), number=called)


UNREAD = Heard(24)
UNREAD.rounds = 0


@pytest.mark.parametrize(
    ("cases", "about"),
    [
        ([], ""),
        ([UNREAD], ""),
        ([Heard(31)], ""),
        ([Heard(24, pending("ana", "bo"))], "OPS-7 waits in Authorize for Ana, Bo"),
        ([Heard(26, pending("ana"), pending("ana", "bo", called="Board"))], "OPS-7 waits in Authorize for Ana, Bo"),
        ([Heard(24, pending(*"abcdefg"))], "OPS-7 waits in Authorize for A, B, C, D, E, 2 more"),
        ([Heard(24, approval(), status="Awaiting implementation")], "OPS-7 waits in Awaiting implementation"),
        ([Heard(24)], "OPS-7 waits in Authorize"),
        ([Heard(24, status="")], "Why."),
        ([Heard(24, key="")], "Why."),
        ([Heard(29, pending("ana"), reason="The window begins later.")], "The window begins later."),
        ([Heard(8, reason="Jira did not answer.")], "Jira did not answer."),
        ([Heard(31), Heard(24), Heard(8), Heard(8)], "OPS-7 waits in Authorize (and 2 more)"),
        ([Heard(24, status="A\n\x1b[2J")], "OPS-7 waits in A\\n\\x1b[2J"),
        ([Heard(24, pending("\x1b[2J"))], "OPS-7 waits in Authorize for \\x1b[2J"),
    ],
)
def test_what_is_waited_for(cases: list[Evaluation], about: str) -> None:
    assert words(*cases, pause=None) == (f"{about} · Jira is asked" if about else "Jira is asked")


@pytest.mark.parametrize(
    ("pause", "then"),
    [
        (20.0, "asked again in 20 s"),
        (19.2, "asked again in 20 s"),
        (95, "asked again in 1 min 35 s"),
        (0, "asked again in 0 s"),
        (-3, "asked again in 0 s"),
        (None, "Jira is asked"),
    ],
)
def test_when_jira_is_asked_again(pause: float | None, then: str) -> None:
    assert words(Heard(24), pause=pause) == f"OPS-7 waits in Authorize · {then}"


def told(progress: Progress, *cases: Evaluation, pause: float | None = 20) -> str:
    return progress.line(cases, pause, 0)


def test_the_change_s_address_is_told_once() -> None:
    progress, first = Progress(), Heard(24, reason="OPS-7 is in Review.")
    assert told(progress, first) == (
        "OPS-7 is in Review. Asking again in 20 s, until 1970-01-01 00:00 UTC. See https://jira.example/browse/OPS-7"
    )
    assert told(progress, first) == ""
    assert told(progress, Heard(26, reason="Now Ana.")) == "Now Ana. Asking again in 20 s, until 1970-01-01 00:00 UTC."
    other = Heard(24, reason="Another.", key="OPS-8")
    assert told(progress, other).endswith(" See https://jira.example/browse/OPS-8")


def test_without_a_change_there_is_no_address() -> None:
    assert "See" not in told(Progress(), Heard(16, reason="None is there.", key=""))


@pytest.mark.parametrize(
    ("row", "reason", "line"),
    [
        (24, "OPS-7 is in Review.", "Wait: OPS-7 is in Review. Then run this job again."),
        (31, "OPS-7 is in Done.", "Proceed: OPS-7 is in Done."),
        (18, "OPS-7 is in Done.", "Denied: OPS-7 is in Done."),
        (24, "Too late: run again.", "Wait: Too late: run again."),
        (17, "Jira has trouble: run the job again.", "Wait: Jira has trouble: run the job again."),
        (24, "Leave out dry-run to deploy.", "Wait: Leave out dry-run to deploy."),
    ],
)
def test_who_runs_it_again_is_said_when_it_ends(row: int, reason: str, line: str) -> None:
    assert result_line(Decision.of(row, reason)) == line


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "A proxy stands in between, or Jira has trouble: run the job again.",
            "A proxy stands in between, or Jira has trouble.",
        ),
        ("Not as documented: run again, then report it to us.", "Not as documented."),
        ("Its limit is used up; run the job again later.", "Its limit is used up."),
        ("It could not be looked at: cut off. Run again.", "It could not be looked at: cut off."),
        ("Run again later. Atlassian has trouble.", "Atlassian has trouble."),
        ("Check out the whole history, then run again.", "Check out the whole history."),
        ("Name a smaller group, or run again.", "Name a smaller group."),
        ("OPS-7 was rerun against the plan.", "OPS-7 was rerun against the plan."),
    ],
)
def test_while_it_asks_again_nobody_is_told_to(said: str, told: str) -> None:
    assert by_itself(said) == told
