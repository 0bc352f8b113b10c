"""Whether a change is approved: which approvals count, who approved in them, what cannot be told, and whether what the
policy demands by name is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from jira_ci.frozen import dataclass
from jira_ci.text import canonical, one_line

ApprovalState = Literal["none", "ok", "pend", "decl", "unclear"]

# The only values of ApprovalDTO.finalDecision and ApproverDTO.approverDecision:
# https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/#api-rest-servicedeskapi-request-issueidorkey-approval-get
_DECISIONS = ("approved", "declined", "pending")


@dataclass(frozen=True)
class Approver:
    """Somebody who was asked: account id, Jira's word for the answer, and the name people know."""

    account: str | None
    decision: str | None
    name: str = ""


@dataclass(frozen=True)
class Approval:
    """One approval of a change as it was read; ``created`` and ``completed`` are aware, ``None`` when unreadable."""

    id: str
    name: str
    decision: str | None
    created: datetime | None
    completed: datetime | None
    approvers: tuple[Approver, ...]


@dataclass(frozen=True)
class Excluded:
    """Somebody whose approval does not count.

    Attributes:
        who: for sentences: ``the gate's own account``, ``the reporter``, ``the deployer octocat``.
        account: ``None`` when it is not known; then it could be anybody's, and no approval counts.
        hint: what makes it known: ``add octocat to deployers``.
    """

    who: str
    account: str | None
    hint: str = ""


@dataclass(frozen=True)
class Review:
    """What the approvals come to.

    Attributes:
        state: ``ok`` when there is at least one and all current ones are approved; ``unclear`` with ``problems``.
        current: the newest approval of each name, oldest first; the others are superseded.
        people: the distinct people whose approval counts.
        others: those who approved and do not count, each with the reason.
        problems: what contradicts itself or is not known. An approval that has any is none.
    """

    state: ApprovalState
    current: tuple[Approval, ...] = ()
    people: tuple[Approver, ...] = ()
    others: tuple[tuple[Approver, str], ...] = ()
    problems: tuple[str, ...] = ()

    def counts(self, approval: Approval, approver: Approver) -> bool:
        """Whether this answer is one of those that count."""
        gave = approval in self.current and approver in _who_approved(approval)
        return gave and any(person.account == approver.account for person in self.people)

    @property
    def last_counted(self) -> datetime | None:
        """When the last approval that counts was given; at the earliest possible moment where Jira does not say."""
        counted = [one for one in self.current if any(self.counts(one, approver) for approver in one.approvers)]
        given = (one.completed if is_aware(one.completed) else one.created for one in counted)
        return max((moment for moment in given if moment is not None), default=None)


def review(approvals: Sequence[Approval], excluded: Sequence[Excluded]) -> Review:
    """What these approvals come to; the order in which they were read does not matter."""
    problems = [problem for approval in approvals for problem in _unknown(approval)]
    if len({approval.id for approval in approvals}) < len(approvals):
        problems.append("an approval stands on two pages, so others may have been missed")
    if problems:
        return Review("unclear", problems=tuple(sorted(set(problems))))
    current = _newest(approvals)
    names = Counter(approval.name for approval in current)
    problems = sorted({problem for one in current for problem in _contradictions(one, names[one.name] > 1)})
    if problems:
        return Review("unclear", current, problems=tuple(problems))
    people, others = _count(current, excluded)
    return Review(_state([approval.decision for approval in current]), current, people, others)


def _state(decisions: Sequence[str | None]) -> ApprovalState:
    if not decisions:
        return "none"
    if "declined" in decisions:
        return "decl"
    return "pend" if "pending" in decisions else "ok"


def _unknown(approval: Approval) -> Iterator[str]:
    name = f"the approval {one_line(approval.name, 60)!r}"
    if not (is_text(approval.id) and is_text(approval.name) and is_aware(approval.created)):
        yield f"{name} lacks an id, a name or the date of its creation"
    for decision in (approval.decision, *(approver.decision for approver in approval.approvers)):
        if decision not in _DECISIONS:
            yield f"{name} holds the decision {one_line(str(decision), 60)!r}, which is none that jira-ci knows"


