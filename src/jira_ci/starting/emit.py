"""Texts of strangers in YAML that we write: quoted by a YAML emitter, or made harmless in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jira_ci.text import one_line

# A word that no reader of YAML takes for anything but a text.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_UNSEEN = re.compile("[\ufeff\ufffe\uffff]")


def quoted(value: str) -> str:
    """A text as a YAML scalar on one line."""
    import yaml

    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=1_000_000).strip()


def listed(values: Iterable[str]) -> str:
    """Texts as a YAML list on one line."""
    return f"[{', '.join(map(quoted, values))}]"


def comment(value: str, limit: int = 200) -> str:
    """A text behind ``#``: one line, whatever it holds."""
    return _UNSEEN.sub(" ", one_line(value, limit))
