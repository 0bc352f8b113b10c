"""What the decision is made from: the policy's demands and one snapshot of one change, and whether both are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from jira_ci.frozen import dataclass
from jira_ci.gate import approvals
from jira_ci.gate.approvals import Approval, Excluded, Member, Wanted, is_aware, is_text
from jira_ci.gate.bindings import Binding, ChangeProperty, Deployed, Spent
from jira_ci.text import canonical, one_line

Standing = Literal["proceed", "wait", "other", "both"]
Category = Literal["done", "open", "none"]

# The keys of Jira's status categories; undefined, or one that is not known, is no category.
_CATEGORIES: Mapping[str, Category] = MappingProxyType({"done": "done", "new": "open", "indeterminate": "open"})
_ID = re.compile("[0-9]+")


@dataclass(frozen=True)
class Status:
    """A change's status: id and name, and the key of its category (new, indeterminate, done, undefined)."""

    id: str
    name: str
    category: str | None

    @property
    def kind(self) -> Category:
        """Whether the status is done, open, or unknown."""
        return _CATEGORIES.get(self.category, "none") if isinstance(self.category, str) else "none"


@dataclass(frozen=True)
class Edit:
    """One edit of the change after it was approved.

    Attributes:
        field: what people call it: ``Planned end``.
        by: the account id of whoever made it; empty where Jira does not say.
        name: what people call them.
        at: when, aware.
        binds: whether it is what ties the change to its deployment (title, type): then no policy allows it.
    """

    field: str
    by: str
    name: str
    at: datetime
    binds: bool = False


@dataclass(frozen=True)
class Moved:
    """Who moved the change into the status that lets a deployment begin, and when: account id, name, aware moment."""

    by: str
    name: str
    at: datetime


@dataclass(frozen=True)
class Requirements:
    """What the policy demands of a change. ``window`` holds the names of its two fields, or is ``off``; ``edits`` says
    what becomes of a change whose window or watched fields were edited after its approval; ``waiting_somewhere`` holds
    the statuses that any source waits in: by its id one may be a status to proceed."""

    proceed_statuses: tuple[str, ...]
    wait_statuses: tuple[str, ...]
    minimum_approvals: int
    window: tuple[str, str] | Literal["off"]
    window_required: bool
    bind: Literal["commit", "version"]
    reuse: Literal["open", "once"]
    edits: Literal["say", "deny"] = "say"
    required_approvals: tuple[str, ...] = ()
    required_approvers: tuple[Wanted, ...] = ()
    waiting_somewhere: tuple[str, ...] = ()

    def standing(self, status: Status) -> Standing:
        """Which list the status is in, by name in any case or by id; ``both`` contradicts itself."""
        go, wait = (_lists(statuses, status) for statuses in (self.proceed_statuses, self.wait_statuses))
        if go and (wait or _lists(self.waiting_somewhere, status)):
            return "both"
        return "proceed" if go else "wait" if wait else "other"


@dataclass(frozen=True)
class Snapshot:
    """One reading of one change. Nothing that decides has a default: what was not looked at cannot pass for fine.

    Attributes:
        key: the change, such as ``OPS-7``.
        now: Jira's ``Date``, aware; ``None`` without it.
        aged: whether an answer carried ``Age``: then a cache gave it.
        status: ``None`` when the answer had none.
        approvals: of all pages; ``None`` when they were not found, which is not an empty list.
        pages_complete: whether the last page said that it is the last.
        own_account: who the gate itself is; its approval never counts.
        excluded: whose approval the policy does not count.
        members: of each group that the policy names.
        start, end: the values of every field of that name on the issue, see :func:`jira_ci.gate.window.edge`.
        edited: whether what was approved was edited afterwards; ``None`` when the changelog does not reach back.
        edits: every edit after the approval that is looked at, the oldest first.
        commit_differs: whether our own property on the change is for another commit.
        spent: what earlier deployments left of an approval for one of them.
        gaps: whatever else makes the snapshot incomplete, each a sentence without its full stop.
        reporter: the account of whoever made the change, for the record.
        window_fields: the ids of the fields that were taken for start and end of the window, for the record.
        moved: how its status came into the proceed list, for the record; ``None`` where that is not known.
        held: our own property; ``None`` when it cannot be read, and empty without one.
        fixed: whether somebody approved the change at some time, so that its commit stays what it is.
        commit, repository: what is deployed, and out of which repository.
        other: what is bound to another commit.
        earlier: what was deployed on the change before.
    """

    key: str
    now: datetime | None
    aged: bool
    status: Status | None
    approvals: Sequence[Approval] | None
    pages_complete: bool
    own_account: str | None
    excluded: Sequence[Excluded]
    members: Mapping[str, Sequence[Member]]
    start: Sequence[object]
    end: Sequence[object]
    edited: bool | None
    edits: Sequence[Edit]
    commit_differs: bool
    spent: Spent
    gaps: Sequence[str]
    reporter: str = ""
    window_fields: tuple[str, ...] = ()
    moved: Moved | None = None
    held: ChangeProperty | None = None
    fixed: bool = False
    commit: str = ""
    repository: str = ""
    other: Binding | None = None
    earlier: tuple[Deployed, ...] = ()

    @property
    def uncounted(self) -> tuple[Excluded, ...]:
        """Everybody whose approval does not count."""
        return (Excluded("the gate itself", self.own_account), *self.excluded)


