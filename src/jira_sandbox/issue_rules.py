"""Which issues the site has: projects with their numbers, single issues, titles for people to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jira_sandbox.desk.catalogue import STORY
from jira_sandbox.desk.change_issue import Change

LAST_NUMBER = 999
_MOST = 999_999
_KEY = re.compile(r"([^\W\d_]\w{1,254})-([1-9]\d{0,5})")
_PROJECT = re.compile(r"[^\W\d_]\w{1,254}")
_TITLES = (
    "Sign in with a passkey",
    "Search by article number",
    "Show delivery dates",
    "Remember the basket",
    "Translate the checkout",
    "Export invoices as PDF",
    "Slow product page",
    "Wrong total with two vouchers",
    "Rotate the signing keys",
    "Invite a colleague",
    "Dark colours for the dashboard",
    "Pay by card",
    "Retry failed mails",
    "Clean up old sessions",
    "Rate limit for the public API",
    "Audit log for administrators",
)


@dataclass(frozen=True)
class Issue:
    """One issue. ``id`` is a number as text, as Jira has it."""

    id: str
    key: str
    title: str

    @property
    def project(self) -> str:
        return self.key.rpartition("-")[0]


@dataclass(frozen=True)
class IssueRule:
    """Which issues exist: in each project the numbers from 1 to the given one, and the single ``keys`` besides.

    Numbers go up to 999,999. ``titles`` replaces made-up titles by key.
    """

    projects: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(("WEB", "OPS", "MOB"), LAST_NUMBER))
    keys: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)

    def find(self, key_or_id: str, *, any_case: bool = False) -> Issue | None:
        """The issue with this key or id, or None. Only look-ups of the platform take a key in any case."""
        if key_or_id.isascii() and key_or_id.isdigit():
            return self._by_id(int(key_or_id)) if len(key_or_id) < 19 else None
        match = _KEY.fullmatch(key_or_id.upper() if any_case else key_or_id)
        return self._issue(match[1], int(match[2])) if match else None

    @property
    def names(self) -> list[str]:
        """The keys of the projects."""
        return list(dict.fromkeys([*self.projects, *(key.rpartition("-")[0] for key in self.keys)]))

    def all_of(self, project: str) -> Iterator[Issue]:
        """Every issue of this project, by number."""
        numbers = {*range(1, self.projects.get(project, 0) + 1), *self._singles(project)}
        return (issue for issue in (self._issue(project, number) for number in sorted(numbers)) if issue)

    def last(self, project: str) -> int:
        """The highest number of an issue of this project; 0 without any."""
        return max([self.projects.get(project, 0), *self._singles(project)])

    def _singles(self, project: str) -> list[int]:
        parts = (key.rpartition("-") for key in self.keys)
        return [int(number) for name, _, number in parts if name == project]

    def _by_id(self, number: int) -> Issue | None:
        index, number = divmod(number, _MOST + 1)
        names = self.names
        return self._issue(names[index - 1], number) if 0 < index <= len(names) else None

    def _issue(self, project: str, number: int) -> Issue | None:
        key = f"{project}-{number}"
        if not (1 <= number <= self.projects.get(project, 0) or key in self.keys):
            return None
        identity = (self.names.index(project) + 1) * (_MOST + 1) + number
        return Issue(str(identity), key, self.titles.get(key, _TITLES[(number - 1) % len(_TITLES)]))


def as_change(issue: Issue, project: str, reporter: str) -> Change:
    """An issue that exists by rule, as one that somebody made: a story that is being worked on.

    Args:
        project: the project's id.
    """
    made = 1_700_000_000_000
    return Change(issue.id, issue.key, project, STORY.id, "", issue.title, "", "3", reporter, made, made)


def from_options(projects: str | None, issues: str | None) -> IssueRule:
    """The rule for ``WEB:50,OPS`` and ``WEB-1,OPS-7``; what is given replaces the default projects.

    Raises:
        ValueError: one sentence that names the part that cannot be meant.
    """
    if projects is None and issues is None:
        return IssueRule()
    return IssueRule(
        dict(_project(part) for part in _parts(projects)), tuple(_checked_key(part) for part in _parts(issues))
    )


def _parts(text: str | None) -> list[str]:
    return [] if text is None else [part.strip() for part in text.split(",")]


def _project(part: str) -> tuple[str, int]:
    name, colon, number = part.partition(":")
    if not _PROJECT.fullmatch(name) or name != name.upper():
        raise ValueError(f"{part!r} is not a project: write WEB, or WEB:50 for the issues WEB-1 to WEB-50.")
    if not colon:
        return name, LAST_NUMBER
    if not re.fullmatch("[1-9][0-9]{0,5}", number):
        raise ValueError(f"{part!r} does not say how many issues {name} has: a number from 1 to {_MOST}.")
    return name, int(number)


def _checked_key(part: str) -> str:
    if not _KEY.fullmatch(part) or part != part.upper():
        raise ValueError(f"{part!r} is not an issue key such as WEB-12.")
    return part
