"""What the comment on a pull or merge request says, in Markdown. Pure; every text is untrusted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote

from jira_ci.jira.access import site_url
from jira_ci.output import page
from jira_ci.report.comment_state import LONGEST, Known, Place, Source, hidden
from jira_ci.report.plan import Entry, Plan
from jira_ci.report.report_result import SiteResult
from jira_ci.run import CI, Run
from jira_ci.text import canonical, markdown, unlinked

_SHOWN = 50
_LARGEST = 60_000  # bytes; GitHub takes 65536 characters


@dataclass(frozen=True)
class Links:
    """Where things are looked at; each answers with an address, or an empty text."""

    issue: Callable[[str], str]
    """An issue's, by its key."""
    run: Callable[[str], str]
    """A run's, by its id."""


def body(known: Known, links: Links, noun: str) -> str:
    """The whole comment, with its hidden line; as much of it as fits.

    Args:
        noun: ``pull request`` or ``merge request``.
    """
    while True:
        written = "\n".join([*_lines(known, links, noun), "", hidden(known)])
        if len(written.encode("utf-8", "replace")) <= _LARGEST or not (known.keys or known.places):
            return written
        known = known.less()


def inert(text: str, limit: int = LONGEST) -> str:
    """An untrusted text for a comment: no markup, and nothing that notifies a person or links to anything."""
    return markdown(unlinked(text[:limit] + "…" * (len(text) > limit)), 4 * LONGEST)


def _lines(known: Known, links: Links, noun: str) -> Iterator[str]:
    yield "### Jira"
    yield ""
    yield from _issues(known, links) if known.keys else [f"This {noun} names no issue."]
    yield ""
    yield from _places(known, links) if known.places else ["No deployment of it was reported yet."]


def _issues(known: Known, links: Links) -> Iterator[str]:
    keys = known.keys
    cards = {key: known.cards.get(key, ("", "")) for key in keys[:_SHOWN]}
    columns = [index for index in (0, 1) if any(card[index] for card in cards.values())]
    yield _row(["Issue", *(("Title", "Status")[index] for index in columns)])
    yield _row(["---"] * (1 + len(columns)))
    for key, card in cards.items():
        yield _row([_link(inert(key), links.issue(key)), *(inert(card[index]) for index in columns)])
    if len(keys) > _SHOWN:
        yield _row([f"… and {len(keys) - _SHOWN} more", *("" for _ in columns)])


def _places(known: Known, links: Links) -> Iterator[str]:
    yield "| Environment | Type | State | Version | When | Run |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for place in known.places:
        yield _row([inert(place.name), place.type, _state(place), _version(place), _when(place), _run(place, links)])


def _state(place: Place) -> str:
    mark = page.state(place.state)
    return f"{page.TONES[mark.tone]} {mark.word}"


def _version(place: Place) -> str:
    """As code, which neither provider looks into for references: a version is copied, so nothing invisible is in it."""
    return f"<code>{markdown(place.version, LONGEST)}</code>" if place.version else ""


def _when(place: Place) -> str:
    try:
        return f"{datetime.fromtimestamp(place.when, timezone.utc):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _run(place: Place, links: Links) -> str:
    return _link(markdown(f"run #{place.number}"), links.run(place.run_id))


def _link(shown: str, address: str) -> str:
    return f"[{shown}]({quote(address, safe=':/%-._~[]')})" if address else shown


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


Cards = Mapping[str, tuple[str, str]]
"""For an issue its title and its status, each perhaps empty."""


def places(plan: Plan, run: Run, version: str, mask: Callable[[str], str]) -> tuple[Place, ...]:
    """What is reported of each environment, tenant and service.

    Args:
        mask: hides secrets.
    """
    return tuple(_place(entry, run, mask(version)[:LONGEST], mask) for entry in plan.entries if entry.environment)


def source(plan: Plan, run: Run, now: float) -> Source:
    """The issues that a run of the pull request itself reports.

    Args:
        now: epoch seconds.
    """
    keys = tuple(dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys if len(key) <= LONGEST))
    workflow = _hash(run.provider, run.repository_id, run.workflow)
    return Source(workflow, run.commit, run.number, int(now), keys)


def outside(keys: Iterable[str]) -> Source:
    """The issues of a pull request that some other run reads off it."""
    return Source("", "", 0, 0, tuple(key for key in keys if len(key) <= LONGEST))


def known(found: Source, deployed: tuple[Place, ...], cards: Cards, mask: Callable[[str], str]) -> Known:
    """All of it, without secrets."""
    shown = {key: (mask(title)[:LONGEST], mask(status)[:LONGEST]) for key, (title, status) in cards.items()}
    return Known((found,), deployed, shown)


def links(run: Run, results: Sequence[SiteResult]) -> Links:
    """Issues are looked at on the first site that knows them, runs at the provider; no address is taken from a
    comment."""

    def issue(key: str) -> str:
        told = [result for result in results if result.site.takes(key)]
        knowing = [result for result in told if key not in result.submission.unknown_keys] or told or list(results)
        settings = knowing[0].site.settings if knowing else None
        site = site_url(settings.site, settings.instance) if settings else ""
        return f"{site}/browse/{quote(key)}" if site else ""

    def of_run(run_id: str) -> str:
        path = "/-/pipelines/" if run.provider == CI.GITLAB else "/actions/runs/"
        return f"{run.repository_url}{path}{run_id}" if run.repository_url and run_id else ""

    return Links(issue, of_run)


def noun(run: Run) -> str:
    """What people call it: ``pull request`` or ``merge request``."""
    return "merge request" if run.provider == CI.GITLAB else "pull request"


def _place(entry: Entry, run: Run, version: str, mask: Callable[[str], str]) -> Place:
    record = entry.record
    return Place(
        id=_hash(record["environment"]["id"], canonical(entry.service)),
        name=mask(entry.title)[:LONGEST],
        type=record["environment"]["type"],
        state=record["state"],
        version=version,
        when=int(datetime.fromisoformat(record["lastUpdated"]).timestamp()),
        number=run.number,
        sequence=record["updateSequenceNumber"],
        pipeline=_hash(record["pipeline"]["id"]),
        run_id=run.run_id,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
