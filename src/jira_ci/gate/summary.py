"""The gate's page: what it decided and why, what to do next, and the change with its approvals and its window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jira_ci.gate.approvals import Approval, Review, review
from jira_ci.gate.decision import Decision
from jira_ci.gate.hearing import Hearing
from jira_ci.gate.next_step import next_step
from jira_ci.gate.reasons import when
from jira_ci.gate.subject import where
from jira_ci.run import CI, Run
from jira_ci.summary import parts
from jira_ci.summary.parts import Block, Code, Link, Mark, Notice, Page, Paragraph, Phrase, Strong

_TONES = {"proceed": "good", "wait": "busy", "deny": "stop"}
_MOST = 50  # environments


@dataclass(frozen=True)
class Occasion:
    """What the page says besides the decisions.

    Attributes:
        words: for each result its word.
        record: the file with the records; empty without one.
    """

    run: Run
    words: Mapping[str, str]
    record: str = ""
    dry: bool = False


def page(cases: Sequence[Hearing], decisions: Sequence[Decision], whole: Decision, occasion: Occasion) -> Page:
    """The whole of it.

    Args:
        decisions: one for each case.
        whole: all of them as one.
    """
    both = list(zip(cases, decisions, strict=True))
    facts = [_facts(case, decision, occasion) for case, decision in both]
    blocks = [*_reasons(both, whole), *_next(both, occasion), *_tables(facts)]
    title = Mark(_TONES[whole.result], occasion.words[whole.result].lower())
    return Page(title, tuple(blocks), _foot(cases, occasion))


def _reasons(both: Sequence[tuple[Hearing, Decision]], whole: Decision) -> list[Block]:
    if len(both) < 2:
        return [Paragraph((whole.reason,))]
    return parts.items(((Strong(where(case.subject)), f": {decision.reason}") for case, decision in both), _MOST)


def _next(both: Sequence[tuple[Hearing, Decision]], occasion: Occasion) -> Iterator[Block]:
    """Each once: one change, or one setting, may stand in the way of several environments."""
    steps = dict.fromkeys(next_step(case, decision, occasion.run, dry=occasion.dry) for case, decision in both)
    for step in list(filter(None, steps))[:_MOST]:
        yield Notice((Strong("Next:"), " ", *step))


def _tables(facts: Sequence[Mapping[str, Phrase]]) -> list[Block]:
    """One environment's facts below one another, several environments' beside one another."""
    if len(facts) != 1:
        names = tuple(dict.fromkeys(name for one in facts for name in one))
        return parts.table("Environments", names, ([one.get(name, ()) for name in names] for one in facts), _MOST)
    (name, first), *others = facts[0].items()
    return parts.table(
        "The change", (name, "".join(map(str, first))), [((key,), value) for key, value in others], _MOST
    )


def _facts(case: Hearing, decision: Decision, occasion: Occasion) -> dict[str, Phrase]:
    change, window = case.change_facts(), case.window_facts()
    found: dict[str, Phrase] = {
        "Environment": (where(case.subject),),
        "Decision": (Mark(_TONES[decision.result], occasion.words[decision.result]),),
        "Change": (Link(change.key, case.change_url), f" {change.summary}") if change.key else (),
        "Status": (change.status_name,) if change.status_name else (),
        "Approvals": _approvals(case),
        "Window begins": (local_and_utc(window.start),) if window.start else (),
        "Window ends": (local_and_utc(window.end),) if window.end else (),
    }
    return {name: phrase for name, phrase in found.items() if phrase}


def local_and_utc(moment: datetime) -> str:
    """A moment as Jira shows it to the gate's account, and in UTC."""
    if not moment.utcoffset():
        return when(moment)
    return f"{moment:%Y-%m-%d %H:%M} {moment.strftime('%z')[:3]}:{moment.strftime('%z')[3:5]} ({when(moment)})"


def _approvals(case: Hearing) -> Phrase:
    """``Authorize: Ana approved, Ben pending``; of superseded ones nothing, unless nobody can tell which they are."""
    read = case.reading.round if case.reading else None
    if read is None or not read.approvals:
        return ()
    found = review(read.approvals, read.uncounted)
    shown = found.current or read.approvals
    return parts.separated((_approval(one, found) for one in shown), "; ")


def _approval(approval: Approval, found: Review) -> Phrase:
    people = parts.separated([_person(*one) for one in _people(approval, found)])
    return (f"{approval.name}: ", *(people or (f"{approval.decision or 'unknown'}, and nobody is asked",)))


def _person(name: str, answer: str, note: str) -> Phrase:
    tone = {"approved": "good", "declined": "bad", "pending": "busy"}.get(answer, "unknown")
    return (f"{name} ", Mark("doubtful" if note else tone, f"{answer}{note}"))


def _people(approval: Approval, found: Review) -> Iterator[tuple[str, str, str]]:
    for one in approval.approvers:
        if one.decision == "pending" and approval.decision in ("approved", "declined"):
            continue  # nobody waits for this answer any more
        ignored = one.decision == "approved" and approval in found.current and not found.counts(approval, one)
        yield one.name or one.account or "somebody", one.decision or "unknown", " (does not count)" if ignored else ""


def _foot(cases: Sequence[Hearing], occasion: Occasion) -> Phrase:
    """What is deployed, by which run, and where the decision is written down."""
    run, path = occasion.run, occasion.record
    subject = cases[0].subject if cases else None
    record = Path(path).name if run.provider == CI.GITLAB else path  # there it is an artifact
    phrases: list[Phrase] = [
        (f"{subject.project} ", Code(subject.version)) if subject else (),
        (Link(f"run {run.number}", run.url),) if run.url else (),
        ("record ", Code(record)) if record else (),
    ]
    return parts.separated(phrases, " · ")
