"""The CI files that a repository has, as values, and files that are proposed for it: YAML read and written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from jira_ci.config.model import read_bytes
from jira_ci.config.strict_yaml import MAX_BYTES
from jira_ci.errors import UsageError
from jira_ci.run import CI
from jira_ci.text import canonical, one_line


@dataclass(frozen=True)
class Deploying:
    """One job that deploys somewhere."""

    file: str
    job: str
    names: tuple[str, ...]
    """The environments it deploys to, as far as the file says their names."""
    written: str
    """What stands in the file, perhaps with expressions or variables."""
    tier: str = ""
    """GitLab's ``deployment_tier``, where it is written out."""
    obstacle: str = ""
    """GitLab: why a job of the same name in another file cannot add to this one; empty when it can."""
    parents: tuple[str, ...] = ()
    """GitLab: what the job extends itself."""
    called: bool = False
    """GitHub: whether other workflows call this one, and pass it its secrets."""
    image: str = ""
    """The container that it runs in."""
    matrix: bool = False
    """GitHub: whether it is one of several legs."""
    stage: str = ""
    conditions: tuple[str, ...] = ()
    """GitLab: which of ``rules``, ``only`` and ``except`` it has."""
    by_hand: bool = False
    """GitLab: whether a person starts it."""
    open: bool = False
    """GitHub: whether only a run knows all that it may become."""
    uses: str = ""
    """GitHub: the workflow of another repository that deploys for it."""
    alone: bool = True
    """Whether ``concurrency`` or a ``resource_group`` keeps other runs from deploying at the same time."""
    deploys: bool = True
    """GitHub: whether the environment gets a deployment (``deployment: false`` is for its secrets alone)."""
    starts: bool = False
    """GitLab: whether it starts another pipeline, and runs nothing itself."""
    child: bool = False
    """GitLab: whether it is of a child pipeline, which has files of its own."""

    @property
    def where(self) -> str:
        return f"{self.file}, job {self.job}"


@dataclass(frozen=True)
class Pipelines:
    """The CI files of one provider."""

    here: bool = False
    """Whether there are any."""
    builds: tuple[str, ...] = ()
    """GitHub: names of the workflows that build and test."""
    deploying: tuple[Deploying, ...] = ()
    reports: tuple[str, ...] = ()
    """Files that use jira-ci already."""
    runs_on: Any = "ubuntu-latest"
    """GitHub: where its jobs run, as ``runs-on`` takes it."""
    tests: tuple[str, ...] = ()
    """Where the test results of what builds are."""
    tested_by: str = ""
    """GitLab: the job that has them."""
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """GitHub: what deploys for changes of some paths only: what it may be called, and these paths."""
    unnamed: tuple[str, ...] = ()
    """Jobs that are called as if they deployed, and name no environment."""
    includes: Literal["", "one", "several"] = ""
    """GitLab: whether ``.gitlab-ci.yml`` has an ``include`` already, and whether that is a list."""
    notes: tuple[str, ...] = ()
    """Sentences about what could not be read."""


@dataclass(frozen=True)
class Named:
    """One line below ``environments``."""

    name: str
    """A name, or a glob of ``.jira/config.yml``."""
    type: str
    comment: str
    gated: bool = False
    """Whether Atlassian's own file says that Jira gates its deployments."""

    @property
    def unsure(self) -> bool:
        return self.type == "unmapped"


@dataclass(frozen=True)
class Found:
    """All of it."""

    providers: tuple[CI, ...]
    """GitHub, GitLab, both, or none."""
    project_name: str
    site: str
    """As written into the file; empty when none was named."""
    projects: tuple[str, ...]
    projects_comment: str
    environments: tuple[Named, ...]
    service_ids: tuple[str, ...] = ()
    """What Jira calls the repository's services, by Atlassian's own file."""
    gating: str = ""
    """Where Atlassian's own file says that Jira gates deployments; empty when it does not."""
    github: Pipelines = field(default_factory=Pipelines)
    gitlab: Pipelines = field(default_factory=Pipelines)
    notes: tuple[str, ...] = ()
    host: str = ""
    """Whose the repository's server is; empty where no remote says it."""
    zone: str = ""
    """The time zone in which people work here, by its IANA name."""
    gate: bool = False
    """Whether production shall wait for an approved change; not where Jira gates by Atlassian's own file."""

    @property
    def newest(self) -> bool:
        """Whether the server is GitHub's own, which knows what came up this year; others may refuse the whole file."""
        return self.host == "github.com"

    @property
    def production(self) -> tuple[Named, ...]:
        return tuple(row for row in self.environments if row.type == "production")

    def waits(self, job: Deploying) -> bool:
        """Whether the job deploys to what shall wait for an approved change."""
        controlled = {canonical(row.name) for row in self.production} if self.gate else set()
        return not controlled.isdisjoint(map(canonical, job.names))


@dataclass(frozen=True)
class File:
    """A file that is proposed."""

    name: str
    """From the repository's top, with slashes."""
    text: str


NOTHING = ("", "~", "null")
"""How a file says that there is no value, since all scalars are read as texts."""
_MOST_FILES = 100
_MOST_DOCUMENTS = 4
_MOST_VALUES = 500_000
"""Counted with every alias written out, so that a few lines cannot become millions of values."""


def read_yaml(root: Path, name: str) -> dict[str, Any] | None:
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


def yaml_files(root: Path, folder: str) -> Iterator[str]:
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
        # GitLab's files with inputs begin with a document of their own, which says what these are.
        for document in islice(yaml.load_all(data, yaml.BaseLoader), _MOST_DOCUMENTS):
            header = last.get("spec") if isinstance(last, dict) else None
            last = {"spec": header, **document} if header and isinstance(document, dict) else document
        many = _values(last, {}) > _MOST_VALUES
    except yaml.reader.ReaderError:
        raise UsageError(f"{name} is not in UTF-8, or has control characters.") from None
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise UsageError(f"{name}{line}: this is not YAML.") from None
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply.") from None
    if many:
        raise UsageError(f"{name} has more than {_MOST_VALUES} values, counted with every alias written out.")
    return last


def _values(value: Any, known: dict[int, int]) -> int:
    """How many there are with every alias written out. Each is looked at once."""
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        known[id(value)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(value)]


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


def flow(value: Any) -> str:
    """A label, a list of labels, or a map of them as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(str(name))}: {flow(part)}" for name, part in value.items()) + "}"
    return listed(map(str, value)) if isinstance(value, list) else quoted(str(value))


def comment(value: str, limit: int = 200) -> str:
    """A text behind ``#``: one line, whatever it holds."""
    return _UNSEEN.sub(" ", one_line(value, limit))


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
