"""What a gate leaves on its changes: notes of their deployments, comments, and the records of what may begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from jira_ci.context import Context
from jira_ci.errors import JiraCiError
from jira_ci.frozen import dataclass
from jira_ci.gate import comments, kept_records, record, targets
from jira_ci.gate.comments import Kind, Telling
from jira_ci.gate.evaluation import Evaluation

_NONE = record.Deployment(state="cancelled")
Pairs = Sequence[tuple[Evaluation, Mapping[str, Any]]]
"""Evaluations, each with the record of its decision."""


@dataclass(frozen=True)
class Closable:
    """A change whose deployment has ended, and where it goes: what is needed to ask its site."""

    site: str
    credentials: str
    """The word of the gate's own credentials."""
    id: str
    key: str
    end_status: Mapping[str, str]
    """As in the policy."""


class Bookkeeping:
    """Writes what a deployment leaves on its changes. A pull request and a dry run leave nothing; what cannot be
    written is said, and changes no decision.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, context: Context, clock: Callable[[], float]) -> None:
        self._context, self._clock = context, clock
        self._untold: set[str] = set()
        self._promised: dict[str, tuple[Evaluation, Mapping[str, Any]]] = {}

    @property
    def _leaves_nothing(self) -> bool:
        return self._context.given.dry_run or bool(targets.objection(self._context.run))

    def comment(self, pairs: Pairs, kind: Kind, seconds: float | None) -> None:
        """Notes on each change what becomes of its deployment, and tells it to people, once for each attempt.

        Args:
            seconds: how long the deployment took.
        """
        if self._context.given.dry_run:
            return
        for evaluation, _ in pairs:
            self._warn(evaluation.note(kind))
        if self._leaves_nothing:
            return
        told = [(one, self._telling(one, kind, record.digest(document), seconds)) for one, document in pairs]
        for same in _by_change(told):
            self._comment_on(*same)

    def keep(self, pairs: Pairs) -> None:
        """Keeps the record of each deployment that may begin, or what became of it."""
        for evaluation, document in self._to_keep(pairs):
            self._warn(self._kept(evaluation, document))
        if any(document["deployment"]["state"] for _, document in pairs):
            self.forgo()  # of two looks that both allowed it, one came to nothing

    def forgo(self) -> None:
        """Notes in each record that was kept of a deployment, and on which none has begun, that none does."""
        for evaluation, document in list(self._promised.values()):
            self._warn(self._kept(evaluation, record.with_deployment(document, _NONE)))

    def keep_all(self, pairs: Pairs) -> bool:
        """Whether every record is kept on its change now."""
        found = self._to_keep(pairs)
        controlled = [one for one, _ in pairs if one.policy]
        if len(found) < len(controlled) or any(one.change is None for one in controlled):
            return False
        return not any(self._kept(one, document) for one, document in found)

    def closable(self, evaluations: Sequence[Evaluation], state: str) -> list[Closable]:
        """The changes that go on now that their deployment has ended so: none that was to be told of it and was not.

        Args:
            state: Jira's word.
        """
        if self._leaves_nothing:
            return []
        found = {}
        for one in evaluations:
            if one.policy is None or one.change is None or not one.policy.end_status or one.change.id in self._untold:
                continue
            whole, said = one.whole_end(state)
            if said:
                self._context.console.say(said)
            if one.policy.end_status.get(whole):
                place = one.policy.site, one.policy.credentials, one.change.id
                status = {**one.policy.end_status, state: one.policy.end_status[whole]}
                found[place] = Closable(*place, one.change.key, status)
        return list(found.values())

    def _kept(self, evaluation: Evaluation, document: Mapping[str, Any]) -> str:
        """Why the record was not kept on the change, as a sentence; empty when it was, or there is no change."""
        service, change = evaluation.service, evaluation.change
        if service is None or change is None:
            return ""
        name = record.digest(document)
        if document["deployment"]["state"]:
            self._promised.pop(name, None)
        else:
            self._promised[name] = evaluation, document
        try:
            kept_records.keep(service, change.id, document)
        except JiraCiError as error:
            return kept_records.problem(change.key, error)
        return ""

    def _to_keep(self, pairs: Pairs) -> Pairs:
        if self._leaves_nothing:
            return []
        return [(one, document) for one, document in pairs if document["decision"] == "proceed" and one.policy]

    def _telling(self, evaluation: Evaluation, kind: Kind, digest: str, seconds: float | None) -> Telling:
        late = kind != "started" and self._is_over(evaluation)
        asked = evaluation.emergency.told(evaluation.read_at) if evaluation.emergency else ""
        run = self._context.run
        return comments.telling(kind, evaluation.subject, run, digest, seconds=seconds, late=late, emergency=asked)

    def _comment_on(self, evaluation: Evaluation, told: Telling) -> None:
        policy, change, service = evaluation.policy, evaluation.change, evaluation.service
        if policy is None or change is None or service is None or policy.comments == "off":
            return
        problem = comments.write(service, change, told, public=policy.comments == "public")
        if problem:
            self._untold.add(change.id)
        self._warn(problem)

    def _is_over(self, evaluation: Evaluation) -> bool:
        end, at = evaluation.window_over, evaluation.read_at
        if end is None or at is None:
            return False
        now = at.timestamp() + (self._clock() - evaluation.begun)  # Jira's clock, as far as it is known
        return datetime.fromtimestamp(now, timezone.utc) > end

    def _warn(self, problem: str) -> None:
        if problem:
            self._context.console.notice("warning", problem)


def _by_change(told: Sequence[tuple[Evaluation, Telling]]) -> list[tuple[Evaluation, Telling]]:
    """One comment for each change, however many of its deployments this job makes."""
    found: dict[tuple[object, ...], list[tuple[Evaluation, Telling]]] = {}
    for one, telling in told:
        if one.change is not None and one.policy is not None:
            found.setdefault((one.service, one.change.id, one.policy.comments), []).append((one, telling))
    return [(same[0][0], comments.together([telling for _, telling in same])) for same in found.values()]
