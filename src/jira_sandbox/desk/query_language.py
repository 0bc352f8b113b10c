"""JQL, as far as look-ups of issues need it, read as strictly as Jira reads it.

What is read is Jira's grammar, and is refused in Jira's words. What the sandbox has no use for (NOT, OR but between
clauses in parentheses, functions, ``cf[10001]``) is refused in the sandbox's own name, so that nobody takes that for an
answer of Jira.
https://support.atlassian.com/jira-software-cloud/docs/what-is-advanced-search-in-jira-cloud/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from jira_sandbox.jira_errors import DeskError

# As values these need quotes: https://support.atlassian.com/jira-software-cloud/docs/jql-reserved-words/
_RESERVED = frozenset(
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
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|<=|>=|&&|\|\||[=~<>!(),&|])
      | (?P<word>(?:[^\s"'=!<>()~,&|\\+;?*/%^$\#@\[\]{}`\x00-\x1f]|\\u[0-9A-Fa-f]{4})+)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = ("=", "!=", "~")
_EXPECTED = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"


class JqlError(DeskError):
    """The query cannot be read, or would not be run."""


@dataclass(frozen=True)
class Clause:
    """``operator`` is one of ``=``, ``!=``, ``~``, ``in``, ``not in`` and ``is``; only the two with *in* have several
    values, and ``is``, which means *is EMPTY*, has none."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """Clauses that all hold; ``order`` has fields with *descending*."""

    clauses: tuple[tuple[Clause, ...], ...]
    """Of each of these one at least holds."""
    order: tuple[tuple[str, bool], ...] = ()


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        JqlError: in Jira's words, or in the sandbox's own for what only Jira can read.
    """
    return _Parser(text).query()


def not_known(what: str) -> JqlError:
    """What Jira might well read, and the sandbox does not."""
    return JqlError(f"This is the sandbox, not Jira: the sandbox's search does not know {what}.")


@dataclass(frozen=True)
class _Token:
    """``kind``: word, quoted, operator or end. ``text`` is the value of a quoted one."""

    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self._next = 0

    def query(self) -> Query:
        clauses = []
        if not self._is_end() and not self._is("order"):
            clauses.append(self._alternatives())
            while self._take("and", "&", "&&"):
                clauses.append(self._alternatives())
        order = self._order() if self._is("order") else ()
        if self._is("or", "|", "||"):
            raise not_known("OR")
        if not self._is_end():
            self._unexpected("Expecting either 'OR' or 'AND' but got")
        return Query(tuple(clauses), order)

    def _alternatives(self) -> tuple[Clause, ...]:
        """One clause, or several with OR between them in parentheses."""
        if not self._take("("):
            return (self._clause(),)
        found = [self._clause()]
        while self._take("or", "|", "||"):
            found.append(self._clause())
        if self._is("and", "&", "&&"):
            raise not_known("AND in parentheses")
        if not self._take(")"):
            self._unexpected("Expecting ')' but got")
        return tuple(found)

    def _clause(self) -> Clause:
        if self._is("not", "!", "("):
            raise not_known("NOT and parentheses in parentheses")
        field, operator = self._word("Expecting a field name but got"), self._operator()
        if operator == "is":
            if not self._take("empty", "null"):
                self._unexpected("Expecting 'EMPTY' or 'NULL' but got")
            return Clause(field, operator, ())
        if operator not in ("in", "not in"):
            if self._is("("):
                self._unexpected("Expecting either a value or a function but got")
            return Clause(field, operator, (self._value(),))
        if not self._take("("):
            told = f"Operator '{operator}' does not support the non-list value"
            raise JqlError(f"{told} '{self._value()}' for field '{field}'.")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take(")"):
            self._unexpected("Expecting either ',' or ')' but got")
        return Clause(field, operator, tuple(values))

    def _operator(self) -> str:
        if self._take("in"):
            return "in"
        if self._take("not"):
            if not self._take("in"):
                self._unexpected("Expecting 'IN' but got")
            return "not in"
        if self._take("is"):
            if self._is("not"):
                raise not_known("the operator 'is not'")
            return "is"
        token = self._tokens[self._next]
        if self._is("was", "changed", "!~", "<", "<=", ">", ">="):
            raise not_known(f"the operator '{token.text}'")
        if token.kind != "operator" or token.text not in _OPERATORS:
            self._unexpected("Expecting operator but got", f". The valid operators are {_EXPECTED}")
        self._next += 1
        return token.text

    def _value(self) -> str:
        if self._is("empty", "null"):
            raise not_known("EMPTY")
        quoted = self._tokens[self._next].kind == "quoted"
        text = self._word("Expecting either a value, list or function but got")
        if self._is("(") and not quoted:
            raise not_known(f"functions such as {text[:80]}()")
        return text

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
        if token.kind == "word" and token.text.lower() in _RESERVED:
            told = f"'{token.text}' is a reserved JQL word."
            self._fail(f"{told} You must surround it in quotation marks to use it in a query.", token.at)
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

    def _read(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if not match:
                self._refuse_character(at)
            kind, found = str(match.lastgroup), match[0]
            if kind in ("quoted", "word"):
                raw = found[1:-1] if kind == "quoted" else found
                yield _Token(
                    kind, re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", self._unescaped(at), raw, flags=re.DOTALL), at
                )
            elif kind == "operator":
                yield _Token(kind, found, at)
            at = match.end()
        yield _Token("end", "", at)

    def _unescaped(self, at: int) -> Callable[[re.Match[str]], str]:
        def replaced(match: re.Match[str]) -> str:
            if match[1]:
                return chr(int(match[1], 16))
            if match[2] not in _ESCAPES:
                told = f"'\\{match[2]}' is an illegal JQL escape sequence. The valid escape sequences are"
                self._fail(f"{told} \\', \\\", \\t, \\n, \\r, \\\\, '\\ ' and \\uXXXX.", at)
            return _ESCAPES[match[2]]

        return replaced

    def _refuse_character(self, at: int) -> NoReturn:
        found, before = self._text[at], self._text[:at].lower()
        if found in "\"'":
            self._fail(f"The quoted string '{self._text[at + 1 : at + 41]}' has not been completed.", at)
        if found == "[" and before.endswith(("cf", "property")):
            raise not_known("custom fields and properties, such as cf[10001]")
        told = f"The character '{found}' is a reserved JQL character."
        self._fail(f"{told} You must enclose it in a string or use the escape '\\u{ord(found):04x}' instead.", at)

    def _unexpected(self, expecting: str, advice: str = "") -> NoReturn:
        token = self._tokens[self._next]
        got = "the end of the query" if token.kind == "end" else f"'{token.text}'"
        self._fail(f"{expecting} {got}{advice}.", token.at)

    def _fail(self, sentence: str, at: int) -> NoReturn:
        """Refuse the query because of what stands at this index of it."""
        line = self._text.count("\n", 0, at) + 1
        column = at - (self._text.rfind("\n", 0, at) + 1) + 1
        raise JqlError(f"Error in the JQL Query: {sentence} (line {line}, character {column})")
