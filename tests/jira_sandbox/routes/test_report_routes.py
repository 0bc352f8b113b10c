"""Builds and deployments over their APIs: reported, read, deleted, and refused with the right reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bare_site import JSON, BareSite
from jira_sandbox.routing import CLOUD_ID
from pretend import basic
from submissions import build, deployment

BUILDS = f"/jira/builds/0.1/cloud/{CLOUD_ID}"
DEPLOYMENTS = f"/jira/deployments/0.1/cloud/{CLOUD_ID}"
ONE_BUILD = f"{BUILDS}/pipelines/github%3A42%3Aci.yml/builds/7"
ONE_DEPLOYMENT = f"{DEPLOYMENTS}/pipelines/release/environments/prod%2Feu/deployments/7"


def _expired(bare: BareSite) -> str:
    token = bare.bearer()
    bare.now = 900
    return token


def _revoked(bare: BareSite) -> str:
    token = bare.bearer()
    bare.context.credentials.revoke()
    return token


def _narrow(bare: BareSite) -> str:
    bare.context.credentials.scopes = frozenset({"write:deployment-info:jira"})
    return bare.bearer()


def test_a_build_is_reported_read_and_deleted(bare: BareSite) -> None:
    token = bare.bearer()
    assert bare.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, token).status == 202
    assert json.loads(bare.ask("GET", ONE_BUILD, authorization=token).body)["displayName"] == "CI #7"
    assert bare.ask("DELETE", f"{ONE_BUILD}?_updateSequenceNumber=1", authorization=token).status == 202
    assert bare.ask("GET", ONE_BUILD, authorization=token).status == 404


def test_a_deployment_is_reported_read_and_deleted_by_property(bare: BareSite) -> None:
    token = bare.bearer()
    document = {"deployments": [deployment()], "properties": {"repository": "a/b c"}}
    assert bare.ask("POST", f"{DEPLOYMENTS}/bulk", document, token).status == 202
    assert json.loads(bare.ask("GET", ONE_DEPLOYMENT, authorization=token).body)["state"] == "successful"
    assert bare.ask("GET", f"{ONE_DEPLOYMENT}/gating-status", authorization=token).status == 404
    assert bare.ask("DELETE", f"{DEPLOYMENTS}/bulkByProperties?repository=a%2Fb+c", authorization=token).status == 202
    assert bare.ask("GET", ONE_DEPLOYMENT, authorization=token).status == 404


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
def test_an_address_that_breaks_the_rules_is_a_bad_request(bare: BareSite, target: str) -> None:
    answer = bare.ask("DELETE", target, authorization=bare.bearer())
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
    bare: BareSite, body: Any, kind: str, status: int, message: str
) -> None:
    answer = bare.ask("POST", f"{BUILDS}/bulk", body, bare.bearer(), kind)
    assert answer.status == status
    assert message in json.loads(answer.body)[0]["message"]
    assert bare.context.faults == []


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (lambda _: "", 401),
        (lambda _: "Bearer", 401),
        (lambda _: "Bearer made-up", 401),
        (lambda bare: bare.bearer().replace("Bearer", "JWT"), 401),
        (lambda _: basic(), 403),
        (_expired, 401),
        (_revoked, 401),
        (_narrow, 403),
    ],
)
def test_reporting_needs_a_token_of_the_client_that_is_good_for_it(
    bare: BareSite, authorization: Callable[[BareSite], str], status: int
) -> None:
    answer = bare.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, authorization(bare))
    assert answer.status == status
    assert not isinstance(json.loads(answer.body), list)


def test_another_site_s_cloud_id_is_forbidden(bare: BareSite) -> None:
    path = "/jira/builds/0.1/cloud/22222222-2222-4333-8444-555555555555/bulk"
    assert bare.ask("POST", path, {"builds": [build()]}, bare.bearer()).status == 403


@pytest.mark.parametrize(("authorization", "status"), [("Bearer x", 401), ("", 401), (basic(), 403), ("JWT x", 403)])
def test_the_address_for_apps_refuses_everybody(bare: BareSite, authorization: str, status: int) -> None:
    assert bare.ask("POST", "/rest/builds/0.1/bulk", {"builds": [build()]}, authorization).status == status
