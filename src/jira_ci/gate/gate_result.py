"""What the gate hands on: one decision over all environments as outputs, records and a page, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jira_ci import __version__
from jira_ci.context import Context
from jira_ci.frozen import dataclass
from jira_ci.gate import record
from jira_ci.gate.approvals import Approval, Demand, Review, review
from jira_ci.gate.change_property import Change
from jira_ci.gate.decision import Decision, combine, demanded
from jira_ci.gate.evaluation import Evaluation
from jira_ci.gate.messages import RESULTS, edited_by, enumerate_some, shown, when
from jira_ci.gate.subject import where
from jira_ci.gate.targets import deployer
from jira_ci.output import page
from jira_ci.output.page import Block, Code, Link, Mark, Notice, Page, Paragraph, Part, Phrase, Strong
from jira_ci.run import CI, Run
from jira_ci.text import one_line, short

_CHANGE, _GOAL, _PEOPLE, _MISSING = "{change}", "{goal}", "{people}", "{missing}"
ACTIONS: Mapping[int, str] = MappingProxyType(
    {
        1: "correct the policy or setting that is named above",
        2: "give this environment a rule in the policy",
        4: "correct the name or version that is named above",
        5: "give the job the credentials for Jira, user and token",
        6: "correct the credentials, or what their account may do in Jira",
        7: "correct the site's address in the policy",
        8: "wait until Jira answers",
        9: "correct what Jira refused, in the policy",
        10: "name a change that exists with the setting change",
        11: "look at what became of {change}",
        12: "name a change of the right project and type with the setting change",
        13: "name the version and the environment in {change}",
        14: "close all of these changes but one",
        15: "have {change} approved in Jira{people}",
        16: "make a change in Jira, and have it approved",
        17: "wait until Jira answers completely",
        18: "name an open change with the setting change, or leave it out",
        19: "have {change} approved anew, or close it",
        20: "move {change} to {goal}",
        21: "do what the reason says, or close {change}, so that another one is made",
        22: "put the window of {change} in order",
        23: "extend the window of {change}",
        24: "have {change} approved{people}, and moved to {goal}",
        25: "give the status of {change} a category in Jira's workflow",
        26: "have {change} approved{people}",
        27: "have {change} approved{missing}; its workflow needs an approval step",
        28: "have more people approve {change}",
        29: "wait for the window of {change}, or set it earlier",
        30: "give {change} a window",
        34: "have {change} approved in Jira",
        35: "see {change} in Jira",
        36: "let one of those whom the policy names ask, with a reason, or leave emergency out",
        37: "wait until the freeze is over",
        38: "look at the tag of the version",
        39: "give the job a folder that it can write to",
    }
)
"""What can be done; other rows proceed, and are only weaker because of the circumstances."""


def next_step(evaluation: Evaluation, decision: Decision, run: Run, *, dry: bool) -> Phrase:
    """What to do, and then to run again; empty when the gate proceeds."""
    if decision.result == "proceed":
        return ()
    again = "Run this job again"
    if decision.row not in ACTIONS:
        return (f"{again}, without dry-run." if dry else f"{again}.",)
    first, *others = _filled(ACTIONS[decision.row], evaluation)
    action = f"{first[:1].upper()}{first[1:]}" if isinstance(first, str) else first
    last: tuple[Part, ...] = (", then ", Link("run this job again", run.url), ".")
    return (action, *others, *last)


def _filled(action: str, evaluation: Evaluation) -> Iterator[Part]:
    text = action.replace(_GOAL, _goal(evaluation)).replace(_PEOPLE, _people(evaluation))
    text = text.replace(_MISSING, _missing(evaluation))
    before, found, after = text.partition(_CHANGE)
    yield before
    if found:
        key = evaluation.change_facts().key
        yield Link(key, evaluation.change_url) if key else "the change"
        yield after


def _goal(evaluation: Evaluation) -> str:
    return (
        " or ".join(shown(one) for one in evaluation.policy.proceed_statuses)
        if evaluation.policy
        else "the next status"
    )


def _missing(evaluation: Evaluation) -> str:
    """`` by CAB and by somebody of the group release-managers``: what the policy demands by name and is not there."""
    words = {"approval": "in ", "group": "by somebody of the group ", "account": "by "}
    told = [f"{words[one.kind]}{shown(one.name)}" for one in _demands(evaluation) if not one.met]
    return f" {enumerate_some(told, ' and ')}" if told else ""


def _people(evaluation: Evaluation) -> str:
    """`` by Ana or Ben``, who did not answer yet; empty when none is known."""
    read = evaluation.snapshot
    if read is None or not read.approvals:
        return ""
    asked = {
        shown(one.name.strip()): None
        for approval in review(read.approvals, read.uncounted).current
        if approval.decision == "pending"
        for one in approval.approvers
        if one.decision == "pending" and one.name.strip()
    }
    return f" by {enumerate_some(asked, ' or ')}" if asked else ""


_TONES = {"proceed": "good", "wait": "busy", "deny": "stop"}
_MOST = 50  # environments
_LONGEST = 300  # characters of the heading


@dataclass(frozen=True)
class Heading:
    """What the page says besides the decisions.

    Attributes:
        record: the file with the records; empty without one.
    """

    run: Run
    record: str = ""
    dry: bool = False


def summary_page(
    evaluations: Sequence[Evaluation], decisions: Sequence[Decision], whole: Decision, heading: Heading
) -> Page:
    """The whole of it.

    Args:
        decisions: one for each evaluation.
        whole: all of them as one.
    """
    both = list(zip(evaluations, decisions, strict=True))
    facts = [_facts(evaluation, decision) for evaluation, decision in both]
    blocks = [*_reasons(both, whole), *_next(both, heading), *_tables(facts)]
    title = Mark(_TONES[whole.result], f"{RESULTS[whole.result].lower()}{_what_goes_where(evaluations)}")
    return Page(title, tuple(blocks), _foot(evaluations, heading))


def _what_goes_where(evaluations: Sequence[Evaluation]) -> str:
    """``: 1.4.0 to Prod-EU``, since a run's page may hold many summaries; empty without an evaluation."""
    places = enumerate_some(dict.fromkeys(where(one.subject) for one in evaluations))
    return one_line(f": {short(evaluations[0].subject.version)} to {places}", _LONGEST) if places else ""


