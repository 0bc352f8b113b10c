"""Builds and deployments as the pages show them: plain values, made from the stored records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from jira_sandbox import moments
from jira_sandbox.pages.rendering import web_address
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS, Family
from jira_sandbox.routing import Context

_One = TypeVar("_One", "Build", "Deployment")
TYPES = ("development", "testing", "staging", "production", "unmapped")


@dataclass(frozen=True)
class Report:
    """What builds and deployments share. ``at`` is epoch milliseconds, ``url`` empty when no address of the web."""

    name: str
    label: str
    description: str
    state: str
    at: int
    url: str
    issues: tuple[str, ...]
    number: int


@dataclass(frozen=True)
class Build(Report):
    """One build. ``references``: names of branches and commits, with their addresses."""

    tests: dict[str, int] | None
    references: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Deployment(Report):
    """One deployment. ``mark`` is a short name for its key, ``lasted`` in seconds, None when it is not known."""

    mark: str
    environment: str
    environment_id: str
    type: str
    pipeline: str
    pipeline_url: str
    lasted: int | None
    services: tuple[str, ...]
    commits: tuple[str, ...]

    @property
    def version(self) -> str:
        """What was deployed: the label, where the version goes, or the deployment's name."""
        return self.label or self.name


def build(record: dict[str, Any], issues: Iterable[str]) -> Build:
    """From a stored record."""
    references = tuple(pair for one in record.get("references", ()) for pair in _reference(one))
    return Build(*_shared(record, issues), record["buildNumber"], record.get("testInfo"), references)


def deployment(record: dict[str, Any], issues: Iterable[str]) -> Deployment:
    """From a stored record."""
    number, environment, pipeline = record["deploymentSequenceNumber"], record["environment"], record["pipeline"]
    values = {one["associationType"]: one["values"] for one in record.get("associations", ())}
    return Deployment(
        *_shared(record, issues),
        number,
        mark_of(pipeline["id"], environment["id"], number),
        environment["displayName"],
        environment["id"],
        environment["type"],
        pipeline["displayName"],
        web_address(pipeline["url"]),
        record.get("duration"),
        tuple(values.get("serviceIdOrKeys", ())),
        tuple(one["commitHash"] for one in values.get("commit", ())),
    )


def _shared(record: dict[str, Any], issues: Iterable[str]) -> tuple[str, str, str, str, int, str, tuple[str, ...]]:
    at, url = moments.of(record["lastUpdated"]), web_address(record["url"])
    texts = record["displayName"], record.get("label", ""), record.get("description", ""), record["state"]
    return (*texts, at, url, tuple(issues))


def mark_of(*parts: Any) -> str:
    """A short name for these values, for addresses and ids in a page."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "replace")).hexdigest()[:10]


def builds(context: Context) -> list[Build]:
    """All of them, newest report first."""
    return newest(build(*stored) for stored in context.site.stored(BUILDS))


def deployments(context: Context) -> list[Deployment]:
    """All of them, newest report first."""
    return newest(deployment(*stored) for stored in context.site.stored(DEPLOYMENTS))


def latest(many: Sequence[Deployment]) -> list[Deployment]:
    """The newest deployment of each environment, from development to production; of deployments newest first."""
    found: dict[str, Deployment] = {}
    for one in many:
        found.setdefault(one.environment_id, one)
    return sorted(found.values(), key=lambda one: (TYPES.index(one.type), one.environment.casefold()))


def fingerprint(context: Context, family: Family) -> str:
    """A text that is another one as soon as a record is."""
    digest = hashlib.sha256()
    for record, _ in context.site.stored(family):
        key = family.key(record) or {}
        digest.update(repr((*key.values(), record["updateSequenceNumber"])).encode("utf-8", "replace"))
    return digest.hexdigest()[:20]


def newest(many: Iterable[_One]) -> list[_One]:
    """In the order of the reports, newest first."""
    # Of equal moments the later report comes first, too.
    ordered = sorted(many, key=lambda one: one.at)
    ordered.reverse()
    return ordered


def _reference(one: dict[str, Any]) -> Iterable[tuple[str, str]]:
    if "ref" in one:
        yield one["ref"].get("name", ""), web_address(one["ref"].get("uri"))
    if "commit" in one:
        yield one["commit"].get("id", "")[:12], web_address(one["commit"].get("repositoryUri"))
