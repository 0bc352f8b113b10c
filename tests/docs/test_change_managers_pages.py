"""The pages about freezes: what they show is what a job says."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import documents
from jira_ci.config.model import parse
from jira_ci.gate.policy.freeze import coming, of_environment, told

FREEZE = documents.text(documents.ROOT / "docs" / "guides" / "freeze.md")


def test_the_freezes_that_are_shown_are_those_of_the_example() -> None:
    [example] = documents.blocks(FREEZE, "yaml")
    config = parse(example.encode(), ".jira-ci.yml@4f1c2a90")
    entries = config.document["change-control"]["freeze"]
    found = coming(list(of_environment(entries, "Prod-EU", [config])), datetime(2026, 12, 1, tzinfo=timezone.utc))
    [line] = documents.blocks(FREEZE, "text")
    assert f"gate freezes: {told(found[1])}, for Prod-EU\n" == line
    assert [one.freeze.name for one in of_environment(entries, "Stage", [config])] == ["Data center move"]


def test_the_keys_of_a_freeze_are_all_told() -> None:
    [table] = re.findall(r"\| key \| what it says \|\n(.*?)\n\n", FREEZE, re.DOTALL)
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines()[1:])
    told_keys = set(re.findall(r"`([a-z-]+)`", first_cells))
    assert told_keys == {"name", "from", "to", "every", "timezone", "environments", "types", "except"}
