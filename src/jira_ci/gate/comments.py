"""Telling the change what becomes of its deployment: one comment at the start and one at the end of an attempt."""

from __future__ import annotations

import hashlib
from typing import Literal

from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.gate.change_property import Change, inert
from jira_ci.gate.subject import Subject, where
from jira_ci.jira.service_desk import Service
from jira_ci.run import CI, Run

Kind = Literal["started", "successful", "failed", "cancelled"]

_SENTENCES = {
    "started": "The deployment of {version} to {environment} has begun.",
    "successful": "The deployment of {version} to {environment} was successful{took}.",
    "failed": "The deployment of {version} to {environment} failed{took}.",
    "cancelled": "The deployment of {version} to {environment} was cancelled{took}.",
}


def text(
    kind: Kind, subject: Subject, run: Run, digest: str, *, seconds: float | None = None, late: bool = False
) -> str:
    """The comment, in wiki markup.

    Args:
        digest: SHA-256 of the record.
        seconds: how long it took.
        late: whether the window was over before the deployment was.
    """
    took = "" if seconds is None else f" after {duration(seconds)}"
    words = {"version": inert(subject.version), "environment": inert(where(subject)), "took": took}
    lines = [_SENTENCES[kind].format(**words), "The window was over before it ended." * late, run.url]
    lines.append(f"Record: SHA-256 {digest}" if digest else "")
    return "\n".join([*filter(None, lines), f"jira-ci {marker(kind, subject, run)}"])


def marker(kind: Kind, subject: Subject, run: Run) -> str:
    """What tells this comment from others: equal for every leg of one attempt.

    GitLab knows no attempts of a pipeline; a job that is run again there says the same once.
    """
    attempt = "" if run.provider == CI.GITLAB else str(run.attempt)
    parts = (run.provider, run.repository_id, run.run_id, attempt, subject.environment, subject.tenant, kind)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def duration(seconds: float) -> str:
    """``1 h 2 min 3 s``"""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def write(service: Service, change: Change, body: str, mark: str, *, public: bool) -> str:
    """Writes the comment unless it is there; why it is not, as a sentence, or nothing.

    It is sent once: when no answer comes, the next one who wants to write it finds it, or not.
    """
    try:
        listed = service.comments(change.id)
        own = service.myself().id
        if any(mark in one.body and one.author is not None and one.author.id == own for one in listed.values):
            return ""
        if not listed.complete:
            raise NetworkError("Jira's list of comments did not come to its end.")
        service.comment(change.id, body, public=public)
    except JiraCiError as error:
        return f"{change.key} was not told about its deployment: {error}"
    return ""