_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"edits": ("say", "deny"), "bind": ("commit", "version"), "reuse": ("open", "once")}
)


def meaningless(policy: Requirements) -> str:
    """Why these demands are invalid; empty when they are valid."""
    if not all(map(_is_texts, (policy.proceed_statuses, policy.wait_statuses, policy.waiting_somewhere))):
        return "proceed-statuses and wait-statuses have to be lists of names or ids"
    if not policy.proceed_statuses:
        return "proceed-statuses is empty, so nothing could ever be deployed: name a status"
    both = set(map(canonical, policy.proceed_statuses)) & set(map(canonical, policy.wait_statuses))
    if both:
        return f"{one_line(min(both), 60)!r} is in proceed-statuses and in wait-statuses: take it out of one"
    if type(policy.minimum_approvals) is not int or policy.minimum_approvals < 0:
        return "minimum-approvals has to be a whole number, 0 or more"
    fields = policy.window
    if fields != "off" and not (_is_texts(fields) and len(fields) == 2):
        return "window has to name the fields of start and end, or be off"
    if type(policy.window_required) is not bool:
        return "window-required has to be true or false"
    if fields == "off" and policy.window_required:
        return "window is off, but window-required is true: change one of them"
    for name, known in _WORDS.items():
        if getattr(policy, name) not in known:
            return f"{name} has to be {known[0]} or {known[1]}"
    return approvals.meaningless_names(policy.required_approvals, policy.required_approvers)


def missing(read: Snapshot) -> Iterator[str]:
    """What keeps this snapshot from being complete, approvals' contents left aside."""
    if not is_text(read.key):
        yield "the change has no key"
    if not is_aware(read.now):
        yield "Jira's answer has no Date, which every proxy on the way has to let through"
    if read.aged is not False:
        yield "a cache answered (Age) and not Jira: take Jira's address out of the cache"
    status = read.status
    if not (isinstance(status, Status) and is_text(status.id) and is_text(status.name)):
        yield "Jira did not give its status"
    if not _is_list(read.approvals):
        yield "its approvals were not found: the gate's account has to be an agent of the service desk"
    if read.pages_complete is not True:
        yield "a page of its approvals is missing"
    if not _are(Excluded, read.excluded):
        yield "it is unknown whose approval does not count"
    if not approvals.are_members(read.members):
        yield "it is unknown who is in the groups of required-approvers"
    yield from _missing_of_history(read)
    yield from _unbound(read)
    yield from read.gaps if _is_list(read.gaps) else ["it is unknown what else is missing"]


def _unbound(read: Snapshot) -> Iterator[str]:
    """What is unknown about what the approval is for."""
    if read.commit_differs is not True and read.commit_differs is not False:
        yield "it is unknown which commit it was made for"
    if read.spent not in ("", "used", "started"):
        yield "it is unknown what was deployed on it before"


def _missing_of_history(read: Snapshot) -> Iterator[str]:
    if read.edited is not True and read.edited is not False:
        yield "its history does not tell whether it was edited after its approval: close it, so that another is made"
    if not _are(Edit, read.edits):
        yield "it is unknown what was edited after its approval"


def _are(kind: type, value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, kind) for one in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(map(is_text, value))


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def _lists(statuses: Sequence[str], status: Status) -> bool:
    """An entry of digits is an id and never a name: a status that somebody named "3" is listed by its id."""
    return any(
        entry == status.id if _ID.fullmatch(entry) else canonical(entry) == canonical(status.name) for entry in statuses
    )
