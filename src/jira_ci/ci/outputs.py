"""Results as each CI takes them: GitHub's step outputs, GitLab's dotenv report. Text in, text out.

What is written here cannot be forged by what was read: a random delimiter on GitHub, and only harmless characters on
GitLab, whose dotenv reports know no quoting and may expand ``$``
(https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jira_ci.text import one_line

_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:/@+_-]")
_DOTENV_VALUE = 500  # characters; the whole file may have 5 KB
_DOTENV_FILE = 4900


def as_text(value: Any) -> str:
    """An output as text: lists with commas, switches as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(str(part) for part in value)
    return str(value)


def github(outputs: Mapping[str, Any], delimiter: str) -> str:
    """Lines for the file that ``GITHUB_OUTPUT`` names.

    Args:
        delimiter: random, new for every call.
    """
    return "".join(
        f"{name}<<{delimiter}\n{one_line(as_text(value), 100_000)}\n{delimiter}\n" for name, value in outputs.items()
    )


def dotenv(outputs: Mapping[str, Any]) -> str:
    """Lines for a dotenv report: short and safe values only; what is left out stands in the JSON artifact."""
    lines: list[str] = []
    for name, value in outputs.items():
        text = _UNSAFE.sub("_", as_text(value))
        if len(text) > _DOTENV_VALUE:
            text = text[:_DOTENV_VALUE].rpartition(",")[0]
        line = f"JIRA_CI_OUT_{name.upper().replace('-', '_')}={text}\n"
        if sum(map(len, lines)) + len(line) <= _DOTENV_FILE:
            lines.append(line)
    return "".join(lines)
