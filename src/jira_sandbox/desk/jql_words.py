"""The words of a JQL query, and how Jira says that one cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from jira_sandbox.desk.errors import DeskError

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"', " ": " "}
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|<=|>=|&&|\|\||[=~<>!(),&|])
      | (?P<word>(?:[^\s"'=!<>()~,&|\\+;?*/%^$\#@\[\]{}`\x00-\x1f]|\\u[0-9A-Fa-f]{4}|cf\[\d+\])+)""",
    re.VERBOSE | re.DOTALL,
)


class JqlError(DeskError):
    """The query cannot be read, or Jira would not run it."""


@dataclass(frozen=True)
class Token:
    """``kind``: word, quoted, operator or end. ``text`` is the value of a quoted one."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """The query's words, and the end. Raises JqlError where there is none."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            _refuse_character(text, at)
        kind, found = str(match.lastgroup), match[0]
        if kind == "quoted":
            yield Token(kind, _unescaped(found[1:-1], text, at), at)
        elif kind == "word":
            yield Token(kind, _unescaped(found, text, at), at)
        elif kind != "space":
            yield Token(kind, found, at)
        at = match.end()
    yield Token("end", "", at)


def _refuse_character(text: str, at: int) -> NoReturn:
    found = text[at]
    if found in "\"'":
        fail(f"The quoted string '{text[at + 1 : at + 41]}' has not been completed.", text, at)
    code = f"\\u{ord(found):04x}"
    fail(
        f"The character '{found}' is a reserved JQL character. You must enclose it in a string or use the escape "
        f"'{code}' instead.",
        text,
        at,
    )


def _unescaped(raw: str, text: str, at: int) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _ESCAPES:
            fail(
                f"'\\{match[2]}' is an illegal JQL escape sequence. The valid escape sequences are \\', \\\", \\t, "
                "\\n, \\r, \\\\, '\\ ' and \\uXXXX.",
                text,
                at,
            )
        return _ESCAPES[match[2]]

    return re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", replaced, raw, flags=re.DOTALL)


def fail(sentence: str, text: str, at: int) -> NoReturn:
    """Refuse the query because of what stands at this index of it."""
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    raise JqlError(f"Error in the JQL Query: {sentence} (line {line}, character {column})")
