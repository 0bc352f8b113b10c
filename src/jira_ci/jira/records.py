"""Builds and deployments as Jira takes them: what leaves the house, field by field, within Jira's limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, TypedDict, cast
from urllib.parse import quote

from jira_ci import states
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, replace
from jira_ci.jira import identity
from jira_ci.jira.identity import Association, associations
from jira_ci.run import CI, Run
from jira_ci.text import for_jira

LONGEST = 2000
_WEB = r"https?://[^/\s]"
# The last character's percent-encoding, which a cut may have left incomplete.
_HALF_CHARACTER = "(%[C-Fc-f][0-9A-Fa-f](%[89ABab][0-9A-Fa-f]){0,3})?(%[0-9A-Fa-f]?)?$"


def is_web(url: str) -> bool:
    """Whether this begins as an address that a browser opens."""
    return bool(re.match(_WEB, url, re.IGNORECASE))


def inert(url: str) -> str:
    """An address, cut at Jira's limit; what cannot stand in one is percent-encoded."""
    front, hash_, fragment = re.sub("%(?![0-9A-Fa-f]{2})", "%25", url).partition("#")
    encoded = quote(front + hash_ + fragment.replace("#", "%23"), safe="%/:=&?~#+!$,;'@()*[]", errors="replace")
    return encoded if len(encoded) <= LONGEST else re.sub(_HALF_CHARACTER, "", encoded[:LONGEST])


class Tests(TypedDict):
    """How the tests of a build ended."""

    totalNumber: int
    numberPassed: int
    numberFailed: int
    numberSkipped: int


class Commit(TypedDict):
    """The commit that was built."""

    id: str
    repositoryUri: str


class Ref(TypedDict):
    """The branch or the tag of it."""

    name: str
    uri: str


class Reference(TypedDict):
    """What was built."""

    commit: Commit
    ref: Ref | None


class Pipeline(TypedDict):
    """What deployed."""

    id: str
    displayName: str
    url: str


class Environment(TypedDict):
    """Where to."""

    id: str
    displayName: str
    type: str


class Command(TypedDict):
    """What Jira is asked to do about a deployment."""

    command: str


class Common(TypedDict):
    """What builds and deployments have in common. In all of these, what is None is not sent."""

    updateSequenceNumber: int
    displayName: str
    url: str
    description: str | None
    label: str | None
    state: str
    lastUpdated: str


class BuildRecord(Common):
    """https://developer.atlassian.com/cloud/jira/software/rest/api-group-builds/"""

    schemaVersion: str
    pipelineId: str
    buildNumber: int
    associations: list[Association] | None
    testInfo: Tests | None
    references: list[Reference] | None


class DeploymentRecord(Common):
    """https://developer.atlassian.com/cloud/jira/software/rest/api-group-deployments/"""

    schemaVersion: str
    deploymentSequenceNumber: int
    associations: list[Association] | None
    duration: int | None
    commands: list[Command] | None
    pipeline: Pipeline
    environment: Environment


TEXT = 255
PROPERTIES = 5
PLACE = "deployed-to"
"""The property that holds which environment a submission's records are deployments to, where it is but one."""
_HALF = 125  # characters of each, when an environment's and a tenant's name do not fit side by side
_TREES = {CI.GITLAB: "/-/tree/", CI.BITBUCKET: "/src/"}
_NOTHING: Mapping[str, str] = MappingProxyType({})
Record = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What one report says, beyond the run itself."""

    state: str
    """Jira's word."""
    now: float
    """Epoch seconds."""
    pipeline: str = ""
    """The ``pipeline`` setting."""
    job: str = ""
    """The job that a build is of, unless ``pipeline`` says what it is of."""
    leg: str = ""
    """The leg that it is of, where each leg has a pipeline of its own."""
    service: str = ""
    """The service's name: it has a pipeline of its own."""
    version: str = ""
    url: str = ""
    description: str = ""
    label: str = ""

    @property
    def ended(self) -> bool:
        return not states.of(self.state).open

    def pipeline_id(self, run: Run) -> str:
        """Of the pipeline whose record this is about."""
        return identity.pipeline_id(run, self.pipeline, self.service, job=self.job, leg=self.leg)


def build(run: Run, report: Report, keys: Sequence[str], tests: Mapping[str, int] | None) -> Record:
    """A build record.

    Args:
        keys: issue keys, the most certain first.
        tests: ``totalNumber numberPassed numberFailed numberSkipped``; ``None`` when nothing was counted.

    Raises:
        UsageError: neither the settings nor the run name a web address for it.
    """
    record: BuildRecord = {
        **_common(run, report, f"{_pipeline_name(run, report)} #{run.number}"),
        "schemaVersion": "1.0",
        "pipelineId": report.pipeline_id(run),
        "buildNumber": run.number,
        "associations": associations(keys),
        "testInfo": cast("Tests", dict(tests)) if tests else None,
        "references": _references(run),
    }
    return _without_none(record)


