"""Waiting: when the gate looks again, until when, and what the log says meanwhile. The one loop that asks Jira anew."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone

from jira_ci.context import Context
from jira_ci.gate.approvals import review
from jira_ci.gate.comments import duration
from jira_ci.gate.decision import Decision
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.messages import RESULTS, enumerate_some, shown, when
from jira_ci.gate.subject import where
from jira_ci.text import one_line
from jira_ci.timing import Deadline

_LONGEST = 120.0  # seconds to which an interval stretches
_STRETCH = 1.25
_LEAD = 5.0  # seconds before the deadline at which the last look begins, so that it can come to its end


class Backoff:
    """When the next look comes.

    Args:
        interval: seconds after the first look; later ones stretch to two minutes.
        deadline: after it there is no other look.
        jitter: asked before each pause: about 1. It never shortens what Jira asked for.
    """

    def __init__(self, interval: float, deadline: Deadline, jitter: Callable[[], float]) -> None:
        self._interval, self._deadline, self._jitter = interval, deadline, jitter
        self._longest = max(interval, _LONGEST)
        self._lead = min(_LEAD, deadline.remaining() / 10)

    def pause(self, retry_after: float) -> float | None:
        """Seconds until the next look; ``None`` when there is no time for another.

        Args:
            retry_after: the least that Jira asked for.
        """
        usual = self._interval
        self._interval = min(self._interval * _STRETCH, self._longest)
        wanted, last = max(usual * self._jitter(), retry_after), self._deadline.remaining() - self._lead
        if wanted <= last:
            return wanted
        return last if last >= max(retry_after, min(usual, _LEAD)) else None


def until_decided(
    look: Callable[[], bool],
    backoff: Backoff,
    deadline: Deadline,
    *,
    retry_after: Callable[[], float],
    tell: Callable[[float | None], object],
) -> None:
    """Looks until there is nothing to wait for, the deadline is too near, or a signal came.

    Args:
        look: one look; whether another one may change something.
        tell: is told the seconds until the next look, or ``None`` before the end.
    """
    while look() and not deadline.hurried:
        pause = backoff.pause(retry_after())
        tell(pause)
        if pause is None:
            return
        deadline.sleep(pause)
        if deadline.hurried:
            return


# In whatever words an error's hint says it: while the gate asks again by itself, nobody has to.
_AGAIN = re.compile(
    r"(?:(?P<before>[:;,]?(?: then| or)? )run|(?:^| )(?:Then r|R)un)(?: the job| this job| it)? again(?: later)?"
    r"(?:, then report it to us)?(?P<end>[.;]|$)"
)
_SKEW = 300.0  # seconds by which the runner's clock may differ from Jira's before it is said


class GateLog:
    """Tells people what a gate sees, and what it waits for.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, context: Context, clock: Callable[[], float]) -> None:
        self._console, self._edges, self._clock = context.console, context.edges, clock
        self._progress, self._waiting = Progress(), WaitLine(clock)
        self._skew_said = False

    def shown(self, evaluations: Sequence[Evaluation], *, waits: bool) -> AbstractContextManager[None]:
        """At a terminal people see that it waits, and what for."""
        self._waiting.begin(evaluations)
        return self._console.waiting(self._waiting, self._clock) if waits else nullcontext()

    def asking(self) -> None:
        """Jira is asked from now on."""
        self._waiting.pause(None)

    def tell(self, evaluation: Evaluation) -> None:
        """What a look brought besides its decision."""
        for sentence in evaluation.said:
            self._console.say(by_itself(sentence))
        for sentence in evaluation.warned:
            self._console.notice("warning", by_itself(sentence))
        evaluation.said.clear()
        evaluation.warned.clear()
        self._check_clock(evaluation)

    def waiting(self, evaluations: Sequence[Evaluation], pause: float | None, left: float) -> None:
        """What is waited for, where that is news.

        Args:
            pause: seconds until the next look; ``None`` when there is none.
            left: seconds until the deadline.
        """
        line = self._progress.line(evaluations, pause, self._edges.clock() + left)
        self._waiting.pause(pause)
        if line:
            self._console.say(line)

    def conclude(self, evaluations: Sequence[Evaluation], decision: Decision) -> None:
        """The result, and what was not told yet."""
        for line in self._progress.rest(evaluations):
            self._console.say(line)
        told = result_line(decision)
        label = told.partition(":")[0]
        if decision.result == "proceed":
            self._console.say(told, label)
        else:
            self._console.notice("error", told, label)

    def _check_clock(self, evaluation: Evaluation) -> None:
        at = evaluation.read_at
        skew = self._edges.clock() - at.timestamp() if at else 0.0
        if abs(skew) > _SKEW and not self._skew_said:
            self._skew_said = True
            which = "ahead of" if skew > 0 else "behind"
            off = duration(60 * round(abs(skew) / 60))
            said = f"This machine's clock is {off} {which} Jira's, which counts for the window."
            self._console.notice("warning", said)


