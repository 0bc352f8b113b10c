"""Which freeze holds a deployment, until when, and who says so: what the gate looks at last (row 37)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from jira_ci.config.freezes import NEVER, Freeze, joined, read
from jira_ci.config.model import Config
from jira_ci.environments.classify import classify, glob_matches, is_glob
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.gate.messages import enumerate_some, shown, when
from jira_ci.gate.policy.tightening import same
from jira_ci.jira.parse_desk import RequestType
from jira_ci.text import canonical

_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Declared:
    """A freeze, and where it is said, for people."""

    freeze: Freeze
    source: str


@dataclass(frozen=True)
class Frozen:
    """What holds a deployment at a moment.

    Attributes:
        held: the freezes that hold it one after another without a gap, those of the moment first; at least one.
        until: when the last of them ends, aware; None when no end is in sight.
        passed: why a deployment may begin all the same; empty where it may not.
    """

    held: tuple[Declared, ...]
    until: datetime | None
    passed: str = ""

    @property
    def exceptions(self) -> tuple[str, ...]:
        """The request types that one of them lets pass."""
        return tuple(dict.fromkeys(name for one in self.held for name in one.freeze.exceptions))

    @property
    def end(self) -> str:
        """Until when, in the zone of the freeze that ends last, and in UTC."""
        if self.until is None:
            return "with no end in sight"
        return f"until {moment_in(self._last, self.until)}"

    @property
    def names(self) -> str:
        """What holds, and who says so: ``Year end (.jira-ci.yml@1a2b3c4d line 7), then Weekends (...)``."""
        return enumerate_some((f"{shown(one.freeze.name)} ({one.source})" for one in self.held), ", then ")

    @property
    def told(self) -> str:
        """The whole of it, to stand behind *is*."""
        passing = enumerate_some(map(shown, self.exceptions), " and ")
        return f"frozen {self.end} by {self.names}{f', except for changes of the type {passing}' if passing else ''}"

    @property
    def passing(self) -> str:
        """That a deployment may begin all the same, as a sentence."""
        return f"The freeze {self.names}, {self.end}, is passed: {shown(self.passed)}."

    def lasts(self, moment: datetime) -> float:
        """For how many seconds from a moment on."""
        return (self.until - moment).total_seconds() if self.until else math.inf

    def facts(self) -> dict[str, Any]:
        """For the record."""
        return {
            "name": self.held[0].freeze.name,
            "source": self.held[0].source,
            "then": [{"name": one.freeze.name, "source": one.source} for one in self.held[1:]],
            "until": _utc(self.until) if self.until else None,
            "timezone": self._last.zone_name or None,
            "passed": self.passed or None,
        }

    @property
    def _last(self) -> Freeze:
        ending = (one.freeze for one in self.held if self.until and _ends(one.freeze, self.until))
        return next(ending, self.held[-1].freeze)


def _ends(freeze: Freeze, moment: datetime) -> bool:
    return any(span.ends == moment for span in freeze.spans(moment))


def moment_in(freeze: Freeze, moment: datetime) -> str:
    """A moment in the freeze's zone, and in UTC: ``2027-01-04 00:00 Europe/Berlin (2027-01-03 23:00 UTC)``."""
    local = freeze.local(moment)
    if not local.utcoffset():
        return when(moment)
    return f"{local:%Y-%m-%d %H:%M} {freeze.zone_name or local.strftime('UTC%z')} ({when(moment)})"


def of_environment(entries: Sequence[Mapping[str, Any]], name: str, files: Sequence[Config]) -> tuple[Declared, ...]:
    """The freezes of a policy that are about an environment.

    Args:
        entries: of all files together, each of them valid.
        files: the stronger first.
    """
    types = {_type(name, one) for one in files}
    found = ((read(entry), entry) for entry in entries)
    return tuple(
        Declared(one, " and ".join(_where(entry, files))) for one, entry in found if is_about(one, name, types)
    )


def _where(entry: Mapping[str, Any], files: Sequence[Config]) -> Iterator[str]:
    for one in files:
        own = one.document.get("change-control", {}).get("freeze", ())
        yield from (one.where("change-control", "freeze", at) for at, other in enumerate(own) if same(entry, other))


def _type(name: str, config: Config) -> str:
    """What a file says or guesses that the environment is; empty where its rules disagree."""
    guessing = replace(config, document={**config.document, "unmatched-environments": "infer"})
    try:
        return classify(name, guessing).type
    except UsageError:
        return ""


def is_about(freeze: Freeze, name: str, types: Collection[str]) -> bool:
    """Whether a freeze is for this environment: it names it, or a type of it, or nothing at all.

    Args:
        types: what it is by each file; an empty text where that is not known, so that it may be any.
    """
    if not (freeze.environments or freeze.types):
        return True
    typed = bool(freeze.types) and not {"", *freeze.types}.isdisjoint(types)
    return typed or any(names(one, name) for one in freeze.environments)


def names(pattern: str, environment: str) -> bool:
    """Whether an entry of ``environments`` names an environment, as rules do: in any case, or as a glob."""
    return canonical(pattern) == canonical(environment) or (is_glob(pattern) and glob_matches(pattern, environment))


def frozen(freezes: Sequence[Declared], now: datetime, kind: RequestType | None = None) -> Frozen | None:
    """What holds a deployment now; None when nothing does.

    Args:
        now: aware.
        kind: what its change was requested as; None where that is not known, so that no exception counts.
    """
    counted = [one for one in freezes if not _excepted(one.freeze, kind)]
    found = joined([one.freeze for one in counted], now)
    if found is None:
        return None
    held = tuple(next(one for one in counted if one.freeze is freeze) for freeze in found[0])
    return Frozen(held, None if found[1] >= NEVER else found[1])


def _excepted(freeze: Freeze, kind: RequestType | None) -> bool:
    return kind is not None and any(one == kind.id if one.isdigit() else one == kind.name for one in freeze.exceptions)


@dataclass(frozen=True)
class Coming:
    """The next stretch of a freeze; ``begun`` when it holds now."""

    declared: Declared
    begins: datetime
    ends: datetime
    begun: bool


def coming(freezes: Sequence[Declared], now: datetime) -> list[Coming]:
    """What holds now or begins within a year, the earlier first."""
    spans = [(one, one.freeze.coming(now)) for one in freezes]
    found = [Coming(one, span.begins, span.ends, span.begins <= now) for one, span in spans if span]
    return sorted((one for one in found if one.begins - now < _AHEAD), key=lambda one: one.begins)


def told(one: Coming) -> str:
    """A stretch in words: ``Year end, from ... until ... (.jira-ci.yml line 7)``."""
    freeze = one.declared.freeze
    until = "with no end" if one.ends >= NEVER else f"until {moment_in(freeze, one.ends)}"
    begun = "frozen now, since" if one.begun else "frozen from"
    passing = f", except for {enumerate_some(map(shown, freeze.exceptions), ' and ')}" if freeze.exceptions else ""
    return f"{shown(freeze.name)}: {begun} {moment_in(freeze, one.begins)} {until}{passing} ({one.declared.source})"


def document(one: Coming) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "name": one.declared.freeze.name,
        "source": one.declared.source,
        "begins": _utc(one.begins),
        "ends": None if one.ends >= NEVER else _utc(one.ends),
        "timezone": one.declared.freeze.zone_name or None,
        "except": list(one.declared.freeze.exceptions),
        "now": one.begun,
    }


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
