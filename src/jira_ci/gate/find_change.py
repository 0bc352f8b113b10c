"""Which change a deployment depends on: the given key, else the one with exactly this title, else a new one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.frozen import dataclass, replace
from jira_ci.gate.bindings import ChangeProperty, NoRoom
from jira_ci.gate.change_property import Change, FoundBy, bindings_of, same_binding, unnamed
from jira_ci.gate.create_change import Impossible, Lost, is_in_project, is_of_type, link, make, prepare, shown
from jira_ci.gate.decision import Decision, decision_of
from jira_ci.gate.policy.policy import Policy
from jira_ci.gate.subject import Attempt, Subject
from jira_ci.jira import jql
from jira_ci.jira.parse_change import Found, Issue
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound, Refused
from jira_ci.text import one_line


class Candidates:
    """The changes that could be the one of a deployment."""

    def __init__(self, service: Service, policy: Policy, subject: Subject) -> None:
        self._service, self._policy, self._subject = service, policy, subject

    def indexed(self, reconcile: Sequence[str] = ()) -> list[Found]:
        """What the search knows under exactly this title, the oldest first. It may be out of date.

        Args:
            reconcile: ids that it must know, whatever its index says.

        Raises:
            JiraCiError: the search did not answer, or not to its end.
        """
        query = jql.open_issues(self._policy.service_desk, self._subject.title)
        found = self._service.search(query, reconcile)
        if not found.complete:
            raise NetworkError("Jira's list of changes with this title did not come to its end.", "Run again.")
        equal = [one for one in found.values if one.summary == self._subject.title]
        return sorted(equal, key=lambda one: int(one.id))

    def open(self, indexed: Iterable[Found]) -> list[Issue]:
        """Those that are candidates, open, and carry the title now."""
        return [issue for issue in map(self._read, indexed) if issue is not None and self._matches(issue)]

    def fits(self, issue: Issue) -> bool:
        """Whether project and issue type are the policy's."""
        in_project = is_in_project(issue.project_id, issue.project_key, self._policy.service_desk)
        return in_project and is_of_type(issue.type_id, issue.type_name, self._policy.issue_types)

    def is_ours(self, issue: Issue) -> bool:
        """Whether the gate's own account made it for this deployment. Without our property it was made a moment ago,
        or it could not be written: then its title says the same."""
        by_us = issue.creator is not None and issue.creator.id == self._service.myself().id
        return by_us and (issue.mark is None or same_binding(issue.mark, self._subject))

    def _matches(self, issue: Issue) -> bool:
        return issue.summary == self._subject.title and self.fits(issue) and not issue.done

    def _read(self, candidate: Found) -> Issue | None:
        try:
            found = self._service.candidate(candidate.id)
        except NotFound:
            return None  # deleted since it was indexed
        if found.id != candidate.id:
            raise NetworkError(f"Jira was asked for {candidate.key}, and answered with another issue.", "Run again.")
        return found


_MOST = 50  # changes with one title that are read
_NAMED = 5  # changes in one sentence
_FORGET = 60.0  # seconds after which a change whose making was not answered would have been found
PAUSES = (0.3, 0.6, 1.2, 2.4, 4.0, 4.0, 4.0, 4.0)
"""Seconds between looks for a change that was just made: Jira's index usually knows it within a few."""


@dataclass(frozen=True)
class Search:
    """What came of looking for the change.

    Attributes:
        change: ``None`` when there is none to read.
        decision: ``None`` when the change is there and its snapshot decides; row 15 comes together with a change.
        said: what people should know besides, as sentences.
    """

    change: Change | None = None
    decision: Decision | None = None
    said: tuple[str, ...] = ()


