"""A page as a value: a title, and under it headings, paragraphs, lists and tables. It knows no markup.

Every text in it is untrusted; what writes the page makes it inert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from jira_ci import states
from jira_ci.frozen import dataclass, replace

T = TypeVar("T")
TONES: Mapping[str, str] = MappingProxyType(
    {
        "good": "✅",
        "bad": "❌",
        "busy": "⏳",
        "off": "🚫",
        "back": "↩️",
        "stop": "⛔",
        "doubtful": "⚠️",
        "unknown": "❔",
    }
)
"""The signs. None stands without a word: colours and pictures are not for everybody."""


@dataclass(frozen=True)
class Link:
    """A text that leads somewhere; only to ``https`` and ``http``, else it is a text."""

    text: str
    address: str


@dataclass(frozen=True)
class Strong:
    """A text that weighs more."""

    text: str


@dataclass(frozen=True)
class Code:
    """A text that is copied: a version, a file's name."""

    text: str


@dataclass(frozen=True)
class Mark:
    """A sign and a word."""

    tone: str
    """One of ``TONES``."""
    word: str


Part = str | Link | Strong | Code | Mark
Phrase = tuple[Part, ...]


@dataclass(frozen=True)
class Heading:
    """What the following is about."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    phrase: Phrase


@dataclass(frozen=True)
class Notice:
    """A paragraph that must not be missed: what to do next."""

    phrase: Phrase


@dataclass(frozen=True)
class Items:
    """A list."""

    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells, one for each column."""

    title: str
    """For readers who cannot see where it stands."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Phrase, ...], ...]
    left_out: int = 0
    """How many rows more there are."""


Block = Heading | Paragraph | Notice | Items | Table


@dataclass(frozen=True)
class Page:
    """What became of one command."""

    title: Mark
    blocks: tuple[Block, ...] = ()
    foot: Phrase = ()
    """What it was about, and where more is written."""


def state(word: str) -> Mark:
    """Jira's word for a state, with its sign."""
    return Mark(states.of(word).tone, word.replace("_", " "))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Phrase]], most: int, optional: Iterable[str] = ()
) -> list[Block]:
    """A table of at most so many rows, or nothing without any.

    Args:
        optional: columns that are left out where no row has anything in them.
    """
    whole = list(rows)
    shown = whole[:most]
    unneeded = set(optional)
    kept = [at for at, name in enumerate(columns) if name not in unneeded or any(any(row[at]) for row in shown)]
    if not shown:
        return []
    names, cells = tuple(columns[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in shown)
    return [Table(title, names, cells, len(whole) - len(shown))]


def items(phrases: Iterable[Phrase], most: int) -> list[Block]:
    """A list of at most so many, or nothing without any."""
    whole = list(phrases)
    more: list[Phrase] = [(f"… and {len(whole) - most} more",)] if len(whole) > most else []
    return [Items((*whole[:most], *more))] if whole else []


def is_web(address: str) -> bool:
    """Whether it leads into the web."""
    return address.lower().startswith(("https://", "http://"))


def separated(phrases: Iterable[Phrase], by: str = ", ") -> Phrase:
    """Phrases as one, with something between each two; empty ones are left out."""
    found: list[Part] = []
    for phrase in filter(None, phrases):
        found += [by, *phrase] if found else phrase
    return tuple(found)


def with_texts(value: T, change: Callable[[str], str]) -> T:
    """A page, or a part of one, with every text changed; tones are no texts."""
    found: Any = value
    if isinstance(found, str):
        found = change(found)
    elif isinstance(found, tuple):
        found = tuple(with_texts(one, change) for one in found)
    elif names := getattr(found, "__match_args__", ()):
        found = replace(found, **{name: with_texts(getattr(found, name), change) for name in names if name != "tone"})
    result: T = found
    return result


def refused(gate: Page, report: Page | None) -> Page:
    """A deployment that did not start.

    Args:
        report: what Jira was told of it all the same; ``None`` when it was not.
    """
    went_well = gate.title.tone == "good"  # the gate proceeds, and something else came in between
    title = Mark("off", "deployment not started") if went_well else gate.title
    return Page(title, _blocks(gate, report), gate.foot)


def deployed(gate: Page, report: Page | None, word: str) -> Page:
    """A deployment that started.

    Args:
        word: Jira's word for how it ended.
    """
    ended = state(word)
    _, colon, where = report.title.word.partition(": ") if report is not None else ("", "", "")
    return Page(Mark(ended.tone, f"deployment {ended.word}{colon}{where}"), _blocks(gate, report), gate.foot)


def _blocks(gate: Page, report: Page | None) -> tuple[Block, ...]:
    if report is None or not report.blocks:
        return gate.blocks
    return (Heading("Gate"), *gate.blocks, Heading("Report"), *report.blocks)
