"""The sandbox over real sockets: connections, sizes, faults on purpose, and clients that misbehave."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest
import trustme

from bare_site import GRANT
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
from sandbox_socket import REQUEST, ask, connect, report_over, send
from submissions import build


def raw(sandbox: Sandbox, data: bytes) -> bytes:
    """What comes back for these bytes, until the sandbox closes the connection."""
    with socket.create_connection(("127.0.0.1", int(sandbox.address.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_a_test_can_answer_with_another_date(sandbox: Sandbox) -> None:
    sandbox.before = lambda _: Answer(200, b"{}", {"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "Age": "5"})
    assert ask(sandbox, "GET", "/rest/api/3/myself")[1].get_all("Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"]


def test_twenty_clients_at_once_raise_twenty_requests(sandbox: Sandbox) -> None:
    def client(number: int) -> tuple[str, str]:
        made = ask(sandbox, "POST", "/rest/servicedeskapi/request", REQUEST)[0]
        ask(sandbox, "POST", f"/rest/servicedeskapi/request/{made['issueKey']}/comment", {"body": str(number)})
        found = ask(sandbox, "POST", "/rest/api/3/search/jql", {"jql": 'project = OPS AND summary ~ "shop"'})[0]
        assert made["issueId"] in [one["id"] for one in found["issues"]]
        return made["issueId"], made["issueKey"]

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        made = list(pool.map(client, range(20)))
    assert len({identity for identity, _ in made}) == len({key for _, key in made}) == 20
    ids = sorted(made, key=lambda pair: int(pair[0]))
    assert [key for _, key in ids] == [f"OPS-{number}" for number in range(1000, 1020)]


def test_one_connection_carries_many_requests(sandbox: Sandbox) -> None:
    with connect(sandbox) as connection:
        assert report_over(sandbox, connection, build())[0] == 202
        for _ in range(20):
            assert send(connection, "GET", "/_edge/tenant_info") == (200, {"cloudId": sandbox.cloud_id})
    assert sandbox.connections == 1
    assert len(sandbox.exchanges) == 22


def test_twenty_clients_at_once_lose_nothing(sandbox: Sandbox) -> None:
    def client(number: int) -> int:
        with connect(sandbox) as connection:
            return sum(report_over(sandbox, connection, build(buildNumber=number * 5 + n))[0] for n in range(5))

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert list(pool.map(client, range(20))) == [5 * 202] * 20
    issue = sandbox.site.issues.find("WEB-12")
    assert issue
    assert len(sandbox.site.on_issue(issue)["builds"]) == 100
    assert sandbox.connections == 20


@pytest.mark.bad_requests("a body over the limit")
def test_a_body_over_the_limit_is_refused_before_it_is_read(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(max_body=1000)
    path = f"/jira/builds/0.1/cloud/{sandbox.cloud_id}/bulk"
    with connect(sandbox) as connection:
        status, document = send(connection, "POST", path, {"builds": ["x" * 3_000_000]})
        assert (status, "Data is too large" in document[0]["message"]) == (413, True)
        assert send(connection, "GET", "/_edge/tenant_info")[0] == 200
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n".encode()
    assert raw(sandbox, head).startswith(b"HTTP/1.1 413 ")


def test_a_body_at_the_limit_is_read(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(max_body=len(json.dumps(GRANT)))
    with connect(sandbox) as connection:
        assert send(connection, "POST", "/oauth/token", GRANT)[0] == 200


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n", b"HTTP/1.1 400 "),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 411 "),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf", b""),
        (b"nonsense\r\n\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01\x00", b""),
        (b"", b""),
        (b"BREW /_edge/tenant_info HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 405 "),
        (b"HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET /%ff%00%zz?%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET http://elsewhere/x HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 404 "),
    ],
)
def test_a_bad_request_harms_nobody_else(sandbox: Sandbox, data: bytes, start: bytes) -> None:
    assert raw(sandbox, data).startswith(start)
    with connect(sandbox) as connection:
        assert send(connection, "GET", "/_edge/tenant_info")[0] == 200


def test_an_answer_to_head_has_no_body(sandbox: Sandbox) -> None:
    head, _, body = raw(sandbox, b"HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Content-Length: 9" in head
    assert body == b""


def test_who_asks_before_sending_a_body_is_told_to_go_on(sandbox: Sandbox) -> None:
    body = json.dumps(GRANT).encode()
    head = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    answer = raw(sandbox, b"POST /oauth/token HTTP/1.1\r\n" + head.encode() + b"Expect: 100-continue\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")


def test_a_test_can_answer_in_place_of_the_site(sandbox: Sandbox) -> None:
    seen: list[Request] = []

    def twice(request: Request) -> Answer | None:
        seen.append(request)
        return Answer(429, b"slow down", {"Retry-After": "7"}) if len(seen) < 3 else None

    sandbox.before = twice
    with connect(sandbox) as connection:
        answers = [send(connection, "GET", "/_edge/tenant_info")[0] for _ in range(3)]
    assert answers == [429, 429, 200]
    assert [exchange.scripted for exchange in sandbox.exchanges] == [True, True, False]
    assert sandbox.exchanges[0].answer_headers == {"Retry-After": "7"}


def test_a_test_can_cut_an_answer(sandbox: Sandbox) -> None:
    sandbox.before = lambda _: Answer(200, raw=b"HTTP/1.1 200 OK\r\nContent-Len")
    assert raw(sandbox, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b"HTTP/1.1 200 OK\r\nContent-Len"


def test_a_test_can_let_an_answer_drip_until_the_sandbox_stops(sandbox: Sandbox) -> None:
    def drip(request: Request) -> Answer:
        def pieces() -> Iterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\n"
            sandbox.stopping.wait(30)

        return Answer(200, raw=pieces())

    sandbox.before = drip
    with socket.create_connection(("127.0.0.1", int(sandbox.address.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 200 OK\r\n"


def test_a_failure_in_what_a_test_answers_is_not_lost() -> None:
    def broken(request: Request) -> Answer:
        raise AssertionError("the client sent something else")

    with Sandbox(before=broken) as sandbox:
        assert raw(sandbox, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        assert "the client sent something else" in sandbox.faults[0]


def test_it_serves_tls_and_takes_a_client_that_speaks_none(
    authority: trustme.CA, start_sandbox: Callable[..., Sandbox]
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    sandbox = start_sandbox(tls=serving)
    with suppress(OSError):  # also: not connected any more, where the sandbox was faster than the client
        raw(sandbox, b"GET / HTTP/1.1\r\n\r\n")
    address = sandbox.address.removeprefix("https://")
    with closing(http.client.HTTPSConnection(address, timeout=10, context=trusting)) as connection:
        assert send(connection, "GET", "/_edge/tenant_info")[0] == 200
