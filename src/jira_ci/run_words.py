"""Words in single braces, as templates and the policy's fields hold them, and what they mean in a run.

``{{`` and ``}}`` are braces. A value is what it is: nothing in it is filled in again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jira_ci.run import Run

_WORDS = (
    "project version environment environment-type tenant service state branch tag commit short-commit number attempt "
    "run-id job actor repository pull-request workflow provider"
)
_CONTENTS = "issues authors comparison tests"
WORDS = tuple(_WORDS.split())
"""Those that a report's templates can hold."""
_NOT_YET = ("environment-type", "service", "state")  # before a deployment there are none
OF_CHANGE = (*(word for word in WORDS if word not in _NOT_YET), "run", *_CONTENTS.split())
"""Those that the description of a change can hold."""
# An expression that GitHub did not evaluate (a bound, so that no text takes quadratic time), a brace, a word.
PART = re.compile(r"(?P<expression>\$\{\{(?:[^}]|\}(?!\})){0,300}\}\})|\{\{|\}\}|\{(?P<word>[A-Za-z][A-Za-z0-9_-]*)\}")


def of_run(run: Run, *, project: str, version: str, state: str) -> dict[str, str]:
    """What the words mean in this run, but for those of one record: ``environment``, ``tenant``, ``service``.

    Args:
        project: its name.
        state: Jira's word.
    """
    return {
        "project": project,
        "version": version,
        "state": state,
        "branch": run.branch,
        "tag": run.tag,
        "commit": run.commit,
        "short-commit": run.commit[:7],
        "number": str(run.number),
        "attempt": str(run.attempt),
        "run-id": run.run_id,
        "job": run.job,
        "actor": run.actor,
        "repository": run.repository,
        "pull-request": str(run.pull_request.number) if run.pull_request else "",
        "workflow": run.workflow_name,
        "provider": run.provider,
    }


def as_it_is(word: str, value: str) -> str:  # noqa: ARG001 - a rule for any word
    """The rule that leaves a value as it is."""
    return value


def fill(template: str, values: Mapping[str, str], rule: Callable[[str, str], str] = as_it_is) -> str:
    """The template with its words filled in; one without a value is empty.

    Args:
        rule: what becomes of a word's value.
    """

    def part(match: re.Match[str]) -> str:
        if match["word"]:
            return rule(match["word"], values.get(match["word"], ""))
        return match["expression"] or match[0][0]

    return PART.sub(part, template)


def words_in(template: str) -> list[str]:
    """The words that a template holds."""
    return [part["word"] for part in PART.finditer(template) if part["word"]]


def fill_all(value: Any, values: Mapping[str, str]) -> Any:
    """A value with the words of every text in it filled in, however deep it stands.

    Raises:
        KeyError: one holds a word that has no meaning there.
    """
    if isinstance(value, str):
        missing = next((word for word in words_in(value) if word not in values), None)
        if missing is not None:
            raise KeyError(missing)
        return fill(value, values)
    if isinstance(value, Mapping):
        return {name: fill_all(part, values) for name, part in value.items()}
    return [fill_all(part, values) for part in value] if isinstance(value, (list, tuple)) else value
