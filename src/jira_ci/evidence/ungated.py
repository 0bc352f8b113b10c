"""Whether a gate let a deployment through that is only reported: by its record, in a file of the job or on a change."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jira_ci.config.policy_files import Loaded, Sources
from jira_ci.context import Context, Result
from jira_ci.errors import JiraCiError, UsageError
from jira_ci.evidence import kept_reports
from jira_ci.gate.decision import Decision
from jira_ci.gate.kept_records import INDEX, index_of
from jira_ci.gate.policy import emergency, one_change
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.record import FILE
from jira_ci.gate.subject import Named, describe, titled
from jira_ci.gate.targets import asked_for, deployer, tenants, trusted_files, unaskable, what_is_there
from jira_ci.gate.verification import records_of
from jira_ci.jira import jql
from jira_ci.jira.service_desk import Service
from jira_ci.output.page import Notice, Page
from jira_ci.output.publish import artifact
from jira_ci.sites.session import GateSites
from jira_ci.text import canonical, mapping, one_line, string
from jira_ci.timing import Deadline

_OF_ANOTHER = ("deployment_status", "workflow_run")
"""Events of runs that report what another run has deployed."""
_MOST = 20  # files


def noted(context: Context, environments: Sequence[str], result: Result) -> Result:
    """The result of a report of successful deployments, with those that no gate let through, which is said. Nothing is
    asked where the checkout's file has no change control for them, and nothing of this fails a job.
    """
    controlled = [name for name in dict.fromkeys(environments) if _may_be_controlled(context, name)]
    if not controlled or context.given.dry_run:
        return result
    try:
        found = list(_sentences(context, controlled))
    except JiraCiError as error:
        found = [("", f"Whether a gate let this deployment through could not be found out: {error}")]
    for _, sentence in found:
        context.console.notice("warning", sentence)
    if not found:
        return result
    shown = result.summary
    if shown is not None:
        shown = Page(shown.title, (*shown.blocks, *(Notice((sentence,)) for _, sentence in found)), shown.foot)
    places = [place for place, _ in found if place]
    return dataclasses.replace(result, document={**result.document, "ungated": places}, summary=shown)


def _may_be_controlled(context: Context, name: str) -> bool:
    """Whether it is worth asking: what decides is read from trusted places, which costs questions."""
    if context.given.organisation_policy:
        return True
    config = context.config
    if config is None or "change-control" not in config.document:
        return False
    here = Sources((Loaded(config, config.name, ""),), context.run.repository)
    asked = asked_for(context)
    found = (settle(here, name, asked, gate=False, tenant=one) for one in tenants(context))
    return any(not isinstance(one, Decision) or one.result != "proceed" for one in found)


def _sentences(context: Context, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each place that no gate let through, or of which that is not known, as a name (empty where it is not known) and a
    sentence."""
    sources, asked = trusted_files(context), asked_for(context)
    in_file = list(_records_of_this_job(context))
    at = what_is_there(context)
    with closing(GateSites(context)) as sites:
        for name in names:
            for tenant in tenants(context):
                policy = settle(sources, name, asked, gate=False, tenant=tenant)
                if not isinstance(policy, Policy) or policy.gate_by == "jira":
                    continue
                place = f"{one_line(name, 80)} for {one_line(tenant, 80)}" if tenant else one_line(name, 80)
                if any(_is_this(context, one, name, tenant) for one in in_file):
                    continue
                refused = next(unaskable(context, policy), None)
                if refused is not None:
                    yield "", f"Whether a gate let the deployment to {place} through is not known. {refused.reason}"
                    continue
                service = sites.service(policy.site, policy.credentials)
                sites.give(Deadline(context.given.timeout, whole=context.deadline))
                if not any(
                    _is_this(context, one, name, tenant) for one in _entries(context, service, policy, name, tenant, at)
                ):
                    why = f"No gate let this deployment to {place} through: no record on a change."
                    yield place, f"{why} {_kept(context, service, name, tenant)}"


def _kept(context: Context, service: Service, name: str, tenant: str) -> str:
    """Keeps it for the auditor's list; whether that was done, as a sentence."""
    run, now = context.run, datetime.fromtimestamp(context.edges.clock(), timezone.utc)
    if run.event in _OF_ANOTHER:
        run = dataclasses.replace(run, run_id="")
    try:
        version, by = context.given.version, deployer(context)
        kept_reports.keep(service, run, now, place=(name, tenant), version=version, by=by)
    except JiraCiError as error:
        return f"That could not be kept for jira-ci evidence, which lists it only where GitHub or GitLab does: {error}"
    return "jira-ci evidence lists it so."


def _records_of_this_job(context: Context) -> Iterator[Mapping[str, Any]]:
    """What a gate of this job has let through, as its files say: :func:`jira_ci.gate.record.write`."""
    temporary = context.edges.environ.get("RUNNER_TEMP", "") or tempfile.gettempdir()
    paths = [
        artifact(context, f"{FILE}.json"),
        *sorted(Path(temporary).glob(f"{FILE}-*.json"))[:_MOST],
    ]
    for path in paths:
        try:
            listed = [one for one in records_of(path) if one["decision"] == "proceed"]
        except UsageError:
            continue  # none is there, or it is no record
        for one in listed:
            run, subject = one["run"], mapping(one["subject"])
            yield {**subject, "run": f"{run['repository']}#{run['id']}/{run['attempt']}"}


def _entries(
    context: Context, service: Service, policy: Policy, name: str, tenant: str, at: Named
) -> Iterator[Mapping[str, Any]]:
    """What the changes of this deployment tell of their records."""
    if policy.change:
        yield from index_of(service.property(policy.change, INDEX)).told
        return
    run, version = context.run, context.given.version
    subject = describe(run, project=policy.project, environment=name, version=version, tenant=tenant, at=at)
    shared = one_change.members(policy.one_change_for, name, tenant)
    title = titled(subject, policy.title, run, at=at, members=shared).title
    titles = emergency.titles(
        policy.emergency, title
    )  # whoever finds the words of the usual one finds them in the other as well
    for page in service.pages_with(jql.titled_issues(policy.service_desk, title), (INDEX,)):
        for found, values in page:
            if found.summary in titles:
                value = values.get(INDEX) if values else service.property(found.id, INDEX)
                yield from index_of(value).told


def _is_this(context: Context, entry: Mapping[str, Any], name: str, tenant: str) -> bool:
    """Whether an entry is about this run's deployment, or about the one that this run only tells of."""
    places = {canonical(string(entry.get(key))) for key in ("environment", "ci-environment")}
    if canonical(name) not in places or canonical(string(entry.get("tenant"))) != canonical(tenant):
        return False
    run = context.run
    if run.event in _OF_ANOTHER:
        return bool(run.commit) and string(entry.get("commit")) == run.commit
    return string(entry.get("run")).rpartition("/")[0] == f"{run.repository}#{run.run_id}"
