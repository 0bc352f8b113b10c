"""The report's page: what was reported about which issues, where it is, and what was not taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from jira_ci.errors import JiraCiError
from jira_ci.jira import addresses
from jira_ci.jira.records import keys_of
from jira_ci.report.fate import Fate
from jira_ci.report.plan import Entry, Plan
from jira_ci.report.shortfalls import shortfalls
from jira_ci.run import Run
from jira_ci.summary import parts
from jira_ci.summary.parts import Block, Code, Link, Mark, Page, Paragraph, Phrase

_NONE: Mapping[str, Link] = MappingProxyType({})
_KEYS = 100
_ENVIRONMENTS = 250  # so many as to leave room in the summary's megabyte, and its reader some patience


@dataclass(frozen=True)
class Column:
    """One column of the table of issues."""

    title: str
    cell: Callable[[str], Phrase]
    """An issue key's."""


def summary(
    plan: Plan,
    fates: Sequence[Fate],
    errors: Sequence[JiraCiError | None],
    more: Sequence[Column] = (),
    moved: Mapping[str, Link] = _NONE,
    foot: Phrase = (),
) -> Page:
    """The whole page.

    Args:
        errors: of each fate.
        more: what else is known of the issues.
        moved: for issues that are called otherwise now, how.
        foot: see :func:`about`.
    """
    what = "deployment" if plan.kind.plural == "deployments" else "build"
    state = parts.state(plan.state) if plan.state else Mark("off", "skipped")
    blocks = [*_environments(plan), *_issues(plan, fates, errors, more, moved), *shortfalls(plan, fates, errors)]
    told = not plan.state or any(fate.outcome.accepted for fate in fates)
    heading = (
        Mark(state.tone, f"{what} {state.word}") if told else Mark("doubtful", f"{what} {state.word}, not reported")
    )
    return Page(heading, tuple(blocks), foot)


def about(run: Run, version: str) -> Phrase:
    """What was reported, and by which run."""
    version = version or run.tag or run.commit[:12]
    phrases: list[Phrase] = [
        (f"{run.repository} ", Code(version)) if run.repository and version else (),
        (Link(f"run {run.number}", run.url),) if run.url else (),
    ]
    return parts.separated(phrases, " · ")


def _environments(plan: Plan) -> list[Block]:
    rows = [_environment(entry, parts.state(plan.state)) for entry in plan.entries if entry.environment]
    columns = ("Environment", "Tenant", "Service", "Type", "State")
    return parts.table("Environments", columns, rows, _ENVIRONMENTS, optional=("Tenant", "Service"))


def _environment(entry: Entry, state: Mark) -> list[Phrase]:
    name, kind = (entry.environment.name, entry.environment.type) if entry.environment else ("", "")
    return [(name,), (entry.tenant,), (entry.service,), (kind,), (state,)]


def _issues(
    plan: Plan,
    fates: Sequence[Fate],
    errors: Sequence[JiraCiError | None],
    more: Sequence[Column],
    moved: Mapping[str, Link],
) -> list[Block]:
    sources = {key: source for entry in plan.entries for key, source in entry.claim.keys.sources.items()}
    columns = [
        Column("Issue", lambda key: (_link(key, fates), *((", now ", moved[key]) if key in moved else ()))),
        *more,
        Column("Found in", lambda key: (sources[key],)),
        *_verdicts(fates, errors),
    ]
    if not sources:
        return [Paragraph(("No issue was found.",))] if plan.state else []
    rows = [[column.cell(key) for column in columns] for key in list(sources)[:_KEYS]]
    rows += [[() for _ in columns]] * (len(sources) - len(rows))
    optional = [column.title for column in columns if column.title not in ("Issue", "Found in")]
    return parts.table("Issues", [column.title for column in columns], rows, _KEYS, optional)


def _verdicts(fates: Sequence[Fate], errors: Sequence[JiraCiError | None]) -> Iterator[Column]:
    """A column for each destination, or one about Jira where there is one; none before anybody was told."""
    for fate, error in zip(fates, errors, strict=True):
        shown = {key for record in fate.outcome.accepted for key in keys_of(record)}
        title = fate.destination.name if len(fates) > 1 else "Jira"
        yield Column(title, lambda key, fate=fate, error=error, shown=shown: _fate(key, fate, error, shown))  # type: ignore[misc]


def _fate(key: str, fate: Fate, error: JiraCiError | None, shown: set[str]) -> Phrase:
    outcome = fate.outcome
    if not fate.destination.takes(key):
        return ()
    if key in fate.hidden:
        return (Mark("doubtful", "not shown by Jira"),)
    if key in outcome.refused_keys:
        return (Mark("bad", "refused"),)
    if key in outcome.unknown_keys:
        return (Mark("doubtful", "unknown to Jira"),)
    if key in shown and key not in getattr(outcome, "left", ()):
        return (Mark("good", "reported"),)
    return (Mark("bad", "not reported"),) if error or outcome.rejected else ()


def _link(key: str, fates: Sequence[Fate]) -> Link:
    """The key as a link to the first site that knows it."""
    told = [fate for fate in fates if fate.destination.takes(key)]
    known = [fate for fate in told if key not in fate.unknown_keys] or told or list(fates)
    settings = known[0].destination.settings if known else None
    site = addresses.site_url(settings.site, settings.instance) if settings else ""
    return Link(key, f"{site}/browse/{quote(key)}" if site else "")
