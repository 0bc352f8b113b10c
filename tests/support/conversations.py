"""GitHub and GitLab as far as comments on pull and merge requests go: servers that remember what is written."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]
JSON = {"Content-Type": "application/json"}
OURS = {"github": "github-actions[bot]", "gitlab": "project_88_bot"}


@dataclass
class Conversation:
    """All comments of one repository, and what was asked about them.

    Args:
        user_status: what ``/user`` answers to the token; an app's gets 403.
    """

    kind: Literal["github", "gitlab"]
    prefix: str = "/api/v4"
    account: str = ""
    user_status: int = 200
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Methods and paths."""
    refused: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)
    """Which methods, or methods and paths, are refused, with status and headers."""
    more: dict[str, Any] = field(default_factory=dict)
    """Other answers, by path."""
    meanwhile: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What happens once just before a method is answered."""
    address: str = ""
    ids: int = 100
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.account = self.account or OURS[self.kind]

    @property
    def url(self) -> str:
        return self.address + self.prefix

    @property
    def writes(self) -> list[str]:
        return [request for request in self.requests if not request.startswith("GET ") and "graphql" not in request]

    def add(self, body: str, number: int = 5, account: str = "") -> dict[str, Any]:
        """Somebody writes a comment; our own account, when nobody is named."""
        self.ids += 1
        login = account or self.account
        known = {"id": sum(map(ord, login)), "login": login, "username": login}
        made = {"id": self.ids, "body": body, "on": number, "user": known, "author": known, "system": False}
        made["html_url"] = f"https://github.com/acme/shop/pull/{number}#issuecomment-{self.ids}"
        self.comments.append(made)
        return made

    def bodies(self, number: int = 5) -> list[str]:
        return [one["body"] for one in self.comments if one["on"] == number]

    def answer(self, method: str, target: str, sent: Any) -> tuple[int, Mapping[str, str], Any]:
        parts = urlsplit(target)
        path = parts.path.removeprefix(self.prefix)
        happening = None if path.endswith("/graphql") else self.meanwhile.pop(method, None)
        if happening:
            happening()
        with self.lock:
            self.requests.append(f"{method} {path}")
            refusal = self.refused.get(f"{method} {path}", self.refused.get(method))
            if refusal:
                return refusal[0], refusal[1], {"message": "no"}
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            if path in self.more:
                return 200, {}, self.more[path]
            if path == "/user":
                known = {"id": sum(map(ord, self.account)), "login": self.account, "username": self.account}
                return self.user_status, {}, known if self.user_status == 200 else {}
            if path.endswith("/graphql") and self.kind == "github":
                return 200, {}, {"data": {"viewer": {"login": self.account}}}
            return self._comments(method, path, query, sent)

    def _comments(
        self, method: str, path: str, query: Mapping[str, str], sent: Any
    ) -> tuple[int, Mapping[str, str], Any]:
        listed = re.fullmatch(r"/repos/acme/shop/issues/(\d+)/comments|/projects/88/merge_requests/(\d+)/notes", path)
        one = re.fullmatch(r"/repos/acme/shop/issues/comments/(\d+)|/projects/88/merge_requests/\d+/notes/(\d+)", path)
        if listed and method == "GET":
            return self._page(path, int(listed[1] or listed[2]), query)
        if listed and method == "POST":
            return 201, {}, self.add(sent["body"], int(listed[1] or listed[2]))
        found = [each for each in self.comments if one and each["id"] == int(one[1] or one[2])]
        if found and method == ("PATCH" if self.kind == "github" else "PUT"):
            found[0]["body"] = sent["body"]
            return 200, {}, found[0]
        if found and method == "DELETE":
            self.comments.remove(found[0])
            return 204, {}, None
        return 404, {}, {"message": "Not Found"}

    def _page(self, path: str, number: int, query: Mapping[str, str]) -> tuple[int, Mapping[str, str], Any]:
        rows = [each for each in self.comments if each["on"] == number]
        if self.kind == "gitlab" and query.get("sort") != "asc":
            rows.reverse()
        page, size = int(query.get("page", "1")), int(query.get("per_page", "20"))
        headers = {}
        if page * size < len(rows):
            rest = "&".join(f"{name}={value}" for name, value in {**query, "page": str(page + 1)}.items())
            headers["Link"] = f'<{self.url}{path}?{rest}>; rel="next"'
        return 200, headers, rows[(page - 1) * size : page * size]


@contextmanager
def serving(conversation: Conversation) -> Iterator[Conversation]:
    """The server listens for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = conversation.answer(self.command, self.path, json.loads(data) if data else None)
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**JSON, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    conversation.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield conversation
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
