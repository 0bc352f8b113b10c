"""Who asks, where and how often: logging in, renewing, giving up, and reading answers, over real sockets."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from faulty_server import FaultyServer, Step, cut, reply, reset
from jira_ci.errors import AccessError, NetworkError, Redirected
from jira_ci.http import Client
from jira_ci.jira.access import Access, Route
from jira_ci.jira.auth import Login
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound, Refused
from patience import Patience

ME = reply(200, {"accountId": "5b10", "displayName": "Release Engineer"})
DESK = reply(200, {"id": "1", "projectId": "10010", "projectKey": "OPS"})
DENIED = reply(401, b"Unauthorized")
CLOUD_ID = reply(200, {"cloudId": "11-22"})
TOKEN = reply(200, {"access_token": "fresh", "expires_in": 900, "token_type": "Bearer"})
COMMENT = {"id": "1", "body": "x", "public": False, "author": None}
BASIC = "Basic " + base64.b64encode(b"ana@example.com:secret").decode()


@contextmanager
def asking(server: FaultyServer, **credentials: Any) -> Iterator[Service]:
    client = Client(Patience(), jitter=lambda: 1.0)
    try:
        yield Service(Login(client, Access(server.url, api=server.url, **credentials)))
    finally:
        client.close()


def paths(server: FaultyServer) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in server.requests]


def test_a_person_of_cloud_is_let_in_with_the_first_question() -> None:
    with FaultyServer([ME]) as server, asking(server, user="ana@example.com", token="secret") as service:
        assert service.connect() == Route(server.url, "cloud", "basic", True)
        assert (service.myself().id, service.myself().name) == ("5b10", "Release Engineer")
        assert paths(server) == ["GET /rest/api/3/myself"]
        assert server.requests[0].headers["authorization"] == BASIC
        assert server.connections == 1


def test_a_token_alone_is_let_in_by_data_center_with_the_first_question() -> None:
    me = reply(200, {"name": "ana", "key": "JIRAUSER1", "displayName": "Ana"})
    with FaultyServer([me]) as server, asking(server, token="secret") as service:
        assert service.connect() == Route(server.url, "data-center", "bearer", True)
        assert service.myself().id == "JIRAUSER1"
        assert paths(server) == ["GET /rest/api/2/myself"]
        assert server.requests[0].headers["authorization"] == "Bearer secret"


def test_a_scoped_token_is_tried_once_at_the_gateway_and_stays_there() -> None:
    script = {"/rest": [DENIED], "/_edge": [CLOUD_ID], "/ex": [ME, DESK]}
    with (
        FaultyServer(script) as server,
        asking(server, user="ana@example.com", token="secret", jira_type="cloud") as service,
    ):
        service.desk("OPS")
        assert paths(server) == [
            "GET /rest/api/3/myself",
            "GET /_edge/tenant_info",
            "GET /ex/jira/11-22/rest/api/3/myself",
            "GET /ex/jira/11-22/rest/servicedeskapi/servicedesk/OPS",
        ]
        assert "authorization" not in server.requests[1].headers
        assert server.requests[3].headers["authorization"] == BASIC


def test_a_known_cloud_id_is_not_asked_for() -> None:
    with (
        FaultyServer({"/rest": [DENIED], "/ex": [ME]}) as server,
        asking(server, user="ana@example.com", token="secret", cloud="33-44") as service,
    ):
        service.connect()
        assert paths(server) == ["GET /rest/api/3/myself", "GET /ex/jira/33-44/rest/api/3/myself"]


def test_data_center_gets_a_password_as_basic_and_a_token_alone_as_a_bearer() -> None:
    for credentials, sent in (({"user": "ana@example.com"}, BASIC), ({}, "Bearer secret")):
        with (
            FaultyServer([ME]) as server,
            asking(server, token="secret", jira_type="data-center", **credentials) as service,
        ):
            service.connect()
            assert server.requests[0].headers["authorization"] == sent


def test_a_password_that_data_center_refuses_is_not_offered_again_and_may_be_a_token() -> None:
    server_info = {"/rest/api/3/serverInfo": [reply(200, {"deploymentType": "Server"})]}
    with (
        FaultyServer({**server_info, "/rest": [DENIED]}) as server,
        asking(server, user="ana@example.com", token="secret") as service,
    ):
        with pytest.raises(AccessError, match="Leave user out for a personal access token"):
            service.connect()
        assert [seen.path for seen in server.requests] == ["/rest/api/3/myself", "/rest/api/3/serverInfo"]


def test_a_refused_credential_is_never_offered_again() -> None:
    script = {"/rest": [DENIED], "/_edge": [CLOUD_ID], "/ex": [DENIED]}
    with (
        FaultyServer(script) as server,
        asking(server, user="ana@example.com", token="wrong", jira_type="cloud") as service,
    ):
        for _ in range(3):
            with pytest.raises(AccessError, match=r"say who is asking with user and token: it answered 401"):
                service.desk("OPS")
        assert len(server.requests) == 3


def test_a_credential_that_is_refused_later_is_not_offered_again_either() -> None:
    with FaultyServer([ME, DENIED]) as server, asking(server, user="a@b", token="secret") as service:
        for _ in range(3):
            with pytest.raises(AccessError):
                service.desk("OPS")
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("credentials", "script", "asked"),
    [
        pytest.param(
            {"user": "ana", "token": "secret"},
            {"/rest/api/3/serverInfo": [reply(200, {"deploymentType": "Server"})], "/rest/api/2": [ME]},
            ["/rest/api/3/serverInfo", "/rest/api/2/myself"],
            id="a user name could be of either edition",
        ),
        pytest.param(
            {"user": "ana", "token": "secret"},
            {"/rest/api/3/serverInfo": [reply(404)], "/rest/api/2": [ME]},
            ["/rest/api/3/serverInfo", "/rest/api/2/myself"],
            id="data center has no version 3",
        ),
        pytest.param(
            {"user": "ana@example.com", "token": "secret"},
            {
                "/rest/api/3/serverInfo": [reply(200, {"deploymentType": "Server"})],
                "/rest/api/3": [reply(404)],
                "/rest/api/2": [ME],
            },
            ["/rest/api/3/myself", "/rest/api/3/serverInfo", "/rest/api/2/myself"],
            id="an e-mail address at data center",
        ),
        pytest.param(
            {"user": "ana@example.com", "token": "secret"},
            {
                "/rest/api/3/serverInfo": [reply(200, {"deploymentType": "Cloud"})],
                "/rest/api/3": [DENIED],
                "/_edge": [CLOUD_ID],
                "/ex": [ME],
            },
            ["/rest/api/3/myself", "/rest/api/3/serverInfo", "/_edge/tenant_info", "/ex/jira/11-22/rest/api/3/myself"],
            id="a scoped token at an address that does not tell the edition",
        ),
        pytest.param(
            {"token": "secret"},
            {
                "/rest/api/2": [DENIED],
                "/rest/api/3/serverInfo": [reply(200, {"deploymentType": "Cloud"})],
                "/_edge": [CLOUD_ID],
                "/ex": [ME],
            },
            ["/rest/api/2/myself", "/rest/api/3/serverInfo", "/_edge/tenant_info", "/ex/jira/11-22/rest/api/3/myself"],
            id="a service account's token at Cloud",
        ),
        pytest.param(
            {"token": "secret", "jira_type": "data-center"},
            {"/rest/api/2": [ME]},
            ["/rest/api/2/myself"],
            id="data center by name",
        ),
        pytest.param(
            {"user": "ana", "token": "password", "jira_type": "data-center"},
            {"/rest/api/2": [ME]},
            ["/rest/api/2/myself"],
            id="data center by name, with a password",
        ),
    ],
)
def test_the_site_is_asked_what_it_is_only_when_nothing_else_tells(
    credentials: dict[str, Any], script: dict[str, list[Step]], asked: list[str]
) -> None:
    with FaultyServer(script) as server, asking(server, **credentials) as service:
        service.connect()
        assert [seen.path for seen in server.requests] == asked
        infos = [seen for seen in server.requests if "serverInfo" in seen.path]
        assert all("authorization" not in seen.headers for seen in infos)


@pytest.mark.parametrize(
    ("site", "credentials", "edition"),
    [
        ("https://acme.atlassian.net", {"user": "a", "token": "t"}, "cloud"),
        ("https://ACME.ATLASSIAN.NET", {"token": "t"}, "cloud"),
        ("https://atlassian.net.example", {"token": "t"}, None),
        ("https://jira.acme.example", {"token": "t"}, None),
        ("https://jira.acme.example", {"client_id": "i", "client_secret": "s"}, "cloud"),
        ("https://jira.acme.example", {"user": "a", "token": "t", "client_id": "i", "client_secret": "s"}, "cloud"),
        ("", {"user": "a", "token": "t", "cloud": "11-22"}, "cloud"),
        ("https://acme.atlassian.net", {"token": "t", "jira_type": "data-center"}, "data-center"),
    ],
)
def test_the_settings_tell_the_edition_where_they_can(site: str, credentials: dict[str, Any], edition: Any) -> None:
    assert Access(site, **credentials).edition == edition


@pytest.mark.parametrize(
    ("credentials", "kind"),
    [
        ({}, ""),
        ({"user": "a"}, ""),
        ({"client_id": "i"}, ""),
        ({"client_id": "i", "client_secret": "s"}, "oauth"),
        ({"token": "t"}, "bearer"),
        ({"user": "a", "token": "t"}, "basic"),
        ({"user": "a", "token": "t", "jira_type": "data-center"}, "basic"),
        ({"token": "t", "jira_type": "data-center"}, "bearer"),
        ({"user": "a", "token": "t", "client_id": "i", "client_secret": "s"}, "basic"),
    ],
)
def test_user_and_token_come_before_a_client_that_may_be_for_reporting(credentials: Any, kind: str) -> None:
    assert Access("https://acme.atlassian.net", **credentials).kind == kind


def test_no_credential_is_shown() -> None:
    shown = repr(Access("https://acme.atlassian.net", user="a", token="hidden-1", client_secret="hidden-2"))
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.atlassian.com", "https://auth.atlassian.com"),
        ("https://api.atlassian-us-gov-mod.com", "https://api.atlassian-us-gov-mod.com"),
    ],
)
def test_a_service_account_gets_its_token_where_atlassian_gives_it(api: str, host: str) -> None:
    assert Access("https://acme.atlassian.net", api=api).token_host == host


def test_without_credentials_nothing_is_asked() -> None:
    with FaultyServer([ME]) as server, asking(server) as service:
        with pytest.raises(AccessError, match="no credentials"):
            service.connect()
        assert server.requests == []


def test_an_oauth_client_is_of_no_use_at_data_center() -> None:
    with (
        FaultyServer([ME]) as server,
        asking(server, client_id="i", client_secret="s", jira_type="data-center") as service,
    ):
        with pytest.raises(AccessError, match="no token for Jira Data Center"):
            service.connect()
        assert server.requests == []


def test_a_service_account_renews_a_token_that_has_expired_once() -> None:
    script = {"/_edge": [CLOUD_ID], "/oauth": [TOKEN], "/ex": [ME, DESK, DENIED, DESK, DENIED, DENIED]}
    secrets: list[str] = []
    with FaultyServer(script) as server:
        client = Client(Patience(), jitter=lambda: 1.0)
        access = Access(server.url, api=server.url, client_id="i", client_secret="s")
        service = Service(Login(client, access, keep_secret=secrets.append))
        service.desk("A")
        service.desk("B")
        with pytest.raises(AccessError):
            service.desk("C")
        with pytest.raises(AccessError):
            service.desk("D")
        client.close()
        asked = [seen.path.split("/")[-1] for seen in server.requests]
        assert asked == ["tenant_info", "token", "myself", "A", "B", "token", "B", "C", "token", "C"]
        assert server.requests[2].headers["authorization"] == "Bearer fresh"
    assert secrets == ["fresh", "fresh", "fresh"]


def test_a_new_token_that_is_refused_at_once_is_not_renewed() -> None:
    script = {"/_edge": [CLOUD_ID], "/oauth": [TOKEN], "/ex": [DENIED]}
    with FaultyServer(script) as server, asking(server, client_id="i", client_secret="s") as service:
        with pytest.raises(AccessError, match="client-id and client-secret"):
            service.connect()
        assert len(server.requests) == 3


@pytest.mark.parametrize("path", ["/rest/api/3/myself", "/rest/servicedeskapi", "/_edge", "/oauth", "/ex"])
def test_no_redirect_is_followed_anywhere(path: str) -> None:
    moved = reply(302, b"", location="https://elsewhere.example/login")
    good: dict[str, list[Step]] = {"/rest/api/3/myself": [DENIED], "/_edge": [CLOUD_ID], "/oauth": [TOKEN], "/ex": [ME]}
    credentials = {"client_id": "i", "client_secret": "s"} if path == "/oauth" else {"user": "a", "token": "t"}
    if path == "/rest/servicedeskapi":
        good = {"/rest/api/3/myself": [ME]}
    with FaultyServer({**good, path: [moved]}) as server, asking(server, jira_type="cloud", **credentials) as service:
        with pytest.raises(Redirected, match=r"points to https://elsewhere\.example, which is not followed"):
            service.desk("OPS")
        assert len([seen for seen in server.requests if seen.path.startswith(path)]) == 1


def test_a_renamed_site_is_said() -> None:
    moved = reply(301, b"", location="https://new.atlassian.net/rest/api/3/myself")
    with FaultyServer([moved]) as server, asking(server, user="a@b", token="t") as service:
        with pytest.raises(Redirected) as caught:
            service.connect()
        assert caught.value.hint == "The site was probably renamed: set site to new.atlassian.net, if that is yours."


ANSWERS: dict[str, tuple[Step, type[Exception]]] = {
    "401": (DENIED, AccessError),
    "403": (reply(403, {"errorMessage": "no"}), AccessError),
    "404": (reply(404, {"errorMessage": "no"}), NotFound),
    "400": (reply(400, {"errorMessage": "no"}), Refused),
    "409": (reply(409, {"errorMessage": "no"}), Refused),
    "410": (reply(410, {"errorMessages": ["gone"]}), Refused),
    "413": (reply(413, b""), Refused),
    "412": (reply(412, {"errorMessage": "experimental"}), Refused),
    "407": (reply(407, b""), NetworkError),
    "429": (reply(429, b"", retry_after="1"), NetworkError),
    "500": (reply(500, b""), NetworkError),
    "503": (reply(503, b""), NetworkError),
    "200 HTML": (reply(200, b"<html>log in</html>", content_type="text/html"), NetworkError),
    "200 empty": (reply(200, b""), NetworkError),
    "200 null": (reply(200, b"null", content_type="application/json"), NetworkError),
    "200 list": (reply(200, []), NetworkError),
    "201 for 200": (reply(201, {"id": "1", "projectId": "1", "projectKey": "OPS"}), NetworkError),
    "204": (reply(204, b""), NetworkError),
    "reset": (reset, NetworkError),
    "cut": (cut(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), NetworkError),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_unwelcome_answer_has_its_own_class(name: str) -> None:
    step, kind = ANSWERS[name]
    with FaultyServer([ME, step]) as server, asking(server, user="a@b", token="t") as service:
        with pytest.raises(NetworkError if kind is NetworkError else kind) as caught:
            service.desk("OPS")
        assert type(caught.value) is kind


@pytest.mark.parametrize("step", [reply(500), reply(503), reply(429), reset, cut(b"HTTP/1.1 201 Created\r\n")])
@pytest.mark.parametrize(
    "act",
    [lambda service: service.comment("7", "x", public=False), lambda service: service.create("1", "25", {})],
    ids=["comment", "create"],
)
def test_what_creates_something_is_sent_once(step: Step, act: Callable[[Service], None]) -> None:
    with FaultyServer([ME, step]) as server, asking(server, user="a@b", token="t") as service:
        with pytest.raises(NetworkError):
            act(service)
        assert len(server.requests) == 2


@pytest.mark.parametrize("step", [reply(500), reply(429), reset, cut(b"HTTP/1.1 200 OK\r\n")])
def test_what_changes_nothing_twice_is_tried_again(step: Step) -> None:
    with FaultyServer([ME, step, step, reply(201, b"")]) as server, asking(server, user="a@b", token="t") as service:
        service.set_mark("7", {"commit": "abc"})
        assert [seen.method for seen in server.requests] == ["GET", "PUT", "PUT", "PUT"]
        assert server.requests[-1].json() == {"commit": "abc"}


@pytest.mark.parametrize("answer", [reply(201, b""), reply(201, b"{}", content_type="application/json")])
def test_a_link_may_be_answered_with_nothing(answer: Step) -> None:
    with FaultyServer([ME, answer]) as server, asking(server, user="a@b", token="t") as service:
        service.link("OPS-7", "WEB-1")
        assert server.requests[1].json() == {
            "type": {"name": "Relates"},
            "inwardIssue": {"key": "OPS-7"},
            "outwardIssue": {"key": "WEB-1"},
        }


def test_an_answer_that_was_cut_in_its_headers_is_not_one_with_nothing() -> None:
    silence = cut(b"HTTP/1.1 201 Created\r\nContent-Ty")
    with (
        FaultyServer([ME, silence]) as server,
        asking(server, user="a@b", token="t") as service,
        pytest.raises(NetworkError, match="cut off"),
    ):
        service.link("OPS-7", "WEB-1")


def test_a_comment_is_internal_when_it_shall_be() -> None:
    with FaultyServer([ME, reply(201, COMMENT)]) as server, asking(server, user="a@b", token="t") as service:
        service.comment("7", "x", public=False)
        assert server.requests[1].json() == {"body": "x", "public": False}
        assert server.requests[1].path == "/rest/servicedeskapi/request/7/comment"


def test_headers_of_the_site_reach_the_site_and_not_the_gateway() -> None:
    script = {"/rest": [DENIED], "/_edge": [CLOUD_ID], "/ex": [ME]}
    with FaultyServer(script) as server:
        client = Client(Patience(), site_headers={"CF-Access": "key"})
        access = Access(server.url, api=server.url, user="a@b", token="t", jira_type="cloud")
        Service(Login(client, access)).connect()
        client.close()
        assert ["cf-access" in seen.headers for seen in server.requests] == [True, True, False]


def test_data_center_is_asked_in_its_own_way() -> None:
    page = reply(200, {"start": 0, "limit": 100, "size": 0, "isLastPage": True, "values": []})
    found = reply(200, {"startAt": 0, "maxResults": 100, "total": 0, "issues": []})
    script = {"/rest/api/2/myself": [ME], "/rest/api/2/search": [found], "/rest/servicedeskapi": [page]}
    with FaultyServer(script) as server, asking(server, token="t", jira_type="data-center") as service:
        service.search("project = OPS")
        service.approvals("7")
        assert paths(server)[1:] == [
            "POST /rest/api/2/search",
            "GET /rest/servicedeskapi/request/7/approval?start=0&limit=100",
        ]
        assert ["x-experimentalapi" in seen.headers for seen in server.requests] == [False, False, True]
        assert server.connections == 1


@pytest.mark.parametrize("body", [{"key": "jira-ci.records"}, ["value"], "value"])
def test_a_property_without_a_value_is_an_answer_of_another_shape(body: Any) -> None:
    with (
        FaultyServer([ME, reply(200, body)]) as server,
        asking(server, user="ana@example.com", token="secret") as service,
    ):
        service.myself()
        with pytest.raises(NetworkError):
            service.property("10001", "jira-ci.records")
