"""Everything that can go wrong with one question of a conversation with the sandbox, and where to let it happen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox

HTML = {"Content-Type": "text/html"}

FAULTS: Mapping[str, Answer | None] = {
    "closed without a word": Answer(599, raw=b""),
    "cut in the status line": Answer(599, raw=b"HTTP/1.1 20"),
    "cut in the headers": Answer(599, raw=b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "cut in the body": Answer(599, raw=b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"isLast'),
    "no HTTP": Answer(599, raw=b"220 mail.example ESMTP\r\n"),
    "hangs": None,
    "302": Answer(302, headers={"Location": "https://login.example/"}),
    "307 to itself": Answer(307, headers={"Location": "/"}),
    "401": Answer(401, b"Unauthorized"),
    "403": Answer(403, b"Forbidden"),
    "404": Answer(404, b"Not Found"),
    "410": Answer(410, b"Gone"),
    "429": Answer(429),
    "500": Answer(500, b"<html>", HTML),
    "503": Answer(503),
    "200 HTML": Answer(200, b"<html>Please log in</html>", HTML),
    "200 empty": Answer(200),
    "200 null": json_answer(200, None),
    "200 empty object": json_answer(200, {}),
    "200 empty list": json_answer(200, []),
    "200 an error": json_answer(200, {"errorMessages": ["no"], "errors": {}}),
    "200 an empty page": json_answer(200, {"values": [], "issues": []}),
    "204": Answer(204),
}
"""By name; ``None`` never answers. A 404 is Jira's way to hide as well as to miss."""


@dataclass
class Trouble:
    """A ``before`` for the sandbox: from the question with this number on, that question and its repetitions fail.

    Attributes:
        number: from 0; questions that are tried again count once.
        after: whether the site does what it was asked to before the answer is lost.
        asked: the questions so far, as method and path.
    """

    sandbox: Sandbox
    number: int
    fault: Answer | None
    after: bool = False
    asked: list[str] = field(default_factory=list)
    _struck: str = ""
    _last: str = ""

    def __call__(self, request: Request) -> Answer | None:
        identity = f"{request.method} {request.path}?{request.query} {request.body!r}"
        if not self._struck and len(self.asked) == self.number:
            self._struck = identity
        self.asked.append(f"{request.method} {request.path}")
        if identity != self._struck:
            return None
        if self.after:
            answered(self.sandbox, request)
        if self.fault is None:
            self.sandbox.stopping.wait(5)
            return Answer(599, raw=b"")
        return self.fault


def answered(sandbox: Sandbox, request: Request) -> Answer:
    """What the site itself answers, and does."""
    return Api(sandbox._context, sandbox._listener.api.routes).answer(request)


def altered(sandbox: Sandbox, path: str, alter: Callable[[Any], object], **headers: str | None) -> None:
    """From now on answers to requests whose path ends so hold something else: another body, other headers.

    Args:
        alter: changes the body in place.
        headers: by name, with ``_`` for a hyphen; ``None`` takes one out. Without any the server sends its own.
    """

    def before(request: Request) -> Answer | None:
        if not request.path.endswith(path):
            return None
        answer = answered(sandbox, request)
        body = json.loads(answer.body)
        alter(body)
        answer = json_answer(answer.status, body)
        if not headers:
            return answer
        lines = {"content-type": "application/json", "content-length": str(len(answer.body))}
        lines |= {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return Answer(answer.status, answer.body, raw=f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + answer.body)

    sandbox.before = before


def unaltered(body: Any) -> None:
    """For a test that alters headers only."""
