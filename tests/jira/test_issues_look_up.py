"""Looking issues up, against the sandbox and a server that misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from faulty_server import FaultyServer, reply, reset
from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.exchange import Answer
from jira_ci.http import Client
from jira_ci.jira.access import Access
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.issues import IssueTitles, look_up
from jira_ci.timing import Deadline
from jira_sandbox.http_types import json_answer
from jira_sandbox.server import Sandbox


@contextmanager
def client() -> Iterator[Client]:
    with closing(Client(Deadline(10), jitter=lambda: 0.0)) as found:
        yield found


def access(sandbox: Sandbox, **more: Any) -> Access:
    return Access(
        sandbox.address, sandbox.address, user=sandbox.credentials.user, token=sandbox.credentials.token, **more
    )


def cloud(sandbox: Sandbox, keys: list[str], **more: Any) -> IssueTitles:
    with client() as one:
        return looked(one, replace(access(sandbox), **more), keys, sandbox.cloud_id)


def data_center(sandbox: Sandbox, keys: list[str]) -> IssueTitles:
    where = Access(sandbox.address, token=sandbox.credentials.personal_token)
    with client() as one:
        return looked(one, where, keys)


def looked(client: Client, where: Access, keys: list[str], cloud_id: str = "11") -> IssueTitles:
    edition: Edition = "cloud" if where.user else "data-center"
    known = replace(where, jira_type=edition)
    return look_up(Login(client, known, "issues", cloud_id=lambda: cloud_id), edition, keys)


def asked(sandbox: Sandbox) -> list[str]:
    return [one.path for one in sandbox.exchanges]


def test_what_is_there_is_found_and_the_rest_is_missing(sandbox: Sandbox) -> None:
    found = cloud(sandbox, ["WEB-12", "WEB-5000", "OPS-3"])
    assert [found.cards[key].key for key in ("WEB-12", "OPS-3")] == ["WEB-12", "OPS-3"]
    assert (found.missing, found.error) == (("WEB-5000",), None)
    assert asked(sandbox) == ["/rest/api/3/issue/bulkfetch"]


def test_data_center_is_asked_by_search(start_sandbox: Callable[..., Sandbox]) -> None:
    jira = start_sandbox(edition="data-center")
    found = data_center(jira, ["WEB-12", "WEB-5000"])
    assert (list(found.cards), found.missing, found.error) == (["WEB-12"], ("WEB-5000",), None)
    assert asked(jira) == ["/rest/api/2/search"]


@pytest.mark.parametrize("edition", ["cloud", "data-center"])
def test_500_keys_are_five_requests_on_one_connection(start_sandbox: Callable[..., Sandbox], edition: str) -> None:
    jira = start_sandbox(edition=edition)
    keys = [f"WEB-{number}" for number in range(1, 501)]
    found = cloud(jira, keys) if edition == "cloud" else data_center(jira, keys)
    assert (list(found.cards), found.error) == (keys, None)
    assert (len(jira.exchanges), jira.connections) == (5, 1)


def test_a_token_with_scopes_is_tried_once_on_the_site_and_then_at_the_gateway(sandbox: Sandbox) -> None:
    found = cloud(sandbox, [f"WEB-{number}" for number in range(1, 202)], token=sandbox.credentials.scoped_token)
    assert len(found.cards) == 201
    site, gateway = "/rest/api/3/issue/bulkfetch", f"/ex/jira/{sandbox.cloud_id}/rest/api/3/issue/bulkfetch"
    assert asked(sandbox) == [site, gateway, gateway, gateway]


def test_without_the_sites_address_the_gateway_is_asked_at_once(sandbox: Sandbox) -> None:
    found = cloud(sandbox, ["WEB-1"], site="", cloud=sandbox.cloud_id, token=sandbox.credentials.scoped_token)
    assert (found.cards["WEB-1"].link, found.error) == ("", None)
    assert len(sandbox.exchanges) == 1


def test_a_wrong_token_is_refused_in_both_places_and_says_so(sandbox: Sandbox) -> None:
    found = cloud(sandbox, ["WEB-1", *[f"WEB-{number}" for number in range(2, 300)]], token="wrong")
    assert isinstance(found.error, AccessError)
    assert (found.cards, found.missing, len(sandbox.exchanges)) == ({}, (), 2)


def test_one_moved_issue_costs_nothing(sandbox: Sandbox) -> None:
    sandbox.desk.move("WEB-1", "OPS")
    found = cloud(sandbox, ["WEB-1", "WEB-2"])
    assert found.cards["WEB-1"].key.startswith("OPS-")
    assert (found.missing, len(sandbox.exchanges)) == ((), 1)


@pytest.mark.parametrize("edition", ["cloud", "data-center"])
def test_several_moved_issues_are_told_apart(start_sandbox: Callable[..., Sandbox], edition: str) -> None:
    jira = start_sandbox(edition=edition)
    now = {}
    for key in ("WEB-3", "WEB-1"):
        jira.desk.move(key, "OPS")
        moved = jira.site.desk.find(key)
        assert moved is not None
        now[key] = moved.key
    keys = ["WEB-1", "WEB-2", "WEB-3", "WEB-5000"]
    found = cloud(jira, keys) if edition == "cloud" else data_center(jira, keys)
    assert {key: one.key for key, one in found.cards.items()} == {**now, "WEB-2": "WEB-2"}
    assert (found.missing, len(jira.exchanges)) == (("WEB-5000",), 4)


def test_many_moved_issues_are_asked_about_no_more_than_a_little(sandbox: Sandbox) -> None:
    keys = [f"WEB-{number}" for number in range(1, 31)]
    for key in keys:
        sandbox.desk.move(key, "OPS")
    found = cloud(sandbox, [*keys, "WEB-5000"])
    assert len(found.cards) == 10
    assert (found.missing, len(sandbox.exchanges)) == ((), 11)


def test_an_answer_as_to_nobody_is_a_refused_credential() -> None:
    headers = {"x_seraph_loginreason": "AUTHENTICATED_FAILED"}
    with FaultyServer([reply(200, {"issues": [], "issueErrors": []}, **headers)]) as server, client() as one:
        where = Access(server.url, server.url, user="ana@example.com", token="old")
        found = looked(one, where, ["WEB-1"])
    assert isinstance(found.error, AccessError)
    assert found.missing == ()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(200, b"<html>log in</html>", content_type="text/html"), NetworkError),
        (reply(200, {"issues": "many"}), NetworkError),
        (reply(302, b"", location="https://evil.example/"), NetworkError),
        (reply(403, {"errorMessages": ["no"]}), AccessError),
        (reply(410, {"errorMessages": ["gone"]}), JiraCiError),
        (reply(404), NetworkError),
    ],
)
def test_another_answer_is_an_error_that_is_returned(answer: bytes, kind: type[JiraCiError]) -> None:
    with FaultyServer([answer]) as server, client() as one:
        found = looked(one, Access(server.url, token="t"), ["WEB-1"])
    assert isinstance(found.error, kind)
    assert (found.cards, found.missing, len(server.requests)) == ({}, (), 1)


def test_a_broken_connection_is_an_error_that_is_returned() -> None:
    with FaultyServer([reset]) as server, closing(Client(Deadline(0.5), jitter=lambda: 1.0)) as one:
        found = looked(one, Access(server.url, token="t"), ["WEB-1"])
    assert isinstance(found.error, NetworkError)


def test_what_was_found_before_an_error_stays_known(sandbox: Sandbox) -> None:
    refusal = json_answer(403, {"errorMessages": ["no"], "errors": {}})
    sandbox.before = lambda request: refusal if b"WEB-149" in request.body else None
    found = cloud(sandbox, ["WEB-5000", *[f"WEB-{number}" for number in range(1, 150)]])
    assert (len(found.cards), found.missing) == (99, ("WEB-5000",))
    assert isinstance(found.error, AccessError)


def test_a_busy_issue_is_neither_found_nor_missing() -> None:
    body = {"issues": [], "issueErrors": [{"id": "10001", "errorMessage": "Try again."}]}
    with FaultyServer([reply(200, body)]) as server, client() as one:
        where = Access(server.url, server.url, user="ana@example.com", token="t")
        found = looked(one, where, ["WEB-1"])
    assert found == IssueTitles()


def test_no_answer_holds_an_address_of_somebody_in_its_card(sandbox: Sandbox) -> None:
    sandbox.desk.assign("WEB-1", "ana")
    heard: list[Answer] = []
    with closing(Client(Deadline(10), observe=lambda _, answer: heard.append(answer))) as one:
        found = looked(one, access(sandbox), ["WEB-1"])
    assert b"ana@example.com" in heard[0].body  # Jira shows it
    assert found.cards["WEB-1"].assignee == "Ana Souza"
    assert "@" not in repr(found)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (reply(403), "The account needs the permission Browse Projects"),
        (reply(404), "No Jira answers at this address"),
        (reply(403, x_seraph_loginreason="AUTHENTICATION_DENIED"), "CAPTCHA"),
        (reply(401), "Check user and token"),
    ],
)
def test_the_advice_asks_for_no_more_than_the_question_needs(answer: bytes, hint: str) -> None:
    with FaultyServer([answer]) as server, client() as one:
        where = Access(server.url, server.url, "11", user="ana@example.com", token="t")
        found = looked(one, where, ["WEB-1"])
    assert found.error is not None
    assert hint in found.error.hint
    assert "service desk" not in found.error.hint
