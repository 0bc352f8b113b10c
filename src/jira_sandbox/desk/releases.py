"""Versions of projects, what is linked to them, and operations on many issues that go on while nobody waits."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jira_sandbox.desk.ledger import Ledger
from jira_sandbox.jira_errors import DeskError, NotFound

_LONGEST_NAME = 255
_LARGEST_DESCRIPTION = 16_384
_NO_VERSION = "Could not find version for id '{}'"


@dataclass(frozen=True)
class RelatedWork:
    """A link from a version to a page elsewhere."""

    id: str
    category: str
    title: str
    url: str


@dataclass(frozen=True)
class Version:
    """One version of one project; days are ``yyyy-mm-dd``, empty where there is none."""

    id: str
    project: str
    name: str
    description: str = ""
    start: str = ""
    release: str = ""
    released: bool = False
    archived: bool = False
    related: tuple[RelatedWork, ...] = ()


@dataclass
class Task:
    """One operation on many issues: which of them went well, and why others did not, by id.

    ``polls`` is how often it is still going on when somebody asks.
    """

    id: str
    author: str
    created: int
    processed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    unseen: int = 0
    polls: int = 0


class Releases:
    """All versions, and all operations on many issues. It shares the ledger's lock, numbers and notice of changes.

    Attributes:
        polls: how often an operation that begins from now on is said to go on still.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._versions: dict[str, Version] = {}
        self._tasks: dict[str, Task] = {}
        self.polls = 0

    def of(self, project: str) -> list[Version]:
        """The versions of the project with this id, oldest first."""
        with self._ledger.lock:
            return [one for one in self._versions.values() if one.project == project]

    def find(self, identity: str) -> Version:
        """Raises NotFound when there is none with this id."""
        with self._ledger.lock:
            if identity not in self._versions:
                raise NotFound(_NO_VERSION.format(identity))
            return self._versions[identity]

    def create(self, project: str, name: str, **more: Any) -> Version:
        """One more version of the project with this id. Raises DeskError when Jira would not take it."""
        with self._ledger.lock:
            made = _checked(Version(self._ledger.number("versions", 10_500), project, name, **more), self.of(project))
            self._versions[made.id] = made
            self._ledger.changed()
            return made

    def alter(self, identity: str, **changes: Any) -> Version:
        """Raises NotFound when there is none with this id, and DeskError when Jira would not take the changes."""
        with self._ledger.lock:
            before = self.find(identity)
            others = [one for one in self.of(before.project) if one.id != identity]
            self._versions[identity] = _checked(replace(before, **changes), others)
            self._ledger.changed()
            return self._versions[identity]

    def relate(self, identity: str, category: str, title: str, url: str) -> RelatedWork:
        """Link a page to a version."""
        with self._ledger.lock:
            number = self._ledger.number("related work", 1)
            made = RelatedWork(f"fabcdef6-7878-1234-beaf-{int(number):012d}", category, title, url)
            self.alter(identity, related=(*self.find(identity).related, made))
            return made

    def begin(self, author: str, now: int) -> Task:
        """One more operation on many issues."""
        with self._ledger.lock:
            task = Task(self._ledger.number("tasks", 10_600), author, now, polls=self.polls)
            self._tasks[task.id] = task
            return task

    def task(self, identity: str) -> Task:
        """Raises NotFound when there is none with this id."""
        with self._ledger.lock:
            if identity not in self._tasks:
                raise NotFound(f"The task with id {identity} does not exist.")
            return self._tasks[identity]

    def dump(self) -> dict[str, Any]:
        """The versions as plain values."""
        with self._ledger.lock:
            return {"versions": [dataclasses.asdict(one) for one in self._versions.values()]}

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Keep what :meth:`dump` gave; older dumps know of no versions.

        Raises:
            KeyError, TypeError, ValueError: it did not give this.
        """
        found = {}
        for one in dumped.get("versions", []):
            related = tuple(RelatedWork(**link) for link in one["related"])
            found[str(one["id"])] = Version(**{**one, "related": related})
        with self._ledger.lock:
            self._versions = found


def _checked(version: Version, others: list[Version]) -> Version:
    faults = {}
    if not version.name.strip():
        faults["name"] = "You must specify a valid version name"
    elif len(version.name) > _LONGEST_NAME:
        faults["name"] = f"The version name is too long. It must not exceed {_LONGEST_NAME} characters."
    elif any(one.name.casefold() == version.name.casefold() for one in others):
        faults["name"] = "A version with this name already exists in this project."
    if len(version.description.encode()) > _LARGEST_DESCRIPTION:
        faults["description"] = f"The description is too long. It must not exceed {_LARGEST_DESCRIPTION} bytes."
    days = {"startDate": version.start, "releaseDate": version.release}
    faults |= {name: "Please specify a valid date." for name, day in days.items() if day and not _is_day(day)}
    if not faults and version.start and version.release and version.start > version.release:
        faults["startDate"] = "The start date must be before the release date."
    if faults:
        raise DeskError(fields=faults)
    return version


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) and datetime.date.fromisoformat(text))
    except ValueError:
        return False
