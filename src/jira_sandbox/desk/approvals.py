"""Approvals: who is asked, who answered, and what follows from the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from jira_sandbox.desk.errors import Conflict, Forbidden

Decision = Literal["approved", "declined", "pending"]


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
class Approval:
    """One approval on a change. ``decisions`` is by account id, in the order in which people are shown."""

    id: str
    name: str
    created: int
    needed: int
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    completed: int | None = None

    @property
    def final(self) -> Decision:
        """What the answers so far amount to. One *declined* declines; without anybody to ask it stays pending."""
        answers = list(self.decisions.values())
        if "declined" in answers:
            return "declined"
        enough = self.needed or len(answers)
        return "approved" if answers and answers.count("approved") >= min(enough, len(answers)) else "pending"

    def answered(self, account: str, decision: Decision, now: int) -> Approval:
        """The approval after this person's answer.

        Raises:
            Forbidden: nobody asked this person.
            Conflict: this person has answered already, or the answers of others were enough.
        """
        if account not in self.decisions:
            raise Forbidden("You do not have permission to answer this approval.")
        if self.final != "pending" or self.decisions[account] != "pending":
            raise Conflict("The approval has already been answered.")
        after = replace(self, decisions={**self.decisions, account: decision})
        return after if after.final == "pending" else replace(after, completed=now)


def opened(identity: str, stage: Stage, approvers: Iterable[str], now: int) -> Approval:
    """The approval with which a stage begins; without ``approvers`` the stage's own are asked."""
    asked = tuple(approvers) or stage.approvers
    return Approval(identity, stage.name, now, stage.needed, dict.fromkeys(asked, "pending"))


def newest(approvals: Iterable[Approval], name: str) -> Approval | None:
    """Of several approvals of one name the last one that was opened."""
    return max((one for one in approvals if one.name == name), key=lambda one: (one.created, int(one.id)), default=None)
