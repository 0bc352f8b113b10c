"""The routes, without a socket: who may ask what, and what each refusal looks like."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

import contract
from jira_sandbox.accounts import Credentials
from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Answer, Exchange, Record, Request
from jira_sandbox.routing import CLOUD_ID, Context
from submissions import build, deployment

BUILDS = f"/jira/builds/0.1/cloud/{CLOUD_ID}"
DEPLOYMENTS = f"/jira/deployments/0.1/cloud/{CLOUD_ID}"
ONE_BUILD = f"{BUILDS}/pipelines/github%3A42%3Aci.yml/builds/7"
ONE_DEPLOYMENT = f"{DEPLOYMENTS}/pipelines/release/environments/prod%2Feu/deployments/7"
GRANT = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
JSON = "application/json"


class Site:
    """An Api with a way to ask it in one line; whatever it answers is held against the contract."""

    def __init__(self, **options: Any) -> None:
        self.now = 0.0
        credentials = Credentials(clock=lambda: self.now, lifetime=900)
        self.context = Context(credentials=credentials, **options)
        self.api = Api(self.context)

    def ask(self, method: str, target: str, body: Any = None, authorization: str = "", kind: str = JSON) -> Answer:
        path, _, query = target.partition("?")
        headers = {"authorization": authorization} if authorization else {}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if kind and data:
            headers["content-type"] = kind
        request = Request(method, path, query, headers, data)
        answer = self.api.answer(request)
        refusals = self.context.site.refused.values()
        exchange = Exchange.of(request, answer, scripted=False)
        assert contract.verify([exchange], bad_requests=True, refusals=refusals) == []
        return answer

    def bearer(self) -> str:
        return f"Bearer {json.loads(self.ask('POST', '/oauth/token', GRANT).body)['access_token']}"


def basic(credential: str = "release@example.com:sandbox-api-token") -> str:
    return "Basic " + base64.b64encode(credential.encode()).decode()


SCOPED = basic("release@example.com:sandbox-scoped-token")


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "application/x-www-form-urlencoded"])
def test_client_credentials_are_taken_as_json_and_as_a_form(site: Site, kind: str) -> None:
    form = "&".join(f"{name}={quote(value)}" for name, value in GRANT.items()).encode()
    answer = site.ask("POST", "/oauth/token", form if "form" in kind else GRANT, kind=kind)
    token = json.loads(answer.body)
    assert (answer.status, token["token_type"], token["expires_in"]) == (200, "Bearer", 900)
    assert "write:deployment-info:jira" in token["scope"].split()


@pytest.mark.parametrize(
    ("changes", "kind", "status", "error"),
    [
        ({"client_secret": "wrong"}, JSON, 401, "access_denied"),
        ({"client_id": "wrong"}, JSON, 401, "access_denied"),
        ({"client_secret": ""}, JSON, 401, "access_denied"),
        ({"grant_type": ""}, JSON, 400, "invalid_request"),
        ({"grant_type": "password"}, JSON, 400, "unsupported_grant_type"),
        ({"audience": "example.com"}, JSON, 403, "access_denied"),
        ({"client_id": 5}, JSON, 400, "invalid_request"),
        ({}, "text/plain", 415, "invalid_request"),
        ({}, "application/x-www-form-urlencoded", 400, "invalid_request"),
    ],
)
def test_a_token_is_refused_with_its_reason(
    site: Site, changes: dict[str, Any], kind: str, status: int, error: str
) -> None:
    answer = site.ask("POST", "/oauth/token", {**GRANT, **changes}, kind=kind)
    assert (answer.status, json.loads(answer.body)["error"]) == (status, error)


def test_anybody_may_ask_for_the_cloud_id(site: Site) -> None:
    assert json.loads(site.ask("GET", "/_edge/tenant_info").body) == {"cloudId": CLOUD_ID}


def test_a_build_is_reported_read_and_deleted(site: Site) -> None:
    token = site.bearer()
    assert site.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, token).status == 202
    assert json.loads(site.ask("GET", ONE_BUILD, authorization=token).body)["displayName"] == "CI #7"
    assert site.ask("DELETE", f"{ONE_BUILD}?_updateSequenceNumber=1", authorization=token).status == 202
    assert site.ask("GET", ONE_BUILD, authorization=token).status == 404


def test_a_deployment_is_reported_read_and_deleted_by_property(site: Site) -> None:
    token = site.bearer()
    document = {"deployments": [deployment()], "properties": {"repository": "a/b c"}}
    assert site.ask("POST", f"{DEPLOYMENTS}/bulk", document, token).status == 202
    assert json.loads(site.ask("GET", ONE_DEPLOYMENT, authorization=token).body)["state"] == "successful"
    assert site.ask("GET", f"{ONE_DEPLOYMENT}/gating-status", authorization=token).status == 404
    assert site.ask("DELETE", f"{DEPLOYMENTS}/bulkByProperties?repository=a%2Fb+c", authorization=token).status == 202
    assert site.ask("GET", ONE_DEPLOYMENT, authorization=token).status == 404


@pytest.mark.parametrize(
    "target",
    [
        f"{BUILDS}/bulkByProperties",
        f"{BUILDS}/bulkByProperties?_updateSequenceNumber=5",
        f"{BUILDS}/bulkByProperties?_private=5",
        f"{BUILDS}/bulkByProperties?a%3Ab=5",
        f"{BUILDS}/bulkByProperties?a=b&_updateSequenceNumber=x",
        f"{BUILDS}/pipelines/p/builds/seven",
        f"{BUILDS}/pipelines/p/builds/{2**63}",
        f"{BUILDS}/pipelines/{'p' * 256}/builds/7",
        f"{DEPLOYMENTS}/pipelines/p/environments/e/deployments/1.5",
    ],
)
def test_an_address_that_breaks_the_rules_is_a_bad_request(site: Site, target: str) -> None:
    answer = site.ask("DELETE", target, authorization=site.bearer())
    assert answer.status == 400
    assert json.loads(answer.body)[0]["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "message"),
    [
        (b"", JSON, 415, "Unsupported content type: none"),
        (b"{}", "text/plain", 415, "Unsupported content type: text/plain"),
        (b"{}", "", 415, "Unsupported content type: none"),
        (b"{", JSON, 400, "Unable to parse"),
        (b'{"builds": [NaN]}', JSON, 400, "Unable to parse"),
        (b'{"builds": [' + b"9" * 5000 + b"]}", JSON, 400, ""),
        (b"[" * 100_000, JSON, 400, ""),
        (b'{"builds": ["\xff"]}', JSON, 400, "Invalid UTF-8"),
        ({"builds": []}, JSON, 400, "At least one 'builds' is required"),
        ({"builds": [build(label="\U0001f680")]}, JSON, 400, "Invalid binary character '#xD83D'"),
    ],
)
def test_a_submission_that_is_none_is_an_array_of_messages(
    site: Site, body: Any, kind: str, status: int, message: str
) -> None:
    answer = site.ask("POST", f"{BUILDS}/bulk", body, site.bearer(), kind)
    assert answer.status == status
    assert message in json.loads(answer.body)[0]["message"]
    assert site.context.faults == []


def _expired(site: Site) -> str:
    token = site.bearer()
    site.now = 900
    return token


def _revoked(site: Site) -> str:
    token = site.bearer()
    site.context.credentials.revoke()
    return token


def _narrow(site: Site) -> str:
    site.context.credentials.scopes = frozenset({"write:deployment-info:jira"})
    return site.bearer()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (lambda _: "", 401),
        (lambda _: "Bearer", 401),
        (lambda _: "Bearer made-up", 401),
        (lambda site: site.bearer().replace("Bearer", "JWT"), 401),
        (lambda _: basic(), 403),
        (_expired, 401),
        (_revoked, 401),
        (_narrow, 403),
    ],
)
def test_reporting_needs_a_token_of_the_client_that_is_good_for_it(
    site: Site, authorization: Callable[[Site], str], status: int
) -> None:
    answer = site.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, authorization(site))
    assert answer.status == status
    assert not isinstance(json.loads(answer.body), list)


def test_a_token_is_good_until_the_moment_it_expires(site: Site) -> None:
    token = site.bearer()
    site.now = 899.9
    assert site.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, token).status == 202


def test_another_site_s_cloud_id_is_forbidden(site: Site) -> None:
    path = "/jira/builds/0.1/cloud/22222222-2222-4333-8444-555555555555/bulk"
    assert site.ask("POST", path, {"builds": [build()]}, site.bearer()).status == 403


@pytest.mark.parametrize(("authorization", "status"), [("Bearer x", 401), ("", 401), (basic(), 403), ("JWT x", 403)])
def test_the_address_for_apps_refuses_everybody(site: Site, authorization: str, status: int) -> None:
    assert site.ask("POST", "/rest/builds/0.1/bulk", {"builds": [build()]}, authorization).status == status


ME = "/rest/api/3/myself"
GATEWAY = f"/ex/jira/{CLOUD_ID}"


@pytest.mark.parametrize(
    ("target", "authorization", "status"),
    [
        (ME, basic(), 200),
        (ME, "", 401),
        (ME, basic("release@example.com:wrong"), 401),
        (ME, basic("other@example.com:sandbox-api-token"), 401),
        (ME, "Basic %%%", 401),
        (ME, "Basic " + base64.b64encode(b"\xff").decode(), 401),
        (ME, SCOPED, 401),
        (GATEWAY + ME, SCOPED, 200),
        (GATEWAY + ME, basic(), 401),
        (GATEWAY + ME, "", 401),
        ("/ex/jira/other" + ME, SCOPED, 404),
        (GATEWAY, SCOPED, 404),
        (GATEWAY + "/sandbox/exchanges", SCOPED, 404),
        ("/rest/api/3/serverInfo", "", 200),
        ("/rest/api/3/serverInfo", SCOPED, 401),
        (GATEWAY + "/rest/api/3/serverInfo", "", 401),
        ("/rest/api/3/issue/web-12?fields=summary", basic(), 200),
        ("/rest/api/3/issue/WEB-1000", basic(), 404),
        ("/rest/api/3/issue/WEB-12", "", 404),
        (GATEWAY + "/rest/api/3/issue/WEB-12", SCOPED, 200),
        ("/rest/api/3/nothing", basic(), 404),
        ("/", "", 404),
        ("", "", 404),
    ],
)
def test_each_credential_has_its_address(site: Site, target: str, authorization: str, status: int) -> None:
    assert site.ask("GET", target, authorization=authorization).status == status


def test_a_client_s_token_has_no_scope_of_the_platform(site: Site) -> None:
    answer = site.ask("GET", GATEWAY + ME, authorization=site.bearer())
    assert (answer.status, b"scope does not match" in answer.body) == (401, True)
    assert site.ask("GET", ME, authorization=site.bearer()).status == 401


def test_issues_are_looked_up_together_in_the_order_of_their_ids(site: Site) -> None:
    wanted = {"issueIdsOrKeys": ["OPS-3", "UTF-8", "web-12", "WEB-12", "WEB-2"], "fields": ["summary"]}
    document = json.loads(site.ask("POST", "/rest/api/3/issue/bulkfetch", wanted, basic()).body)
    assert [issue["key"] for issue in document["issues"]] == ["WEB-2", "WEB-12", "OPS-3"]
    assert document["issues"][1]["fields"] == {"summary": "Pay by card"}


def test_who_is_not_logged_in_sees_no_issues(site: Site) -> None:
    document = json.loads(site.ask("POST", "/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": ["WEB-1"]}).body)
    assert document["issues"] == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ({"issueIdsOrKeys": []}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"] * 101}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"], "jql": "x"}, JSON, 400),
        ({"issueIdsOrKeys": [5]}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"], "fieldsByKeys": "yes"}, JSON, 400),
        ({"issueIdsOrKeys": ["WEB-1"], "properties": list("abcdef")}, JSON, 400),
        ({"fields": ["summary"]}, JSON, 400),
        ([], JSON, 400),
        (b"{", JSON, 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_a_look_up_that_breaks_the_rules_is_refused(site: Site, body: Any, kind: str, status: int) -> None:
    assert site.ask("POST", "/rest/api/3/issue/bulkfetch", body, basic(), kind).status == status


def test_a_wrong_method_is_told_the_right_ones(site: Site) -> None:
    answer = site.ask("PUT", ONE_BUILD, {}, site.bearer())
    assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET")


def test_a_person_sees_what_was_reported_on_an_issue(site: Site) -> None:
    token = site.bearer()
    site.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, token)
    site.ask("POST", f"{DEPLOYMENTS}/bulk", {"deployments": [deployment()]}, token)
    seen = json.loads(site.ask("GET", "/sandbox/issues/WEB-12").body)
    assert (seen["key"], seen["title"]) == ("WEB-12", "Pay by card")
    assert [record["displayName"] for record in seen["builds"]] == ["CI #7"]
    assert [record["environment"]["displayName"] for record in seen["deployments"]] == ["Prod EU"]
    assert site.ask("GET", "/sandbox/issues/UTF-8").status == 404


def test_exchanges_are_shown_without_secrets(site: Site) -> None:
    secret = site.context.credentials.client_secret
    grant = json.dumps({**GRANT, "client_id": "mine"}).encode()
    token = site.bearer()
    for headers, body in [
        ({"authorization": token, "x-cf-access": "cloudflare", "host": "h"}, b""),
        ({}, grant),
        ({}, b"client_secret=some%2Dbody%27s&grant_type=x"),
        ({}, b'{"client_secret" : "my \\" own", "a": 1}'),
        ({"authorization": basic()}, token.encode()),
    ]:
        request = Request("POST", "/oauth/token", f"a={token[7:]}", headers, body)
        site.context.record.add(Exchange.of(request, Answer(200, token.encode()), scripted=False))
    shown = site.ask("GET", "/sandbox/exchanges").body.decode()
    for hidden in (secret, token[7:], "cloudflare", basic()[6:], "body%27s", "own"):
        assert hidden not in shown
    first = json.loads(shown)["exchanges"][0]
    assert first["headers"] == {"authorization": "Bearer ***", "x-cf-access": "***", "host": "h"}
    assert (first["method"], first["path"], first["status"]) == ("POST", "/oauth/token", 200)


def test_a_failure_of_the_sandbox_itself_is_a_500_and_remembered(site: Site) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    site.context.site.changed = broken
    assert site.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, site.bearer()).status == 500
    assert "ZeroDivisionError" in site.context.faults[0]


def test_of_many_and_of_large_exchanges_the_newest_are_kept() -> None:
    record = Record()
    for number in range(10_002):
        record.add(Exchange.of(Request("GET", f"/{number}"), Answer(204), scripted=False))
    assert [record.numbered()[0][0], record.numbered()[-1][0], len(record.all())] == [3, 10_002, 10_000]
    large = bytes(200 * 2**20)
    for path in ("/large", "/larger"):
        record.add(Exchange.of(Request("POST", path, body=large), Answer(413), scripted=False))
    assert [one.path for one in record.all()] == ["/larger"]
    assert record.count == 10_004
