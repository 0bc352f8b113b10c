"""Reading one change: its approvals, its fields, and whether it was edited after it was approved."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from jira_ci.errors import JiraCiError
from jira_ci.frozen import replace
from jira_ci.gate import bindings
from jira_ci.gate.approvals import Approval, Approver, Excluded, Member, review
from jira_ci.gate.bindings import Binding, ChangeProperty
from jira_ci.gate.change_property import Change, missing, scope_of, unnamed, words
from jira_ci.gate.decision import Decision, decide, decision_of
from jira_ci.gate.edits import Watched, allows, edits
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.requirements import Requirements, Snapshot, Status
from jira_ci.gate.subject import Attempt, Subject
from jira_ci.gate.window import moment_of
from jira_ci.jira import parse_desk
from jira_ci.jira.change_endpoints import PROPERTY
from jira_ci.jira.parse_change import History, Issue
from jira_ci.jira.requester import Stamp
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound
from jira_ci.text import canonical, one_line

_DRIFT = 60.0  # seconds by which Jira's clock and the monotonic one may differ between two answers
REQUEST_TYPE = "request type"
"""What a service desk's own field is called in an issue's history, in canonical form."""
_THE_GATE = "the gate itself"
_NOT_SHOWN = ("comment", "worklog", "attachment", "issuelinks")  # left out of the answer, and known to every site


class _Gone(Exception):
    """The change is not there, or not for the gate's account."""


