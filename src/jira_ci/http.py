"""The HTTP client: one deadline, bounded answers, no redirects, no cookies, and no credential but the one it is given.

Jira is asked with :class:`Client`; a library that asks a CI's API by itself is given an :class:`ApiSession`.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jira_ci import __version__, retry
from jira_ci.errors import NetworkError
from jira_ci.exchange import Answer, Request
from jira_ci.frozen import replace
from jira_ci.preconnect import CONNECT, Preconnected
from jira_ci.text import one_line
from jira_ci.timing import Call, Deadline
from jira_ci.transport_errors import Cut, explain, is_final

if TYPE_CHECKING:
    import requests
    from requests.adapters import BaseAdapter

_LARGEST = 4 * 1024 * 1024  # bytes: the largest documented answer has some hundred kilobytes


def is_cut(answer: Answer, version: int) -> bool:
    """Whether the answer ended too early in a way that http.client takes for its end.

    A connection that closes in the status line or in the headers looks like an answer without a body.
    """
    if answer.status in (204, 304):
        return False
    if not 200 <= answer.status < 300:
        # 401 and 403 stand even so: a refused credential is never offered again.
        framed = {"content-length", "transfer-encoding", "connection"} & answer.headers.keys()
        return not answer.body and version >= 11 and not framed and answer.status not in (401, 403)
    broken = answer.json() is None and answer.body.strip() != b"null"
    return not answer.body or (broken and "json" in answer.headers.get("content-type", ""))


def read_body(response: requests.Response, largest: int = _LARGEST) -> bytes:
    """The body, read to its end and unpacked.

    Args:
        largest: bytes that it may have, packed or unpacked.

    Raises:
        NetworkError: it is too large, packed or unpacked, or encoded in a way that nobody asked for.
        Cut: it is packed and incomplete or damaged.
    """
    body = bytearray()
    for chunk in response.raw.stream(65536, decode_content=False):
        body += chunk
        if len(body) > largest:
            raise NetworkError(f"the answer is larger than {largest // 1024 // 1024} MB")
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return bytes(body)
    if encoding not in ("gzip", "x-gzip"):
        raise NetworkError(f"the answer is encoded as {one_line(encoding, 40)!r}, which nobody asked for")
    return _unpacked(bytes(body), largest)


def _unpacked(body: bytes, largest: int) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, largest)
    except zlib.error as error:
        raise Cut("the answer's compressed body is damaged") from error
    if unpacker.unconsumed_tail:
        raise NetworkError(f"the answer unpacks to more than {largest // 1024 // 1024} MB")
    if not unpacker.eof and body:
        raise Cut("the answer's compressed body is cut off")
    return unpacked


_READ = 30.0  # seconds between two bytes: Jira answers a bulk submission within a few

Observer = Callable[[Request, Answer], None]


class Client:
    """Sends requests to Jira.

    Args:
        deadline: over everything this client does.
        ca_bundle: a file of certificate authorities, or empty for the built-in ones.
        site_headers: extra headers for requests to the site, and to no other host.
        observe: is told every answer.
        jitter: 0.7 to 1.3, asked before each wait.
        now: epoch seconds, for a Retry-After that is a date.
        preconnected: connections that were begun already.
    """

    def __init__(
        self,
        deadline: Deadline,
        *,
        ca_bundle: str = "",
        site_headers: Mapping[str, str] | None = None,
        observe: Observer | None = None,
        jitter: Callable[[], float] = lambda: random.uniform(0.7, 1.3),  # noqa: S311 - spreads load, guards nothing
        now: Callable[[], float] = time.time,
        preconnected: Preconnected | None = None,
    ) -> None:
        self.deadline = deadline
        self._verify = ca_bundle or True
        self._site_headers = dict(site_headers or {})
        self._observe = observe
        self._jitter = jitter
        self._now = now
        self._session = _session()
        if preconnected is not None:
            _use(preconnected, self._session.get_adapter("https://"))
        self._closed = False

    def close(self) -> None:
        """Closes the connections; calls still under way are tried no more and told to nobody."""
        self._closed = True
        self._session.close()

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status; an idempotent request is tried again while that may help.

        Raises:
            NetworkError: no answer came, or none that was complete, before the deadline or after the last try.
        """
        attempt = 1
        while True:
            answer, error = self._try(request, attempt)
            if answer is not None and not (request.idempotent and retry.worth_another_try(answer.status)):
                return answer
            if answer is None and not request.idempotent:
                raise explain(request, error, attempt)
            after = answer.headers.get("retry-after", "") if answer else ""
            wait = retry.delay(attempt, after, self._now(), self._jitter())
            if not self._waited(wait, attempt, error):
                if answer is not None:
                    return answer
                raise explain(request, error, attempt)
            attempt += 1

    def _waited(self, wait: float, attempt: int, error: Exception | None) -> bool:
        """Whether there is time for another try, and a reason; then the wait is over."""
        if attempt > retry.RETRIES or (error is not None and is_final(error)):
            return False
        if self._over() or wait >= self.deadline.remaining():
            return False
        self.deadline.sleep(wait)
        return not self._over()  # a signal may have come meanwhile

    def _over(self) -> bool:
        return self.deadline.hurried or self._closed

    def _try(self, request: Request, attempt: int) -> tuple[Answer | None, Exception | None]:
        try:
            answer = Call(lambda: self._exchange(request)).result(self.deadline)
        except Exception as error:  # noqa: BLE001 - what requests and urllib3 raise is not one family
            return None, error
        if self._observe and not self._closed:
            self._observe(request, answer)
        return replace(answer, attempts=attempt), None

    def _exchange(self, request: Request) -> Answer:
        sent = {"Accept": "application/json", **request.headers, **(self._site_headers if request.site else {})}
        data, files = None, None
        if request.file is not None:
            name, content = request.file
            files = {"file": (name, content, "application/json")}
        elif request.body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        response = self._session.request(
            request.method,
            request.url,
            data=data,
            files=files,
            headers=sent,
            auth=_Credential(request),
            timeout=(CONNECT, _READ),
            allow_redirects=False,
            stream=True,
            # Given with the request, or REQUESTS_CA_BUNDLE would win over it:
            # https://github.com/psf/requests/issues/3829
            verify=self._verify,
        )
        with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status_code, headers, read_body(response))
        if is_cut(answer, response.raw.version) and not (request.bodiless and _is_empty(answer)):
            raise Cut(f"the answer ({answer.status}) was empty or cut off")
        return answer


