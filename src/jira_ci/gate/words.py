"""What people read of the gate: a line while it waits, the verdict, and the summary in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from jira_ci.gate.approvals import Approval, Review, review
from jira_ci.gate.decision import Decision
from jira_ci.gate.hearing import Hearing
from jira_ci.gate.reasons import when
from jira_ci.gate.subject import where
from jira_ci.text import markdown, one_line

_WORDS = {"proceed": "Proceed", "wait": "Wait", "deny": "Denied"}


class Progress:
    """Tells what changed from one look to the next, and nothing when nothing did."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}

    def line(self, cases: Sequence[Hearing], pause: float | None, end: float) -> str:
        """One line, or nothing.

        Args:
            pause: seconds until the next look; ``None`` when there is none.
            end: epoch seconds of the deadline.
        """
        news = [_named(case, cases) for index, case in enumerate(cases) if self._is_new(index, case.decision)]
        if not news or pause is None:
            return ""
        until = when(datetime.fromtimestamp(int(end), timezone.utc))
        return f"{' '.join(news)} Asking again in {round(pause)} s, until {until}."

    def _is_new(self, index: int, decision: Decision) -> bool:
        new = self._told.get(index) != decision.reason
        self._told[index] = decision.reason
        return new and decision.result != "proceed"


def _named(case: Hearing, cases: Sequence[Hearing]) -> str:
    named = f"{one_line(where(case.subject), 160)}: " if len(cases) > 1 else ""
    return f"{named}{case.decision.reason}"


def closing(decision: Decision) -> str:
    """The verdict in one line."""
    return f"{_WORDS[decision.result]}: {decision.reason}"


def summary(cases: Sequence[Hearing], decisions: Sequence[Decision], whole: Decision) -> str:
    """The job summary; every text is escaped."""
    lines = [f"### Jira: {_WORDS[whole.result].lower()}", ""]
    for case, decision in zip(cases, decisions, strict=True):
        lines += [*_table(case, decision), "", *_approvals(case)]
    return "\n".join([*lines, ""])


def _table(case: Hearing, decision: Decision) -> Iterator[str]:
    facts, window = case.change_facts(), case.window_facts()
    yield f"| Environment | {markdown(where(case.subject))} |"
    yield "| --- | --- |"
    if facts.key:
        url = case.change_url
        key = f"[{markdown(facts.key)}]({url})" if _is_plain(url) else markdown(facts.key)
        yield f"| Change | {key} {markdown(facts.summary)} |"
    if facts.status_name:
        yield f"| Status | {markdown(facts.status_name)} |"
    yield f"| Decision | {_WORDS[decision.result]} |"
    yield f"| Reason | {markdown(decision.reason, 2000)} |"
    for name, moment in (("Window begins", window.start), ("Window ends", window.end)):
        if moment is not None:
            yield f"| {name} | {local_and_utc(moment)} |"


def _is_plain(url: str) -> bool:
    """Whether an address can stand in Markdown's brackets as it is."""
    return url.isascii() and not set(url) & set("()<>[]|\\`\"' ")


def local_and_utc(moment: datetime) -> str:
    """A moment as Jira shows it to the gate's account, and in UTC."""
    if not moment.utcoffset():
        return when(moment)
    return f"{moment:%Y-%m-%d %H:%M} {moment.strftime('%z')[:3]}:{moment.strftime('%z')[3:5]} ({when(moment)})"


def _approvals(case: Hearing) -> Iterator[str]:
    read = case.reading.round if case.reading else None
    if read is None or not read.approvals:
        return
    found = review(read.approvals, read.uncounted)
    yield "| Approval | Decision | Who |"
    yield "| --- | --- | --- |"
    for approval in read.approvals:
        old = "" if approval in found.current or found.verdict == "unclear" else " (superseded)"
        decision = f"{markdown(approval.decision or 'unknown')}{old}"
        yield f"| {markdown(approval.name)} | {decision} | {', '.join(_people(approval, found))} |"
    yield ""


def _people(approval: Approval, found: Review) -> Iterator[str]:
    for one in approval.approvers:
        ignored = one.decision == "approved" and approval in found.current and not found.counts(approval, one)
        name = markdown(one.name or one.account or "somebody")
        yield f"{name}: {markdown(one.decision or 'unknown')}{' (does not count)' if ignored else ''}"
