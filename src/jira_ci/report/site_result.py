"""What became of a report at each site, and all in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jira_ci.errors import JiraCiError, RejectedError
from jira_ci.jira.records import keys_of, services_of
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.sites.sites import Site
from jira_ci.text import one_line


@dataclass(frozen=True)
class SiteResult:
    """What became of the report at one destination."""

    destination: Site
    outcome: Submission = field(default_factory=Submission)
    withheld: str = ""
    """Why nothing was sent there through nobody's fault; empty when it was."""
    hidden: tuple[str, ...] = ()
    """Issues that were not named there, because the site does not show them to the account of ``token``."""

    @property
    def unknown_keys(self) -> list[str]:
        """The issues that the site does not know, or does not show."""
        return list(dict.fromkeys([*self.hidden, *self.outcome.unknown_keys]))


def problem(outcome: Submission) -> JiraCiError | None:
    """The error for a report that did not arrive, or of which Jira shows nothing; ``None`` when it stands."""
    if outcome.error is not None:
        return outcome.error
    if outcome.rejected:
        record, reasons = outcome.rejected[0]
        more = f" and {len(outcome.rejected) - 1} more" if len(outcome.rejected) > 1 else ""
        return RejectedError(
            f"Jira rejected {one_line(record['displayName'], 100)!r}{more}: {one_line('; '.join(reasons))}.",
            "Run with log-level: debug to see what was sent.",
        )
    if outcome.accepted and knows_nothing(outcome):
        issues = f"issues {', '.join(outcome.unknown_keys[:5])}"
        services = f"services {one_line(', '.join(outcome.unknown_services[:5]), 500)}"
        named = [*([issues] if outcome.unknown_keys else []), *([services] if outcome.unknown_services else [])]
        return RejectedError(
            f"Jira knows none of the {' and '.join(named)}, so it shows nothing.",
            "Check their spelling, and that site or cloud-id names the site that has them.",
        )
    if knows_no_service(outcome):
        return RejectedError(
            f"Jira knows none of the services {one_line(', '.join(outcome.unknown_services[:5]), 500)}, so it shows "
            "their deployments on issues only.",
            "Check the ids under services in .jira-ci.yml: they are those of the site's own services.",
        )
    return None


def knows_nothing(outcome: Submission) -> bool:
    """Whether a site has none of the issues and services that it was told about, and so shows nothing."""
    told = [*outcome.accepted, *(record for record, _ in outcome.rejected)]
    keys, services = set(outcome.unknown_keys), set(outcome.unknown_services)
    return bool(told) and all(
        keys.issuperset(keys_of(record)) and services.issuperset(services_of(record)) for record in told
    )


def knows_no_service(outcome: Submission) -> bool:
    """Whether a site has none of the services that it was told about, if there were any."""
    told = _services(outcome)
    return bool(told) and told.issubset(outcome.unknown_services)


def _services(outcome: Submission) -> set[str]:
    """The services that a site was told about; Data Center takes none."""
    if isinstance(outcome, LinkSubmission):
        return set()
    return {service for record in outcome.accepted for service in services_of(record)}


def problems(fates: Sequence[SiteResult]) -> list[JiraCiError | None]:
    """For each destination its error, or ``None``. Several sites may share one repository: that one of them has none of
    the issues, or services, is no error while another has some."""
    shown = any(fate.outcome.accepted and not knows_nothing(fate.outcome) for fate in fates)
    served = any(_services(fate.outcome).difference(fate.outcome.unknown_services) for fate in fates)

    def excused(outcome: Submission) -> bool:
        nothing, no_service = knows_nothing(outcome), knows_no_service(outcome)
        if outcome.error is not None or (outcome.rejected and not nothing):
            return False
        return (nothing and shown) or (no_service and served)

    return [None if excused(fate.outcome) else problem(fate.outcome) for fate in fates]


def unknown_keys(fates: Sequence[SiteResult]) -> list[str]:
    """The issues that no site knows, of the sites that judged."""
    judging = [fate for fate in fates if fate.outcome.accepted or fate.outcome.rejected or fate.hidden]

    def by_all(key: str) -> bool:
        return all(key in fate.unknown_keys or not fate.destination.takes(key) for fate in judging)

    return list(dict.fromkeys(key for fate in judging for key in fate.unknown_keys if by_all(key)))


def documents(fates: Sequence[SiteResult], errors: Sequence[JiraCiError | None]) -> Mapping[str, Any]:
    """Each destination's part of the JSON document."""
    return {
        fate.destination.name: {
            "accepted": len(fate.outcome.accepted),
            "rejected": len(fate.outcome.rejected),
            "unknown-keys": fate.unknown_keys,
            "error": error.document() if error else None,
            **({"skipped": fate.withheld} if fate.withheld else {}),
        }
        for fate, error in zip(fates, errors, strict=True)
    }
