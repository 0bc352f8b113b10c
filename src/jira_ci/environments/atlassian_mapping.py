"""The file of Atlassian's own GitHub app, ``.jira/config.yml``: types of environments, ids of services, gating.

It is another tool's file: one line that is odd costs that line, is told, and never stops a report. Only about gating
nothing is guessed: a deployment that Jira may gate is not taken for an ungated one. The format:
https://github.com/atlassian/github-for-jira/blob/main/docs/deployments.md#environment-mapping and
https://support.atlassian.com/jira-service-management-cloud/docs/set-up-deployment-gating/, as the app reads it:
https://github.com/atlassian/github-for-jira/blob/main/src/services/user-config-service.ts
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jira_ci.config import strict_yaml
from jira_ci.config.model import read_bytes
from jira_ci.environments.classify import glob_matches
from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass
from jira_ci.text import LONGEST_NAME, for_jira, one_line

NAMES = (".jira/config.yml", ".jira/config.yaml")
# The app's own order: the first type with a pattern that matches wins, whatever the order in the file.
_TYPES = ("development", "testing", "staging", "production")
# What its glob library (minimatch) reads and ours does not: braces, extended globs, a negation, a comment.
_FOREIGN = re.compile(r"[{}]|[@+!?*]\(|^[!#]")
_MOST_SERVICES, _LONGEST_ID = 100, 255
_GATING = "deploymentGating"


@dataclass(frozen=True)
class Pattern:
    """One glob of the mapping."""

    type: str
    glob: str
    line: int


@dataclass(frozen=True)
class Gated:
    """One environment whose deployments Jira gates."""

    name: str
    line: int


@dataclass(frozen=True)
class Gating:
    """``deployments.deploymentGating``, where it is enabled."""

    environments: tuple[Gated, ...]
    line: int
    problem: str = ""
    """Why it is not known what is gated, as a sentence; empty when it is."""


@dataclass(frozen=True)
class Mapping:
    """What the file says, its patterns in the order in which they are tried."""

    patterns: tuple[Pattern, ...] = ()
    service_ids: tuple[str, ...] = ()
    gating: Gating | None = None
    """None where it is certain that there is none."""
    name: str = NAMES[0]

    def find(self, name: str) -> tuple[str, str] | None:
        """The type of this name and the line that says so, or None when no pattern matches."""
        for pattern in self.patterns:
            if glob_matches(pattern.glob, name):
                return pattern.type, f"{self.name} line {pattern.line}: {one_line(pattern.glob, 100)}"
        return None


def read(root: Path) -> tuple[Mapping | None, list[str]]:
    """The workspace's file, or None when there is none that can be used; and what is wrong, as sentences."""
    for name in NAMES:
        data = None
        try:
            data = read_bytes(root, name)
            if data is not None:
                return parse(data, name)
        except UsageError as error:
            gating = unreadable(data or b"")
            found = Mapping(gating=gating, name=name) if gating else None
            return found, [f"{error.message} The file is ignored."]
    return None, []


def parse(data: bytes, name: str = NAMES[0]) -> tuple[Mapping | None, list[str]]:
    """The same from the file's bytes.

    Args:
        name: what the file is called in messages.

    Raises:
        UsageError: it is not YAML.
    """
    tree = strict_yaml.load(data, name, foreign=True)
    warnings: list[str] = []
    found = Mapping(
        tuple(_patterns(tree, name, warnings)), tuple(_services(tree, name, warnings)), _gating(tree, name), name
    )
    if found.gating and found.gating.problem:
        warnings.append(found.gating.problem)
    return (found if found.patterns or found.service_ids or found.gating else None), warnings


def unreadable(data: bytes) -> Gating | None:
    """What is to be thought of a file that is not YAML: that it may gate, if it speaks of it."""
    return Gating((), 1, "It speaks of deploymentGating.") if _GATING.encode() in data.replace(b"\0", b"") else None


