"""The version of a project: found or made, released, and linked to the run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timezone

from jira_ci.after.outcome import VersionOutcome
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.exchange import Answer, Request
from jira_ci.jira import versions
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.parse import WrongShape
from jira_ci.jira.status_errors import messages, misshapen, phrase, refusal
from jira_ci.jira.versions import Version
from jira_ci.text import for_jira, one_line

_PAGES = 20
_MAY_NOT = "the account may not make versions there: give it Administer Projects, or make the version by hand"


@dataclass(frozen=True)
class Wanted:
    """How the version is to be."""

    name: str
    description: str = ""
    start: str = ""
    """A day, ``yyyy-mm-dd``; empty where none is known."""
    release: bool = False
    now: float = 0.0
    """Epoch seconds."""
    title: str = ""
    """Of the link to the run."""
    url: str = ""
    projects: Collection[str] = ()
    """In which versions may be made."""


class Versions:
    """The versions of one deployment at one site, by project."""

    def __init__(self, login: Login, edition: Edition, wanted: Wanted) -> None:
        self._login, self._edition, self._wanted = login, edition, wanted
        self.found: dict[str, Version] = {}
        """By the project's key."""
        self.outcomes: dict[str, VersionOutcome] = {}

    def ensure(self, project: str, project_id: str) -> None:
        """Finds the version, or makes it where that may be; what cannot be is said in the outcome.

        Raises:
            JiraCiError: the credential is refused, or Jira does not answer.
        """
        outcome = self.outcomes[project] = VersionOutcome(project, self._wanted.name)
        try:
            version = self.find(project)
            if version is None:
                version = self._make(project, project_id, outcome)
        except JiraCiError:
            outcome.why = "nobody knows whether it is there, because Jira gave no usable answer"
            raise
        if version is not None and version.archived:
            outcome.why = "it is archived, so that no issue can get it: unarchive it, or deploy another version"
        elif version is not None:
            self.found[project] = version

    def find(self, project: str) -> Version | None:
        """The version of this name, in any case: Jira knows no two of them in a project.

        Raises:
            JiraCiError: Jira gives no usable answer.
        """
        name, start = self._wanted.name.casefold(), 0
        for _ in range(_PAGES):
            request, answer = self._login.send(versions.listed(project, self._wanted.name, self._edition, start))
            if answer.status != 200:
                raise refusal(request, answer, "after")
            try:
                page, last = versions.page(answer.json(), self._edition)
            except WrongShape as error:
                raise misshapen(request, answer, error) from None
            found = [one for one in page if one.name.casefold() == name]
            if found or last:
                # Where an import brought two that differ in case, the one that is meant.
                return min(found, key=lambda one: one.name != self._wanted.name, default=None)
            start += len(page)
        return None

    def finish(self) -> None:
        """Releases what is to be released, and links each version to the run; what fails keeps nothing else from it.

        Raises:
            JiraCiError: the credential is refused, or Jira does not answer; the first of them.
        """
        errors: list[JiraCiError] = []
        for project, version in self.found.items():
            outcome = self.outcomes[project]
            try:
                self._finish(version, outcome)
            except JiraCiError as error:
                outcome.why = f"not changed: {one_line(error.message, 300)}".rstrip(".")
                errors.append(error)
        if errors:
            raise errors[0]

    def _finish(self, version: Version, outcome: VersionOutcome) -> None:
        changes = self._changes(version)
        if changes:
            _, answer = self._login.send(versions.changed(version, changes))
            outcome.released = answer.status == 200 and "released" in changes
            outcome.why = "" if answer.status == 200 else f"not changed: {_reason(answer)}"
        if self._edition == "cloud" and self._wanted.url and not outcome.why:
            outcome.why = self._relate(version)

    def _make(self, project: str, project_id: str, outcome: VersionOutcome) -> Version | None:
        if project not in self._wanted.projects:
            outcome.why = "there is none, and one is made in those projects only that jira.projects names"
            return None
        wanted = self._wanted
        try:
            request, answer = self._login.send(
                versions.created(project_id, wanted.name, self._description, wanted.start)
            )
        except NetworkError:  # it may have arrived all the same
            found = self.find(project)
            if found is None:
                raise
            outcome.made = True
            return found
        if answer.status == 201:
            outcome.made = True
            return self._read(request, answer)
        if answer.status in (403, 404):
            outcome.why = _MAY_NOT
            return None
        found = self.find(project)  # another run was faster
        if found is None:
            outcome.why = f"not made: {_reason(answer)}"
        return found

    @property
    def _description(self) -> str:
        text = self._wanted.description
        while len(text.encode("utf-8", "replace")) > versions.LARGEST_DESCRIPTION:
            text = text[: len(text) * 9 // 10]
        return for_jira(text, versions.LARGEST_DESCRIPTION) if text else ""

    def _changes(self, version: Version) -> dict[str, object]:
        """What is added to a version that is there already; nothing that it has is replaced."""
        wanted, changes = self._wanted, {}
        if wanted.release and not version.released:
            today = datetime.fromtimestamp(wanted.now, timezone.utc).date().isoformat()
            changes = {"released": True, "releaseDate": today}
            if wanted.start and not version.start and wanted.start <= today:
                changes["startDate"] = wanted.start
        if self._description and not version.description:
            changes["description"] = self._description
        return changes

    def _relate(self, version: Version) -> str:
        """Links the run once. What keeps it from that."""
        try:
            request, answer = self._login.send(versions.related(version))
            if answer.status != 200:
                return f"not linked to the run: {_reason(answer)}"
            if self._wanted.url in versions.addresses(answer.json()):
                return ""
            _, answer = self._login.send(versions.relate(version, self._wanted.title, self._wanted.url))
            return "" if answer.status == 201 else f"not linked to the run: {_reason(answer)}"
        except WrongShape as error:
            return f"not linked to the run: {misshapen(request, answer, error).message}"

    def _read(self, request: Request, answer: Answer) -> Version:
        try:
            return versions.version(answer.json())
        except WrongShape as error:
            raise misshapen(request, answer, error) from None


def _reason(answer: Answer) -> str:
    return one_line("; ".join(messages(answer)) or phrase(answer), 300).rstrip(".")