def _newest(approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """The newest of each name; all of them where two are equally new."""
    latest: dict[str, datetime] = {}
    for approval in approvals:
        if approval.created is not None:
            latest[approval.name] = max(approval.created, latest.get(approval.name, approval.created))
    newest = [approval for approval in approvals if approval.created == latest[approval.name]]
    return tuple(sorted(newest, key=lambda approval: (latest[approval.name], approval.id)))


def _contradictions(approval: Approval, tied: bool) -> Iterator[str]:
    name = f"the approval {one_line(approval.name, 60)!r}"
    if tied:
        yield f"{name} was asked for twice at the same moment, and it is unknown which one replaces the other"
    if approval.decision != "approved":
        return
    if not _who_approved(approval):
        yield f"{name} says that it is approved, but none of its approvers approved"
    if any(approver.decision == "declined" for approver in approval.approvers):
        yield f"{name} says that it is approved, but one of its approvers declined"


def _who_approved(approval: Approval) -> list[Approver]:
    if approval.decision != "approved":
        return []
    return [approver for approver in approval.approvers if approver.decision == "approved"]


def _count(
    current: Sequence[Approval], excluded: Sequence[Excluded]
) -> tuple[tuple[Approver, ...], tuple[tuple[Approver, str], ...]]:
    people: dict[str | None, Approver] = {}
    others: dict[str | None, tuple[Approver, str]] = {}
    approved = [one for approval in current for one in _who_approved(approval)]
    for approver in sorted(approved, key=lambda one: (one.name, one.account or "")):
        objection = _objection(approver, excluded)
        if objection:
            others.setdefault(approver.account, (approver, objection))
        else:
            people.setdefault(approver.account, approver)
    return tuple(people.values()), tuple(others.values())


def _objection(approver: Approver, excluded: Sequence[Excluded]) -> str:
    """Why somebody's approval does not count; empty when it does."""
    for one in excluded:
        if not is_text(one.account):
            return f"the account of {one.who} is not known{one.hint and ': '}{one.hint}"
        if one.account == approver.account:
            return one.who
    return "" if is_text(approver.account) else "without account id"


def is_text(value: object) -> bool:
    """Whether this is a text that says something."""
    return isinstance(value, str) and value.strip() != ""


def is_aware(value: object) -> bool:
    """Whether this is a moment, and not only what a clock on some wall shows."""
    return isinstance(value, datetime) and value.utcoffset() is not None


Kind = Literal["approval", "group", "account"]


@dataclass(frozen=True)
class Wanted:
    """Somebody of whom an approval is needed: one account, or any member of a group (its name or id)."""

    account: str = ""
    group: str = ""


@dataclass(frozen=True)
class Member:
    """Somebody in a group: account id, and the name that people know."""

    account: str
    name: str = ""


@dataclass(frozen=True)
class Demand:
    """One approval that has to be there.

    Attributes:
        name: of the approval, of the group, or the account's id.
        by: who gave it, of those who count.
        could: who can give it, as far as that is known.
        near: the name that stands there in its place, and that people would take for it.
        uncounted: who gave it, and does not count, with the reason.
    """

    kind: Kind
    name: str
    by: tuple[Member, ...] = ()
    could: tuple[Member, ...] = ()
    near: str = ""
    uncounted: str = ""

    @property
    def met(self) -> bool:
        """Whether it is there."""
        return bool(self.by)


def demands(
    found: Review,
    approvals: Sequence[str],
    approvers: Sequence[Wanted],
    members: Mapping[str, Sequence[Member]],
    uncounted: Collection[str | None] = (),
) -> tuple[Demand, ...]:
    """What is demanded by name, in the policy's order, and what came of each. Names of approvals are compared exactly:
    whoever may name approvals must not make one that only looks like it.

    Args:
        members: of each group.
        uncounted: accounts whose approval does not count, and who can give none.
    """
    named = [_of_approval(found, name) for name in approvals]
    return (*named, *(_of_approver(found, one, members, uncounted) for one in approvers))


def unknown_groups(approvers: Sequence[Wanted], members: Mapping[str, Sequence[Member]]) -> Iterator[str]:
    """What is unknown about the groups that are named, each a sentence without its full stop."""
    for one in approvers:
        if one.group and one.group not in members:
            yield f"Jira shows the gate's account no group {one_line(one.group, 80)!r}, which required-approvers names"


def meaningless_names(approvals: object, approvers: object) -> str:
    """Why these demands are invalid; empty when they are valid."""
    if not (isinstance(approvals, (list, tuple)) and all(map(is_text, approvals))):
        return "required-approvals has to be a list of names"
    if not (isinstance(approvers, (list, tuple)) and all(map(_is_wanted, approvers))):
        return "required-approvers has to be a list of account ids and groups"
    return ""


def are_members(value: object) -> bool:
    """Whether this is what groups consist of."""
    return isinstance(value, Mapping) and all(
        is_text(group) and isinstance(people, (list, tuple)) and all(isinstance(one, Member) for one in people)
        for group, people in value.items()
    )


def near_miss(wanted: str, names: Collection[str]) -> str:
    """The name among these that people would take for the wanted one, and that is another."""
    return next((one for one in names if one != wanted and canonical(one) == canonical(wanted)), "")


def _is_wanted(value: object) -> bool:
    if not isinstance(value, Wanted):
        return False
    return is_text(value.account) != is_text(value.group) and "" in (value.account, value.group)


def _of_approval(found: Review, name: str) -> Demand:
    approval = next((one for one in found.current if one.name == name), None)
    if approval is None:
        return Demand("approval", name, near=near_miss(name, [one.name for one in found.current]))
    by = tuple(_member(one) for one in approval.approvers if found.counts(approval, one))
    left = tuple(_member(one) for one in approval.approvers if one.decision == "pending" and not by)
    return Demand("approval", name, by, left, uncounted="" if by else _uncounted(found, approval))


def _uncounted(found: Review, approval: Approval) -> str:
    """Who approved in it without counting, and why."""
    gave = {one.account for one in approval.approvers if one.decision == "approved"}
    told = [f"{_shown(one)} ({one_line(why, 200)})" for one, why in found.others if one.account in gave]
    return ", ".join(told[:3])


def _of_approver(
    found: Review, wanted: Wanted, members: Mapping[str, Sequence[Member]], uncounted: Collection[str | None]
) -> Demand:
    if wanted.account:
        able = [Member(wanted.account, _name_of(found, wanted.account))]
    else:
        able = list(members.get(wanted.group, ()))
    accounts = {one.account for one in able}
    by = tuple(_member(one) for one in found.people if one.account in accounts)
    could = () if by else tuple(one for one in able if one.account not in uncounted)
    return Demand("group" if wanted.group else "account", wanted.group or wanted.account, by, could)


def _name_of(found: Review, account: str) -> str:
    known = (one.name for approval in found.current for one in approval.approvers if one.account == account)
    return next(known, "")


def _member(one: Approver) -> Member:
    return Member(str(one.account), one.name)


def _shown(one: Approver) -> str:
    return one_line(one.name.strip() or str(one.account), 100)
