"""A report: shown in a dry run, else sent, and its result for the log, the outputs and the summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jira_ci import templates
from jira_ci.context import Context, Result
from jira_ci.errors import Exit, JiraCiError, RejectedError, UsageError
from jira_ci.exchange import Request, exchange_document
from jira_ci.frozen import replace
from jira_ci.jira import endpoints, records, remote_links
from jira_ci.jira.identity import keys_of, without
from jira_ci.jira.submit import LARGEST, LinkSubmission
from jira_ci.report import report_result
from jira_ci.report.deliver import Delivery
from jira_ci.report.plan import Plan
from jira_ci.report.report_result import SiteResult, documents, problems
from jira_ci.report.summary import Column, about, summary
from jira_ci.sites.sites import Site, access, need_site

if TYPE_CHECKING:
    from jira_ci.jira.issues import IssueSummary
    from jira_ci.output.page import Link
    from jira_ci.report.issue_titles import LookUps


def requests(context: Context, plan: Plan, sites: Sequence[Site]) -> list[dict[str, Any]]:
    """Shows every request to every site, and returns them for the JSON document. Nothing is asked, and
    no credentials are needed: a token for a site that may be either edition means Data Center.

    Raises:
        UsageError: an address is invalid.
    """
    shown: list[dict[str, Any]] = []
    for site in sites:
        name = site.name if len(sites) > 1 else ""
        for request, what in _links(plan, site) if by_links(site) else _bulks(context, plan, site):
            shown.append({**({"connection": name} if name else {}), **exchange_document(request, None)})
            if what:
                lines = json.dumps(request.body, indent=2, ensure_ascii=False).splitlines()
                context.console.block(f"{name}: {what}" if name else what, lines)
    return shown


def by_links(site: Site) -> bool:
    """Whether a site is told by links on its issues, as far as that can be known without asking it."""
    return site.edition == "data-center" or (site.edition is None and bool(site.settings.token))


def _bulks(context: Context, plan: Plan, site: Site) -> Iterator[tuple[Request, str]]:
    where = access(site.settings)
    claiming = site.own([entry.record for entry in plan.claiming])
    for start in range(0, len(claiming), LARGEST):
        portion = claiming[start : start + LARGEST]
        body = records.body(plan.kind.plural, portion, context.run, templates.given(context.settings))
        request = endpoints.bulk(where.api, where.cloud, plan.kind.plural, body)
        yield request, f"Dry run, would be sent: {request.method} {request.url}"


def _links(plan: Plan, site: Site) -> Iterator[tuple[Request, str]]:
    """Each request, with the text above it; the same link on other issues is shown once."""
    where = access(site.settings)
    need_site(where)
    claiming = [record for record in site.own([entry.record for entry in plan.claiming]) if keys_of(record)]
    made = list(remote_links.requests(plan.kind, claiming, where.site))
    issues = Counter(request.body["globalId"] for request in made)
    for request in made:
        others = issues.pop(request.body["globalId"], 0) - 1
        more = f" (and to {others} more issues)" if others > 0 else ""
        yield request, f"Dry run, would be sent: {request.method} {request.url}{more}" if others >= 0 else ""


_NONE: Mapping[str, IssueSummary] = MappingProxyType({})


def report(context: Context, plan: Plan, delivery: Delivery, *, said: bool = False, titles: bool = True) -> Result:
    """Sends the plan, if there is anything to send and a site to send it to.

    Args:
        said: whether the plan was said before, and only the state is new.
        titles: whether the issues are shown with their titles, where there is a token to ask for them.

    Raises:
        JiraCiError: a setting is invalid.
    """
    if not said:
        _say_plan(context, plan)
    unsent = _unsent(context, plan, delivery, said=said)
    if unsent is not None:
        return unsent
    records, keys = [entry.record for entry in plan.claiming], report_result.keys(plan)
    look_ups = _look_ups(context, delivery)
    hidden = look_ups.verify(keys) if look_ups and context.settings.verify_keys else {}
    if all(one.name in hidden and not without(records, hidden[one.name]) for one in delivery.sites):
        shown = [SiteResult(one, hidden=tuple(hidden[one.name])) for one in delivery.sites]
        result = _result(context, plan, shown, delivery.requests, said=said)
        return result if said else report_result.on_no_keys(context, report_result.NONE_SHOWN, result)
    if look_ups and titles:
        look_ups.begin(keys)
    with context.console.working("Waiting for Jira"):
        results = delivery.report(plan.kind, records, hidden)
    for site_result in results:
        for sentence in report_result.site_lines(site_result, several=delivery.several):
            context.console.say(sentence)
    found = look_ups.finish(keys, results) if look_ups and titles else _NONE
    result = _result(context, plan, results, delivery.requests, found, said=said)
    if not said:
        everywhere = set.intersection(*(set(hidden.get(one.name, ())) for one in delivery.sites))
        services = not all(isinstance(site_result.submission, LinkSubmission) for site_result in results)
        result = _without_some(context, result, report_result.found(plan, everywhere, services=services))
    return _commented(context, plan, results, result, found)


def _unsent(context: Context, plan: Plan, delivery: Delivery, *, said: bool) -> Result | None:
    """The result of a report of which nothing is sent; ``None`` when something is."""
    if not plan.state:
        context.console.say("It was skipped: nothing to report.")
        return _result(context, plan, [], [])
    if not plan.claiming:
        return report_result.on_no_keys(context, report_result.NO_KEYS, _result(context, plan, [], []))
    if not context.settings.dry_run:
        return None
    if context.settings.verify_keys:
        context.console.say("A dry run verifies no keys: Jira is not asked anything.")
    unsent = [SiteResult(site) for site in delivery.sites]
    result = _result(context, plan, unsent, requests(context, plan, delivery.sites))
    if not said:
        services = not all(map(by_links, delivery.sites))
        result = _without_some(context, result, report_result.found(plan, services=services))
    return _commented(context, plan, unsent, result)


def _look_ups(context: Context, delivery: Delivery) -> LookUps | None:
    """The questions about issues; ``None`` where there is no token to ask them with, and nothing of it is loaded."""
    if not any(one.settings.token or one.settings.verify_keys for one in delivery.sites):
        return None
    from jira_ci.report.issue_titles import LookUps

    return LookUps(context, delivery, delivery.looked)


def _commented(
    context: Context,
    plan: Plan,
    results: Sequence[SiteResult],
    result: Result,
    found: Mapping[str, IssueSummary] = _NONE,
) -> Result:
    """The result with the address of the pull request's comment, where one is wanted."""
    if not context.settings.pull_request_comment:
        return result
    from jira_ci.report import pr_comment

    address = pr_comment.comment(context, plan, results, {key: (one.title, one.status) for key, one in found.items()})
    return replace(result, document={**result.document, "pull-request-comment": address})


