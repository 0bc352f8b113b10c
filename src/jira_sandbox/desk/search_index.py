"""Search: which issues a query finds, and what Jira refuses to look for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jira_sandbox.desk.actions import Desk
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.fields import written
from jira_sandbox.desk.query_language import Clause, Group, JqlError, Operand, Query, parse
from jira_sandbox.desk.workflow import CATEGORIES
from jira_sandbox.jira_errors import DeskError

# Dots and apostrophes between letters or digits stay inside a word, as in 1.2.3; everything else ends it.
_WORD = re.compile(r"\w+(?:[.'’]\w+)*")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
        "this to was will with",
    )
)
_ENDINGS = ("ments", "ment", "ings", "ing", "ions", "ion", "ers", "er", "ed", "es", "s", "e")


@dataclass(frozen=True)
class Pattern:
    """What a text has to hold: every one of the ``words``, and every phrase; stems, all of them."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]

    def found_in(self, text: str) -> bool:
        stems = stems_of(text)
        known = set(stems)
        return all(_has_word(known, word) for word in self.words) and all(
            any(stems[at : at + len(phrase)] == phrase for at in range(len(stems) - len(phrase) + 1))
            for phrase in self.phrases
        )


def pattern(text: str, field: str) -> Pattern:
    """The pattern of ``field ~ "text"``.

    Raises:
        JqlError: Jira cannot read it.
    """
    if not text.strip():
        raise JqlError(f"The field '{field}' does not support searching for an empty string.")
    if text.lstrip()[0] in "*?":
        raise JqlError(
            f"The text query '{text}' for field '{field}' is not allowed to start with '{text.lstrip()[0]}'."
        )
    pieces = re.split(r'(?<!\\)"', text)
    if len(pieces) % 2 == 0:
        raise JqlError(f"Unable to parse the text '{text}' for field '{field}'.")
    words = [stem for piece in pieces[::2] for stem in _loose(piece)]
    phrases = [stems_of(piece) for piece in pieces[1::2]]
    return Pattern(tuple(words), tuple(phrases))


@lru_cache(4096)  # every search compares with the same summaries
def stems_of(text: str) -> tuple[str, ...]:
    """The stems of the words in a text, in their order, without those that every text has."""
    words = (match[0].casefold() for match in _WORD.finditer(text))
    return tuple(_stem(word) for word in words if word not in _STOP)


def _loose(piece: str) -> list[str]:
    """The words outside of phrases; one that ends in ``*`` stands for all that begin so."""
    wild = [word[:-1].casefold() + "*" for word in re.findall(r"\w+\*", piece)]
    return [*stems_of(re.sub(r"\w+\*", " ", piece)), *wild]


def _has_word(stems: set[str], word: str) -> bool:
    return any(stem.startswith(word[:-1]) for stem in stems) if word.endswith("*") else word in stems


def _stem(word: str) -> str:
    if word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word


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


Elsewhere = Callable[[str], Iterable[Change]]
"""From a project's key to the issues in it that exist by rule only."""


def world_of(desk: Desk, me: str) -> World:
    """What a query on this site may speak of."""
    catalogue = desk.catalogue
    return World(
        {
            "project": _lower(text for one in catalogue.projects for text in (one.id, one.key, one.name)),
            "issuetype": _lower(text for one in catalogue.issue_types for text in (one.id, one.name)),
            "status": _lower(text for one in desk.workflow.statuses for text in (one.id, one.name)),
            "statuscategory": _lower(
                text for key, (number, name, _) in CATEGORIES.items() for text in (key, str(number), name)
            ),
        },
        lambda key: desk.find(key) is not None,
        me,
        desk.clock.milliseconds(),
    )


def issues_found(desk: Desk, search: Search, reconciled: Iterable[str], elsewhere: Elsewhere) -> list[Change]:
    """The issues that the search finds, in its order, as the index has them."""
    made = [one for one in desk.ledger.indexed(reconciled) if not one.hidden]
    candidates = [*made, *_by_rule(desk, search, elsewhere)]
    records = ((record_of(desk, one), one) for one in candidates)
    return search.sorted((seen, one) for seen, one in records if search.finds(seen))


def _by_rule(desk: Desk, search: Search, elsewhere: Elsewhere) -> Iterable[Change]:
    """Issues by rule, of those projects only in which there can be one: there may be a million."""
    for project in desk.catalogue.projects:
        story = {"project": _lower((project.id, project.key, project.name)), "issuetype": _lower(("10001", "story"))}
        if search.finds(story) is not False:
            yield from (one for one in elsewhere(project.key) if desk.ledger.find(one.id) is None)


def record_of(desk: Desk, change: Change) -> Record:
    """What search knows of one issue."""
    project = next((one for one in desk.catalogue.projects if one.id == change.project), None)
    kind = next((one for one in desk.catalogue.issue_types if one.id == change.issue_type), None)
    status, reporter = desk.workflow.status(change.status), desk.people.of(change.reporter)
    number, name, _ = CATEGORIES[status.category]
    order: dict[str, Any] = {
        "id": change.id,
        "key": (change.key.rpartition("-")[0], int(change.key.rpartition("-")[2])),
        "created": change.created,
        "updated": change.updated,
        "summary": change.summary.casefold(),
    }
    return {
        "order": order,
        "project": _lower((project.id, project.key, project.name)) if project else frozenset(),
        "issuetype": _lower((kind.id, kind.name)) if kind else frozenset(),
        "status": _lower((status.id, status.name)),
        "statuscategory": _lower((status.category, str(number), name)),
        "key": _lower((change.id, change.key, *change.former)),
        "reporter": _lower((reporter.account, reporter.name, reporter.display, reporter.email)),
        "labels": _lower(change.values.get("labels", ())),
        "summary": change.summary,
        "description": change.description,
        "text": f"{change.summary}\n{change.description}",
        "created": change.created,
        "updated": change.updated,
    }


def _lower(texts: Iterable[str]) -> frozenset[str]:
    return _lowered(tuple(texts))


@lru_cache(4096)  # projects, statuses and people are the same for every issue
def _lowered(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)
