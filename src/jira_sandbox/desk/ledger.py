"""Where the issues of a desk are kept, and the index that search looks into, which comes after."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from jira_sandbox.desk.change import Change, restored
from jira_sandbox.desk.errors import NotFound

_FIRST_ID = 10_001
_GONE = "Issue does not exist or you do not have permission to see it."


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
