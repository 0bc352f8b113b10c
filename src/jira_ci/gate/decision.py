"""The gate's decision: one pure, total function of what was read, and the table of all rows.

What is unknown, empty or contradictory is never an approval. Every row's result and exit code stands in ``ROWS``, and
a ``Decision`` that disagrees with it cannot be made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from jira_ci.errors import AccessError, Exit, JiraCiError, Redirected
from jira_ci.frozen import dataclass, replace
from jira_ci.gate import approvals, messages
from jira_ci.gate.approvals import ApprovalState, Demand, Review, review
from jira_ci.gate.requirements import Category, Requirements, Snapshot, Standing, meaningless, missing
from jira_ci.gate.window import NO_WINDOW, State, edge, window

Result = Literal["deny", "wait", "proceed"]

ROWS: Mapping[int, tuple[Result, Exit]] = MappingProxyType(
    {
        # before any request
        1: ("deny", Exit.USAGE),  # policy invalid, unreadable or meaningless
        2: ("deny", Exit.USAGE),  # project controlled, environment matches no rule
        3: ("proceed", Exit.OK),  # project or environment not controlled
        4: ("deny", Exit.USAGE),  # version, project, environment, tenant or title unfit
        36: ("deny", Exit.USAGE),  # emergency asked for without a reason, or by somebody the policy does not name
        5: ("deny", Exit.ACCESS),  # no credentials
        38: ("deny", Exit.USAGE),  # the provider says that the version's tag is another commit
        # which change
        6: ("deny", Exit.ACCESS),  # 401 or 403 on any request
        7: ("deny", Exit.NETWORK),  # any redirect
        8: ("wait", Exit.NETWORK),  # a search, look-up, creation or candidate's answer missing or incomplete
        9: ("deny", Exit.USAGE),  # service desk, request type or a field refused when creating
        10: ("deny", Exit.DENIED),  # given key: 404
        11: ("deny", Exit.DENIED),  # pinned change: 404, moved, retyped, renamed
        12: ("deny", Exit.DENIED),  # wrong project or issue type
        13: ("deny", Exit.DENIED),  # given key does not name version and environment
        14: ("deny", Exit.DENIED),  # several open matches, not all our own
        15: ("wait", Exit.WAIT),  # no open match; made and pinned
        16: ("wait", Exit.WAIT),  # no open match otherwise
        # the snapshot
        17: ("wait", Exit.NETWORK),  # snapshot incomplete
        18: ("deny", Exit.DENIED),  # the change is done
        19: ("deny", Exit.DENIED),  # declined
        20: ("deny", Exit.DENIED),  # a status that is in neither list
        21: ("deny", Exit.DENIED),  # edited after approval, for another commit, or used up
        22: ("deny", Exit.WINDOW),  # the window ends before it starts
        23: ("deny", Exit.WINDOW),  # the window is over
        24: ("wait", Exit.WAIT),  # a status of wait-statuses
        25: ("wait", Exit.WAIT),  # a status of proceed-statuses without a category
        26: ("wait", Exit.WAIT),  # an approval is pending
        27: ("wait", Exit.WAIT),  # no approval, and some are needed; or one that is required is not there
        28: ("wait", Exit.WAIT),  # too few people approved
        29: ("wait", Exit.WINDOW),  # the window is unreadable or has not begun
        30: ("wait", Exit.WINDOW),  # no window, and one is required
        37: ("wait", Exit.WINDOW),  # 31, 32 or 33 would proceed, and a freeze covers now and this environment
        31: ("proceed", Exit.OK),  # approved, no window
        32: ("proceed", Exit.OK),  # approved, in its window
        # with gate-by: jira
        33: ("proceed", Exit.OK),  # allowed
        34: ("wait", Exit.WAIT),  # awaiting, or not there yet
        35: ("deny", Exit.DENIED),  # prevented, expired, invalid, anything unknown
        # before the start
        39: ("deny", Exit.NETWORK),  # the record can be kept nowhere
    }
)
_UNANSWERED: Mapping[int, tuple[Result, Exit]] = MappingProxyType({38: ("wait", Exit.NETWORK)})
"""What a row is as long as nobody answers its question."""
_ORDER: tuple[Result, ...] = ("deny", "wait", "proceed")
_FRESH = 30.0  # seconds from the beginning of the last snapshot to the start of CMD
_WEAKER = (Exit.WAIT, Exit.WINDOW, Exit.NETWORK)  # what a proceed that came in the wrong circumstances can end with


@dataclass(frozen=True)
class Decision:
    """What the gate says. ``Decision.of`` makes one from a row of the table.

    Attributes:
        approvals: how many people's approvals stand behind it and count.

    Raises:
        ValueError: row, result and exit are no row of the table, nor a proceed of it made weaker.
    """

    row: int
    result: Result
    exit: Exit
    reason: str
    approvals: int = 0

    def __post_init__(self) -> None:
        listed = ROWS.get(self.row)
        weaker = listed == ("proceed", Exit.OK) and self.result == "wait" and self.exit in _WEAKER
        if (self.result, self.exit) not in (listed, _UNANSWERED.get(self.row)) and not weaker:
            raise ValueError(f"row {self.row} of the gate's table is not {self.result}, {self.exit}")

    @classmethod
    def of(cls, row: int, reason: str, approvals: int = 0) -> Decision:
        """The decision of a row."""
        return cls(row, *ROWS[row], reason, approvals)

    @classmethod
    def unanswered(cls, row: int, reason: str) -> Decision:
        """The decision of a row whose question nobody has answered yet."""
        return cls(row, *_UNANSWERED[row], reason)

    @property
    def approved(self) -> bool:
        """Whether this is a proceed with at least one approval that counts; one for want of change control, by a policy
        that asks for none, or by Jira's own gating, is not."""
        return self.result == "proceed" and self.controlled and self.approvals > 0

    @property
    def controlled(self) -> bool:
        """Whether a change, or Jira's own gating, decides about this deployment."""
        return self.row != 3


