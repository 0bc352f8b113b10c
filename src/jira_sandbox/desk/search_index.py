"""Search: which issues a query finds. Texts are compared by stems of words, so that near misses are found too."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from jira_sandbox.desk.actions import Desk
from jira_sandbox.desk.catalogue import STORY
from jira_sandbox.desk.change_issue import Change
from jira_sandbox.desk.query_language import Clause, JqlError, not_known, parse
from jira_sandbox.desk.workflow import CATEGORIES
from jira_sandbox.moments import milliseconds

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_NAMES = {"type": "issuetype", "issuekey": "key", "issue": "key"}
_VALUES = ("project", "issuetype", "status", "statuscategory", "key", "labels", "fixversion")
_DATES = ("created", "updated")
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DATE = re.compile(r"(\d{4})([-/])(\d\d?)\2(\d\d?)(?: (\d\d?):(\d\d))?", re.ASCII)
_ORDERS = ("key", "created", "updated", "summary")
_MOST_ORDERS = 7
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
Record = Mapping[str, Any]
"""What is known of an issue: per field the set of its names and ids in lower case, a text, or epoch milliseconds."""
Elsewhere = Callable[[str], Iterable[Change]]
"""From a project's key to the issues in it that exist by rule only."""


class Search:
    """One query on one site, read and checked.

    Args:
        bounded: the query has to restrict what it finds.
        validated: the issues that it names have to exist.

    Raises:
        JqlError: Jira would not run it, or the sandbox cannot.
    """

    def __init__(self, text: str, desk: Desk, *, bounded: bool = True, validated: bool = True) -> None:
        self._desk, self._validated = desk, validated
        query = parse(text)
        if query.beyond:
            raise not_known(query.beyond)
        if bounded and not query.clauses:
            raise JqlError(UNBOUNDED)
        if len(query.order) > _MOST_ORDERS:
            raise JqlError(f"The maximum number of order by fields is {_MOST_ORDERS}.")
        self._order = [(_known(field, _ORDERS), descending) for field, descending in query.order]
        self._tests = [[self._test(clause) for clause in alternatives] for alternatives in query.clauses]

    def found(self, reconciled: Iterable[str], elsewhere: Elsewhere) -> list[Change]:
        """The issues that it finds, in its order, as the index has them; without an order the newest comes first.

        Args:
            reconciled: ids of issues that are looked at as they are, whatever the index has.
        """
        candidates = [one for one in self._desk.ledger.indexed(reconciled) if not one.hidden]
        for project in self._desk.catalogue.projects:
            # Issues by rule, of those projects only in which there can be one: there may be a million.
            story = {"project": _lower(project.id, project.key, project.name), "issuetype": _lower("story", STORY.id)}
            if all(any(name not in story or test(story) for name, test in one) for one in self._tests):
                candidates += [one for one in elsewhere(project.key) if self._desk.ledger.find(one.id) is None]
        found = [one for one in candidates if self._finds(_record(self._desk, one))]
        found.sort(key=lambda one: int(one.id), reverse=True)
        for field, descending in reversed(self._order):
            found.sort(key=lambda one: _sorted_by(one, field), reverse=descending)
        return found

    def _finds(self, record: Record) -> bool:
        return all(any(test(record) for _, test in alternatives) for alternatives in self._tests)

    def _test(self, clause: Clause) -> tuple[str, Callable[[Record], bool]]:
        """The field that a clause is about, and whether an issue keeps it."""
        name, sign = _known(clause.field, (*_VALUES, *_DATES, "summary")), clause.operator
        misplaced = (sign == "~") is not (name == "summary") or (sign in _COMPARED and name not in _DATES)
        if sign != "is" and misplaced:
            raise JqlError(f"The operator '{sign}' is not supported by the '{clause.field}' field.")
        if name in _DATES:
            if sign not in _COMPARED:
                raise not_known(f"the operator '{sign}' of the field '{clause.field[:80]}'")
            compared, at = _COMPARED[sign], _moment(clause.values[0], clause.field)
            return name, lambda record: compared(record[name], at)
        if sign == "is":
            if name != "labels":
                raise not_known(f"IS EMPTY of the field '{clause.field[:80]}'")
            return name, lambda record: not record[name]
        if name == "summary":
            sought = words_of(clause.values[0], clause.field)
            return name, lambda record: _holds(record[name], *sought)
        wanted = {self._value(name, clause.field, value) for value in clause.values}
        if sign in ("=", "in"):
            return name, lambda record: not wanted.isdisjoint(record[name])
        # What is empty is found by no negation either.
        return name, lambda record: bool(record[name]) and wanted.isdisjoint(record[name])

    def _value(self, name: str, field: str, value: str) -> str:
        if name == "key":
            if value.isascii() and value.isdigit():
                raise not_known(f"numeric ids of issues, such as {value[:20]}")
            if not re.fullmatch(r"\w+-\d+", value):
                raise JqlError(f"The issue key '{value}' for field '{field}' is invalid.")
            if self._validated and self._desk.find(value) is None:
                raise JqlError(f"An issue with key '{value}' does not exist for field '{field}'.")
        elif name != "labels" and value.lower() not in self._values(name):
            raise JqlError(f"The value '{value}' does not exist for the field '{field}'.")
        return value.lower()

    def _values(self, name: str) -> frozenset[str]:
        """Every name and id that the field can have on this site, in lower case."""
        catalogue = self._desk.catalogue
        releases = [version for one in catalogue.projects for version in self._desk.releases.of(one.id)]
        texts = {
            "project": [text for one in catalogue.projects for text in (one.id, one.key, one.name)],
            "issuetype": [text for one in catalogue.issue_types for text in (one.id, one.name)],
            "status": [text for one in self._desk.workflow.statuses for text in (one.id, one.name)],
            "fixversion": [text for one in releases for text in (one.id, one.name)],
            "statuscategory": [text for key, (id_, name, _) in CATEGORIES.items() for text in (key, str(id_), name)],
        }
        return _lower(*texts[name])


