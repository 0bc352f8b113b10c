"""Strangers' texts on a change: shown as they are, by Atlassian's own judgement too."""

from __future__ import annotations

from typing import Any

import pytest
from fastjsonschema import JsonSchemaValueException
from hypothesis import given, settings
from hypothesis import strategies as st

import atlassian
from jira_ci.jira import rich_text
from jira_ci.jira.rich_text import Line, Own, shown_text

RUN = "https://ci.example/acme/shop/runs/7"
PLAIN = [
    "2.0.1",
    "2.0.1-beta.3+sha.9",
    "Shop Front",
    "Live-EU",
    "snake_case",
    "release/9",
    "Größe 東京",
    "D'Arcy & Co",
    "7 %",
]
ESCAPED = {
    "Live - EU": "Live \\- EU",
    "{code}rm{code}": "\\{code\\}rm\\{code\\}",
    "[here|ftp://bad.example]": "\\[here\\|ftp:{anchor:x}//bad.example\\]",
    "[~bob] *loud* ^high^ ~low~": "\\[\\~bob\\] \\*loud\\* \\^high\\^ \\~low\\~",
    "_so_ -gone- +new+": "\\_so\\_ \\-gone\\- \\+new\\+",
    "all right (y)": "all right \\(y\\)",
    "GH-12": "GH\\-12",
    "bob@shop.example": "bob\\@shop.example",
    "D:\\new\\table": "D:\\new\\table",
    "\\\\host\\share\\": "\\\u2060\\host\\share\\\u2060",
    "Fish &amp; Chips &#45;": "Fish &{anchor:x}amp; Chips &{anchor:x}\\#45;",
    "mailto:bob": "mailto:{anchor:x}bob",
    "joy :D": "joy :{anchor:x}D",
    "v12:Production": "v12:Production",
}
TRICKS = [
    *("http://", "https://", "mailto:", "file:", "{code}", "{color:red}", "{{", "}}", "&amp;", "&#91;", "GH-12", "??"),
    *(
        "--",
        "---",
        "----",
        "\\\\",
        ":P",
        ":-D",
        ";)",
        "(!)",
        "(*b)",
        "[~x]",
        "[^a]",
        "!a.png!",
        "h1.",
        "bq.",
        "||",
        "irc://x",
    ),
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert rich_text.escaped(text) == text


@pytest.mark.parametrize(("text", "markup"), ESCAPED.items())
def test_markup_becomes_text(text: str, markup: str) -> None:
    assert rich_text.escaped(text) == markup


def told(text: str) -> list[Line]:
    return [["Version: ", text], ["Run: ", Own(RUN, link=True)], [], ["Beginning of ", text, "."]]


def seen(text: str) -> str:
    return f"Version: {text}\nRun: {RUN}\n\nBeginning of {text}."


def judged(texts: list[str]) -> None:
    for text, (shown, found) in zip(texts, atlassian.read([rich_text.wiki(told(one)) for one in texts]), strict=True):
        assert (shown.replace("\u2060", ""), found) == (seen(text), [f"link {RUN}"])


def test_a_line_may_begin_with_any_text() -> None:
    beginnings = [*PLAIN, *(text for text in ESCAPED if text == text.strip()), "h1. Big", "bq. said", "# one", "| a |"]
    for text, (shown, found) in zip(
        beginnings, atlassian.read([rich_text.wiki([["Beginning"], [text]]) for text in beginnings]), strict=True
    ):
        assert (shown.replace("\u2060", ""), found) == (f"Beginning\n{text}", [])


def test_atlassian_reads_the_markup_as_the_text() -> None:
    judged([*PLAIN, *ESCAPED])


characters = st.one_of(
    st.sampled_from(TRICKS), st.characters(min_codepoint=32, exclude_categories=["C", "Z"]), st.just(" ")
)
texts = st.lists(characters, min_size=1, max_size=12).map(lambda many: " ".join("".join(many).split())).filter(bool)


@settings(max_examples=5)  # each is one process
@given(st.lists(texts, min_size=100, max_size=200))
def test_atlassian_reads_any_text_as_itself(many: list[str]) -> None:
    judged(many)


@given(st.lists(st.lists(st.one_of(texts, st.just(""), texts.map(Own)), max_size=4), max_size=5))
def test_a_document_is_one_and_shows_the_text(lines: list[Line]) -> None:
    made = rich_text.document(lines)
    assert shown_text(made) == "\n".join(line for line in rich_text.plain(lines).split("\n") if line.strip())
    assert "link" not in str([node["content"] for node in made["content"]]) or "link" in rich_text.plain(lines)
    atlassian.document_check()(made)


def test_only_our_own_address_is_a_link() -> None:
    document = rich_text.document(told("https://bad.example"))
    atlassian.document_check()(document)
    first, second = document["content"]
    assert first["content"] == [
        {"type": "text", "text": "Version: "},
        {"type": "text", "text": "https://bad.example"},
        {"type": "hardBreak"},
        {"type": "text", "text": "Run: "},
        {"type": "text", "text": RUN, "marks": [{"type": "link", "attrs": {"href": RUN}}]},
    ]
    assert [node["text"] for node in second["content"]] == ["Beginning of ", "https://bad.example", "."]


@pytest.mark.parametrize(
    "node", [{"type": "text", "text": ""}, {"type": "text", "text": "x", "href": "y"}, {"type": "no"}]
)
def test_the_judge_of_documents_refuses(node: dict[str, Any]) -> None:
    document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [node]}]}
    with pytest.raises(JsonSchemaValueException):
        atlassian.document_check()(document)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("h1. *Plain*", "h1. *Plain*"),
        ({"type": "doc", "version": 1, "content": []}, ""),
        (
            {
                "type": "doc",
                "content": [
                    {
                        "type": "paragraph",
                        "content": [
                            {"type": "text", "text": "Version 1."},
                            {"type": "text", "text": "2", "marks": [{"type": "strong"}]},
                            {"type": "hardBreak"},
                            {"type": "text", "text": "to Prod"},
                        ],
                    },
                    {
                        "type": "bulletList",
                        "content": [
                            {
                                "type": "listItem",
                                "content": [
                                    {
                                        "type": "paragraph",
                                        "content": [
                                            {"type": "mention", "attrs": {"text": "@Ana"}},
                                            {"type": "inlineCard", "attrs": {"url": "https://ci/1"}},
                                        ],
                                    }
                                ],
                            }
                        ],
                    },
                ],
            },
            "Version 1.2\nto Prod\n@Anahttps://ci/1",
        ),
        ({"type": "doc", "content": [{"type": "mention", "attrs": None}, {"type": "unheardOf"}]}, ""),
    ],
)
def test_rich_text_becomes_what_people_read(value: Any, text: str) -> None:
    assert shown_text(value) == text


def test_a_very_deep_document_is_read_to_its_end() -> None:
    node: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(50_000):
        node = {"type": "panel", "content": [node]}
    assert shown_text({"type": "doc", "content": [node]}) == "deep"
