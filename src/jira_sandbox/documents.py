"""What is sent: JSON read strictly, rules for its shape, and the parameters of addresses."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from jira_sandbox.http_types import Request
from jira_sandbox.jira_errors import BadJson, BadRequest, NotCalledJson

Rule = Callable[[Any, str], Iterator[str]]
"""From a value and its name to what is wrong with it; nothing when it is right."""
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_INT32 = 2**31


def parse(body: bytes) -> Any:
    """The JSON document in the body, which is UTF-8.

    Raises:
        BadJson: it is empty, not UTF-8, not JSON, too deep, or holds ``NaN`` or a number too long to be one.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadJson(f"Invalid UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise BadJson("The document is nested too deeply") from error
    except ValueError as error:
        raise BadJson(f"Unable to parse the request as JSON: {str(error)[:200]}") from error


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def text(limit: int | None = None, pattern: str | None = None) -> Rule:
    """A text of at most ``limit`` characters, in which ``pattern`` is found (anchor it to match the whole)."""
    compiled = re.compile(pattern) if pattern else None

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"'{where}' must be a string"
        elif limit is not None and len(value) > limit:
            yield f"'{where}' must not be longer than {limit} characters"
        elif compiled and not compiled.search(value):
            yield f"'{where}' must match {compiled.pattern}"

    return rule


def identifier(value: Any, where: str) -> Iterator[str]:
    """An id: a text, or the number that Jira reads as one."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        yield f"'{where}' must be a string"


def int64(value: Any, where: str) -> Iterator[str]:
    """A whole number of 64 bits, written without a fraction."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield f"'{where}' must be an integer"
    elif not -(2**63) <= value < 2**63:
        yield f"'{where}' must be a 64 bit integer"


def boolean(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"'{where}' must be a boolean"


def choice(*words: str) -> Rule:
    """One of these words, exactly."""

    def rule(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str) or value not in words:
            yield f"'{where}' must be one of {', '.join(words)}"

    return rule


def uri(value: Any, where: str) -> Iterator[str]:
    """An absolute URI of at most 2000 characters, RFC 3986."""
    yield from text(2000)(value, where)
    if isinstance(value, str) and not _URI.fullmatch(value):
        yield f"'{where}' must be a valid URL"


def date_time(value: Any, where: str) -> Iterator[str]:
    """A moment as RFC 3339 writes it: with seconds and an offset, on a day that exists."""
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if not match or not _is_day(match[1]):
        yield f"'{where}' must be an RFC 3339 date-time such as 2018-01-20T23:27:25.000Z"


def items(rule: Rule, least: int = 0, most: int | None = None) -> Rule:
    """A list of ``least`` to ``most`` values that each keep the rule."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"'{where}' must be an array"
        elif len(value) < least:
            yield f"At least {'one' if least == 1 else least} '{where}' is required"
        elif most is not None and len(value) > most:
            yield f"'{where}' must not have more than {most} items"
        else:
            for index, item in enumerate(value):
                yield from rule(item, f"{where}[{index}]")

    return check


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, closed: bool = False) -> Rule:
    """An object with these fields. Others are ignored, as Jira does, unless it is ``closed``."""
    rules = {**required, **(optional or {})}

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"'{where}' must be an object"
            return
        prefix = f"{where}." if where else ""
        yield from (f"'{prefix}{name}' is required" for name in required if name not in value)
        for name, rule in rules.items():
            if name in value:
                yield from rule(value[name], prefix + name)
        if closed:
            yield from (f"'{prefix}{name}' is not known" for name in value if name not in rules)

    return check


def _is_day(day: str) -> bool:
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        return False
    return True


def body_of(request: Request, rule: Rule, sentence: str) -> Any:
    """The JSON document in the body, which keeps the rule.

    Raises:
        BadRequest: with this sentence, when it breaks the rule; with 415 when it is not called JSON.
        BadJson: it is none.
    """
    if request.content_type != "application/json":
        raise NotCalledJson("Unsupported Media Type")
    document = parse(request.body)
    fault = next(iter(rule(document, "")), "")
    if fault:
        raise BadRequest(f"{sentence} {fault}".strip())
    return document


def anything(value: Any, where: str) -> Any:
    """The rule that takes every value."""
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
