"""What became of a report at each site, and all in all: words for the log, outputs, the JSON document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jira_ci.context import Context, Result
from jira_ci.errors import JiraCiError, RejectedError
from jira_ci.frozen import dataclass, field, replace
from jira_ci.jira.identity import keys_of, services_of, without
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.sites.sites import Site
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.report.plan import Entry, Plan


@dataclass(frozen=True)
class SiteResult:
    """What became of the report at one site."""

    site: Site
    submission: Submission = field(default_factory=Submission)
    withheld: str = ""
    """Why nothing was sent there, where that is no fault; empty when it was."""
    hidden: tuple[str, ...] = ()
    """Issues that were not named there, because the site does not show them to the account of ``token``."""

    @property
    def unknown_keys(self) -> list[str]:
        """The issues that the site does not know, or does not show."""
        return list(dict.fromkeys([*self.hidden, *self.submission.unknown_keys]))


def problem(submission: Submission) -> JiraCiError | None:
    """The error for a report that did not arrive, or of which Jira shows nothing; ``None`` when it stands."""
    if submission.error is not None:
        return submission.error
    if submission.rejected:
        record, reasons = submission.rejected[0]
        more = f" and {len(submission.rejected) - 1} more" if len(submission.rejected) > 1 else ""
        return RejectedError(
            f"Jira rejected {one_line(record['displayName'], 100)!r}{more}: {one_line('; '.join(reasons))}.",
            "Run with log-level: debug to see what was sent.",
        )
    if submission.accepted and knows_nothing(submission):
        issues = f"issues {', '.join(submission.unknown_keys[:5])}"
        services = f"services {one_line(', '.join(submission.unknown_services[:5]), 500)}"
        named = [*([issues] if submission.unknown_keys else []), *([services] if submission.unknown_services else [])]
        return RejectedError(
            f"Jira knows none of the {' and '.join(named)}, so it shows nothing.",
            "Check their spelling, and that site or cloud-id names the site that has them.",
        )
    if knows_no_service(submission):
        return RejectedError(
            f"Jira knows none of the services {one_line(', '.join(submission.unknown_services[:5]), 500)}, so it shows "
            "their deployments on issues only.",
            "Check the ids under services in .jira-ci.yml: they are those of the site's own services.",
        )
    return None


def knows_nothing(submission: Submission) -> bool:
    """Whether a site has none of the issues and services that it was told about, and so shows nothing."""
    told = [*submission.accepted, *(record for record, _ in submission.rejected)]
    keys, services = set(submission.unknown_keys), set(submission.unknown_services)
    return bool(told) and all(
        keys.issuperset(keys_of(record)) and services.issuperset(services_of(record)) for record in told
    )


def knows_no_service(submission: Submission) -> bool:
    """Whether a site has none of the services that it was told about, if there were any."""
    told = _services(submission)
    return bool(told) and told.issubset(submission.unknown_services)


def _services(submission: Submission) -> set[str]:
    """The services that a site was told about; Data Center takes none."""
    if isinstance(submission, LinkSubmission):
        return set()
    return {service for record in submission.accepted for service in services_of(record)}


def problems(results: Sequence[SiteResult]) -> list[JiraCiError | None]:
    """For each site its error, or ``None``. Several sites may share one repository: that one of them has none of
    the issues, or services, is no error while another has some."""
    shown = any(result.submission.accepted and not knows_nothing(result.submission) for result in results)
    served = any(_services(result.submission).difference(result.submission.unknown_services) for result in results)

    def excused(submission: Submission) -> bool:
        nothing, no_service = knows_nothing(submission), knows_no_service(submission)
        if submission.error is not None or (submission.rejected and not nothing):
            return False
        return (nothing and shown) or (no_service and served)

    return [None if excused(result.submission) else problem(result.submission) for result in results]


def unknown_keys(results: Sequence[SiteResult]) -> list[str]:
    """The issues that no site knows, of the sites that judged."""
    judging = [
        result for result in results if result.submission.accepted or result.submission.rejected or result.hidden
    ]

    def by_all(key: str) -> bool:
        return all(key in result.unknown_keys or not result.site.takes(key) for result in judging)

    return list(dict.fromkeys(key for result in judging for key in result.unknown_keys if by_all(key)))


def documents(results: Sequence[SiteResult], errors: Sequence[JiraCiError | None]) -> Mapping[str, Any]:
    """Each site's part of the JSON document."""
    return {
        result.site.name: {
            "accepted": len(result.submission.accepted),
            "rejected": len(result.submission.rejected),
            "unknown-keys": result.unknown_keys,
            "error": error.document() if error else None,
            **({"skipped": result.withheld} if result.withheld else {}),
        }
        for result, error in zip(results, errors, strict=True)
    }


