"""GitLab's own clock: a child pipeline whose job is delayed until the window of its change begins.

It needs neither a token nor a runner while it waits (https://docs.gitlab.com/ci/jobs/job_control/#run-a-job-after-a-delay),
and its job asks the gate when it starts: what the gate before it said is only about when.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from jira_ci.errors import UsageError
from jira_ci.text import one_line

LONGEST = timedelta(weeks=1)
"""GitLab delays no job for longer."""
_LATER = timedelta(seconds=10)  # so that a runner's clock that is a little fast starts nothing too early
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?Z")
_PATH = re.compile(r"[^\s\\*?$:\"'<>|]{1,200}\.ya?ml")
_DECISION, _START = "JIRA_CI_OUT_DECISION", "JIRA_CI_OUT_WINDOW_START"


def child_pipeline(folder: Path, file: str, job: str, told: Mapping[str, str], now: datetime) -> tuple[str, str]:
    """The child pipeline, and what it will do, a sentence.

    Args:
        folder: the checkout.
        file: with the job that deploys, below it.
        told: the variables of a job behind the gate's, with its outputs.

    Raises:
        UsageError: the file, its job or the gate's outputs are not there.
    """
    _check(folder, file, job)
    decision = told.get(_DECISION, "")
    if decision not in ("proceed", "wait"):
        if decision:
            raise UsageError(f"The gate said {one_line(decision, 40)}.", "The log of its job says what mends that.")
        hint = "Give this job `needs:` with the job that runs jira-ci gate."
        raise UsageError("The gate left no decision here.", hint)
    rule, sentence = _rule(decision, told.get(_START, ""), now)
    document = {"include": [{"local": f"/{file}"}], job: {"rules": [rule]}}
    # JSON is YAML, in which no name is anything else; but YAML joins no two escapes to one character.
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n", f"{job} {sentence}."


def _rule(decision: str, told: str, now: datetime) -> tuple[dict[str, Any], str]:
    if decision == "proceed":
        return {"when": "on_success"}, "starts now"
    by_hand = {"when": "manual", "allow_failure": False}
    starts = _starts(told)
    if starts is None or starts <= now:
        return by_hand, "waits for somebody to play it: no window says when it can start"
    if starts - now + _LATER > LONGEST:
        return (
            by_hand,
            f"waits for somebody to play it: its window begins on {starts:%Y-%m-%d}, and GitLab delays a week",
        )
    seconds = int((starts - now + _LATER).total_seconds())
    return {"when": "delayed", "start_in": f"{seconds} seconds"}, f"starts at {starts:%Y-%m-%d %H:%M} UTC"


def _starts(told: str) -> datetime | None:
    """The window's beginning; of several environments the last one, and none where one has none."""
    moments = [_MOMENT.fullmatch(one.strip()) for one in told.split(",")]
    try:
        found = [datetime.strptime(one[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc) for one in moments if one]
        return max(found) if len(found) == len(moments) else None
    except ValueError:
        return None


def _check(folder: Path, file: str, job: str) -> None:
    if not _PATH.fullmatch(file) or file.startswith("/") or ".." in file.split("/"):
        raise UsageError(f"{one_line(file, 100)} is no YAML file of this repository.", "Name it from the top.")
    try:
        text = (folder / file).read_text("utf-8", "replace")
    except OSError:
        raise UsageError(
            f"There is no {file} here.", "Name the file with the job that deploys, from the top."
        ) from None
    if not re.search(rf"^[\"']?{re.escape(job)}[\"']?\s*:", text, re.MULTILINE):
        raise UsageError(f"{file} has no job {one_line(job, 80)}.", "Name a job that stands in this file itself.")
