"""One site's service desk: each question once, lists to their end, each answer read strictly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.frozen import replace
from jira_ci.jira import change_endpoints, endpoints, parse, parse_change, parse_desk
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Question
from jira_ci.jira.issues import IssueTitles, look_up
from jira_ci.jira.parse import Account, Page, items, mapping, text
from jira_ci.jira.parse_change import Comment, Found, Issue, Noted, candidates
from jira_ci.jira.parse_desk import Approval, Desk, Field, RequestType
from jira_ci.jira.requester import MOST_PAGES, Hits, Listed, Requester, Stamp, every_hit, every_page, hits, parsed
from jira_ci.jira.status_errors import NotFound, Refused

_SEES_GROUPS = (
    "To see who is in a group the account needs the global permission Browse users and groups (on Data Center: "
    "Administer Jira); or name account ids in place of the group."
)


def _nothing(value: object) -> None:
    del value


class Service(Requester):
    """One account's view of one site. Every method may raise:

    - ``AccessError``: no credential, or 401 or 403;
    - ``Redirected``: another address was named;
    - ``NotFound``: 404;
    - ``Refused``: any other 4xx;
    - ``NetworkError``: no answer, none that is complete, 429, 5xx, or one of another shape than documented.

    Args:
        login: of the account.
        clock: monotonic seconds.
    """

    def __init__(self, login: Login, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(login, clock=clock)
        self.keeps_internal = True
        """Whether the platform has so far kept each comment internal that was to be so."""

    def titles(self, keys: Sequence[str], share: float) -> IssueTitles:
        """What the account sees of these issues, in this share of the time that is left. Raises nothing: what is not
        known is a part of the answer."""
        with self.within(share):
            try:
                return look_up(self._login, self.connect().edition, keys)
            except JiraCiError as error:
                return IssueTitles(error=error)

    def search(self, jql: str, reconcile: Sequence[str] = ()) -> Listed[Found]:
        """Candidates, of all pages. The index may lag behind, but knows the issues with the ids in ``reconcile``."""
        edition = self.connect().edition

        def fetch(after: str) -> Hits[Found]:
            ask = change_endpoints.search(jql, edition, after=after, reconcile=reconcile)
            return self._fresh(self._read(ask, lambda body: hits(body, edition, candidates)))

        return every_hit(fetch)

    def search_once(self, jql: str) -> Listed[Found]:
        """The same, asked for once: for whom an answer may be old."""
        return self._remembered(f"search {jql}", lambda: self.search(jql))

    def noted(self, jql: str) -> Listed[Noted]:
        """Candidates that runs may wait for. Data Center tells no properties in a search, so that there each issue is
        asked for its own."""
        edition = self.connect().edition

        def fetch(after: str) -> Hits[Noted]:
            properties = (change_endpoints.PARKED,) if edition == "cloud" else ()
            ask = change_endpoints.search(
                jql,
                edition,
                after=after,
                fields=change_endpoints.PARKED_FIELDS,
                properties=properties,
                most=change_endpoints.LARGE_PAGE,
            )
            return self._read(
                ask, lambda body: hits(body, edition, lambda page: parse_change.noted(page, change_endpoints.PARKED))
            )[0]

        found = every_hit(fetch)
        if edition == "data-center":
            with_notes = (replace(one, notes=self.property(one.id, change_endpoints.PARKED)) for one in found.values)
            return Listed(tuple(with_notes), found.complete)
        return found

    def pages_with(self, jql: str, names: Sequence[str]) -> Iterator[list[tuple[Found, Mapping[str, Any]]]]:
        """The pages of a search, each issue with those of these properties that it has: nothing of a page before is
        kept. On Data Center, which tells no properties in a search, there are none.

        Raises:
            NetworkError: the pages repeat, besides what every method raises.
        """
        edition, after, visited = self.connect().edition, "", set[str]()

        def read(body: Any) -> tuple[Hits[Found], list[Mapping[str, Any]]]:
            return hits(body, edition, candidates), parse_change.all_properties(body)

        while after not in visited:
            visited.add(after)
            properties = tuple(names) if edition == "cloud" else ()
            ask = change_endpoints.search(jql, edition, after=after, properties=properties, most=change_endpoints.PAGE)
            page, values = self._read(ask, read)[0]
            yield list(zip(page.found, values, strict=True))
            after = page.after
            if not after:
                return
        raise NetworkError("Jira's list of changes repeats itself.", "Run again.")

    def property(self, issue_id: str, name: str) -> Any:
        """One of our properties of a change; ``None`` without it."""
        try:
            return self._read(change_endpoints.get_property(issue_id, name), parse_change.property_value)[0]
        except NotFound:
            return None

    def set_property(self, issue_id: str, name: str, value: Mapping[str, Any]) -> None:
        """Writes one of our properties of a change."""
        self._read(change_endpoints.set_property(issue_id, value, name), _nothing, 200, 201)

    def label(self, issue_id: str, name: str, *, add: bool) -> None:
        """Adds a label to a change, or takes it off."""
        self._read(change_endpoints.label(issue_id, name, add=add), _nothing, 204)

    def unpark(self, issue_id: str, value: Mapping[str, Any], label: str) -> None:
        """Writes the notes of a change, and takes a label off it; at once, or one after the other where the label is
        on no screen."""
        try:
            self._read(change_endpoints.unparked(issue_id, value, label), _nothing, 204)
        except Refused:
            self.set_property(issue_id, change_endpoints.PARKED, value)

    def newest(self, jql: str, most: int) -> tuple[Found, ...]:
        """The first few that a search finds."""
        edition = self.connect().edition
        ask = change_endpoints.search(jql, edition, most=most)
        return self._read(ask, lambda body: hits(body, edition, parse_change.candidates))[0].found

    def issue(self, id_or_key: str, window: Sequence[str] | None = None) -> tuple[Issue, Stamp]:
        """An issue; with ``window`` also its history, its fields of these names or ids, and how fields are called."""
        wanted = change_endpoints.BASIC_FIELDS if window is None else change_endpoints.fields_for(window)
        ask = change_endpoints.issue(id_or_key, wanted, history=window is not None)
        return self._read(
            ask, lambda body: parse_change.issue(body, change_endpoints.PROPERTY, change_endpoints.PARKED)
        )

    def candidate(self, id_or_key: str) -> Issue:
        """An issue that may be the change."""
        return self._fresh(self.issue(id_or_key))

    def approvals(self, issue_id: str) -> tuple[Listed[Approval], list[Stamp]]:
        """A change's approvals, of all pages, and when each page was read."""
        stamps: list[Stamp] = []

        def fetch(start: int) -> Page:
            ask = change_endpoints.approvals(issue_id, start)
            page, stamp = self._read(ask, lambda body: parsed(parse.page(body), parse_desk.approval))
            stamps.append(stamp)
            return page

        return every_page(fetch), stamps

    def desk(self, id_or_project: str) -> Desk:
        """A service desk; asked for once."""
        return self._known(change_endpoints.desk(id_or_project), parse_desk.desk)

    def desks(self) -> Listed[Desk]:
        """All service desks."""
        return self._pages(change_endpoints.desks, parse_desk.desk)

    def request_types(self, desk_id: str, name: str = "") -> Listed[RequestType]:
        """The request types of a desk whose name or description holds this text, hidden ones too; asked for once."""
        return self._remembered(
            f"request types of {desk_id}: {name}",
            lambda: self._pages(
                lambda start: change_endpoints.request_types(desk_id, start, name), parse_desk.request_type
            ),
        )

    def requested_as(self, issue_id: str) -> RequestType | None:
        """The request type of an issue; ``None`` for one that is no request, or is not shown as such."""
        try:
            return self._fresh(self._read(change_endpoints.request(issue_id), parse_desk.requested_as))
        except NotFound:
            return None

    def request_fields(self, desk_id: str, type_id: str) -> list[Field]:
        """The fields of a request type."""
        return self._known(change_endpoints.request_fields(desk_id, type_id), parse_desk.request_fields)

    def kinds_of_project(self, project: str) -> tuple[parse_desk.Kind, ...]:
        """The issue types of a project, with their statuses."""
        return self._known(change_endpoints.types_of_project(project), parse_desk.kinds)

    def types_of_project(self, project: str) -> dict[str, str]:
        """The issue types of a project: id to name."""
        return {one.id: one.name for one in self.kinds_of_project(project)}

    def fields(self) -> dict[str, str]:
        """Every field of the site: id to name."""
        return self._read(change_endpoints.fields(), _names)[0]

    def create(
        self, desk_id: str, type_id: str, values: Mapping[str, Any], *, documents: bool = False
    ) -> tuple[str, str]:
        """Makes a request, and gives its id and key. Sent once: after a ``NetworkError`` it may be there or not."""
        ask = change_endpoints.create(desk_id, type_id, values, documents=documents)
        return self._read(ask, parse_desk.created, 201)[0]

    def set_mark(self, issue_id: str, value: Mapping[str, Any]) -> None:
        """Writes our own property of a change."""
        self._read(change_endpoints.set_property(issue_id, value), _nothing, 200, 201)

    def property_keys(self, issue_id: str) -> list[str]:
        """The keys of an issue's properties."""
        return self._read(change_endpoints.property_keys(issue_id), parse_change.property_keys)[0]

    def own_property_keys(self) -> list[str]:
        """The keys of the properties of the gate's own account; none on a Data Center that has no such thing."""
        try:
            return self._read(self._own(), parse_change.property_keys)[0]
        except NotFound:
            if self.connect().edition == "cloud":
                raise
            return []

    def own_property(self, key: str) -> Any:
        """One property of the gate's own account; ``None`` without it."""
        try:
            return self._read(self._own(key), parse_change.property_value)[0]
        except NotFound:
            return None

    def set_own_property(self, key: str, value: Mapping[str, Any]) -> None:
        """Writes a property of the gate's own account."""
        self._read(self._own(key, value), _nothing, 200, 201)

    def _own(self, key: str = "", value: Mapping[str, Any] | None = None) -> Question:
        return change_endpoints.own_properties(self.myself().id, self.connect().edition, key, value)

    def attach(self, issue_id: str, name: str, content: bytes) -> str:
        """Attaches a file to an issue, and gives its id. Sent once: after a ``NetworkError`` it may be there or not."""
        return self._read(change_endpoints.attach(issue_id, name, content), parse_change.attached)[0]

    def link(self, change_key: str, issue_key: str) -> None:
        """Links a change to an issue that is deployed with it."""
        self._read(change_endpoints.link(change_key, issue_key), _nothing, 201)

    def remote_link(self, issue_id: str, url: str, title: str, global_id: str = "") -> None:
        """Links a change to a page elsewhere."""
        self._read(change_endpoints.remote_link(issue_id, url, title, global_id), _nothing, 200, 201)

    def remove_remote_link(self, issue_id: str, global_id: str) -> None:
        """Takes a link to a page elsewhere off a change, if it is there still."""
        with suppress(NotFound):
            self._read(change_endpoints.remove_remote_link(issue_id, global_id), _nothing, 204)

    def comments(self, issue_id: str) -> Listed[Comment]:
        """A change's comments, internal ones too."""
        return every_page(
            lambda start: self._read(change_endpoints.comments(issue_id, start), parse_change.comments)[0]
        )

    def comment(self, issue_id: str, body: str, *, public: bool) -> None:
        """Writes a comment (wiki markup) the service desk's way. Sent once: after a ``NetworkError`` it may be there or
        not."""
        self._read(change_endpoints.comment(issue_id, body, public=public), parse_change.desk_comment, 201)

    def document_comment(self, issue_id: str, document: Mapping[str, Any], properties: Mapping[str, Any]) -> Comment:
        """Writes a comment that is an Atlassian document (Cloud), and gives it as Jira has taken it. Sent once too."""
        return self._read(change_endpoints.document_comment(issue_id, document, properties), parse_change.comment, 201)[
            0
        ]

    def remove_comment(self, issue_id: str, comment_id: str) -> None:
        """Takes a comment away."""
        self._read(change_endpoints.remove_comment(issue_id, comment_id), _nothing, 204)

    def members(self, group: str) -> tuple[Account, ...]:
        """Who is in a group, and active; asked once.

        Raises:
            NotFound: there is no such group.
            AccessError: also where the account may not see who is in groups.
            NetworkError: also where the list did not come to its end.
        """
        return self._remembered(f"members of {group}", lambda: self._read_members(group))

    def _read_members(self, group: str) -> tuple[Account, ...]:
        edition = self.connect().edition

        def fetch(start: int) -> Page:
            return self._fresh(self._read(change_endpoints.group_members(group, edition, start), parse_desk.members))

        try:
            listed = every_page(fetch)
        except AccessError as error:
            raise AccessError(error.message, f"{_SEES_GROUPS} {error.hint}") from None
        if not listed.complete:
            raise NetworkError(
                f"The list of who is in the group {group} did not come to its end.",
                f"Name a group of at most {MOST_PAGES * change_endpoints.GROUP_PAGE} members, or run again.",
            )
        return tuple(one for one, active in listed.values if active)

    def permissions(self, project: str, names: Sequence[str]) -> dict[str, bool]:
        """Which of these permissions the account has in a project, or in any where none is named."""
        return self._read(endpoints.permissions(project, names), parse.granted)[0]


def _names(body: Any) -> dict[str, str]:
    beans = [mapping(one, "a field") for one in items(body, "the fields")]
    return {text(one, "id"): text(one, "name") for one in beans}
