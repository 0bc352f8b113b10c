"""One HTTP request and one answer as plain values, and as the log and the JSON document show them: no credential."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from jira_ci.frozen import dataclass, field
from jira_ci.text import named_once

_DEEPEST = 50  # levels of an answer that is shown as JSON


@dataclass(frozen=True)
class Request:
    """One HTTP request, and what it is for in words that fit into a sentence."""

    method: str
    url: str
    asks: str
    """``take 2 deployments``: what the other side is asked to do."""
    body: Any = None
    """What is sent as JSON; ``None`` sends no body."""
    bearer: str = ""
    basic: str = ""
    """Base64 of ``user:token``, where a person or a service account asks in place of a bearer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What this one request needs besides, such as an opt-in to an experimental API."""
    idempotent: bool = True
    """Whether it may be sent again: what creates something is sent once, and looked for when no answer comes."""
    bodiless: bool = False
    """Whether a good answer may be empty: then its length has to say so."""
    site: bool = False
    """Whether it goes to the Jira site itself, the only host that sees the extra ``headers``."""
    secret: bool = False
    """Whether body and answer hold credentials, so that neither may be shown, not even masked: the masker does not know
    a token before the answer that brings it was read."""
    file: tuple[str, bytes] | None = None
    """A file to send as a form, by its name and content, in place of a body."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Header names in lower case."""
    body: bytes = b""
    attempts: int = 1
    """Which try brought it."""

    def json(self) -> Any:
        """The body as JSON, or ``None`` when it is none, or when an object has a name twice: readers differ in which of
        the two values they take (https://www.rfc-editor.org/rfc/rfc8259#section-4).
        """
        try:
            return json.loads(self.body, object_pairs_hook=named_once)
        except (ValueError, RecursionError):
            return None


def exchange_blocks(heard: Sequence[tuple[Request, Answer]]) -> Iterator[tuple[str, list[str]]]:
    """Exchanges as folds in the log, title and lines."""
    for request, answer in heard:
        yield f"Asked {request.host} to {request.asks}: {answer.status}", list(exchange_lines(request, answer))


def exchange_lines(request: Request, answer: Answer) -> Iterator[str]:
    """One exchange with Jira, for the fold in the log."""
    yield f"{request.method} {request.url}"
    if request.secret:
        yield f"answer: {answer.status} (not shown: credentials)"
        return
    if request.body is not None:
        yield f"sent: {json.dumps(request.body, ensure_ascii=False)}"
    yield f"answer: {answer.status} {answer.body.decode('utf-8', 'replace')}".rstrip()


def exchange_document(request: Request, answer: Answer | None) -> Mapping[str, Any]:
    """One exchange with Jira, for the JSON document."""
    sent: dict[str, Any] = {"method": request.method, "url": request.url}
    if request.secret:
        return sent if answer is None else {**sent, "answer": {"status": answer.status}}
    sent["body"] = request.body
    if answer is not None:
        body = answer.json()
        readable = body is not None and not _deeper_than(body, _DEEPEST)
        sent["answer"] = {"status": answer.status, "body": body if readable else answer.body.decode("utf-8", "replace")}
    return sent


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested too deeply to be worked on; Jira's answers have five levels."""
    if not isinstance(value, (dict, list)):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(part, levels - 1) for part in parts)
