"""Looks at a repository: its host, its CI files, its history, and Atlassian's own file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from jira_ci.configuration.config import read_bytes
from jira_ci.environments import atlassian_mapping
from jira_ci.environments.atlassian_mapping import Mapping
from jira_ci.environments.classify import classify
from jira_ci.errors import UsageError
from jira_ci.run import CI, Run
from jira_ci.starting import emit, github_workflows, gitlab_jobs, issue_projects
from jira_ci.starting.found import Deploying, Found, Named, Pipelines
from jira_ci.text import canonical

_PROJECT_NAME = re.compile(r'(?=\S)[^"\x00-\x1f\x7f-\x9f]{1,200}(?<=\S)')
_MOST_ENVIRONMENTS = 200


def look(root: Path, run: Run, seen: dict[str, int], site: str) -> Found:
    """Everything that the files below ``root`` and the run say. Nothing is written, and nobody is asked.

    Args:
        seen: how many commits and branches name issues of each project.
        site: as it shall stand in the file; empty when nobody named it.
    """
    github, gitlab = github_workflows.look(root), gitlab_jobs.look(root)
    theirs, notes = atlassian_mapping.read(root)
    notes += _unusable(root, theirs, notes)
    deploying = [*github.deploying, *gitlab.deploying]
    name = run.repository.rpartition("/")[2]
    counted = Counter(seen)
    projects = issue_projects.proposed(counted)
    return Found(
        providers=_providers(run, github, gitlab),
        project_name=name if _PROJECT_NAME.fullmatch(name) else "",
        site=site,
        projects=projects,
        projects_comment=_projects_comment(counted),
        environments=tuple(_environments(deploying, theirs, notes)),
        service_ids=theirs.service_ids if theirs else (),
        gating=_gates(theirs),
        github=github,
        gitlab=gitlab,
        notes=(*github.notes, *gitlab.notes, *notes),
    )


def _providers(run: Run, github: Pipelines, gitlab: Pipelines) -> tuple[str, ...]:
    """Who runs the pipelines: who runs us, else whose host the remote is on, else whose files are there."""
    if run.provider in (CI.GITHUB, CI.GITLAB):
        return (run.provider,)
    host = (urlsplit(run.repository_url).hostname or "").split(".")
    for provider in ("github", "gitlab"):
        if any(provider in label for label in host):
            return (provider,)
    return tuple(name for name, files in (("github", github), ("gitlab", gitlab)) if files.here)


def _projects_comment(seen: Counter[str]) -> str:
    shown = ", ".join(f"{project} {seen[project]}" for project in issue_projects.ranked(seen)[:10])
    return f"how often the last {issue_projects.COMMITS} commits and the branches name them: {shown}"


def _environments(deploying: list[Deploying], theirs: Mapping | None, notes: list[str]) -> Iterator[Named]:
    """Environments that jobs deploy to, then what Atlassian's file names and no job does."""
    gated = {canonical(one.name): one for one in theirs.gating.environments} if theirs and theirs.gating else {}
    known: set[str] = set()
    for job, name in [(one, name) for one in deploying for name in one.names]:
        key = canonical(name)
        if key in known or len(known) >= _MOST_ENVIRONMENTS:
            continue
        known.add(key)
        try:
            found = classify(name, None, tier=job.tier, fallback=theirs)
        except UsageError as error:
            notes.append(f"{error.message} It was passed over ({emit.comment(job.where)}).")
            continue
        why = "" if found.type == "unmapped" else f"; {found.rule}"
        yield Named(name, found.type, f"{job.where}{why}", key in gated)
    for pattern in theirs.patterns if theirs else ():
        key = canonical(pattern.glob)
        if key not in known and _is_writable(pattern.glob):
            known.add(key)
            where = f"{theirs.name if theirs else ''} line {pattern.line}"
            yield Named(pattern.glob, pattern.type, where, key in gated)
    for key, one in gated.items():
        if key not in known and _is_writable(one.name):
            found = classify(one.name, None, fallback=theirs)
            yield Named(one.name, found.type, f"{theirs.name if theirs else ''} line {one.line}", True)


def _gates(theirs: Mapping | None) -> str:
    """Where Atlassian's file gates; empty when it does not, or when nobody can tell what, which is told by then."""
    gating = theirs.gating if theirs else None
    return f"{theirs.name} line {gating.line}" if theirs and gating and not gating.problem else ""


def _is_writable(name: str) -> bool:
    return bool(name.strip()) and name.isprintable()


def _unusable(root: Path, theirs: Mapping | None, notes: Iterable[str]) -> list[str]:
    """A sentence when Atlassian's file is there and says nothing that there is a place for."""
    try:
        there = next((name for name in atlassian_mapping.NAMES if read_bytes(root, name) is not None), "")
    except UsageError:
        return []  # told by then
    return [f"{there} holds nothing to carry over."] if there and theirs is None and not list(notes) else []
