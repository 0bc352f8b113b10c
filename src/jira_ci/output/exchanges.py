"""Exchanges with Jira, as the log and the JSON document show them: no credential, and of a record what matters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jira_ci.exchange import Answer, Request
from jira_ci.jira.records import keys_of
from jira_ci.text import one_line

_SHOWN_KEYS = 20
_DEEPEST = 50


def exchange_blocks(heard: Sequence[tuple[Request, Answer]]) -> Iterator[tuple[str, list[str]]]:
    """Exchanges as folds in the log, title and lines."""
    for request, answer in heard:
        yield f"Asked {request.host} to {request.asks}: {answer.status}", list(exchange_lines(request, answer))


def exchange_lines(request: Request, answer: Answer) -> Iterator[str]:
    """One exchange with Jira, for the fold in the log."""
    yield f"{request.method} {request.url}"
    if request.secret:
        yield f"answer: {answer.status} (not shown: credentials)"
        return
    if request.body is not None:
        yield f"sent: {json.dumps(request.body, ensure_ascii=False)}"
    yield f"answer: {answer.status} {answer.body.decode('utf-8', 'replace')}".rstrip()


def exchange_document(request: Request, answer: Answer | None) -> Mapping[str, Any]:
    """One exchange with Jira, for the JSON document."""
    sent: dict[str, Any] = {"method": request.method, "url": request.url}
    if request.secret:
        return sent if answer is None else {**sent, "answer": {"status": answer.status}}
    sent["body"] = request.body
    if answer is not None:
        body = answer.json()
        readable = body is not None and not _deeper_than(body, _DEEPEST)
        sent["answer"] = {"status": answer.status, "body": body if readable else answer.body.decode("utf-8", "replace")}
    return sent


def described(record: Mapping[str, Any]) -> str:
    """A record in one line."""
    environment, keys = record.get("environment"), keys_of(record)
    where = f" to {environment['displayName']} ({environment['type']})" if environment else ""
    shown = ", ".join(keys[:_SHOWN_KEYS]) + (", ..." if len(keys) > _SHOWN_KEYS else "")
    return one_line(f"{record['displayName']}{where}, {record['state']}: {shown or 'no keys'}", 2000)


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested too deeply to be worked on; Jira's answers have five levels."""
    if not isinstance(value, (dict, list)):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(part, levels - 1) for part in parts)
