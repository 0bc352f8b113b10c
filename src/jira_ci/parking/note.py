"""The note that a waiting deployment leaves on its change: what it holds, where it stands, and what of it is believed.

Anybody who may edit the change may write one. So a note is a hint: it says which run may be looked at, and what is
deployed is asked of the CI and decided by the gate from scratch.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any
from urllib.parse import quote, urlsplit

from jira_ci.frozen import dataclass, replace
from jira_ci.gate.subject import Subject
from jira_ci.run import CI, Run
from jira_ci.text import canonical, identifier, string, whole

LIFE = timedelta(days=29)
"""GitHub starts no run again after 30 days
(https://docs.github.com/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs)."""
_SCHEMA = "jira-ci.parked/1"
_MOST = 40  # notes on one change: a property holds 32 KB
_LONGEST = 255
_RUN = re.compile(r"[1-9][0-9]{0,17}")
_TEXTS = ("repository", "workflow", "job", "runner", "commit", "environment", "tenant", "version", "url", "actor")
_NEEDED = ("repository", "commit", "environment", "version")


@dataclass(frozen=True)
class Note:
    """One deployment that waits. Everything in it but ``home`` and ``run`` is only what somebody wrote."""

    home: str
    """The repository, by what does not change: see :func:`home`."""
    run: str
    """The run's id at the CI: digits."""
    number: int
    attempt: int
    repository: str = ""
    workflow: str = ""
    """GitHub: the workflow's file."""
    job: str = ""
    """GitHub: the job's key; GitLab: the name of the job that deploys."""
    runner: str = ""
    """GitHub: the runner's name, which tells the job among those of its attempt; GitLab: the id of the job that left
    the note."""
    commit: str = ""
    environment: str = ""
    tenant: str = ""
    version: str = ""
    url: str = ""
    actor: str = ""
    parked_at: datetime = datetime(1970, 1, 1, tzinfo=timezone.utc)
    expires: datetime = datetime(1970, 1, 1, tzinfo=timezone.utc)

    @property
    def batch(self) -> tuple[str, int, str, str, datetime]:
        """The job that left it, told from the other jobs of its run: of several notes with the same one job waits for
        all, and is started once."""
        return self.run, self.attempt, self.job, self.runner, self.parked_at

    @property
    def place(self) -> tuple[str, str]:
        """Where it deploys to: of several notes for one place only the newest run is started."""
        return canonical(self.environment), canonical(self.tenant)

    def is_same(self, other: Note) -> bool:
        """Whether both are of one deployment of one run."""
        return (self.home, self.run, self.place) == (other.home, other.run, other.place)


def home(run: Run) -> str:
    """The repository as notes know it: ``github:github.com:77``; a rename does not change it."""
    return f"{run.provider}:{urlsplit(run.server_url).hostname or ''}:{run.repository_id}"


def label(home: str) -> str:
    """The label by which one search finds the changes with notes of a repository."""
    return f"jira-ci-parked-{hashlib.sha256(home.encode()).hexdigest()[:8]}"


def global_id(note: Note) -> str:
    """The identity of the remote link beside the note."""
    parts = (note.home, note.run, note.job, *note.place)
    return identifier("jira-ci:" + ":".join(quote(part, safe="/:", errors="replace") for part in parts), _LONGEST)


def of_run(run: Run, subject: Subject, *, job: str, runner: str, actor: str, now: datetime) -> Note:
    """The note of a run's deployment.

    Args:
        job: GitLab's job that deploys; empty for the run's own.
        now: the moment it is left.
    """
    now = now.replace(microsecond=0)
    return Note(
        home=home(run),
        run=run.run_id,
        number=run.number,
        attempt=run.attempt,
        repository=run.repository,
        workflow=run.workflow if run.provider == CI.GITHUB else "",
        job=job or run.job,
        runner=runner,
        commit=subject.commit,
        environment=subject.environment,
        tenant=subject.tenant,
        version=subject.version,
        url=run.url,
        actor=actor,
        parked_at=now,
        expires=now + LIFE,
    )


def is_supported(run: Run) -> bool:
    """Whether this CI can be asked to start a run again."""
    return run.provider in (CI.GITHUB, CI.GITLAB) and run.run_id.isdecimal() and bool(run.repository_id)


def notes(value: object) -> list[Note]:
    """The notes in a property, no more than we leave in one; whatever is none is left out."""
    rows = value.get("notes") if isinstance(value, Mapping) and value.get("schema") == _SCHEMA else None
    return list(islice(_read(rows), _MOST)) if isinstance(rows, list) else []


def with_note(value: object, note: Note) -> dict[str, Any]:
    """The property with this note, in place of one of the same deployment. The oldest give way to it where there are
    too many."""
    kept = [one for one in notes(value) if not one.is_same(note)]
    return _property(sorted([*kept, note], key=lambda one: one.parked_at)[-_MOST:])


def without(value: object, gone: Sequence[Note]) -> dict[str, Any]:
    """The property without these notes; one that a later attempt of such a run has left by now stays."""
    return _property([one for one in notes(value) if not any(_is_of(one, note) for note in gone)])


def _is_of(one: Note, note: Note) -> bool:
    return one.is_same(note) and one.attempt <= note.attempt


def _property(kept: Sequence[Note]) -> dict[str, Any]:
    return {"schema": _SCHEMA, "notes": [_written(note) for note in kept]}


def _written(note: Note) -> dict[str, Any]:
    texts = {name: getattr(note, name)[:_LONGEST] for name in _TEXTS if getattr(note, name)}
    moments = {"parked-at": _moment(note.parked_at), "expires": _moment(note.expires)}
    return {"home": note.home, "run": note.run, "number": note.number, "attempt": note.attempt, **texts, **moments}


def _read(rows: list[Any]) -> Iterator[Note]:
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        found = {name: string(row.get(name)) for name in ("home", "run", *_TEXTS)}
        begun, ends = _parsed(row.get("parked-at")), _parsed(row.get("expires"))
        number, attempt = whole(row.get("number")), whole(row.get("attempt"))
        fit = _RUN.fullmatch(found["run"]) and all(found[name] for name in ("home", *_NEEDED))
        if fit and begun and ends and number is not None and attempt is not None:
            note = Note(number=number, attempt=attempt, parked_at=begun, expires=ends, **found)
            # Nobody can make a note live longer than ours do; nor is there a moment after the year 9999.
            yield note if ends - begun <= LIFE else replace(note, expires=begun + LIFE)


def _moment(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(value: object) -> datetime | None:
    try:
        return datetime.strptime(string(value), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
