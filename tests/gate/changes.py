"""A change that may be deployed, from which each test departs in one or two respects."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from jira_ci.gate.approvals import Approval, Approver, Member, Wanted
from jira_ci.gate.requirements import Requirements, Snapshot, Status

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
GATE = "account-of-the-gate"

IMPLEMENTING = Status("10003", "Implementing", "indeterminate")
REVIEW = Status("10001", "Review", "new")
SHELVED = Status("10009", "Shelved", "indeterminate")

POLICY = Requirements(
    proceed_statuses=("Implementing",),
    wait_statuses=("Review", "Authorize"),
    minimum_approvals=1,
    window=("Planned start", "Planned end"),
    window_required=False,
    bind="commit",
    reuse="open",
)


def at(seconds: float = 0) -> datetime:
    """So long after now."""
    return NOW + timedelta(seconds=seconds)


def jira(seconds: float) -> str:
    """So long after now, as Jira writes it in New York in winter."""
    return at(seconds).astimezone(timezone(timedelta(hours=-5))).strftime("%Y-%m-%dT%H:%M:%S.000%z")


def people(*names: str, decision: str = "approved") -> tuple[Approver, ...]:
    """Approvers who all gave this answer; ``ana`` has the account ``account-ana`` and is shown as Ana."""
    return tuple(Approver(f"account-{name}", decision, name.title()) for name in names)


def approval(
    name: str = "CAB",
    decision: str = "approved",
    approvers: tuple[Approver, ...] | None = None,
    *,
    minutes: float = 60,
    number: str = "1",
) -> Approval:
    """An approval that was created some minutes ago and answered ten minutes later."""
    asked = people("ana", decision=decision) if approvers is None else approvers
    return Approval(number, name, decision, at(-60 * minutes), at(-60 * minutes + 600), asked)


MANAGERS = Wanted(group="release-managers")
BOB = Wanted("account-bob")


def members(*names: str) -> dict[str, tuple[Member, ...]]:
    """The group of the release managers, and who is in it."""
    return {"release-managers": tuple(Member(f"account-{name}", name.title()) for name in names)}


READ = Snapshot(
    key="OPS-7",
    now=NOW,
    aged=False,
    status=IMPLEMENTING,
    approvals=(approval(),),
    pages_complete=True,
    own_account=GATE,
    excluded=(),
    members={},
    start=(jira(-3600),),
    end=(jira(3600),),
    edited=False,
    edits=(),
    commit_differs=False,
    spent="",
    gaps=(),
)
