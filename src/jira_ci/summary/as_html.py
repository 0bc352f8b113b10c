"""A page as one HTML file that needs nothing else and runs nothing: for an artifact that GitLab shows by itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from jira_ci.summary import parts
from jira_ci.summary.look import STYLE
from jira_ci.summary.parts import TONES, Block, Link, Mark, Page, Part, Phrase, Strong, Table
from jira_ci.text import hypertext

_TEXT = 2000  # characters of one text


def as_html(page: Page) -> str:
    """The whole file."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    title = f"Jira: {_text(page.title.word)}"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="'
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f'<h1>{_sign(page.title)} <span dir="auto">{title}</span></h1>',
            *(line for block in page.blocks for line in _block(block)),
            *([f'<p class="foot" dir="auto">{_phrase(page.foot)}</p>'] if page.foot else []),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, parts.Heading):
        yield f"<h2>{_text(block.text)}</h2>"
    elif isinstance(block, parts.Paragraph):
        yield f'<p dir="auto">{_phrase(block.phrase)}</p>'
    elif isinstance(block, parts.Notice):
        yield f'<p class="notice" dir="auto">{_phrase(block.phrase)}</p>'
    elif isinstance(block, parts.Items):
        yield "<ul>"
        yield from (f'<li dir="auto">{_phrase(phrase)}</li>' for phrase in block.phrases)
        yield "</ul>"
    else:
        yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    """In a box of its own that is moved sideways on a narrow screen, by keyboard too."""
    yield f'<div class="wide" role="region" aria-label="{_text(table.title)}" tabindex="0">'
    yield "<table>"
    names = "".join(f'<th scope="col" dir="auto">{_text(name)}</th>' for name in table.columns)
    yield f"<thead><tr>{names}</tr></thead>"
    yield "<tbody>"
    for first, *others in table.rows:
        cells = "".join(f'<td dir="auto">{_phrase(cell)}</td>' for cell in others)
        yield f'<tr><th scope="row" dir="auto">{_phrase(first)}</th>{cells}</tr>'
    if table.left_out:
        yield f'<tr><td colspan="{len(table.columns)}">… and {table.left_out} more</td></tr>'
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _phrase(phrase: Phrase) -> str:
    return "".join(map(_part, phrase))


def _part(part: Part) -> str:
    if isinstance(part, str):
        return _text(part)
    if isinstance(part, Mark):
        return f'<span class="mark {part.tone}">{_sign(part)} {_text(part.word)}</span>'
    if isinstance(part, Link):
        return _link(part)
    tag = "strong" if isinstance(part, Strong) else "code"
    return f"<{tag}>{_text(part.text)}</{tag}>"


def _link(link: Link) -> str:
    if not parts.is_web(link.address):
        return _text(link.text)
    address = hypertext(link.address, len(link.address))
    return f'<a href="{address}" rel="noopener noreferrer">{_text(link.text)}</a>'


def _sign(mark: Mark) -> str:
    return f'<span aria-hidden="true">{TONES[mark.tone]}</span>'


def _text(text: str) -> str:
    return hypertext(text, _TEXT)
