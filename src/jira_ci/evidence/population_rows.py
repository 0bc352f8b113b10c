"""What a population is made of: deployments as the provider and as Jira know them, and what is not proven. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

from jira_ci.ci.deployment_list import ProviderDeployment
from jira_ci.errors import UsageError
from jira_ci.text import canonical, mapping, one_line, string, whole

_NEVER = datetime.min.replace(tzinfo=timezone.utc)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Period:
    """Days of UTC, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=timezone.utc)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime(self.last.year, self.last.month, self.last.day, tzinfo=timezone.utc) + timedelta(days=1)

    def holds(self, moment: datetime) -> bool:
        """Whether it is in the period."""
        return self.start <= moment < self.end


def period(first: str, last: str, now: datetime) -> Period:
    """The period as the command line has it.

    Args:
        last: empty for today.

    Raises:
        UsageError: a text is no date, or the period ends before it begins, or lies ahead.
    """
    found = Period(_day("--from", first), _day("--to", last) if last else now.date())
    if found.first > now.date():
        raise UsageError(f"The period begins on {found.first}, and today is {now.date()} (UTC).", "Mend --from.")
    if found.first > found.last:
        raise UsageError(
            f"The period ends ({found.last}) before it begins ({found.first}).", "Exchange --from and --to."
        )
    return found


def _day(flag: str, text: str) -> date:
    try:
        found = date.fromisoformat(text.strip()) if _DATE.fullmatch(text.strip()) else date.min
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 9998:
        raise UsageError(f"{flag} is {one_line(text, 40)!r}, which is no date.", "Write it as 2026-07-01.")
    return found


@dataclass(frozen=True)
class Gap:
    """Days of which it cannot be proven that everything is listed.

    Attributes:
        source: who could not tell: ``GitHub``, ``Jira``.
        why: a sentence.
        first, last: the days, both included.
    """

    source: str
    why: str
    first: date
    last: date


@dataclass(frozen=True)
class Change:
    """The issue that a deployment was let through by."""

    site: str
    id: str
    key: str

    @property
    def url(self) -> str:
        return f"{self.site}/browse/{self.key}"


@dataclass(frozen=True)
class Approved:
    """Who approved, as an account id, and when that approval was complete."""

    account: str
    at: datetime | None


@dataclass(frozen=True)
class Emergency:
    """A deployment that passed by what holds otherwise, as its record says.

    Attributes:
        review_until: until when somebody has to have looked at it.
    """

    reason: str = ""
    asker: str = ""
    request_type: str = ""
    review_until: datetime | None = None


@dataclass(frozen=True)
class Recorded:
    """A deployment that a gate let through, as its record on the change says.

    Attributes:
        record: the first 16 digits of its digest.
        at: when it was decided.
        other_name: the CI's own name of the environment, where it has another one.
        by: the login of whoever started it.
        proof: ``index`` where the change's index was believed, ``record`` where the record itself was read and its
            digest is its name, ``altered`` where that is another one.
    """

    change: Change
    record: str
    at: datetime
    environment: str
    version: str
    commit: str
    repository: str
    run: str
    other_name: str = ""
    tenant: str = ""
    attempt: int = 1
    by: str = ""
    approved: bool = False
    approvals: tuple[Approved, ...] = ()
    window: tuple[datetime | None, datetime | None] = (None, None)
    emergency: Emergency | None = None
    freeze: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    state: str = ""
    lead_time: int | None = None
    proof: Literal["index", "record", "altered"] = "index"

    @property
    def moment(self) -> datetime:
        """When it began, as far as that is known."""
        return self.started or self.at

    @property
    def is_look(self) -> bool:
        """Whether it tells that a deployment may begin, and of none that has begun: that of a gate alone."""
        return not (self.started or self.ended or self.state)

    @property
    def names(self) -> frozenset[str]:
        """Of its environment, in a form in which two spellings of one are the same."""
        return frozenset(canonical(name) for name in (self.environment, self.other_name) if name)


@dataclass(frozen=True)
class Noted:
    """A deployment of which the property on the change tells, and no record: when it was is not in it."""

    change: Change
    environment: str
    commit: str
    run: str
    tenant: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Reported:
    """A deployment that was reported, and that no gate let through. Texts are empty where they are not known.

    Attributes:
        at: when it was reported.
        run: the id of the run that deployed.
    """

    at: datetime
    environment: str
    repository: str = ""
    run: str = ""
    tenant: str = ""
    version: str = ""
    commit: str = ""
    by: str = ""
    url: str = ""


