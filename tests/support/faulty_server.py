"""A server on loopback that misbehaves as it is told: raw sockets, because no HTTP library sends half an answer.

It speaks of requests as they were on the wire, and counts connections. It knows nothing of Jira.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

Act: TypeAlias = Callable[["Connection"], None]
Step: TypeAlias = "bytes | Act"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """Which connection brought it, from 1."""

    def json(self) -> Any:
        return json.loads(self.body)


def reply(status: int, body: Any = b"", **headers: str) -> bytes:
    """A complete answer that keeps the connection open; anything but bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {} if isinstance(body, bytes) else {"content_type": "application/json"}
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in {**kind, **headers}.items()]
    return "\r\n".join([*lines, "", ""]).encode() + raw


class Connection:
    """What a step may do to the client's connection."""

    def __init__(self, stream: socket.socket, stop: threading.Event) -> None:
        self.stream, self.stop = stream, stop

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)


def cut(data: bytes) -> Act:
    """Sends this much and closes."""

    def act(connection: Connection) -> None:
        connection.send(data)
        raise ConnectionAbortedError

    return act


def reset(connection: Connection) -> None:
    """Breaks the connection with RST instead of FIN."""
    connection.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


def hang(connection: Connection) -> None:
    """Never answers."""
    connection.stop.wait()
    raise ConnectionAbortedError


def drip(data: bytes) -> Act:
    """Sends all at once but the last two bytes, then one, then nothing for as long as the test lasts."""

    def act(connection: Connection) -> None:
        connection.send(data[:-2])
        connection.send(data[-2:-1])
        hang(connection)

    return act


class FaultyServer:
    """Answers with the steps of a script, one a request; the last one for ever.

    Args:
        script: steps, or steps for each beginning of a path.
        tls: to speak TLS.
        on_connect: what happens to a connection before anything is read from it.
        before_body: a step taken as soon as the headers were read; the body is left unread.
    """

    def __init__(
        self,
        script: Sequence[Step] | Mapping[str, Sequence[Step]],
        *,
        tls: ssl.SSLContext | None = None,
        on_connect: Act | None = None,
        before_body: Act | None = None,
    ) -> None:
        scripts = script if isinstance(script, Mapping) else {"": script}
        self._scripts = {path: list(steps) for path, steps in scripts.items()}
        self._tls, self._on_connect, self._before_body = tls, on_connect, before_body
        self.requests: list[Seen] = []
        self.connections = 0
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._streams: list[socket.socket] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def pause(self) -> None:
        """A moment, for whoever waits for a request."""
        self._stop.wait(0.01)

    def __enter__(self) -> FaultyServer:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass  # wakes the listener
        with self._lock:
            for stream in self._streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                stream, _ = self._listener.accept()
            except OSError:
                continue
            if self._stop.is_set():
                stream.close()
                return
            with self._lock:
                self.connections += 1
                self._streams.append(stream)
            thread = threading.Thread(target=self._serve, args=(stream, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, stream: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.closing(stream):
            if self._on_connect:
                self._on_connect(Connection(stream, self._stop))
            if self._tls:
                stream = self._tls.wrap_socket(stream, server_side=True, do_handshake_on_connect=False)
            with contextlib.closing(stream), stream.makefile("rb") as reader:
                if isinstance(stream, ssl.SSLSocket):
                    stream.do_handshake()
                while not self._stop.is_set() and self._answer(Connection(stream, self._stop), reader, number):
                    pass

    def _answer(self, connection: Connection, reader: Any, number: int) -> bool:
        first = reader.readline().decode("latin-1").split()
        if len(first) < 2:
            return False
        headers = {}
        while line := reader.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if self._before_body:
            self._keep(Seen(first[0], first[1], headers, b"", number))
            self._before_body(connection)
        body = reader.read(int(headers.get("content-length", "0")))
        step = self._keep(Seen(first[0], first[1], headers, body, number))
        connection.send(step) if isinstance(step, bytes) else step(connection)
        return True

    def _keep(self, seen: Seen) -> Step:
        with self._lock:
            self.requests.append(seen)
            steps = next(steps for path, steps in self._scripts.items() if seen.path.startswith(path))
            return steps.pop(0) if len(steps) > 1 else steps[0]
