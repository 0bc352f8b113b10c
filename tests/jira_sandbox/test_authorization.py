"""Which credential is good for what, and which pages may ask."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from typing import Any
from urllib.parse import quote

import pytest

from bare_site import GRANT, JSON, SCOPED, BareSite
from jira_sandbox.routing import CLOUD_ID
from jira_sandbox.server import Sandbox
from pretend import Pretend, basic

ME = "/rest/api/3/myself"
GATEWAY = f"/ex/jira/{CLOUD_ID}"


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


SITE_GATEWAY = "/ex/jira/11111111-2222-4333-8444-555555555555"
SERVICE = {"grant_type": "client_credentials", "client_id": "sandbox-service"}


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "application/x-www-form-urlencoded"])
def test_client_credentials_are_taken_as_json_and_as_a_form(bare: BareSite, kind: str) -> None:
    form = "&".join(f"{name}={quote(value)}" for name, value in GRANT.items()).encode()
    answer = bare.ask("POST", "/oauth/token", form if "form" in kind else GRANT, kind=kind)
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
    bare: BareSite, changes: dict[str, Any], kind: str, status: int, error: str
) -> None:
    answer = bare.ask("POST", "/oauth/token", {**GRANT, **changes}, kind=kind)
    assert (answer.status, json.loads(answer.body)["error"]) == (status, error)


def test_anybody_may_ask_for_the_cloud_id(bare: BareSite) -> None:
    assert json.loads(bare.ask("GET", "/_edge/tenant_info").body) == {"cloudId": CLOUD_ID}


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
def test_each_credential_has_its_address(bare: BareSite, target: str, authorization: str, status: int) -> None:
    assert bare.ask("GET", target, authorization=authorization).status == status


def test_a_client_s_token_has_no_scope_of_the_platform(bare: BareSite) -> None:
    answer = bare.ask("GET", GATEWAY + ME, authorization=bare.bearer())
    assert (answer.status, b"scope does not match" in answer.body) == (401, True)
    assert bare.ask("GET", ME, authorization=bare.bearer()).status == 401


def test_a_service_account_is_let_in_at_the_gateway_only(site: Pretend, key: str) -> None:
    body = {**SERVICE, "client_secret": "sandbox-service-secret"}
    token = site.post("/oauth/token", body, authorization="")
    assert "read:servicedesk-request" in token["scope"]
    site.authorization = f"Bearer {token['access_token']}"
    assert site.get(f"{SITE_GATEWAY}/rest/api/3/myself")["accountType"] == "app"
    assert site.get(f"{SITE_GATEWAY}/rest/servicedeskapi/request/{key}")["issueKey"] == key
    assert site.refused("GET", f"/rest/servicedeskapi/request/{key}")[0] == 401
    builds = "/jira/builds/0.1/cloud/11111111-2222-4333-8444-555555555555/pipelines/p/builds/7"
    assert site.refused("GET", builds)[0] == 403


def test_the_client_of_the_reports_is_refused_at_the_desk(site: Pretend, key: str) -> None:
    body = {**SERVICE, "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    site.authorization = f"Bearer {site.post('/oauth/token', body, authorization='')['access_token']}"
    assert site.refused("GET", f"{SITE_GATEWAY}/rest/servicedeskapi/request/{key}")[0] == 401
    assert site.refused("GET", f"/rest/servicedeskapi/request/{key}")[0] == 401


def test_a_scoped_token_works_at_the_gateway(site: Pretend, key: str) -> None:
    site.authorization = basic("release@example.com:sandbox-scoped-token")
    assert site.get(f"{SITE_GATEWAY}/rest/servicedeskapi/request/{key}")["issueKey"] == key
    assert site.get(f"{SITE_GATEWAY}/rest/api/3/myself")["emailAddress"] == "release@example.com"
    assert site.refused("GET", f"/rest/servicedeskapi/request/{key}")[0] == 401


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}],
)
@pytest.mark.bad_requests("a comment without whether it is public")
def test_no_page_of_another_site_uses_the_apis_though_it_knows_the_credentials(
    headers: dict[str, str], sandbox: Sandbox
) -> None:
    key = sandbox.desk.create("Deploy").key
    given = {
        "Authorization": "Basic cmVsZWFzZUBleGFtcGxlLmNvbTpzYW5kYm94LWFwaS10b2tlbg==",
        "Content-Type": "application/json",
    }
    comment = f"/rest/servicedeskapi/request/{key}/comment"
    connection = http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):

        def ask(method: str, path: str, **more: str) -> int:
            named = {name.replace("_", "-"): value for name, value in more.items()}
            connection.request(method, path, b'{"body": "x"}' if method == "POST" else None, {**given, **named})
            answer = connection.getresponse()
            answer.read()
            return answer.status

        assert ask("POST", comment, **headers) == 403
        reading = 403 if "host" in headers else 200
        assert ask("GET", comment, **headers) == reading
        assert ask("GET", "/sandbox/exchanges", **headers) == reading
        assert ask("POST", comment) == 201