class Finder:
    """Finds or makes the change of one deployment. It may be asked again and again, and makes no second change because
    the first was not answered for.

    Args:
        clock: monotonic seconds.
        pauses: seconds between looks for a change that was just made.
    """

    def __init__(
        self,
        service: Service,
        policy: Policy,
        subject: Subject,
        attempt: Attempt,
        *,
        clock: Callable[[], float] = time.monotonic,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._service, self._policy, self._subject, self._attempt = service, policy, subject, attempt
        self._candidates = Candidates(service, policy, subject)
        self._clock, self._pauses = clock, pauses
        self._lost: float | None = None
        self._made: tuple[str, str] | None = None
        self._said: tuple[str, ...] = ()

    def find(self) -> Search:
        """The change, or the decision of rows 6 to 16. Never raises a :class:`JiraCiError`."""
        try:
            self._service.connect()
            if self._policy.change:
                return self._given(self._policy.change)
            if self._made is not None:
                return self._settle(*self._made)
            return self._titled(self._candidates.indexed()) or self._new()
        except JiraCiError as error:
            return Search(decision=decision_of(error, 8))

    def _given(self, key: str) -> Search:
        given = one_line(key, 100)
        try:
            issue = self._service.candidate(key)
        except NotFound:
            return _end(10, f"There is no change {given} that the gate's account can see. Change the setting change.")
        if issue.key.upper() != key.upper():
            return _end(12, f"{given} is {issue.key} now, because it was moved. Give a change of this service desk.")
        if not self._candidates.fits(issue):
            return _end(
                12,
                f"{given} is a {shown(issue.type_name)} in {issue.project_key}; a change has to be in "
                f"{self._policy.service_desk} and of a type in issue-types. Give another one.",
            )
        lacking = unnamed(self._subject, issue, self._service.myself().id)
        if lacking and self._policy.binding != "any":
            named = " and ".join(shown(word) for word in lacking)
            return _end(
                13,
                f"{given} does not name {named} as a whole word in its summary or description. "
                "Give the change of this deployment, or write it there before the change is approved.",
            )
        return Search(self._pin(issue, "key"))

    def _titled(self, indexed: Sequence[Found]) -> Search | None:
        """The change among those with the title; ``None`` when none of them is open."""
        matches = self._candidates.open(indexed[:_MOST])
        unread = len(indexed[_MOST:])
        if not matches:
            return _end(8, f"{unread} changes could not be looked at. Close those not needed.") if unread else None
        lowest, others = matches[0], tuple(issue.key for issue in matches[1:])
        if unread or (others and not all(self._candidates.is_ours(issue) for issue in matches)):
            keys = _listed([lowest.key, *others, *(one.key for one in indexed[_MOST:])])
            return _end(14, f"Several open changes carry this title: {keys}. Close all but one, or give one: change.")
        change = replace(self._pin(lowest, "title"), others=others)
        return Search(change, said=_spare(change))

    def _new(self) -> Search:
        title = shown(self._subject.title)
        objection = self._attempt.objection or ("" if self._policy.create else "create: false")
        if objection:
            told = f"No open change carries the title {title}, and none is made ({objection})."
            return _end(16, f"{told} Make one with that title in Jira, or give one: change.")
        if self._lost is not None and self._clock() - self._lost < _FORGET:
            return _end(8, "Jira did not say whether it made the change, which is not there yet.")
        try:
            form = prepare(self._service, self._policy, self._subject, self._attempt)
            self._made, self._said = make(self._service, form), form.said
        except Impossible as error:
            return _end(9, str(error))
        except Lost as error:
            self._lost = self._clock()
            return self._recover(str(error))
        return self._settle(*self._made)

    def _recover(self, error: str) -> Search:
        """Looks whether the change arrived whose making was not answered."""
        for _ in self._looks():
            indexed = self._candidates.indexed()
            mine = next(
                (issue for issue in self._candidates.open(indexed[:_MOST]) if self._is_of_this_run(issue)), None
            )
            if mine is not None:
                self._made = mine.id, mine.key
                return self._settle(*self._made)
            found = self._titled(indexed)
            if found is not None:
                return found
        return _end(8, f"{error} Whether the change was made is unknown; it is not there yet.")

    def _is_of_this_run(self, issue: Issue) -> bool:
        url = self._attempt.url
        return bool(url) and url in issue.description and self._candidates.is_ours(issue)

    def _settle(self, made: str, key: str) -> Search:
        """Applies the rule of the lowest id to what simultaneous gates made.

        The index takes issues in the order of their making: once it shows ours, it shows those that were made before,
        and only these can have a lower id. One more look makes up for two that were made in the same moment. If it does
        not show ours in time, the search is told to know it.
        """
        unpinned = self._bind(made, key)
        seen = 0
        for _ in self._looks():
            indexed = self._candidates.indexed()
            seen += any(one.id == made for one in indexed)
            if seen == 2:
                break
        else:
            indexed = self._candidates.indexed(reconcile=(made,))
        outcome = self._titled(indexed)
        if outcome is None:
            return _end(8, f"{key} was made, but is not to be found. Let the gate's account see it.")
        change = outcome.change
        if change is None:
            return outcome
        self._made = None
        said = outcome.said
        if change.id == made:
            change = replace(change, found_by="created")
            said = (*said, *unpinned, *self._said, *link(self._service, made, change.key, self._attempt))
        reason = f"{change.key} was made for this deployment. Have it approved in Jira."
        return Search(change, Decision.of(15, reason), said)

    def _bind(self, made: str, key: str) -> tuple[str, ...]:
        """Writes for which commit the change was made; that it may not be written, as a sentence."""
        bound = ChangeProperty(bindings_of(self._subject, self._attempt))
        try:
            self._service.set_mark(made, bound.document())
        except (AccessError, NotFound, Refused, NoRoom) as error:
            return (f"{key} could not be pinned to commit {self._subject.commit}, and is bound by title only: {error}",)
        return ()

    def _looks(self) -> Iterator[None]:
        """Time and again after a pause, as long as the deadline allows."""
        deadline = self._service.deadline
        for pause in self._pauses:
            if deadline.hurried or deadline.remaining() <= pause:
                return
            deadline.sleep(pause)
            yield

    def _pin(self, issue: Issue, found_by: FoundBy) -> Change:
        ours = self._candidates.is_ours(issue)
        return Change(issue.id, issue.key, issue.project_key, issue.type_name, issue.summary, found_by, ours)


def _spare(change: Change) -> tuple[str, ...]:
    if not change.others:
        return ()
    verb = "is" if len(change.others) == 1 else "are"
    return (f"{change.key} is used; {_listed(change.others)} {verb} spare and can be closed.",)


def _listed(keys: Iterable[str]) -> str:
    keys = list(keys)
    more = [f"{len(keys) - _NAMED} more"] if len(keys) > _NAMED else []
    return ", ".join([*keys[:_NAMED], *more])


def _end(row: int, reason: str) -> Search:
    return Search(decision=Decision.of(row, reason))
