"""A provider's server on loopback: real sockets, TLS where it is wanted, a record of what was asked and answered."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True)
class Reply:
    """An answer, or what is left of it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    """The connection ends before the body does."""
    slow: bool = False
    """The body never ends; a byte every now and then."""

    @classmethod
    def of(cls, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(status, {**JSON, **(headers or {})}, json.dumps(content).encode())


@dataclass(frozen=True)
class Exchange:
    """A request, and what the provider answered to it."""

    target: str
    """Path and query, without the API's own path."""
    headers: Mapping[str, str]
    """The request's, with names in lower case."""
    status: int
    body: bytes
    faulty: bool
    """Whether a test wanted the provider to misbehave."""


View = Callable[..., Reply]


class Provider:
    """What all providers' servers have. A subclass has the routes.

    Args:
        prefix: the API's own path.
    """

    routes: ClassVar[Mapping[str, str]]
    """A path's template, and the name of the method that answers; the method takes the query, then the variables."""

    def __init__(self, prefix: str) -> None:
        self.prefix, self.address = prefix, ""
        self.exchanges: list[Exchange] = []
        self.faults: dict[int, Reply] = {}
        """What the n-th request from 0 gets instead of an answer; -1 stands for every request."""
        self.delay = 0.0
        """Seconds before each answer."""
        self.stop = threading.Event()

    @property
    def url(self) -> str:
        return self.address + self.prefix

    @property
    def paths(self) -> list[str]:
        return [urlsplit(one.target).path for one in self.exchanges]

    def permitted(self, template: str, headers: Mapping[str, str]) -> Reply | None:
        """The refusal, if there is one."""
        raise NotImplementedError

    def no_such_place(self) -> Reply:
        raise NotImplementedError

    def normal(self, target: str) -> str:
        """The target as the description has it."""
        return target

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What is posted is no question of REST."""
        return self.no_such_place()

    def answer(self, path: str, headers: Mapping[str, str]) -> Reply:
        target = self.normal(path.removeprefix(self.prefix))
        fault = self.faults.get(len(self.exchanges), self.faults.get(-1))
        reply = fault or (self._found(target, headers) if path.startswith(self.prefix) else self.no_such_place())
        self.exchanges.append(Exchange(target, headers, reply.status, reply.body, fault is not None))
        return reply

    def _found(self, target: str, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(target)
        given = parse_qs(parts.query, keep_blank_values=True).items()
        query = {name: ",".join(values) if name.endswith("[]") else values[-1] for name, values in given}
        for template, name in self.routes.items():
            if found := re.fullmatch(pattern(template), parts.path):
                variables = [unquote(one) for one in found.groups()]
                view: View = getattr(self, name)
                return self.permitted(template, headers) or view(query, *variables)
        return self.no_such_place()


def pattern(template: str) -> str:
    """What a path of this template looks like while it is quoted. Only a file's path and the name of a ref have
    slashes of their own.
    """
    parts = re.split(r"({[^}]*})", template)
    whole = ("{ref}", "{path}")
    found = ["(.+)" if part in whole else "([^/]+)" if part.startswith("{") else re.escape(part) for part in parts]
    return "".join(found)


@contextmanager
def serving(provider: Provider, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """The provider listens for as long as the block lasts; its ``address`` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.stop.wait(provider.delay)
            self._send(provider.answer(self.path, self._named()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            provider.stop.wait(provider.delay)
            self._send(provider.post(self.path, self._named(), body))

        def _named(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            length = len(reply.body) + (10 if reply.cut or reply.slow else 0)
            for name, value in {"Content-Length": str(length), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(reply.body)
                while reply.slow and not provider.stop.wait(0.2):
                    self.wfile.write(b" ")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # clients hang up in the middle

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    provider.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        provider.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