def _result(
    context: Context,
    plan: Plan,
    results: Sequence[SiteResult],
    requests: list[dict[str, Any]],
    found: Mapping[str, IssueSummary] = _NONE,
    *,
    said: bool = False,
) -> Result:
    errors = problems(results)
    document: dict[str, Any] = {"requests": requests, "pull-request-comment": ""}
    if len(results) > 1:
        document["connections"] = documents(results, errors)
    told = _told(context, plan, found, document) if found else ((), {})
    foot = about(context.run, context.settings.version.strip())
    decisive = _decisive(errors)
    if decisive is not None:
        document["error"] = decisive.document()
    for site_result, error in zip(results, errors, strict=True):
        if error is not None and not (said and isinstance(error, UsageError)):
            _complain(context, f" to {site_result.site.name}" if len(results) > 1 else "", error)
    fails = isinstance(decisive, UsageError) or context.settings.on_error == "fail"
    return Result(
        exit=decisive.exit if decisive is not None and fails else Exit.OK,
        outputs=report_result.outputs(plan, results),
        document=document,
        summary=summary(plan, results, errors, *told, foot),
    )


def _told(
    context: Context, plan: Plan, found: Mapping[str, IssueSummary], document: dict[str, Any]
) -> tuple[Sequence[Column], Mapping[str, Link]]:
    """Says what the issues are called, adds it to the document, and returns what the summary shows of it."""
    from jira_ci.report import issue_titles

    keys = report_result.keys(plan)
    for sentence in issue_titles.lines(keys, found):
        context.console.say(sentence)
    document["issues"] = issue_titles.documents(keys, found)
    return issue_titles.columns(found), issue_titles.moved(found)


def _decisive(errors: Sequence[JiraCiError | None]) -> JiraCiError | None:
    """The error that decides about the exit code: wrong usage always fails, so it comes first."""
    found = [error for error in errors if error is not None]
    return next((error for error in found if isinstance(error, UsageError)), found[0] if found else None)


def _complain(context: Context, where: str, error: JiraCiError) -> None:
    fatal = isinstance(error, UsageError) or context.settings.on_error != "warn"
    context.console.notice("error" if fatal else "warning", f"Not reported{where}: {error.message}", hint=error.hint)


def _without_some(context: Context, result: Result, error: RejectedError | None) -> Result:
    """The result of a report of which some records, or all, may name no issue."""
    return report_result.on_no_keys(context, error, result) if error else result


def _say_plan(context: Context, plan: Plan) -> None:
    for line in (*report_result.plan_lines(plan), *plan.notes, *report_result.dropped_lines(plan.entries)):
        context.console.say(line, plan.state)
    gaps = dict.fromkeys(gap for entry in plan.entries for gap in entry.claim.gaps)
    for sentence in (*plan.warnings, *gaps):
        context.console.notice("warning", sentence)
