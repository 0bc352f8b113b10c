"""What became of a report: records that were taken or refused, and what they named that Jira does not know."""

from __future__ import annotations

from dataclasses import dataclass, field

from jira_ci.errors import JiraCiError
from jira_ci.jira.records import Record


@dataclass
class Outcome:
    """What became of the records that were sent."""

    accepted: list[Record] = field(default_factory=list)
    rejected: list[tuple[Record, list[str]]] = field(default_factory=list)
    """Each with Jira's reasons."""
    unknown_keys: list[str] = field(default_factory=list)
    refused_keys: list[str] = field(default_factory=list)
    """Keys that made Jira reject a record; it was sent again without them."""
    unknown_services: list[str] = field(default_factory=list)
    """Ids of services that the site does not have: their deployments are not shown on them."""
    unknown_associations: list[str] = field(default_factory=list)
    """Commits and repositories, each with its kind. No trouble: Jira knows only those that another app told it of."""
    error: JiraCiError | None = None
    """Why a portion was not taken at all, and the portions after it were not sent."""


@dataclass
class Links(Outcome):
    """What became of the links. A record counts as accepted when one of its issues shows it, or none is known."""

    arrived: int = 0
    wanted: int = 0
    """How many there should be: unknown issues are counted too."""
    refusals: dict[str, str] = field(default_factory=dict)
    """Issues on which Jira does not want the link, and why."""
    left: list[str] = field(default_factory=list)
    """Issues that do not show all they should, because there was no answer or no time."""
