"""The description of a change that is made: what an approver asks, or the team's own template of it.

Every text in it is shown as it is, the template's as well: nothing in it is markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from jira_ci.gate.contents import TITLED
from jira_ci.gate.subject import Attempt, Subject
from jira_ci.jira import rich_text
from jira_ci.jira.rich_text import Line, Own
from jira_ci.run_words import PART
from jira_ci.text import for_jira

LONGEST = 32_767
"""Characters that Jira keeps of a text (``jira.text.field.character.limit``)."""
_PEOPLE = 20
_LONGEST_TITLE = 255
_CUT: Line = ["Cut here: Jira keeps no more of a description."]


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
