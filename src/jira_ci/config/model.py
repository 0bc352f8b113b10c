""".jira-ci.yml -> one validated, frozen value that knows the line of every key."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jira_ci.config import schema, strict_yaml
from jira_ci.config.problems import Problem, Step
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, field
from jira_ci.text import one_line

DEFAULT_NAME = ".jira-ci.yml"
MAX_BYTES = strict_yaml.MAX_BYTES
_SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class Connection:
    """One more Jira site."""

    site: str
    credentials: str
    """The word in its variables' names: ``EMEA`` means ``JIRA_CI_EMEA_CLIENT_ID`` and so on."""
    projects: tuple[str, ...] = ()
    """Only issues of these are reported there; empty where all are."""


@dataclass(frozen=True)
class Rule:
    """One entry of ``environments`` or ``tenants``."""

    name: str
    """As written: an exact name or a glob."""
    line: int
    type: str = ""
    """Empty when the rule says nothing about it."""
    change_controlled: bool | None = None
    control: Mapping[str, Any] = field(default_factory=dict)
    """What differs for this environment from ``change-control``."""


@dataclass(frozen=True)
class Config:
    """The file, read and found possible. Absent sections are empty; defaults are the schema's."""

    name: str
    """What the file is called in messages."""
    document: Mapping[str, Any]
    tree: strict_yaml.Node = field(repr=False, compare=False)

    def line(self, *path: Step) -> int | None:
        """The line of the key or list item at this path: ``line("jira", "projects", 0)``; None when it is not there."""
        return self.tree.line_of(path)

    def where(self, *path: Step) -> str:
        """``.jira-ci.yml line 3`` for a key that is there; otherwise the file alone."""
        line = self.line(*path)
        return self.name if line is None else f"{self.name} line {line}"

    @property
    def project_name(self) -> str:
        return str(self.document.get("project-name", ""))

    @property
    def site(self) -> str:
        """As written: a host or an address; empty when the file names none."""
        return str(self.document.get("jira", {}).get("site", ""))

    @property
    def projects(self) -> tuple[str, ...]:
        return tuple(self.document.get("jira", {}).get("projects", ()))

    @property
    def connections(self) -> dict[str, Connection]:
        return {
            name: Connection(value["site"], value["credentials"], tuple(value.get("projects", ())))
            for name, value in self.document.get("connections", {}).items()
        }

    @property
    def report_to(self) -> tuple[str, ...]:
        """Names of connections, at least one; ``default`` is the site under ``jira``."""
        return tuple(self.document.get("report-to", ("default",)))

    @property
    def unmatched(self) -> str:
        """``infer``, ``unmapped`` or ``error``."""
        return str(self.document.get("unmatched-environments", "infer"))

    @property
    def services(self) -> Mapping[str, Mapping[str, list[str]]]:
        """Name to ``{"ids": [...], "paths": [...]}``; without ``paths`` the service is all of the repository."""
        services: Mapping[str, Mapping[str, list[str]]] = self.document.get("services", {})
        return services

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The environment rules in the file's order."""
        return tuple(self._rule(name, value) for name, value in self.document.get("environments", {}).items())

    @property
    def tenants(self) -> tuple[Rule, ...]:
        """The tenants' rules in the file's order, without types."""
        found: Mapping[str, Mapping[str, Any]] = self.document.get("tenants", {})
        return tuple(
            Rule(
                name,
                self.line("tenants", name) or 0,
                change_controlled=value.get("change-controlled"),
                control=value.get("change-control", {}),
            )
            for name, value in found.items()
        )

    @property
    def after(self) -> Mapping[str, Mapping[str, Any]]:
        """What follows a successful deployment, by an environment's name, glob or type."""
        after: Mapping[str, Mapping[str, Any]] = self.document.get("after", {})
        return after

    @property
    def enabled(self) -> bool:
        """Whether this project is change controlled."""
        return bool(self.document.get("change-control", {}).get("enabled", False))

    def control(self, override: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The change control in force, defaults filled in, with an environment's own values over the project's."""
        return schema.control(self.document, override)

    def _rule(self, name: str, value: Any) -> Rule:
        line = self.line("environments", name) or 0
        if isinstance(value, str):
            return Rule(name, line, value)
        controlled = value.get("change-controlled")
        return Rule(name, line, value.get("type", ""), controlled, value.get("change-control", {}))


def parse(data: bytes, name: str, *, partial: bool = False) -> Config:
    """The file's bytes as a Config.

    Args:
        data: UTF-8, or UTF-16 with a byte order mark.
        name: what the file is called in messages.
        partial: whether it may leave out what other files say: an organisation's policy.

    Raises:
        UsageError: naming the file, the line and the key, what was expected and the nearest valid word. Everything
            that the schema does not allow is told at once.
    """
    tree = strict_yaml.load(data, name)
    if not isinstance(tree.value, dict):
        what = "a list" if isinstance(tree.value, list) else "a single value"
        raise UsageError(f"{name} line {tree.line}: {what} at the top.", "Expected keys and values, such as jira:.")
    found = schema.problems(tree.value, partial=partial) or schema.contradictions(tree.value)
    if found:
        raise _usage_error(found, name, tree)
    return Config(name, tree.value, tree)


def read(root: Path, name: str = DEFAULT_NAME, *, required: bool) -> Config | None:
    """The file in the workspace as a Config.

    Args:
        root: the workspace: the repository's top folder.
        name: the file's path in it.
        required: whether the file was named, so that it has to be there.

    Raises:
        UsageError: as :func:`parse`, and for a file that is missing though required, is no regular file, cannot be
            read, or is outside the workspace (also by a symbolic link).
    """
    data = read_bytes(root, name)
    if data is not None:
        return parse(data, name)
    if required:
        raise UsageError(f"{one_line(name, 200)} is not in {root}.", "Change the setting config, or write the file.")
    other = root / ".jira-ci.yaml"
    if name == DEFAULT_NAME and other.exists():
        raise UsageError(".jira-ci.yaml is there, but the file's name is .jira-ci.yml.", "Rename it, or set config.")
    return None


def read_bytes(root: Path, name: str) -> bytes | None:
    """The bytes of a regular file in the workspace, no more than the limit and one; None when it is not there.

    Raises:
        UsageError: it is there and cannot be read, or leads out of the workspace.
    """
    shown = one_line(name, 200)
    try:
        path = root / name
        real = path.resolve()
        if not real.is_relative_to(root.resolve()):
            raise UsageError(f"{shown} leads out of the workspace {root}.", "Put the file itself there.")
        if not path.exists():
            if path.is_symlink():
                raise UsageError(f"{shown} is a symbolic link to nothing.", "Mend or remove it.")
            return None
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # reading a pipe would wait for ever
            what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
            raise UsageError(f"{shown} is {what}.", "It has to be a YAML file.")
        with path.open("rb") as file:
            return file.read(strict_yaml.MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{shown} cannot be read: {one_line(reason, 200)}.", "Mend the file or its rights.") from None


def _usage_error(found: list[Problem], name: str, tree: strict_yaml.Node) -> UsageError:
    found = sorted(found, key=lambda problem: tree.line_of(problem.path) or 0)
    sentences = [f"{name} line {tree.line_of(problem.path) or 1}: {problem.sentence}" for problem in found]
    if len(found) == 1:
        return UsageError(sentences[0], found[0].hint)
    told = [f"{sentence} {problem.hint}".strip() for sentence, problem in zip(sentences, found, strict=True)]
    more = " And more." if len(told) > _SHOWN_PROBLEMS else ""
    return UsageError(" ".join(told[:_SHOWN_PROBLEMS]) + more)
