"""The description of a change that is made: what an approver asks, or the team's own template of it.

Every text in it is shown as it is, the template's as well: nothing in it is markup. What is deployed (issues, authors,
since when, how tests went) is asked only when a change is made, and cannot keep one from being made: what is not known
is said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from urllib.parse import quote

from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.frozen import replace
from jira_ci.gate.subject import Attempt, Contents, Subject
from jira_ci.git.command import GitError
from jira_ci.git.repository import Git
from jira_ci.jira import rich_text
from jira_ci.jira.rich_text import Line, Own
from jira_ci.jira.service_desk import Service
from jira_ci.keys.resolve import Claims
from jira_ci.run import CI, Run
from jira_ci.run_words import PART
from jira_ci.text import for_jira

LONGEST = 32_767
"""Characters that Jira keeps of a text (``jira.text.field.character.limit``)."""
_PEOPLE = 20
_LONGEST_TITLE = 255
_CUT: Line = ["Cut here: Jira keeps no more of a description."]
Tests = Callable[[Context], tuple[str, str]]
"""How the job's tests went, in words, and why that is not known; both empty where it counts none."""
_AUTHORS = 1000
"""Commits that are looked at for who wrote them."""
TITLED = 50
"""Issues whose titles are asked for."""
_TIME = 0.25  # of a look's time, for titles: the change is worth the rest


def description(subject: Subject, attempt: Attempt, template: str = "") -> list[Line]:
    """For the people who approve. It ends with the run, by which a change is found again whose making was not answered.

    Args:
        template: the policy's; empty for the usual lines.
    """
    blocks = _blocks(subject, attempt)
    told = list(_of_template(template, blocks)) if template else list(_usual(blocks))
    missing = attempt.contents.missing
    gaps: list[Line] = [[], ["Not known:"], *[[sentence] for sentence in missing]] if missing else []
    return [*told, *gaps, [], _made(attempt)]


def _made(attempt: Attempt) -> Line:
    where: list[str | Own] = [" in ", Own(attempt.url, link=True)] if attempt.url else []
    return ["Made by jira-ci", *where, ". The deployment begins when this change allows it."]


def sendable(lines: Sequence[Line], *, cloud: bool) -> dict[str, object] | str:
    """The description as it is sent, cut at a line's end, which is said, where Jira would not take all of it.

    What Jira counts of a document is not documented; its JSON is the most that it can be.
    """
    kept, last = list(lines), lines[-1]
    if _length(kept, cloud=cloud) > LONGEST:
        low, high = 0, len(kept)
        while low < high:  # the most lines that fit
            middle = (low + high + 1) // 2
            fits = _length([*kept[:middle], [], _CUT, last], cloud=cloud) <= LONGEST
            low, high = (middle, high) if fits else (low, middle - 1)
        kept = [*kept[:low], [], _CUT, last]
    return rich_text.document(kept) if cloud else rich_text.wiki(kept)


def _length(lines: Sequence[Line], *, cloud: bool) -> int:
    if not cloud:
        return len(rich_text.wiki(lines))
    return len(json.dumps(rich_text.document(lines), ensure_ascii=False, separators=(",", ":")))


def _usual(blocks: Mapping[str, Sequence[Line]]) -> Iterator[Line]:
    names = {
        "Project": "project",
        "Version": "version",
        "Environment": "environment",
        "Tenant": "tenant",
        "Commit": "commit",
        "Started by": "actor",
        "Written by": "authors",
        "New since the last deployment": "comparison",
        "Tests": "tests",
    }
    for name, word in names.items():
        for line in blocks[word]:
            yield [f"{name}: ", *line]
    if blocks["issues"]:
        yield from ([], ["Issues:"], *blocks["issues"])


def _blocks(subject: Subject, attempt: Attempt) -> dict[str, Sequence[Line]]:
    """For each word of a template its lines; none where it means nothing in this run."""
    own = subject.names
    plain = {**attempt.words, **own, "short-commit": subject.commit[:7], "actor": attempt.actor}
    found, people = attempt.contents, attempt.contents.authors
    more = f" and {len(people) - _PEOPLE} more" if len(people) > _PEOPLE else ""
    since = [[found.since, " is the same commit"]] if found.since and found.since == subject.commit else []
    blocks: dict[str, Sequence[Line]] = {name: [[value]] if value else [] for name, value in plain.items()}
    return {
        **blocks,
        "run": [[Own(attempt.url, link=True)]] if attempt.url else [],
        "authors": [[", ".join(for_jira(one, _LONGEST_TITLE) for one in people[:_PEOPLE]) + more]] if people else [],
        "comparison": [[Own(found.comparison, link=True)]] if found.comparison else since,
        "tests": [[found.tests]] if found.tests else [],
        "issues": list(_issues(attempt)),
    }


def _issues(attempt: Attempt) -> Iterator[Line]:
    found = attempt.contents
    for key in attempt.keys[:TITLED]:
        title = for_jira(" ".join(found.titles.get(key, "").split()), _LONGEST_TITLE)
        hidden = " (not shown to the account that made this change)" if key in found.hidden else ""
        yield [Own(key), f" {title}" if title else hidden]
    if len(attempt.keys) > TITLED:
        yield [f"and {len(attempt.keys) - TITLED} more"]


def _of_template(template: str, blocks: Mapping[str, Sequence[Line]]) -> Iterator[Line]:
    """The template's lines; one that is nothing but a word becomes that word's lines, or none."""
    for text in template.strip("\n").splitlines():
        alone = PART.fullmatch(text.strip())
        if alone and alone["word"]:
            yield from blocks.get(alone["word"], [])
        else:
            yield list(_parts(text, blocks))


def _parts(text: str, blocks: Mapping[str, Sequence[Line]]) -> Iterator[str | Own]:
    at = 0
    for match in PART.finditer(text):
        yield text[at : match.start()]
        at = match.end()
        if match["word"]:
            for index, line in enumerate(blocks.get(match["word"], [])):
                yield from ([", "] if index else [])
                yield from line
        else:
            yield match["expression"] or match[0][0]
    yield text[at:]


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