def _reasons(both: Sequence[tuple[Evaluation, Decision]], whole: Decision) -> list[Block]:
    if len(both) < 2:
        return [Paragraph((whole.reason,))]
    return page.items(
        ((Strong(where(evaluation.subject)), f": {decision.reason}") for evaluation, decision in both), _MOST
    )


def _next(both: Sequence[tuple[Evaluation, Decision]], heading: Heading) -> Iterator[Block]:
    """Each once: one change, or one setting, may stand in the way of several environments."""
    steps = dict.fromkeys(
        next_step(evaluation, decision, heading.run, dry=heading.dry) for evaluation, decision in both
    )
    for step in list(filter(None, steps))[:_MOST]:
        yield Notice((Strong("Next:"), " ", *step))


def _tables(facts: Sequence[Mapping[str, Phrase]]) -> list[Block]:
    """One environment's facts below one another, several environments' beside one another."""
    if len(facts) != 1:
        names = tuple(dict.fromkeys(name for one in facts for name in one))
        return page.table("Environments", names, ([one.get(name, ()) for name in names] for one in facts), _MOST)
    (name, first), *others = facts[0].items()
    return page.table("The change", (name, "".join(map(str, first))), [((key,), value) for key, value in others], _MOST)


def _facts(evaluation: Evaluation, decision: Decision) -> dict[str, Phrase]:
    change, window = evaluation.change_facts(), evaluation.window_facts()
    found: dict[str, Phrase] = {
        "Environment": (where(evaluation.subject),),
        "Decision": (Mark(_TONES[decision.result], RESULTS[decision.result]),),
        "Change": (Link(change.key, evaluation.change_url), f" {change.summary}") if change.key else (),
        "Status": (change.status_name,) if change.status_name else (),
        "Approvals": _approvals(evaluation),
        "Moved there": _moved(evaluation),
        "Edited since": (edited_by(evaluation.history_facts().edits),) if evaluation.history_facts().edits else (),
        "Emergency": (evaluation.emergency.told(evaluation.read_at),) if evaluation.emergency else (),
        "Frozen": (evaluation.frozen.told,) if evaluation.frozen else (),
        "Window begins": (local_and_utc(window.start),) if window.start else (),
        "Window ends": (local_and_utc(window.end),) if window.end else (),
    }
    return {name: phrase for name, phrase in found.items() if phrase}


def _moved(evaluation: Evaluation) -> Phrase:
    moved = evaluation.history_facts().moved
    return (f"by {moved.name or 'somebody'}, {when(moved.at)}",) if moved else ()


def local_and_utc(moment: datetime) -> str:
    """A moment as Jira shows it to the gate's account, and in UTC."""
    if not moment.utcoffset():
        return when(moment)
    return f"{moment:%Y-%m-%d %H:%M} {moment.strftime('%z')[:3]}:{moment.strftime('%z')[3:5]} ({when(moment)})"


def _approvals(evaluation: Evaluation) -> Phrase:
    """``Authorize: Ana approved, Ben pending``; of superseded ones nothing, unless it is unknown which they are."""
    read = evaluation.snapshot
    if read is None or not read.approvals:
        return ()
    found = review(read.approvals, read.uncounted)
    shown = found.current or read.approvals
    return page.separated((_approval(one, found) for one in shown), "; ")


def _approval(approval: Approval, found: Review) -> Phrase:
    people = page.separated([_person(*one) for one in _named_people(approval, found)])
    return (f"{approval.name}: ", *(people or (f"{approval.decision or 'unknown'}, without approvers",)))


def _person(name: str, answer: str, note: str) -> Phrase:
    tone = {"approved": "good", "declined": "bad", "pending": "busy"}.get(answer, "unknown")
    return (f"{name} ", Mark("doubtful" if note else tone, f"{answer}{note}"))


