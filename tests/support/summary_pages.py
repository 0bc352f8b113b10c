"""Pages for tests of how they are written: with strangers' texts in every place."""

from __future__ import annotations

from jira_ci.output import page
from jira_ci.output.page import Code, Heading, Link, Mark, Notice, Page, Paragraph, Strong

SITE = "https://acme.atlassian.net/browse/WEB-1"
HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- hidden",
    "![a](https://evil.example/x.png)",
    "[a](javascript:alert(1))",
    "a | b | c",
    "# big",
    "- item\n- item",
    "1. one",
    "    code",
    "```\ncode",
    "~~~",
    "`code`",
    "**bold** __bold__",
    "https://evil.example www.evil.example mailto:a@evil.example",
    "<https://evil.example>",
    "@octocat #12",
    "&lt;b&gt;",
    "\\",
    "|",
    "---",
    "> quote",
    "\u202egnp.exe",
    "a\r\n\r\n<b>b</b>",
    "]( https://evil.example )",
    "$x$ :smile:",
    "",
    "\ud800",
)


def everywhere(text: str) -> Page:
    """A page with this text in every place."""
    phrase = (text, " ", Strong(text), " ", Code(text), " ", Link(text, SITE), " ", Mark("good", text))
    table = page.table(text, (text, "B"), [(phrase, (text,)), ((text,), ())], 5)
    blocks = (Heading(text), Paragraph(phrase), Notice(phrase), *page.items([phrase], 5), *table)
    return Page(Mark("good", text), blocks, phrase)