class Progress:
    """Tells what changed from one look to the next, and nothing when nothing did."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}
        self._linked: dict[int, str] = {}

    def line(self, evaluations: Sequence[Evaluation], pause: float | None, end: float) -> str:
        """One line, or nothing.

        Args:
            pause: seconds until the next look; ``None`` when there is none.
            end: epoch seconds of the deadline.
        """
        news = [
            (_named(evaluation, evaluations), self._where(index, evaluation))
            for index, evaluation in enumerate(evaluations)
            if self._is_new(index, evaluation.decision)
        ]
        if not news or pause is None:
            return ""
        until = when(datetime.fromtimestamp(int(end), timezone.utc))
        told = " ".join(by_itself(sentence) for sentence, _ in news)
        where = "".join(address for _, address in news)
        return f"{told} Asking again in {round(pause)} s, until {until}.{where}"

    def rest(self, evaluations: Sequence[Evaluation]) -> list[str]:
        """What was not told yet of several environments, a line for each; of one the result tells it, and where the
        change is, is told here."""
        if len(evaluations) < 2:
            where = (
                self._where(at, one).strip() for at, one in enumerate(evaluations) if one.final().result != "proceed"
            )
            return [address for address in where if address]
        return [
            _named(evaluation, evaluations) + self._where(index, evaluation)
            for index, evaluation in enumerate(evaluations)
            if self._is_new(index, evaluation.decision)
        ]

    def _where(self, index: int, evaluation: Evaluation) -> str:
        """Where the change is looked at; once for each change."""
        address = evaluation.change_url
        new = self._linked.get(index, "") != address
        self._linked[index] = address
        return f" See {address}" if new and address else ""

    def _is_new(self, index: int, decision: Decision) -> bool:
        new = self._told.get(index) != decision.reason
        self._told[index] = decision.reason
        return new and decision.result != "proceed"


def _named(evaluation: Evaluation, evaluations: Sequence[Evaluation]) -> str:
    named = f"{one_line(where(evaluation.subject), 160)}: " if len(evaluations) > 1 else ""
    return f"{named}{evaluation.decision.reason}"


def by_itself(told: str) -> str:
    """What is told without *run again*, which the gate does by itself."""
    return _AGAIN.sub(lambda again: again["end"] if again["before"] is not None else "", told).strip()


def result_line(decision: Decision) -> str:
    """The result in one line."""
    again = decision.result == "wait" and not _AGAIN.search(decision.reason) and "dry-run" not in decision.reason
    return f"{RESULTS[decision.result]}: {decision.reason}{' Then run this job again.' if again else ''}"


_UNFINISHED = (24, 26)  # rows of a change on its way: its status and who is asked say more than the whole sentence


class WaitLine:
    """What is waited for at this moment; called, it says so in a few words.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._evaluations: Sequence[Evaluation] = ()
        self._next: float | None = None

    def begin(self, evaluations: Sequence[Evaluation]) -> None:
        """These are asked about now."""
        self._evaluations, self._next = evaluations, None

    def pause(self, seconds: float | None) -> None:
        """The next look comes after so many seconds; ``None`` when there is none."""
        self._next = None if seconds is None else self._clock() + seconds

    def __call__(self) -> str:
        about = _about(self._evaluations)
        if self._next is None:
            return f"{about} · Jira is asked" if about else "Jira is asked"
        return f"{about} · asked again in {duration(math.ceil(max(0.0, self._next - self._clock())))}"


def _about(evaluations: Sequence[Evaluation]) -> str:
    waiting = [evaluation for evaluation in evaluations if evaluation.rounds and evaluation.decision.result == "wait"]
    if not waiting:
        return ""
    more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
    return _brief(waiting[0]) + more


def _brief(evaluation: Evaluation) -> str:
    facts = evaluation.change_facts()
    if evaluation.decision.row not in _UNFINISHED or not facts.key or not facts.status_name:
        return evaluation.decision.reason
    people = enumerate_some(dict.fromkeys(_asked(evaluation)))
    return f"{shown(facts.key)} waits in {shown(facts.status_name)}{f' for {people}' if people else ''}"


def _asked(evaluation: Evaluation) -> Iterator[str]:
    """Those whose answer is missing."""
    read = evaluation.snapshot
    if read is None or read.approvals is None:
        return
    for approval in review(read.approvals, read.uncounted).current:
        if approval.decision == "pending":
            yield from (
                shown(one.name.strip() or str(one.account)) for one in approval.approvers if one.decision == "pending"
            )
