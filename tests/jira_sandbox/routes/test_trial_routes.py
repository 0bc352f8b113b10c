"""The sandbox's own API: steps of a trial, and what it tells of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bare_site import GRANT, BareSite
from jira_sandbox.http_types import Answer, Exchange, Request
from jira_sandbox.routing import CLOUD_ID
from pretend import HOST, Pretend, basic
from submissions import build, deployment

BUILDS = f"/jira/builds/0.1/cloud/{CLOUD_ID}"
DEPLOYMENTS = f"/jira/deployments/0.1/cloud/{CLOUD_ID}"
CHANGES = "/sandbox/changes"


def status(site: Pretend, key: str) -> str:
    return str(site.issue(key)["fields"]["status"]["name"])


def test_a_person_sees_what_was_reported_on_an_issue(bare: BareSite) -> None:
    token = bare.bearer()
    bare.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, token)
    bare.ask("POST", f"{DEPLOYMENTS}/bulk", {"deployments": [deployment()]}, token)
    seen = json.loads(bare.ask("GET", "/sandbox/issues/WEB-12").body)
    assert (seen["key"], seen["title"]) == ("WEB-12", "Pay by card")
    assert [record["displayName"] for record in seen["builds"]] == ["CI #7"]
    assert [record["environment"]["displayName"] for record in seen["deployments"]] == ["Prod EU"]
    assert bare.ask("GET", "/sandbox/issues/UTF-8").status == 404


def test_exchanges_are_shown_without_secrets(bare: BareSite) -> None:
    secret = bare.context.credentials.client_secret
    grant = json.dumps({**GRANT, "client_id": "mine"}).encode()
    token = bare.bearer()
    for headers, body in [
        ({"authorization": token, "x-cf-access": "cloudflare", "host": "h"}, b""),
        ({}, grant),
        ({}, b"client_secret=some%2Dbody%27s&grant_type=x"),
        ({}, b'{"client_secret" : "my \\" own", "a": 1}'),
        ({"authorization": basic()}, token.encode()),
    ]:
        request = Request("POST", "/oauth/token", f"a={token[7:]}", headers, body)
        bare.context.record.add(Exchange.of(request, Answer(200, token.encode()), scripted=False))
    shown = bare.ask("GET", "/sandbox/exchanges").body.decode()
    for hidden in (secret, token[7:], "cloudflare", basic()[6:], "body%27s", "own"):
        assert hidden not in shown
    first = json.loads(shown)["exchanges"][0]
    assert first["headers"] == {"authorization": "Bearer ***", "x-cf-access": "***", "host": "h"}
    assert (first["method"], first["path"], first["status"]) == ("POST", "/oauth/token", 200)


def test_a_trial_is_scripted_over_http(site: Pretend) -> None:
    body = {
        "summary": "Deploy",
        "status": "Authorize",
        "fields": {"Change type": "Normal"},
        "request-type": "Emergency change",
    }
    made = site.post(CHANGES, body, authorization="")
    assert (site.last.status, made["key"], made["status"]["name"]) == (201, "OPS-1000", "Authorize")
    path = f"{CHANGES}/{made['key']}"
    assert site.post(f"{path}/approve", {"by": "ana", "after-polls": 1})["steps-waiting"] == [1]
    site.issue("OPS-1000")
    told = site.post(f"{path}/window", {"start": "2026-03-01T10:00:00Z", "end": None})
    assert told["fields"]["Planned start"] == "2026-03-01T10:00:00.000+0000"
    assert told["approvals"][0]["approvers"] == {"Ana Souza": "approved"}
    assert site.post(f"{path}/transition", {"status": "implementing"})["status"]["category"] == "indeterminate"
    assert site.post(f"{path}/transition", {"status": "Authorize", "by": "cleo"})["history"][-1]["by"] == "Cleo Martin"
    assert site.post(f"{path}/decline", {})["approvals"][-1]["decision"] == "declined"
    assert [one["key"] for one in site.get(CHANGES)["changes"]] == ["OPS-1000"]
    assert site.get(f"{path}")["summary"] == "Deploy"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("OPS-5000/approve", {}, 404),
        ("OPS-1000/approve", {}, 400),
        ("OPS-1000/transition", {}, 400),
        ("OPS-1000/transition", {"status": "Nowhere"}, 400),
        ("OPS-1000/transition", {"status": "Planning", "colour": "red"}, 400),
        ("OPS-1000/transition", {"status": "Planning", "after-polls": "2"}, 400),
        ("OPS-1000/transition", {"status": "Planning", "after-polls": -1}, 400),
        ("OPS-1000/transition", {"status": "Planning", "after-polls": True}, 400),
        ("OPS-1000/window", {"start": "2026-03-01"}, 400),
        ("OPS-1000/window", {"start": 5}, 400),
        ("OPS-1000/window", b"{", 400),
    ],
)
def test_a_step_over_http_that_cannot_be_meant_is_refused_in_one_sentence(
    site: Pretend, path: str, body: Any, code: int
) -> None:
    site.desk.create("Deploy")
    assert site.post(f"{CHANGES}/{path}", body)["error"]
    assert site.last.status == code
    assert status(site, "OPS-1000") == "Review"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"host": "localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"host": ""}, 403),
        ({"host": "sandbox.example.com"}, 403),
        ({"host": "127.0.0.1.example.com"}, 403),
        ({"host": "example.com@127.0.0.1"}, 403),
        ({"origin": "https://example.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9090"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "text/plain"}, 400),
        ({"content_type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_no_page_of_another_site_takes_steps(site: Pretend, headers: dict[str, str], code: int) -> None:
    site.desk.create("Deploy")
    site.post(f"{CHANGES}/OPS-1000/transition", {"status": "Planning"}, **headers)
    assert site.last.status == code
    assert (status(site, "OPS-1000") == "Planning") is (code == 200)


def test_jira_s_own_paths_know_nothing_of_trials(site: Pretend) -> None:
    gateway = "/ex/jira/11111111-2222-4333-8444-555555555555"
    assert site.refused("GET", f"{gateway}{CHANGES}")[0] == 404
    assert site.get(CHANGES) == {"changes": []}
