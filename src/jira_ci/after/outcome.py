"""What became of everything that was to follow a deployment: words for the log, the JSON document and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jira_ci.after.rule import Became, Step
from jira_ci.errors import JiraCiError, RejectedError
from jira_ci.output import page
from jira_ci.output.page import Block, Heading, Notice, Phrase, Strong
from jira_ci.text import one_line

_NAMED = 20
_STAYS = "it stays released: whether it is still true is for people to say"
_MOST = 50
_WORDS: Mapping[Became, str] = {
    "done": "done",
    "there": "already there",
    "skipped": "left alone",
    "failed": "failed",
}


@dataclass
class IssueOutcome:
    """One issue; ``None`` where nothing was to be done in that respect."""

    key: str
    version: Step | None = None
    move: Step | None = None


@dataclass
class VersionOutcome:
    """The version of one project."""

    project: str
    name: str
    made: bool = False
    released: bool = False
    why: str = ""
    """What could not be done with it, and why."""
    stays: bool = False
    """Whether it is released, and stays so though a deployment was rolled back."""


@dataclass
class NotesOutcome:
    """The release of a tag, and whether it has the notes."""

    tag: str
    written: bool = False
    why: str = ""
    """What kept them out of it."""
    made: bool = False
    """Whether the release was made for them."""

    @property
    def name(self) -> str:
        """As a part of a sentence."""
        return f"the release {one_line(self.tag, 100)}" if self.tag else "a release"

    def sentence(self) -> str:
        """For the log."""
        where = self.name
        if self.why:
            return f"No release notes in {where}: {one_line(self.why, 500)}."
        if self.made:
            return f"Made {where}, with the release notes."
        return f"Release notes {'written into' if self.written else 'stand already in'} {where}."

    def document(self) -> dict[str, Any]:
        """For the JSON document."""
        return {"tag": self.tag, "made": self.made, "written": self.written, "error": self.why}


@dataclass
class Outcome:
    """One environment at one site."""

    environment: str
    transition: str = ""
    versions: dict[str, VersionOutcome] = field(default_factory=dict)
    """By the project's key."""
    issues: dict[str, IssueOutcome] = field(default_factory=dict)
    """By the issue's key."""
    notes: NotesOutcome | None = None
    missing: tuple[str, ...] = ()
    """Issues that are not there, or not shown to the account."""
    taking_off: bool = False
    """Whether this is about a deployment that was rolled back."""
    skipped: str = ""
    """Why nothing was done at all, as a sentence."""
    error: JiraCiError | None = None
    """What ended it early."""

    def failures(self) -> list[tuple[str, str]]:
        """What was not done, and why: a sentence's subject and its reason."""
        found = [(f"the version {one.name} of {one.project}", one.why) for one in self.versions.values() if one.why]
        if self.notes is not None and self.notes.why:
            found.append((f"the notes of {self.notes.name}", self.notes.why))
        for key, one in self.issues.items():
            for what, step in (("version", one.version), ("move", one.move)):
                if step is not None and step.became == "failed":
                    found.append((f"{key} ({what})", step.why))
        return found

    def problem(self) -> JiraCiError | None:
        """The error that counts where ``on-error`` is ``fail``."""
        if self.error is not None:
            return self.error
        failures = self.failures()
        if not failures:
            return None
        (subject, why), more = failures[0], len(failures) - 1
        behind = f" and {more} more" if more else ""
        return RejectedError(f"Not done after the deployment: {subject}{behind}: {why}.", "See the lines above.")


def lines(outcome: Outcome) -> Iterator[str]:
    """What became of it, for the log."""
    where = one_line(outcome.environment, 100)
    if outcome.skipped:
        yield f"After {where}: nothing was done: {outcome.skipped}"
        return
    for one in outcome.versions.values():
        yield f"After {where}: {_version(one)}"
    removed = "taken off" if outcome.taking_off else "added"
    yield from _said(outcome, f"fix version {removed}", {key: one.version for key, one in outcome.issues.items()})
    moved = f"moved to {one_line(outcome.transition, 60)}"
    yield from _said(outcome, moved, {key: one.move for key, one in outcome.issues.items()})
    if outcome.notes is not None:
        yield f"After {where}: {outcome.notes.sentence()}"
    if outcome.missing:
        yield f"After {where}: not there, or not shown to the account: {_some(outcome.missing)}"


def _version(one: VersionOutcome) -> str:
    what = [*(["made"] if one.made else []), *(["released"] if one.released else [])]
    done = " and ".join(what) or (_STAYS if one.stays else "there already")
    name = f"version {one_line(one.name, 100)} of {one_line(one.project, 60)}"
    return f"{name}: {one_line(one.why, 500)}" if one.why else f"{name}: {done}"


def _said(outcome: Outcome, what: str, steps: Mapping[str, Step | None]) -> Iterator[str]:
    where = one_line(outcome.environment, 100)
    for became, words in (("done", what), ("there", f"{what}, already")):
        keys = [key for key, step in steps.items() if step is not None and step.became == became]
        if keys:
            yield f"After {where}: {words}: {_some(keys)}"
    not_done = [(key, step) for key, step in steps.items() if step is not None and step.became in ("skipped", "failed")]
    for key, step in not_done[:_NAMED]:
        yield f"After {where}: not {what}: {key}: {one_line(step.why, 500)}"
    if len(not_done) > _NAMED:
        yield f"After {where}: not {what}: {len(not_done) - _NAMED} more issues"


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return f"{', '.join(keys[:_NAMED])}{more}"


def document(outcome: Outcome) -> dict[str, Any]:
    """Its part of the JSON document."""
    return {
        "environment": outcome.environment,
        "versions": [
            {
                "project": one.project,
                "name": one.name,
                "made": one.made,
                "released": one.released,
                "error": one.why,
            }
            for one in outcome.versions.values()
        ],
        "issues": [
            {"key": key, "fix-version": _step(one.version), "transition": _step(one.move)}
            for key, one in outcome.issues.items()
        ],
        "release": outcome.notes.document() if outcome.notes else None,
        "missing": list(outcome.missing),
        "skipped": outcome.skipped,
        "error": outcome.error.document() if outcome.error else None,
    }


def _step(step: Step | None) -> dict[str, str] | None:
    return None if step is None else {"result": _WORDS[step.became], "why": step.why}


def blocks(outcomes: Sequence[Outcome]) -> tuple[Block, ...]:
    """The part of the page: what was not done first."""
    told = list(outcomes)
    if not told:
        return ()
    found: list[Block] = [Heading("After the deployment")]
    found += [Notice((Strong(f"{one.environment}:"), f" {one.error}")) for one in told if one.error is not None]
    sentences: list[Phrase] = [(sentence,) for one in told for sentence in lines(one)]
    return (*found, *page.items(sentences, _MOST))
