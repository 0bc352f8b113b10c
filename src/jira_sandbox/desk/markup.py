"""Rich text: Atlassian documents and wiki markup, what each shows, and how Jira makes one of the other.

Of wiki markup the sandbox knows what changes a text that was meant to be none: escapes, emoticons, addresses, anchors.
"""

from __future__ import annotations

import re
from typing import Any

from jira_sandbox.desk.change_issue import checked_text
from jira_sandbox.jira_errors import DeskError

_BLOCKS = {"paragraph", "heading", "listItem", "codeBlock", "tableRow", "blockquote"}
# https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
_NODES = _BLOCKS | {
    *("doc", "text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard", "blockCard", "embedCard"),
    *("bulletList", "orderedList", "taskList", "taskItem", "decisionList", "decisionItem", "panel", "rule", "expand"),
    *("nestedExpand", "table", "tableCell", "tableHeader", "mediaSingle", "mediaGroup", "media", "mediaInline"),
    *("caption", "layoutSection", "layoutColumn", "placeholder", "extension", "inlineExtension", "bodiedExtension"),
}
_MARKS = {
    *("strong", "em", "code", "strike", "underline", "link", "subsup", "textColor", "backgroundColor", "border"),
    *("alignment", "indentation", "breakout", "annotation", "dataConsumer", "fragment"),
}
# What takes its meaning from a backslash: escape.js of @atlaskit/editor-wikimarkup-transformer.
_ESCAPED = r"\\[-#*_+?^~|%{}\[\]()!@]"
_ADDRESS = r"(?:https?|ftps?)://[\w?!~^/\\#$%&'()*+,.:;<=@-]*[\w~^/\\#$%&'(*+:;<=@-]"
_EMOTICONS = {
    **dict.fromkeys((":)", ":-)"), "\U0001f642"),
    **dict.fromkeys((":(", ":-("), "\U0001f61e"),
    **dict.fromkeys((":P", ":-P", ":p", ":-p"), "\U0001f61b"),
    **dict.fromkeys((":D", ":-D"), "\U0001f603"),
    **dict.fromkeys((";)", ";-)"), "\U0001f609"),
    "(y)": "\U0001f44d",
    "(n)": "\U0001f44e",
    "(i)": "\u2139",
    "(/)": "\u2705",
    "(x)": "\u274c",
    "(!)": "\u26a0",
    "(+)": "\u2795",
    "(-)": "\u2796",
    "(?)": "\u2753",
    "(*)": "\u2b50",
    "(on)": "\U0001f4a1",
    "(off)": "\u25cb",
}
_TOKEN = re.compile(
    rf"(?P<escaped>{_ESCAPED})|(?P<anchor>\{{anchor[^}}]*\}})|(?P<address>(?<![A-Za-z0-9]){_ADDRESS})"
    rf"|(?P<emoticon>(?:{'|'.join(map(re.escape, sorted(_EMOTICONS, key=len, reverse=True)))})(?![A-Za-z0-9]))"
)
_TO_ESCAPE = re.compile(r"[{}\[\]()|!*^~@]|(?<![^\W_])[-+_?#]|[-+_?](?![^\W_])")

Part = tuple[str, str]
"""A text that is shown, and the address that it leads to, if any."""


class DocumentText(str):
    """The text that a document shows, with the document."""

    document: dict[str, Any]


def document_text(value: Any) -> DocumentText:
    """The text of a document, a line for each block.

    Raises:
        DeskError: it is no document, one too deep, or longer than Jira keeps.
    """
    if not (isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1):
        raise DeskError("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    try:
        found = DocumentText(checked_text(_text(value).rstrip("\n")))
    except RecursionError as error:
        raise DeskError("INVALID_INPUT") from error
    found.document = value
    return found


def document_of(text: str) -> dict[str, Any]:
    """Wiki markup as a document: a paragraph for each line."""
    return {"type": "doc", "version": 1, "content": [_paragraph(line) for line in text.split("\n")]}


def markup_of(document: dict[str, Any]) -> str:
    """A document as wiki markup that shows the same text and links."""
    return "\n".join("".join(map(_markup, line)) for line in _lines_of(document))


def shown(text: str, document: dict[str, Any] | None) -> list[list[Part]]:
    """What people see, line by line: of the document, or else of the text, which is wiki markup."""
    return _lines_of(document) if document else [_parts(line) for line in text.split("\n")]


def _parts(line: str) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for match in _TOKEN.finditer(line):
        parts += [(line[end : match.start()], "")]
        if match.lastgroup == "escaped":
            parts += [(match[0][1], "")]
        elif match.lastgroup == "address":
            parts += [(match[0], match[0])]
        elif match.lastgroup == "emoticon":
            parts += [(_EMOTICONS[match[0]], "")]
        end = match.end()
    joined: list[Part] = []
    for text, address in [*parts, (line[end:], "")]:
        if joined and not address and not joined[-1][1]:
            joined[-1] = (joined[-1][0] + text, "")
        elif text:
            joined.append((text, address))
    return joined


def _paragraph(line: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for text, address in _parts(line):
        link = {"marks": [{"type": "link", "attrs": {"href": address}}]} if address else {}
        content += [{"type": "text", "text": text, **link}] if text else []
    return {"type": "paragraph", "content": content}


def _markup(part: Part) -> str:
    text, address = part
    if address:
        return address if text == address else f"[{text}|{address}]"
    return _TO_ESCAPE.sub(r"\\\g<0>", text)


def _lines_of(document: dict[str, Any]) -> list[list[Part]]:
    lines: list[list[Part]] = [[]]

    def visit(node: dict[str, Any]) -> None:
        if node["type"] == "text":
            marks = (one for one in node.get("marks", ()) if one["type"] == "link")
            lines[-1].append((node["text"], next((one["attrs"]["href"] for one in marks), "")))
        elif node["type"] == "hardBreak":
            lines.append([])
        for one in node.get("content", ()):
            visit(one)
        if node["type"] in _BLOCKS and lines[-1]:
            lines.append([])

    visit(document)
    return lines if lines[-1] else lines[:-1]


def _text(node: Any) -> str:
    if not isinstance(node, dict) or node.get("type") not in _NODES:
        raise DeskError("INVALID_INPUT")
    kind = node["type"]
    if kind == "hardBreak":
        return "\n"
    if kind == "text":
        if not (isinstance(node.get("text"), str) and node["text"]) or not node.keys() <= {"type", "text", "marks"}:
            raise DeskError("INVALID_INPUT")  # an empty text node is no valid document
        if not all(map(_is_mark, node.get("marks", ()))):
            raise DeskError("INVALID_INPUT")
        return str(node["text"])
    content = node.get("content", [])
    if not isinstance(content, list):
        raise DeskError("INVALID_INPUT")
    inner = "".join(_text(one) for one in content)
    return inner + "\n" if kind in _BLOCKS and not inner.endswith("\n") else inner


def _is_mark(mark: Any) -> bool:
    if not isinstance(mark, dict) or mark.get("type") not in _MARKS:
        return False
    attributes = mark.get("attrs")
    return mark["type"] != "link" or (isinstance(attributes, dict) and isinstance(attributes.get("href"), str))
