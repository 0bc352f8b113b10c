"""What is in a deployment, for the change that is made for it: its issues, who wrote them, since when, how tests went.

All of it is asked only when a change is made, and none of it can keep one from being made: what is not known is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import quote

from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.frozen import replace
from jira_ci.gate.subject import Attempt, Contents, Subject
from jira_ci.git.command import GitError
from jira_ci.git.repository import Git
from jira_ci.jira.service_desk import Service
from jira_ci.keys.resolve import Claims
from jira_ci.run import CI, Run

Tests = Callable[[Context], tuple[str, str]]
"""How the job's tests went, in words, and why that is not known; both empty where it counts none."""
_AUTHORS = 1000
"""Commits that are looked at for who wrote them."""
TITLED = 50
"""Issues whose titles are asked for."""
_TIME = 0.25  # of a look's time, for titles: the change is worth the rest


def completed(context: Context, attempt: Attempt, subject: Subject, tests: Tests) -> Attempt:
    """The attempt with what it deploys, as far as checkout and provider tell; the log says what they do not."""
    missing: list[str] = []
    keys, since = _claimed(context, subject, missing)
    authors = _authors(context.git, subject.commit, since, missing)
    counted, problem = tests(context)
    if problem:
        context.console.notice("warning", f"The change has no count of the tests: {problem}")
        missing.append("How the tests went is not known.")
    found = Contents(
        authors=authors,
        since=since,
        comparison=comparison(context.run, since, subject.commit),
        tests=counted,
        missing=tuple(missing),
    )
    return replace(attempt, keys=keys, contents=found)


def titled(service: Service, attempt: Attempt) -> tuple[Attempt, tuple[str, ...]]:
    """The attempt with its issues' titles, which the change's own site is asked for, and sentences for the log."""
    keys = attempt.keys[:TITLED]
    if not keys:
        return attempt, ()
    found = service.titles(keys, _TIME)
    titles = {key: card.title for key, card in found.cards.items()}
    untitled = tuple("The titles of issues could not be read." for _ in [1] if found.error)
    more = replace(
        attempt.contents, titles=titles, hidden=found.missing, missing=(*attempt.contents.missing, *untitled)
    )
    said = (f"The change names issues without their titles: {found.error}",) if found.error else ()
    return replace(attempt, contents=more), said


def comparison(run: Run, since: str, commit: str) -> str:
    """Where a person sees what is new; empty where the provider has no such page that is known."""
    if not (run.repository_url and since and commit) or since == commit:
        return ""
    page = {CI.GITHUB: "compare", CI.GITLAB: "-/compare"}.get(run.provider)
    return f"{run.repository_url}/{page}/{quote(since, safe='/')}...{quote(commit)}" if page else ""


def _claimed(context: Context, subject: Subject, missing: list[str]) -> tuple[tuple[str, ...], str]:
    """The issues, and the commit or tag from which on they are new; empty where that is not known."""
    try:
        with closing(Claims(context)) as claims:
            names = context.settings.service or ("",)
            found = [claims.of(subject.environment, *filter(None, [name])) for name in names]
            since = context.settings.since or claims.deployed(subject.environment)
    except UsageError as error:
        context.console.notice("warning", f"The change names no issues: {error}")
        missing.append("Which issues are deployed is not known.")
        return (), ""
    if not all(claim.complete for claim in found):
        missing.append("There may be more issues: not everything that is deployed could be read.")
    if not since:
        missing.append("What was deployed here last is not known, so that there is no comparison.")
    return tuple(dict.fromkeys(key for claim in found for key in claim.keys.keys)), since


def _authors(git: Git, commit: str, since: str, missing: list[str]) -> tuple[str, ...]:
    """Who wrote what is new, those with the most commits first; of the one commit where it is not known since when."""
    base = git.resolve(since)
    most, where = (_AUTHORS, (commit, f"^{base}")) if base else (1, (commit,))
    try:
        found = list(_names(git, most, *where)) if git.resolve(commit) else []
    except GitError:
        found = []
    if base and not git.holds(commit, base):
        missing.append("There may be more authors: the checkout does not reach back to the last deployment.")
    elif not base and found:
        missing.append("Only the author of the last commit is known.")
    elif not found and base != commit:
        missing.append("Who wrote the commits is not known.")
    return tuple(sorted(dict.fromkeys(found), key=lambda name: -found.count(name)))


def _names(git: Git, most: int, *revisions: str) -> Iterator[str]:
    printed = git.run("log", "--format=%aN", f"--max-count={most}", "--end-of-options", *revisions, "--")
    yield from filter(None, (line.strip() for line in printed.splitlines()))
