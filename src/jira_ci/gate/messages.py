"""What the gate says: for each row of the table a sentence with the one action that mends it.

Names of people, statuses and approvals are strangers' text: harmless in a line of the log, not yet in Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from jira_ci.gate.approvals import Approval, Approver, Review
from jira_ci.gate.requirements import Requirements, Snapshot, Status
from jira_ci.gate.window import Window
from jira_ci.text import one_line

_NAMED = 5  # people, approvals or gaps in one sentence


@dataclass(frozen=True)
class Facts:
    """A round that was read completely, and what its parts come to."""

    read: Snapshot
    policy: Requirements
    status: Status
    review: Review
    window: Window

    @property
    def key(self) -> str:
        """The change, for a sentence."""
        return shown(self.read.key)

    @property
    def fields(self) -> tuple[str, str]:
        """What the policy calls the two ends of the window."""
        start, end = ("", "") if self.policy.window == "off" else self.policy.window
        return shown(start), shown(end)

    @property
    def goal(self) -> str:
        """The statuses that let a deployment begin."""
        return " or ".join(shown(status) for status in self.policy.proceed_statuses)


def sentence(row: int, case: Facts) -> str:
    """Why this row (18 to 32), and what to do."""
    return _SENTENCES[row](case)


def shown(text: str) -> str:
    """A stranger's word inside a sentence."""
    return one_line(text, 100)


def when(moment: datetime | None) -> str:
    """A moment for a sentence; in its own zone when UTC has no date for it."""
    if moment is None:
        return "never"
    try:
        moment = moment.astimezone(timezone.utc)
    except OverflowError:  # 31 December 9999 west of Greenwich
        return moment.isoformat(" ")
    return f"{moment:%Y-%m-%d %H:%M}{f':{moment:%S}' if moment.second else ''} UTC"


def enumerate_some(words: Iterable[str], separator: str = ", ") -> str:
    """The first few, and how many more there are."""
    words = list(words)
    more = [f"{len(words) - _NAMED} more"] if len(words) > _NAMED else []
    return separator.join([*words[:_NAMED], *more])


def incomplete(key: object, gaps: Iterable[str]) -> str:
    """Row 17: what is missing in this round."""
    missing = enumerate_some((one_line(gap) for gap in gaps), "; ")
    name = shown(key) if isinstance(key, str) and key.strip() else "The change"
    return f"{name} could not be read completely: {missing}. Nothing is decided without it."


def approved_by(review: Review) -> str:
    """Who approved, as far as it counts."""
    if review.people:
        return f"approved by {enumerate_some(map(_person, review.people))}"
    return "approved by nobody who counts" if review.verdict == "ok" else "without any approval"


def _person(approver: Approver) -> str:
    return shown(approver.name.strip() or str(approver.account))


def _answers(approvals: Iterable[Approval], decision: str) -> str:
    """``CAB (Ana, Bob)``: approvals with this decision, and who gave it."""
    return enumerate_some(
        f"{shown(approval.name)} ({enumerate_some(people) or 'nobody is asked: name approvers'})"
        for approval in approvals
        if approval.decision == decision
        for people in [sorted(_person(one) for one in approval.approvers if one.decision == decision)]
    )


def _done(case: Facts) -> str:
    return (
        f"{case.key} is {shown(case.status.name)}, which is an end, so it allows no deployment any more. "
        "Run again for another change; if the setting change names this one, name an open one or leave it out."
    )


def _declined(case: Facts) -> str:
    return (
        f"{case.key} was declined: {_answers(case.review.current, 'declined')}. "
        "Have it approved anew in Jira, or close it and run again for another change."
    )


def _other(case: Facts) -> str:
    return (
        f"{case.key} is {shown(case.status.name)} (id {shown(case.status.id)}), which is neither in proceed-statuses "
        f"nor in wait-statuses. Move it to {case.goal}, or add its status to one of the two in the policy."
    )


def _rebound(case: Facts) -> str:
    if case.read.commit_differs:
        return f"{case.key} was made for another commit. Close it and run again for another change."
    return f"{case.key} was edited after it was approved. Close it and run again for another change."


def _inverted(case: Facts) -> str:
    start, end = case.fields
    return (
        f"{start} of {case.key} ({when(case.window.start.moment)}) is after its {end} "
        f"({when(case.window.end.moment)}). Put them in order, then re-run."
    )


def _over(case: Facts) -> str:
    return (
        f"The window of {case.key} is over. "
        f"Extend {case.fields[1]} of {case.key} (now {when(case.window.end.moment)}), then re-run."
    )


def _waiting(case: Facts) -> str:
    if case.review.verdict == "pend":
        return f"{_pending(case)} Then somebody must move {case.key} to {case.goal}."
    status = shown(case.status.name)
    if case.review.verdict == "ok" and len(case.review.people) >= case.policy.minimum_approvals:
        return (
            f"{case.key} is {status}, {approved_by(case.review)}; somebody must move {case.key} to {case.goal}, "
            "or add its status to proceed-statuses."
        )
    return f"{case.key} is {status}. Have it approved, and move it to {case.goal}, in Jira."


def _uncategorised(case: Facts) -> str:
    return (
        f"{case.key} is {shown(case.status.name)}, which is in proceed-statuses, but Jira has no category for it, "
        "so nobody can tell whether it is open. Give the status a category in Jira's workflow."
    )


def _pending(case: Facts) -> str:
    return f"{case.key} waits for approval: {_answers(case.review.current, 'pending')} must answer in Jira."


def _unapproved(case: Facts) -> str:
    return (
        f"{case.key} is {shown(case.status.name)}, but nobody was asked to approve it, and minimum-approvals is "
        f"{case.policy.minimum_approvals}. Have it approved in Jira: its workflow needs an approval step."
    )


def _too_few(case: Facts) -> str:
    others = enumerate_some(f"{_person(approver)} ({one_line(why, 200)})" for approver, why in case.review.others)
    return (
        f"{case.key} is {approved_by(case.review)}, which makes {len(case.review.people)} of minimum-approvals: "
        f"{case.policy.minimum_approvals}.{f' Does not count: {others}.' if others else ''} "
        "Have more people approve it in Jira."
    )


def _closed_window(case: Facts) -> str:
    start, end = case.fields
    for name, edge in ((start, case.window.start), (end, case.window.end)):
        if edge.problem:
            return (
                f"{name} {edge.problem}, so nobody can tell whether the window of {case.key} is open. "
                "Set it in Jira, or name the site's own field under window in the policy (off if it has none)."
            )
    return (
        f"The window of {case.key}, {approved_by(case.review)}, begins at {when(case.window.start.moment)}. "
        f"Wait for it, or set {start} earlier."
    )


def _no_window(case: Facts) -> str:
    start, end = case.fields
    demand = f"has no window, and window-required is true. Set its {start} and {end}."
    return f"{case.key}, {approved_by(case.review)}, {demand}"


def _free(case: Facts) -> str:
    return f"{case.key} is {shown(case.status.name)}, {approved_by(case.review)}, and has no window."


def _open(case: Facts) -> str:
    until = f" until {when(case.window.end.moment)}" if case.window.end.moment else ""
    return f"{case.key} is {shown(case.status.name)}, {approved_by(case.review)}, in its window{until}."


_SENTENCES: Mapping[int, Callable[[Facts], str]] = {
    18: _done,
    19: _declined,
    20: _other,
    21: _rebound,
    22: _inverted,
    23: _over,
    24: _waiting,
    25: _uncategorised,
    26: _pending,
    27: _unapproved,
    28: _too_few,
    29: _closed_window,
    30: _no_window,
    31: _free,
    32: _open,
}
