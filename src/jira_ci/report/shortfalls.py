"""What Jira did not take of a report, and why: sentences for the summary, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jira_ci.errors import JiraCiError
from jira_ci.jira.outcome import Links, Outcome
from jira_ci.jira.records import keys_of
from jira_ci.report import findings
from jira_ci.report.fate import Fate, knows_nothing
from jira_ci.report.plan import Plan
from jira_ci.summary import parts
from jira_ci.summary.parts import Block, Heading, Notice, Phrase, Strong

_MOST = 50
_NAMED = 20


def shortfalls(plan: Plan, fates: Sequence[Fate], errors: Sequence[JiraCiError | None]) -> Iterator[Block]:
    """Blocks of the page; none where all is well."""
    several = len(fates) > 1
    for fate, error in zip(fates, errors, strict=True):
        where = f" to {fate.destination.name}" if several else ""
        if error is not None:
            yield Notice((Strong(f"Not reported{where}:"), f" {error}"))
        elif fate.withheld:
            yield Notice((Strong(f"Not reported{where}:"), f" {fate.withheld}"))
    wanting = [sentence for fate in fates for sentence in _wanting(fate, several=several)]
    if wanting:
        yield Heading("Not accepted")
        yield from parts.items(wanting, _MOST)
    doubts = list(_doubts(plan))
    if doubts:
        yield Heading("Perhaps not complete")
        yield from parts.items(doubts, _MOST)


def _wanting(fate: Fate, *, several: bool) -> Iterator[Phrase]:
    """What is wanting at one destination, which is named where there are several."""
    name = f"{fate.destination.name}: " if several else ""
    for sentence in (*_records(fate.outcome), *_keys(fate)):
        yield (name, *sentence) if name else sentence
    if several and knows_nothing(fate.outcome):
        yield (f"{name}This site knows none of the issues.",)


def _records(outcome: Outcome) -> Iterator[Phrase]:
    for record, reasons in outcome.rejected:
        where = (record.get("environment") or {}).get("displayName", "")
        issues = _some(keys_of(record))
        about = "".join([f" to {where}" if where else "", f" ({issues})" if issues else ""])
        why = "; ".join(reasons) or "Jira gives no reason."
        yield "Rejected: ", Strong(f"{record['displayName']}{about}"), f": {why}"
    if isinstance(outcome, Links):
        for key, reason in list(outcome.refusals.items())[:_NAMED]:
            yield "Not linked: ", Strong(key), f": {reason}"
        if len(outcome.refusals) > _NAMED:
            yield (f"Not linked: {len(outcome.refusals) - _NAMED} more issues.",)


def _keys(fate: Fate) -> Iterator[Phrase]:
    outcome = fate.outcome
    for names, what in (
        (outcome.refused_keys, "Refused by Jira, and left out of the report"),
        (outcome.unknown_keys, "Issues that Jira does not know"),
        (fate.hidden, "Issues that Jira does not show to the account of token, and that were not named to it"),
        (outcome.unknown_services, "Services that Jira does not know"),
        (getattr(outcome, "left", ()), "Not reached"),
    ):
        if names:
            yield f"{what}: ", Strong(_some(names))


def _doubts(plan: Plan) -> Iterator[Phrase]:
    for gap in dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps):
        yield (gap,)
    yield from ((sentence,) for sentence in findings.left_out_lines(plan))
    dropped = {key: why for entry in plan.entries for key, why in entry.claim.keys.dropped.items()}
    if dropped:
        yield "Not counted as issues: ", _some([f"{key} ({why})" for key, why in dropped.items()])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
