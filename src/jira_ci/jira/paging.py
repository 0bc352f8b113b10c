"""Lists of Jira's, page after page, to their end: whether all there is has come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from jira_ci.jira.endpoints import Edition
from jira_ci.jira.parse import Page, WrongShape, mapping, number, optional_text
from jira_ci.jira.parse_change import Found

T = TypeVar("T")
F = TypeVar("F", bound=Found)
MOST_PAGES = 20
"""Two thousand values; a list that goes on for ever ends there, incomplete."""


@dataclass(frozen=True)
class Listed(Generic[T]):
    """The values of all pages that came, and whether these are all there are."""

    values: tuple[T, ...]
    complete: bool


@dataclass(frozen=True)
class Hits(Generic[F]):
    """One page of a search, and where the next one begins; ``after`` is empty on the last page."""

    found: tuple[F, ...]
    after: str


def every_page(fetch: Callable[[int], Page]) -> Listed[Any]:
    """A list of the service desk. A page that begins elsewhere than asked is one that repeats."""
    values: list[Any] = []
    for _ in range(MOST_PAGES):
        page = fetch(len(values))
        if page.start != len(values):
            break
        values.extend(page.values)
        if page.last:
            return Listed(tuple(values), True)
        if not page.values:
            break
    return Listed(tuple(values), False)


def every_hit(fetch: Callable[[str], Hits[F]]) -> Listed[F]:
    """The candidates of a search, each once. A place that was visited already means that the pages repeat."""
    found: dict[str, F] = {}
    visited: set[str] = set()
    after = ""
    while after not in visited and len(visited) < MOST_PAGES:
        visited.add(after)
        hits = fetch(after)
        found.update((hit.id, hit) for hit in hits.found)
        after = hits.after
        if not after:
            return Listed(tuple(found.values()), True)
    return Listed(tuple(found.values()), False)


def hits(body: Any, edition: Edition, read: Callable[[Any], Sequence[F]]) -> Hits[F]:
    """One page of a search.

    Args:
        read: the issues on it.

    Raises:
        WrongShape: its issues are not as documented, or nobody can tell whether it is the last.
    """
    page, found = mapping(body, "the page"), tuple(read(body))
    if edition == "data-center":
        start, total = number(page, "startAt"), number(page, "total")
        reached = start + len(found)
        if reached < total and not found:
            raise WrongShape("issues is empty before the last page")
        return Hits(found, str(reached) if reached < total else "")
    after, last = optional_text(page, "nextPageToken") or "", page.get("isLast")
    if last is not None and (not isinstance(last, bool) or last == bool(after)):
        raise WrongShape("isLast contradicts nextPageToken")
    return Hits(found, after)


def parsed(page: Page, parse: Callable[[Any], Any]) -> Page:
    """The page with each of its values read."""
    return Page(page.start, tuple(parse(value) for value in page.values), page.last)