def _patterns(tree: strict_yaml.Node, name: str, warnings: list[str]) -> Iterator[Pattern]:
    path = ("deployments", "environmentMapping")
    section = _at(tree.value, *path)
    if section is None:
        return
    if not isinstance(section, dict):
        warnings.append(f"{name} line {tree.line_of(path)}: environmentMapping holds no types. It is ignored.")
        return
    types = {key: key.strip().lower() for key in section}
    for key in [key for key in types if types[key] not in _TYPES]:
        hint = nearest(types[key], _TYPES) or f"Known: {', '.join(_TYPES)}."
        shown = one_line(key, 80)
        warnings.append(f"{name} line {tree.line_of((*path, key))}: {shown} is no type. It is ignored. {hint}")
    for type_, key in [(type_, key) for type_ in _TYPES for key in types if types[key] == type_]:
        globs_of = section[key] or []
        if not isinstance(globs_of, list):
            warnings.append(f"{name} line {tree.line_of((*path, key))}: {one_line(key, 80)} is no list. It is ignored.")
            continue
        for index, glob in enumerate(globs_of):
            line = tree.line_of((*path, key, index)) or 0
            if isinstance(glob, str) and len(glob) > LONGEST_NAME:
                shown = one_line(glob, 80)
                warnings.append(f"{name} line {line}: the pattern {shown} is ignored. It is longer than any name.")
            elif not isinstance(glob, str) or _FOREIGN.search(glob):
                shown = one_line(str(glob), 80)
                warnings.append(f"{name} line {line}: the pattern {shown} is ignored. Write it with *, ? and [] only.")
            else:
                yield Pattern(type_, glob, line)


def _services(tree: strict_yaml.Node, name: str, warnings: list[str]) -> Iterator[str]:
    path = ("deployments", "services", "ids")
    ids = _at(tree.value, *path)
    if ids is None:
        return
    if not isinstance(ids, list):
        warnings.append(f"{name} line {tree.line_of(path)}: ids is no list. It is ignored.")
        return
    sound: dict[str, None] = {}
    for index, one in enumerate(ids):
        if isinstance(one, str) and one.strip() and for_jira(one.strip(), _LONGEST_ID) == one.strip():
            sound[one.strip()] = None
        else:
            line = tree.line_of((*path, index))
            warnings.append(f"{name} line {line}: {one_line(str(one), 80)} is no service's id. It is ignored.")
    if len(sound) > _MOST_SERVICES:
        warnings.append(f"{name} line {tree.line_of(path)}: only the first {_MOST_SERVICES} ids are used.")
    yield from list(sound)[:_MOST_SERVICES]


def _gating(tree: strict_yaml.Node, name: str) -> Gating | None:
    path = ("deployments", _GATING)
    section = _at(tree.value, *path)
    line = tree.line_of(path) or 1
    where = f"{name} line {line}: {_GATING}"
    if any("<<" in part for part in (tree.value, _at(tree.value, path[0]), section) if isinstance(part, dict)):
        merged = tree.line_of(("<<",)) or tree.line_of((path[0], "<<")) or tree.line_of((*path, "<<"))
        if _GATING in _keys(tree):
            return Gating((), line, f"{name} line {merged}: << merges nothing in YAML 1.2, and may gate.")
    if section is None:
        return None
    if not isinstance(section, dict):
        return Gating((), line, f"{where} is no section with enabled and environments.")
    enabled = str(section.get("enabled", "")).lower()  # our YAML knows true and false alone, the app's also True
    if enabled in ("false", "none", ""):
        return None
    if enabled != "true":
        return Gating((), line, f"{where} has an enabled that is neither true nor false.")
    names = section.get("environments")
    listed = names if isinstance(names, list) else []
    sound = all(isinstance(one, (str, int)) and str(one).strip() for one in listed)
    if not listed or not sound or any(isinstance(one, strict_yaml.Tagged) for one in listed):
        return Gating((), line, f"{where} is enabled, and its environments are no list of names.")
    gated = [Gated(str(one), tree.line_of((*path, "environments", at)) or line) for at, one in enumerate(listed)]
    return Gating(tuple(gated), line)


def _keys(node: strict_yaml.Node) -> Iterator[str | int]:
    """The keys of every mapping in it, and the positions in every list; bounded, as the file is."""
    for key, child in node.children.items():
        yield key
        yield from _keys(child)


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
