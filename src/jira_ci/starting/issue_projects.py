"""Which issue projects a repository's history speaks of."""

from __future__ import annotations

from collections import Counter

from jira_ci.git.repository import Git
from jira_ci.keys.issue_keys import Source, collect

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
