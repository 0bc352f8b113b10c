"""A provider of a repository's history that answers out of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jira_ci.ci.api import Bare, Brought, Commits, Touched, Unreadable
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

    def pull_requests_of_all(self, commits: Sequence[Bare], *, descriptions: bool) -> Brought:
        """One after the other, as a provider does whose lists may not be read."""
        found: dict[str, list[PullRequest]] = {}
        of: dict[int, list[PullRequest]] = {}
        for one in commits:
            if not (one.worth_a_request or ("pulls of", one.commit) in self.answers):
                continue
            try:
                if not one.number:
                    found[one.commit] = self.pull_requests_of(one.commit)
                    continue
                if one.number not in of:
                    of[one.number] = [self.pull_request(one.number)]
                found[one.commit] = of[one.number]
            except Unreadable as error:
                if not (one.number and error.missing):
                    return Brought(found, (str(error),))
        return Brought(found)

    def last_good_run(self) -> tuple[int, str]:
        found: tuple[int, str] = self._answer("last run")
        return found

    def last_deployment(self, environment: str) -> str:
        return str(self._answer("last", environment))

    def close(self) -> None:
        pass
