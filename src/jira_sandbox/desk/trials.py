"""What people do to changes in a trial, now or after a number of polls."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jira_sandbox.accounts import DINA
from jira_sandbox.desk.actions import Desk
from jira_sandbox.desk.catalogue import EDITABLE
from jira_sandbox.desk.change_issue import Change, Decision, Item
from jira_sandbox.desk.fields import written
from jira_sandbox.jira_errors import DeskError, NotFound
from jira_sandbox.moments import milliseconds

Act = Callable[[], object]
_WRAPPED = {"groups": "name", "services": "id"}
When = datetime.datetime | str | None


class Script:
    """What is to happen to which issue after how many reads.

    Attributes:
        failures: in sentences, the steps that could not be taken when their turn came.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self.failures: list[str] = []
        self._lock = lock
        self._waiting: dict[str, list[tuple[int, Act]]] = {}

    def add(self, identity: str, polls: int, act: Act) -> None:
        """Do this once the issue with this id has been read so many times from now on."""
        with self._lock:
            self._waiting.setdefault(identity, []).append((polls, act))

    def waiting(self, identity: str) -> list[int]:
        """How many reads each step still waits for."""
        with self._lock:
            return [left for left, _ in self._waiting.get(identity, [])]

    def polled(self, identity: str) -> None:
        """A read of the issue with this id has been answered."""
        with self._lock:
            waiting = [(left - 1, act) for left, act in self._waiting.pop(identity, [])]
            later = [(left, act) for left, act in waiting if left > 0]
            if later:
                self._waiting[identity] = later
            for act in [act for left, act in waiting if left <= 0]:
                self._take(identity, act)

    def _take(self, identity: str, act: Act) -> None:
        try:
            act()
        except DeskError as error:
            self.failures.append(f"A scripted step on the issue with id {identity} failed: {error}")


REQUEST_TYPE = "customfield_10010"
"""The service desk's own field, which no form holds: in an issue's history it is a custom one."""


