"""Several questions at once, and what a rate limit does to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from ci.servers import Answer, Api, serving
from jira_ci.ci.api import Asked, Refused, Unreadable, ask
from jira_ci.ci.bound_session import ABREAST, BoundSession, bound_to
from jira_ci.timing import Deadline

LIMITED = [
    (429, {"Retry-After": "0"}, b"Retry later"),
    (403, {"Retry-After": "1"}, b'{"message": "You have exceeded a secondary rate limit."}'),
]


@pytest.fixture
def api() -> Iterator[Api]:
    with serving("/api/v3") as made:
        yield made


def session_of(api: Api, seconds: float = 60) -> BoundSession:
    return BoundSession(api.url, "", Deadline(seconds))


def question(session: BoundSession, api: Api, path: str) -> Any:
    def asked() -> Any:
        return session.request("GET", api.url + path).json()

    return partial(ask, Asked("GitHub", session.host, path, "nothing"), asked, ())


def test_eight_are_under_way_at_once_and_answers_keep_their_order(api: Api) -> None:
    session, gate, lock = session_of(api), threading.Barrier(ABREAST), threading.Lock()
    now, most = [0], [0]

    def route(place: int, _: Mapping[str, str]) -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if place < ABREAST:
            gate.wait(60)
        with lock:
            now[0] -= 1
        return 200, {}, b"[%d]" % place

    for place in range(30):
        api.routes[f"/{place}"] = partial(route, place)
    answers = session.side_by_side([question(session, api, f"/{place}") for place in range(30)])
    session.close()
    assert answers == [[place] for place in range(30)]
    assert most[0] == ABREAST


def test_after_a_refusal_nothing_more_is_asked(api: Api) -> None:
    session = session_of(api)
    for place in range(100):
        api.json(f"/{place}", {"message": "no"}, 403 if place == 3 else 404)
    answers = session.side_by_side([question(session, api, f"/{place}") for place in range(100)])
    session.close()
    assert [isinstance(answer, Unreadable) and answer.denied for answer in answers[:5]] == [False] * 3 + [True, False]
    assert len(answers) == len(api.requests) <= 3 + ABREAST + 1


@pytest.mark.parametrize(("status", "headers", "body"), LIMITED)
def test_a_limit_that_ends_soon_is_waited_for(api: Api, status: int, headers: Mapping[str, str], body: bytes) -> None:
    told = iter([(status, headers, body)])
    api.routes["/x"] = lambda _: next(told, (200, {}, b"[1]"))
    session, begun = session_of(api), time.monotonic()
    assert session.request("GET", api.url + "/x").json() == [1]
    session.close()
    assert time.monotonic() - begun >= float(headers["Retry-After"])
    assert len(api.requests) == 2


def test_while_the_server_wants_no_questions_nothing_else_is_asked(api: Api) -> None:
    times: list[float] = []

    def limited(_: Mapping[str, str]) -> Answer:
        times.append(time.monotonic())
        return (429, {"Retry-After": "2"}, b"") if len(times) == 1 else (200, {}, b"[1]")

    api.routes["/x"] = limited
    session = session_of(api)
    questions = [question(session, api, "/x") for _ in range(ABREAST + 4)]
    assert session.side_by_side(questions) == [[1]] * (ABREAST + 4)
    session.close()
    assert len(times) == ABREAST + 5
    assert times[-1] - times[0] >= 2


@pytest.mark.parametrize("wait", ["3600", "60", "999999999", "soon"])
def test_a_limit_that_lasts_is_said_at_once(api: Api, wait: str) -> None:
    api.routes["/x"] = lambda _: (429, {"Retry-After": wait} if wait != "soon" else {}, b"")
    session = session_of(api, 30)
    with pytest.raises(Refused) as caught:
        session.request("GET", api.url + "/x")
    session.close()
    assert (caught.value.limited, len(api.requests)) == (True, 1)


def test_a_server_that_always_wants_a_moment_is_left(api: Api) -> None:
    api.routes["/x"] = lambda _: (429, {"Retry-After": "0"}, b"")
    session = session_of(api, 300)
    with pytest.raises(Refused):
        session.request("GET", api.url + "/x")
    session.close()
    assert len(api.requests) == 3


def test_after_a_signal_nothing_is_waited_for(api: Api) -> None:
    api.routes["/x"] = lambda _: (429, {"Retry-After": "1"}, b"")
    deadline = Deadline(300)
    session = BoundSession(api.url, "", deadline)
    deadline.hurry(60)
    with pytest.raises(Refused):
        session.request("GET", api.url + "/x")
    session.close()
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("address", "bound"),
    [
        ("https://api.github.com/graphql", True),
        ("https://api.github.com:443/graphql", True),
        ("http://api.github.com/graphql", False),
        ("https://api.github.com.evil.invalid/graphql", False),
        ("https://api.github.com@evil.invalid/", False),
        ("", False),
    ],
)
def test_an_address_of_the_same_host(address: str, bound: bool) -> None:
    assert bound_to(address, "https://api.github.com") is bound
