"""The job summary in Markdown: what was reported about which issues, and what was not. Every text is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from jira_ci.errors import JiraCiError
from jira_ci.jira import addresses
from jira_ci.jira.records import keys_of
from jira_ci.report.fate import Fate, knows_nothing
from jira_ci.report.plan import Plan
from jira_ci.text import markdown

_NONE: Mapping[str, str] = MappingProxyType({})
_KEYS = 100
_ENVIRONMENTS = 250  # so many as to leave room in the summary's megabyte, and its reader some patience


@dataclass(frozen=True)
class Column:
    """One column of the table of issues."""

    title: str
    """Markdown."""
    cell: Callable[[str], str]
    """An issue key's, in Markdown."""


def summary(
    plan: Plan,
    fates: Sequence[Fate],
    errors: Sequence[JiraCiError | None],
    more: Sequence[Column] = (),
    moved: Mapping[str, str] = _NONE,
) -> str:
    """The whole summary.

    Args:
        errors: of each fate.
        more: columns between the sources of the keys and what became of them.
        moved: for issues that are called otherwise now, how, in Markdown.
    """
    what = "deployment" if plan.kind.plural == "deployments" else "build"
    lines = [f"### Jira: {what} {markdown(plan.state.replace('_', ' ') or 'skipped')}", ""]
    lines += _environments(plan)
    sources = {key: source for entry in plan.entries for key, source in entry.claim.keys.sources.items()}
    if sources:
        columns = [
            Column("Issue", lambda key: _link(key, fates) + (f", now {moved[key]}" if key in moved else "")),
            Column("Found in", lambda key: markdown(sources[key])),
            *more,
            *_verdicts(fates, errors),
        ]
        lines += [*_table(list(sources), columns), ""]
    lines += _troubles(fates, errors)
    gaps = dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps)
    return "\n".join([*lines, *(f"- {markdown(gap, 1000)}" for gap in gaps), ""])


def _environments(plan: Plan) -> list[str]:
    rows = [
        f"| {markdown(entry.title)} | {entry.environment.type} | {markdown(plan.state)} |"
        for entry in plan.entries
        if entry.environment
    ]
    if len(rows) > _ENVIRONMENTS:
        rows[_ENVIRONMENTS:] = [f"| … and {len(rows) - _ENVIRONMENTS} more | | |"]
    return ["| Environment | Type | State |", "| --- | --- | --- |", *rows, ""] if rows else []


def _table(keys: Sequence[str], columns: Sequence[Column]) -> Iterator[str]:
    yield _row([column.title for column in columns])
    yield _row(["---" for _ in columns])
    for key in keys[:_KEYS]:
        yield _row([column.cell(key) for column in columns])
    if len(keys) > _KEYS:
        yield f"| … and {len(keys) - _KEYS} more |" + " |" * (len(columns) - 1)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _verdicts(fates: Sequence[Fate], errors: Sequence[JiraCiError | None]) -> Iterator[Column]:
    """A column for each destination, or one about Jira where there is one, or none yet."""
    if not fates:
        yield Column("Jira", lambda _: "")
    for fate, error in zip(fates, errors, strict=True):
        shown = {key for record in fate.outcome.accepted for key in keys_of(record)}
        title = markdown(fate.destination.name) if len(fates) > 1 else "Jira"
        yield Column(title, lambda key, fate=fate, error=error, shown=shown: _fate(key, fate, error, shown))  # type: ignore[misc]


def _fate(key: str, fate: Fate, error: JiraCiError | None, shown: set[str]) -> str:
    outcome = fate.outcome
    if key in fate.hidden:
        return "not shown by Jira"
    if key in outcome.refused_keys:
        return "refused"
    if key in outcome.unknown_keys:
        return "unknown to Jira"
    if key in shown and key not in getattr(outcome, "left", ()):
        return "reported"
    return "not reported" if error or outcome.rejected else ""


def _troubles(fates: Sequence[Fate], errors: Sequence[JiraCiError | None]) -> list[str]:
    several, lines = len(fates) > 1, []
    for fate, error in zip(fates, errors, strict=True):
        where = f" to {markdown(fate.destination.name)}" if several else ""
        if error is not None:
            lines += [f"**Not reported{where}:** {markdown(str(error), 2000)}", ""]
        elif several and fate.withheld:
            lines += [f"Not reported{where}: {markdown(fate.withheld)}", ""]
        elif several and knows_nothing(fate.outcome):
            lines += [f"{markdown(fate.destination.name)} knows none of these issues.", ""]
    return lines


def _link(key: str, fates: Sequence[Fate]) -> str:
    """The key as a link to the first site that knows it."""
    known = [fate for fate in fates if key not in fate.unknown_keys] or list(fates)
    settings = known[0].destination.settings if known else None
    site = addresses.site_url(settings.site, settings.instance) if settings else ""
    return f"[{markdown(key)}]({site}/browse/{key})" if site and key.isascii() else markdown(key)
