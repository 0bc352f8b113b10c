"""Text for people in Jira, a document (ADF) or wiki markup: written so that untrusted text stays as it is, and read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jira_ci.frozen import dataclass
from jira_ci.jira.parse import WrongShape


@dataclass(frozen=True)
class Own:
    """A text of our own: an address that may be followed, or issue keys, which Jira may link."""

    text: str
    link: bool = False


Line = Sequence["str | Own"]
"""Texts are shown as they are, also where one looks like an address or like markup."""

# Shows nothing in either renderer, and what stands before and behind it is no longer one word to them.
_NOTHING = "{anchor:x}"
_WORD_JOINER = "\u2060"
# https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa. A backslash takes its meaning from a character of this
# list and of no other: com.atlassian.renderer.v2.components.BackslashEscapeRendererComponent, and escape.js of
# https://www.npmjs.com/package/@atlaskit/editor-wikimarkup-transformer. Inside of a word a hyphen or an underscore
# opens nothing, unless the word looks like an issue's key.
_BLOCK = re.compile(r"^(?=\s*(?:h[1-6]|bq)\.)")  # a heading or a quotation, where a line begins with it
_MARKUP = re.compile(
    r"(?P<escaped>[{}\[\]()|!*^~@]|(?<![^\W_])[-+_?#]|[-+_?](?![^\W_])|(?<=[A-Z0-9_])-(?=[0-9]))"
    r"|(?P<parted>&(?=#?\w+;)|:(?=//)|:(?=[PpD](?![A-Za-z0-9]))"
    r"|(?<=(?i:mailto)):|(?<=(?i:file)):|(?<=(?i:news)):|(?<=(?i:nntp)):)"
    r"|(?P<backslash>\\(?=$|_|[^\w\s.,/]))"
)


def plain(lines: Sequence[Line]) -> str:
    """What people see, a line each."""
    return "\n".join("".join(_shown(part) for part in line) for line in lines)


def document(lines: Sequence[Line]) -> dict[str, Any]:
    """An Atlassian document: an empty line ends a paragraph.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    paragraphs: list[list[dict[str, Any]]] = [[]]
    for line in lines:
        nodes = [node for part in line for node in _nodes(part)]
        if not nodes:
            paragraphs.append([])
        elif paragraphs[-1]:
            paragraphs[-1] += [{"type": "hardBreak"}, *nodes]
        else:
            paragraphs[-1] = nodes
    content = [{"type": "paragraph", "content": nodes} for nodes in paragraphs if nodes]
    return {"type": "doc", "version": 1, "content": content}


def wiki(lines: Sequence[Line]) -> str:
    """Wiki markup, for Data Center and for the service desk's comments."""
    marked = ("".join(part.text if isinstance(part, Own) else escaped(part) for part in line) for line in lines)
    return "\n".join(_BLOCK.sub(rf"{_WORD_JOINER}\g<0>", line) for line in marked)


def escaped(text: str) -> str:
    """A text inside of a line of wiki markup: shown as it is, with no link, no picture and nobody's mention.

    A backslash cannot be written before what is escaped, and at the end it would take the line's end with it: there an
    invisible character comes between.
    """
    return _MARKUP.sub(_harmless, text)


def _harmless(match: re.Match[str]) -> str:
    if match.lastgroup == "escaped":
        return f"\\{match[0]}"
    return match[0] + (_NOTHING if match.lastgroup == "parted" else _WORD_JOINER)


def _shown(part: str | Own) -> str:
    return part.text if isinstance(part, Own) else part


def _nodes(part: str | Own) -> list[dict[str, Any]]:
    node: dict[str, Any] = {"type": "text", "text": _shown(part)}
    if isinstance(part, Own) and part.link:
        node["marks"] = [{"type": "link", "attrs": {"href": part.text}}]
    return [node] if node["text"] else []


# https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/: inline nodes that show a text
_SHOWN = {"mention": "text", "emoji": "text", "status": "text", "inlineCard": "url"}
_INLINE = {"text", "hardBreak", "date", *_SHOWN}


def shown_text(value: Any) -> str:
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
            parts.append(_node_text(node))
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


def _node_text(node: dict[str, Any]) -> str:
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
