"""What the gate says: for each row of the table a sentence with the one action that helps.

Names of people, statuses and approvals are untrusted text: harmless in a line of the log, not yet in Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from types import MappingProxyType

from jira_ci.frozen import dataclass
from jira_ci.gate.approvals import Approval, Approver, Demand, Member, Review
from jira_ci.gate.bindings import Scope, spent_by
from jira_ci.gate.requirements import Edit, Requirements, Snapshot, Status
from jira_ci.gate.window import Window
from jira_ci.text import one_line

RESULTS = MappingProxyType({"proceed": "Proceed", "wait": "Wait", "deny": "Denied"})
"""For each result its word."""
_NAMED = 5  # people, approvals or gaps in one sentence


@dataclass(frozen=True)
class Facts:
    """A snapshot that was read completely, and what its parts come to."""

    read: Snapshot
    policy: Requirements
    status: Status
    review: Review
    window: Window
    demands: tuple[Demand, ...] = ()

    @property
    def key(self) -> str:
        """The change, for a sentence."""
        return shown(self.read.key)

    @property
    def place(self) -> str:
        """``OPS-7 is in Review``: the change, and the status that people know."""
        return f"{self.key} is in {shown(self.status.name)}"

    @property
    def move(self) -> str:
        """Who moves the change next, and where to; Jira names no one person who may."""
        desk = self.key.rpartition("-")[0]
        return f"an agent of {desk or 'the service desk'} must move {self.key} to {self.goal}"

    @property
    def fields(self) -> tuple[str, str]:
        """What the policy calls the two ends of the window."""
        start, end = ("", "") if self.policy.window == "off" else self.policy.window
        return shown(start), shown(end)

    @property
    def goal(self) -> str:
        """The statuses that let a deployment begin."""
        return " or ".join(shown(status) for status in self.policy.proceed_statuses)


def sentence(row: int, facts: Facts) -> str:
    """Why this row (18 to 32), and what to do."""
    return _SENTENCES[row](facts)


def shown(text: str) -> str:
    """An untrusted word inside a sentence."""
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
    """Row 17: what is missing in this snapshot."""
    missing = enumerate_some((one_line(gap) for gap in gaps), "; ")
    name = shown(key) if isinstance(key, str) and key.strip() else "The change"
    return f"{name} could not be read completely: {missing}. Nothing is decided without it."


def edited_by(edits: Iterable[Edit]) -> str:
    """``Planned end by Ana at 2026-03-02 12:00 UTC``: what was edited, by whom and when."""
    return enumerate_some(f"{shown(one.field)} by {shown(one.name) or 'somebody'} at {when(one.at)}" for one in edits)


def approved_by(review: Review) -> str:
    """Who approved, as far as it counts."""
    if review.people:
        return f"approved by {enumerate_some(map(_person, review.people))}"
    return "approved by people who do not count" if review.state == "ok" else "without any approval"


def mistyped(key: str, kind: str, *, asked: bool) -> str:
    """Row 12, for a change that is one of an emergency and should not be, or the other way round."""
    requested = f"was requested as {shown(kind)}" if kind else "was not requested at the service desk"
    if asked:
        return f"{shown(key)} {requested}, and no emergency. Give one of the emergency's request type, or none."
    return f"{shown(key)} {requested}, for an emergency, and none is asked for. Give another change, or leave it out."


def requested_anew(key: str) -> str:
    """Row 21, for a change whose request type was edited after its approval."""
    return (
        f"The request type of {shown(key)} was edited after it was approved. Close it and run again for another change."
    )


def _person(approver: Approver) -> str:
    return shown(approver.name.strip() or str(approver.account))


def lacking(demands: Iterable[Demand], key: str) -> str:
    """What is demanded by name and not there, with who can give it, as sentences; empty when everything is there."""
    return " ".join(_lacking(one, key) for one in demands if not one.met)


def _lacking(demand: Demand, key: str) -> str:
    name, people = shown(demand.name), enumerate_some(map(_member, demand.could), " or ")
    if demand.kind == "approval":
        return _lacking_approval(demand, key, people)
    if demand.kind == "group":
        told = f"Nobody of the group {name} (required-approvers) approved."
        can = (
            f"{people} can: an approval of {key} has to ask them."
            if people
            else "It has nobody whose approval would count."
        )
        return f"{told} {can}"
    told = f"{people or name} (required-approvers) did not approve"
    return f"{told}: an approval of {key} has to ask them." if people else f"{told}, and that approval would not count."


def _lacking_approval(demand: Demand, key: str, people: str) -> str:
    name = f"The approval {shown(demand.name)} (required-approvals)"
    if demand.uncounted:
        return f"{name} does not count, given by {demand.uncounted}: it has to be asked for anew, of somebody else."
    if demand.near:
        both = f"{demand.near[:80]!a} is another than {demand.name[:80]!a}"
        return f"{name} is not there, and {both}: write one as the other."
    return f"{name} is not there: {f'{people} can give it' if people else f'the workflow of {key} has to ask for it'}."


def _member(member: Member) -> str:
    return shown(member.name.strip() or member.account)


def _answers(approvals: Iterable[Approval], decision: str) -> str:
    """``CAB (Ana, Bob)``: approvals with this decision, and who gave it."""
    return enumerate_some(
        f"{shown(approval.name)} ({enumerate_some(people) or 'it has no approvers: name some'})"
        for approval in approvals
        if approval.decision == decision
        for people in [sorted(_person(one) for one in approval.approvers if one.decision == decision)]
    )


def _done(facts: Facts) -> str:
    return (
        f"{facts.place}, which is an end, so it allows no deployment any more. "
        "Run again for another change; if the setting change names this one, name an open one or leave it out."
    )


def _declined(facts: Facts) -> str:
    return (
        f"{facts.place}, and was declined: {_answers(facts.review.current, 'declined')}. "
        "Have it approved anew in Jira, or close it and run again for another change."
    )


def _other(facts: Facts) -> str:
    return (
        f"{facts.place} (id {shown(facts.status.id)}), which is neither in "
        f"proceed-statuses nor in wait-statuses. Move it to {facts.goal}, or add its status to one of the two in the "
        "policy."
    )


def _edited(facts: Facts) -> str:
    read = facts.read
    if read.commit_differs and facts.policy.bind != "version":
        return _other_commit(facts)
    if read.spent and facts.policy.reuse != "open":
        return spent_by(facts.key, read.spent, read.earlier)
    told = edited_by([one for one in read.edits if one.binds] or read.edits)
    if read.edited is False:
        return (
            f"{facts.key} was edited after it was approved ({told}), and the policy says edits: deny. Have it approved "
            "anew, or close it and run again for another change."
        )
    when_known = told and f" ({told})"
    return f"{facts.key} was edited after it was approved{when_known}. Close it and run again for another change."


def _other_commit(facts: Facts) -> str:
    """Both commits, and who can do something about it."""
    bound = facts.read.other
    if bound and bound.commit == facts.read.commit:
        return (
            f"{facts.key} was approved for {_bound_places(facts)}, and not for what is deployed here, which "
            f"one-change-for names now. Close {facts.key} and run again, so that a change for all of them is approved."
        )
    if bound and not bound.scope.same_repository(Scope(facts.read.repository, "", "", "")):
        return (
            f"{facts.key} was made for commit {shown(bound.commit)} of {shown(bound.scope.repository)}, and approved "
            f"before it was for {shown(facts.read.repository)}, whose commit {shown(facts.read.commit)} is deployed. "
            f"Give each repository a project-name of its own, or close {facts.key} and run again for another change."
        )
    was = f"commit {shown(bound.commit)} (run {one_line(bound.run, 200)})" if bound else "another commit"
    flags = bound.scope.flags if bound else ""
    return (
        f"{facts.key} is for {was}, and commit {shown(facts.read.commit)} is deployed. Deploy the one that it is for, "
        f"or an agent of its service desk closes {facts.key}, then run again for another change, or somebody who may "
        f"run jobs on the default branch takes the pin off: jira-ci gate {flags}--unpin {facts.key}."
    )


def _bound_places(facts: Facts) -> str:
    held = facts.read.held
    places = [(one.scope.environment, one.scope.tenant) for one in held.bindings] if held else []
    return enumerate_some(f"{shown(one)} for {shown(tenant)}" if tenant else shown(one) for one, tenant in places)


def _inverted(facts: Facts) -> str:
    start, end = facts.fields
    return (
        f"{facts.place}, but its {start} ({when(facts.window.start.moment)}) is after its {end} "
        f"({when(facts.window.end.moment)}). Put them in order, then re-run."
    )


def _over(facts: Facts) -> str:
    return (
        f"{facts.place}, but its window is over. "
        f"Extend {facts.fields[1]} of {facts.key} (now {when(facts.window.end.moment)}), then re-run."
    )


def _waiting(facts: Facts) -> str:
    if facts.review.state == "pend":
        return f"{_pending(facts)} Then {facts.move}."
    enough = len(facts.review.people) >= facts.policy.minimum_approvals and not lacking(facts.demands, facts.key)
    if facts.review.state == "ok" and enough:
        return (
            f"{facts.place}, {approved_by(facts.review)}; {facts.move}, "
            f"or {shown(facts.status.name)} must be added to proceed-statuses."
        )
    wanted = lacking(facts.demands, facts.key)
    return f"{facts.place}. Have it approved in Jira{f'. {wanted} Then' if wanted else '; then'} {facts.move}."


def _uncategorised(facts: Facts) -> str:
    return (
        f"{facts.place}, which is one of proceed-statuses, but Jira has no category for it, "
        "so it is unknown whether it is open. Give the status a category in Jira's workflow."
    )


def _pending(facts: Facts) -> str:
    return f"{facts.place}, and waits for approval: {_answers(facts.review.current, 'pending')} must answer in Jira."


def _unapproved(facts: Facts) -> str:
    wanted = lacking(facts.demands, facts.key)
    if wanted and (facts.review.state == "ok" or facts.policy.minimum_approvals == 0):
        return f"{facts.place}, {approved_by(facts.review)}. {wanted}"
    return (
        f"{facts.place}, but it has no approval, and minimum-approvals is "
        f"{facts.policy.minimum_approvals}. Have it approved in Jira: its workflow needs an approval step. {wanted}"
    ).rstrip()


def _too_few(facts: Facts) -> str:
    others = enumerate_some(f"{_person(approver)} ({one_line(why, 200)})" for approver, why in facts.review.others)
    return (
        f"{facts.place}, {approved_by(facts.review)}, which makes {len(facts.review.people)} of minimum-approvals: "
        f"{facts.policy.minimum_approvals}.{f' Does not count: {others}.' if others else ''} "
        "Have more people approve it in Jira."
    )


def _closed_window(facts: Facts) -> str:
    start, end = facts.fields
    for name, edge in ((start, facts.window.start), (end, facts.window.end)):
        if edge.problem:
            return (
                f"{facts.place}, but {name} {edge.problem}, so it is unknown whether its window is open. "
                "Set it in Jira, or name the site's own field under window in the policy (off if it has none)."
            )
    return (
        f"{facts.place}, {approved_by(facts.review)}, but its window begins at {when(facts.window.start.moment)}. "
        f"Wait for it, or set {start} earlier."
    )


def _no_window(facts: Facts) -> str:
    start, end = facts.fields
    demand = f"but has no window, and window-required is true. Set its {start} and {end}."
    return f"{facts.place}, {approved_by(facts.review)}, {demand}"


def _free(facts: Facts) -> str:
    return f"{facts.place}, {approved_by(facts.review)}, and has no window."


def _open(facts: Facts) -> str:
    until = f" until {when(facts.window.end.moment)}" if facts.window.end.moment else ""
    return f"{facts.place}, {approved_by(facts.review)}, in its window{until}."


_SENTENCES: Mapping[int, Callable[[Facts], str]] = {
    18: _done,
    19: _declined,
    20: _other,
    21: _edited,
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
