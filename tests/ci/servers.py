"""Loopback servers that answer as the REST APIs of GitHub and GitLab do, with their pages and their refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
Route = Callable[[Mapping[str, str]], Answer]


class Api:
    """A server; paths without a route are 404. ``requests`` holds what was asked, with the headers."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.routes: dict[str, Route] = {}
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.address = ""

    @property
    def url(self) -> str:
        return self.address + self.prefix

    @property
    def paths(self) -> list[str]:
        return [urlsplit(path).path.removeprefix(self.prefix) for path, _ in self.requests]

    def json(self, path: str, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.raw(path, body, status, {"Content-Type": "application/json", **(headers or {})})

    def raw(self, path: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.routes[path] = lambda _: (status, headers or {}, body)

    def pages(self, path: str, items: list[Any], wrap: Callable[[list[Any]], Any] = lambda page: page) -> None:
        """A list in pages: GitHub's and GitLab's Link header, and GitLab's x-next-page."""

        def route(query: Mapping[str, str]) -> Answer:
            page, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
            shown = items[(page - 1) * size : page * size]
            headers = {"Content-Type": "application/json", "X-Page": str(page), "X-Per-Page": str(size)}
            if page * size < len(items):
                rest = "&".join(f"{name}={value}" for name, value in {**query, "page": str(page + 1)}.items())
                headers["Link"] = f'<{self.url}{path}?{rest}>; rel="next", <{self.url}{path}>; rel="first"'
                headers["X-Next-Page"] = str(page + 1)
            return 200, headers, json.dumps(wrap(shown)).encode()

        self.routes[path] = route


@contextmanager
def serving(prefix: str = "") -> Iterator[Api]:
    """A server for as long as the block lasts."""
    api = Api(prefix)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.requests.append((self.path, dict(self.headers.items())))
            parts = urlsplit(self.path)
            route = api.routes.get(parts.path.removeprefix(prefix))
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            status, headers, body = route(query) if route else (404, {}, b'{"message": "Not Found"}')
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
