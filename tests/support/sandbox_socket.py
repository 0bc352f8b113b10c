"""The sandbox over a real socket: connections that stay, and what is sent over them."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

from bare_site import GRANT
from jira_sandbox.server import Sandbox
from pretend import basic

REQUEST = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "Deploy shop 1.2.3"}}


def connect(sandbox: Sandbox) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=20))


def send(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Status and content, which is read where it is JSON."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, data, {**sent, **headers})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if "json" in answer.headers.get("Content-Type", "") else content


def report_over(sandbox: Sandbox, connection: http.client.HTTPConnection, *records: dict[str, Any]) -> Any:
    """Sends builds with a token of the reporting client."""
    token = send(connection, "POST", "/oauth/token", GRANT)[1]["access_token"]
    path = f"/jira/builds/0.1/cloud/{sandbox.cloud_id}/bulk"
    return send(connection, "POST", path, {"builds": list(records)}, Authorization=f"Bearer {token}")


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None) -> tuple[Any, http.client.HTTPMessage]:
    """Content and headers of one answer to the release engineer."""
    headers = {"Authorization": basic(), **({"Content-Type": "application/json"} if body is not None else {})}
    with connect(sandbox) as connection:
        connection.request(method, path, json.dumps(body).encode() if body is not None else None, headers)
        answer = connection.getresponse()
        return json.loads(answer.read() or b"null"), answer.headers
