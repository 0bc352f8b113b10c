"""An emergency: what the policy allows in one, whom, and why one is refused (row 36).

A setting asks for it and never allows it: without ``emergency`` in what all sources say together there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from jira_ci.frozen import dataclass
from jira_ci.gate.messages import enumerate_some, shown, when
from jira_ci.gate.policy.tightening import seconds
from jira_ci.jira.parse_desk import RequestType
from jira_ci.jira.rich_text import Line
from jira_ci.text import canonical, one_line

LONGEST = 500
"""Characters of a reason."""
_WORDS, _LETTERS = 3, 10
_LETTER = re.compile(r"[^\W\d_]")
TITLE = "Emergency: "
"""What the title of an emergency's change begins with."""


@dataclass(frozen=True)
class Emergency:
    """What the policy says of emergencies."""

    request_type: str
    minimum_approvals: int
    who: tuple[str, ...]
    """Logins at the CI, in any case."""
    proceed_statuses: tuple[str, ...]
    review_within: str
    teams: tuple[str, ...] = ()
    """Of the CI's: ``organization/team``, or a group's full path. Whoever is in one may ask as well."""

    @property
    def named(self) -> str:
        """Who may ask, for people."""
        return enumerate_some([*map(shown, self.who), *(f"the team {shown(one)}" for one in self.teams)])

    def names(self, login: str) -> bool:
        """Whether somebody is named by the login."""
        return canonical(login) in map(canonical, self.who)

    def is_of_type(self, kind: RequestType | None) -> bool:
        """Whether a change was requested as one."""
        wanted = self.request_type
        return kind is not None and (wanted == kind.id if wanted.isdigit() else wanted == kind.name)


@dataclass(frozen=True)
class Asker:
    """Who asks.

    Attributes:
        logins: everybody who started this run or this attempt of it, as the CI vouches; the one of this attempt first.
        objection: why nobody may be said to ask, as a sentence; empty where there is somebody.
        in_teams: those of them who are in a team that the policy names, as the provider says.
    """

    logins: tuple[str, ...] = ()
    objection: str = ""
    in_teams: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmergencyAsked:
    """An emergency that may be had.

    Attributes:
        reason: one line, harmless in a log.
    """

    reason: str
    asker: str
    request_type: str
    review_within: str

    def review_until(self, now: datetime | None) -> datetime | None:
        """When somebody has to have looked at it, counted from a moment; None without one, or after the calendar."""
        try:
            return now + timedelta(seconds=seconds(self.review_within)) if now else None
        except OverflowError:
            return None

    def facts(self, now: datetime | None) -> dict[str, Any]:
        """For the record."""
        until = self.review_until(now)
        return {
            "reason": self.reason,
            "asker": self.asker,
            "request-type": self.request_type,
            "review-until": until.isoformat().replace("+00:00", "Z") if until else None,
        }

    def told(self, now: datetime | None) -> str:
        """For people: ``the shop is down (asked for by octocat, to be reviewed until ...)``."""
        return f"{self.reason} (asked for by {shown(self.asker)}, to be reviewed until {when(self.review_until(now))})"

    @property
    def lines(self) -> list[Line]:
        """For the change's description."""
        return [
            ["Emergency: ", self.reason],
            ["Asked for by: ", self.asker],
            [f"To be reviewed within {self.review_within} of its deployment."],
            [],
        ]


def allowed(control: Mapping[str, Any]) -> Emergency | None:
    """What the sources allow together; None where they allow no emergency."""
    found = control.get("emergency")
    if not isinstance(found, Mapping):
        return None
    return Emergency(
        request_type=found["request-type"],
        minimum_approvals=found["minimum-approvals"],
        who=tuple(one for one in found["who"] if isinstance(one, str)),
        teams=tuple(one["team"] for one in found["who"] if not isinstance(one, str)),
        proceed_statuses=tuple(found.get("proceed-statuses", control["proceed-statuses"])),
        review_within=found["review-within"],
    )


def fault(found: Emergency | None, usual: str) -> str:
    """Why what the policy says of emergencies is invalid; empty when it is valid.

    Args:
        usual: the request type of other changes.
    """
    if found is not None and found.request_type == usual:
        return (
            f"emergency.request-type is {shown(found.request_type)}, as request-type is: an emergency needs a request "
            "type of its own, so that nobody takes one change for the other"
        )
    return ""


def reason_of(text: str) -> str:
    """A reason on one line, harmless in a log; empty when it says nothing: a few words are the least, and a line that
    people read the most."""
    line = " ".join(text.split())
    words = [word for word in line.split() if _LETTER.search(word)]
    enough = len(words) >= _WORDS or not line.isascii()  # not everybody writes blanks between words
    fits = enough and len(_LETTER.findall(line)) >= _LETTERS and len(line) <= LONGEST
    return one_line(line, 2 * LONGEST) if fits else ""


def refusal(found: Emergency | None, gate_by: str, where: str, reason: str, asker: Asker) -> str:
    """Why there is no emergency, as sentences; empty when there is one.

    Args:
        found: what the policy allows.
        gate_by: who decides, as the policy says it.
        where: what says so, for people.
        reason: as :func:`reason_of` gives it.
    """
    if gate_by == "jira":
        return "An emergency is asked for, and Jira's own gating decides (gate-by: jira), which knows none."
    if found is None:
        said = f" ({where})" if where and where != "default" else ""
        return f"An emergency is asked for, and the policy has none for this environment{said}. Leave emergency out."
    if not reason:
        return (
            f"An emergency is asked for without a reason. Say what cannot wait, in {_WORDS} words or more, and in no "
            f"more than {LONGEST} characters."
        )
    if asker.objection:
        return f"An emergency is asked for, and {asker.objection}"
    others = [login for login in asker.logins if not (found.names(login) or login in asker.in_teams)]
    if others or not asker.logins:
        asking = enumerate_some(map(shown, others), " and ") or "nobody"
        return (
            f"An emergency is asked for by {asking}, and the policy names {found.named} "
            f"({where or 'emergency.who'}). One of these has to start a run; who was renamed is named anew in the "
            "policy."
        )
    return ""


def titles(found: Emergency | None, usual: str) -> tuple[str, ...]:
    """Every title that a change may have: the usual one, and an emergency's where there are any."""
    return (usual, *((TITLE + usual,) if found else ()))