@dataclass(frozen=True)
class Conditions:
    """What a complete snapshot comes to, in the order of the table's letters: S, C, A, n, N, Win."""

    standing: Standing
    category: Category
    approvals: ApprovalState
    counted: int
    minimum: int
    window: State
    window_required: bool
    edited: bool
    lacking: bool
    """Whether an approval that the policy demands by name is not there."""


def decide(read: Snapshot, policy: Requirements) -> Decision:
    """Rows 17 to 32 (and 1, for an invalid policy): whether this snapshot lets a deployment begin.

    Never raises, whatever it is given.
    """
    try:
        return _decide(read, policy)
    except Exception as error:  # noqa: BLE001 - total: what cannot be judged is no approval
        problem = f"jira-ci cannot judge what was read ({type(error).__name__}), which is a bug: please report it"
        return Decision.of(17, messages.incomplete(None, [problem]))


def _decide(read: Snapshot, policy: Requirements) -> Decision:
    fault = meaningless(policy)
    if fault:
        return Decision.of(1, f"The policy is invalid: {fault}.")
    gaps = list(missing(read))
    if gaps or read.now is None or read.status is None or read.approvals is None:  # None is a gap; for the type checker
        return Decision.of(17, messages.incomplete(read.key, gaps))
    reviewed = review(read.approvals, read.uncounted)
    if reviewed.state == "unclear":
        return Decision.of(17, messages.incomplete(read.key, reviewed.problems))
    unknown = list(approvals.unknown_groups(policy.required_approvers, read.members))
    if unknown:
        return Decision.of(17, messages.incomplete(read.key, unknown))
    standing = policy.standing(read.status)
    if standing == "both":
        status = messages.shown(read.status.name)
        return Decision.of(1, f"The policy is invalid: {status} is in proceed-statuses and in wait-statuses.")
    where = NO_WINDOW if policy.window == "off" else window(edge(read.start), edge(read.end), read.now)
    asked = demanded(read, policy, reviewed)
    conditions = Conditions(
        standing=standing,
        category=read.status.kind,
        approvals=reviewed.state,
        counted=len(reviewed.people),
        minimum=policy.minimum_approvals,
        window=where.state,
        window_required=policy.window_required,
        edited=read.edited is not False or _is_spent(read, policy) or _is_tampered(read, policy),
        lacking=not all(one.met for one in asked),
    )
    row = row_of(conditions)
    said = messages.sentence(row, messages.Facts(read, policy, read.status, reviewed, where, asked))
    return Decision.of(row, said, conditions.counted)


