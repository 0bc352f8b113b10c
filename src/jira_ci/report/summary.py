"""The report's page: what was reported about which issues, where it is, and what was not taken, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

from jira_ci.errors import JiraCiError
from jira_ci.frozen import dataclass
from jira_ci.jira.access import site_url
from jira_ci.jira.identity import keys_of
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.output import page
from jira_ci.output.page import Block, Code, Heading, Link, Mark, Notice, Page, Paragraph, Phrase, Strong
from jira_ci.report import report_result
from jira_ci.report.plan import Entry, Plan
from jira_ci.report.report_result import SiteResult, knows_nothing
from jira_ci.run import Run
from jira_ci.text import one_line

_MOST = 50
_PLACES = 3  # in the heading
_LONGEST = 200
_NAMED = 20


def _not_taken(plan: Plan, results: Sequence[SiteResult], errors: Sequence[JiraCiError | None]) -> Iterator[Block]:
    """Blocks of the page; none where all is well."""
    several = len(results) > 1
    for result, error in zip(results, errors, strict=True):
        where = f" to {result.site.name}" if several else ""
        if error is not None:
            yield Notice((Strong(f"Not reported{where}:"), f" {error}"))
        elif result.withheld:
            yield Notice((Strong(f"Not reported{where}:"), f" {result.withheld}"))
    problems_found = [sentence for result in results for sentence in _problems_at(result, several=several)]
    if problems_found:
        yield Heading("Not accepted")
        yield from page.items(problems_found, _MOST)
    doubts = list(_doubts(plan))
    if doubts:
        yield Heading("Perhaps not complete")
        yield from page.items(doubts, _MOST)


def _problems_at(result: SiteResult, *, several: bool) -> Iterator[Phrase]:
    """What is problems_found at one site, which is named where there are several."""
    name = f"{result.site.name}: " if several else ""
    for sentence in (*_records(result.submission), *_keys(result)):
        yield (name, *sentence) if name else sentence
    if several and knows_nothing(result.submission):
        yield (f"{name}This site knows none of the issues.",)


def _records(submission: Submission) -> Iterator[Phrase]:
    for record, reasons in submission.rejected:
        where = (record.get("environment") or {}).get("displayName", "")
        issues = _some(keys_of(record))
        about = "".join([f" to {where}" if where else "", f" ({issues})" if issues else ""])
        why = "; ".join(reasons) or "Jira gives no reason."
        yield "Rejected: ", Strong(f"{record['displayName']}{about}"), f": {why}"
    if isinstance(submission, LinkSubmission):
        for key, reason in list(submission.refusals.items())[:_NAMED]:
            yield "Not linked: ", Strong(key), f": {reason}"
        if len(submission.refusals) > _NAMED:
            yield (f"Not linked: {len(submission.refusals) - _NAMED} more issues.",)


def _keys(result: SiteResult) -> Iterator[Phrase]:
    submission = result.submission
    for names, what in (
        (submission.refused_keys, "Refused by Jira, and left out of the report"),
        (submission.unknown_keys, "Issues that Jira does not know"),
        (result.hidden, "Issues that Jira does not show to the account of token, and that were not named to it"),
        (submission.unknown_services, "Services that Jira does not know"),
        (getattr(submission, "left", ()), "Not reached"),
    ):
        if names:
            yield f"{what}: ", Strong(_some(names))


def _doubts(plan: Plan) -> Iterator[Phrase]:
    for gap in dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps):
        yield (gap,)
    yield from ((sentence,) for sentence in report_result.left_out_lines(plan))
    dropped = {key: why for entry in plan.entries for key, why in entry.claim.keys.dropped.items()}
    if dropped:
        yield "Not counted as issues: ", _some([f"{key} ({why})" for key, why in dropped.items()])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


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
    results: Sequence[SiteResult],
    errors: Sequence[JiraCiError | None],
    more: Sequence[Column] = (),
    moved: Mapping[str, Link] = _NONE,
    foot: Phrase = (),
) -> Page:
    """The whole page.

    Args:
        errors: of each result.
        more: what else is known of the issues.
        moved: for issues that are called otherwise now, how.
        foot: see :func:`about`.
    """
    what = "deployment" if plan.kind.plural == "deployments" else "build"
    state = page.state(plan.state) if plan.state else Mark("off", "skipped")
    blocks = [*_environments(plan), *_issues(plan, results, errors, more, moved), *_not_taken(plan, results, errors)]
    told = not plan.state or any(result.submission.accepted for result in results)
    said = f"{what} {state.word}{_what_went_where(plan)}"
    heading = Mark(state.tone, said) if told else Mark("doubtful", f"{said}, not reported")
    return Page(heading, tuple(blocks), foot)


def _what_went_where(plan: Plan) -> str:
    """Which version went where, or how the tests of a build went; nothing where neither is known."""
    places = list(dict.fromkeys(entry.title for entry in plan.entries if entry.environment))
    if places:
        shown = ", ".join(places[:_PLACES]) + (f" and {len(places) - _PLACES} more" if len(places) > _PLACES else "")
        version = str(plan.entries[0].record.get("label") or "")
        return one_line(f": {version} to {shown}" if version else f": to {shown}", _LONGEST)
    counts = next((found for entry in plan.entries if (found := entry.record.get("testInfo"))), None)
    if not counts:
        return ""
    told = {"failed": counts["numberFailed"], "skipped": counts["numberSkipped"]}
    return ": " + ", ".join(
        [f"{counts['totalNumber']} tests", *(f"{many} {word}" for word, many in told.items() if many)]
    )


def about(run: Run, version: str) -> Phrase:
    """What was reported, and by which run."""
    version = version or run.tag or run.commit[:12]
    phrases: list[Phrase] = [
        (f"{run.repository} ", Code(version)) if run.repository and version else (),
        (Link(f"run {run.number}", run.url),) if run.url else (),
    ]
    return page.separated(phrases, " · ")


def _environments(plan: Plan) -> list[Block]:
    rows = [_environment(entry, page.state(plan.state)) for entry in plan.entries if entry.environment]
    columns = ("Environment", "Tenant", "Service", "Type", "State")
    return page.table("Environments", columns, rows, _ENVIRONMENTS, optional=("Tenant", "Service"))


def _environment(entry: Entry, state: Mark) -> list[Phrase]:
    name, kind = (entry.environment.name, entry.environment.type) if entry.environment else ("", "")
    return [(name,), (entry.tenant,), (entry.service,), (kind,), (state,)]


def _issues(
    plan: Plan,
    results: Sequence[SiteResult],
    errors: Sequence[JiraCiError | None],
    more: Sequence[Column],
    moved: Mapping[str, Link],
) -> list[Block]:
    sources = {key: source for entry in plan.entries for key, source in entry.claim.keys.sources.items()}
    columns = [
        Column("Issue", lambda key: (_link(key, results), *((", now ", moved[key]) if key in moved else ()))),
        *more,
        Column("Found in", lambda key: (sources[key],)),
        *_columns_of_sites(results, errors),
    ]
    if not sources:
        return [Paragraph(("No issue was found.",))] if plan.state else []
    rows = [[column.cell(key) for column in columns] for key in list(sources)[:_KEYS]]
    rows += [[() for _ in columns]] * (len(sources) - len(rows))
    optional = [column.title for column in columns if column.title not in ("Issue", "Found in")]
    return page.table("Issues", [column.title for column in columns], rows, _KEYS, optional)


def _columns_of_sites(results: Sequence[SiteResult], errors: Sequence[JiraCiError | None]) -> Iterator[Column]:
    """A column for each site, or one about Jira where there is one; none before any site was told."""
    for result, error in zip(results, errors, strict=True):
        shown = {key for record in result.submission.accepted for key in keys_of(record)}
        title = result.site.name if len(results) > 1 else "Jira"
        yield Column(title, partial(_key_mark, result, error, shown))


def _key_mark(result: SiteResult, error: JiraCiError | None, shown: set[str], key: str) -> Phrase:
    submission = result.submission
    if not result.site.takes(key):
        return ()
    if key in result.hidden:
        return (Mark("doubtful", "not shown by Jira"),)
    if key in submission.refused_keys:
        return (Mark("bad", "refused"),)
    if key in submission.unknown_keys:
        return (Mark("doubtful", "unknown to Jira"),)
    if key in shown and key not in getattr(submission, "left", ()):
        return (Mark("good", "reported"),)
    return (Mark("bad", "not reported"),) if error or submission.rejected else ()


def _link(key: str, results: Sequence[SiteResult]) -> Link:
    """The key as a link to the first site that knows it."""
    told = [result for result in results if result.site.takes(key)]
    known = [result for result in told if key not in result.unknown_keys] or told or list(results)
    settings = known[0].site.settings if known else None
    site = site_url(settings.site, settings.instance) if settings else ""
    return Link(key, f"{site}/browse/{quote(key)}" if site else "")
