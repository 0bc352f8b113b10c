"""The page about whose policy decides: its example is one, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from jira_ci.config.policy_files import Sources, organisation_inline
from jira_ci.config.schema import schema
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.settings import TABLE

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "policy.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
[TABLE_OF_KEYS] = re.findall(r"\| key \| what counts \|\n(.*?)\n\n", PAGE, re.DOTALL)


def test_the_example_is_a_policy() -> None:
    found = Sources((organisation_inline(EXAMPLE),), "acme/shop")
    policy = settle(found, "prod-eu", Asked(site="a.example"), gate=True)
    assert isinstance(policy, Policy)
    assert (policy.minimum_approvals, policy.exclude_approvers) == (2, ("reporter",))


def test_the_keys_are_those_of_the_file() -> None:
    first_cells = " ".join(line.split("|")[1] for line in TABLE_OF_KEYS.splitlines()[1:])
    named = set(re.findall(r"`([a-z-]+)`", first_cells))
    assert named - {"change-controlled"} <= set(schema()["properties"]["change-control"]["properties"])


def test_the_settings_are_there() -> None:
    names = {row.name for row in TABLE}
    assert {"organisation-policy", "organisation-token", "github-token", "gitlab-token", "config"} <= names
    assert all(f"`{name}`" in PAGE for name in ("organisation-policy", "organisation-token"))
