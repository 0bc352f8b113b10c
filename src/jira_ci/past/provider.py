"""The CI provider, asked about runs when it is needed first."""

from __future__ import annotations

from functools import cached_property

from jira_ci.ci.history import Unreadable
from jira_ci.ci.past_runs import PastRun, Runs
from jira_ci.context import Context
from jira_ci.errors import AccessError, JiraCiError, NetworkError, UsageError
from jira_ci.past.wanted import Reference
from jira_ci.run import CI

_NAMES = {CI.GITHUB: "GitHub", CI.GITLAB: "GitLab"}
_SHARE = 0.5  # of the time that is left; a provider that hangs must not cost everything


class Provider:
    """Whoever answers for this repository's runs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._connected = False

    @cached_property
    def runs(self) -> Runs | None:
        """Who answers; None when there is nobody, or no token."""
        from jira_ci.ci.providers import connect_runs

        context, self._connected = self._context, True
        return connect_runs(
            context.run,
            github_token=context.settings.github_token,
            gitlab_token=context.settings.gitlab_token,
            job_token=context.edges.environ.get("CI_JOB_TOKEN", ""),
            ca_bundle=context.provider_bundle,
            deadline=context.deadline.part(_SHARE),
        )

    def need(self, what: str) -> Runs:
        """Who answers.

        Args:
            what: is asked for, as in *GitHub cannot be asked ...*.

        Raises:
            UsageError: there is nobody.
        """
        if self.runs is not None:
            return self.runs
        name = _NAMES.get(self._context.run.provider, "")
        if not name:
            raise UsageError(
                f"Nobody can be asked {what}: this is no run on GitHub or GitLab.", "Name the run by its number: run."
            )
        token = f"{name.lower()}-token"
        raise UsageError(f"{token} is not set, so {name} cannot be asked {what}.", f"Set {token}.")

    def referred(self, reference: Reference) -> PastRun:
        """The run that is meant, as the provider knows it.

        Raises:
            UsageError: there is nobody to ask.
            AccessError, NetworkError: there was no usable answer.
        """
        runs = self.need(f"about {reference}")
        try:
            if reference.run_id:
                return runs.run(reference.run_id)
            return runs.numbered(self._context.run.workflow, reference.number)
        except Unreadable as error:
            raise unreadable(error) from None

    def close(self) -> None:
        """Hangs up."""
        if self._connected and self.runs is not None:
            self.runs.close()


def unreadable(error: Unreadable) -> JiraCiError:
    """The provider's refusal as an error with an exit code."""
    return (AccessError if error.denied else NetworkError)(str(error))
