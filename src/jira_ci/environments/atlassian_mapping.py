"""The environment mapping of Atlassian's own GitHub app: ``deployments.environmentMapping`` in ``.jira/config.yml``.

It is another tool's file: what is wrong in it is told and never stops a report. The format:
https://github.com/atlassian/github-for-jira/blob/main/docs/deployments.md#environment-mapping
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jira_ci.configuration import yaml_file
from jira_ci.configuration.config import read_bytes
from jira_ci.environments import globs
from jira_ci.errors import UsageError
from jira_ci.text import LONGEST_NAME, one_line

NAME = ".jira/config.yml"
# The app's own order: the first type with a pattern that matches wins, whatever the order in the file.
_TYPES = ("development", "testing", "staging", "production")
# What its glob library (minimatch) reads and ours does not: braces, extended globs, a negation, a comment.
_FOREIGN = re.compile(r"[{}]|[@+!?*]\(|^[!#]")


@dataclass(frozen=True)
class Pattern:
    """One glob of the file."""

    type: str
    glob: str
    line: int


@dataclass(frozen=True)
class Mapping:
    """The file's patterns, in the order in which they are tried."""

    patterns: tuple[Pattern, ...]

    def find(self, name: str) -> tuple[str, str] | None:
        """The type of this name and the line that says so, or None when no pattern matches."""
        for pattern in self.patterns:
            if globs.matches(pattern.glob, name):
                return pattern.type, f"{NAME} line {pattern.line}: {one_line(pattern.glob, 100)}"
        return None


def read(root: Path) -> tuple[Mapping | None, list[str]]:
    """The workspace's mapping, or None when there is none that can be used; and what is wrong, as sentences."""
    try:
        data = read_bytes(root, NAME)
        return parse(data) if data is not None else (None, [])
    except UsageError as error:
        return None, [f"{error.message} The file is ignored."]


def parse(data: bytes) -> tuple[Mapping | None, list[str]]:
    """The same from the file's bytes.

    Raises:
        UsageError: it is not YAML.
    """
    tree = yaml_file.load(data, NAME)
    path = ("deployments", "environmentMapping")
    section = _at(tree.value, *path)
    if section is None:
        return None, []
    if not isinstance(section, dict):
        return None, [f"{NAME} line {tree.line_of(path)}: environmentMapping holds no types. The file is ignored."]
    patterns: list[Pattern] = []
    warnings: list[str] = []
    for type_ in _TYPES:
        globs_of = section.get(type_) or []
        if not isinstance(globs_of, list):
            warnings.append(f"{NAME} line {tree.line_of((*path, type_))}: {type_} is no list. It is ignored.")
            continue
        for index, glob in enumerate(globs_of):
            line = tree.line_of((*path, type_, index)) or 0
            if isinstance(glob, str) and len(glob) > LONGEST_NAME:
                shown = one_line(glob, 80)
                warnings.append(f"{NAME} line {line}: the pattern {shown} is ignored. It is longer than any name.")
            elif not isinstance(glob, str) or _FOREIGN.search(glob):
                shown = one_line(str(glob), 80)
                warnings.append(f"{NAME} line {line}: the pattern {shown} is ignored. Write it with *, ? and [] only.")
            else:
                patterns.append(Pattern(type_, glob, line))
    return (Mapping(tuple(patterns)) if patterns else None), warnings


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
