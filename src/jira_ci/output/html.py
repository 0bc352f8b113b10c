"""A page as one HTML file that needs nothing else and runs nothing: for an artifact that GitLab shows by itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from jira_ci.output import page
from jira_ci.output.page import TONES, Block, Link, Mark, Page, Part, Phrase, Strong, Table
from jira_ci.text import hypertext

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f7f8f9; --card: #fff; --text: #172b4d; --quiet: #44546f; --line: #dcdfe4; --link: #0055cc;
  --good: #dcfff1; --good-text: #164b35; --bad: #ffeceb; --bad-text: #5d1f1a; --busy: #e9f2ff; --busy-text: #09326c;
  --off: #f1f2f4; --off-text: #44546f; --warn: #fff7d6; --warn-text: #533f04;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161a1d; --card: #1d2125; --text: #d5dde6; --quiet: #9fadbc; --line: #333c44; --link: #85b8ff;
    --good: #1c3329; --good-text: #7ee2b8; --bad: #42221f; --bad-text: #ffd5d2; --busy: #092957; --busy-text: #cce0ff;
    --off: #2c333a; --off-text: #b6c2cf; --warn: #332e1b; --warn-text: #f8e6a0;
  }
}
* { box-sizing: border-box; }
html {
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  background: var(--page); color: var(--text); overflow-wrap: anywhere;
}
body { margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; letter-spacing: -0.01em; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 0.6rem; }
p { margin: 0 0 1rem; max-width: 60rem; }
ul { margin: 0 0 1rem; padding-left: 1.3rem; max-width: 60rem; }
li { margin-bottom: 0.25rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
code { font: 0.875em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
p code, td code { background: var(--off); color: var(--off-text); padding: 0.1em 0.35em; border-radius: 3px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.notice {
  padding: 0.7rem 1rem; border-radius: 6px; border-left: 4px solid;
  background: var(--warn); color: var(--warn-text);
}
.notice a { color: inherit; }
.foot { margin-top: 1.5rem; color: var(--quiet); }
.wide {
  overflow-x: auto; margin: 0 0 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px;
}
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
th, td { text-align: start; vertical-align: top; padding: 0.5rem 0.9rem; border-top: 1px solid var(--line); }
td { overflow-wrap: break-word; min-width: 6rem; }
thead th { border-top: 0; color: var(--quiet); font-size: 0.8125rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; min-width: 5.5rem; }
tbody th a { white-space: nowrap; }
.mark {
  display: inline-block; padding: 0 0.45rem; border-radius: 4px; white-space: nowrap; font-weight: 550;
  background: var(--off); color: var(--off-text);
}
.mark.good { background: var(--good); color: var(--good-text); }
.mark.bad, .mark.stop { background: var(--bad); color: var(--bad-text); }
.mark.busy { background: var(--busy); color: var(--busy-text); }
.mark.back, .mark.doubtful { background: var(--warn); color: var(--warn-text); }
@media (max-width: 48rem) {
  main { padding: 1rem; }
  th, td { padding: 0.45rem 0.6rem; }
}
@media (forced-colors: active) { .mark, .notice { border: 1px solid; } }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { --page: #fff; --text: #000; --quiet: #444; --link: #000; --line: #999; }
  html { font-size: 0.7rem; }
  main { max-width: none; padding: 0; }
  .wide { overflow: visible; border: 0; }
  th, td { padding: 0.2rem 0.4rem; }
  td, tbody th { min-width: 0; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
"""


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
    if isinstance(block, page.Heading):
        yield f"<h2>{_text(block.text)}</h2>"
    elif isinstance(block, page.Paragraph):
        yield f'<p dir="auto">{_phrase(block.phrase)}</p>'
    elif isinstance(block, page.Notice):
        yield f'<p class="notice" dir="auto">{_phrase(block.phrase)}</p>'
    elif isinstance(block, page.Items):
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
    if not page.is_web(link.address):
        return _text(link.text)
    address = hypertext(link.address, len(link.address))
    return f'<a href="{address}" rel="noopener noreferrer">{_text(link.text)}</a>'


def _sign(mark: Mark) -> str:
    return f'<span aria-hidden="true">{TONES[mark.tone]}</span>'


def _text(text: str) -> str:
    return hypertext(text, _TEXT)
