"""Looks at a repository: its host, its CI files, its history, and Atlassian's own file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from jira_ci.config.model import read_bytes
from jira_ci.environments import atlassian_mapping
from jira_ci.environments.atlassian_mapping import Mapping
from jira_ci.environments.classify import classify
from jira_ci.errors import UsageError
from jira_ci.git.repository import Git
from jira_ci.init import files, github_workflow, gitlab_jobs
from jira_ci.init.files import Deploying, Found, Named, Pipelines
from jira_ci.keys.parse_keys import Source, collect
from jira_ci.run import CI, Run
from jira_ci.text import canonical

COMMITS = 500
_BRANCHES = 200
_MOST = 20
_RARE = 50
"""A project that is named so many times less often than the first one is rather a look-alike of a key."""


def seen(git: Git) -> Counter[str]:
    """How many of the last commits and branches name issues of each project."""
    if git.problem() or not git.head():
        return Counter()
    options = ("--no-patch", "--no-show-signature", "--no-color", "--encoding=UTF-8", "--format=%B%x00")
    messages = git.ask("log", f"--max-count={COMMITS}", *options).split("\0")
    refs = git.ask("for-each-ref", f"--count={_BRANCHES}", "--format=%(refname)", "refs/heads", "refs/remotes")
    branches = {_branch(ref) for ref in refs.split("\n")}
    return count([*(Source("", text) for text in messages), *(Source("", name, branch=True) for name in branches)])


def count(sources: list[Source]) -> Counter[str]:
    """In how many of these texts each project is named."""
    found: Counter[str] = Counter()
    for source in sources:
        found.update({key.rpartition("-")[0] for key in collect([source]).keys})
    return found


def proposed(found: Counter[str]) -> tuple[str, ...]:
    """The projects worth naming, the most frequent first."""
    return tuple(project for project in ranked(found) if found[project] * _RARE >= max(found.values()))[:_MOST]


def ranked(found: Counter[str]) -> list[str]:
    """The projects, the most frequent first."""
    return sorted(found, key=lambda project: (-found[project], project))


def _branch(ref: str) -> str:
    kind, _, name = ref.removeprefix("refs/").partition("/")
    return name.partition("/")[2] if kind == "remotes" else name


_PROJECT_NAME = re.compile(r'(?=\S)[^"\x00-\x1f\x7f-\x9f]{1,200}(?<=\S)')
_MOST_ENVIRONMENTS = 200


def look(root: Path, run: Run, seen: dict[str, int], site: str, zone: str = "") -> Found:
    """Everything that the files below ``root`` and the run say. Nothing is written, and no request is made.

    Args:
        seen: how many commits and branches name issues of each project.
        site: as it shall stand in the file; empty when none was named.
        zone: in which people work here.
    """
    github, gitlab = github_workflow.look_at_github(root), gitlab_jobs.look_at_gitlab(root)
    theirs, notes = atlassian_mapping.read(root)
    notes += _unusable(root, theirs, notes)
    deploying = [*github.deploying, *gitlab.deploying]
    name = run.repository.rpartition("/")[2]
    host = (urlsplit(run.repository_url).hostname or "").lower()
    counted = Counter(seen)
    projects = proposed(counted)
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
        host=host,
        zone=zone,
    )


def _providers(run: Run, github: Pipelines, gitlab: Pipelines) -> tuple[CI, ...]:
    """Who runs the pipelines: who runs us, else whose host the remote is on, else whose files are there."""
    if run.provider in (CI.GITHUB, CI.GITLAB):
        return (run.provider,)
    host = (urlsplit(run.repository_url).hostname or "").split(".")
    for provider in (CI.GITHUB, CI.GITLAB):
        if any(provider in label for label in host):
            return (provider,)
    return tuple(name for name, found in ((CI.GITHUB, github), (CI.GITLAB, gitlab)) if found.here)


def _projects_comment(seen: Counter[str]) -> str:
    shown = ", ".join(f"{project} {seen[project]}" for project in ranked(seen)[:10])
    return f"how often the last {COMMITS} commits and the branches name them: {shown}"


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
            notes.append(f"{error.message} It was passed over ({files.comment(job.where)}).")
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
    """Where Atlassian's file gates; empty when it does not, or when the notes say that it is unclear."""
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
