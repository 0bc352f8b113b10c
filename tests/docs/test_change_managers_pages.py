"""The pages about freezes and emergencies: what they show is what a job says."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import yaml

import documents
from jira_ci.config.model import parse
from jira_ci.config.schema import schema
from jira_ci.gate.policy.emergency import Emergency, allowed
from jira_ci.gate.policy.freeze import coming, of_environment, told
from jira_ci.settings import TABLE

EMERGENCY = documents.text(documents.ROOT / "docs" / "guides" / "emergency.md")
FREEZE = documents.text(documents.ROOT / "docs" / "guides" / "freeze.md")


def test_the_freezes_that_are_shown_are_those_of_the_example() -> None:
    [example] = documents.blocks(FREEZE, "yaml")
    config = parse(example.encode(), ".jira-ci.yml@4f1c2a90")
    entries = config.document["change-control"]["freeze"]
    found = coming(list(of_environment(entries, "Prod-EU", [config])), datetime(2026, 12, 1, tzinfo=timezone.utc))
    [line] = documents.blocks(FREEZE, "text")
    assert f"gate freezes: {told(found[1])}, for Prod-EU\n" == line
    assert [one.freeze.name for one in of_environment(entries, "Stage", [config])] == ["Data center move"]


def _told(page: str) -> set[str]:
    """The keys in the page's table."""
    [table] = re.findall(r"\| key \| what it says \|\n(.*?)\n\n", page, re.DOTALL)
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines()[1:])
    return set(re.findall(r"`([a-z-]+)`", first_cells))


def test_the_keys_are_all_told() -> None:
    control = schema()["properties"]["change-control"]["properties"]
    assert _told(FREEZE) == set(control["freeze"]["items"]["properties"])
    assert _told(EMERGENCY) == set(schema()["definitions"]["emergency"]["else"]["properties"])


def test_the_emergency_that_is_shown_is_one() -> None:
    example, at_github, at_gitlab = documents.blocks(EMERGENCY, "yaml")
    found = parse(example.encode(), ".jira-ci.yml").control()
    emergency = allowed(found)
    assert emergency is not None
    assert emergency == Emergency("Emergency change", 1, ("octocat", "hubot"), ("Implementing",), "2d")
    step = yaml.safe_load(at_github)["jobs"]["deploy"]["steps"][1]["with"]
    assert step["emergency"] == "${{ inputs.emergency }}"
    assert set(step) - {"command", "script"} <= {row.name for row in TABLE}
    assert "JIRA_CI_EMERGENCY" in at_gitlab
