"""Rich text: documents in the Atlassian Document Format, made of plain text and read as plain text."""

from __future__ import annotations

from typing import Any

from jira_sandbox.desk.errors import DeskError

_BLOCKS = {"paragraph", "heading", "listItem", "codeBlock", "tableRow", "blockquote"}


def document(text: str) -> dict[str, Any]:
    """Plain text as a document: a paragraph for each line."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def plain(value: Any) -> str:
    """The text of a document, a line for each block.

    Raises:
        DeskError: it is no document, or one too deep.
    """
    if not (isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1):
        raise DeskError("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    try:
        return _text(value).rstrip("\n")
    except RecursionError as error:
        raise DeskError("INVALID_INPUT") from error


def _text(node: Any) -> str:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        raise DeskError("INVALID_INPUT")
    kind = node["type"]
    if kind == "hardBreak":
        return "\n"
    if kind == "text":
        if not (isinstance(node.get("text"), str) and node["text"]):
            raise DeskError("INVALID_INPUT")  # an empty text node is no valid document
        return str(node["text"])
    content = node.get("content", [])
    if not isinstance(content, list):
        raise DeskError("INVALID_INPUT")
    inner = "".join(_text(one) for one in content)
    return inner + "\n" if kind in _BLOCKS and not inner.endswith("\n") else inner
