"""The default change workflow: its statuses, and which transition leads from where to where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jira_sandbox.jira_errors import DeskError

CATEGORIES = {
    "undefined": (1, "No Category", "medium-gray"),
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
"""Key of a status category -> its id, name and colour."""
_STEPS = (
    ("Start planning", "Review", "Planning"),
    ("Request approval", "Planning", "Authorize"),
    ("Approve", "Authorize", "Awaiting implementation"),
    ("Decline", "Authorize", "Declined"),
    ("Back to planning", "Authorize", "Planning"),
    ("Implement", "Awaiting implementation", "Implementing"),
    ("Complete", "Implementing", "Completed"),
    ("Fail", "Implementing", "Failed"),
    ("Cancel", "Review, Planning, Authorize, Awaiting implementation, Implementing", "Canceled"),
    ("Start", "To Do", "In Progress"),
    ("Done", "To Do, In Progress", "Done"),
    ("Reopen", "Done", "In Progress"),
)


@dataclass(frozen=True)
class Status:
    """One status; ``category`` is a key of CATEGORIES."""

    id: str
    name: str
    category: str


@dataclass(frozen=True)
class Transition:
    """``sources`` are ids of statuses; with none of them the transition is open from everywhere.

    ``required`` are ids of fields that its screen asks for; ``projects`` those of the projects whose workflow has it,
    all of them where there are none.
    """

    id: str
    name: str
    sources: tuple[str, ...]
    target: str
    required: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


# No official page gives the categories; these are what the names mean.
STATUSES = (
    Status("10100", "Review", "new"),
    Status("10101", "Planning", "indeterminate"),
    Status("10102", "Authorize", "indeterminate"),
    Status("10103", "Awaiting implementation", "indeterminate"),
    Status("10104", "Implementing", "indeterminate"),
    Status("10105", "Completed", "done"),
    Status("10106", "Declined", "done"),
    Status("10107", "Canceled", "done"),
    Status("10108", "Failed", "done"),
    Status("10000", "To Do", "new"),
    Status("3", "In Progress", "indeterminate"),
    Status("10001", "Done", "done"),
)
OF_WORK = ("10000", "3", "10001")
"""Ids of the statuses of what is developed; the others are those of changes."""


def _transitions() -> tuple[Transition, ...]:
    ids = {status.name: status.id for status in STATUSES}
    return tuple(
        Transition(str(11 + 10 * index), name, tuple(ids[source] for source in sources.split(", ")), ids[target])
        for index, (name, sources, target) in enumerate(_STEPS)
    )


class Workflow:
    """The statuses that changes can have. It may be altered while changes have them: they know the status by its id."""

    def __init__(self, statuses: Iterable[Status] = STATUSES, transitions: Iterable[Transition] | None = None) -> None:
        self._statuses = {status.id: status for status in statuses}
        self.transitions = tuple(_transitions() if transitions is None else transitions)

    @property
    def statuses(self) -> list[Status]:
        return list(self._statuses.values())

    def status(self, identity: str) -> Status:
        """The status with this id; one without a category when it is gone."""
        return self._statuses.get(identity, Status(identity, "Unknown", "undefined"))

    def named(self, name: str) -> Status:
        """The status with this name, in any case, or this id.

        Raises:
            DeskError: there is none.
        """
        wanted = name.strip().casefold()
        for status in self._statuses.values():
            if wanted in (status.name.casefold(), status.id):
                return status
        names = ", ".join(status.name for status in self._statuses.values())
        raise DeskError(f"There is no status {name!r}; there are {names}.")

    def add(self, name: str, category: str = "indeterminate") -> Status:
        """One more status, which no transition leads to or from."""
        status = Status(str(10200 + len(self._statuses)), name, _checked(category))
        self._statuses[status.id] = status
        return status

    def rename(self, name: str, to: str, category: str | None = None) -> Status:
        """Give a status another name, as a translation does, or another category."""
        before = self.named(name)
        status = replace(before, name=to, category=_checked(category or before.category))
        self._statuses[status.id] = status
        return status

    def open_from(self, status: str, project: str = "") -> list[Transition]:
        """The transitions that can be taken from the status with this id, in the project with this id."""
        own = [one for one in self.transitions if not one.projects or project in one.projects]
        return [one for one in own if not one.sources or status in one.sources]


def _checked(category: str) -> str:
    if category not in CATEGORIES:
        raise DeskError(f"{category!r} is no status category; there are {', '.join(CATEGORIES)}.")
    return category
