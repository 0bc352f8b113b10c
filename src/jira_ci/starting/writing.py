"""Writes new files below the repository's top, and never over or through anything that is there."""

from __future__ import annotations

import os
from pathlib import Path

from jira_ci.errors import UsageError
from jira_ci.starting.found import File
from jira_ci.text import one_line


def refuse_outside(root: Path, file: File) -> None:
    """Refuses a place that is not in the repository, also by a symbolic link.

    Raises:
        UsageError: the file would be written somewhere else.
    """
    try:
        inside = (root / file.name).parent.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        inside = False
    if not inside:
        raise UsageError(f"{one_line(file.name, 200)} leads out of {root}.", "Put the file itself there.")


def is_taken(root: Path, file: File) -> bool:
    """Whether something of this name is there: a file, a folder, or a link to nothing."""
    return os.path.lexists(root / file.name)


def write(root: Path, file: File) -> None:
    """Writes the file and the folders above it.

    Raises:
        UsageError: it is there by now, or cannot be written.
    """
    path = root / file.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(file.text)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"{one_line(file.name, 200)} could not be written: {one_line(why, 200)}.") from None
