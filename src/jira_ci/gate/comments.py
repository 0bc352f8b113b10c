"""Telling the change what becomes of its deployment: one comment at the start and one at the end of an attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.frozen import dataclass
from jira_ci.gate.change_property import Change
from jira_ci.gate.subject import Subject, where
from jira_ci.jira import rich_text
from jira_ci.jira.parse_change import Comment
from jira_ci.jira.rich_text import Line, Own
from jira_ci.jira.service_desk import Service
from jira_ci.jira.status_errors import NotFound, Refused
from jira_ci.run import CI, Run

Kind = Literal["started", "successful", "failed", "cancelled"]

_PROPERTY = "jira-ci.comment"
_INTERNAL = "sd.public.comment"
_SENTENCES = {"started": "has begun", "successful": "was successful", "failed": "failed", "cancelled": "was cancelled"}


@dataclass(frozen=True)
class Telling:
    """One comment.

    Attributes:
        lines: what people read.
        known_by: the beginnings of two of the lines, which no other comment of this account has both of.
        mark: what tells it from others where nobody reads it: see :func:`marker`.
        about: what it tells of, for a sentence.
    """

    lines: tuple[Line, ...]
    known_by: tuple[Line, Line]
    mark: str
    about: str = "its deployment"

    def is_in(self, comment: Comment) -> bool:
        """Whether this comment tells it already: by its property, by its words where Jira shows no properties or they
        could not be given one, and by the mark in the text of comments that version 0.1 wrote."""
        value = comment.properties.get(_PROPERTY)
        if (isinstance(value, dict) and value.get("mark") == self.mark) or self.mark in comment.body:
            return True
        read = comment.body.splitlines()
        return any(
            all(any(line.startswith(written([known])) for line in read) for known in self.known_by)
            for written in (rich_text.plain, rich_text.wiki)
        )


def telling(
    kind: Kind,
    subject: Subject,
    run: Run,
    digest: str,
    *,
    seconds: float | None = None,
    late: bool = False,
    emergency: str = "",
) -> Telling:
    """What the change is told.

    Args:
        digest: SHA-256 of the record.
        seconds: how long it took.
        late: whether the window was over before the deployment was.
        emergency: why it could not wait, and who asked.
    """
    took = "" if seconds is None else f" after {duration(seconds)}"
    first: Line = ["The deployment of ", subject.version, " to ", where(subject), f" {_SENTENCES[kind]}"]
    # One job of several is not the run: GitLab's addresses differ within one attempt, so that they come behind.
    attempt = f", attempt {run.attempt}" if run.provider != CI.GITLAB else ""
    ran: Line = ["Run ", run.run_id, f"{attempt}: "] if run.run_id else ["Run: "]
    lines: list[Line] = [[*first, f"{took}."]]
    lines += [["Emergency: ", emergency]] if emergency else []
    lines += [["The window was over before it ended."]] if late else []
    lines += [[*ran, Own(run.url, link=True)]] if run.url or run.run_id else []
    lines += [[f"Record: SHA-256 {digest}"]] if digest else []
    return Telling(tuple(lines), (first, ran), marker(kind, subject, run))


def together(told: Sequence[Telling]) -> Telling:
    """Several places' tellings as one comment: a line for each of them, and what they have in common once."""
    first = told[0]
    if len(told) == 1:
        return first
    heads, rest = [one.lines[0] for one in told], [line for one in told for line in one.lines[1:]]
    once = [line for at, line in enumerate(rest) if line not in rest[:at]]
    mark = hashlib.sha256("\n".join(one.mark for one in told).encode()).hexdigest()[:20]
    return Telling((*heads, *once), first.known_by, mark)


def unparked(version: str, place: str, run: str, url: str, why: str) -> Telling:
    """What the change is told when a deployment does not wait for it any more.

    Args:
        why: a sentence without its stop.
    """
    first: Line = ["The deployment of ", version, " to ", place, " does not wait for this change any more: "]
    ran: Line = ["Run ", run, ": "]
    mark = hashlib.sha256("\n".join(("unparked", run, version, place)).encode("utf-8", "surrogatepass"))
    return Telling(([*first, why.rstrip(".") + "."], [*ran, Own(url, link=True)]), (first, ran), mark.hexdigest()[:20])


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


def write(service: Service, change: Change, told: Telling, *, public: bool) -> str:
    """Writes the comment unless it is there; what people should know about it, as sentences, or nothing.

    It is sent once: when no answer comes, the next one who wants to write it finds it, or not.
    """
    said = ""
    try:
        if _find(service, change, told) is not None:
            return ""
        if service.connect().edition == "cloud" and (public or service.keeps_internal):
            if _as_document(service, change, told, public=public):
                return ""
            if not service.keeps_internal:
                said = f"Jira showed a comment on {change.key} to customers that was to be internal: it was taken away."
        service.comment(change.id, rich_text.wiki(told.lines), public=public)
    except _NotTakenAway as error:
        return str(error)
    except JiraCiError as error:
        return f"{said} {change.key} was not told about {told.about}: {error}".lstrip()
    return said


class _NotTakenAway(Exception):
    """A comment that was to be internal stays where customers see it; the message is for people."""


def _find(service: Service, change: Change, told: Telling) -> Comment | None:
    listed, own = service.comments(change.id), service.myself().id
    ours = (one for one in listed.values if one.author is not None and one.author.id == own)
    found = next((one for one in ours if told.is_in(one)), None)
    if found is None and not listed.complete:
        raise NetworkError("Jira's list of comments did not come to its end.")
    return found


def _as_document(service: Service, change: Change, told: Telling, *, public: bool) -> bool:
    """Whether the comment stands on the change now, through the platform; if not, nothing of it does.

    The platform's comments are for customers unless the service desk takes note of a property, which its documentation
    does not promise (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/): the answer
    has to say that it did.
    """
    properties = {_PROPERTY: {"mark": told.mark}, **({} if public else {_INTERNAL: {"internal": True}})}
    try:
        made = service.document_comment(change.id, rich_text.document(told.lines), properties)
    except (AccessError, NotFound, Refused):
        return False  # nothing was written: a token may have the service desk's scopes only
    except NetworkError:
        found = _find(service, change, told)
        if found is None:
            raise
        made = found
    if public or made.public is False:
        return True
    service.keeps_internal = False
    try:
        service.remove_comment(change.id, made.id)
    except JiraCiError as error:
        raise _NotTakenAway(
            f"Jira shows a comment on {change.key} to customers that was to be internal, and it could not be taken "
            f"away: {error} Delete the comment {made.id} of {change.key} by hand."
        ) from None
    return False
