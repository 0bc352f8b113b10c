"""What a person or a demo asks the sandbox about itself, outside of Jira's own paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jira_sandbox.context import Context
from jira_sandbox.exchange import Answer, Exchange, Request, json_answer
from jira_sandbox.routing import Route

_MASK = "***"
# Any other header may be a secret: people add their own to get through a proxy.
_HARMLESS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}


def _issue(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """What people would see on an issue."""
    del request
    seen = context.site.issue(captured["key"])
    issue = context.site.find(seen.id) if seen else None
    if issue is None:
        return json_answer(404, {"error": f"There is no issue {captured['key']}."})
    return json_answer(200, {"key": issue.key, "title": issue.title, **context.site.on_issue(issue)})


def _exchanges(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    """What was asked and answered so far, oldest first."""
    del request, captured
    secrets = context.credentials.secrets()
    return json_answer(200, {"exchanges": [shown(one, secrets) for one in context.record.all()]})


def shown(exchange: Exchange, secrets: list[str]) -> dict[str, Any]:
    """An exchange as plain values, without these secrets and without any header that may be one."""
    return {
        "method": exchange.method,
        "path": exchange.path,
        "query": masked(exchange.query, secrets),
        "headers": _headers(exchange.headers),
        "body": masked(_text(exchange.body), secrets),
        "status": exchange.status,
        "answer": masked(_text(exchange.answer_body), secrets),
    }


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    shown = {name: value if name in _HARMLESS else _MASK for name, value in headers.items()}
    scheme, space, _ = headers.get("authorization", "").partition(" ")
    if space:
        shown["authorization"] = f"{scheme} {_MASK}"
    return shown


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def masked(text: str, secrets: list[str]) -> str:
    """The text without these secrets, and without what is called a client secret."""
    for secret in secrets:
        for form in (secret, quote(secret, safe="")):
            text = text.replace(form, _MASK)
    # A wrong secret is somebody's right one elsewhere.
    return re.sub(r'("?client_secret"?\s*[:=]\s*"?)(?:[^"&\\]|\\.)*', rf"\g<1>{_MASK}", text)


ROUTES = (
    Route("GET", "/sandbox/issues/{key}", _issue),
    Route("GET", "/sandbox/exchanges", _exchanges),
)
