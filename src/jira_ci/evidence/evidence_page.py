"""A population for people: lines, a page that is worth printing, and a table that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from jira_ci.evidence.evidence_document import document, figures
from jira_ci.evidence.population_rows import Gap, Population, Review, Row
from jira_ci.output import page
from jira_ci.output.page import Block, Code, Heading, Link, Mark, Notice, Page, Paragraph, Phrase
from jira_ci.text import one_line, short

MOST = 200
"""Rows of a summary: GitHub shows a megabyte of one."""
_FINDINGS = {
    "": "",
    "no-change": "no change, no record",
    "no-record": "no record",
    "by-jira": "gated by Jira itself, no record",
    "altered": "the record was altered",
}
_CSV = re.findall(
    r"\S+",
    "environment tenant version commit actor started ended state provider-state provider-id run url change record "
    "proof approved approved-by approved-at window-start window-end emergency emergency-asker review-until reviewed-by "
    "reviewed-at reviewed-in-time freeze-exception lead-time finding",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where commas are decimal marks, a spreadsheet parts cells at semicolons, and no quotes hold it back.
_WITHIN = re.compile(rf"(;[\s\"]*)(?=[{re.escape(''.join(_FORMULA))}])")


def headline(population: Population) -> str:
    """How many are known, and that others may be missing: no number stands without that."""
    known, without = len(population.rows), len(population.without)
    told = f"{known} known" + (f", {without} of them without a record" if without else "")
    return f"{told}; {_provable(population.gaps)}."


def _provable(gaps: Sequence[Gap]) -> str:
    if not gaps:
        return "nothing is missing, as far as the provider and Jira can tell"
    return "not provable: " + "; ".join(dict.fromkeys(f"{_days(one)} ({one.source})" for one in gaps))


def _days(gap: Gap) -> str:
    return f"{gap.first}" if gap.first == gap.last else f"{gap.first} to {gap.last}"


def lines(population: Population) -> Iterator[str]:
    """A table, what is to be looked into, the figures, and what cannot be proven."""
    names, rows = _table(population)
    texts = [list(names), *([_plain(cell) for cell in row] for row in rows)]
    widths = [min(max(len(row[at]) for row in texts), 40) for at in range(len(names))]
    for row in texts if rows else ():
        yield "  ".join(one_line(cell, 300).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield from _figure_lines(population)
    yield from (f"Emergency: {_plain(phrase)}" for phrase in _emergencies(population))
    yield from (f"Not provable, {_days(one)}: {one.why}" for one in population.gaps)
    yield from population.notes
    yield headline(population)


def as_page(population: Population, most: int = MOST) -> Page:
    """The page.

    Args:
        most: rows of each table.
    """
    span = f"{population.period.first} to {population.period.last}"
    tone = "bad" if any(row.finding == "altered" for row in population.rows) else "doubtful"
    title = Mark("good" if not population.gaps and not population.without else tone, f"deployments, {span} (UTC)")
    names, rows = _table(population)
    blocks: list[Block] = [Paragraph((headline(population),))]
    if population.gaps:
        blocks.append(Heading("What cannot be proven"))
        cells = [((_days(one),), (one.source,), (one.why,)) for one in population.gaps]
        blocks += page.table("What cannot be proven", ("Days", "Source", "Why"), cells, most)
    without = [place for place, row in enumerate(population.rows) if row.recorded is None]
    if without:
        blocks += [Heading("Without a record"), Notice(("No gate of jira-ci let these through, as far as is known.",))]
        blocks += page.table("Without a record", names, [rows[place] for place in without], most, ("Tenant", "Window"))
    emergencies = list(_emergencies(population))
    blocks += [Heading("Emergencies"), *page.items(emergencies, most)] if emergencies else []
    blocks += [Heading("Every deployment")] if rows else []
    blocks += page.table("Every deployment", names, rows, most, ("Tenant", "Window", "Look into"))
    blocks += [Heading("Figures"), *_figure_table(population)]
    blocks += [Paragraph((note,)) for note in population.notes]
    read = f"{population.repository}, read {_time(population.read_at)} UTC from {population.asked or 'no provider'}"
    return Page(title, tuple(blocks), (f"{read} and Jira",))


def _table(population: Population) -> tuple[tuple[str, ...], list[tuple[Phrase, ...]]]:
    names = ("Began (UTC)", "Environment", "Tenant", "Version", "Commit", "By", "Change", "Approved by", "Window")
    return (*names, "Outcome", "Look into"), [_cells(row) for row in population.rows]


def _cells(row: Row) -> tuple[Phrase, ...]:
    own, link = row.recorded, row.url
    approved = [f"{one.account}{f' {_time(one.at)}' if one.at else ''}" for one in (own.approvals if own else ())]
    kinds = [
        *(["emergency"] if own and own.emergency else []),
        *([f"freeze: {own.freeze}"] if own and own.freeze else []),
    ]
    look = "; ".join(filter(None, (_FINDINGS[row.finding], *kinds, _differing(row))))
    return (
        (Link(_time(row.moment), link),) if link else (_time(row.moment),),
        (row.environment,),
        (row.tenant,) if row.tenant else (),
        (Code(row.version),) if row.version else (),
        (Code(short(row.commit)),) if row.commit else (),
        (row.actor,) if row.actor else (),
        (Link(row.change.key, row.change.url),) if row.change else ("none",),
        (", ".join(approved) or ("nobody" if own else ""),),
        (_window(own.window),) if own and any(own.window) else (),
        (page.state(row.state),),
        (look,) if look else (),
    )


def _differing(row: Row) -> str:
    """That the provider says something else of how it went."""
    own = row.recorded.state if row.recorded else ""
    theirs = row.provided.state if row.provided else "unknown"
    return f"the provider says {theirs}" if own and theirs in ("successful", "failed") and own != theirs else ""


def _emergencies(population: Population) -> Iterator[Phrase]:
    for place, review in sorted(population.reviews.items()):
        row = population.rows[place]
        if row.recorded is None or row.recorded.emergency is None or row.change is None:
            continue
        found = row.recorded.emergency
        told = (
            f" {_time(row.moment)}, {row.environment} {row.recorded.version}, asked for by {found.asker or row.actor}"
        )
        reason = f": {found.reason}" if found.reason else ""
        yield Link(row.change.key, row.change.url), f"{told}{reason}. {_reviewed(review, found.review_until)}"


def _reviewed(review: Review, until: datetime | None) -> str:
    limit = f" until {_time(until)}" if until else ""
    if not review.approvals:
        return f"Not reviewed in time{limit}." if review.in_time is False else f"Not reviewed yet{limit}."
    first = review.approvals[0]
    when = f"{_time(first.at)}" if first.at else "an unknown time"
    judged = {True: ", in time", False: f", too late (had to be{limit})", None: ""}[review.in_time]
    return f"Approved afterwards by {first.account} at {when}{judged}."


_FIGURES = (
    ("deployment-frequency", "Deployments a day", 1.0),
    ("lead-time", "Lead time, hours (median)", 3600.0),
    ("change-failure-rate", "Change failure rate", 1.0),
    ("time-to-restore", "Time to restore, hours (median)", 3600.0),
)


def _figure_cells(one: Mapping[str, Any], unit: float) -> tuple[str, str]:
    """The value, and what it was computed from."""
    value = "unknown" if one["value"] is None else f"{one['value'] / unit:.3g}"
    return value, f"of {one['of']}" + (f", {one['unknown']} unknown" if one["unknown"] else "")


def _figure_lines(population: Population) -> Iterator[str]:
    found = figures(population)["all"]
    for key, name, unit in _FIGURES:
        value, of = _figure_cells(found[key], unit)
        yield f"{name}: {value} ({of})"


def _figure_table(population: Population) -> list[Block]:
    found = figures(population)
    places = {"all": found["all"], **found["environments"]}
    rows = [
        (
            (place,),
            *((f"{value} ({of})",) for value, of in (_figure_cells(one[key], unit) for key, _, unit in _FIGURES)),
        )
        for place, one in places.items()
    ]
    return page.table("Figures", ("Environment", *(name for _, name, _ in _FIGURES)), rows, MOST)


def as_csv(population: Population) -> str:
    """A row for each deployment, as RFC 4180 has it; what cannot be proven is a row of its own kind at the end, so that
    no reader takes an empty table for an empty population."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["kind", *_CSV, "why"])
    whole = document(population)
    for one in whole["deployments"]:
        flat = _flat(one)
        writer.writerow(["deployment", *(cell(flat[name]) for name in _CSV), ""])
    for gap in whole["not-provable"]:
        place = {"started": gap["from"], "ended": gap["to"]}
        why = f"{gap['source']}: {gap['why']}"
        writer.writerow(["not-provable", *(cell(place.get(name)) for name in _CSV), cell(why)])
    return out.getvalue()