class SnapshotReader:
    """Reads one change, one snapshot after another."""

    def __init__(
        self,
        service: Service,
        policy: Policy,
        subject: Subject,
        attempt: Attempt,
        change: Change,
    ) -> None:
        self._service, self._policy, self._subject, self._attempt = service, policy, subject, attempt
        self._change = change
        self.notes: Any = None
        """What the property with notes of runs held at the last reading."""
        self._last: Stamp | None = None

    def read(self) -> tuple[Decision, Snapshot | None]:
        """Asks for approvals first and the issue last. Never raises a :class:`JiraCiError`.

        Returns:
            rows 6, 7 and 17 without a snapshot when the change could not be read, and 11 when it is gone; 11 and 13
            with one of the issue alone when it is not the change that was pinned; otherwise what the snapshot comes to.
        """
        try:
            own = self._service.myself().id
            members = self._members()
            try:
                listed, stamps = self._service.approvals(self._change.id)
                approvals, complete = [approval_of(one) for one in listed.values], listed.complete
            except NotFound:  # not an empty list: the account may see the issue, and not its approvals
                approvals, complete, stamps = None, True, []
            issue, stamp = self._issue()
        except _Gone:
            reason = f"{self._change.key} was deleted, or is hidden from the gate's account. Run again."
            return Decision.of(11, reason), None
        except JiraCiError as error:
            return decision_of(error, 17), None
        other = self._other(issue)
        if other:
            return other, replace(self._snapshot(issue, [stamp]), start=(), end=(), window_fields=())
        read = self._snapshot(issue, [*stamps, stamp], own=own, approvals=approvals, complete=complete)
        read = replace(read, members=members)
        return decide(read, self._policy.requirements), read

    def _issue(self) -> tuple[Issue, Stamp]:
        wanted = (*(self._policy.window or ()), *self._policy.watched_fields)
        try:
            issue, stamp = self._service.issue(self._change.id, wanted)
        except NotFound:
            raise _Gone from None
        self.notes = issue.parked
        return issue, stamp

    def _other(self, issue: Issue) -> Decision | None:
        """Why this is not the change that was pinned, or not for this deployment any more; ``None`` when it is."""
        pinned = self._change
        if (issue.id, issue.key, issue.project_key, issue.type_name) != (
            pinned.id,
            pinned.key,
            pinned.project,
            pinned.issue_type,
        ):
            return Decision.of(
                11,
                f"{pinned.key} was moved or retyped: it is {issue.key}, a {one_line(issue.type_name, 60)} in "
                f"{issue.project_key}, now. Close it and run again for another change.",
            )
        if pinned.found_by != "key":
            if issue.summary == self._subject.title:
                return None
            return Decision.of(11, f"{pinned.key} was found by its title, and has another one now. Run again.")
        if self._policy.binding != "any" and unnamed(self._subject, issue, self._service.myself().id):
            return Decision.of(13, f"{pinned.key} does not name this version and environment any more. Run again.")
        return None

    @property
    def _words(self) -> tuple[str, ...]:
        return words(self._subject)

    def _snapshot(
        self,
        issue: Issue,
        stamps: Sequence[Stamp],
        *,
        own: str | None = None,
        approvals: list[Approval] | None = None,
        complete: bool = False,
    ) -> Snapshot:
        status = Status(issue.status_id, issue.status_name, issue.status_category)
        excluded = tuple(self._excluded(issue))
        rules = self._policy.requirements
        approved = review(approvals or (), [Excluded(_THE_GATE, own), *excluded]).last_counted
        fields = [_window_field(issue, name) for name in self._policy.window or ()]
        values = [tuple(issue.fields[field] for field in ids) for ids in fields] or [(), ()]
        since = edits(issue.history, self._watched(issue), status, rules, approved, own)
        held, scope = _held(issue), scope_of(self._subject)
        fixed = was_approved(issue.history, status, rules, approvals or (), [own, *(one.account for one in excluded)])
        other = _other(held, self._subject, fixed=fixed, ours=_is_by(issue, own)) if held else None
        earlier = held.earlier(scope, self._attempt.id) if held else ()
        return Snapshot(
            key=issue.key,
            now=stamps[-1].date,
            aged=any(stamp.aged for stamp in stamps),
            status=status,
            approvals=approvals,
            pages_complete=complete,
            own_account=own,
            excluded=excluded,
            members={},
            start=values[0],
            end=values[1],
            edited=since.edited,
            edits=since.found,
            commit_differs=other is not None,
            spent=bindings.spent(earlier),
            gaps=tuple(self._gaps(issue, stamps)),
            reporter=issue.reporter.id if issue.reporter else "",
            window_fields=tuple(field for ids in fields for field in ids),
            moved=since.moved,
            held=held,
            fixed=fixed,
            commit=self._subject.commit,
            repository=self._subject.repository,
            other=other,
            earlier=earlier,
        )

    def _members(self) -> dict[str, tuple[Member, ...]]:
        """Who is in each group that the policy names; without those that the site does not have."""
        found = {}
        for group in dict.fromkeys(one.group for one in self._policy.required_approvers if one.group):
            try:
                people = self._service.members(group)
            except NotFound:
                continue
            found[group] = tuple(Member(one.id, one.name) for one in people)
        return found

    def _excluded(self, issue: Issue) -> Iterator[Excluded]:
        if "reporter" in self._policy.exclude_approvers:
            yield Excluded("the reporter", issue.reporter.id if issue.reporter else None)
        if "deployer" in self._policy.exclude_approvers:
            actor, known = self._attempt.actor, self._policy.deployers
            logins = {login.casefold(): account for login, account in known.items()}
            account = known.get(actor) or logins.get(actor.casefold())
            yield Excluded(f"the deployer {one_line(actor, 60)}".strip(), account)

    def _watched(self, issue: Issue) -> Watched:
        """The fields that bind the change to this deployment, and those that are looked at besides."""
        by_text = self._change.found_by == "key" and self._policy.binding != "any"
        named = by_text and missing(self._words, issue.summary)
        wanted = (*(self._policy.window or ()), *self._policy.watched_fields)
        others = {field for name in wanted for field in (name, *_window_field(issue, name))}
        names = {canonical((issue.names or {}).get(field, field)) for field in others}
        binding = ("summary", "issuetype", "description") if named else ("summary", "issuetype")
        by_type = self._policy.emergency or any(one.freeze.exceptions for one in self._policy.freezes)
        typed = {REQUEST_TYPE} if by_type else set[str]()
        return Watched(binding, others, names | set(map(canonical, wanted)) | typed)

    def _unknown_fields(self, issue: Issue) -> list[str]:
        """Those of ``watched-fields`` that the change does not have: a misspelt one would never be edited."""
        wanted = self._policy.watched_fields if self._policy.edits == "deny" else ()
        return [name for name in wanted if name not in _NOT_SHOWN and not _window_field(issue, name)]

    def _gaps(self, issue: Issue, stamps: Sequence[Stamp]) -> Iterator[str]:
        if any(stamp.date is None for stamp in stamps):
            yield "one of Jira's answers has no Date, or two that differ"
        if any(stamp.back for stamp in stamps):
            yield "one of Jira's answers is older than one before it: a cache or proxy stands in between"
        if issue.history is None:
            yield "Jira did not give the history of the change"
        for name in self._unknown_fields(issue):
            yield f"it has no field {one_line(name, 60)}, which watched-fields names"
        if self._policy.window and issue.names is None:
            yield "Jira did not give the names of the fields"
        try:
            bindings.read(issue.mark)
        except bindings.NotOurs as error:
            told = str(error).removesuffix(".")
            yield f"our property of the change, {PROPERTY}, is unreadable: {told} (gate --unpin takes it off)"
        if self._drifted(stamps):
            yield "Jira's clock and this machine's do not go equally fast"

    def _drifted(self, stamps: Sequence[Stamp]) -> bool:
        """Whether an answer and the one before it lie further apart on one clock than on the other."""
        drifted = False
        for stamp in stamps:
            last = self._last
            if last is not None and last.date is not None and stamp.date is not None:
                apart = (stamp.date - last.date).total_seconds() - (stamp.at - last.at)
                drifted = drifted or abs(apart) > _DRIFT
            self._last = stamp
        return drifted


