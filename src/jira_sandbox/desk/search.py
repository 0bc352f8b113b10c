"""Search: which issues a query finds, and what Jira refuses to look for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jira_sandbox.desk.errors import DeskError
from jira_sandbox.desk.fields import written
from jira_sandbox.desk.jql import Clause, Group, Operand, Query, parse
from jira_sandbox.desk.jql_words import JqlError
from jira_sandbox.desk.texts import pattern

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_NAMES = {"type": "issuetype", "issuekey": "key", "issue": "key", "id": "key", "createddate": "created"}
_VALUES = frozenset(("project", "issuetype", "status", "statuscategory", "key", "reporter", "labels"))
_TEXTS = frozenset(("summary", "description", "text"))
_MOMENTS = frozenset(("created", "updated"))
_OPERATORS = {
    **dict.fromkeys(_VALUES, frozenset(("=", "!=", "in", "not in", "is", "is not"))),
    **dict.fromkeys(_TEXTS, frozenset(("~", "!~", "is", "is not"))),
    **dict.fromkeys(_MOMENTS, frozenset(("=", "!=", "<", "<=", ">", ">="))),
}
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
Record = Mapping[str, Any]
"""What is known of an issue: per field the set of its names and ids in lower case, a text, or epoch milliseconds.

A field that is left out is one about which nothing is known yet."""


@dataclass(frozen=True)
class World:
    """What a query may speak of: values by field, in lower case, and whether an issue exists.

    ``me`` is the asking person's account id, ``now`` in epoch milliseconds.
    """

    values: Mapping[str, frozenset[str]]
    is_issue: Callable[[str], bool]
    me: str
    now: int


class Search:
    """One query, read and checked.

    Raises:
        JqlError: Jira would not run it; the message is Jira's.
    """

    def __init__(self, text: str, world: World, *, bounded: bool = True) -> None:
        self._world = world
        self.query: Query = parse(text)
        if bounded and self.query.where is None:
            raise JqlError(UNBOUNDED)
        if len(self.query.order) > 7:
            raise JqlError("The maximum number of order by fields is 7.")
        for field, _ in self.query.order:
            self._known(field)
        self._test = self._compiled(self.query.where or Group("and", ()))

    def finds(self, record: Record) -> bool | None:
        """Whether the query finds this issue; None when that depends on what the record leaves out."""
        return self._test(record)

    def sorted(self, records: Iterable[tuple[Record, Any]]) -> list[Any]:
        """What belongs to the records, in the order that the query asks for; without one the newest comes first."""
        known = sorted(records, key=lambda pair: int(pair[0]["order"]["id"]), reverse=True)
        for field, descending in reversed(self.query.order):
            name = self._known(field)
            known.sort(key=lambda pair: pair[0]["order"].get(name, ""), reverse=descending)
        return [belonging for _, belonging in known]

    def _known(self, field: str) -> str:
        name = _NAMES.get(field.lower(), field.lower())
        if name not in _OPERATORS:
            raise JqlError(f"Field '{field}' does not exist or you do not have permission to view it.")
        return name

    def _compiled(self, node: Clause | Group) -> Callable[[Record], bool | None]:
        if isinstance(node, Clause):
            return self._clause(node)
        parts = [self._compiled(part) for part in node.parts]
        if node.kind == "not":
            return lambda record: _not(parts[0](record))
        decisive = node.kind == "or"

        def test(record: Record) -> bool | None:
            unknown = False
            for part in parts:
                found = part(record)
                if found is decisive:
                    return decisive
                unknown = unknown or found is None
            return None if unknown else not decisive

        return test

    def _clause(self, clause: Clause) -> Callable[[Record], bool | None]:
        name, operator = self._known(clause.field), clause.operator
        if operator not in _OPERATORS[name]:
            raise JqlError(f"The operator '{operator}' is not supported by the '{clause.field}' field.")
        if operator in ("in", "not in") and not clause.listed:
            raise JqlError(
                f"Operator '{operator}' does not support the non-list value '{clause.operands[0].text}' for field "
                f"'{clause.field}'."
            )
        negative = operator in ("!=", "!~", "not in", "is not")
        test = self._positive(name, operator, clause)

        def tested(record: Record) -> bool | None:
            if name not in record:
                return None
            # What is empty is found by no negation either.
            return bool(record[name]) and not test(record[name]) if negative else test(record[name])

        if operator in ("is", "is not"):
            return lambda record: None if name not in record else bool(record[name]) == negative
        return tested

    def _positive(self, name: str, operator: str, clause: Clause) -> Callable[[Any], bool]:
        if operator in ("is", "is not"):
            if clause.operands != (Operand("empty", function=True),):
                raise JqlError(f"The operator '{operator}' only supports EMPTY and NULL for field '{clause.field}'.")
            return bool
        if name in _TEXTS:
            sought = pattern(clause.operands[0].text, clause.field)
            return lambda text: sought.found_in(text)
        if name in _MOMENTS:
            return _compared(operator.lstrip("!") or "=", self._moment(clause))
        wanted = {value for operand in clause.operands for value in self._value(name, clause.field, operand)}
        return lambda values: not wanted.isdisjoint(values)

    def _value(self, name: str, field: str, operand: Operand) -> list[str]:
        text = operand.text.lower()
        if operand.function:
            if (name, text) == ("reporter", "currentuser"):
                return [self._world.me.lower()]
            if text == "empty":
                return []
            raise JqlError(f"Unable to find JQL function '{operand.text}()'.")
        if name == "key" and not self._world.is_issue(text):
            raise JqlError(f"An issue with key '{operand.text}' does not exist for field '{field}'.")
        known = self._world.values.get(name)
        if known is not None and text not in known:
            raise JqlError(f"The value '{operand.text}' does not exist for the field '{field}'.")
        return [text]

    def _moment(self, clause: Clause) -> int:
        operand, now = clause.operands[0], self._world.now
        if operand.function and operand.text == "now":
            return now
        relative = re.fullmatch(r"([+-]?)(\d{1,6})([mhdw])", operand.text)
        if relative:
            return now + (-1 if relative[1] == "-" else 1) * int(relative[2]) * _UNITS[relative[3]]
        match = re.fullmatch(r"(\d{4})[-/](\d\d)[-/](\d\d)(?: (\d\d:\d\d))?", operand.text)
        try:
            if not match:
                raise DeskError(operand.text)
            return written(f"{match[1]}-{match[2]}-{match[3]}T{match[4] or '00:00'}Z")
        except DeskError as error:
            raise JqlError(
                f"Date value '{operand.text}' for field '{clause.field}' is invalid. Valid formats include: "
                "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', "
                "'4w 2d'."
            ) from error


def _compared(operator: str, moment: int) -> Callable[[int], bool]:
    tests: dict[str, Callable[[int], bool]] = {
        "=": lambda at: at == moment,
        "<": lambda at: at < moment,
        "<=": lambda at: at <= moment,
        ">": lambda at: at > moment,
        ">=": lambda at: at >= moment,
    }
    return tests[operator]


def _not(found: bool | None) -> bool | None:
    return None if found is None else not found
