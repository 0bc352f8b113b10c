"""What a tenant's rule says beside its environment's: of both the stricter counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.config.model import parse
from jira_ci.config.policy_files import Loaded, Sources
from jira_ci.errors import UsageError
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle

FILE = """\
project-name: Web Site
jira: {site: acme.atlassian.net}
environments:
  Dev: development
  Prod: {type: production, change-controlled: true, change-control: {minimum-approvals: 1, title: "T {project} {version} {environment} {tenant}"}}
  Stage: {type: staging, change-controlled: true}
tenants:
  Aurora:
    change-controlled: true
    change-control: {minimum-approvals: 2, request-type: Aurora's change, required-approvals: [Aurora], create: false}
  "Bo*": {change-control: {minimum-approvals: 0, reuse: once, window: off, title: "B {project} {version} {environment} {tenant}"}}
  Open: {change-controlled: false}
change-control:
  enabled: true
  service-desk: OPS
  edits: deny
"""  # noqa: E501


def sources(text: str = FILE) -> Sources:
    config = parse(text.encode(), ".jira-ci.yml")
    return Sources(files=(Loaded(config, "acme/shop@1:.jira-ci.yml", "0" * 64),), repository="acme/shop")


def settled(environment: str, tenant: str, text: str = FILE) -> Policy | Decision:
    return settle(sources(text), environment, Asked(), gate=False, tenant=tenant)


def policy(environment: str, tenant: str) -> Policy:
    found = settled(environment, tenant)
    assert isinstance(found, Policy), found
    return found


def test_of_environment_and_tenant_the_stricter_counts() -> None:
    both = policy("Prod", "aurora")
    assert (both.minimum_approvals, both.create, both.edits) == (2, False, "deny")
    assert both.required_approvals == ("Aurora",)
    assert policy("Prod", "").required_approvals == ()
    assert both.origins["minimum-approvals"] == ".jira-ci.yml line 10"


def test_what_has_no_order_is_the_environment_s_own_then_the_tenant_s_then_the_project_s() -> None:
    assert policy("Prod", "Aurora").request_type == "Aurora's change"
    assert policy("Prod", "Corvus").request_type == "Request a change"
    assert policy("Prod", "Boreas").title.startswith("T ")
    assert policy("Stage", "Boreas").title.startswith("B ")
    assert any("title" in one for one in policy("Prod", "Boreas").differences)


def test_a_tenant_s_rule_loosens_nothing() -> None:
    found = policy("Prod", "Boreas")
    assert (found.minimum_approvals, found.reuse, found.window) == (1, "once", ("Planned start", "Planned end"))


@pytest.mark.parametrize(
    ("environment", "tenant", "row"),
    [
        ("Dev", "", 3),
        ("Dev", "Corvus", 3),
        ("Dev", "Aurora", None),
        ("Prod", "Open", None),
        ("Stage", "Open", None),
        ("Dev", "Open", 3),
        ("Other", "Aurora", 2),
        ("Dev", "Aur\u043era", 2),
        ("Prod", "Aur\u043era", 2),
        ("Prod", "AURORA", None),
        ("Prod", "Auror", None),
    ],
)
def test_a_deployment_is_controlled_when_either_says_so(environment: str, tenant: str, row: int | None) -> None:
    found = settled(environment, tenant)
    assert (found.row if isinstance(found, Decision) else None) == row


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{minimum-approvals: -1}", "tenants.Aurora.change-control.minimum-approvals"),
        ("{service-desk: OPS}", "tenants.Aurora.change-control.service-desk is not a known key"),
        ("{proceed-statuses: [Review]}", "tenants.Aurora.change-control.proceed-statuses"),
        ("{required-approvers: [{gruop: x}]}", "gruop"),
        ("{}", "tenants.Aurora.change-control"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told_with_its_place(rule: str, told: str) -> None:
    text = FILE.replace("  Open: {change-controlled: false}\n", "").replace(
        "  Aurora:\n    change-controlled: true\n", "  Aurora:\n"
    )
    start, end = text.index("    change-control: {minimum-approvals: 2"), text.index('  "Bo*"')
    with pytest.raises(UsageError, match=r"\.jira-ci\.yml line") as caught:
        sources(f"{text[:start]}    change-control: {rule}\n{text[end:]}")
    assert told in str(caught.value)


ORDERED: dict[str, list[Any]] = {
    "minimum-approvals": [0, 1, 3],
    "create": [True, False],
    "reuse": ["open", "once"],
    "edits": ["say", "deny"],
    "bind": ["version", "commit"],
    "change-binding": ["any", "mention"],
}
"""Each from the loosest to the strictest."""
RULES = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in ORDERED.items()})


@given(RULES, RULES)
def test_no_rule_of_a_tenant_allows_more_than_its_environment(
    environment: dict[str, Any], tenant: dict[str, Any]
) -> None:
    def written(rule: dict[str, Any]) -> str:
        return ", ".join(f"{key}: {str(value).lower()}" for key, value in {**rule, "comments": "off"}.items())

    text = (
        f"jira: {{site: a.example}}\nchange-control: {{enabled: true, service-desk: OPS}}\n"
        f"environments: {{Prod: {{change-controlled: true, change-control: {{{written(environment)}}}}}}}\n"
        f"tenants: {{Aurora: {{change-control: {{{written(tenant)}}}}}}}\n"
    )
    alone, both = settled("Prod", "", text), settled("Prod", "Aurora", text)
    assert isinstance(alone, Policy)
    assert isinstance(both, Policy)
    for key, values in ORDERED.items():
        wanted = [alone.in_force[key], tenant.get(key, values[0])]
        assert values.index(both.in_force[key]) == max(map(values.index, wanted))
