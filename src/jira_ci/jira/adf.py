"""Rich text as Jira's version 3 gives it (Atlassian Document Format), as plain text."""

from __future__ import annotations

from typing import Any

from jira_ci.jira.shapes import WrongShape

# https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/: inline nodes that show a text
_SHOWN = {"mention": "text", "emoji": "text", "status": "text", "inlineCard": "url"}
_INLINE = {"text", "hardBreak", "date", *_SHOWN}


def plain(value: Any) -> str:
    """The text that people see; each block on a line of its own. Null is empty, and a text is itself (version 2).

    Raises:
        WrongShape: it is neither of these nor a document.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, dict) or value.get("type") != "doc":
        raise WrongShape("description is no document")
    parts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:  # without recursion: how deep a document goes is its writer's choice
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, dict):
            parts.append(_shown(node))
            waiting.extend(_inside(node))
        else:
            raise WrongShape("description holds something that is no node")
    lines = "".join(parts).split("\n")
    return "\n".join(line for line in lines if line.strip())


def _inside(node: dict[str, Any]) -> list[Any]:
    content = node.get("content", [])
    if not isinstance(content, list):
        raise WrongShape("description holds a node whose content is no list")
    end = [] if node.get("type") in _INLINE else ["\n"]
    return [*end, *reversed(content)]


def _shown(node: dict[str, Any]) -> str:
    kind = node.get("type")
    if kind == "text":
        text = node.get("text")
        if not isinstance(text, str):
            raise WrongShape("description holds a text node without text")
        return text
    if kind in _SHOWN:
        attributes = node.get("attrs")
        shown = attributes.get(_SHOWN[kind]) if isinstance(attributes, dict) else None
        return shown if isinstance(shown, str) else " "
    return "\n"
