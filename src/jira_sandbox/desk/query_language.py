"""JQL, read whole and as strictly as Jira reads it, and run as far as look-ups of issues need it.

What breaks Jira's grammar is refused in Jira's words. What the sandbox cannot run (AND beside OR, NOT, functions,
``cf[10001]``) is refused in the sandbox's own name, so that nobody takes that for an answer of Jira.
https://support.atlassian.com/jira-software-cloud/docs/what-is-advanced-search-in-jira-cloud/, and the grammar of
https://www.npmjs.com/package/@atlaskit/jql-parser
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
    abort access add after alias alter and any as asc audit avg before begin between boolean break by byte
    catch cf changed char character check checkpoint collate collation column commit connect continue count create
    current date decimal declare decrement default defaults define delete delimiter desc difference distinct
    divide do double drop else empty encoding end equals escape exclusive exec execute exists explain false
    fetch field file first float for from function go goto grant greater group having identified if immediate in
    increment index initial inner inout input insert int integer intersect intersection into is isempty isnull
    join last left less like limit lock long max min minus mode modify modulo more multiply next noaudit not
    notin nowait null number object of on option or order outer output power previous prior privileges public
    raise raw remainder rename resource return returns revoke right row rowid rownum rows select session set
    share size sqrt start strict string subtract sum synonym table then to trans transaction trigger true uid
    union unique update user validate values view was when whenever where while with
        """,
    )
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"', " ": " "}
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_WORD = r"""(?:[^\s"'=!<>()~,&|\\+;?*/%^$\#@\[\]{}`\x00-\x1f]|\\u[0-9A-Fa-f]{4}|\\[ tnr\\'"])+"""
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
      | (?P<custom>cf\s*\[\s*[0-9]+\s*\])
      | (?P<property>(?!cf\s*\[)(?:{_WORD}|{_QUOTED})(?:\s*\[\s*(?:{_WORD}|{_QUOTED})\s*\](?:\s*\.\s*{_WORD})?)+)
      | (?P<quoted>{_QUOTED})
      | (?P<operator>!=|!~|<=|>=|&&|\|\||[=~<>!(),&|])
      | (?P<word>{_WORD})""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_OPERATORS = ("=", "!=", "~", "!~", "<", "<=", ">", ">=")
_RUN = ("=", "!=", "~", "in", "not in", "<", "<=", ">", ">=")
_PREDICATES = ("after", "before", "by", "during", "on", "from", "to")
_DEEPEST = 100  # parentheses and lists in one another
_EXPECTED = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"


class JqlError(DeskError):
    """The query cannot be read, or would not be run."""


@dataclass(frozen=True)
class Clause:
    """``operator`` is ``=``, ``!=``, ``~``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``not in`` or ``is``; only the two
    with *in* have several values, and ``is``, which means *is EMPTY*, has none."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """``order`` has fields with *descending*.

    Attributes:
        clauses: of each of these one at least holds.
        beyond: what of it the sandbox cannot run, the first of them; the clauses are not the whole query then.
    """

    clauses: tuple[tuple[Clause, ...], ...]
    order: tuple[tuple[str, bool], ...] = ()
    beyond: str = ""


_Clauses = list[tuple[Clause, ...]]


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        JqlError: Jira could not read it, or it is nested deeper than the sandbox reads.
    """
    return _Parser(text).query()


def not_known(what: str) -> JqlError:
    """What Jira might well run, and the sandbox does not."""
    return JqlError(f"This is the sandbox, not Jira: the sandbox's search does not know {what}.")


@dataclass(frozen=True)
class _Token:
    """``kind``: word, quoted, custom, property, operator or end. ``text`` is the value of a quoted one."""

    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self._next = self._depth = 0
        self._beyond: list[str] = []

    def query(self) -> Query:
        clauses = self._either() if not self._is_end() and not self._is("order") else []
        order = self._order() if self._is("order") else ()
        if not self._is_end():
            self._unexpected("Expecting either 'OR' or 'AND' but got")
        return Query(tuple(clauses), order, next(iter(self._beyond), ""))

    def _either(self) -> _Clauses:
        sides = [self._all()]
        while self._take("or", "|", "||"):
            sides.append(self._all())
        if len(sides) == 1:
            return sides[0]
        if any(len(side) > 1 for side in sides):
            self._beyond.append("AND beside OR")
        return [tuple(clause for side in sides for clauses in side for clause in clauses)]

    def _all(self) -> _Clauses:
        found = self._negated()
        while self._take("and", "&", "&&"):
            found += self._negated()
        return found

    def _negated(self) -> _Clauses:
        while self._take("not", "!"):
            self._beyond.append("NOT")
        if not self._take("("):
            return [(self._clause(),)]
        self._deeper("parentheses in parentheses")
        found = self._either()
        self._close("Expecting ')' but got")
        return found

    def _clause(self) -> Clause:
        field = self._field()
        if self._take("is"):
            if self._take("not"):
                self._beyond.append("the operator 'is not'")
            if not self._take("empty", "null"):
                self._unexpected("Expecting 'EMPTY' but got")
        elif self._take("was"):
            self._beyond.append("the operator 'was'")
            self._take("not")
            if self._take("in"):
                self._set(field, "was in")
            else:
                self._operand()
            self._predicates()
        elif self._take("changed"):
            self._beyond.append("the operator 'changed'")
            self._predicates()
        else:
            return self._compared(field)
        return Clause(field, "is", ())

    def _compared(self, field: str) -> Clause:
        operator = self._operator()
        if operator in ("in", "not in"):
            values = self._set(field, operator)
        else:
            values = (self._operand(empty=operator[0] not in "<>"),)
        if operator not in _RUN:
            self._beyond.append(f"the operator '{operator}'")
        return Clause(field, operator, values)

    def _operator(self) -> str:
        if self._take("in"):
            return "in"
        if self._take("not"):
            if not self._take("in"):
                self._unexpected("Expecting 'IN' but got")
            return "not in"
        token = self._tokens[self._next]
        if token.kind != "operator" or token.text not in _OPERATORS:
            self._unexpected("Expecting operator but got", f". The valid operators are {_EXPECTED}")
        self._next += 1
        return token.text

    def _predicates(self) -> None:
        """When and by whom it changed, as often as somebody says so."""
        while self._take(*_PREDICATES):
            if self._is("("):
                self._list()
            else:
                self._operand()

    def _set(self, field: str, operator: str) -> tuple[str, ...]:
        """A list, or a function that comes to one."""
        if self._is("("):
            return self._list()
        known = len(self._beyond)
        value = self._operand(empty=False)
        if len(self._beyond) == known:
            raise JqlError(f"Operator '{operator}' does not support the non-list value '{value}' for field '{field}'.")
        return (value,)

    def _list(self) -> tuple[str, ...]:
        self._next += 1
        self._deeper("lists in lists")
        values: list[str] = []
        while not values or self._take(","):
            if self._is("("):
                self._beyond.append("lists in lists")
                values += self._list()
            else:
                values.append(self._operand())
        self._close("Expecting either ',' or ')' but got")
        return tuple(values)

    def _operand(self, *, empty: bool = True) -> str:
        """One value: a text, what a function comes to, or EMPTY."""
        if empty and self._take("empty", "null"):
            self._beyond.append("EMPTY")
            return ""
        if self._is("("):
            self._unexpected("Expecting either a value or a function but got")
        text = self._word("Expecting either a value, list or function but got")
        if self._take("("):
            self._beyond.append(f"functions such as {text[:80]}()")
            self._arguments()
        return text

    def _arguments(self) -> None:
        if self._take(")"):
            return
        self._word("Expecting an argument but got")
        while self._take(","):
            self._word("Expecting an argument but got")
        if not self._take(")"):
            self._unexpected("Expecting either ',' or ')' but got")

    def _deeper(self, what: str) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise not_known(what)

    def _close(self, expecting: str) -> None:
        if not self._take(")"):
            self._unexpected(expecting)
        self._depth -= 1

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._next += 1
        if not self._take("by"):
            self._unexpected("Expecting 'BY' but got")
        fields = []
        while True:
            field = self._field()
            descending = self._take("desc")
            fields.append((field, descending or (self._take("asc") and False)))
            if not self._take(","):
                return tuple(fields)

    def _field(self) -> str:
        token = self._tokens[self._next]
        if token.kind not in ("custom", "property"):
            return self._word("Expecting a field name but got")
        self._beyond.append("custom fields and properties, such as cf[10001]")
        self._next += 1
        return token.text

    def _word(self, expecting: str) -> str:
        token = self._tokens[self._next]
        if token.kind in ("custom", "property"):
            self._refuse_character(self._text.index("[", token.at))
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
            elif kind != "space":
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
        found = self._text[at]
        if found in "\"'":
            self._fail(f"The quoted string '{self._text[at + 1 : at + 41]}' has not been completed.", at)
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