class Trials:
    """Plays the people of the site. Everything but :meth:`create` takes ``after_polls``.

    With ``after_polls=N`` it happens as soon as the Nth read of the issue from now on has been answered, so that this
    answer still tells nothing of it; what people named wrongly is said at once. A read is a GET of the issue itself,
    or of the request itself, by whoever it is.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.script = Script(desk.ledger.lock)

    def create(
        self,
        summary: str,
        *,
        description: str = "",
        request_type: str = "Request a change",
        project: str = "OPS",
        by: str = "dina",
        fields: Mapping[str, Any] | None = None,
        status: str = "",
        key: str = "",
    ) -> Change:
        """A change that somebody made.

        Args:
            fields: by name; a moment as a datetime or a text with offset, an option as its name, people as names.
            status: where to put it at once.
            key: instead of the next free one; an issue that exists by rule only gives way.
        """
        desk, catalogue = self.desk, self.desk.catalogue
        desk_id = catalogue.project(project).desk
        kind = next((one for one in catalogue.request_types if (one.desk, one.name) == (desk_id, request_type)), None)
        if kind is None:
            raise DeskError(f"The project {project} has no request type {request_type!r}.")
        values = {self._field(name): self._value(self._field(name), value) for name, value in (fields or {}).items()}
        if key and desk.ledger.find(key):
            raise DeskError(f"There is an issue {key} already.")
        made = desk.create(kind, summary, description, values, desk.person(by), key)
        return desk.enter(made.key, status, desk.person(by)) if status else made

    def approve(self, key: str, by: str = "", *, after_polls: int = 0) -> None:
        """Approve what waits for an answer: as the person ``by``, or as everybody who is still asked."""
        self._answer(key, by, "approved", after_polls)

    def decline(self, key: str, by: str = "", *, after_polls: int = 0) -> None:
        """Decline what waits for an answer: as the person ``by``, or as the first one who is still asked."""
        self._answer(key, by, "declined", after_polls)

    def transition(self, key: str, status: str, by: str = "dina", *, after_polls: int = 0) -> None:
        """Put a change into a status, whether or not a transition leads there."""
        account, name = self.desk.person(by), self.desk.workflow.named(status).name
        self._do(key, after_polls, lambda: self.desk.enter(key, name, account))

    def window(self, key: str, start: When = None, end: When = None, *, by: str = "dina", after_polls: int = 0) -> None:
        """Set Planned start and Planned end; what is None becomes empty. Of several fields of one name, the first."""
        fields = {"Planned start": start, "Planned end": end}
        self.edit(
            key,
            {name: value for name, value in fields.items() if value or self.desk.catalogue.named(name)},
            by=by,
            after_polls=after_polls,
        )

    def edit(self, key: str, fields: Mapping[str, Any], *, by: str = "dina", after_polls: int = 0) -> None:
        """Edit fields by name, or by id where a name is not enough, with values as for :meth:`create`."""
        values = {self._field(name): self._value(self._field(name), value) for name, value in fields.items()}
        account = self.desk.person(by)
        self._do(key, after_polls, lambda: self.desk.edit(key, values, account))

    def raw(self, key: str, field: str, value: Any, *, after_polls: int = 0) -> None:
        """Let a field, by name or id, hold what no form would take: it is shown as it is, and in no history."""
        identity = self._field(field)

        def alteration(change: Change) -> Change:
            return replace(change, values={**change.values, identity: value})

        self._do(key, after_polls, lambda: self.desk.alter(key, alteration))

    def assign(self, key: str, to: str = "", *, after_polls: int = 0) -> None:
        """Give an issue to somebody, or to nobody."""
        account = self.desk.person(to) if to else None

        def alteration(change: Change) -> Change:
            before = change.values.get("assignee")
            names = [self.desk.people.of(one).display if one else None for one in (before, account)]
            note = Item("assignee", "assignee", before, account, *names)
            return self._noted(change, [note], values={**change.values, "assignee": account})

        self._do(key, after_polls, lambda: self.desk.alter(key, alteration))

    def move(self, key: str, project: str, *, after_polls: int = 0) -> None:
        """Move an issue to another project, where it gets another key; the old one still leads to it."""
        catalogue = self.desk.catalogue
        try:
            target = catalogue.project(project)
        except NotFound:
            target = catalogue.add_project(project)

        def alteration(change: Change) -> Change:
            new = self.desk.ledger.key(target.key)
            note = Item("project", "project", change.project, target.id, None, target.name)
            moved = Item("Key", "Key", None, None, change.key, new)
            former = (*change.former, change.key)
            return self._noted(change, [note, moved], key=new, project=target.id, former=former)

        self._do(key, after_polls, lambda: self.desk.alter(key, alteration))

    def retype(self, key: str, issue_type: str, *, after_polls: int = 0) -> None:
        """Give an issue another type, by name."""
        types = self.desk.catalogue
        target = types.issue_type(issue_type)

        def alteration(change: Change) -> Change:
            note = Item("issuetype", "issuetype", change.issue_type, target.id, None, target.name)
            return self._noted(change, [note], issue_type=target.id)

        self._do(key, after_polls, lambda: self.desk.alter(key, alteration))

    def request_as(self, key: str, request_type: str, *, after_polls: int = 0) -> None:
        """Give a request another request type of its desk, by name."""
        catalogue, change = self.desk.catalogue, self.desk.known(key)
        of_desk = catalogue.project(change.project).desk
        kinds = {one.name: one for one in catalogue.request_types if one.desk == of_desk}
        if request_type not in kinds:
            raise DeskError(f"The desk of {key} has no request type {request_type!r}.")

        def alteration(change: Change) -> Change:
            before = next((one.name for one in kinds.values() if one.id == change.request_type), None)
            note = Item(REQUEST_TYPE, "Request Type", None, None, before, request_type)
            return self._noted(change, [note], request_type=kinds[request_type].id)

        self._do(key, after_polls, lambda: self.desk.alter(key, alteration))

    def delete(self, key: str, *, after_polls: int = 0) -> None:
        """Nobody sees it any more, for ever."""
        self._do(key, after_polls, lambda: self.desk.alter(key, lambda change: replace(change, deleted=True)))

    def hide(self, key: str, *, hidden: bool = True, after_polls: int = 0) -> None:
        """Take the right to see an issue from everybody, or give it back."""
        self._do(key, after_polls, lambda: self.desk.alter(key, lambda change: replace(change, hidden=hidden)))

    def _do(self, key: str, after_polls: int, act: Act) -> None:
        if after_polls <= 0:
            act()
        else:
            self.script.add(self.desk.known(key).id, after_polls, act)

    def _answer(self, key: str, by: str, decision: Decision, after_polls: int) -> None:
        account = self.desk.person(by) if by else ""

        def act() -> None:
            with self.desk.ledger.lock:
                for approval, asked in self._open(key, account, decision):
                    self.desk.answer(key, approval, asked, decision)

        self._do(key, after_polls, act)

    def _open(self, key: str, account: str, decision: Decision) -> list[tuple[str, str]]:
        """Which approval to answer, and as whom."""
        pending = [one for one in self.desk.known(key).approvals if one.final == "pending"]
        if not pending:
            raise DeskError(
                f"Nobody is asked to approve {key}; move it to a status with an approval, such as Authorize."
            )
        asked = [name for name, answer in pending[-1].decisions.items() if answer == "pending"]
        if account:
            return [(pending[-1].id, account)]
        wanted = pending[-1].needed or len(asked)
        given = len(pending[-1].decisions) - len(asked)
        return [(pending[-1].id, name) for name in (asked[: wanted - given] if decision == "approved" else asked[:1])]

    def _noted(self, change: Change, items: list[Item], **changes: Any) -> Change:
        number = self.desk.ledger.number("history", 10_400)
        return change.noted(number, DINA.account, self.desk.clock.milliseconds(), items, **changes)

    def _field(self, name: str) -> str:
        found = self.desk.catalogue.field(name) or next(iter(self.desk.catalogue.named(name)), None)
        if found is None or not (found.custom or found.id in EDITABLE):
            raise DeskError(f"The site has no field {name!r} that can be edited.")
        return found.id

    def _value(self, identity: str, value: Any) -> Any:
        field = self.desk.catalogue.field(identity)
        if field is None or value is None:
            return value
        if field.kind == "users" and isinstance(value, (list, tuple)):
            return [self.desk.person(str(name)) for name in value]
        if field.kind == "datetime":
            return milliseconds(value) if isinstance(value, datetime.datetime) else written(str(value))
        if field.kind in _WRAPPED and isinstance(value, (list, tuple)):
            value = [{_WRAPPED[field.kind]: one} for one in value]
        return field.parsed({"value": value} if field.kind == "select" else value, rich=False, account=str)
