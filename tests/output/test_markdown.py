"""Pages as Markdown."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from jira_ci.output import page
from jira_ci.output.markdown import CUT, LARGEST, as_markdown
from jira_ci.output.page import Link, Mark, Page, Paragraph
from rendered import render
from summary_pages import HOSTILE, SITE, everywhere


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_changes_nothing_but_the_text(text: str) -> None:
    found, plain = render(as_markdown(everywhere(text))), render(as_markdown(everywhere("plain")))
    assert found.strange == []
    assert set(found.links) == {SITE} or (text == "" and not found.strange)
    assert [[len(row) for row in one] for one in found.tables] == [[len(row) for row in one] for one in plain.tables]
    assert (len(found.headings), len(found.items), len(found.quotes)) == (2, 1, 1)


@pytest.mark.parametrize("text", [one for one in HOSTILE if "http" in one or "@" in one])
def test_what_sites_make_links_of_by_themselves_is_pulled_apart(text: str) -> None:
    shown = "".join(
        child.content
        for token in MarkdownIt().parse(as_markdown(Page(Mark("good", text))))
        for child in token.children or []
    )
    for wanted in ("://", "www.", "mailto:", "@o", "#1"):
        assert wanted not in shown


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (SITE, [SITE]),
        ("http://127.0.0.1:80/browse/WEB-1", ["http://127.0.0.1:80/browse/WEB-1"]),
        ("http://[::1]:80/x", ["http://%5B::1%5D:80/x"]),
        ("https://a.example/x) [b](https://evil.example", ["https://a.example/x%29%20[b]%28https://evil.example"]),
        ("https://a.example/?a=1&copy;=2", ["https://a.example/?a=1&copy;=2"]),
        ("javascript:alert(1)", []),
        ("data:text/html,x", []),
        ("//evil.example", []),
        ("", []),
    ],
)
def test_a_link_leads_where_it_says_and_only_into_the_web(address: str, expected: list[str]) -> None:
    found = render(as_markdown(Page(Mark("good", "x"), (Paragraph((Link("text", address),)),))))
    assert [link.replace("[", "%5B").replace("]", "%5D") for link in found.links] == [
        link.replace("[", "%5B").replace("]", "%5D") for link in expected
    ]
    assert found.paragraphs == ["text"]


def test_a_page_that_is_too_long_is_cut_with_a_sentence() -> None:
    rows = [((f"row {number}",), ("`" * 500,)) for number in range(2000)]
    long = Page(Mark("bad", "long"), tuple(page.table("t", ("a", "b"), rows, 2000)), ("foot",))
    text = as_markdown(long)
    assert LARGEST - 10_000 < len(text.encode()) <= LARGEST
    found = render(text)
    assert found.paragraphs == [CUT.replace("*", "")]
    assert {len(row) for row in found.tables[0]} == {2}


@pytest.mark.parametrize("room", [-5, 0, 10, 60, 100, 200])
def test_it_never_takes_more_than_there_is(room: int) -> None:
    page = Page(Mark("good", "x"), (Paragraph(("y" * 300,)),))
    assert len(as_markdown(page, room).encode()) <= max(room, 0)


def test_what_is_left_out_of_a_table_and_of_a_list_is_counted() -> None:
    table = page.table("t", ("a", "b"), [((str(number),), ("x",)) for number in range(9)], 4)
    found = render(as_markdown(Page(Mark("good", "x"), (*table, *page.items([(("i",))] * 9, 4)))))
    assert found.tables[0][-1] == ["… and 5 more", ""]
    assert found.items == ["i"] * 4 + ["… and 5 more"]


def test_columns_without_anything_in_them_are_left_out() -> None:
    [table] = page.table("t", ("a", "b", "c"), [(("1",), ("",), ("2",)), (("3",), (), ("4",))], 5, ("b", "c"))
    assert render(as_markdown(Page(Mark("good", "x"), (table,)))).tables == [[["a", "c"], ["1", "2"], ["3", "4"]]]


def test_every_text_can_be_changed_and_tones_are_none() -> None:
    changed = page.with_texts(everywhere("good"), lambda text: text.replace("good", "***"))
    assert changed.title == Mark("good", "***")
    assert "good" not in as_markdown(changed)
