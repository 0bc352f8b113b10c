"""Where the issues of a desk are kept, what hangs on them, and the index that search looks into, which comes after."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jira_sandbox.desk.change_issue import Change, checked_text, restored
from jira_sandbox.desk.markup import DocumentText
from jira_sandbox.jira_errors import DeskError, NotFound

_FIRST_ID = 10_001
_GONE = "Issue does not exist or you do not have permission to see it."
LINK_TYPES = {
    "Relates": ("10003", "relates to", "relates to"),
    "Blocks": ("10000", "blocks", "is blocked by"),
    "Problem/Incident": ("10004", "causes", "is caused by"),
}
"""Name of a link type -> its id, and how it reads outward and inward."""


class Ledger:
    """Issues by id. Safe to use from several threads: whatever reads and then writes does so under ``lock``.

    Attributes:
        delay: seconds until search sees what was written; ``math.inf`` for never, until :meth:`catch_up`.
        changed: called after each change.
        taken: the highest number of an issue that exists elsewhere in the project with this key.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.RLock()
        self.delay = 0.0
        self.changed: Callable[[], None] = lambda: None
        self.taken: Callable[[str], int] = lambda _: 0
        self._timer = timer
        self._changes: dict[str, Change] = {}
        self._keys: dict[str, str] = {}
        self._index: dict[str, list[tuple[float, Change]]] = {}
        self._counters: dict[str, int] = {}

    def number(self, counter: str, first: int = _FIRST_ID) -> str:
        """The next number of this counter, as text: no two callers get the same."""
        with self.lock:
            self._counters[counter] = max(self._counters.get(counter, 0) + 1, first)
            return str(self._counters[counter])

    def key(self, project: str) -> str:
        """The next free key in the project with this key."""
        with self.lock:
            while (key := f"{project}-{self.number(f'issues of {project}', self.taken(project) + 1)}") in self._keys:
                pass
            return key

    def find(self, key_or_id: str) -> Change | None:
        """The issue with this id, key or former key, in any case; also a deleted one. None when there never was one."""
        with self.lock:
            return self._changes.get(self._keys.get(key_or_id.upper(), key_or_id))

    def all(self) -> list[Change]:
        """Every issue that is there, oldest first."""
        with self.lock:
            return [one for one in self._changes.values() if not one.deleted]

    def put(self, change: Change) -> Change:
        """Keep the issue, as a new one or instead of the one with its id."""
        with self.lock:
            self._changes[change.id] = change
            self._keys |= dict.fromkeys((*change.former, change.key), change.id)
            self._note(change, self.delay)
            self.changed()
            return change

    def alter(self, key_or_id: str, alteration: Callable[[Change], Change]) -> Change:
        """Replace the issue by what the alteration makes of it.

        Raises:
            NotFound: there is no such issue any more.
        """
        with self.lock:
            before = self.find(key_or_id)
            if before is None or before.deleted:
                raise NotFound(_GONE)
            after = alteration(before)
            return before if after is before else self.put(after)

    def indexed(self, reconciled: Iterable[str] = ()) -> list[Change]:
        """The issues as search knows them; those with the ``reconciled`` ids as they are."""
        now, wanted = self._timer(), set(reconciled)
        with self.lock:
            known = []
            for identity, states in self._index.items():
                seen = [state for due, state in states if due <= now]
                if identity in wanted:
                    known.append(self._changes[identity])
                elif seen:
                    known.append(seen[-1])
                    self._index[identity] = states[len(seen) - 1 :]
            return [one for one in known if not one.deleted]

    def catch_up(self) -> None:
        """Let search see everything now."""
        with self.lock:
            for change in self._changes.values():
                self._index[change.id] = [(-math.inf, change)]

    def dump(self) -> dict[str, Any]:
        """What is kept, as plain values."""
        with self.lock:
            return {
                "issues": [dataclasses.asdict(one) for one in self._changes.values()],
                "counters": dict(self._counters),
            }

    def restore(self, dumped: dict[str, Any]) -> None:
        """Keep what :meth:`dump` gave, and nothing else.

        Raises:
            KeyError, TypeError, ValueError: it did not give this.
        """
        issues = [restored(one) for one in dumped["issues"]]
        counters = {str(name): int(number) for name, number in dumped["counters"].items()}
        with self.lock:
            self._changes = {one.id: one for one in issues}
            self._keys = {key: one.id for one in issues for key in (*one.former, one.key)}
            self._counters = counters
            self.catch_up()

    def _note(self, change: Change, delay: float) -> None:
        self._index.setdefault(change.id, []).append((self._timer() + delay, change))


