"""A shop's last weeks, to look at: issues, builds, deployments to a dozen environments, changes in every state."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from jira_sandbox.moments import moment
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS, MOST_RECORDS, Family
from jira_sandbox.site_state import Site

_HOST = "https://ci.shop.example"
_TENANTS = ("Aurora", "Borealis", "Cirrus")
_ENVIRONMENTS = (
    ("Dev", "development", 1),
    *((f"Dev for {tenant}", "development", 2) for tenant in _TENANTS),
    ("QA", "testing", 2),
    ("Load test", "testing", 5),
    ("Staging", "staging", 3),
    ("Prod-EU", "production", 4),
    ("Prod-US", "production", 4),
    *((f"Prod-EU for {tenant}", "production", 8) for tenant in _TENANTS[:2]),
)
"""Names, types, and of how many releases one gets there."""
_FAULTS = {3: "failed", 11: "rolled_back", 17: "cancelled", 26: "failed"}
_RELEASES = 36
_HOUR = datetime.timedelta(hours=1)
_MINUTE = datetime.timedelta(minutes=1)


def fill(site: Site, releases: int = _RELEASES) -> None:
    """Report it all to the site, as if it had happened until now."""
    now = site.desk.clock.now().replace(microsecond=0)
    _submit(site, BUILDS, list(_builds(now, releases)))
    _submit(site, DEPLOYMENTS, list(_deployments(now, releases)))
    _changes(site, now)


def deployments(count: int, now: datetime.datetime) -> list[dict[str, Any]]:
    """So many deployments, for measuring."""
    return list(_deployments(now, count))[:count]


def _submit(site: Site, family: Family, records: list[dict[str, Any]]) -> None:
    for start in range(0, len(records), MOST_RECORDS):
        site.submit(family, {family.name: records[start : start + MOST_RECORDS]})


def _version(release: int) -> str:
    return f"2.{4 + release // 12}.{release % 12}"


def _keys(release: int) -> list[str]:
    return [f"WEB-{11 + release * 2 % 17}", *([f"OPS-{7 + release % 5}"] if release % 3 == 0 else [])]


def _when(now: datetime.datetime, releases: int, release: int) -> datetime.datetime:
    """Two releases each working day, the last one an hour ago."""
    days = (releases - 1 - release) // 2
    weekends = (days + 4 - min(now.weekday(), 4)) // 5
    return now - _HOUR - datetime.timedelta(days=days + 2 * weekends) - (releases - 1 - release) % 2 * 4 * _HOUR


def _builds(now: datetime.datetime, releases: int) -> Iterator[dict[str, Any]]:
    for release in range(releases):
        failed = 2 if release % 9 == 4 else 0
        yield {
            "pipelineId": "github:77:.github/workflows/ci.yml",
            "buildNumber": 400 + release,
            "updateSequenceNumber": 1,
            "displayName": f"CI #{400 + release}",
            "description": f"Release {_version(release)}",
            "url": f"{_HOST}/shop/runs/{400 + release}",
            "state": "failed" if failed else "successful",
            "lastUpdated": _text(_when(now, releases, release) - 20 * _MINUTE),
            "issueKeys": _keys(release),
            "testInfo": {
                "totalNumber": 812 + release * 3,
                "numberPassed": 806 + release * 3 - failed,
                "numberFailed": failed,
                "numberSkipped": 6,
            },
            "references": [
                {
                    "commit": {"id": f"{release * 7919 + 1:040x}", "repositoryUri": f"{_HOST}/shop"},
                    "ref": {"name": "main", "uri": f"{_HOST}/shop/tree/main"},
                }
            ],
        }


def _deployments(now: datetime.datetime, releases: int) -> Iterator[dict[str, Any]]:
    number = 0
    for release in range(releases):
        at = _when(now, releases, release)
        for place, (name, kind, every) in enumerate(_ENVIRONMENTS):
            if release % every and release != releases - 1:
                continue
            number += 1
            state = _FAULTS.get(number % 41, "successful")
            if release == releases - 1:
                state = {"staging": "in_progress", "production": "pending"}.get(kind, state)
            yield _deployment(number, release, (name, kind), state, min(at + 9 * place * _MINUTE, now))


def _deployment(
    number: int, release: int, environment: tuple[str, str], state: str, at: datetime.datetime
) -> dict[str, Any]:
    name, kind = environment
    record = {
        "deploymentSequenceNumber": 400 + release,
        "updateSequenceNumber": 1,
        "displayName": f"Deploy #{400 + release}",
        "label": _version(release),
        "description": f"Shop {_version(release)} to {name}",
        "url": f"{_HOST}/shop/runs/{400 + release}/deploy",
        "state": state,
        "lastUpdated": _text(at),
        "pipeline": {"id": "github:77:release.yml", "displayName": "acme/shop release", "url": f"{_HOST}/shop"},
        "environment": {"id": name.lower().replace(" ", "-"), "displayName": name, "type": kind},
        "associations": [{"associationType": "issueIdOrKeys", "values": _keys(release)}],
    }
    return record if state in ("pending", "in_progress") else {**record, "duration": 95 + number * 37 % 240}


def _changes(site: Site, now: datetime.datetime) -> None:
    people, last = site.trials, _version(_RELEASES - 1)
    made = {
        name: people.create(
            f'Deploy "Shop" version {version} to "{name}"',
            description=f"Version {version} of the shop, with everything that was tested since the last one.",
            by="release",
            fields={"Change risk": "Low", "Change type": "Normal", "Approvers": ["ana", "ben"]},
            status="Authorize",
        ).key
        for name, version in (("Prod-US", _version(_RELEASES - 9)), ("Prod-AP", last), ("Prod-EU", last))
    }
    people.approve(made["Prod-US"])
    people.transition(made["Prod-US"], "Completed")
    people.decline(made["Prod-AP"], "ana")
    people.transition(made["Prod-AP"], "Declined")
    people.window(made["Prod-EU"], now.replace(minute=0, second=0), now.replace(minute=0, second=0) + 4 * _HOUR)
    change = site.issue(made["Prod-EU"])
    if change:
        text = "The load test looks good. Waiting for an approval."
        site.desk.extras.comment(change.id, change.reporter, text, site.desk.clock.milliseconds(), public=False)
        site.desk.extras.set_remote_link(
            change.id, {"object": {"url": f"{_HOST}/shop/runs/435", "title": "Run acme/shop #435"}}
        )


def _text(at: datetime.datetime) -> str:
    return f"{moment(int(at.timestamp() * 1000)):%Y-%m-%dT%H:%M:%SZ}"
