"""Rich text in the sandbox: what is refused, what people see, and what each version of the API shows."""

from __future__ import annotations

from typing import Any

import pytest

import atlassian
from jira_sandbox.desk.markup import document_of, document_text, markup_of, shown
from jira_sandbox.jira_errors import DeskError


def paragraph(*nodes: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": list(nodes)}]}


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"type": "doc"},
        {"type": "doc", "version": 2, "content": []},
        paragraph("text"),
        paragraph({"type": "text", "text": ""}),
        paragraph({"type": "text", "text": "x", "colour": "red"}),
        paragraph({"type": "text", "text": "x", "marks": [{"type": "loud"}]}),
        paragraph({"type": "text", "text": "x", "marks": [{"type": "link", "attrs": {}}]}),
        paragraph({"type": "unheard-of"}),
        paragraph({"type": "text", "text": "x" * 32_768}),
    ],
)
def test_what_is_no_document_is_refused(value: Any) -> None:
    with pytest.raises(DeskError):
        document_text(value)


def test_a_document_shows_its_text_and_its_links() -> None:
    link = {"type": "link", "attrs": {"href": "https://x.example"}}
    document = paragraph(
        {"type": "text", "text": "(/) *no* markup, see "},
        {"type": "text", "text": "this", "marks": [link]},
        {"type": "hardBreak"},
        {"type": "text", "text": "https://y.example"},
    )
    assert document_text(document) == "(/) *no* markup, see this\nhttps://y.example"
    assert shown("", document) == [
        [("(/) *no* markup, see ", ""), ("this", "https://x.example")],
        [("https://y.example", "")],
    ]
    assert markup_of(document).startswith("\\(/\\) \\*no\\* markup, see [this|https://x.example]\n")


MARKUP = [
    "as it is",
    "Prod (/) and ;) or :D",
    r"Prod \(/\) and ;\) or :{anchor:x}D",
    "see https://x.example/a, or ftp://y.example/b.",
    "see https:{anchor:x}//x.example",
    r"a\b \*c\* \[d\] 1.2-rc \-",
    r"C:\temp\new",
]


@pytest.mark.parametrize("text", MARKUP)
def test_wiki_markup_shows_what_atlassian_makes_of_it(text: str) -> None:
    ((theirs, found),) = atlassian.read([text])
    parts = [part for line in shown(text, None) for part in line]
    ours = "".join(one for one, _ in parts)
    assert [one for one in found if one != "emoji"] == [f"link {address}" for _, address in parts if address]
    assert "".join(one for one in ours if one not in "\u2705\U0001f609\U0001f603") == theirs  # emoji are no text there
    assert len(ours) - len(theirs) == found.count("emoji")


def test_wiki_markup_becomes_a_document() -> None:
    document = document_of("one \\*two\\*\nhttps://x.example")
    assert document_text(document) == "one *two*\nhttps://x.example"
    assert [len(one["content"]) for one in document["content"]] == [1, 1]
    atlassian.document_check()(document)
