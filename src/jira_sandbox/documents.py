"""Documents that are sent to the platform's and the service desk's APIs, and parameters of their addresses."""

from __future__ import annotations

import re
from typing import Any

from jira_sandbox.access import BadRequest
from jira_sandbox.bodies import parse
from jira_sandbox.exchange import Request
from jira_sandbox.shapes import Rule

_INT32 = 2**31


def body_of(request: Request, rule: Rule, sentence: str) -> Any:
    """The JSON document in the body, which keeps the rule.

    Raises:
        BadRequest: with this sentence, when it breaks the rule; with 415 when it is not called JSON.
        BadJson: it is none.
    """
    if request.content_type != "application/json":
        raise BadRequest("Unsupported Media Type", 415)
    document = parse(request.body)
    fault = next(iter(rule(document, "")), "")
    if fault:
        raise BadRequest(f"{sentence} {fault}".strip())
    return document


def anything(value: Any, where: str) -> Any:
    """The rule that takes every value."""
    del value, where
    return iter(())


def parameter(request: Request, name: str, default: str = "") -> str:
    """The last value of a parameter of the address."""
    return next((value for given, value in reversed(request.parameters) if given == name), default)


def listed(request: Request, name: str) -> list[str]:
    """The values of a parameter that may be given several times, and with commas."""
    return [
        part.strip()
        for given, value in request.parameters
        if given == name
        for part in value.split(",")
        if part.strip()
    ]


def number(request: Request, name: str, default: int) -> int:
    """A whole number of 32 bits. Raises BadRequest when it is none."""
    text = parameter(request, name)
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,10}", text) or not -_INT32 <= int(text) < _INT32:
        raise BadRequest(f"The value '{text}' of the parameter '{name}' is no number.")
    return int(text)


def switch(request: Request, name: str, *, default: bool = False) -> bool:
    text = parameter(request, name)
    return text.lower() == "true" if text else default


def expanded(request: Request) -> set[str]:
    """What the parameter ``expand`` asks for."""
    return set(listed(request, "expand"))