@dataclass(frozen=True)
class Row:
    """One deployment: what the provider says of it, what its record says, or both; or that it was reported.

    Attributes:
        reported: where neither of them says anything.
        looks: the names of records of gates that were asked before, about the same deployment.
        by_jira: whether Jira itself gates this environment today, which keeps no record.
    """

    provided: ProviderDeployment | None = None
    recorded: Recorded | None = None
    change: Change | None = None
    looks: tuple[str, ...] = ()
    by_jira: bool = False
    reported: Reported | None = None

    @property
    def moment(self) -> datetime:
        """When it began: that decides in which period it is."""
        if self.recorded is not None:
            return self.recorded.moment
        return self.provided.moment if self.provided else self.reported.at if self.reported else _NEVER

    @property
    def tenant(self) -> str:
        told = self.recorded or self.reported
        return told.tenant if told else ""

    @property
    def version(self) -> str:
        """Where nothing else is known, the ref."""
        told = self.recorded or self.reported
        return told.version if told else self.provided.ref if self.provided else ""

    @property
    def url(self) -> str:
        """Of the job, or of the run."""
        return (self.provided.url if self.provided else "") or (self.reported.url if self.reported else "")

    @property
    def ended(self) -> datetime | None:
        return (self.recorded.ended if self.recorded else None) or (self.provided.ended if self.provided else None)

    @property
    def state(self) -> str:
        """Jira's word. The record's counts; where a gate was asked without ``deploy``, only the provider knows."""
        own = self.recorded.state if self.recorded else "successful" if self.reported else ""
        return own or (self.provided.state if self.provided else "") or "unknown"

    @property
    def environment(self) -> str:
        told = self.recorded or self.provided or self.reported
        return told.environment if told else ""

    @property
    def commit(self) -> str:
        told = (self.recorded, self.provided, self.reported)
        return next((one.commit for one in told if one and one.commit), "")

    @property
    def actor(self) -> str:
        """A login."""
        own = self.recorded or self.reported
        return (own.by if own else "") or (self.provided.actor if self.provided else "")

    @property
    def run(self) -> str:
        """``acme/shop#9001/1``, or the run's id alone."""
        if self.recorded is not None and self.recorded.run:
            return f"{self.recorded.repository}#{self.recorded.run}/{self.recorded.attempt}"
        if self.reported is not None:
            return f"{self.reported.repository}#{self.reported.run}" if self.reported.run else ""
        return self.provided.runs[0] if self.provided and self.provided.runs else ""

    @property
    def finding(self) -> Literal["", "no-record", "no-change", "by-jira", "altered"]:
        """What is to be looked into: a change without a record, neither of them, neither where Jira itself gates, or a
        record that was edited."""
        if self.recorded is not None:
            return "altered" if self.recorded.proof == "altered" else ""
        return "no-record" if self.change else "by-jira" if self.by_jira else "no-change"


@dataclass(frozen=True)
class Review:
    """What came after an emergency.

    Attributes:
        approvals: those that were complete after the deployment began, the first one first.
        in_time: ``None`` where that is not known yet, or there is no date for it.
    """

    approvals: tuple[Approved, ...] = ()
    in_time: bool | None = None


@dataclass(frozen=True)
class Population:
    """What is known of a period, and what is not."""

    period: Period
    repository: str
    environments: tuple[str, ...]
    """Those that were asked for; empty for all controlled ones."""
    read_at: datetime
    asked: str
    """Who was asked besides Jira; empty for nobody."""
    rows: tuple[Row, ...]
    """The oldest first."""
    reviews: Mapping[int, Review]
    """Of the rows that are emergencies, by their place."""
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...] = ()
    """What should be known besides, as sentences."""

    @property
    def without(self) -> tuple[Row, ...]:
        """Those without a record."""
        return tuple(row for row in self.rows if row.recorded is None)


def recorded(change: Change, entry: Mapping[str, Any], proof: Literal["index", "record", "altered"]) -> Recorded | None:
    """A deployment out of the entry that a change's index has of its record; None for what is no entry."""
    at, started = moment(entry.get("at")), moment(entry.get("started"))
    repository, _, run = string(entry.get("run")).rpartition("#")
    number, _, attempt = run.partition("/")
    name = string(entry.get("record"))
    if not name or not (at or started) or not string(entry.get("environment")):
        return None
    window = mapping(entry.get("window"))
    lead = entry.get("lead-time")
    return Recorded(
        change,
        name,
        at or started or _NEVER,
        string(entry.get("environment")),
        string(entry.get("version")),
        string(entry.get("commit")),
        repository,
        number,
        other_name=string(entry.get("ci-environment")),
        tenant=string(entry.get("tenant")),
        attempt=whole(attempt) or 1,
        by=string(entry.get("by")),
        approved=entry.get("approved") is True,
        approvals=_approvals(entry),
        window=(moment(window.get("start")), moment(window.get("end"))),
        emergency=_emergency(entry.get("emergency")),
        freeze=_freeze(entry.get("freeze")),
        started=started,
        ended=moment(entry.get("ended")),
        state=string(entry.get("state")),
        lead_time=lead if type(lead) is int and lead >= 0 else None,
        proof=proof,
    )


def _approvals(entry: Mapping[str, Any]) -> tuple[Approved, ...]:
    accounts, moments = _list(entry.get("approvers")), _list(entry.get("approved-at"))
    moments += [None] * (len(accounts) - len(moments))
    pairs = zip(accounts, moments, strict=False)
    return tuple(Approved(account, moment(at)) for account, at in pairs if isinstance(account, str))


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _emergency(value: object) -> Emergency | None:
    """As the record has it; an older index tells only that it was one."""
    if not isinstance(value, Mapping):
        return Emergency() if value is True else None
    reason, asker, kind = (string(value.get(name)) for name in ("reason", "asker", "request-type"))
    return Emergency(reason, asker, kind, moment(value.get("review-until")))


def _freeze(value: object) -> str:
    """The name of the freeze that it passed."""
    if isinstance(value, Mapping):
        return string(value.get("name")) or "a freeze"
    return string(value)


def moment(value: object) -> datetime | None:
    """A moment as records have it; None for anything else."""
    try:
        found = datetime.fromisoformat(string(value).replace("Z", "+00:00"))
        return found.astimezone(timezone.utc) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def written(value: datetime | None) -> str | None:
    """A moment as records have it."""
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if value else None


def days(gaps: Sequence[Gap]) -> int:
    """How many days there are in these gaps, each once."""
    return len({one.first.toordinal() + day for one in gaps for day in range((one.last - one.first).days + 1)})