@dataclass(frozen=True)
class Comment:
    """``author`` is an account id; ``public``: customers see it; ``created`` in epoch milliseconds.

    A comment that was written as an Atlassian document has this as ``document``, and what it shows as ``body``; every
    other body is wiki markup.
    """

    id: str
    author: str
    body: str
    public: bool
    created: int
    document: dict[str, Any] | None = None
    properties: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Attachment:
    """A file on an issue; ``content`` is text in UTF-8, ``created`` in epoch milliseconds."""

    id: str
    author: str
    name: str
    content: str
    created: int


@dataclass(frozen=True)
class IssueLink:
    """``outward`` and ``inward`` are issue ids."""

    id: str
    kind: str
    outward: str
    inward: str


class Extras:
    """All of it, by issue id. It shares the ledger's lock, numbers and notice of changes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._comments: dict[str, list[Comment]] = {}
        self._remote: dict[str, list[dict[str, Any]]] = {}
        self._properties: dict[str, dict[str, Any]] = {}
        self._links: list[IssueLink] = []
        self._attachments: dict[str, list[Attachment]] = {}

    def comment(
        self,
        issue: str,
        author: str,
        body: str,
        now: int,
        *,
        public: bool,
        properties: dict[str, Any] | None = None,
    ) -> Comment:
        """Add a comment. Raises DeskError when it is empty, or longer than Jira keeps."""
        if not body.strip():
            raise DeskError("Comment body can not be empty!")
        document = body.document if isinstance(body, DocumentText) else None
        with self._ledger.lock:
            identity = self._ledger.number("comments", 10_100)
            text = str(checked_text(body))
            comment = Comment(identity, author, text, public, now, document, dict(properties or {}))
            self._comments.setdefault(issue, []).append(comment)
            self._ledger.changed()
            return comment

    def comments(self, issue: str) -> list[Comment]:
        """Oldest first."""
        with self._ledger.lock:
            return list(self._comments.get(issue, []))

    def edit_comment(self, issue: str, comment: Comment) -> Comment:
        """Put the comment in place of the one with its id. Raises DeskError when it is longer than Jira keeps."""
        with self._ledger.lock:
            checked_text(comment.body)
            listed = self._comments[issue]
            listed[[one.id for one in listed].index(comment.id)] = comment
            self._ledger.changed()
            return comment

    def remove_comment(self, issue: str, identity: str) -> Comment:
        """Gives the comment that is gone. Raises NotFound when there is none with this id."""
        with self._ledger.lock:
            found = next((one for one in self._comments.get(issue, []) if one.id == identity), None)
            if found is None:
                raise NotFound(f"Can not find a comment for the id: {identity}.")
            self._comments[issue].remove(found)
            self._ledger.changed()
            return found

    def remote_links(self, issue: str) -> list[dict[str, Any]]:
        """Each as it was given, with its ``id``."""
        with self._ledger.lock:
            return list(self._remote.get(issue, []))

    def linked_remotely(self) -> list[str]:
        """Ids of the issues that have links to elsewhere, the latest to get its first one at the end."""
        with self._ledger.lock:
            return [issue for issue, links in self._remote.items() if links]

    def set_remote_link(self, issue: str, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Add a link, or replace the one with its global id.

        Returns:
            The link, and whether it is new.
        """
        with self._ledger.lock:
            links = self._remote.setdefault(issue, [])
            wanted = given.get("globalId")
            for index, link in enumerate(links):
                if wanted is not None and link.get("globalId") == wanted:
                    links[index] = {**given, "id": link["id"]}
                    self._ledger.changed()
                    return links[index], False
            links.append({**given, "id": int(self._ledger.number("remote links", 10_200))})
            self._ledger.changed()
            return links[-1], True

    def remove_remote_link(self, issue: str, global_id: str) -> None:
        """Raises NotFound when there is none with this global id."""
        with self._ledger.lock:
            links = self._remote.get(issue, [])
            left = [link for link in links if link.get("globalId") != global_id]
            if len(left) == len(links):
                raise NotFound("No remote link with this global id exists on the issue.")
            self._remote[issue] = left
            self._ledger.changed()

    def properties(self, issue: str) -> dict[str, Any]:
        with self._ledger.lock:
            return dict(self._properties.get(issue, {}))

    def set_property(self, issue: str, key: str, value: Any) -> bool:
        """Returns whether it is a new one."""
        with self._ledger.lock:
            properties = self._properties.setdefault(issue, {})
            new = key not in properties
            properties[key] = value
            self._ledger.changed()
            return new

    def remove_property(self, issue: str, key: str) -> None:
        """Raises NotFound when there is none with this key."""
        with self._ledger.lock:
            if key not in self._properties.get(issue, {}):
                raise NotFound(f"The property with key '{key}' does not exist.")
            del self._properties[issue][key]
            self._ledger.changed()

    def attach(self, issue: str, author: str, name: str, content: str, now: int) -> Attachment:
        """Keep a file."""
        with self._ledger.lock:
            made = Attachment(self._ledger.number("attachments", 10_400), author, name, content, now)
            self._attachments.setdefault(issue, []).append(made)
            self._ledger.changed()
            return made

    def attachments(self, issue: str) -> list[Attachment]:
        """Oldest first."""
        with self._ledger.lock:
            return list(self._attachments.get(issue, []))

    def link(self, kind: str, outward: str, inward: str) -> IssueLink:
        """Link two issues; the same link again is the one that there is."""
        with self._ledger.lock:
            for one in self._links:
                if (one.kind, one.outward, one.inward) == (kind, outward, inward):
                    return one
            self._links.append(IssueLink(self._ledger.number("links", 10_300), kind, outward, inward))
            self._ledger.changed()
            return self._links[-1]

    def links(self, issue: str) -> list[IssueLink]:
        with self._ledger.lock:
            return [one for one in self._links if issue in (one.outward, one.inward)]

    def dump(self) -> dict[str, Any]:
        """What is kept, as plain values."""
        with self._ledger.lock:
            comments = {issue: [dataclasses.asdict(one) for one in many] for issue, many in self._comments.items()}
            files = {issue: [dataclasses.asdict(one) for one in many] for issue, many in self._attachments.items()}
            return {
                "comments": comments,
                "attachments": files,
                "remote": {issue: list(links) for issue, links in self._remote.items()},
                "properties": {issue: dict(properties) for issue, properties in self._properties.items()},
                "links": [dataclasses.asdict(one) for one in self._links],
            }

    def restore(self, dumped: dict[str, Any]) -> None:
        """Keep what :meth:`dump` gave. Raises KeyError, TypeError or ValueError when it did not give this."""
        comments = {issue: [Comment(**one) for one in many] for issue, many in dumped["comments"].items()}
        links = [IssueLink(**one) for one in dumped["links"]]
        remote = {issue: [dict(one) for one in many] for issue, many in dumped["remote"].items()}
        properties = {issue: dict(one) for issue, one in dumped["properties"].items()}
        kept = dumped.get("attachments", {})
        files = {issue: [Attachment(**one) for one in many] for issue, many in kept.items()}
        with self._ledger.lock:
            self._comments, self._remote, self._properties, self._links = comments, remote, properties, links
            self._attachments = files
