"""What a repository tells about its pipelines, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from jira_ci.config.model import read_bytes
from jira_ci.config.strict_yaml import MAX_BYTES
from jira_ci.errors import UsageError
from jira_ci.text import one_line


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
    includes: bool = False
    """GitLab: whether ``.gitlab-ci.yml`` has an ``include`` already."""
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

    providers: tuple[str, ...]
    """``github``, ``gitlab``, both, or none."""
    project_name: str
    site: str
    """As written into the file; empty when nobody named it."""
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


@dataclass(frozen=True)
class File:
    """A file that is proposed."""

    name: str
    """From the repository's top, with slashes."""
    text: str


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
