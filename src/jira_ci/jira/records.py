"""Builds and deployments as Jira takes them: what leaves the house, field by field, within Jira's limits.

The limits are those of https://developer.atlassian.com/cloud/jira/software/rest/api-group-builds/ and
.../api-group-deployments/. ``None`` is left out; ``0`` and ``False`` are sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from jira_ci.errors import UsageError
from jira_ci.jira import identity
from jira_ci.run import Run
from jira_ci.text import for_jira

TEXT, URL, VALUES = 255, 2000, 500
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
# The last character's percent-encoding, which a cut may have left incomplete.
_HALF_CHARACTER = re.compile("(%[C-Fc-f][0-9A-Fa-f](%[89ABab][0-9A-Fa-f]){0,3})?(%[0-9A-Fa-f]?)?$")
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
    version: str = ""
    url: str = ""
    description: str = ""
    label: str = ""

    @property
    def ended(self) -> bool:
        return self.state not in identity.PHASES


def build(run: Run, report: Report, keys: Sequence[str], tests: Mapping[str, int] | None) -> Record:
    """A build record.

    Args:
        keys: issue keys, the most certain first.
        tests: ``totalNumber numberPassed numberFailed numberSkipped``; ``None`` when nothing was counted.

    Raises:
        UsageError: neither the settings nor the run name a web address for it.
    """
    return _without_none(
        {
            "schemaVersion": "1.0",
            "pipelineId": identity.pipeline_id(run, report.pipeline),
            "buildNumber": run.number,
            **_common(run, report, keys, f"{_pipeline_name(run, report)} #{run.number}"),
            "testInfo": dict(tests) if tests else None,
            "references": _references(run),
        }
    )


def deployment(run: Run, report: Report, keys: Sequence[str], environment: str, environment_type: str) -> Record:
    """A deployment record: one version in one environment.

    Args:
        keys: issue keys, the most certain first.
        environment: the name as the user writes it.
        environment_type: Jira's word.

    Raises:
        UsageError: neither the settings nor the run name a web address for it.
    """
    pipeline = _pipeline_name(run, report)
    named = " ".join([report.version, "to", environment]).strip()
    described = replace(report, description=report.description.strip() or named)
    return _without_none(
        {
            "schemaVersion": "1.0",
            "deploymentSequenceNumber": run.number,
            **_common(
                run, described, keys, f"{pipeline} #{run.number}" + (f": {report.version}" * bool(report.version))
            ),
            "label": for_jira(report.label or report.version, TEXT) or None,
            "duration": _duration(run, report),
            "pipeline": {
                "id": identity.pipeline_id(run, report.pipeline),
                "displayName": for_jira(pipeline, TEXT),
                "url": _address(run.repository_url, run.url, report.url),
            },
            "environment": {
                "id": identity.environment_id(environment),
                "displayName": for_jira(environment, TEXT),
                "type": environment_type,
            },
        }
    )


def as_ended(record: Record, run: Run, *, state: str, now: float, seconds: float) -> Record:
    """The record of a deployment that was reported at its start, as it is at its end: about the same issues.

    Args:
        state: Jira's word.
        now: epoch seconds.
        seconds: how long it took.
    """
    return {
        **record,
        "updateSequenceNumber": identity.update_sequence_number(run, state, int(now * 1000)),
        "lastUpdated": _moment(now),
        "state": state,
        "duration": max(0, round(seconds)),
    }


def body(plural: str, records: Sequence[Record], run: Run) -> Record:
    """The body of a bulk submission. The properties are what ``forget`` can find the records by again."""
    properties = {"repository": for_jira(run.repository_id, TEXT), "run": for_jira(run.run_id, TEXT)}
    return {
        "properties": {name: value for name, value in properties.items() if value},
        plural: list(records),
        "providerMetadata": {"product": "jira-ci"},
    }


def keys_of(record: Mapping[str, Any]) -> list[str]:
    """The issue keys a record claims."""
    return list(record["associations"][0]["values"])


def with_keys(record: Record, keys: Sequence[str]) -> Record:
    """The same record, claiming these issues."""
    return {**record, "associations": [{"associationType": "issueIdOrKeys", "values": list(keys)}]}


def _common(run: Run, report: Report, keys: Sequence[str], name: str) -> Record:
    return {
        "updateSequenceNumber": identity.update_sequence_number(run, report.state, int(report.now * 1000)),
        "displayName": for_jira(name, TEXT),
        "url": _address(report.url, run.url, run.repository_url),
        "description": for_jira(report.description, TEXT) or None,
        "label": for_jira(report.label, TEXT) or None,
        "state": report.state,
        "lastUpdated": _moment(report.now),
        "associations": [{"associationType": "issueIdOrKeys", "values": list(keys[:VALUES])}],
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")


def _pipeline_name(run: Run, report: Report) -> str:
    name = run.workflow_name or run.repository or run.provider
    return f"{name} ({report.pipeline})" if report.pipeline else name


def _duration(run: Run, report: Report) -> int | None:
    """Seconds from the job's start to its end, where the provider says when it started and the clocks agree."""
    seconds = int(report.now) - run.attempt_started // 1000
    return seconds if report.ended and run.attempt_started and seconds >= 0 else None


def _references(run: Run) -> list[Record] | None:
    repository = run.repository_url
    if not (_WEB.match(repository) and run.commit):
        return None
    reference: Record = {"commit": {"id": for_jira(run.commit, TEXT), "repositoryUri": _url(repository)}}
    name = run.branch or run.tag
    if name:
        tree = "/-/tree/" if run.provider == "gitlab" else "/tree/"
        path = quote(name, safe="/", errors="replace")
        reference["ref"] = {"name": for_jira(name, TEXT), "uri": _url(repository + tree + path)}
    return [reference]


def _address(*candidates: str) -> str:
    found = next((url for url in candidates if _WEB.match(url)), "")
    if not found:
        raise UsageError(
            "url is not set, and this run has no web address; Jira takes no record without one.",
            "Say where the link in Jira shall lead: --url https://... (or JIRA_CI_URL).",
        )
    return _url(found)


def _url(url: str) -> str:
    """An address, cut at Jira's limit; what cannot stand in one is percent-encoded, so that it stays inert."""
    front, hash_, fragment = re.sub("%(?![0-9A-Fa-f]{2})", "%25", url).partition("#")
    encoded = quote(front + hash_ + fragment.replace("#", "%23"), safe="%/:=&?~#+!$,;'@()*[]", errors="replace")
    return encoded if len(encoded) <= URL else _HALF_CHARACTER.sub("", encoded[:URL])


def _without_none(record: Record) -> Record:
    return {name: value for name, value in record.items() if value is not None}
