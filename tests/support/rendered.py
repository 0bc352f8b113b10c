"""Markdown as its readers' sites understand it: tables with their cells, headings, lists and links, and any HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token


@dataclass
class Rendered:
    """What a reader sees."""

    headings: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    """Tables of rows of cells; the first row is the head."""
    links: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Everything that no summary has: HTML, images, blocks of code."""

    def column(self, table: int, name: str) -> list[str]:
        head, *rows = self.tables[table]
        return [row[head.index(name)] for row in rows]


_STRANGE = ("html_block", "html_inline", "image", "fence", "code_block", "hr")


def render(text: str) -> Rendered:
    """Parses it with tables and raw HTML allowed, as GitHub does."""
    found, within = Rendered(), [""]
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        if token.type in _STRANGE:
            found.strange.append(f"{token.type}: {token.content}")
        elif token.type == "table_open":
            found.tables.append([])
        elif token.type == "tr_open":
            found.tables[-1].append([])
        elif token.type in ("heading_open", "list_item_open", "blockquote_open", "th_open", "td_open"):
            within.append(token.type)
        elif token.type in ("heading_close", "list_item_close", "blockquote_close", "th_close", "td_close"):
            within.pop()
        elif token.type == "inline":
            _place(found, within[-1], _shown(token, found))
    return found


def _place(found: Rendered, within: str, shown: str) -> None:
    if within in ("th_open", "td_open"):
        found.tables[-1][-1].append(shown)
    else:
        places = {"heading_open": found.headings, "list_item_open": found.items, "blockquote_open": found.quotes}
        places.get(within, found.paragraphs).append(shown)


def _shown(token: Token, found: Rendered) -> str:
    """The text without its invisible blanks."""
    texts = []
    for child in token.children or []:
        if child.type == "link_open":
            found.links.append(str(child.attrs["href"]))
        elif child.type in _STRANGE:
            found.strange.append(f"{child.type}: {child.content}")
        elif child.type in ("text", "code_inline", "text_special"):
            texts.append(child.content)
    return "".join(texts).replace("\u200b", "")