def _other(held: ChangeProperty, subject: Subject, *, fixed: bool, ours: bool) -> Binding | None:
    """What the change is bound to instead of what is deployed."""
    scope = scope_of(subject)
    found = held.other_commit(scope, subject.commit, fixed=fixed)
    if found is None and fixed and subject.members:
        found = held.beside(scope)  # the group was made larger after its approval
    # Of a change that the gate made, what was approved is known: two repositories may have a project of one name.
    return held.elsewhere(scope) if found is None and fixed and ours else found


def _is_by(issue: Issue, account: str | None) -> bool:
    return issue.creator is not None and issue.creator.id == account


def _held(issue: Issue) -> ChangeProperty | None:
    try:
        return bindings.read(issue.mark)
    except bindings.NotOurs:
        return None


def was_approved(
    history: History | None,
    status: Status,
    policy: Requirements,
    approvals: Sequence[Approval],
    uncounted: Collection[str | None],
) -> bool:
    """Whether somebody whose approval counts ever approved the change, or it ever was in a status that allows a
    deployment. Where the history does not tell, it was.

    Args:
        approvals: all of them, superseded ones too.
        uncounted: accounts whose approval does not count.
    """
    if policy.standing(status) in ("proceed", "both") or history is None or not history.complete:
        return True
    answers = [one for approval in approvals for one in approval.approvers if one.decision == "approved"]
    if any(one.account is not None and one.account not in uncounted for one in answers):
        return True
    moved = (item for step in history.steps for item in step.items if item.field == "status")
    return any(allows(item.after, policy) for item in moved)


def approval_of(raw: parse_desk.Approval) -> Approval:
    approvers = tuple(
        Approver(one.account.id if one.account else None, one.decision, one.account.name if one.account else "")
        for one in raw.approvers
    )
    return Approval(raw.id, raw.name, raw.decision, moment_of(raw.created), moment_of(raw.completed), approvers)


def _window_field(issue: Issue, wanted: str) -> tuple[str, ...]:
    """The ids of every field with this id or name on the issue."""
    if wanted in issue.fields:
        return (wanted,)
    names = issue.names or {}
    return tuple(field for field in issue.fields if canonical(names.get(field, "")) == canonical(wanted))
