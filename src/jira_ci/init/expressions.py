"""Which texts a GitHub expression may become, as far as a workflow's file says it; conditions are never decided.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, product
from typing import Any, NamedTuple

from jira_ci.text import mapping, mappings, string

MOST = 200  # texts that one expression may stand for, and legs of one matrix
_LONGEST = 2000  # characters
_DEEPEST = 40  # brackets within brackets
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||[!=<>]=?|[()\[\],.*])|([\w+-]+(?:\.[\w-]+)*))")
_COMPARED = {"==", "!=", "<", "<=", ">", ">="}
_CONDITIONS = {"contains", "startswith", "endswith", "success", "failure", "always", "cancelled"}
_PLACE = re.compile(r"\{(\d+)\}")


class Texts(NamedTuple):
    """What something may be, and whether that is all."""

    values: tuple[Any, ...] = ()
    complete: bool = False


Look = Callable[[str], Texts]
"""What a name such as ``inputs.to`` may be."""
_CONDITION = Texts((), True)


def alternatives(written: str, look: Look) -> Texts:
    """The texts that this one may become: each of its expressions may be each of what it stands for."""
    pieces = _EXPRESSION.split(written) if len(written) <= _LONGEST else ["${{"]
    between, expressions = pieces[::2], [_value(piece, look) for piece in pieces[1::2]]
    known = [[value for value in one.values if isinstance(value, str)] for one in expressions]
    joined = (between[0] + "".join(map("".join, zip(row, between[1:], strict=True))) for row in product(*known))
    names = dict.fromkeys(name.strip() for name in islice(joined, MOST))
    unread = any("${{" in piece for piece in between)
    complete = all(one.complete and len(one.values) == len(of) for one, of in zip(expressions, known, strict=True))
    return Texts(tuple(name for name in names if name and "${{" not in name), complete and not unread)


def legs(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values of each leg of the job's matrix; one leg without any where there is none, or only a run knows it.

    https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
    """
    matrix = mapping(mapping(job.get("strategy")).get("matrix"))
    lists = {string(name): value for name, value in matrix.items() if isinstance(value, list)}
    excluded, included = mappings(lists.pop("exclude", [])), mappings(lists.pop("include", []))
    rows = (dict(zip(lists, values, strict=True)) for values in islice(product(*lists.values()), MOST) if lists)
    found = [row for row in rows if not any(one and _fits(one, row, one) for one in excluded)]
    added: list[dict[str, Any]] = []
    for one in islice(included, MOST):
        fitting = [row for row in found if _fits(one, row, lists)]
        for row in fitting:
            row.update({key: value for key, value in one.items() if key not in lists})
        added += [] if fitting else [dict(one)]
    return [*found, *added][:MOST] or [{}]


def _fits(one: Mapping[str, Any], row: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    return all(row.get(key) == one[key] for key in keys if key in one)


def of_leg(leg: Mapping[str, Any], name: str) -> Texts:
    """What ``matrix.NAME`` is in this leg; a name may lead into a map."""
    value: Any = leg
    for part in name.split("."):
        value = mapping(value).get(part)
    known = value is not None and not (isinstance(value, str) and "${{" in value)
    return Texts((value,), True) if known else Texts()


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _value(expression: str, look: Look) -> Texts:
    try:
        parser = _Parser(expression, look)
        found = parser.either()
        return found if parser.at_end() else Texts()
    except (ValueError, IndexError, RecursionError):
        return Texts()


class _Parser:
    """Reads one expression from left to right.

    Raises:
        ValueError: it is no expression, or none that is understood.
    """

    def __init__(self, expression: str, look: Look) -> None:
        self.look = look
        self.tokens = deque(_tokens(expression))
        self.depth = 0

    def at_end(self) -> bool:
        return not self.tokens

    def next_is(self, *wanted: str) -> bool:
        """Whether the next token is one of these, which is taken then."""
        if self.tokens and self.tokens[0] in wanted:
            self.tokens.popleft()
            return True
        return False

    def need(self, wanted: str) -> None:
        if not self.next_is(wanted):
            raise ValueError(wanted)

    def either(self) -> Texts:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError("nested too deeply")
        found = [self.both()]
        while self.next_is("||"):
            found.append(self.both())
        self.depth -= 1
        return _any_of(found)

    def both(self) -> Texts:
        """Of ``condition && value`` the value counts: what a condition is when it is not met is followed by ``||``."""
        found = self.compared()
        while self.next_is("&&"):
            found = self.compared()
        return found

    def compared(self) -> Texts:
        found = self.one()
        while self.next_is(*_COMPARED):
            self.one()
            found = _CONDITION
        return found

    def one(self) -> Texts:
        if self.next_is("!"):
            self.one()
            return _CONDITION
        found = self.simple()
        while self.tokens and self.tokens[0] in ("[", "."):
            found = self.part(found)
        return found

    def part(self, whole: Texts) -> Texts:
        """One value of a map, or each where only a run knows which."""
        if self.next_is("."):
            key = Texts((self.tokens.popleft(),), True)
        else:
            self.need("[")
            key = self.either()
            self.need("]")
        maps = [value for value in whole.values if isinstance(value, dict)]
        keys = {_shown(value) for value in key.values}
        found = [value for one in maps for name, value in one.items() if not key.complete or name in keys]
        return Texts(tuple(found), whole.complete and bool(found))

    def simple(self) -> Texts:
        if self.next_is("("):
            found = self.either()
            self.need(")")
            return found
        token = self.tokens.popleft()
        if token.startswith("'"):
            return Texts((token[1:-1].replace("''", "'"),), True)
        if not re.match(r"[\w-]", token):
            raise ValueError(token)
        if self.next_is("("):
            return self.called(token.lower())
        return self.look(token)

    def called(self, function: str) -> Texts:
        given: list[Texts] = []
        while not self.next_is(")"):
            given.append(self.either())
            if not self.next_is(","):
                self.need(")")
                break
        if function in _CONDITIONS:
            return _CONDITION
        if function == "format" and given:
            return _formatted(given[0], given[1:])
        if function == "fromjson" and given:
            return Texts(tuple(json.loads(_shown(value)) for value in given[0].values), given[0].complete)
        if function == "case" and len(given) > 2:
            return _any_of([*given[1:-1:2], given[-1]])
        return Texts()


def _tokens(expression: str) -> Iterator[str]:
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None:
            raise ValueError(expression[at:])
        yield match[1] or match[2] or match[3]
        at = match.end()


def _any_of(found: list[Texts]) -> Texts:
    return Texts(tuple(value for one in found for value in one.values), all(one.complete for one in found))


def _formatted(form: Texts, given: list[Texts]) -> Texts:
    rows = islice(product(form.values, *(one.values for one in given)), MOST)
    texts = tuple(_PLACE.sub(lambda match, row=row: _shown(row[int(match[1]) + 1]), _shown(row[0])) for row in rows)  # type: ignore[misc]
    return Texts(texts, all(one.complete for one in (form, *given)))