_SHOWN_KEYS = 20


def outputs(plan: Plan, results: Sequence[SiteResult]) -> dict[str, Any]:
    """The step outputs of a report: of all sites together."""
    environments = {entry.environment.name: entry.environment.type for entry in plan.entries if entry.environment}
    return {
        "issue-keys": keys(plan),
        "keys-complete": all(entry.claim.complete for entry in plan.entries),
        "environment": list(environments),
        "environment-type": list(environments.values()),
        "state": plan.state if is_reported(plan, results) else "skipped",
        "accepted": sum(len(result.submission.accepted) for result in results),
        "rejected": sum(len(result.submission.rejected) for result in results),
        "unknown-keys": unknown_keys(results),
        "lead-time": "" if plan.lead_time is None else plan.lead_time,
    }


def is_reported(plan: Plan, results: Sequence[SiteResult]) -> bool:
    """Whether any site is told anything: not when everything was skipped, no issue is known, or the CI keeps back the
    credentials."""
    records = [entry.record for entry in plan.claiming] if plan.state else []
    return any(not result.withheld and without(records, result.hidden) for result in results)


def keys(plan: Plan) -> list[str]:
    """Every issue that the plan claims, the surest first."""
    return list(dict.fromkeys(key for entry in plan.entries for key in entry.claim.keys.keys))


def plan_lines(plan: Plan) -> Iterator[str]:
    """What is about to be reported, for the log."""
    for entry in plan.entries:
        yield _described(entry.record)
    yield from left_out_lines(plan)


def _described(record: Mapping[str, Any]) -> str:
    """A record in one line."""
    environment, keys = record.get("environment"), keys_of(record)
    where = f" to {environment['displayName']} ({environment['type']})" if environment else ""
    shown = ", ".join(keys[:_SHOWN_KEYS]) + (", ..." if len(keys) > _SHOWN_KEYS else "")
    return one_line(f"{record['displayName']}{where}, {record['state']}: {shown or 'no keys'}", 2000)


def left_out_lines(plan: Plan) -> Iterator[str]:
    """How many keys did not fit, in one line for all records: those of several tenants have the same."""
    counts = {entry.claim.keys.left_out for entry in plan.entries}
    if any(counts):
        most = f"{'Up to ' if len(counts) > 1 else ''}{max(counts)}"
        yield f"{most} more keys are left out: Jira takes 500 of one record."


def submission_lines(submission: Submission) -> Iterator[str]:
    """What Jira made of it, part by part."""
    yield from _links_made(submission) if isinstance(submission, LinkSubmission) else _records_taken(submission)
    if submission.unknown_keys:
        yield f"Issues that Jira does not know: {', '.join(submission.unknown_keys)}"
    if submission.unknown_services:
        yield f"Services that Jira does not know: {one_line(', '.join(submission.unknown_services), 2000)}"
    if submission.unknown_associations:
        yield f"Other things that Jira does not know: {one_line(', '.join(submission.unknown_associations), 2000)}"


