"""CI files of other tools: read as far as they can be, every scalar as text.

They are not ours, so nothing is checked; what cannot be read is said and passed over. No tag means anything here, and
an alias is the same object, so that a few lines cannot become millions of values.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from jira_ci.configuration.config import read_bytes
from jira_ci.configuration.yaml_file import MAX_BYTES
from jira_ci.errors import UsageError
from jira_ci.text import one_line

_MOST_FILES = 100
_MOST_DOCUMENTS = 4


def read(root: Path, name: str) -> dict[str, Any] | None:
    """The file's last document; None when there is no such file.

    Raises:
        UsageError: it is no YAML map, too large, or leads out of the repository.
    """
    data = read_bytes(root, name)
    if data is None:
        return None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{one_line(name, 200)} is larger than {MAX_BYTES // 1024} KB.")
    document = _parsed(data, one_line(name, 200))
    if not isinstance(document, dict):
        raise UsageError(f"{one_line(name, 200)} holds no keys.")
    return document


def listed(root: Path, folder: str) -> Iterator[str]:
    """The YAML files right in a folder of the repository, by name."""
    try:
        if not (root / folder).resolve().is_relative_to(root.resolve()):
            return
        names = sorted(path.name for path in (root / folder).iterdir() if path.suffix in (".yml", ".yaml"))
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return
    yield from (f"{folder}/{name}" for name in names[:_MOST_FILES])


def _parsed(data: bytes, name: str) -> Any:
    import yaml

    last: Any = None
    try:
        # GitLab's component files begin with a document of their own.
        for document in islice(yaml.load_all(data, yaml.BaseLoader), _MOST_DOCUMENTS):
            last = document
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise UsageError(f"{name}{line}: this is not YAML.") from None
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply.") from None
    return last
