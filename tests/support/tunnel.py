"""A proxy on loopback that opens tunnels: whatever host is wanted, the tunnel leads to one server of the test."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Tunnel:
    """Answers CONNECT, and carries bytes both ways.

    Args:
        port: of the server on loopback to which every tunnel leads.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.wanted: list[str] = []
        """The hosts and ports that were asked for."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._streams: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Tunnel:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self._listener, *self._streams):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)
        for stream in (self._listener, *self._streams):
            stream.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._streams.append(client)
                self._start(self._open, client)

    def _start(self, function: object, *streams: socket.socket) -> None:
        thread = threading.Thread(target=function, args=streams, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _open(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(4096)
            if not part:
                return
            head += part
        self.wanted.append(head.split()[1].decode())
        server = socket.create_connection(("127.0.0.1", self._port))
        self._streams.append(server)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._start(_carry, client, server)
        _carry(server, client)


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
