"""Whether a newer run has deployed to a place meanwhile, so that to start the older one would be a silent roll-back.

The CI says who deployed to an environment last. It knows no tenants: where several share an environment, the changes
are asked, which remember what was deployed on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from jira_ci.ci.api import Unreadable
from jira_ci.ci.restart import Restarts
from jira_ci.errors import Exit, JiraCiError
from jira_ci.gate.bindings import Deployed, NotOurs, Scope, read
from jira_ci.gate.policy.policy import Policy
from jira_ci.jira import change_endpoints, jql
from jira_ci.jira.service_desk import Service
from jira_ci.parking.note import Note
from jira_ci.text import one_line, whole

_PAGES = 10


@dataclass
class Superseded:
    """What is known of newer deployments in one sweep.

    Args:
        repository: ``owner/name``.
        since, until: in which days the changes were touched that are asked.
        service: the service desk of a policy.
    """

    repository: str
    since: date
    until: date
    service: Callable[[Policy], Service]
    _newest: dict[str, int] = field(default_factory=dict)
    _made: dict[tuple[str, str], list[Deployed]] = field(default_factory=dict)

    def why(self, note: Note, policy: Policy, ci: Restarts) -> str:
        """Why the note's run is not started any more; empty where it may be.

        Raises:
            Unreadable: the CI or Jira gives no usable answer.
        """
        if note.environment not in self._newest:
            self._newest[note.environment] = ci.newest(note.environment)
        newest, own = self._newest[note.environment], int(note.run)
        if newest <= own:
            return ""
        if not note.tenant:
            return _since(newest)
        made = self._remembered(policy)
        place = Scope(self.repository, policy.project, note.environment, note.tenant)
        here = max((whole(one.run_id[:18]) or 0 for one in made if one.scope.same(place)), default=0)
        if here > own:
            return _since(here)
        if any(one.run_id == str(newest) for one in made):
            return ""
        where = one_line(note.environment, 80)
        return f"run {newest} has deployed to {where} since, for whichever tenant: this may be a silent roll-back"

    def _remembered(self, policy: Policy) -> list[Deployed]:
        """The deployments that went well, as the changes of a desk have them. Data Center tells none in a search."""
        at = policy.site, policy.service_desk
        if at not in self._made:
            try:
                self._made[at] = list(self._read(policy))
            except JiraCiError as error:
                raise Unreadable(str(error), denied=error.exit == Exit.ACCESS) from None
        return self._made[at]

    def _read(self, policy: Policy) -> Iterator[Deployed]:
        query = jql.issues_between(policy.service_desk, self.since, self.until)
        for page in islice(self.service(policy).pages_with(query, (change_endpoints.PROPERTY,)), _PAGES):
            for _, values in page:
                value = values.get(change_endpoints.PROPERTY)
                try:
                    found = read(value) if isinstance(value, dict) else None
                except NotOurs:
                    continue
                yield from (one for one in (found.deployments if found else ()) if one.outcome == "successful")


def _since(run: int) -> str:
    return f"run {run} has deployed there since: this would be a silent roll-back"
