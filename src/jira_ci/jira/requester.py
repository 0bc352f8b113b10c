"""Questions with one login: each answer read strictly, lists to their end.

Of each answer it is known when it was given, by Jira's clock and by ours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

from jira_ci.errors import NetworkError
from jira_ci.exchange import Answer
from jira_ci.frozen import dataclass, replace
from jira_ci.jira import parse
from jira_ci.jira.access import Route
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition, Question
from jira_ci.jira.parse import Account, Page, WrongShape, mapping, number, optional_text
from jira_ci.jira.parse_change import Found
from jira_ci.jira.status_errors import misshapen, refusal
from jira_ci.timing import Deadline

T = TypeVar("T")
F = TypeVar("F", bound=Found)
MOST_PAGES = 20
"""Two thousand values; a list that goes on for ever ends there, incomplete."""

_UNEVEN = timedelta(seconds=1)  # a Date has whole seconds, and a site more than one server
_DATE = re.compile(r"[A-Za-z]{3,9}, ?[^,]+")  # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7


@dataclass(frozen=True)
class Stamp:
    """When an answer was given: by Jira's clock (``None`` without a readable ``Date``) and by ours, in monotonic
    seconds as it came in; ``aged`` when a cache gave it; ``back`` when an answer before it had a later ``Date``."""

    date: datetime | None
    aged: bool
    at: float
    back: bool = False


class Timeline:
    """The moments that the answers of one conversation name, in the order in which they come: none goes back."""

    def __init__(self) -> None:
        self._newest: datetime | None = None

    def see(self, answer: Answer) -> None:
        """Takes note of when an answer was given."""
        date = stamp_of(answer, 0.0).date
        if date is not None and (self._newest is None or date > self._newest):
            self._newest = date

    def stamp(self, answer: Answer, at: float) -> Stamp:
        """The stamp of an answer that has just come.

        Args:
            at: monotonic seconds.
        """
        self.see(answer)
        stamp = stamp_of(answer, at)
        back = stamp.date is not None and self._newest is not None and self._newest - stamp.date > _UNEVEN
        return replace(stamp, back=back)


def stamp_of(answer: Answer, at: float) -> Stamp:
    """When an answer was given. Several ``Date`` headers, which come joined by commas, are one if they are the same."""
    told = answer.headers.get("date", "").split(",")
    once = ",".join(told[:2]).strip()
    doubts = len(told) % 2 or not _DATE.fullmatch(once)
    if doubts or any(",".join(told[n : n + 2]).strip() != once for n in range(0, len(told), 2)):
        return Stamp(None, "age" in answer.headers, at)
    try:
        date = parsedate_to_datetime(once)
    except (TypeError, ValueError, LookupError, OverflowError):  # what the parser of dates raises is not one family
        return Stamp(None, "age" in answer.headers, at)
    return Stamp(date if date.tzinfo else date.replace(tzinfo=timezone.utc), "age" in answer.headers, at)


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


def parsed(page: Page, read: Callable[[Any], Any]) -> Page:
    """The page with each of its values read."""
    return Page(page.start, tuple(read(value) for value in page.values), page.last)


class Requester:
    """Asks one site with one login, and knows of each answer when it was given.

    Args:
        login: of the account.
        clock: monotonic seconds.
    """

    def __init__(self, login: Login, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._login, self._clock, self._timeline = login, clock, Timeline()
        login.see = self._timeline.see
        self._once: dict[str, Any] = {}

    @property
    def deadline(self) -> Deadline:
        """The client's, over everything that is asked."""
        return self._login.client.deadline

    def connect(self) -> Route:
        """Where and how the site is asked; the first call logs in."""
        return self._login.connect()[0]

    def myself(self) -> Account:
        """Who the gate is; asked once."""
        return self._login.connect()[1]

    @contextmanager
    def within(self, share: float) -> Iterator[None]:
        """What is asked in here has this share of the time that is left, so that something else can be asked after."""
        client = self._login.client
        whole = client.deadline
        client.deadline = whole.part(share)
        try:
            yield
        finally:
            client.deadline = whole

    @staticmethod
    def _fresh(read: tuple[T, Stamp]) -> T:
        """What was read, where no round judges its moment: out of a cache it may show what was, and hide what is."""
        value, stamp = read
        if stamp.back or stamp.aged:
            raise NetworkError(
                "An answer is older than one before it, or comes out of a cache.",
                "Take Jira's address out of the cache or proxy that stands in between.",
            )
        return value

    def _remembered(self, name: str, ask: Callable[[], T]) -> T:
        """What was asked under this name is not asked again; an error is not remembered."""
        if name not in self._once:
            self._once[name] = ask()
        found: T = self._once[name]
        return found

    def _known(self, ask: Question, read: Callable[[Any], T]) -> T:
        """What a desk is made of is asked once."""
        return self._remembered(f"{ask.path}?{ask.query}", lambda: self._read(ask, read)[0])

    def _pages(self, ask: Callable[[int], Question], read: Callable[[Any], T]) -> Listed[T]:
        def fetch(start: int) -> Page:
            return self._read(ask(start), lambda body: parsed(parse.page(body), read))[0]

        return every_page(fetch)

    def _read(self, ask: Question, read: Callable[[Any], T], *statuses: int) -> tuple[T, Stamp]:
        self._login.connect()
        request, answer = self._login.send(ask)
        stamp = self._timeline.stamp(answer, self._clock())
        if answer.status not in (statuses or (200,)):
            raise refusal(request, answer, self._login.audience)
        try:
            return read(answer.json()), stamp
        except WrongShape as error:
            raise misshapen(request, answer, error) from None