def site_lines(result: SiteResult, *, several: bool) -> Iterator[str]:
    """What became of it at one site, which is named where there are several."""
    name = f"{result.site.name}: " if several else ""
    if result.withheld:
        yield f"{name}Nothing was reported: {result.withheld}"
    yield from (f"{name}{sentence}" for sentence in submission_lines(result.submission))
    if (
        several
        and result.hidden
        and not (result.submission.accepted or result.submission.rejected or result.submission.error)
    ):
        yield f"{name}Nothing was reported: the site shows none of the issues."
    if several and knows_nothing(result.submission):
        yield f"{name}This site knows none of the issues."


def _records_taken(submission: Submission) -> Iterator[str]:
    if submission.accepted:
        all_of_them = len(submission.accepted) + len(submission.rejected)
        yield f"Jira accepted {len(submission.accepted)}" + ("." if submission.error else f" of {all_of_them}.")
    for record, reasons in submission.rejected:
        yield f"Rejected: {one_line(record['displayName'], 100)}: {one_line('; '.join(reasons), 1000)}"
    if submission.refused_keys:
        yield f"Sent once more without keys that Jira refused: {', '.join(submission.refused_keys)}"


def _links_made(submission: LinkSubmission) -> Iterator[str]:
    if submission.wanted:
        yield f"Jira has {submission.arrived} of {submission.wanted} remote links."
    for key, reason in list(submission.refusals.items())[:_SHOWN_KEYS]:
        yield f"Not linked: {key}: {reason}"
    if len(submission.refusals) > _SHOWN_KEYS:
        yield f"Not linked: {len(submission.refusals) - _SHOWN_KEYS} more issues."
    if submission.left:
        more = f" and {len(submission.left) - _SHOWN_KEYS} more" if len(submission.left) > _SHOWN_KEYS else ""
        yield f"Not reached: {', '.join(submission.left[:_SHOWN_KEYS])}{more}"


def dropped_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """Look-alikes that do not count, with the reason."""
    dropped = {key: why for entry in entries for key, why in entry.claim.keys.dropped.items()}
    if dropped:
        shown = ", ".join(f"{key} ({why})" for key, why in list(dropped.items())[:_SHOWN_KEYS])
        yield f"Not counted: {one_line(shown, 2000)}"


_HINT = "Name an issue in the branch, the title or a commit, or set issue-keys."
NO_KEYS = RejectedError("No issue key was found, so there is nothing to report to Jira.", _HINT)
NONE_SHOWN = RejectedError(
    "Jira shows none of the issues, so there is nothing to report to Jira.",
    "Check their spelling, and which projects the account of token may browse.",
)
_NAMED = 5


def found(plan: Plan, unseen: Collection[str] = (), *, services: bool = True) -> RejectedError | None:
    """The error for those records of a report that name no issue; ``None`` when each names one.

    Args:
        unseen: issues that are named nowhere, because no site shows them.
        services: whether any site shows a record on its service; Data Center has none.
    """
    hidden = frozenset(unseen)
    without = [entry for entry in plan.entries if hidden.issuperset(keys_of(entry.record))]
    unsent = [entry.title for entry in without if not (services and services_of(entry.record))]
    on_services = [entry.title for entry in without if services and services_of(entry.record)]
    sentences = " ".join(_sentences(unsent, on_services))
    return RejectedError(sentences, _HINT) if sentences else None


def on_no_keys(context: Context, error: RejectedError, result: Result) -> Result:
    """Says it as ``on-no-keys`` wants it, and fails a result that has not failed already where that is wanted."""
    choice = context.settings.on_no_keys
    if choice == "skip":
        context.console.say(str(error))
        return result
    context.console.notice("error" if choice == "fail" else "warning", error.message, hint=error.hint)
    if choice == "warn" or result.exit:
        return result
    return replace(result, exit=error.exit, document={**result.document, "error": error.document()})


def _sentences(unsent: Sequence[str], on_services: Sequence[str]) -> Iterator[str]:
    if unsent:
        yield f"There is no issue key for {_some(unsent)}: not reported."
    if on_services:
        yield f"There is no issue key for {_some(on_services)}: shown on services only."


def _some(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return f"{', '.join(one_line(title, 100) for title in titles[:_NAMED])}{more}"
