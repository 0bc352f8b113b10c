"""One issue of the desk as a value: what it is now, its approvals, and how it came to be so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from jira_sandbox.jira_errors import Conflict, DeskError, Forbidden

Decision = Literal["approved", "declined", "pending"]
SUMMARY_LIMIT = 255
TEXT_LIMIT = 32_767
"""Characters of a comment, a description and a text area."""


@dataclass(frozen=True)
class Stage:
    """One step of a workflow at which people are asked.

    Attributes:
        name: what the approval is called.
        approvers: account ids of those who are asked.
        needed: how many of them have to approve; 0 means all of them.
        status: name of the status in which they are asked. Of several stages with one status, each opens when the one
            before it is approved.
    """

    name: str
    approvers: tuple[str, ...]
    needed: int = 1
    status: str = "Authorize"


@dataclass(frozen=True)
class Given:
    """One person's answer, and how many entries the change's history had then."""

    account: str
    decision: Decision
    at: int
    after: int


@dataclass(frozen=True)
class Approval:
    """One approval on a change. ``decisions`` is by account id, in the order in which people are shown."""

    id: str
    name: str
    created: int
    needed: int
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    completed: int | None = None
    answers: tuple[Given, ...] = ()

    @property
    def final(self) -> Decision:
        """What the answers so far amount to. One *declined* declines; without anybody to ask it stays pending."""
        answers = list(self.decisions.values())
        if "declined" in answers:
            return "declined"
        enough = self.needed or len(answers)
        return "approved" if answers and answers.count("approved") >= min(enough, len(answers)) else "pending"

    def answered(self, account: str, decision: Decision, now: int, after: int = 0) -> Approval:
        """The approval after this person's answer.

        Args:
            after: how many entries the history has.

        Raises:
            Forbidden: nobody asked this person.
            Conflict: this person has answered already, or the answers of others were enough.
        """
        if account not in self.decisions:
            raise Forbidden("You do not have permission to answer this approval.")
        if self.final != "pending" or self.decisions[account] != "pending":
            raise Conflict("The approval has already been answered.")
        given = (*self.answers, Given(account, decision, now, after))
        told = replace(self, decisions={**self.decisions, account: decision}, answers=given)
        return told if told.final == "pending" else replace(told, completed=now)


def opened(identity: str, stage: Stage, approvers: Iterable[str], now: int) -> Approval:
    """The approval with which a stage begins; without ``approvers`` the stage's own are asked."""
    asked = tuple(approvers) or stage.approvers
    return Approval(identity, stage.name, now, stage.needed, dict.fromkeys(asked, "pending"))


def newest(approvals: Iterable[Approval], name: str) -> Approval | None:
    """Of several approvals of one name the last one that was opened."""
    return max((one for one in approvals if one.name == name), key=lambda one: (one.created, int(one.id)), default=None)


@dataclass(frozen=True)
class Item:
    """One line of the history: a field and what it was before and after, as ids and in words."""

    field: str
    name: str
    before: str | None
    after: str | None
    before_text: str | None
    after_text: str | None


@dataclass(frozen=True)
class Entry:
    """Items of the history that came about together."""

    id: str
    author: str
    created: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Change:
    """One issue. Ids are texts; moments are epoch milliseconds; people are account ids.

    Attributes:
        project, issue_type, request_type, status: ids.
        values: of custom fields and labels, by the field's id, as :meth:`Field.parsed` gives them. A text where a
            moment belongs is shown as it is.
        statuses: every status it ever had, with the moment when it got it, oldest first.
        approvals, history: oldest first.
        former: keys that it had before it was moved; they still lead to it.
        documents: of the texts that were written as Atlassian documents these, by the field's id. The text itself is
            then what the document shows; every other rich text is wiki markup.
    """

    id: str
    key: str
    project: str
    issue_type: str
    request_type: str
    summary: str
    description: str
    status: str
    reporter: str
    created: int
    updated: int
    values: Mapping[str, Any] = field(default_factory=dict)
    statuses: tuple[tuple[str, int], ...] = ()
    approvals: tuple[Approval, ...] = ()
    history: tuple[Entry, ...] = ()
    former: tuple[str, ...] = ()
    hidden: bool = False
    deleted: bool = False
    documents: Mapping[str, Any] = field(default_factory=dict)

    def noted(self, entry: str, author: str, now: int, items: Iterable[Item], **changes: Any) -> Change:
        """The issue with these changes, and the items in its history; the same issue when there are no items."""
        told = tuple(item for item in items if (item.before, item.before_text) != (item.after, item.after_text))
        if not told:
            return self
        return replace(self, updated=now, history=(*self.history, Entry(entry, author, now, told)), **changes)


def summary_fault(value: Any) -> str:
    """What Jira has against this summary; empty when it takes it."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return "You must specify a summary of the issue."
    if not isinstance(value, str):
        return "Operation value must be a string"
    if len(value) > SUMMARY_LIMIT:
        return f"Summary can't exceed {SUMMARY_LIMIT} characters."
    if "\n" in value or "\r" in value:
        return "The summary is invalid because it contains newline characters."
    return ""


def checked_text(text: str) -> str:
    """The text of a comment or of a text area, when Jira takes it. Raises DeskError otherwise."""
    if len(text) > TEXT_LIMIT:
        raise DeskError(f"The entered text is too long. It exceeds the allowed limit of {TEXT_LIMIT:,} characters.")
    return text


def checked_summary(value: Any) -> str:
    """The summary, when Jira takes it. Raises DeskError otherwise."""
    fault = summary_fault(value)
    if fault:
        raise DeskError(fields={"summary": fault})
    return str(value)


def restored(stored: Mapping[str, Any]) -> Change:
    """The issue of which ``dataclasses.asdict`` gave this.

    Raises:
        KeyError, TypeError, ValueError: it did not.
    """
    plain = dict(stored)
    approvals = tuple(Approval(**one) for one in plain.pop("approvals"))
    history = tuple(
        Entry(one["id"], one["author"], one["created"], tuple(Item(**item) for item in one["items"]))
        for one in plain.pop("history")
    )
    statuses = tuple((str(status), int(at)) for status, at in plain.pop("statuses"))
    former = tuple(plain.pop("former"))
    return Change(**plain, approvals=approvals, history=history, statuses=statuses, former=former)
