"""Which jobs of a past run may have reported: from its workflow's file at its commit, or from GitLab's list of jobs."""

from __future__ import annotations

from collections.abc import Sequence

from jira_ci.ci.history import Unreadable
from jira_ci.ci.past_runs import PastRun
from jira_ci.ci.workflow_legs import Unknown, legs
from jira_ci.context import Context
from jira_ci.git.command import GitError
from jira_ci.leg import Leg
from jira_ci.past import targets
from jira_ci.past.provider import Provider
from jira_ci.run import CI
from jira_ci.text import one_line

_TOGETHER = Leg("")
"""All jobs of a run as one, as 0.1 reported them, and as a workflow does that follows another."""
_LARGEST = 1 << 20  # bytes of a workflow's file
_MOST = 50  # jobs of one run: each is a request to Jira


class Jobs:
    """Finds out about the jobs of runs; what cannot be found out is said once.

    Args:
        provider: asked for what the clone does not hold.
    """

    def __init__(self, context: Context, provider: Provider) -> None:
        self._context, self._provider = context, provider
        self._said: set[str] = set()

    def of(self, past: PastRun) -> Sequence[Leg]:
        """The legs of the run's jobs, and all of them together."""
        context = self._context
        if context.settings.pipeline:
            return (_TOGETHER,)
        if past.run_id and past.run_id == context.run.run_id:
            return (_TOGETHER, targets.own(context.run))
        try:
            found = self._legs(past)
        except (Unknown, Unreadable) as error:
            return (_TOGETHER, *self._unknown(past, str(error).rstrip(".")))
        if len(found) > _MOST:
            return (_TOGETHER, *self._unknown(past, f"there are {len(found)}, and {_MOST} are looked for"))
        return (_TOGETHER, *found)

    def _legs(self, past: PastRun) -> list[Leg]:
        if past.commit and past.workflow:
            try:
                data = self._context.git.file(past.commit, past.workflow, _LARGEST)
            except GitError:
                data = None
            if data is not None:
                return legs(data.decode("utf-8", "replace"))
        of_gitlab = self._context.run.provider == CI.GITLAB
        if self._provider.runs is None or not past.run_id or not (past.commit or of_gitlab):
            raise Unknown("nobody can be asked about it")
        return self._provider.runs.legs(past)

    def _unknown(self, past: PastRun, why: str) -> tuple[()]:
        whose = past.workflow or str(past)
        if whose not in self._said:
            self._said.add(whose)
            self._context.console.notice(
                "warning",
                f"Which jobs of {one_line(whose, 200)} reported is not known: {one_line(why, 300)}. What each of them "
                "reported on its own is found by the setting pipeline, if the reports have it; forget finds it by run.",
            )
        return ()
