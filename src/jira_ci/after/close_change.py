"""The change goes on when its deployment has ended: its actual dates, then the transition that the policy names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from jira_ci.after.issue_work import IssueWork
from jira_ci.after.rule import Rule, Step
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Question, segment
from jira_ci.jira.parse import WrongShape, mapping, optional_text
from jira_ci.jira.status_errors import messages, misshapen, phrase, refusal
from jira_ci.text import canonical, one_line


@dataclass(frozen=True)
class Ending:
    """How a change's deployment ended, and what is to become of the change."""

    key: str
    id: str
    transition: str
    """A status' or transition's name or id."""
    start_field: str
    end_field: str
    """Names or ids."""
    started: datetime | None
    ended: datetime | None


def close(login: Login, ending: Ending) -> tuple[Step, str]:
    """Moves the change; it is fine when it is there already.

    Returns:
        What became of it, and why its dates were not written; empty where they were, or it has none.

    Raises:
        JiraCiError: the credential is refused, or Jira gives no usable answer.
    """
    edition = login.connect()[0].edition
    rule = Rule("end-status", transition=ending.transition, closed=True, sub_tasks=True)
    work = IssueWork(login, edition, rule, {})
    items = [one for one in work.read([ending.id]) if one.id == ending.id]
    if not items:
        return Step("failed", "it is not there, or not shown to the account"), ""
    undated = _date(login, ending)
    work.act(items, {})
    move = work.outcomes[items[0].key].move
    return move if move is not None else Step("there"), undated


def _date(login: Login, ending: Ending) -> str:
    """Writes when it began and ended, into those fields that are on the change's screen. Why it could not."""
    request, answer = login.send(_meta(ending))
    if answer.status != 200:
        raise refusal(request, answer, "after")
    try:
        fields = dict(_dates(mapping(mapping(answer.json(), "the answer").get("fields"), "fields"), ending))
    except WrongShape as error:
        raise misshapen(request, answer, error) from None
    if not fields:
        return ""
    _, answer = login.send(_written(ending, fields))
    return "" if answer.status in (200, 204) else one_line("; ".join(messages(answer)) or phrase(answer), 300)


def _dates(fields: Mapping[str, Any], ending: Ending) -> Iterator[tuple[str, str]]:
    moments = ((ending.start_field, ending.started), (ending.end_field, ending.ended))
    for wanted, moment in moments:
        for identity, bean in fields.items():
            one = mapping(bean, "a field")
            named = identity == wanted or canonical(optional_text(one, "name") or "") == canonical(wanted)
            if moment is not None and named and mapping(one.get("schema"), "schema").get("type") == "datetime":
                yield identity, moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _meta(ending: Ending) -> Question:
    path = f"api/issue/{segment(ending.id)}/editmeta"
    return Question("GET", path, f"say what can be edited of {one_line(ending.key, 60)}")


def _written(ending: Ending, fields: Mapping[str, str]) -> Question:
    path, asks = f"api/issue/{segment(ending.id)}", f"write the dates of {one_line(ending.key, 60)}"
    return Question("PUT", path, asks, body={"fields": dict(fields)}, bodiless=True)


def sentence(ending: Ending, step: Step, undated: str) -> tuple[str, bool]:
    """What became of it, for the log, and whether that is as it should be."""
    key, where = one_line(ending.key, 60), one_line(ending.transition, 60)
    dates = f" Its dates were not written: {undated}." if undated else ""
    if step.became == "failed" or step.became == "skipped":
        return f"{key} was not moved to {where}: {step.why}.{dates}", False
    return f"{key} {'is in' if step.became == 'there' else 'was moved to'} {where}.{dates}", not undated
