"""The HTTP listener: the one place that knows sockets. It listens on loopback only."""

from __future__ import annotations

import http.server
import os
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from jira_sandbox.authorization import intruding
from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Answer, Exchange, Request, messages, text_answer
from jira_sandbox.routing import Context

HOST = "127.0.0.1"
Before = Callable[[Request], "Answer | None"]
"""What may answer in place of the site; None lets the site answer."""

_IDLE = 60.0  # seconds after which a silent connection is closed, so that no thread waits for ever
_DRAIN = 64 * 2**20
_CHUNK = 2**16


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """One thread for each connection.

    Attributes:
        stopping: set when the listener is about to stop, for whoever makes a client wait on purpose.
        before: asked first about each request; may be set at any time.
        connections: how many TCP connections were accepted so far.
    """

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = os.name != "nt"  # there it would let two servers share one port

    def __init__(self, port: int, tls: ssl.SSLContext | None, before: Before | None) -> None:
        self.api = Api(Context())  # replaced as soon as the port, and with it the site's address, is known
        self.before = before
        self.connections = 0
        self.stopping = threading.Event()
        self._tls = tls
        self._open: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look its own name up, which takes seconds on some machines.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        thread = threading.current_thread()
        with self._lock:
            self._open[thread] = request
        try:
            if self._tls:  # here and not while accepting: a client that never shakes hands must not stop the others
                request.settimeout(_IDLE)
                request = self._tls.wrap_socket(request, server_side=True)
                with self._lock:
                    self._open[thread] = request
            _Handler(request, client_address, self)
        except OSError:
            pass  # the client went away, or never spoke TLS
        except Exception as error:  # noqa: BLE001 - such as an assertion in a test's ``before``: said, not lost
            self.api.context.faults.append(f"A request was not answered: {error!r}")
        finally:
            self.shutdown_request(request)
            with self._lock:
                del self._open[thread]

    def stop(self) -> None:
        """Stop listening, cut every connection, and wait until its thread has ended."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            still = dict(self._open)
        for connection in still.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in still:
            thread.join(5)

    def reply(self, request: Request, *, too_large: bool) -> Answer:
        """The answer, from the test or from the site, after it has been recorded; pages are not, they are looked at."""
        context = self.api.context
        answer = self.before(request) if self.before else None
        page = None if answer or too_large else self.api.page(request)
        if page is not None:
            return page
        strange = intruding(request)
        if answer is None and strange:
            answer = text_answer(403, strange)
        scripted = answer is not None
        if answer is None:
            answer = self.api.too_large() if too_large else self.api.answer(request)
        at = context.site.desk.clock.milliseconds()
        context.record.add(Exchange.of(request, answer, scripted=scripted, at=at))
        return answer


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    server_version = "AtlassianEdge"
    sys_version = ""
    timeout = _IDLE
    # Head and body leave in one packet: two small ones wait 40 ms for each other on some systems.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what happened is in the recorded exchanges."""

    def handle_expect_100(self) -> bool:
        if self._length() > self.server.api.context.max_body:
            return True  # the 413 follows, and a polite client never sends the body
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def __getattr__(self, name: str) -> Any:
        """Every method is served alike: the site knows which ones it has."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        length = self._length()
        if length < 0:
            self.close_connection = True
            self._send(messages(400, "Content-Length is no length"))
            return
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self._send(text_answer(411, "Length Required"))
            return
        too_large = length > self.server.api.context.max_body
        body = b"" if too_large else self.rfile.read(length)
        if not too_large and len(body) < length:
            self.close_connection = True  # the client gave up half way
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.reply(Request(self.command, path, query, headers, body), too_large=too_large)
        self.close_connection = self.close_connection or too_large or answer.raw is not None
        self._send(answer)
        if too_large:
            self._drain()

    def _length(self) -> int:
        text = self.headers.get("content-length", "0").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1

    def _send(self, answer: Answer) -> None:
        if answer.raw is not None:
            for piece in [answer.raw] if isinstance(answer.raw, bytes) else answer.raw:
                self.wfile.write(piece)
                self.wfile.flush()
        else:
            headers = {name.lower() for name in answer.headers}
            self.send_response_only(answer.status)
            self.send_header("Server", self.version_string())
            if "date" not in headers:
                self.send_header("Date", self.server.api.context.site.desk.clock.date())
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "content-length" not in headers and answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(answer.body)))
            if self.close_connection and "connection" not in headers:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
        self.wfile.flush()

    def _drain(self) -> None:
        """Read what a client is still sending, or the system would cut it off before it sees the answer."""
        self.connection.settimeout(1)
        left = _DRAIN
        while left > 0 and (chunk := self.rfile.read1(min(left, _CHUNK))):
            left -= len(chunk)
