"""A site's issues at work: making them, editing them, moving them along the workflow, answering approvals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jira_sandbox.accounts import ANA, People
from jira_sandbox.desk.catalogue import LANGUAGES, Catalogue, RequestType
from jira_sandbox.desk.change_issue import Approval, Change, Decision, Item, Stage, checked_summary, opened
from jira_sandbox.desk.fields import Field
from jira_sandbox.desk.ledger import Extras, Ledger
from jira_sandbox.desk.markup import DocumentText
from jira_sandbox.desk.releases import Releases
from jira_sandbox.desk.workflow import Workflow
from jira_sandbox.jira_errors import DeskError, NotFound
from jira_sandbox.moments import Clock, jira_date, moment

PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "LINK_ISSUES",
    "ADD_COMMENTS",
    "DELETE_ISSUES",
    "MOVE_ISSUES",
    "SERVICEDESK_AGENT",
    "ADMINISTER_PROJECTS",
    "ADMINISTER",
    "BULK_CHANGE",
    "USER_PICKER",
)


class Desk:
    """What the site's people and pipelines do.

    Attributes:
        stages: at which statuses approvals are opened, and who is asked.
        on_approved, on_declined: names of the statuses that a change moves to once its last stage is approved, or one
            is declined; empty (the default) leaves it to somebody.
        gated: keys of changes that gate a deployment: answered, they move on by themselves.
        language: of the accounts of pipelines, to which names are shown in it; the site itself keeps the English ones,
            and so does its history.
        denied: permissions that the accounts of pipelines lack, such as ``TRANSITION_ISSUES``.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.people = People()
        self.catalogue = Catalogue()
        self.workflow = Workflow()
        self.ledger = Ledger()
        self.extras = Extras(self.ledger)
        self.releases = Releases(self.ledger)
        self.stages: tuple[Stage, ...] = (Stage("Authorize", (ANA.account,)),)
        self.on_approved = ""
        self.on_declined = ""
        self.gated: set[str] = set()
        self.denied: set[str] = {"ADMINISTER_PROJECTS", "ADMINISTER"}
        self.language = "en"
        self.find_elsewhere: Callable[[str], Change | None] = lambda _: None

    def shown(self, name: str) -> str:
        """A name as the accounts of pipelines read it."""
        return LANGUAGES[self.language].get(name, name)

    def find(self, key_or_id: str) -> Change | None:
        """The issue that people see under this id, key or former key; None when there is none, or it is hidden."""
        found = self.ledger.find(key_or_id)
        if found is None:
            return self.find_elsewhere(key_or_id)
        return None if found.deleted or found.hidden else found

    def known(self, key_or_id: str) -> Change:
        """Any issue, also a hidden or a deleted one. Raises NotFound: there is none."""
        found = self.ledger.find(key_or_id) or self.find_elsewhere(key_or_id)
        if found is None:
            raise NotFound(f"There is no issue {key_or_id}.")
        return found

    def create(
        self, kind: RequestType, summary: Any, description: str, values: Mapping[str, Any], reporter: str, key: str = ""
    ) -> Change:
        """One more request, in the workflow's first status.

        Raises:
            DeskError: Jira would not take the summary.
        """
        summary = checked_summary(summary)
        project, now = self.catalogue.desk(kind.desk), self.clock.milliseconds()
        status = self.workflow.named("Review").id
        with self.ledger.lock:
            return self.ledger.put(
                Change(
                    self.ledger.number("ids"),
                    key or self.ledger.key(project.key),
                    project.id,
                    kind.issue_type,
                    kind.id,
                    summary,
                    str(description),
                    status,
                    reporter,
                    now,
                    now,
                    {name: _stored(value) for name, value in values.items() if value is not None},
                    ((status, now),),
                    documents=_documents({**values, "description": description}),
                )
            )

    def alter(self, key: str, alteration: Callable[[Change], Change]) -> Change:
        """Alter any issue, also one that exists by rule only: from then on it is kept.

        Raises:
            NotFound: there is none.
        """
        with self.ledger.lock:
            if self.ledger.find(key) is None:
                self.ledger.put(self.known(key))
            return self.ledger.alter(key, alteration)

    def note(self, key: str, author: str, item: Item) -> Change:
        """Add to the history what changes no field."""
        return self.alter(key, lambda change: self._noted(change, author, [item]))

    def edit(self, key: str, changes: Mapping[str, Any], author: str) -> Change:
        """Change ``summary``, ``description`` and other fields by their ids; None clears a field.

        Raises:
            DeskError: Jira would not take the summary.
        """
        own = {name: changes[name] for name in ("summary", "description") if name in changes}
        if "summary" in own:
            own["summary"] = checked_summary(own["summary"])
        if "description" in own:
            own["description"] = own["description"] or ""

        def alteration(change: Change) -> Change:
            before = {"summary": change.summary, "description": change.description, **change.values}
            items = [item(self.catalogue, self.people, name, before.get(name), changes[name]) for name in changes]
            values = {**change.values, **{name: value for name, value in changes.items() if name not in own}}
            kept = {name: _stored(value) for name, value in values.items() if value is not None}
            others = {name: one for name, one in change.documents.items() if name not in changes}
            plain = {name: _stored(value) for name, value in own.items()}
            return self._noted(change, author, items, **plain, values=kept, documents={**others, **_documents(changes)})

        return self.alter(key, alteration)

    def enter(self, key: str, status: str, author: str) -> Change:
        """Put the issue into this status, from whichever it is in; approvals of that status open.

        Raises:
            DeskError: there is no such status.
        """
        target = self.workflow.named(status)

        def alteration(change: Change) -> Change:
            before = self.workflow.status(change.status)
            change_of = Item("status", "status", before.id, target.id, before.name, target.name)
            statuses = (*change.statuses, (target.id, self.clock.milliseconds()))
            moved = self._noted(change, author, [change_of], status=target.id, statuses=statuses)
            return moved if moved is change else self._ask(moved, self._stages(moved)[:1])

        return self.alter(key, alteration)

    def answer(self, key: str, approval: str, account: str, decision: Decision) -> Change:
        """One person's answer to one approval; the next stage of the status opens when this one is approved.

        Raises:
            NotFound, Forbidden, Conflict: there is no such approval, not asked, or answered already.
        """

        def alteration(change: Change) -> Change:
            before = next((one for one in change.approvals if one.id == approval), None)
            if before is None:
                raise NotFound("The approval does not exist.")
            after = before.answered(account, decision, self.clock.milliseconds(), len(change.history))
            told = tuple(after if one.id == approval else one for one in change.approvals)
            changed = replace(change, approvals=told)
            return self._ask(changed, self._following(changed, after)) if after.final == "approved" else changed

        with self.ledger.lock:
            after = self.alter(key, alteration)
            return self._moved_on(after, approval, account)

    def _moved_on(self, change: Change, approval: str, account: str) -> Change:
        answered = next(one for one in change.approvals if one.id == approval)
        last = not self._following(change, answered)
        approved, declined = self.on_approved, self.on_declined
        if change.key in self.gated:
            approved, declined = approved or "Implementing", declined or "Declined"
        target = {"declined": declined, "approved": approved if last else ""}.get(answered.final, "")
        return self.enter(change.key, target, account) if target else change

    def _stages(self, change: Change) -> list[Stage]:
        name = self.workflow.status(change.status).name.casefold()
        return [stage for stage in self.stages if stage.status.casefold() == name]

    def _following(self, change: Change, approval: Approval) -> list[Stage]:
        names = [stage.name for stage in self._stages(change)]
        index = names.index(approval.name) + 1 if approval.name in names else len(names)
        return self._stages(change)[index : index + 1]

    def _ask(self, change: Change, stages: list[Stage]) -> Change:
        """Open an approval for each stage; the issue's own Approvers, and those of its Approver groups, are asked in
        place of the stage's."""
        own = [name for one in self.catalogue.named("Approvers") for name in change.values.get(one.id, ())]
        groups = [name for one in self.catalogue.named("Approver groups") for name in change.values.get(one.id, ())]
        own = list(dict.fromkeys([*own, *self.people.in_groups(groups)]))
        for stage in stages:
            # Later than the one before it even within a millisecond: the newest one of a name counts.
            now = max([self.clock.milliseconds(), *(one.created + 1 for one in change.approvals)])
            approval = opened(self.ledger.number("approvals", 1), stage, own, now)
            change = replace(change, approvals=(*change.approvals, approval))
        return change

    def _noted(self, change: Change, author: str, items: list[Item], **changes: Any) -> Change:
        return change.noted(self.ledger.number("history", 10_400), author, self.clock.milliseconds(), items, **changes)

    def person(self, by: str) -> str:
        """The account id of somebody named in a trial. Raises DeskError when nobody is called so."""
        try:
            return self.people.find(by).account
        except NotFound as error:
            raise DeskError(str(error)) from error


def _stored(value: Any) -> Any:
    return str(value) if isinstance(value, DocumentText) else value


def _documents(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.document for name, value in values.items() if isinstance(value, DocumentText)}


def item(catalogue: Catalogue, people: People, identity: str, before: Any, after: Any) -> Item:
    """One line of the history."""
    field = catalogue.field(identity) or Field(identity, identity)
    name = field.name if field.custom else field.id
    return Item(
        identity,
        name,
        _code(field, before),
        _code(field, after),
        _words(field, people, before),
        _words(field, people, after),
    )


def _code(field: Field, value: Any) -> str | None:
    if value is None or field.kind in ("system", "string", "textarea"):
        return None
    if field.kind == "datetime":
        return jira_date(value) if isinstance(value, int) else str(value)
    if field.kind == "select":
        return field.option_id(value) if value in field.options else None
    return json.dumps(value)


def _words(field: Field, people: People, value: Any) -> str | None:
    if value is None:
        return None
    if field.kind == "datetime":
        # As the user's settings would show it.
        return moment(value).strftime("%d/%b/%y %I:%M %p") if isinstance(value, int) else str(value)
    if field.kind == "users":
        return ", ".join(people.of(account).display for account in value)
    return " ".join(value) if isinstance(value, list) else str(value)
