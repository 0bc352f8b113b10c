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

_UNSAFE = re.compile(r"[^\w .,:/@+-]")  # letters of any alphabet are harmless, and issue keys hold them
_DOTENV_VALUE = 1500  # bytes
_DOTENV_FILE = 4900  # bytes; GitLab's limits are 5 KB and 20 variables
_DOTENV_VARIABLES = 20
_GITHUB_VALUE = 500_000  # characters: 500 of the longest keys fit; GitHub takes a megabyte


def as_text(value: Any) -> str:
    """An output as text: lists with commas, switches as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(as_text(part) for part in value)
    return str(value)


def github(outputs: Mapping[str, Any], delimiter: str) -> str:
    """Lines for the file that ``GITHUB_OUTPUT`` names.

    Args:
        delimiter: random, new for every call.
    """
    return "".join(
        f"{name}<<{delimiter}\n{one_line(as_text(value), _GITHUB_VALUE)}\n{delimiter}\n"
        for name, value in outputs.items()
    )


def dotenv(outputs: Mapping[str, Any]) -> str:
    """Lines for a dotenv report: short and safe values only; what is left out stands in the JSON artifact.

    Of a list that is too long the first parts are there, of a text that is too long nothing.
    """
    lines: list[str] = []
    for name, value in list(outputs.items())[:_DOTENV_VARIABLES]:
        text = _short(value)
        line = f"JIRA_CI_OUT_{name.upper().replace('-', '_')}={text}\n"
        if text is not None and sum(map(_size, lines)) + _size(line) <= _DOTENV_FILE:
            lines.append(line)
    return "".join(lines)


def _short(value: Any) -> str | None:
    parts = [
        _UNSAFE.sub("_", as_text(part)).strip() for part in (value if isinstance(value, (list, tuple)) else [value])
    ]
    text = ",".join(parts)
    while _size(text) > _DOTENV_VALUE and len(parts) > 1:
        parts.pop()
        text = ",".join(parts)
    return text if _size(text) <= _DOTENV_VALUE else None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
