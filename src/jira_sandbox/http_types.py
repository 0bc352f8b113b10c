"""What travels: a request, its answer, and the two together as they are recorded."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

_KEPT, _KEPT_BYTES = 10_000, 256 * 2**20


@dataclass(frozen=True)
class Request:
    """One request as it arrived.

    ``path`` and ``query`` are still percent-encoded, without the question mark; names of ``headers`` are in lower case.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's parts, each decoded on its own, so that an encoded slash stays inside its part."""
        return tuple(unquote(part) for part in self.path.split("/")[1:])

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form in the body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case; empty when the request names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def authorization(self) -> tuple[str, str]:
        """The scheme in lower case and the rest of the header; two empty texts without one."""
        scheme, _, rest = self.headers.get("authorization", "").strip().partition(" ")
        return scheme.lower(), rest.strip()


@dataclass(frozen=True)
class Answer:
    """One answer.

    With ``raw``, exactly these bytes are sent instead, and the connection is closed: at once, or piece by piece as
    they come, so that an answer can drip, hang or be cut anywhere.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | Iterable[bytes] | None = None


@dataclass(frozen=True)
class Exchange:
    """A request and what was answered.

    ``scripted`` when the answer is not the site's: a test gave it, or a stranger was refused; ``at`` is the moment of
    the answer in epoch milliseconds, by Jira's clock.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer_body: bytes
    scripted: bool = False
    at: int = 0

    @classmethod
    def of(cls, request: Request, answer: Answer, *, scripted: bool, at: int = 0) -> Exchange:
        sent = (request.method, request.path, request.query, dict(request.headers), request.body)
        return cls(*sent, answer.status, dict(answer.headers), answer.body, scripted, at)

    @property
    def size(self) -> int:
        """Bytes of both bodies."""
        return len(self.body) + len(self.answer_body)

    def json(self) -> Any:
        """The request's body, parsed. Raises ValueError when it is no JSON."""
        return json.loads(self.body)

    def answer_json(self) -> Any:
        """The answer's body, parsed. Raises ValueError when it is no JSON."""
        return json.loads(self.answer_body)


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


def json_answer(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that holds one JSON document."""
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Answer(status, body, {"Content-Type": "application/json", **(headers or {})})


def text_answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in plain text."""
    return Answer(status, text.encode(), {"Content-Type": "text/plain;charset=UTF-8", **(headers or {})})


def messages(status: int, *texts: str) -> Answer:
    """An error of the builds and deployments APIs: an array of messages, unlike the platform's errors."""
    return json_answer(status, [{"message": text} for text in texts])