def _is_empty(answer: Answer) -> bool:
    """Whether a good answer says itself that it has no body."""
    said = {"content-length", "transfer-encoding"} & answer.headers.keys()
    return 200 <= answer.status < 300 and not answer.body and bool(said)


class _Credential:
    """Sets the credential, or none. An ``auth`` of any kind keeps requests from adding one out of ~/.netrc."""

    def __init__(self, request: Request) -> None:
        self._header = f"Basic {request.basic}" if request.basic else request.bearer and f"Bearer {request.bearer}"

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header:
            prepared.headers["Authorization"] = self._header
        return prepared


class ApiSession:
    """What a library that asks an API by itself gets in place of a ``requests.Session``: it keeps the promises of
    :class:`Client`, and tries nothing again.

    Args:
        deadline: over all requests.
        ca_bundle: a file of certificate authorities, or empty for the built-in ones.
        largest: bytes of an answer.
    """

    def __init__(self, deadline: Deadline, *, ca_bundle: str, largest: int) -> None:
        self._deadline, self._verify, self._largest = deadline, ca_bundle or True, largest
        self._session = _session()

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def request(self, method: str, url: str, *, auth: Any = None, **sent: Any) -> requests.Response:
        """The answer, whatever its status, with its body at hand.

        Args:
            sent: ``params``, ``headers``, ``data`` and ``json``, as requests knows them.

        Raises:
            Late: the deadline passed first.
            NetworkError: the answer is too large, or encoded in a way that nobody asked for.
            Exception: whatever requests and urllib3 raise, which is not one family.
        """

        def exchange() -> requests.Response:
            response = self._session.request(
                method,
                url,
                **sent,
                auth=auth or (lambda prepared: prepared),  # or requests would add a credential out of ~/.netrc
                timeout=(CONNECT, _READ),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
            )
            with response:
                body = read_body(response, self._largest)
            response.raw, response.encoding = io.BytesIO(body), "utf-8"  # requests keeps no body that was streamed
            return response

        return Call(exchange).result(self._deadline)


@contextlib.contextmanager
def _nobody_guesses() -> Iterator[None]:
    """While requests is imported, which loads charset-normalizer, a fifth of the whole, to guess what a text without a
    declared encoding is written in. Nothing here asks it to: bodies are bytes, and JSON is UTF-8, which is also what
    requests assumes where nobody guesses (https://www.rfc-editor.org/rfc/rfc8259#section-8.1)."""
    name = "charset_normalizer"
    if "requests" in sys.modules or name in sys.modules:
        yield
        return
    absent: Any = ModuleType(name)
    absent.__version__, absent.detect = "3.0.0", lambda _: {"encoding": "utf-8"}  # requests looks at both
    sys.modules[name] = absent
    try:
        yield
    finally:
        del sys.modules[name]  # whoever imports it gets the real one


def _session() -> requests.Session:
    from http.cookiejar import DefaultCookiePolicy

    with _nobody_guesses():
        import requests
        from requests.adapters import HTTPAdapter

    class Session(requests.Session):
        """Does not even look where a redirect leads: looking would read its body, however large."""

        def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
            return None

    session = Session()
    session.headers["User-Agent"] = f"jira-ci/{__version__}"
    # Left to itself, requests offers every encoding that happens to be installed; read_body knows this one.
    session.headers["Accept-Encoding"] = "gzip"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # each call stands for itself
    # The retries of urllib3 know no total deadline; ours do.
    session.mount("https://", HTTPAdapter(max_retries=0))
    session.mount("http://", HTTPAdapter(max_retries=0))
    return session


def _use(preconnected: Preconnected, adapter: BaseAdapter) -> None:
    """Lets new connections be those that were begun already, where they are the same."""
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ConnectTimeoutError

    class Connection(HTTPSConnection):
        def connect(self) -> None:
            try:
                ready = None if self.proxy else preconnected.take(self.host, self.port, str(self.ca_certs))
            except TimeoutError as error:
                raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from error
            if ready is None:
                super().connect()
            else:
                ready.settimeout(CONNECT)
                self.sock, self.is_verified = ready, True

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    pools = {"http": HTTPConnectionPool, "https": Pool}
    adapter.poolmanager.pool_classes_by_scheme = pools  # type: ignore[attr-defined]
