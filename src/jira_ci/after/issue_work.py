"""The issues of one deployment at one site: read a hundred at a time, then versioned and moved, many at once or one by
one, side by side.

Jira Cloud takes 20 writes in 2 s of one issue, and an issue gets two here
(https://developer.atlassian.com/cloud/jira/platform/rate-limiting/).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from jira_ci.after.outcome import IssueOutcome
from jira_ci.after.rule import Rule, Step, moving, screened, versioning
from jira_ci.errors import AccessError, JiraCiError, NetworkError, Redirected
from jira_ci.exchange import Answer
from jira_ci.jira import issue_edits
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition, Question
from jira_ci.jira.issue_edits import Progress, Transition, WorkItem
from jira_ci.jira.parse import WrongShape
from jira_ci.jira.status_errors import messages, misshapen, phrase, refusal
from jira_ci.text import one_line
from jira_ci.timing import Call, Late

FEW = 20
"""Up to so many issues are edited one by one, which needs no further permission."""
_SIDE_BY_SIDE = 8
_PATIENCE = 2  # issues in a row without an answer; each was tried for half a minute by then
_FIRST_LOOK, _LONGEST_LOOK = 0.25, 2.0  # seconds between two looks at an operation on many issues
_LATE = "there was no time left; raise timeout"


def mark_of(version_id: str) -> str:
    """The property in which an issue remembers that we gave it this fix version, and when it was taken off again."""
    return f"jira-ci.fix-version.{version_id}"


class IssueWork:
    """What is done to issues at one site.

    Args:
        value: what the property of :func:`mark_of` says.
    """

    def __init__(self, login: Login, edition: Edition, rule: Rule, value: Mapping[str, Any]) -> None:
        self._login, self._edition, self._rule, self._value = login, edition, rule, dict(value)
        self._screens: dict[tuple[str, ...], Step] = {}
        self._lock = threading.Lock()
        self._pending: set[tuple[str, str]] = set()
        self._may_do_many = edition == "cloud"
        self.outcomes: dict[str, IssueOutcome] = {}

    def read(self, keys: Sequence[str]) -> list[WorkItem]:
        """Those of the issues that the account sees, each once, under the keys that they have now.

        Raises:
            JiraCiError: the credential is refused, or Jira gives no usable answer.
        """
        found: dict[str, WorkItem] = {}
        for start in range(0, len(keys), issue_edits.PAGE):
            part = keys[start : start + issue_edits.PAGE]
            question = issue_edits.look(part, self._edition, transitions=bool(self._rule.transition))
            found |= {one.id: one for one in self._items(question)}
        return list(found.values())

    def missing(self, keys: Sequence[str], items: Sequence[WorkItem]) -> tuple[str, ...]:
        """Those of the keys that lead to none of the issues that were read for them. A moved issue answers under
        another key: where some were moved and others are not there, a few are asked for one by one.

        Raises:
            JiraCiError: the credential is refused, or Jira gives no usable answer.
        """
        known = {one.key.upper() for one in items}
        lost = [key for key in dict.fromkeys(keys) if key.upper() not in known]
        moved = known - {key.upper() for key in keys}
        if len(moved) >= len(lost):
            return ()
        return tuple(key for key in lost if not moved or len(lost) > FEW or not self.read([key]))

    def act(self, items: Sequence[WorkItem], versions: Mapping[str, str]) -> None:
        """Versions and moves them.

        Args:
            versions: by a project's key, the id of its version.

        Raises:
            JiraCiError: the credential is refused, or Jira does not answer any more.
        """
        for item in items:
            outcome = self.outcomes[item.key] = IssueOutcome(item.key)
            version = versions.get(item.project)
            outcome.version = versioning(item, self._rule, version) if version else None
            outcome.move = self._screened(item, moving(item, self._rule)) if self._rule.transition else None
            steps = {"version": outcome.version, "move": outcome.move}
            self._pending |= {(item.key, what) for what, step in steps.items() if step and step.became == "done"}
        try:
            if self._may_do_many and len(self._waiting(items)) > FEW:
                self._many(items, versions)
            self._side_by_side(self._waiting(items), lambda item: self._one(item, versions))
        finally:
            for item in self._waiting(items):
                self._left(item, _LATE)

    def _waiting(self, items: Sequence[WorkItem]) -> list[WorkItem]:
        return [one for one in items if self._waits(one, "version") or self._waits(one, "move")]

    def _waits(self, item: WorkItem, what: str) -> bool:
        return (item.key, what) in self._pending

    def _settle(self, item: WorkItem, what: str, step: Step | None = None) -> None:
        """Notes what became of it, where that is not what was meant."""
        self._pending.discard((item.key, what))
        if step is not None:
            setattr(self.outcomes[item.key], what, step)

    def _screened(self, item: WorkItem, step: Step) -> Step:
        """The step, unless its screen asks for what only people know. Issues of one kind in one status are asked for
        once."""
        transition = step.transition
        if step.became != "done" or transition is None or not transition.screen:
            return step
        kind = (item.project_id, item.type_id, item.status_id, transition.id)
        if kind not in self._screens:
            request, answer = self._login.send(issue_edits.screen(item, transition))
            if answer.status != 200:
                raise refusal(request, answer, "after")
            try:
                fields = issue_edits.required(answer.json(), transition.id)
            except WrongShape as error:
                raise misshapen(request, answer, error) from None
            self._screens[kind] = screened(fields) if fields else Step("done")
        known = self._screens[kind]
        return step if known.became == "done" else known

    # Many at once.

    def _many(self, items: Sequence[WorkItem], versions: Mapping[str, str]) -> None:
        """What it leaves is to be done one by one: where the account may not edit many at once, or it is not known what
        became of it. Nothing of it does harm when it is done twice."""
        for project, version in versions.items():
            for part in _parts([one for one in items if one.project == project and self._waits(one, "version")]):
                done = self._operation(issue_edits.versioned_all([one.id for one in part], "add", version))
                self._noted(part, "version", done)
                self._mark([one.id for one in part if one.id in done.processed], version)
        for part in _parts([one for one in items if self._waits(one, "move")]):
            self._noted(part, "move", self._operation(issue_edits.transit_all(self._groups(part))))

    def _groups(self, items: Sequence[WorkItem]) -> list[tuple[str, list[str]]]:
        """Ids of issues by the transition that they take, those of one workflow together."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for item in items:
            move = self.outcomes[item.key].move
            if move is not None and move.transition is not None:
                found.setdefault((item.project_id, item.type_id, move.transition.id), []).append(item.id)
        return [(transition, ids) for (_, _, transition), ids in found.items()]

    def _operation(self, question: Question) -> Progress:
        """How an operation on many issues ended; without any issue where it did not begin, or that is not known."""
        nothing, pause = Progress(ended=False, status=""), _FIRST_LOOK
        if not self._may_do_many:
            return nothing
        deadline = self._login.client.deadline
        try:
            answer = self._sent(question)
            self._may_do_many = answer.status not in (403, 404)
            if answer.status not in (200, 201):
                return nothing
            task = issue_edits.read_task(answer.json())
            while deadline.remaining() > 0:
                answer = self._sent(issue_edits.progress(task))
                found = issue_edits.read_progress(answer.json()) if answer.status == 200 else nothing
                if found.ended or answer.status != 200:
                    return found
                deadline.sleep(pause)
                pause = min(2 * pause, _LONGEST_LOOK)
        except (NetworkError, WrongShape):
            pass
        return nothing

    def _noted(self, items: Sequence[WorkItem], what: str, ended: Progress) -> None:
        for item in items:
            if item.id in ended.failed:
                why = one_line(ended.failed[item.id], 300).rstrip(".")
                self._settle(item, what, Step("failed", why))
            elif item.id in ended.processed:
                self._settle(item, what)

    def _mark(self, ids: Sequence[str], version: str) -> None:
        """Remembers who gave them the version; without that a roll-back leaves it to people."""
        with suppress(NetworkError):
            if ids:
                self._login.send(issue_edits.mark_all(ids, mark_of(version), self._value))

    # One by one.

    def _one(self, item: WorkItem, versions: Mapping[str, str]) -> None:
        move = self.outcomes[item.key].move
        if self._waits(item, "version"):
            version = versions[item.project]
            answer = self._sent(issue_edits.versioned(item, "add", version, mark_of(version), self._value))
            good = answer.status in (200, 204)
            self._settle(item, "version", None if good else Step("failed", _reason(answer)))
        if self._waits(item, "move") and move is not None and move.transition is not None:
            self._settle(item, "move", self._moved(item, move, move.transition))

    def _moved(self, item: WorkItem, step: Step, transition: Transition) -> Step:
        answer = self._sent(issue_edits.transit(item, transition))
        if answer.status in (200, 204):
            return step
        # Somebody else, or an answer that was lost, may have been faster: then it is there, and all is well.
        now = next(iter(self._items(issue_edits.look([item.id], self._edition, transitions=False))), None)
        if now is not None and now.status_id == transition.to_id:
            return Step("there")
        return Step("failed", _reason(answer))

    def _sent(self, question: Question) -> Answer:
        return self._login.send(question)[1]

    def _items(self, question: Question) -> list[WorkItem]:
        request, answer = self._login.send(question)
        if answer.status != 200:
            raise refusal(request, answer, "after")
        try:
            return issue_edits.work_items(answer.json())
        except WrongShape as error:
            raise misshapen(request, answer, error) from None

    def _side_by_side(self, items: Sequence[WorkItem], work: Callable[[WorkItem], None]) -> None:
        """Does the work for every issue. What ends it early is raised once all have stopped."""
        if not items:
            return
        queue, troubles = iter(items), [0]
        ends: list[JiraCiError] = []

        def run() -> None:
            while (item := self._next(queue)) is not None:
                if self._login.client.deadline.remaining() <= 0 or ends:
                    self._left(item, _LATE if not ends else "it was given up before")
                    continue
                try:
                    work(item)
                    troubles[0] = 0
                except (AccessError, Redirected) as error:
                    self._left(item, one_line(error.message, 300))
                    ends.append(error)
                except JiraCiError as error:
                    self._left(item, one_line(error.message, 300))
                    troubles[0] += 1
                    if troubles[0] >= _PATIENCE:
                        ends.append(error)

        calls = [Call(run) for _ in range(min(_SIDE_BY_SIDE, len(items)))]
        for call in calls:
            with suppress(Late):
                call.result(self._login.client.deadline)
        if ends:
            raise ends[0]

    def _next(self, queue: Iterator[WorkItem]) -> WorkItem | None:
        with self._lock:
            return next(queue, None)

    def _left(self, item: WorkItem, why: str) -> None:
        """Notes that what was to be done was not."""
        for what in ("version", "move"):
            if self._waits(item, what):
                self._settle(item, what, Step("failed", why))


def _parts(items: Sequence[WorkItem]) -> Iterator[Sequence[WorkItem]]:
    for start in range(0, len(items), issue_edits.MOST):
        yield items[start : start + issue_edits.MOST]


def _reason(answer: Answer) -> str:
    return one_line("; ".join(messages(answer)) or phrase(answer), 300).rstrip(".")