def _moment(text: str, field: str) -> int:
    """A date, which is midnight, or a minute; in UTC, which is every user's zone here."""
    match = _DATE.fullmatch(text)
    if match:
        year, month, day, hour, minute = (int(match[at] or 0) for at in (1, 3, 4, 5, 6))
        with suppress(ValueError):
            return milliseconds(datetime.datetime(year, month, day, hour, minute, tzinfo=datetime.timezone.utc))
    if re.fullmatch(r"[+-]?\d+[wdhm](?: \d+[wdhm])*", text):
        raise not_known(f"periods, such as {text[:20]}")
    raise JqlError(
        f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )


def _known(field: str, known: tuple[str, ...]) -> str:
    name = _NAMES.get(field.lower(), field.lower())
    if name not in known:
        raise not_known(f"the field '{field[:80]}' there, only {', '.join(known)}")
    return name


def _record(desk: Desk, change: Change) -> Record:
    project = next((one for one in desk.catalogue.projects if one.id == change.project), None)
    kind = next((one for one in desk.catalogue.issue_types if one.id == change.issue_type), None)
    status = desk.workflow.status(change.status)
    number, name, _ = CATEGORIES[status.category]
    return {
        "project": _lower(project.id, project.key, project.name) if project else frozenset(),
        "issuetype": _lower(kind.id, kind.name) if kind else frozenset(),
        "status": _lower(status.id, status.name),
        "statuscategory": _lower(status.category, str(number), name),
        "key": _lower(change.key, *change.former),
        "labels": _lower(*change.values.get("labels", ())),
        "fixversion": _versions(desk, change),
        "summary": change.summary,
        "created": change.created,
        "updated": change.updated,
    }


def _versions(desk: Desk, change: Change) -> frozenset[str]:
    """Names and ids of the issue's fix versions."""
    own = change.values.get("fixVersions", ())
    names = [one.name for one in desk.releases.of(change.project) if one.id in own] if own else []
    return _lower(*own, *names)


def _sorted_by(change: Change, field: str) -> Any:
    if field == "key":
        project, _, number = change.key.rpartition("-")
        return project, int(number)
    return change.summary.casefold() if field == "summary" else getattr(change, field)


@lru_cache(4096)  # projects, statuses and people are the same for every issue
def _lower(*texts: str) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)


def words_of(text: str, field: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """What ``field ~ "text"`` looks for: words, and phrases in quotes of their own; all of them as stems.

    Raises:
        JqlError: Jira cannot read it, or the sandbox cannot.
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
    if any("*" in piece or "?" in piece for piece in pieces[::2]):
        raise not_known("wildcards outside of phrases")
    return stems_of(" ".join(pieces[::2])), tuple(stems_of(piece) for piece in pieces[1::2])


def _holds(text: str, words: tuple[str, ...], phrases: tuple[tuple[str, ...], ...]) -> bool:
    """Whether the text holds every one of these words, and every phrase."""
    stems = stems_of(text)
    return set(words) <= set(stems) and all(
        any(stems[at : at + len(phrase)] == phrase for at in range(len(stems) - len(phrase) + 1)) for phrase in phrases
    )


@lru_cache(4096)  # every search compares with the same summaries
def stems_of(text: str) -> tuple[str, ...]:
    """The stems of the words in a text, in their order, without those that every text has."""
    words = (match[0].casefold() for match in _WORD.finditer(text))
    return tuple(_stem(word) for word in words if word not in _STOP)


def _stem(word: str) -> str:
    if word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word