def _flat(one: Mapping[str, Any]) -> dict[str, Any]:
    window, emergency = one["window"] or {}, one["emergency"] or {}
    reviewed = emergency.get("reviewed") or []
    return {
        **one,
        "change": one["change"]["key"] if one["change"] else None,
        "approved-by": " ".join(part["account"] for part in one["approvals"]),
        "approved-at": " ".join(part["at"] or "?" for part in one["approvals"]),
        "window-start": window.get("start"),
        "window-end": window.get("end"),
        "emergency": (emergency.get("reason") or "yes") if one["emergency"] else None,
        "emergency-asker": emergency.get("asker"),
        "review-until": emergency.get("review-until"),
        "reviewed-by": " ".join(part["account"] for part in reviewed),
        "reviewed-at": " ".join(part["at"] or "?" for part in reviewed),
        "reviewed-in-time": emergency.get("in-time"),
    }


def cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = _WITHIN.sub(r"\1'", one_line(text, 2000))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M")


def _window(window: tuple[datetime | None, datetime | None]) -> str:
    start, end = (_time(one) if one else "" for one in window)
    return f"{start} to {end}" if start and end else f"from {start}" if start else f"until {end}"


def _plain(phrase: Phrase) -> str:
    return "".join(
        part if isinstance(part, str) else part.word if isinstance(part, Mark) else part.text for part in phrase
    )
