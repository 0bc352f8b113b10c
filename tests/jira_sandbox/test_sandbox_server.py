"""The sandbox over real sockets: connections, sizes, faults on purpose, and clients that misbehave."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
from jira_sandbox.site_state import StateFileError
from submissions import build

GRANT = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, data, {**sent, **headers})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if "json" in answer.headers.get("Content-Type", "") else content


def connect(sandbox: Sandbox) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=10))


def submit(sandbox: Sandbox, connection: http.client.HTTPConnection, *records: dict[str, Any]) -> Any:
    token = ask(connection, "POST", "/oauth/token", GRANT)[1]["access_token"]
    path = f"/jira/builds/0.1/cloud/{sandbox.cloud_id}/bulk"
    return ask(connection, "POST", path, {"builds": list(records)}, Authorization=f"Bearer {token}")


def raw(sandbox: Sandbox, data: bytes) -> bytes:
    """What comes back for these bytes, until the sandbox closes the connection."""
    with socket.create_connection(("127.0.0.1", int(sandbox.address.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_one_connection_carries_many_requests(sandbox: Sandbox) -> None:
    with connect(sandbox) as connection:
        assert submit(sandbox, connection, build())[0] == 202
        for _ in range(20):
            assert ask(connection, "GET", "/_edge/tenant_info") == (200, {"cloudId": sandbox.cloud_id})
    assert sandbox.connections == 1
    assert len(sandbox.exchanges) == 22


def test_exchanges_are_recorded_in_full_oldest_first(sandbox: Sandbox) -> None:
    with connect(sandbox) as connection:
        submit(sandbox, connection, build())
        ask(connection, "GET", "/sandbox/issues/WEB-12?x=a%20b")
    grant, submission, look = sandbox.exchanges
    assert grant.json() == GRANT
    assert submission.headers["authorization"] == f"Bearer {grant.answer_json()['access_token']}"
    assert submission.answer_json()["acceptedBuilds"][0]["buildNumber"] == 7
    assert (look.method, look.path, look.query, look.status) == ("GET", "/sandbox/issues/WEB-12", "x=a%20b", 200)
    assert look.answer_headers["Content-Type"] == "application/json"


def test_twenty_clients_at_once_lose_nothing(sandbox: Sandbox) -> None:
    def client(number: int) -> int:
        with connect(sandbox) as connection:
            return sum(submit(sandbox, connection, build(buildNumber=number * 5 + n))[0] for n in range(5))

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
        status, document = ask(connection, "POST", path, {"builds": ["x" * 3_000_000]})
        assert (status, "Data is too large" in document[0]["message"]) == (413, True)
        assert ask(connection, "GET", "/_edge/tenant_info")[0] == 200
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n".encode()
    assert raw(sandbox, head).startswith(b"HTTP/1.1 413 ")


def test_a_body_at_the_limit_is_read(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(max_body=len(json.dumps(GRANT)))
    with connect(sandbox) as connection:
        assert ask(connection, "POST", "/oauth/token", GRANT)[0] == 200


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
        assert ask(connection, "GET", "/_edge/tenant_info")[0] == 200


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
        answers = [ask(connection, "GET", "/_edge/tenant_info")[0] for _ in range(3)]
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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_it_serves_tls_and_takes_a_client_that_speaks_none(
    authority: trustme.CA, start_sandbox: Callable[..., Sandbox]
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    sandbox = start_sandbox(tls=serving)
    with suppress(ConnectionError):
        raw(sandbox, b"GET / HTTP/1.1\r\n\r\n")
    address = sandbox.address.removeprefix("https://")
    with closing(http.client.HTTPSConnection(address, timeout=10, context=trusting)) as connection:
        assert ask(connection, "GET", "/_edge/tenant_info")[0] == 200


def test_stopping_does_not_wait_for_open_connections() -> None:
    sandbox = Sandbox()
    sandbox.start()
    with connect(sandbox) as connection:
        ask(connection, "GET", "/_edge/tenant_info")
        sandbox.stop()
        with pytest.raises(ConnectionError):
            ask(connection, "GET", "/_edge/tenant_info")
    sandbox.stop()


def test_a_sandbox_that_was_never_started_can_be_stopped() -> None:
    Sandbox().stop()


def test_a_port_in_use_is_said_at_once(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(int(sandbox.address.rpartition(":")[2]))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state with spaces.json"
    yield path
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".new")] == []


def test_a_second_start_knows_what_the_first_was_told(state: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    for number, known in [(7, 1), (8, 2)]:
        sandbox = start_sandbox(state_file=state)
        with connect(sandbox) as connection:
            submit(sandbox, connection, build(buildNumber=number, displayName="Bücher"))
            seen = ask(connection, "GET", "/sandbox/issues/WEB-12")[1]["builds"]
        sandbox.stop()
        assert [record["displayName"] for record in seen] == ["Bücher"] * known


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no JSON"),
        (b"\xff\xfe", "holds no JSON"),
        (b"[" * 100_000, "holds no JSON"),
        (b"[]", "is not a state file"),
        (b'{"format": "other"}', "is not a state file"),
        (b'{"format": "jira-ci sandbox, 1"}', "lacks its builds or deployments"),
        (b'{"format": "jira-ci sandbox, 1", "builds": [], "deployments": [{}]}', "number 1 of its deployments"),
        (
            b'{"format": "jira-ci sandbox, 1", "builds": [{"record": {}, "issues": [], "properties": []}]}',
            "number 1 of its builds",
        ),
    ],
)
def test_a_state_file_that_is_none_is_said_and_left_alone(state: Path, content: bytes, sentence: str) -> None:
    state.write_bytes(content)
    with pytest.raises(StateFileError, match=sentence):
        Sandbox(state_file=state)
    assert state.read_bytes() == content


def test_a_place_where_no_state_file_can_be_is_said(state: Path) -> None:
    with pytest.raises(StateFileError, match="cannot be written"):
        Sandbox(state_file=state / "deeper" / "state.json")
    state.mkdir()
    with pytest.raises(StateFileError, match="cannot be read"):
        Sandbox(state_file=state)
