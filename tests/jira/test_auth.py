"""The login: who is asked what before a question, in which order, over how many connections, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import responses

from faulty_server import Connection, FaultyServer, Step, hang, reply
from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.http import Client
from jira_ci.jira import endpoints
from jira_ci.jira.access import Access
from jira_ci.jira.auth import Login, Refusals
from jira_ci.jira.status_errors import Audience
from jira_ci.jira.submit import BUILDS, Submission, bulk, submit
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline
from patience import Patience

AUDIENCES: tuple[Audience, ...] = ("report", "issues", "links", "gate", "gating")
CLOUD = "11223344-a1b2-3b33-c444-def123456789"
TENANT = reply(200, {"cloudId": CLOUD})
TOKEN = reply(200, {"access_token": "tok", "expires_in": 900})
ACCEPTED = reply(202, {"acceptedBuilds": [{"pipelineId": "p", "buildNumber": 7}]})
PATHS: Mapping[str, Sequence[Step]] = {"/_edge": [TENANT], "/oauth": [TOKEN], "/jira": [ACCEPTED]}
RUN = Run(
    CI.GITHUB, "o/r", "1", "https://github.com/o/r", "c" * 40, 7, "https://github.com/o/r/actions/runs/9", run_id="9"
)
RECORD = {
    "pipelineId": "p",
    "buildNumber": 7,
    "associations": [{"associationType": "issueIdOrKeys", "values": ["W-1"]}],
}


class Opened:
    """A gateway, and what it said and kept."""

    def __init__(self, site: str, api: str, cloud: str = "", deadline: Deadline | None = None, **options: Any) -> None:
        self.secrets: list[str] = []
        self.warnings: list[str] = []
        self.client = Client(deadline or Patience(), jitter=lambda: 1.0, **options)
        access = Access(site, api, cloud, client_id="id", client_secret="secret")
        keep, warn = self.secrets.append, self.warnings.append
        self.login = Login(self.client, access, "report", keep_secret=keep, renamed=warn)

    def submit(self) -> Submission:
        return submit(BUILDS, [RECORD], bulk(BUILDS, RUN, {}), self.login.ask)


def refusal_of(call: Callable[[], object]) -> JiraCiError:
    with pytest.raises(JiraCiError) as caught:
        call()
    return caught.value


def test_on_one_host_everything_goes_over_one_connection_in_order() -> None:
    with FaultyServer(PATHS) as server:
        opened = Opened(server.url, server.url)
        opened.login.prepare()
        outcome = opened.submit()
        opened.client.close()
    assert outcome.accepted == [RECORD]
    assert [(seen.method, seen.path) for seen in server.requests] == [
        ("GET", "/_edge/tenant_info"),
        ("POST", "/oauth/token"),
        ("POST", f"/jira/builds/0.1/cloud/{CLOUD}/bulk"),
    ]
    assert server.connections == 1
    assert opened.secrets == ["tok"]
    assert [seen.headers.get("authorization") for seen in server.requests] == [None, None, "Bearer tok"]
    assert server.requests[1].json() == {
        "audience": "api.atlassian.com",
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_secret": "secret",
    }
    assert server.requests[2].json() == {
        "properties": {"repository": "1", "run": "9"},
        "builds": [RECORD],
        "providerMetadata": {"product": "jira-ci"},
    }


def test_on_two_hosts_both_are_asked_side_by_side_and_each_over_one_connection() -> None:
    asked: list[str] = []

    def waits_for_the_token(connection: Connection) -> None:
        # Answers only when the gateway was asked, too: one after the other would never come to an end.
        while not api.requests:
            connection.stop.wait(0.01)
        connection.send(TENANT)

    with FaultyServer(PATHS) as api, FaultyServer([waits_for_the_token]) as site:
        opened = Opened(site.url, api.url, observe=lambda request, _: asked.append(request.asks))
        opened.login.prepare()
        opened.submit()
        opened.client.close()
    assert (site.connections, api.connections) == (1, 1)
    assert [seen.path for seen in api.requests] == ["/oauth/token", f"/jira/builds/0.1/cloud/{CLOUD}/bulk"]
    assert sorted(asked) == ["give an access token", "take 1 build", "tell its cloud id"]


def test_a_given_cloud_id_saves_the_request_to_the_site() -> None:
    with FaultyServer(PATHS) as api:
        opened = Opened("https://unused.invalid", api.url, "my-cloud")
        opened.login.prepare()
        opened.submit()
        opened.client.close()
    assert [seen.path for seen in api.requests] == ["/oauth/token", "/jira/builds/0.1/cloud/my-cloud/bulk"]


def test_what_was_asked_for_once_is_not_asked_for_again() -> None:
    with FaultyServer(PATHS) as server:
        opened = Opened(server.url, server.url)
        assert (opened.login.cloud_id(), opened.login.access_token()) == (CLOUD, "tok")
        opened.login.prepare()
        opened.client.close()
    assert len(server.requests) == 2


def test_extra_headers_go_to_the_site_only() -> None:
    with FaultyServer(PATHS) as api, FaultyServer([TENANT]) as site:
        opened = Opened(site.url, api.url, site_headers={"X-Extra": "1"})
        opened.login.prepare()
        opened.client.close()
    assert [seen.headers.get("x-extra") for seen in (*site.requests, *api.requests)] == ["1", None]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_client_secret_is_said_and_never_offered_again(status: int) -> None:
    answer = reply(status, {"error": "access_denied", "error_description": "Unauthorized"})
    with FaultyServer({"/oauth": [answer]}) as api, FaultyServer([TENANT]) as site:
        error = refusal_of(Opened(site.url, api.url).login.prepare)
    assert isinstance(error, AccessError)
    for words in (f"Asked {api.host} ", "client-id and client-secret", str(status), "Unauthorized"):
        assert words in error.message
    assert len(api.requests) == 1


def test_a_site_that_hangs_while_the_token_is_there_is_left_at_the_deadline() -> None:
    with FaultyServer(PATHS) as api, FaultyServer([hang]) as site:
        error = refusal_of(Opened(site.url, api.url, deadline=Deadline(0.5)).login.prepare)
    assert error.message == f"Asked {site.host} to tell its cloud id: no complete answer came before the deadline."


def test_a_refused_token_ends_the_other_question() -> None:
    told: list[str] = []

    with FaultyServer({"/oauth": [reply(401, {})]}) as api, FaultyServer([hang]) as site:
        opened = Opened(site.url, api.url, observe=lambda request, _: told.append(request.asks))
        with pytest.raises(AccessError):
            opened.login.prepare()  # and does not wait for the site
    assert told == ["give an access token"]


TENANT_FAULTS: dict[str, tuple[bytes, str]] = {
    "html": (reply(200, b"<html>login</html>", content_type="text/html"), "is not one of Jira's"),
    "no id": (reply(200, {"cloud": 1}), "is not one of Jira's"),
    "a list": (reply(200, ["x"]), "is not one of Jira's"),
    "a number": (reply(200, {"cloudId": 12}), "is not one of Jira's"),
    "a path": (reply(200, {"cloudId": "../../x"}), "is not one of Jira's"),
    "204": (reply(204), "204 No Content"),
    "404": (reply(404, b"gone"), "No Jira Cloud site answers there: check site"),
    "403": (reply(403, b"<html>"), "an IP allow-list guards"),
    "elsewhere": (reply(302, location="https://acme.cloudflareaccess.com/login"), "check site and headers"),
    "plain": (reply(302, location="http://127.0.0.1/"), "points to http://127.0.0.1, which is not followed"),
    "nowhere": (reply(302), "points to an address on the same host"),
    "bad address": (reply(302, location="https://[::1"), "points to an address on the same host"),
    "evil": (reply(302, location="https://x.atlassian.net.evil.example/"), "check site and headers"),
}


@pytest.mark.parametrize(("answer", "says"), TENANT_FAULTS.values(), ids=TENANT_FAULTS.keys())
def test_a_site_that_does_not_tell_its_cloud_id_is_said(answer: bytes, says: str) -> None:
    with FaultyServer([answer]) as site:
        error = refusal_of(Opened(site.url, "https://unused.invalid").login.cloud_id)
    assert says in str(error)
    assert f"Asked {site.host} to tell its cloud id" in error.message
    assert len(site.requests) == 1


TOKEN_FAULTS = {
    "html": reply(200, b"<html>"),
    "null": reply(200, None),
    "no token": reply(200, {"access_token": None}),
    "a list": reply(200, {"access_token": ["x"]}),
    "a line break": reply(200, {"access_token": "a\r\nX-Evil: 1"}),
    "a blank": reply(200, {"access_token": ""}),
    "201": reply(201, {"access_token": "tok"}),
    "redirect": reply(307, location="https://other.example/oauth/token"),
    "404": reply(404, b"x"),
}


@pytest.mark.parametrize("answer", TOKEN_FAULTS.values(), ids=TOKEN_FAULTS.keys())
def test_a_gateway_that_gives_no_token_is_said(answer: bytes) -> None:
    with FaultyServer([answer]) as api:
        error = refusal_of(Opened("", api.url, "c").login.prepare)
    assert isinstance(error, NetworkError)
    assert f"Asked {api.host} to give an access token" in error.message
    assert len(api.requests) == 1


@responses.activate
def test_a_renamed_site_is_asked_once_more_without_the_extra_headers_and_said() -> None:
    responses.get(
        "https://old.atlassian.net/_edge/tenant_info", status=302, headers={"Location": "https://New.atlassian.net/x"}
    )
    responses.get("https://new.atlassian.net/_edge/tenant_info", body=b'{"cloudId": "abc"}')
    opened = Opened("https://old.atlassian.net", "https://unused.invalid", site_headers={"X-Extra": "1"})
    assert opened.login.cloud_id() == "abc"
    assert opened.warnings == ["old.atlassian.net is called new.atlassian.net now. Change the setting site."]
    assert [call.request.headers.get("X-Extra") for call in responses.calls] == ["1", None]


@responses.activate
def test_a_site_renamed_twice_is_said() -> None:
    for old, new in (("a", "b"), ("b", "c")):
        responses.get(
            f"https://{old}.atlassian.net/_edge/tenant_info",
            status=302,
            headers={"Location": f"https://{new}.atlassian.net/"},
        )
    with pytest.raises(NetworkError, match=r"set site to c\.atlassian\.net"):
        Opened("https://a.atlassian.net", "https://unused.invalid").login.cloud_id()


def login(server: FaultyServer, audience: Audience, refusals: Refusals, **credentials: Any) -> Login:
    access = Access(server.url, server.url, **credentials)
    return Login(Client(Patience(), jitter=lambda: 1.0), access, audience, refusals=refusals)


DENIED = reply(401, b"Unauthorized")


def test_a_personal_token_that_looked_issues_up_in_vain_is_not_offered_for_links_or_the_gate() -> None:
    refusals: Refusals = {}
    person: dict[str, Any] = {"token": "wrong", "jira_type": "data-center"}
    hints = []
    with FaultyServer([DENIED]) as server:
        for audience in AUDIENCES:
            with pytest.raises(
                AccessError, match="say who is asking with a personal access token: it answered 401"
            ) as no:
                login(server, audience, refusals, **person).send(endpoints.myself())
            hints.append(no.value.hint)
    assert len(server.requests) == 1
    assert "make a new personal access token" in hints[AUDIENCES.index("links")]


def test_a_token_with_scopes_that_the_site_refused_goes_to_the_gateway_at_once_the_second_time() -> None:
    refusals: Refusals = {}
    person: dict[str, Any] = {"user": "ana@example.com", "token": "scoped", "jira_type": "cloud", "cloud": "11"}
    with FaultyServer({"/rest": [DENIED], "/ex": [reply(200, {})]}) as server:
        for audience in AUDIENCES:
            assert login(server, audience, refusals, **person).send(endpoints.myself())[1].status == 200
    assert [one.path.partition("/rest")[0] for one in server.requests] == ["", *["/ex/jira/11"] * len(AUDIENCES)]


def test_a_client_that_was_refused_gets_no_second_try_from_whoever_asks() -> None:
    refusals: Refusals = {}
    client: dict[str, Any] = {"client_id": "id", "client_secret": "wrong", "cloud": "11"}
    with FaultyServer({"/oauth": [DENIED]}) as server:
        for audience in AUDIENCES:
            with pytest.raises(AccessError, match="for client-id and client-secret: it answered 401"):
                login(server, audience, refusals, **client).prepare()
    assert len(server.requests) == 1


def test_another_secret_is_offered_even_so() -> None:
    refusals: Refusals = {}
    with FaultyServer([DENIED, reply(200, {})]) as server:
        with pytest.raises(AccessError):
            login(server, "links", refusals, token="old", jira_type="data-center").send(endpoints.myself())
        login(server, "links", refusals, token="new", jira_type="data-center").send(endpoints.myself())
    assert len(server.requests) == 2


@pytest.mark.parametrize("audience", ["report", "issues", "links"])
def test_who_only_reports_is_told_nothing_about_service_desks_when_a_proxy_guards_the_site(audience: Audience) -> None:
    page = reply(403, b"<html>no</html>", content_type="text/html")
    with FaultyServer([page]) as server, pytest.raises(AccessError, match="say what it is: it answered 403") as caught:
        login(server, audience, {}, user="ana", token="t").edition()
    assert "service desk" not in str(caught.value)
    assert "a login page or an IP allow-list guards the host" in caught.value.hint
