"""Which answers and which silences are tried again, how often, and after how long a wait."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from faulty_server import FaultyServer, Step, cut, drip, hang, reply, reset
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira.status_errors import expect
from jira_ci.timing import Deadline
from patience import Patience

GOOD = reply(200, {"ok": True})
BODY = json.dumps({"ok": True}).encode()


def ask(server: FaultyServer, deadline: Deadline | None = None, **options: Any) -> Answer:
    client = Client(deadline or Patience(), jitter=lambda: 1.0, **options)
    try:
        return client.send(Request("POST", f"{server.url}/x", "take 1 build", {"a": 1}, bearer="token"))
    finally:
        client.close()


def error_of(server: FaultyServer, deadline: Deadline | None = None) -> JiraCiError:
    with pytest.raises(JiraCiError) as caught:
        ask(server, deadline)
    return caught.value


CUTS: dict[str, Step] = {
    "reset": reset,
    "closed without a word": cut(b""),
    "in the version": cut(b"HTT"),
    "in the status": cut(b"HTTP/1.1 20"),
    "after the status, like an empty 200": cut(b"HTTP/1.1 200"),
    "in the headers, like an empty 200": cut(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "in the headers of a 404": cut(b"HTTP/1.1 404 Not Found\r\nDate: Sat"),
    "in the headers of a 302": cut(b"HTTP/1.1 302 Found\r\nLoca"),
    "before the body": cut(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"),
    "in the body": cut(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + BODY[:5]),
    "in a body without a length": cut(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY[:5]),
    "in the size of a chunk": cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1"),
    "in a chunk": cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" + BODY[:5]),
    "after a chunk": cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" + BODY + b"\r\n"),
    "in a packed body": cut(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(BODY)[:-9]),
    "damaged packed body": reply(200, b"\x1f\x8b nonsense", content_encoding="gzip"),
    "empty 200": reply(200, b""),
    "empty 202": reply(202, b""),
    "no HTTP at all": cut(b"220 mail.example ESMTP\r\n"),
    "nonsense for a length": cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
}


@pytest.mark.parametrize("fault", CUTS.values(), ids=CUTS.keys())
def test_an_answer_that_ends_too_early_is_asked_for_again(fault: Step) -> None:
    with FaultyServer([fault, GOOD]) as server:
        deadline = Patience()
        assert ask(server, deadline).json() == {"ok": True}
    assert len(server.requests) == 2
    assert deadline.waits == [2.0]


@pytest.mark.parametrize("fault", CUTS.values(), ids=CUTS.keys())
def test_an_answer_that_always_ends_too_early_is_no_answer(fault: Step) -> None:
    with FaultyServer([fault]) as server:
        error = error_of(server)
    assert isinstance(error, NetworkError)
    assert len(server.requests) == 5
    assert "(tried 5 times)" in error.message
    assert "()" not in error.message
    assert error.hint


def test_a_connection_reset_while_the_body_is_still_being_sent_is_tried_again() -> None:
    with FaultyServer([GOOD], before_body=reset) as server:
        error = error_of(server)
    assert len(server.requests) == 5
    assert "the connection failed" in error.message


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 520, 527])
def test_a_busy_or_broken_server_is_asked_four_times_more_doubling_from_two_seconds(status: int) -> None:
    deadline = Patience()
    with FaultyServer([reply(status, b"<html>")]) as server:
        answer = ask(server, deadline)
    assert deadline.waits == [2.0, 4.0, 8.0, 16.0]
    assert (answer.status, answer.attempts, len(server.requests)) == (status, 5, 5)
    with pytest.raises(NetworkError, match="tried 5 times"):
        expect(Request("POST", "https://h/x", "take 1 build", bearer="t"), answer, 202)


@pytest.mark.parametrize("status", [200, 202, 204, 301, 302, 304, 307, 400, 401, 403, 404, 409, 410, 413, 415, 422])
def test_a_clear_answer_is_not_asked_for_again(status: int) -> None:
    with FaultyServer([reply(status, b"" if status in (204, 304) else b"x")]) as server:
        assert ask(server).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_never_offered_again_even_if_the_refusal_was_cut_off(status: int) -> None:
    with FaultyServer([cut(f"HTTP/1.1 {status} No\r\nWww".encode())]) as server:
        assert ask(server).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1", 2.0),
        ("0", 2.0),
        ("2.5", 2.5),
        ("-5", 2.0),
        ("abc", 2.0),
        ("", 2.0),
        ("1e9", 2.0),
        ("٧", 2.0),
        ("nan", 2.0),
        ("Sat, 21 Nov 2026 05:00:09 GMT", 9.0),
        ("Sat, 21 Nov 2026 05:00:09 -0000", 9.0),
        ("Sat, 21 Nov 2026 04:00:00 GMT", 2.0),
        ("Sat, 99 Nov 2026 04:00:00 GMT", 2.0),
    ],
)
def test_retry_after_is_the_least_wait(header: str, wait: float) -> None:
    deadline = Patience()
    with FaultyServer([reply(429, b"", retry_after=header.encode().decode("latin-1")), GOOD]) as server:
        ask(server, deadline, now=lambda: 1795237200.0)
    assert deadline.waits == [wait]


@pytest.mark.parametrize("header", ["3600", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "60"])
def test_a_retry_after_beyond_the_deadline_is_given_up_at_once_and_said(header: str) -> None:
    deadline = Patience()
    with FaultyServer([reply(429, b"", retry_after=header)]) as server:
        answer = ask(server, deadline)
    assert (deadline.waits, len(server.requests)) == ([], 1)
    with pytest.raises(NetworkError, match=f"429 Too Many Requests \\(Retry-After: {header}\\)"):
        expect(Request("POST", "https://h/x", "take 1 build", bearer="t"), answer, 202)


def test_the_deadline_holds_over_all_tries() -> None:
    deadline = Patience(10)
    with FaultyServer([reply(503, b"")]) as server:
        assert ask(server, deadline).attempts == 3
    assert deadline.waits == [2.0, 4.0]


@pytest.mark.parametrize(
    "fault",
    [
        hang,
        drip(b"HTTP/1.1 200 OK\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9"),
        drip(reply(200, b"123456789")),
    ],
    ids=["nothing", "in the status line", "in the headers", "in the body"],
)
def test_a_server_that_never_gets_done_is_left_at_the_deadline(fault: Step) -> None:
    with FaultyServer([fault]) as server:
        error = error_of(server, Deadline(0.3))
        assert error.message == f"Asked {server.host} to take 1 build: no complete answer came before the deadline."
    assert error.hint.startswith("Raise timeout")
    assert len(server.requests) == 1


def test_nothing_listens_there() -> None:
    with FaultyServer([GOOD]) as server:
        pass
    deadline = Patience()
    error = error_of(server, deadline)
    assert "Connection refused" in error.message
    assert deadline.waits == [2.0, 4.0, 8.0, 16.0]


def test_a_name_that_nobody_knows_is_looked_up_again_and_then_said() -> None:
    deadline = Patience()
    client = Client(deadline, jitter=lambda: 1.0)
    with pytest.raises(
        NetworkError, match=r"Asked nowhere\.invalid to tell .*Name or service not known.*tried 5 times"
    ):
        client.send(Request("GET", "https://nowhere.invalid/x", "tell its cloud id"))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply(200, b"x" * 20_000_000), "larger than 4 MB"),
        (reply(200, gzip.compress(b"0" * 50_000_000), content_encoding="gzip"), "unpacks to more than 4 MB"),
        (
            reply(302, gzip.compress(b"0" * 50_000_000), content_encoding="gzip", location="/"),
            "unpacks to more than 4 MB",
        ),
        (reply(200, b"x", content_encoding="br"), "encoded as 'br'"),
        (reply(200, b"x", content_encoding="gzip, gzip"), "encoded as 'gzip, gzip'"),
    ],
)
def test_what_is_too_large_or_unreadable_is_not_asked_for_again(answer: bytes, says: str) -> None:
    with FaultyServer([answer]) as server:
        assert says in error_of(server).message
    assert len(server.requests) == 1


def test_a_packed_answer_is_unpacked_and_nothing_but_gzip_is_asked_for() -> None:
    with FaultyServer([reply(200, gzip.compress(BODY), content_encoding="gzip")]) as server:
        assert ask(server).body == BODY
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_a_signal_during_the_wait_ends_it_and_nothing_is_tried_again() -> None:
    class Interrupted(Patience):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.hurry()

    with FaultyServer([reply(503, b"")]) as server:
        assert ask(server, Interrupted()).status == 503
    assert len(server.requests) == 1


def test_after_a_signal_a_first_try_is_made_but_no_second() -> None:
    deadline = Patience()
    deadline.hurry()
    with FaultyServer([reply(503, b"")]) as server:
        assert ask(server, deadline).status == 503
    assert len(server.requests) == 1


def test_the_jitter_spreads_the_waits_and_never_shortens_what_was_asked_for() -> None:
    factors: Iterator[float] = iter([0.7, 1.3, 0.7, 1.0])
    deadline = Patience()
    client = Client(deadline, jitter=lambda: next(factors))
    steps = [reply(503, b""), reply(503, b""), reply(429, b"", retry_after="9"), GOOD]
    with FaultyServer(steps) as server:
        client.send(Request("GET", f"{server.url}/", "tell"))
        client.close()
    assert deadline.waits == [pytest.approx(1.4), pytest.approx(5.2), 9.0]


def test_a_redirect_is_not_followed() -> None:
    with FaultyServer([GOOD]) as other, FaultyServer([reply(302, b"", location=other.url)]) as server:
        assert ask(server).status == 302
    assert other.requests == []


def test_every_answer_is_told_until_the_client_is_closed() -> None:
    told: list[int] = []
    with FaultyServer([reply(503, b""), GOOD]) as server:
        client = Client(Patience(), observe=lambda _, answer: told.append(answer.status))
        client.send(Request("GET", f"{server.url}/", "tell"))
        assert told == [503, 200]
        client.close()
        client.send(Request("GET", f"{server.url}/", "tell"))
        client.close()
    assert told == [503, 200]
