"""The open changes that carry a title: a search finds candidates, and each is read and compared here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jira_ci.errors import NetworkError
from jira_ci.gate import mark
from jira_ci.gate.creation import is_in_project, is_of_type
from jira_ci.gate.terms import Policy, Subject
from jira_ci.jira import jql
from jira_ci.jira.answers import Found, Issue
from jira_ci.jira.service import Service
from jira_ci.jira.unwelcome import NotFound


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
        or nobody could write it: then its title says the same."""
        by_us = issue.creator is not None and issue.creator.id == self._service.myself().id
        return by_us and (issue.mark is None or mark.same_binding(issue.mark, self._subject))

    def _matches(self, issue: Issue) -> bool:
        return issue.summary == self._subject.title and self.fits(issue) and not issue.done

    def _read(self, candidate: Found) -> Issue | None:
        try:
            return self._service.issue(candidate.id)[0]
        except NotFound:
            return None  # deleted since it was indexed
