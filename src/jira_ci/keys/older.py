"""Whether what is deployed is older than what was there: known from what the provider was asked for the range."""

from __future__ import annotations

from typing import Any, cast

from jira_ci.ci.api import Commits, History
from jira_ci.git.repository import Git
from jira_ci.run import Run
from jira_ci.text import one_line, short


class Remembered:
    """The provider's history, with its answers about deployments kept; nothing is asked twice or more because of it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.last: dict[str, str] = {}
        """By environment, the commit that was deployed there last."""
        self.nothing_new: set[tuple[str, str]] = set()
        """Ranges, by base and head, that hold no commit."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._history, name)

    def last_deployment(self, environment: str) -> str:
        self.last[environment] = self._history.last_deployment(environment)
        return self.last[environment]

    def compare(self, base: str, head: str) -> Commits:
        found = self._history.compare(base, head)
        if found.complete and not found.found:
            self.nothing_new.add((base, head))
        return found

    @property
    def as_history(self) -> History:
        return cast("History", self)


def older(remembered: Remembered, git: Git, run: Run, environment: str) -> str:
    """A sentence about a deployment that takes an environment back; empty where it does not, or nobody knows."""
    last = remembered.last.get(environment, "")
    if not last or not run.commit or last == run.commit:
        return ""
    behind = (last, run.commit) in remembered.nothing_new or git.ask("merge-base", run.commit, last) == run.commit
    if not behind:
        return ""
    where = one_line(environment, 100)
    return (
        f"{where} has a newer commit, {short(last)}, than this deployment's {short(run.commit)}. Jira goes on showing "
        "the deployment with the largest number there: where this one takes the newer one back, say so with jira-ci "
        "rollback, and name the newer one's run."
    )
