"""Issues with their titles, as a reader of the log, the summary or the document sees them. Every text is inert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jira_ci.jira.issues import Card
from jira_ci.report.summary import Column
from jira_ci.summary.parts import Link
from jira_ci.text import one_line

_LINES = 20
_CELL = 200


def lines(keys: Sequence[str], cards: Mapping[str, Card]) -> Iterator[str]:
    """One line for each issue that Jira showed, for the log: ``WEB-12 Pay by card (In Progress, Ana)``."""
    known = [key for key in keys if key in cards]
    for key in known[:_LINES]:
        card = cards[key]
        name = key if moved_to(key, card) is None else f"{key}, now {card.key}"
        details = ", ".join(one_line(part, 100) for part in (card.status, card.assignee) if part)
        yield one_line(f"{name} {one_line(card.title, _CELL)}" + (f" ({details})" if details else ""))
    if len(known) > _LINES:
        yield f"… and {len(known) - _LINES} more issues."


def columns(cards: Mapping[str, Card]) -> list[Column]:
    """The columns of the summary's table; none when nothing is known."""
    if not cards:
        return []

    def cell(name: str) -> Column:
        return Column(name.title(), lambda key: (_cut(getattr(cards[key], name)),) if key in cards else ())

    return [cell("title"), cell("status"), cell("assignee")]


def moved(cards: Mapping[str, Card]) -> dict[str, Link]:
    """For each issue that was moved what it is called now."""
    return {key: Link(card.key, card.link) for key, card in cards.items() if moved_to(key, card) is not None}


def documents(keys: Sequence[str], cards: Mapping[str, Card]) -> list[dict[str, Any]]:
    """The part of the JSON document: the issues that Jira showed, under the keys that were reported."""
    return [_document(key, cards[key]) for key in keys if key in cards]


def moved_to(key: str, card: Card) -> str | None:
    """The key that an issue has now; ``None`` when it is the one that was asked for."""
    return card.key if card.key.upper() != key.upper() else None


def _document(key: str, card: Card) -> dict[str, Any]:
    now = moved_to(key, card)
    return {
        "key": key,
        **({"moved-to": now} if now is not None else {}),
        "title": card.title,
        "status": card.status,
        "status-category": card.category,
        "assignee": card.assignee,
        "type": card.type,
        "link": card.link,
    }


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else text[:_CELL] + "…"
