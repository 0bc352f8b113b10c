"""What was found parked, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from jira_ci.errors import Exit, JiraCiError
from jira_ci.gate.create_change import is_in_project
from jira_ci.gate.policy.policy import Policy
from jira_ci.jira.parse_change import Noted
from jira_ci.parking.note import Note

Fate = Literal["resumed", "waiting", "dropped", "unclear"]


@dataclass(frozen=True)
class Parked:
    """A note, and the change that it stands on."""

    note: Note
    change: Noted
    policy: Policy
    """Of the service desk where it was found."""

    @property
    def at(self) -> tuple[str, str]:
        """The change, among those of all sites."""
        return self.policy.site, self.change.id

    @property
    def at_home(self) -> bool:
        """Whether the change is in the service desk where it was looked for."""
        return is_in_project(self.change.project_id, self.change.project_key, self.policy.service_desk)


@dataclass(frozen=True)
class Outcome:
    """What became of one note.

    Attributes:
        why: a sentence.
        exit: what a command ends with that could not find it out.
    """

    parked: Parked
    fate: Fate
    why: str
    exit: int = Exit.OK


def each_once(found: Iterable[Parked]) -> list[Parked]:
    """Without what the searches of several desks have brought; where it was found at home counts."""
    by_home = sorted(found, key=lambda one: one.at_home)
    return list({(one.at, one.note.run, one.note.place): one for one in by_home}.values())


def worst(outcomes: Sequence[Outcome], errors: Sequence[JiraCiError]) -> int:
    """The exit code: 0 unless something could not be asked."""
    return max([0, *(one.exit for one in outcomes), *(error.exit for error in errors)])
