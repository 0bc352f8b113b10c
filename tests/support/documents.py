"""The pages that users read: the README and everything in docs/, and the sections of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_HEADING = re.compile(r"^(#{1,3}) (.*)$")


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands below a heading, up to the next one of its rank; of the docs before the README.

    Raises:
        AssertionError: no page has it, or two have.
    """
    found = [body for page in PAGES[1:] for body in _sections(text(page), title)]
    found = found or list(_sections(text(PAGES[0]), title))
    assert len(found) == 1, f"{len(found)} pages have a section {title!r}"
    return found[0]


def blocks(markdown: str, language: str) -> list[str]:
    """The fenced blocks of a language, in a list item too, without the item's indent."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", markdown, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


def _sections(markdown: str, title: str) -> Iterator[str]:
    lines: list[str] = []
    rank, fenced = 0, False
    for line in markdown.splitlines():
        fenced ^= line.lstrip().startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if heading and rank and len(heading[1]) <= rank:
            yield "\n".join(lines) + "\n"
            lines, rank = [], 0
        if rank:
            lines.append(line)
        elif heading and heading[2] == title:
            rank = len(heading[1])
    if rank:
        yield "\n".join(lines) + "\n"