def demanded(read: Snapshot, policy: Requirements, reviewed: Review) -> tuple[Demand, ...]:
    """What the policy demands by name, and what came of each."""
    uncounted = [one.account for one in read.uncounted]
    return approvals.demands(reviewed, policy.required_approvals, policy.required_approvers, read.members, uncounted)


def _is_tampered(read: Snapshot, policy: Requirements) -> bool:
    """Whether something was edited after approval that the policy lets nobody edit then: ``edits: deny``."""
    return policy.edits != "say" and len(read.edits) > 0


def _is_spent(read: Snapshot, policy: Requirements) -> bool:
    """Whether the approval is one for something else: another commit, or a deployment that was."""
    other = read.commit_differs is not False and policy.bind != "version"
    return other or (read.spent != "" and policy.reuse != "open")


def decide_gating(status: str | None, *, first: bool, keys: Sequence[str] = ()) -> Decision:
    """Rows 33 to 35: what Jira's own gating says.

    Args:
        status: ``gatingStatus``; ``None`` when Jira knows no such deployment (404).
        first: whether Jira has not known the deployment yet in this run: a submission takes some seconds to arrive.
        keys: the changes that the answer names.
    """
    changes = messages.enumerate_some(messages.shown(str(key)) for key in keys) or "the change of this deployment"
    if status == "allowed":
        return Decision.of(
            33, f"Jira allows the deployment: {changes}. Approvals are Jira's business, and not counted."
        )
    if status == "awaiting":
        return Decision.of(34, f"Jira waits for {changes}: have it approved there.")
    if status is None and first is True:
        return Decision.of(34, "Jira does not know the deployment yet. Its project has to have deployment gating.")
    said = "does not know the deployment any more" if status is None else f"says {messages.shown(str(status))!r}"
    return Decision.of(35, f"Jira {said}. See {changes} in Jira, then deploy anew.")


def row_of(conditions: Conditions) -> int:
    """Rows 18 to 32, the first that matches; 17 for what is none of them."""
    return _denied(conditions) or _unapproved(conditions) or _row_in_window(conditions) or 17


def _denied(conditions: Conditions) -> int | None:
    rows = {
        18: conditions.category == "done",
        19: conditions.approvals == "decl",
        20: conditions.standing == "other",
        21: conditions.edited,
        22: conditions.window == "inv",
        23: conditions.window == "after",
    }
    return next((row for row, holds in rows.items() if holds), None)


def _unapproved(conditions: Conditions) -> int | None:
    rows = {
        24: conditions.standing == "wait",
        25: conditions.category == "none",
        26: conditions.approvals == "pend",
        27: (conditions.approvals == "none" and conditions.minimum >= 1) or conditions.lacking is not False,
        28: conditions.approvals == "ok" and conditions.counted < conditions.minimum,
    }
    return next((row for row, holds in rows.items() if holds), None)


