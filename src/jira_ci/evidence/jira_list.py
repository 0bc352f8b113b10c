"""What the changes of one service desk say of deployments: from their indexes, or record by record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jira_ci.errors import Exit, JiraCiError
from jira_ci.evidence.population_rows import Change, Gap, Noted, Period, Recorded, moment, recorded
from jira_ci.gate import bindings
from jira_ci.gate.kept_records import INDEX, PREFIX, entry_of, index_of, names_among
from jira_ci.jira import change_endpoints, jql
from jira_ci.jira.parse_change import Found
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound
from jira_ci.text import canonical, one_line

_ZONES = timedelta(days=2)
_UNTOUCHED = timedelta(days=31)
"""How long before the period a change may have been touched last: to keep a record in a property is not to touch it."""
_NAMED = 5  # changes in one sentence
_NAME = re.compile(r"[0-9a-f]{16}")


@dataclass
class JiraList:
    """What was read.

    Attributes:
        foreign: records that name other repositories.
        changes: how many changes were looked at.
        denied: whether what is missing is missing because the account may not see it.
    """

    recorded: list[Recorded] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    foreign: list[Recorded] = field(default_factory=list)
    changes: int = 0
    denied: bool = False


class DeskReader:
    """Reads the changes of one service desk.

    Args:
        repository: whose deployments count; empty for every one's.
        fresh: whether each record is read, and no index believed.
    """

    def __init__(
        self, service: Service, site: str, desk: str, *, period: Period, repository: str, fresh: bool = False
    ) -> None:
        self._service, self._site, self._desk, self._period = service, site, desk, period
        self._repository, self._fresh = canonical(repository), fresh
        self._list = JiraList()
        self._unread: dict[str, list[str]] = {}

    def read(self) -> JiraList:
        """Everything that may be of the period. Raises nothing: what could not be read is a gap."""
        try:
            self._see()
            since, until = self._period.first - _UNTOUCHED, self._period.last + _ZONES
            query = jql.issues_between(self._desk, since, until)
            for page in self._service.pages_with(query, (INDEX, change_endpoints.PROPERTY)):
                for found, values in page:
                    self._take(found, values)
        except JiraCiError as error:
            self._gap(f"The changes of {one_line(self._desk, 60)} could not be read to their end: {error}", error)
        for why, keys in self._unread.items():
            shown = ", ".join(keys[:_NAMED]) + (f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else "")
            self._gap(f"{shown}: {why}")
        return self._list

    def _see(self) -> None:
        """Jira shows an empty list to whoever may see nothing."""
        if not self._service.permissions(self._desk, ["BROWSE_PROJECTS"]).get("BROWSE_PROJECTS"):
            self._list.denied = True
            self._gap(f"The account may not see the project {one_line(self._desk, 60)} (Browse projects).")

    def _take(self, found: Found, values: Mapping[str, Any]) -> None:
        self._list.changes += 1
        change = Change(self._site, found.id, one_line(found.key, 60))
        try:
            own = self._properties(change, values)
            for one, proof in self._entries(change, own):
                self._add(recorded(change, one, proof), change)
            self._note(change, own.get(change_endpoints.PROPERTY))
        except NotFound:
            self._miss(change, "deleted, or hidden, since the search found it.")
        except JiraCiError as error:
            self._list.denied |= error.exit == Exit.ACCESS
            self._miss(change, f"its records could not be read: {error}")

    def _properties(self, change: Change, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of the change that are ours, by their keys; of records the key alone. Data Center tells none in a
        search."""
        if self._service.connect().edition == "cloud" and not self._fresh:
            return told
        keys = self._service.property_keys(change.id)
        read = {
            key: self._service.property(change.id, key) for key in (INDEX, change_endpoints.PROPERTY) if key in keys
        }
        return {**{key: None for key in keys if key.startswith(PREFIX)}, **read}

    def _entries(self, change: Change, own: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
        index = index_of(own.get(INDEX))
        told = {str(one["record"]): one for one in index.told}
        names = [*told, *index.named, *names_among(list(own))]
        if not self._fresh:
            yield from ((one, "index") for one in told.values())
            oldest = next(filter(None, (moment(one.get("at")) for one in index.told)), None)
            # The others are older than the oldest that is told of.
            late = oldest is None or oldest >= self._period.start
            names += names_among(self._service.property_keys(change.id)) if index.full and late else []
            names = [name for name in names if late and name not in told]
        for name in dict.fromkeys(names):
            value = self._service.property(change.id, PREFIX + name) if _NAME.fullmatch(name) else None
            one, digest = entry_of(value)
            if one is None:
                self._miss(change, f"its record {one_line(name, 40)} is gone, or is none.")
            elif digest != name or one["record"] != name or _ended_otherwise(one, told.get(name, {})):
                yield {**one, "record": name}, "altered"
            else:
                yield one, "record"

    def _add(self, found: Recorded | None, change: Change) -> None:
        if found is None:
            self._miss(change, "an entry in its index of records is incomplete.")
        elif self._repository and canonical(found.repository) != self._repository:
            self._list.foreign.append(found)
        else:
            self._list.recorded.append(found)

    def _note(self, change: Change, value: Any) -> None:
        try:
            found = bindings.read(value if isinstance(value, dict) else None)
        except bindings.NotOurs:
            return
        for one in found.deployments:
            if not self._repository or canonical(one.scope.repository) in (self._repository, ""):
                noted = Noted(change, one.scope.environment, one.commit, one.run_id, one.scope.tenant, one.outcome)
                self._list.noted.append(noted)

    def _miss(self, change: Change, why: str) -> None:
        keys = self._unread.setdefault(why, [])
        if change.key not in keys:
            keys.append(change.key)

    def _gap(self, why: str, error: JiraCiError | None = None) -> None:
        self._list.denied |= error is not None and error.exit == Exit.ACCESS
        self._list.gaps.append(Gap("Jira", why, self._period.first, self._period.last))


def _ended_otherwise(record: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether a record and its index tell of different ends of the deployment, which no digest covers. An index that
    another writer has put back may not know of one yet."""
    known = bool(record.get("state") and told.get("state"))
    return known and any(record.get(name) != told.get(name) for name in ("started", "ended", "state"))