def _named_people(approval: Approval, found: Review) -> Iterator[tuple[str, str, str]]:
    for one in approval.approvers:
        if one.decision == "pending" and approval.decision in ("approved", "declined"):
            continue  # this answer is not waited for any more
        ignored = one.decision == "approved" and approval in found.current and not found.counts(approval, one)
        yield one.name or one.account or "somebody", one.decision or "unknown", " (does not count)" if ignored else ""


def _foot(evaluations: Sequence[Evaluation], heading: Heading) -> Phrase:
    """What is deployed, by which run, and where the decision is written down."""
    run, path = heading.run, heading.record
    subject = evaluations[0].subject if evaluations else None
    record = Path(path).name if run.provider == CI.GITLAB else path  # there it is an artifact
    phrases: list[Phrase] = [
        (f"{subject.project} ", Code(subject.version)) if subject else (),
        (Link(f"run {run.number}", run.url),) if run.url else (),
        ("record ", Code(record)) if record else (),
    ]
    return page.separated(phrases, " · ")


NOT_YET: Mapping[str, Any] = {
    "decision": "wait",
    "approved": False,
    "reason": "The gate has not decided yet.",
    "change-key": "",
    "change-url": "",
    "change-status": "",
    "window-start": "",
    "window-end": "",
    "record": "",
    "parked": False,
    "parked-until": "",
}
"""The outputs before anything is asked; the gate's outputs have these names, and no others."""


@dataclass(frozen=True)
class GateResult:
    """What became of asking.

    Attributes:
        decision: of all environments together; only when its result is ``proceed`` may anything begin.
        change: the first environment's change; ``None`` without one.
        changes: of all environments.
        outputs: the gate's step outputs.
        records: one for each environment.
        summary: what the job's reader opens.
        begun: monotonic seconds at which the last look began.
    """

    decision: Decision
    change: Change | None
    changes: tuple[Change, ...]
    outputs: dict[str, Any]
    records: tuple[dict[str, Any], ...]
    summary: Page
    begun: float


def gate_result(context: Context, evaluations: Sequence[Evaluation], decisions: Sequence[Decision]) -> GateResult:
    """The result of these decisions, one for each evaluation; writes the file with the records."""
    whole = combine(decisions)
    records = tuple(_record(context, evaluation, one) for evaluation, one in zip(evaluations, decisions, strict=True))
    changes = tuple(evaluation.change for evaluation in evaluations if evaluation.change)
    path = record.write(context, records)
    heading = Heading(context.run, path, dry=context.given.dry_run)
    return GateResult(
        decision=whole,
        change=changes[0] if changes else None,
        changes=changes,
        outputs={**NOT_YET, **_outputs(whole, evaluations, records), "record": path},
        records=records,
        summary=summary_page(evaluations, decisions, whole, heading),
        begun=min(evaluation.begun for evaluation in evaluations),
    )


def document(result: GateResult) -> dict[str, Any]:
    """What the JSON document holds besides the outputs: the record itself, or the list of several."""
    return {"record": result.records[0] if len(result.records) == 1 else list(result.records)}


def _record(context: Context, evaluation: Evaluation, decision: Decision) -> dict[str, Any]:
    read = evaluation.snapshot
    approvals = tuple(read.approvals or ()) if read else ()
    return record.record(
        decision,
        subject=evaluation.subject,
        run=context.run,
        policy=evaluation.source,
        triggered_by=deployer(context),
        change=evaluation.change_facts(),
        approvals=approvals,
        review=review(approvals, read.uncounted) if read else None,
        demands=_demands(evaluation),
        history=evaluation.history_facts(),
        emergency=evaluation.emergency.facts(evaluation.read_at) if evaluation.emergency else None,
        freeze=evaluation.frozen.facts() if evaluation.frozen else None,
        window=evaluation.window_facts(),
        evidence=evaluation.evidence(context.edges.clock(), __version__),
        mask=context.console.mask,
    )


def _demands(evaluation: Evaluation) -> tuple[Demand, ...]:
    """What the policy demands by name of the change that was read."""
    read, policy = evaluation.snapshot, evaluation.policy
    if read is None or policy is None or read.approvals is None:
        return ()
    return demanded(read, policy.requirements, review(read.approvals, read.uncounted))


def _outputs(
    whole: Decision, evaluations: Sequence[Evaluation], records: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    changes = [one["change"] for one in records]
    return {
        "decision": whole.result,
        "approved": whole.approved,
        "reason": whole.reason,
        "change-key": _all([change["key"] for change in changes]),
        "change-url": _all([evaluation.change_url for evaluation in evaluations]),
        "change-status": _all([change["status"]["name"] for change in changes]),
        "window-start": _all([one["window"]["start"] or "" for one in records]),
        "window-end": _all([one["window"]["end"] or "" for one in records]),
    }


def _all(values: Sequence[str]) -> Any:
    """The value of the one environment; of several a list."""
    return values[0] if len(values) == 1 else list(values)
