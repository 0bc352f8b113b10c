"""Plans and outcomes for tests of what is said about them."""

from __future__ import annotations

from typing import Any

from jira_ci.environments.classify import Environment
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS
from jira_ci.keys.parse_keys import Keys
from jira_ci.keys.resolve import Claim
from jira_ci.report.plan import Entry, Plan
from jira_ci.settings import resolve
from jira_ci.sites.sites import Site

HERE = Site("default", resolve({"site": "acme.atlassian.net"}, {}))
THERE = Site("emea", resolve({"site": "https://jira.acme.example"}, {}), "EMEA")
HOSTILE = '`x` |y| <img src=x> ![a](b) @all ::error:: \n\x1b[31m "q"'


def record(name: str = "CI #7", *keys: str, state: str = "successful", environment: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"displayName": name, "state": state}
    if environment:
        made["environment"] = {"id": environment.lower(), "displayName": environment, "type": "production"}
    return {**made, "associations": [{"associationType": "issueIdOrKeys", "values": list(keys)}]}


def entry(
    *keys: str,
    environment: str = "",
    state: str = "successful",
    gaps: tuple[str, ...] = (),
    left_out: int = 0,
    source: str = "branch",
) -> Entry:
    found = Keys(keys, dict.fromkeys(keys, source), {"UTF-8": "a well-known impostor"}, left_out)
    where = Environment(environment, "production", "rule") if environment else None
    return Entry(record("CI #7", *keys, state=state, environment=environment), Claim(found, gaps), where)


def plan(*entries: Entry, state: str = "successful") -> Plan:
    return Plan(DEPLOYMENTS if entries and entries[0].environment else BUILDS, state, entries)
