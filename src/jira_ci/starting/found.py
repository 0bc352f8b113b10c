"""What a repository tells about its pipelines, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


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
