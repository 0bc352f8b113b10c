"""The site's state in a JSON file, so that a second start finds what the first one was told."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from jira_sandbox.rules import FAMILIES, Family, record_faults
from jira_sandbox.site import Site

_FORMAT = "jira-ci sandbox, 1"


class StateFileError(Exception):
    """The state file cannot be used; the message is one sentence that says why."""


def load(path: Path) -> dict[str, Any]:
    """What was stored, for :meth:`Site.restore`; nothing when there is no file yet.

    Raises:
        StateFileError: the file cannot be read, or holds something else.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {family.name: [] for family in FAMILIES}
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise StateFileError(
            f"The state file {path} holds no JSON of the sandbox; move it away or name another."
        ) from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise StateFileError(f"The file {path} is not a state file of this sandbox; move it away or name another.")
    for family in FAMILIES:
        for index, stored in enumerate(_list(document.get(family.name), path)):
            if not _is_stored(family, stored):
                raise StateFileError(
                    f"The state file {path} is damaged: number {index + 1} of its {family.name} is no record."
                )
    desk = document.get("desk")
    if desk is not None and not isinstance(desk, dict):
        raise StateFileError(f"The state file {path} is damaged: its desk is none.")
    return {**{family.name: document[family.name] for family in FAMILIES}, "desk": desk or {}}


def restore(site: Site, path: Path) -> None:
    """Give the site what the file holds.

    Raises:
        StateFileError: the file cannot be read, or holds something else.
    """
    loaded = load(path)
    try:
        site.restore(loaded)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateFileError(f"The state file {path} is damaged: its issues cannot be read.") from error


def save(path: Path, dumped: dict[str, Any]) -> None:
    """Write what :meth:`Site.dump` gave, so that a reader sees the old file or the new one and nothing between.

    Raises:
        StateFileError: the file cannot be written.
    """
    text = json.dumps({"format": _FORMAT, **dumped}, indent=1)
    try:
        handle, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be written: {error.strerror or error}.") from error


def _list(value: Any, path: Path) -> list[Any]:
    if not isinstance(value, list):
        raise StateFileError(f"The state file {path} is damaged: it lacks its builds or deployments.")
    return value


def _is_stored(family: Family, stored: Any) -> bool:
    return (
        isinstance(stored, dict)
        and isinstance(stored.get("record"), dict)
        and not record_faults(family, stored["record"])
        and all(
            isinstance(stored.get(name), list) and all(isinstance(one, str) for one in stored[name])
            for name in ("issues", "properties")
        )
    )
