"""A sandbox's APIs without a socket, asked with any credential; every answer is held against the contract."""

from __future__ import annotations

import json
from typing import Any

import contract
from jira_sandbox.accounts import Credentials
from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Answer, Exchange, Request
from jira_sandbox.routing import Context
from pretend import basic

GRANT = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
JSON = "application/json"
SCOPED = basic("release@example.com:sandbox-scoped-token")


class BareSite:
    """One site, with a way to ask it in one line; whatever it answers is held against the contract."""

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
