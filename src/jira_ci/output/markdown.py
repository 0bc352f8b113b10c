"""A page as Markdown, for GitHub's job summary and GitLab's artifact: tables as both know them, and no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from jira_ci.output import page
from jira_ci.output.page import TONES, Block, Code, Link, Mark, Page, Part, Phrase, Strong, Table
from jira_ci.text import markdown, unlinked

LARGEST = 1 << 20
"""Bytes that GitHub takes from one step; of a larger file it shows nothing
(https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits)."""
CUT = "**Cut here:** the rest did not fit. All of it is in the log."
_HARMLESS = re.compile(r"[A-Za-z0-9._/\\:+-]{1,300}")
_TEXT = 2000  # characters of one text


def as_markdown(page: Page, largest: int = LARGEST) -> str:
    """The whole page, ending with an empty line; or so much of it as fits, and a sentence that says so.

    Args:
        largest: bytes in UTF-8.
    """
    lines: list[str] = []
    room = largest - len(f"\n{CUT}\n".encode())
    for line in _lines(page):
        size = len(line.encode("utf-8", "replace")) + 1
        if size > room:
            return "\n".join([*lines, "", CUT, ""]) if room >= 0 else ""
        lines.append(line)
        room -= size
    return "\n".join([*lines, ""])


def inert(text: str, limit: int = _TEXT) -> str:
    """An untrusted text: no markup, no mention of a person, and no link."""
    return markdown(unlinked(text[:limit] + "…" * (len(text) > limit)), 4 * _TEXT)


def _lines(page: Page) -> Iterator[str]:
    yield f"### {TONES[page.title.tone]} Jira: {inert(page.title.word)}"
    for block in page.blocks:
        yield ""
        yield from _block(block)
    if page.foot:
        yield ""
        yield _phrase(page.foot)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, page.Heading):
        yield f"#### {inert(block.text)}"
    elif isinstance(block, page.Paragraph):
        yield _phrase(block.phrase)
    elif isinstance(block, page.Notice):
        yield f"> {_phrase(block.phrase)}"
    elif isinstance(block, page.Items):
        yield from (f"- {_phrase(phrase)}" for phrase in block.phrases)
    else:
        yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    yield _row([inert(name) for name in table.columns])
    yield _row(["---"] * len(table.columns))
    for row in table.rows:
        yield _row([_phrase(cell) for cell in row])
    if table.left_out:
        yield _row([f"… and {table.left_out} more", *("" for _ in table.columns[1:])])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _phrase(phrase: Phrase) -> str:
    """Without blanks around it: four of them would make it code."""
    return "".join(map(_part, phrase)).strip()


def _part(part: Part) -> str:
    if isinstance(part, str):
        return inert(part)
    if isinstance(part, Mark):
        return f"{TONES[part.tone]} {inert(part.word)}"
    if isinstance(part, Link):
        return f"[{inert(part.text)}]({_address(part.address)})" if page.is_web(part.address) else inert(part.text)
    return _weighted(part)


def _weighted(part: Strong | Code) -> str:
    """In a code span no escape works, so only harmless characters stand in one; and nothing empty is marked up."""
    if isinstance(part, Code) and _HARMLESS.fullmatch(part.text):
        return f"`{part.text}`"
    shown = inert(part.text).strip()
    return f"**{shown}**" if shown else ""


def _address(address: str) -> str:
    return quote(address, safe=":/%-._~[]?&=#+,;@!$*", errors="replace").replace("&", "&amp;")
