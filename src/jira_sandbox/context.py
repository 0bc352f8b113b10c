"""What the routes work with: the site's state, its credentials, where it is reached, what happened so far."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from jira_sandbox.credentials import Credentials
from jira_sandbox.desk.people import Person
from jira_sandbox.editions import CLOUD, Edition
from jira_sandbox.exchange import Exchange
from jira_sandbox.site import Site

CLOUD_ID = "11111111-2222-4333-8444-555555555555"
MAX_BODY = 5 * 2**20
_KEPT, _KEPT_BYTES = 10_000, 256 * 2**20


class Record:
    """The exchanges so far, oldest first. Safe to use from threads.

    Of more than 10,000, or of more than 256 MB of bodies, the oldest are dropped.
    """

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque()
        self._count = self._bytes = 0
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self._exchanges.append(exchange)
            self._count += 1
            self._bytes += exchange.size
            while len(self._exchanges) > _KEPT or (self._bytes > _KEPT_BYTES and len(self._exchanges) > 1):
                self._bytes -= self._exchanges.popleft().size

    def all(self) -> list[Exchange]:
        with self._lock:
            return list(self._exchanges)

    @property
    def count(self) -> int:
        """How many there were, dropped ones too."""
        return self._count

    def numbered(self) -> list[tuple[int, Exchange]]:
        """The same with their numbers, which begin at 1 and stay."""
        with self._lock:
            return list(enumerate(self._exchanges, self._count - len(self._exchanges) + 1))


@dataclass(frozen=True)
class Context:
    """One site, and what is known of one request to it.

    ``gateway``: it came through ``/ex/jira/{cloudId}``; ``asker``: who is logged in; ``version``: of the platform's
    API. ``faults`` are the sandbox's own.
    """

    site: Site = field(default_factory=Site)
    credentials: Credentials = field(default_factory=Credentials)
    cloud_id: str = CLOUD_ID
    address: str = "http://127.0.0.1"
    max_body: int = MAX_BODY
    record: Record = field(default_factory=Record)
    faults: list[str] = field(default_factory=list)
    edition: Edition = CLOUD
    gateway: bool = False
    asker: Person | None = None
    version: str = "3"
