"""Pages as HTML."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from jira_ci.output.html import as_html
from jira_ci.output.page import Link, Mark, Page, Paragraph
from summary_pages import HOSTILE, SITE, everywhere


class Reader(HTMLParser):
    """What stands in a page: elements with their attributes, and the text outside of the style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open += [tag] if tag != "meta" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_changes_nothing_but_the_text(text: str) -> None:
    found, plain = Reader(as_html(everywhere(text))), Reader(as_html(everywhere("plain")))
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in plain.elements]
    assert {attributes["href"] for tag, attributes in found.elements if tag == "a"} == {SITE}
    assert found.open == []


def test_it_needs_nothing_and_runs_nothing() -> None:
    text = as_html(everywhere("x"))
    [style] = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [attributes["content"] for _, attributes in Reader(text).elements if attributes.get("http-equiv")]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not {tag for tag, _ in Reader(text).elements} & {"script", "link", "img", "iframe", "form", "base", "object"}
    assert "url(" not in style
    assert "@import" not in style
    assert not [name for _, attributes in Reader(text).elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", "JaVaScRiPt:x"])
def test_a_link_leads_only_into_the_web(address: str) -> None:
    assert "<a " not in as_html(Page(Mark("good", "x"), (Paragraph((Link("text", address),)),)))


def test_quotes_in_an_address_do_not_end_it() -> None:
    found = Reader(as_html(Page(Mark("good", "x"), (Paragraph((Link("t", 'https://a.example/"onclick="x'),)),))))
    [link] = [attributes for tag, attributes in found.elements if tag == "a"]
    assert link == {"href": 'https://a.example/"onclick="x', "rel": "noopener noreferrer"}


def test_signs_are_for_the_eyes_and_words_for_everybody() -> None:
    text = as_html(Page(Mark("bad", "build failed")))
    assert '<h1><span aria-hidden="true">❌</span> <span dir="auto">Jira: build failed</span></h1>' in text
