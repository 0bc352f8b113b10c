"""What the comment on a pull request knows: kept in the comment itself, hidden, for the next run to read. Pure.

Whoever may edit comments may have written it, so what is read is believed no more than a title is: it is checked value
by value, it is bounded, and it holds no address and no markup.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from typing import Any, TypeVar

from jira_ci.errors import UsageError
from jira_ci.keys.parse_keys import explicit
from jira_ci.states import STATES
from jira_ci.text import sha, string

T = TypeVar("T")
MARK = "<!-- jira-ci:comment "
"""What makes a comment ours, at the beginning of a line, if our account wrote it."""
TYPES = ("development", "testing", "staging", "production", "unmapped")
LONGEST = 150  # characters of a name, a version or a title
KEYS = 500
_SOURCES, _PLACES, _CARDS = 10, 40, 50
_LARGEST = 100_000  # characters
_LATER = 86_400  # seconds; how far another machine's clock may be ahead
_HIDDEN = re.compile(rf"^{MARK}([A-Za-z0-9+/]+={{0,2}}) -->\r?$", re.MULTILINE)
_ID = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class Source:
    """The issues that one run of one workflow found in the change."""

    workflow: str
    """16 hexadecimal digits; empty for what was read off the pull request from outside, which counts only while no run
    of its own has said anything."""
    commit: str
    number: int
    """The run's."""
    when: int
    """Epoch seconds."""
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """What was reported last of one environment, or of one tenant or service in it."""

    id: str
    """16 hexadecimal digits."""
    name: str
    type: str
    state: str
    version: str
    when: int
    """Epoch seconds."""
    number: int
    """The run's."""
    sequence: int
    """Within a run: grows with its attempts, its phases and the time."""
    pipeline: str
    """16 hexadecimal digits: only the numbers of one pipeline can be compared."""
    run_id: str


@dataclass(frozen=True)
class Known:
    """All of it."""

    sources: tuple[Source, ...] = ()
    places: tuple[Place, ...] = ()
    cards: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """For an issue its title and its status, each perhaps empty."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The issues, each once."""
        return tuple(dict.fromkeys(key for source in self.sources for key in source.keys))[:KEYS]

    def less(self) -> Known:
        """Half of it: the first issues, and the environments that were reported last."""
        newest = sorted(self.places, key=lambda place: -place.when)[: len(self.places) // 2]
        sources = tuple(
            Source(one.workflow, one.commit, one.number, one.when, one.keys[: len(one.keys) // 2])
            for one in self.sources
        )
        return Known(sources, _ordered(newest), dict(list(self.cards.items())[: len(self.cards) // 2]))


def merged(kept: Known, new: Known) -> Known:
    """Both together; where they are about the same, the later report counts, and of two equal ones the new."""
    places = {place.id: place for place in kept.places}
    for place in new.places:
        if place.id not in places or not _is_older(place, places[place.id]):
            places[place.id] = place
    newest = sorted(places.values(), key=lambda place: -place.when)[:_PLACES]
    sources = _sources(kept, new)
    known = Known(sources, _ordered(newest))
    cards = {**kept.cards, **new.cards}
    return Known(sources, known.places, {key: cards[key] for key in known.keys if any(cards.get(key, ()))})


def is_ours(body: str) -> bool:
    """Whether a comment is one of these, if our account wrote it."""
    return body.startswith(MARK) or f"\n{MARK}" in body


def hidden(known: Known) -> str:
    """The line that is not shown. Of the titles only the first are kept."""
    document = {
        "sources": [astuple(one) for one in known.sources[:_SOURCES]],
        "places": [astuple(one) for one in known.places],
        "cards": dict(list(known.cards.items())[:_CARDS]),
    }
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return f"{MARK}{base64.b64encode(data).decode()} -->"


def read(body: str, now: float) -> Known:
    """What a comment knows; nothing where it was tampered with.

    Args:
        now: epoch seconds; what claims to be of tomorrow would never be replaced, and is left out.
    """
    found = _HIDDEN.findall(body)
    if len(found) != 1 or len(found[0]) > _LARGEST:
        return Known()
    try:
        document = json.loads(base64.b64decode(found[0], validate=True).decode("utf-8"))
    except (ValueError, RecursionError):
        return Known()
    if not isinstance(document, dict):
        return Known()
    sources = [one for one in _rows(document.get("sources"), _source, _SOURCES) if one.when <= now + _LATER]
    places = [one for one in _rows(document.get("places"), _place, _PLACES) if one.when <= now + _LATER]
    return merged(Known(), Known(tuple(sources), tuple(places), _cards(document.get("cards"))))


def _is_older(one: Place, other: Place) -> bool:
    if one.pipeline == other.pipeline:
        return (one.number, one.sequence) < (other.number, other.sequence)
    return one.when < other.when


def _sources(kept: Known, new: Known) -> tuple[Source, ...]:
    """Runs of one workflow replace each other; different workflows, and the jobs of one run, add to each other while
    they are about the same commit."""
    found = {one.workflow: one for one in kept.sources}
    for one in new.sources:
        old = found.get(one.workflow)
        if old is None or one.number > old.number:
            found[one.workflow] = one
        elif one.number == old.number:
            keys = tuple(dict.fromkeys((*old.keys, *one.keys)))[:KEYS]
            found[one.workflow] = Source(old.workflow, old.commit, old.number, old.when, keys)
    told = [one for one in found.values() if one.workflow] or list(found.values())
    newest = max(told, key=lambda one: one.when, default=None)
    same = [one for one in told if newest and one.commit == newest.commit]
    return tuple(sorted(same, key=lambda one: (-one.when, one.workflow))[:_SOURCES])


def _ordered(places: list[Place]) -> tuple[Place, ...]:
    return tuple(sorted(places, key=lambda place: (place.name.casefold(), place.id)))


def _rows(value: Any, row: Callable[..., T], limit: int) -> list[T]:
    """The rows of a table that can be meant."""
    read_rows = (_row(part, row) for part in value[:limit]) if isinstance(value, list) else ()
    return [one for one in read_rows if one is not None]


def _row(part: Any, row: Callable[..., T]) -> T | None:
    try:
        return row(*part)
    except (TypeError, ValueError):
        return None


def _source(workflow: Any, commit: Any, number: Any, when: Any, keys: Any) -> Source:
    sound = [key for key in keys[:KEYS] if _is_key(key)] if isinstance(keys, list) else []
    return Source(workflow and _id(workflow), sha(commit), _count(number), _count(when), tuple(sound))


def _place(id_: Any, name: Any, type_: Any, state: Any, version: Any, *rest: Any) -> Place:
    when, number, sequence, pipeline, run_id = rest
    if type_ not in TYPES or state not in STATES or not re.fullmatch("[0-9]{0,18}", run_id):
        raise ValueError
    return Place(
        _id(id_),
        _text(name),
        type_,
        state,
        _text(version),
        _count(when),
        _count(number),
        _count(sequence),
        _id(pipeline),
        run_id,
    )


def _cards(value: Any) -> dict[str, tuple[str, str]]:
    pairs = list(value.items())[:_CARDS] if isinstance(value, dict) else []
    found = {}
    for key, card in pairs:
        if _is_key(key) and isinstance(card, list) and len(card) == 2:
            found[key] = (string(card[0])[:LONGEST], string(card[1])[:LONGEST])
    return found


def _id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return string(value)[:LONGEST]


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError
    return value


def _is_key(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) <= LONGEST and explicit([value]) == (value,)
    except UsageError:
        return False
