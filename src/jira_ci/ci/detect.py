"""Which CI runs us: picks the reader and hands it what it reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jira_ci.git.repository import Git
from jira_ci.run import Run

_LARGEST = 32 * 1024 * 1024  # bytes; GitHub caps an event at 25 MB

Reader = Callable[[Path, int], bytes]


def read_bytes(path: Path, limit: int) -> bytes:
    """Up to ``limit`` bytes of a regular file.

    Raises:
        OSError: the file cannot be read, or is none.
    """
    if not path.is_file():  # a pipe would never end
        raise FileNotFoundError(path)
    with path.open("rb") as file:
        return file.read(limit)


def read_run(environ: Mapping[str, str], git: Git, reader: Reader = read_bytes) -> Run:
    """What this process runs in. No request is made.

    Args:
        environ: the process environment.
        git: the checkout, asked outside CI and where the CI names no commit or repository.
        reader: reads the event file; the second argument is the most bytes it may return.

    Raises:
        UsageError: the environment says it is GitHub, GitLab, Harness or Drone, but lacks what these always set.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        from jira_ci.ci import github

        event, gap = _event(environ.get("GITHUB_EVENT_PATH", ""), reader)
        run = github.read(environ, event)
        return replace(run, gaps=(*run.gaps, gap)) if gap else run
    if environ.get("GITLAB_CI") == "true":
        from jira_ci.ci import gitlab

        return gitlab.read(environ)
    from jira_ci.ci import harness, local

    if harness.is_here(environ):
        return harness.read(environ, lambda: local.read(local.facts(git)))
    return local.read(local.facts(git))


def read_event(environ: Mapping[str, str], reader: Reader = read_bytes) -> Mapping[str, Any]:
    """The event of a run on GitHub; an empty one when it cannot be read, which :func:`read_run` says."""
    return _event(environ.get("GITHUB_EVENT_PATH", ""), reader)[0]


def _event(path: str, reader: Reader) -> tuple[Mapping[str, Any], str]:
    """The event, or an empty one and a sentence that says why."""
    if not path:
        return {}, "GITHUB_EVENT_PATH is not set: the event is not known; pass the variable and its file on."
    try:
        content = reader(Path(path), _LARGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "there is no such file"
        return {}, f"The event file {path} cannot be read ({why}); mount it into the container."
    if len(content) > _LARGEST:
        return {}, f"The event file {path} is larger than {_LARGEST // 1024 // 1024} MB and was not read."
    try:
        event = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return {}, f"The event file {path} is not JSON and was not read."
    if not isinstance(event, dict):
        return {}, f"The event file {path} does not hold a JSON object and was not read."
    return event, ""
