"""Which jobs, and legs of jobs, a GitHub workflow's file makes: read from its text, as far as that says it.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from jira_ci.run import Leg, leg_of_values
from jira_ci.text import mapping, mappings

_MOST = 256  # jobs that GitHub makes of one matrix


class Unknown(Exception):
    """The file does not say which legs there are."""


def legs(text: str) -> list[Leg]:
    """The legs of the jobs that may report to Jira: those whose steps mention it, or, where none does, all.

    Raises:
        Unknown: the file cannot be read, or only a run knows its matrix, or another workflow's file holds the job.
    """
    import yaml

    try:
        jobs = mapping(mapping(yaml.safe_load(text)).get("jobs"))
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Unknown("it is not YAML") from None
    named = {str(name): mapping(job) for name, job in jobs.items()}
    telling = {name: job for name, job in named.items() if _tells(job)}
    return [leg for name, job in (telling or named).items() for leg in _legs_of(name, job)]


def _tells(job: Mapping[str, Any]) -> bool:
    written = repr((job.get("steps"), job.get("uses"))).lower()
    return "jira-ci" in written or "jira_ci" in written


def _legs_of(name: str, job: Mapping[str, Any]) -> Iterator[Leg]:
    if "uses" in job:
        raise Unknown(f"the job {name} is another workflow's")
    matrix = mapping(job.get("strategy")).get("matrix")
    if matrix is None:
        yield Leg(name)
        return
    rows = _rows(name, matrix)
    yield from (leg_of_values(name, row, several=len(rows) > 1) for row in rows)


def _rows(name: str, matrix: Any) -> list[dict[str, Any]]:
    if not isinstance(matrix, Mapping) or "${{" in repr(matrix):
        raise Unknown(f"only a run knows the matrix of the job {name}")
    axes = {str(axis): values for axis, values in matrix.items() if axis not in ("include", "exclude")}
    if not all(isinstance(values, list) for values in axes.values()):
        raise Unknown(f"the matrix of the job {name} is none")
    excluded, included = mappings(matrix.get("exclude")), mappings(matrix.get("include"))
    made = itertools.product(*axes.values()) if axes else iter(())
    rows = [dict(zip(axes, values, strict=True)) for values in itertools.islice(made, _MOST)]
    rows = [row for row in rows if not any(_fits(one, row) for one in excluded)]
    original = len(rows)
    for one in included:
        over = {axis: value for axis, value in one.items() if axis in axes}
        # It is added to every combination of which it changes no value; where there is none, it is one of its own.
        fitting = [row for row in rows[:original] if _fits(over, row)]
        for row in fitting:
            row.update(one)
        if not fitting:
            rows.append(dict(one))
    return rows[:_MOST]


def _fits(part: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(name in row and row[name] == value for name, value in part.items())
