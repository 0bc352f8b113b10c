"""The sandbox as one object: it starts, stops, and remembers what it was asked."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

import pytest

from jira_sandbox.server import Sandbox
from submissions import build

GRANT = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def send(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, data, {**sent, **headers})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if "json" in answer.headers.get("Content-Type", "") else content


def connect(sandbox: Sandbox) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=10))


def report_over(sandbox: Sandbox, connection: http.client.HTTPConnection, *records: dict[str, Any]) -> Any:
    token = send(connection, "POST", "/oauth/token", GRANT)[1]["access_token"]
    path = f"/jira/builds/0.1/cloud/{sandbox.cloud_id}/bulk"
    return send(connection, "POST", path, {"builds": list(records)}, Authorization=f"Bearer {token}")


def test_exchanges_are_recorded_in_full_oldest_first(sandbox: Sandbox) -> None:
    with connect(sandbox) as connection:
        report_over(sandbox, connection, build())
        send(connection, "GET", "/sandbox/issues/WEB-12?x=a%20b")
    grant, submission, look = sandbox.exchanges
    assert grant.json() == GRANT
    assert submission.headers["authorization"] == f"Bearer {grant.answer_json()['access_token']}"
    assert submission.answer_json()["acceptedBuilds"][0]["buildNumber"] == 7
    assert (look.method, look.path, look.query, look.status) == ("GET", "/sandbox/issues/WEB-12", "x=a%20b", 200)
    assert look.answer_headers["Content-Type"] == "application/json"


def test_stopping_does_not_wait_for_open_connections() -> None:
    sandbox = Sandbox()
    sandbox.start()
    with connect(sandbox) as connection:
        send(connection, "GET", "/_edge/tenant_info")
        sandbox.stop()
        with pytest.raises(ConnectionError):
            send(connection, "GET", "/_edge/tenant_info")
    sandbox.stop()


def test_a_sandbox_that_was_never_started_can_be_stopped() -> None:
    Sandbox().stop()


def test_a_port_in_use_is_said_at_once(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(int(sandbox.address.rpartition(":")[2]))
