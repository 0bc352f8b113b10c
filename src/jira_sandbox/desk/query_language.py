"""JQL, the part that look-ups of changes need, read as strictly as Jira reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from jira_sandbox.jira_errors import DeskError

WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    abort access add after alias all alter and any as asc audit avg before begin between boolean break by byte
    catch cf char character check checkpoint collate collation column commit connect continue count create
    current date decimal declare decrement default defaults define delete delimiter desc difference distinct
    divide do double drop else empty encoding end equals escape exclusive exec execute exists explain false
    fetch field file first float for from function go goto grant greater group having identified if immediate in
    increment index initial inner inout input insert int integer intersect intersection into is isempty isnull
    join last left less like limit lock long max min minus mode modify modulo more multiply next noaudit not
    notin nowait null number object of on option or order outer output power previous prior privileges public
    raise raw remainder rename resource return returns revoke right row rowid rownum rows select session set
    share size sqrt start strict string subtract sum synonym table then to trans transaction trigger true uid
    union unique update user validate values view when whenever where while with
        """,
    )
)


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


OPERATORS = ("!=", "!~", "<=", ">=", "=", "~", "<", ">")
_DEEPEST = 100
_EXPECTED = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"


@dataclass(frozen=True)
class Operand:
    """A value, or a function when ``function``; ``quoted`` as it was written."""

    text: str
    quoted: bool = False
    function: bool = False


@dataclass(frozen=True)
class Clause:
    """``operator`` in lower case, such as ``not in``; one operand, or those of the list."""

    field: str
    operator: str
    operands: tuple[Operand, ...]
    listed: bool = False


@dataclass(frozen=True)
class Group:
    """``kind``: and, or, not."""

    kind: str
    parts: tuple[Clause | Group, ...]


@dataclass(frozen=True)
class Query:
    """``where`` is None without a restriction; ``order`` holds fields with *descending*."""

    where: Clause | Group | None
    order: tuple[tuple[str, bool], ...] = ()


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        JqlError: in Jira's words.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._next = 0
        self._depth = 0

    def query(self) -> Query:
        where = None if self._is_end() or self._is("order") else self._either()
        order = self._order() if self._is("order") else ()
        if not self._is_end():
            self._unexpected("Expecting either 'OR' or 'AND' but got")
        return Query(where, order)

    def _either(self) -> Clause | Group:
        parts = [self._both()]
        while self._take("or", "|", "||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Group("or", tuple(parts))

    def _both(self) -> Clause | Group:
        parts = [self._single()]
        while self._take("and", "&", "&&"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts))

    def _single(self) -> Clause | Group:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise JqlError("Error in the JQL Query: The query is nested too deeply.")
        found = self._nested()
        self._depth -= 1
        return found

    def _nested(self) -> Clause | Group:
        if self._take("not", "!"):
            return Group("not", (self._single(),))
        if not self._take("("):
            return self._clause()
        inside = self._either()
        if not self._take(")"):
            self._unexpected("Expecting ')' before")
        return inside

    def _clause(self) -> Clause:
        field = self._word("Expecting a field name but got")
        operator = self._operator()
        if operator in ("in", "not in") and self._take("("):
            operands = [self._operand()]
            while self._take(","):
                operands.append(self._operand())
            if not self._take(")"):
                self._unexpected("Expecting either ',' or ')' but got")
            return Clause(field, operator, tuple(operands), listed=True)
        if self._is("("):
            self._unexpected("Expecting either a value or a function but got")
        return Clause(field, operator, (self._operand(),))

    def _operator(self) -> str:
        if self._take("is"):
            return "is not" if self._take("not") else "is"
        if self._take("in"):
            return "in"
        if self._take("not"):
            if not self._take("in"):
                self._unexpected("Expecting 'IN' but got")
            return "not in"
        token = self._tokens[self._next]
        if token.kind != "operator" or token.text not in OPERATORS:
            self._unexpected("Expecting operator but got", f". The valid operators are {_EXPECTED}")
        self._next += 1
        return token.text

    def _operand(self) -> Operand:
        token = self._tokens[self._next]
        if token.kind == "word" and token.text.lower() in ("empty", "null"):
            self._next += 1
            return Operand("empty", function=True)
        text = self._word("Expecting either a value, list or function but got")
        if token.kind == "word" and self._take("("):
            if not self._take(")"):
                self._unexpected("Expecting ')' before")
            return Operand(text.lower(), function=True)
        return Operand(text, quoted=token.kind == "quoted")

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._next += 1
        if not self._take("by"):
            self._unexpected("Expecting 'BY' but got")
        fields = []
        while True:
            field = self._word("Expecting a field name but got")
            descending = self._take("desc")
            fields.append((field, descending or (self._take("asc") and False)))
            if not self._take(","):
                return tuple(fields)

    def _word(self, expecting: str) -> str:
        token = self._tokens[self._next]
        if token.kind not in ("word", "quoted"):
            self._unexpected(expecting)
        if token.kind == "word" and token.text.lower() in WORDS:
            fail(
                f"'{token.text}' is a reserved JQL word. You must surround it in quotation marks to use it in a query.",
                self._text,
                token.at,
            )
        self._next += 1
        return token.text

    def _is_end(self) -> bool:
        return self._tokens[self._next].kind == "end"

    def _is(self, *words: str) -> bool:
        token = self._tokens[self._next]
        return token.kind != "quoted" and token.text.lower() in words

    def _take(self, *words: str) -> bool:
        found = self._is(*words)
        self._next += found
        return found

    def _unexpected(self, expecting: str, advice: str = "") -> NoReturn:
        token = self._tokens[self._next]
        got = "the end of the query" if token.kind == "end" else f"'{token.text}'"
        fail(f"{expecting} {got}{advice}.", self._text, token.at)
