"""The two reports of one deployment, its start and its end, about the same issues. Never an obstacle: each is bounded,
and whatever goes wrong with one is said and changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from jira_ci.context import Context, Result
from jira_ci.sites.sites import incomplete, missing_credentials, sites
from jira_ci.timing import Call, Deadline, Late

if TYPE_CHECKING:
    from jira_ci.jira.issues import IssueTitles
    from jira_ci.report.plan import Plan

T = TypeVar("T")
_START = 15.0  # seconds for the first report, with all that it has to read; a comment has to follow before the start
_GRACE = 2.0  # seconds after that, in which a report that one site held up says what became of it at the others


class TwoReports:
    """Reports one deployment.

    Args:
        whole: ends with the job; a signal hurries it.
    """

    def __init__(self, context: Context, whole: Deadline) -> None:
        self._context, self._whole = context, whole
        self._plan: Plan | None = None
        self._looked: dict[str, IssueTitles] = {}
        self._begun = Result()

    @property
    def plan(self) -> Plan | None:
        """What was reported last; ``None`` where nothing was."""
        return self._plan

    def begin(self, deadline: Deadline) -> Result:
        """Reports *in progress*.

        Args:
            deadline: when the deployment has to begin: what is not known by then is left behind.
        """
        missing = self._missing()
        if missing:
            self._context.console.notice("warning", missing)
        else:
            self._begun = self._report("in_progress", 0.0, _START, deadline)
        return self._begun

    def end(self, state: str, seconds: float) -> Result:
        """Reports how it ended; the outputs hold the state, reported or not.

        Args:
            state: Jira's word.
            seconds: how long it took.
        """
        nothing = self._missing() or (self._plan is not None and not self._plan.claiming)
        result = self._begun if nothing else self._report(state, seconds, self._context.settings.timeout, self._whole)
        names = list(self._context.environment_names)
        return dataclasses.replace(result, outputs={"environment": names, **result.outputs, "state": state})

    def _missing(self) -> str:
        """Why nothing can be reported anywhere, as far as the settings tell; empty when something can."""
        if self._context.settings.dry_run:
            return ""
        why = []
        for site in sites(self._context):
            missing = missing_credentials(site.settings)
            if not missing:
                return ""
            found = site.withheld(self._context.run)
            why.append(found or incomplete(site.settings, missing, site.word).message)
        return f"The deployment is not reported to Jira: {' '.join(dict.fromkeys(why))}"

    def _report(self, state: str, seconds: float, limit: float, whole: Deadline) -> Result:
        context = dataclasses.replace(self._context, deadline=Deadline(limit, whole=whole))

        def complain(problem: str) -> None:
            context.console.notice("warning", f"Not reported: {problem.rstrip('.')}.")

        until = Deadline(limit + _GRACE, whole=whole)
        return bounded(lambda: self._send(context, state, seconds), until, Result(), complain)

    def _send(self, context: Context, state: str, seconds: float) -> Result:
        from jira_ci.report import plan, report
        from jira_ci.report.deliver import dial_ahead

        with closing(dial_ahead(context, context.environment_names, state)) as delivery:
            again = self._plan is not None
            self._plan = self._plan or plan.plan_deployment(context, state)
            if not context.deadline.remaining():
                return Result()  # it is not waited for any more, and the user's command may be writing to the log
            found = self._plan if state == "in_progress" else plan.ended(self._plan, context, state, seconds)
            delivery.looked = self._looked
            # Titles are not waited for before a deployment begins.
            return report.report(context, found, delivery, said=again, titles=again)


def bounded(function: Callable[[], T], deadline: Deadline, otherwise: T, complain: Callable[[str], None]) -> T:
    """What the function returns, unless it fails or is late: that is said, and goes no further."""
    try:
        return Call(function).result(deadline)
    except Late:
        complain("there was no answer in time")
    except Exception as error:  # noqa: BLE001 - as above
        complain(str(error) or type(error).__name__)
    return otherwise
