"""The HTTP session both libraries talk through: one host, no redirects, no waiting, bounded answers, one deadline.

The libraries retry, sleep and follow redirects on their own terms; here none of that happens.
"""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from jira_ci import __version__
from jira_ci.ci.api import Refused
from jira_ci.text import named_once
from jira_ci.timing import Call, Deadline, Late

_CONNECT, _READ = 10.0, 20.0  # seconds; a compare of a large range takes about ten
_LARGEST = 32 * 1024 * 1024  # bytes; a compare answer's first page carries up to 300 files with their patches
_LATE = "no answer before the deadline (timeout)"
_MOST = 500  # requests: a page that names itself as the next one ends here
_NOTHING = 204
_DONE = {"GET": (200,), "DELETE": (200, _NOTHING)}
"""What answers that all is well; to whatever else is asked, 200 and 201 do."""


class ApiSession(requests.Session):
    """A session bound to one API.

    Args:
        api_url: requests to any other host are refused before anything is sent: the token belongs here.
        ca_bundle: a file of certificate authorities, or empty.
        deadline: over all requests.
    """

    def __init__(self, api_url: str, ca_bundle: str, deadline: Deadline) -> None:
        super().__init__()
        self._origin = _origin(api_url)
        self._bundle = ca_bundle or True
        self._deadline = deadline
        self.asked = 0
        # A no-op credential keeps requests from adding one out of ~/.netrc.
        self.auth = _unchanged
        self.headers["User-Agent"] = f"jira-ci/{__version__}"
        self.mount("https://", HTTPAdapter(max_retries=0))
        self.mount("http://", HTTPAdapter(max_retries=0))

    @property
    def host(self) -> str:
        """The API's host, and its port where it is not the usual one."""
        return self._origin[1]

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ARG002
        """A complete JSON answer that says that all is well; to a deletion it may be empty.

        Raises:
            Refused: anything else.
        """
        if _origin(str(url)) != self._origin:
            raise Refused(0, f"the answer points to another host, {_origin(str(url))[1]}")
        if self._deadline.remaining() <= 0:
            raise Refused(0, _LATE)
        self.asked += 1
        if self.asked > _MOST:
            raise Refused(0, f"more than {_MOST} requests would be needed")
        method = str(method).upper()
        body = () if method == "GET" else ("data", "json")
        sent = {name: kwargs.get(name) for name in ("params", "headers", "auth", *body)}
        try:
            return Call(lambda: self._exchange(method, str(url), sent)).result(self._deadline)
        except Late:
            raise Refused(0, _LATE) from None
        except (requests.RequestException, OSError, ValueError) as error:
            raise Refused(0, _said(error)) from None

    def _exchange(self, method: str, url: str, sent: dict[str, Any]) -> requests.Response:
        timeout = (_CONNECT, _READ)
        # verify is given with the request, or REQUESTS_CA_BUNDLE would win (https://github.com/psf/requests/issues/3829).
        response = super().request(
            method, url, **sent, timeout=timeout, verify=self._bundle, allow_redirects=False, stream=True
        )
        with response:
            body = bytearray()
            for chunk in response.iter_content(65536):
                body += chunk
                if len(body) > _LARGEST:
                    raise Refused(0, f"the answer is larger than {_LARGEST // 1024 // 1024} MB")
        _check(method, response, bytes(body))
        return _read(response, bytes(body))


def _read(response: requests.Response, body: bytes) -> requests.Response:
    """The same answer with its body at hand: requests keeps none for an answer that was streamed."""
    complete = requests.Response()
    complete.status_code, complete.headers, complete.url = response.status_code, response.headers, response.url
    complete.encoding, complete.reason, complete.request = "utf-8", response.reason, response.request
    complete.raw = io.BytesIO(body)
    return complete


def _check(method: str, response: requests.Response, body: bytes) -> None:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code not in _DONE.get(method, (200, 201)):
        raise Refused(response.status_code, "", headers, body[:2000].decode("utf-8", "replace"))
    if response.status_code != _NOTHING and not isinstance(_json(body), (dict, list)):
        raise Refused(response.status_code, "the answer is not the JSON of an API", headers)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=named_once)
    except (ValueError, RecursionError):
        return None


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", ""
    usual = {"http": 80, "https": 443}.get(parts.scheme) == port
    return parts.scheme, f"{parts.hostname}" if usual else f"{parts.hostname}:{port}"


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _said(error: Exception) -> str:
    known: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, "its certificate is not trusted; name your certificate authority in ca-bundle"),
        (requests.exceptions.ProxyError, "the proxy (HTTPS_PROXY) did not let the request through"),
        (requests.exceptions.Timeout, "it took too long to answer"),
        (requests.exceptions.ConnectionError, "the connection failed"),
        (requests.exceptions.ChunkedEncodingError, "the answer was cut"),
        (requests.exceptions.ContentDecodingError, "the answer's compressed body is damaged"),
    )
    unknown = f"the request failed ({type(error).__name__})"
    return next((text for kind, text in known if isinstance(error, kind)), unknown)
