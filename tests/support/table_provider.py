"""A provider of a repository's history that answers out of tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jira_ci.ci.api import Commits, Touched, Unreadable
from jira_ci.run import PullRequest


@dataclass
class Provider:
    """Answers out of tables, refuses what they lack, and notes what it was asked."""

    answers: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    missing: bool = False

    def _answer(self, *question: Any) -> Any:
        self.asked.append(question)
        if question not in self.answers:
            raise Unreadable(f"The provider did not show {question[0]}.", missing=self.missing)
        return self.answers[question]

    def compare(self, base: str, head: str) -> Commits:
        found: Commits = self._answer("compare", base, head)
        return found

    def commit_message(self, commit: str) -> str:
        return str(self._answer("message", commit))

    def files_of(self, commit: str) -> Touched:
        found: Touched = self._answer("files", commit)
        return found

    def pull_request(self, number: int) -> PullRequest:
        found: PullRequest = self._answer("pull", number)
        return found

    def pull_request_commits(self, number: int) -> Commits:
        found: Commits = self._answer("pull commits", number)
        return found

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        found: list[PullRequest] = self._answer("pulls of", commit)
        return found

    def last_deployment(self, environment: str) -> str:
        return str(self._answer("last", environment))

    def close(self) -> None:
        pass
