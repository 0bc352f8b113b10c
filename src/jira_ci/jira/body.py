"""Reading an answer's body: to its end, unpacked, bounded, and knowing when it is not all of it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from jira_ci.errors import NetworkError
from jira_ci.jira.exchange import Answer
from jira_ci.jira.failures import Cut
from jira_ci.text import one_line

if TYPE_CHECKING:
    import requests

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


def read_body(response: requests.Response) -> bytes:
    """The body, read to its end and unpacked.

    Raises:
        NetworkError: it is too large, packed or unpacked, or encoded in a way that nobody asked for.
        Cut: it is packed and incomplete or damaged.
    """
    body = bytearray()
    for chunk in response.raw.stream(65536, decode_content=False):
        body += chunk
        if len(body) > _LARGEST:
            raise NetworkError(f"the answer is larger than {_LARGEST // 1024 // 1024} MB")
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return bytes(body)
    if encoding not in ("gzip", "x-gzip"):
        raise NetworkError(f"the answer is encoded as {one_line(encoding, 40)!r}, which nobody asked for")
    return _unpacked(bytes(body))


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, _LARGEST)
    except zlib.error as error:
        raise Cut("the answer's compressed body is damaged") from error
    if unpacker.unconsumed_tail:
        raise NetworkError(f"the answer unpacks to more than {_LARGEST // 1024 // 1024} MB")
    if not unpacker.eof and body:
        raise Cut("the answer's compressed body is cut off")
    return unpacked
