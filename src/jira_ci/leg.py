"""One leg of a job: what ``matrix`` and ``parallel:`` make of a job, and how it is told from the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jira_ci.text import canonical

if TYPE_CHECKING:
    from jira_ci.run import Run
    from jira_ci.settings import Settings

# What action.yml makes of GitHub's contexts: strategy.job-total, a slash, and matrix as JSON. Both are known to an
# action's input defaults (https://github.com/actions/runner/blob/main/src/Runner.Worker/action_yaml.json).
_MATRIX = r"\s*(?:([0-9]*)/)?\s*(null|\{.*\})\s*"


@dataclass(frozen=True)
class Leg:
    """One of the jobs that a job of the pipeline's file becomes."""

    job: str
    """The job's name without its leg: GitHub's job id, GitLab's job name."""
    name: str = ""
    """What tells it from the other legs; empty when there is but this one, and no matrix."""
    values: tuple[str, ...] = ()
    """Of its matrix."""
    several: bool = False
    """Whether there are others."""


def is_of_matrix(text: str) -> bool:
    """Whether this is what the action says of the matrix, and not a chosen name."""
    return _matrix(text) is not None


def of_matrix(text: str, job: str) -> Leg:
    """The leg of this job that the action's text speaks of; without a name when it speaks of none."""
    found = _matrix(text)
    if found is None or not found[1]:
        return Leg(job)
    total, values = found
    return of_values(job, values, several=total != 1)


def of_values(job: str, matrix: Mapping[str, Any], *, several: bool) -> Leg:
    """The leg with these values, in the order of their names: whoever sorts a matrix anew makes no new pipeline."""
    rows = [_text(matrix[name]) for name in sorted(matrix)]
    return Leg(job, ", ".join(rows), tuple(filter(None, _scalars(matrix))), several)


def stands_in(leg: Leg, *names: str) -> bool:
    """Whether one of the matrix's values stands in one of these names, as a word: ``eu`` in ``prod-eu``."""
    places = [canonical(name) for name in names if name]
    values = [canonical(value) for value in leg.values]
    return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", place) for value in values if value for place in places)


def _matrix(text: str) -> tuple[int, Mapping[str, Any]] | None:
    """How many legs there are (0: not known), and this one's values; None for any other text."""
    match = re.fullmatch(_MATRIX, text, re.DOTALL)
    if match is None:
        return None
    try:
        values = json.loads(match[2])
    except (ValueError, RecursionError):
        return None
    return int(match[1] or 0), values or {}


def _text(value: Any) -> str:
    """A value as its leg's name shows it: no two values that differ are shown alike."""
    plain = _scalar(value)
    if plain is not None and plain.strip() == plain and plain and not re.search('[,"]', plain):
        return plain
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _scalars(value: Any) -> Iterator[str]:
    plain = _scalar(value)
    if plain is not None:
        yield plain
        return
    parts = value.values() if isinstance(value, Mapping) else value
    for part in parts if isinstance(value, (Mapping, list)) else ():
        yield from _scalars(part)


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else None


def of_run(run: Run) -> Leg:
    """The leg that this process is a part of."""
    return Leg(run.job, run.leg, run.leg_values, run.several_legs)


def told_apart(settings: Settings, leg: Leg, environment: str, tenant: str = "", service: str = "") -> tuple[str, str]:
    """The job and the leg that a report of this leg is of, each empty where it tells nothing apart.

    A build is one of its job and leg, unless ``pipeline`` says what it is of. A deployment is known by where it goes,
    because its start and its end may be reported by different jobs; only the legs of one job that go to the same place
    are told apart.

    Args:
        environment: what is deployed to; empty for a build.
    """
    if settings.pipeline:
        return "", settings.leg
    if not environment:
        return leg.job, settings.leg or leg.name
    apart = leg.several and not stands_in(leg, environment, tenant, service)
    return "", settings.leg or (leg.name if apart else "")
