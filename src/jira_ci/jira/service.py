"""The conversation with one Jira site about changes: each question once, each answer read strictly."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from jira_ci.deadline import Deadline
from jira_ci.jira import answers, changes, desk, desk_answers, paging
from jira_ci.jira.access import Access, Route
from jira_ci.jira.answers import Account, Found, Issue
from jira_ci.jira.ask import Ask
from jira_ci.jira.client import Client
from jira_ci.jira.desk_answers import Approval, Comment, Desk, Field, Page, RequestType
from jira_ci.jira.exchange import Answer
from jira_ci.jira.paging import Listed
from jira_ci.jira.session import Session
from jira_ci.jira.shapes import WrongShape, items, mapping, text
from jira_ci.jira.unwelcome import misshapen, unwelcome

T = TypeVar("T")
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


def _nothing(value: object) -> None:
    del value


class Service:
    """One account's view of one site. Every method may raise:

    - ``AccessError``: no credential, or 401 or 403;
    - ``Redirected``: another address was named;
    - ``NotFound``: 404;
    - ``Refused``: any other 4xx;
    - ``NetworkError``: no answer, none that is complete, 429, 5xx, or one of another shape than documented.

    Args:
        keep_secret: is told an access token as soon as it is there.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        client: Client,
        access: Access,
        *,
        keep_secret: Callable[[str], object] = _nothing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._clock = client, clock
        self._timeline = Timeline()
        self._session = Session(client, access, keep_secret, self._timeline.see)

    @property
    def deadline(self) -> Deadline:
        """The client's, over everything that is asked."""
        return self._client.deadline

    def connect(self) -> Route:
        """Where and how the site is asked; the first call logs in."""
        return self._session.connect()[0]

    def myself(self) -> Account:
        """Who the gate is; asked once."""
        return self._session.connect()[1]

    def search(self, jql: str, reconcile: Sequence[str] = ()) -> Listed[Found]:
        """Candidates, of all pages. The index may lag behind, but knows the issues with the ids in ``reconcile``."""
        edition = self.connect().edition

        def fetch(after: str) -> paging.Hits:
            ask = changes.search(jql, edition, after=after, reconcile=reconcile)
            return self._read(ask, lambda body: paging.hits(body, edition))[0]

        return paging.every_hit(fetch)

    def issue(self, id_or_key: str, window: Sequence[str] | None = None) -> tuple[Issue, Stamp]:
        """An issue; with ``window`` also its history, its fields of these names or ids, and how fields are called."""
        wanted = changes.BASIC_FIELDS if window is None else changes.fields_for(window)
        ask = changes.issue(id_or_key, wanted, history=window is not None)
        return self._read(ask, lambda body: answers.issue(body, changes.PROPERTY))

    def approvals(self, issue_id: str) -> tuple[Listed[Approval], list[Stamp]]:
        """A change's approvals, of all pages, and when each page was read."""
        stamps: list[Stamp] = []

        def fetch(start: int) -> Page:
            ask = desk.approvals(issue_id, start)
            page, stamp = self._read(ask, lambda body: _parsed(desk_answers.page(body), desk_answers.approval))
            stamps.append(stamp)
            return page

        return paging.every_page(fetch), stamps

    def desk(self, id_or_project: str) -> Desk:
        """A service desk."""
        return self._read(desk.desk(id_or_project), desk_answers.desk)[0]

    def desks(self) -> Listed[Desk]:
        """All service desks."""
        return self._pages(desk.desks, desk_answers.desk)

    def request_types(self, desk_id: str, name: str = "") -> Listed[RequestType]:
        """The request types of a desk whose name or description holds this text, hidden ones too."""
        return self._pages(lambda start: desk.request_types(desk_id, start, name), desk_answers.request_type)

    def request_fields(self, desk_id: str, type_id: str) -> list[Field]:
        """The fields of a request type."""
        return self._read(desk.request_fields(desk_id, type_id), desk_answers.request_fields)[0]

    def types_of_project(self, project: str) -> dict[str, str]:
        """The issue types of a project: id to name."""
        return self._read(changes.types_of_project(project), answers.types)[0]

    def fields(self) -> dict[str, str]:
        """Every field of the site: id to name."""
        return self._read(changes.fields(), _names)[0]

    def create(self, desk_id: str, type_id: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """Makes a request, and gives its id and key. Sent once: after a ``NetworkError`` it may be there or not."""
        return self._read(desk.create(desk_id, type_id, values), desk_answers.created, 201)[0]

    def set_mark(self, issue_id: str, value: Mapping[str, Any]) -> None:
        """Writes our own property of a change."""
        self._read(changes.set_property(issue_id, value), _nothing, 200, 201)

    def link(self, change_key: str, issue_key: str) -> None:
        """Links a change to an issue that is deployed with it."""
        self._read(changes.link(change_key, issue_key), _nothing, 201)

    def remote_link(self, issue_id: str, url: str, title: str) -> None:
        """Links a change to a page elsewhere."""
        self._read(changes.remote_link(issue_id, url, title), _nothing, 200, 201)

    def comments(self, issue_id: str) -> Listed[Comment]:
        """A change's comments, internal ones too."""
        return self._pages(lambda start: desk.comments(issue_id, start), desk_answers.comment)

    def comment(self, issue_id: str, body: str, *, public: bool) -> None:
        """Writes a comment (wiki markup). Sent once: after a ``NetworkError`` it may be there or not."""
        self._read(desk.comment(issue_id, body, public=public), desk_answers.comment, 201)

    def permissions(self, project: str, names: Sequence[str]) -> dict[str, bool]:
        """Which of these permissions the account has in a project, or in any where none is named."""
        return self._read(changes.permissions(project, names), answers.granted)[0]

    def _pages(self, ask: Callable[[int], Ask], parse: Callable[[Any], T]) -> Listed[T]:
        def fetch(start: int) -> Page:
            return self._read(ask(start), lambda body: _parsed(desk_answers.page(body), parse))[0]

        return paging.every_page(fetch)

    def _read(self, ask: Ask, parse: Callable[[Any], T], *statuses: int) -> tuple[T, Stamp]:
        request, answer = self._session.send(ask)
        stamp = self._timeline.stamp(answer, self._clock())
        if answer.status not in (statuses or (200,)):
            raise unwelcome(request, answer)
        try:
            return parse(answer.json()), stamp
        except WrongShape as error:
            raise misshapen(request, answer, error) from None


def _names(body: Any) -> dict[str, str]:
    beans = [mapping(one, "a field") for one in items(body, "the fields")]
    return {text(one, "id"): text(one, "name") for one in beans}


def _parsed(page: Page, parse: Callable[[Any], Any]) -> Page:
    return Page(page.start, tuple(parse(value) for value in page.values), page.last)


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