def _row_in_window(conditions: Conditions) -> int | None:
    enough = conditions.approvals == "ok" and conditions.counted >= conditions.minimum
    unneeded = conditions.approvals == "none" and conditions.minimum == 0
    if not (conditions.standing == "proceed" and conditions.category == "open" and (enough or unneeded)):
        return None
    if conditions.window == "none":
        return 30 if conditions.window_required else 31
    return {"bad": 29, "before": 29, "in": 32}.get(conditions.window)


def combine(decisions: Sequence[Decision]) -> Decision:
    """The one for several environments or tenants: deny before wait before proceed, then the earlier row; none: 1. It
    is approved when each of them is."""
    nothing = Decision.of(1, "There is no environment to decide about: name one with the setting environment.")
    first = min(decisions, key=lambda one: (_ORDER.index(one.result), one.row), default=nothing)
    return replace(first, approvals=min((one.approvals for one in decisions), default=0))


def in_dry_run(decision: Decision) -> Decision:
    """A dry run never proceeds."""
    return _weaker(decision, Exit.WAIT, "This is a dry run, which never proceeds; leave out dry-run to deploy.")


def begun_late(decision: Decision, before: Decision | None) -> Decision:
    """An answer that was begun after the deadline allows nothing; the snapshot before says what was missing."""
    code = before.exit if before is not None and before.result == "wait" else Exit.WAIT
    return _weaker(decision, code, "That was asked after the deadline and does not count: run again.")


def too_old(begun: float, now: float) -> bool:
    """Whether CMD may not start on a snapshot that was begun then, and has to wait for another (monotonic seconds)."""
    return not 0 <= now - begun <= _FRESH


def fresh_for(begun: float, now: float) -> float:
    """Seconds for which CMD may still start on a snapshot that was begun then; 0 when it may not (monotonic)."""
    return 0.0 if too_old(begun, now) else begun + _FRESH - now


def out_of_date(decision: Decision) -> Decision:
    """For a deadline that comes before another snapshot could be read."""
    return _weaker(decision, Exit.NETWORK, "That is more than 30 s old, and there was no time to ask again: run again.")


def unrecorded(decision: Decision) -> Decision:
    """For a record that could be kept nowhere: what cannot be looked up later is not deployed. What is not change
    controlled goes on."""
    if decision.result != "proceed" or not decision.controlled:
        return decision
    hint = "Give the job a folder that it can write to, such as RUNNER_TEMP or TMPDIR, and run again."
    return Decision.of(39, f"The record of this decision could be kept nowhere: {decision.reason} {hint}")


def frozen(decision: Decision, why: str) -> Decision:
    """A freeze stands before what proceeds by a change or by Jira's gating, and changes nothing else.

    Args:
        why: which one, and until when, as a sentence.
    """
    if decision.result != "proceed" or not decision.controlled:
        return decision
    return Decision.of(37, f"{decision.reason} {why}", decision.approvals)


def at_deadline(last: Decision, earlier: Decision | None) -> Decision:
    """The end of waiting; an earlier proceed is named beside an incomplete snapshot, and not used."""
    incomplete = (last.result, last.exit) == ("wait", Exit.NETWORK)
    if not incomplete or earlier is None or earlier.result != "proceed":
        return last
    return replace(last, reason=f"{last.reason} An earlier snapshot, which does not count any more: {earlier.reason}")


def _weaker(decision: Decision, code: Exit, why: str) -> Decision:
    if decision.result != "proceed":
        return decision
    return replace(decision, result="wait", exit=code, reason=f"{decision.reason} {why}")


_AGAIN = re.compile(r"^Run again( later)?\. ?")


def decision_of(error: JiraCiError, row: int) -> Decision:
    """What an unwelcome answer means: row 6 for a refused credential, 7 for a redirect, else the row given."""
    if isinstance(error, AccessError):
        row = 6
    elif isinstance(error, Redirected):
        row = 7
    # Whether it is asked again by itself or by people, is said where that is known.
    return Decision.of(row, f"{error.message} {_AGAIN.sub('', error.hint)}".strip())
