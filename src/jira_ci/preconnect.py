"""Preconnect: TCP and TLS to a host that is about to be asked, while Python still loads the client that will ask.

What browsers mean by it (https://www.w3.org/TR/resource-hints/#preconnect). Nothing is sent: only the client does that,
over a connection that it would have made in the same way, and where it would not, it makes its own.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

CONNECT = 10.0
"""Seconds for each address of a host: enough for two lost SYN packets."""
_FRESH = 5.0  # seconds for which no server hangs up on a connection that says nothing


class Preconnected:
    """Connections that were begun, each to be taken once."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, int], _Connecting] = {}

    def begin(self, address: str, environ: Mapping[str, str], ca_bundle: str) -> None:
        """Begins to connect, and does not wait for it. Where a proxy may be between, nothing is done.

        Args:
            address: of the host, as a URL; only ``https`` is worth it.
            environ: which may name a proxy, or, as requests knows it, certificate authorities.
            ca_bundle: a file of certificate authorities, or empty.
        """
        found = urlsplit(address)
        host, key = found.hostname or "", (found.hostname or "", found.port or 443)
        # A name of another form may be written differently by the client; these two systems may know of a proxy.
        if found.scheme != "https" or not host.isascii() or ":" in host or host.endswith("."):
            return
        if sys.platform in ("win32", "darwin") or _has_proxy(environ) or key in self._begun:
            return
        bundle = ca_bundle or environ.get("REQUESTS_CA_BUNDLE", "") or environ.get("CURL_CA_BUNDLE", "")
        self._begun[key] = _Connecting(*key, bundle)

    def take(self, host: str, port: int, ca_certs: str) -> ssl.SSLSocket | None:
        """The connection to this host, verified by these certificate authorities; ``None`` where there is none.

        Raises:
            TimeoutError: nobody answered in :data:`CONNECT` seconds, so that another try would take as long again.
        """
        begun = self._begun.pop((host, port), None)
        return begun.result(ca_certs) if begun else None

    def close(self) -> None:
        """Hangs up what nobody took."""
        while self._begun:
            self._begun.popitem()[1].close()


class _Connecting:
    def __init__(self, host: str, port: int, bundle: str) -> None:
        self._host, self._port, self._bundle = host, port, bundle
        self._done, self._lock = threading.Event(), threading.Lock()
        self._made: ssl.SSLSocket | None = None
        self._since, self._late, self._closed = 0.0, False, False
        threading.Thread(target=self._run, daemon=True).start()

    def result(self, ca_certs: str) -> ssl.SSLSocket | None:
        self._done.wait()
        if self._late:
            raise TimeoutError
        if self._bundle == ca_certs and time.monotonic() - self._since < _FRESH:
            return self._made
        self.close()
        return None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._made is not None:
                self._made.close()

    def _run(self) -> None:
        try:
            made = self._connect()
        except TimeoutError:
            self._late = True
        except Exception:  # noqa: BLE001, S110 - the client tries it itself, and says what is wrong
            pass
        else:
            with self._lock:
                self._made, self._since = made, time.monotonic()
            if self._closed:
                self.close()
        self._done.set()

    def _connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection((self._host, self._port), CONNECT)  # each address of the host in turn
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._bundle:
                import certifi

                self._bundle = certifi.where()  # what requests believes
            return _context(self._bundle).wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            with contextlib.suppress(OSError):
                plain.close()
            raise


def _has_proxy(environ: Mapping[str, str]) -> bool:
    return any(value and name.lower() in ("https_proxy", "all_proxy") for name, value in environ.items())


def _context(bundle: str) -> ssl.SSLContext:
    """As urllib3 has it, which verifies the certificate and the host's name (``create_urllib3_context`` in
    https://github.com/urllib3/urllib3/blob/main/src/urllib3/util/ssl_.py)."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(bundle)
    return context