def deployment(
    run: Run,
    report: Report,
    keys: Sequence[str],
    environment: str,
    environment_type: str,
    *,
    tenant: str = "",
    service_ids: Sequence[str] = (),
    commands: Sequence[str] = (),
) -> Record:
    """A deployment record: one version in one environment, perhaps of one service, for one tenant.

    Args:
        keys: issue keys, the most certain first.
        environment: the name as the user writes it.
        environment_type: Jira's word.
        tenant: its name as the user writes it.
        service_ids: the service's ids in Jira; see :func:`jira_ci.jira.identity.room`.
        commands: what Jira is asked to do about it, such as ``initiate_deployment_gating``.

    Raises:
        UsageError: neither the settings nor the run name a web address for it.
    """
    pipeline = _pipeline_name(run, report)
    where = displayed(environment, tenant)
    named = f"{report.version} to {where}".strip()
    described = replace(report, description=report.description.strip() or named)
    common = _common(run, described, f"{pipeline} #{run.number}" + (f": {report.version}" * bool(report.version)))
    record: DeploymentRecord = {
        **common,
        "schemaVersion": "1.0",
        "deploymentSequenceNumber": run.number,
        "associations": associations(keys, service_ids, run),
        "label": for_jira(report.label.strip() or report.version, TEXT) or None,
        "duration": _duration(run, report),
        "commands": [{"command": command} for command in commands] or None,
        "pipeline": {
            "id": report.pipeline_id(run),
            "displayName": for_jira(pipeline, TEXT),
            "url": _address(run.repository_url, run.url, report.url),
        },
        "environment": {
            "id": identity.environment_id(environment, tenant),
            "displayName": where,
            "type": environment_type,
        },
    }
    return _without_none(record)


def displayed(environment: str, tenant: str = "") -> str:
    """What Jira shows of an environment, or of one tenant in it: ``Dev for Tenant A``."""
    names = [for_jira(name, TEXT) for name in (environment, tenant) if name]
    whole = " for ".join(names)
    return whole if len(whole) <= TEXT else " for ".join(for_jira(name, _HALF) for name in names)


def as_ended(
    record: Record, run: Run, *, state: str, now: float, seconds: float, texts: Mapping[str, str] = _NOTHING
) -> Record:
    """The record of a deployment that was reported at its start, as it is at its end: about the same issues.

    Args:
        state: Jira's word.
        now: epoch seconds.
        seconds: how long it took.
        texts: ``url``, ``description`` or ``label``, where the end has another one.
    """
    return {
        **record,
        **{
            name: inert(text) if name == "url" else for_jira(text, TEXT) for name, text in texts.items() if text.strip()
        },
        "updateSequenceNumber": identity.update_sequence_number(run, state, int(now * 1000)),
        "lastUpdated": _moment(now),
        "state": state,
        "duration": max(0, round(seconds)),
    }


def body(plural: str, records: Sequence[Record], run: Run, properties: Mapping[str, str] = _NOTHING) -> Record:
    """The body of a bulk submission. The properties are what ``forget`` can find the records by again.

    Args:
        properties: the user's own, besides those of the run.
    """
    ours = {"repository": for_jira(run.repository_id, TEXT), "run": for_jira(run.run_id, TEXT)}
    places = {identity.place(record["environment"]["id"]) for record in records if "environment" in record}
    # A property is one of every record that is submitted with it; and there may be no room for one more.
    named = len(places) == 1 and len(properties) + len(ours) < PROPERTIES
    where = {PLACE: places.pop()} if named else {}
    return {
        "properties": {name: value for name, value in {**properties, **ours, **where}.items() if value},
        plural: list(records),
        "providerMetadata": {"product": "jira-ci"},
    }


def _common(run: Run, report: Report, name: str) -> Common:
    return {
        "updateSequenceNumber": identity.update_sequence_number(run, report.state, int(report.now * 1000)),
        "displayName": for_jira(name, TEXT),
        "url": _address(report.url, run.url, run.repository_url),
        "description": for_jira(report.description, TEXT) or None,
        "label": for_jira(report.label, TEXT) or None,
        "state": report.state,
        "lastUpdated": _moment(report.now),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")


def _pipeline_name(run: Run, report: Report) -> str:
    name = run.workflow_name or run.repository or run.provider
    part = ", ".join(filter(None, [report.pipeline, report.job, report.leg, report.service]))
    return f"{name} ({part})" if part else name


def _duration(run: Run, report: Report) -> int | None:
    """Seconds from the job's start to its end, where the provider says when it started and the clocks agree."""
    seconds = int(report.now) - run.attempt_started // 1000
    return seconds if report.ended and run.attempt_started and seconds >= 0 else None


def _references(run: Run) -> list[Reference] | None:
    repository = run.repository_url
    if not (is_web(repository) and run.commit):
        return None
    reference: Reference = {
        "commit": {"id": for_jira(run.commit, TEXT), "repositoryUri": inert(repository)},
        "ref": None,
    }
    name = run.branch or run.tag
    if name:
        path = quote(name, safe="/", errors="replace")
        tree = _TREES.get(run.provider, "/tree/")
        reference["ref"] = {"name": for_jira(name, TEXT), "uri": inert(repository + tree + path)}
    return [reference]


def _address(*candidates: str) -> str:
    found = next((url for url in candidates if is_web(url)), "")
    if not found:
        raise UsageError(
            "url is not set, and this run has no web address; Jira takes no record without one.",
            "Say where the link in Jira shall lead: --url https://... (or JIRA_CI_URL).",
        )
    return inert(found)


def _without_none(record: Mapping[str, Any]) -> Record:
    """What is sent: without what nobody knows, on any level."""
    return {name: _sent(value) for name, value in record.items() if value is not None}


def _sent(value: Any) -> Any:
    if isinstance(value, list):
        return [_sent(one) for one in value]
    return _without_none(value) if isinstance(value, dict) else value
