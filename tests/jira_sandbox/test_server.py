"""The sandbox as one object: it starts, stops, and remembers what it was asked."""

from __future__ import annotations

import pytest

from bare_site import GRANT
from jira_sandbox.server import Sandbox
from sandbox_socket import connect, report_over, send
from submissions import build


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
