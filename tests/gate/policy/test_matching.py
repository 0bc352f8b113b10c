"""What a tenant's rule says beside its environment's: of both the stricter counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.config.model import parse
from jira_ci.config.policy_files import Loaded, Sources
from jira_ci.errors import UsageError
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.matching import alike_tenant, named_characters, similar, similar_rule, unmatched
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


LIKE = """\
jira: {site: acme.atlassian.net}
environments:
  Prod: {type: production, change-controlled: true}
  Dev: development
  Pr0d: development
  "Pr\u043ed": development
"""


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("Prod", None),
        ("Pr0d", None),
        ("pr0d", None),
        ("Pr0d ", "Prod"),
        ("Pr\u043ed", "Prod"),
        ("Pr\u03bfd", "Prod"),
        ("D\u0435v", None),
        ("Other", None),
    ],
)
def test_a_name_that_looks_like_one_that_is_controlled_has_no_rule_in_plain_letters(
    name: str, alike: str | None
) -> None:
    files = sources(LIKE).files
    found = similar_rule(name, files)
    assert (found[0].name if found else None) == alike
    assert found is None or found[1] is files[0].config


ANEW = "Type the name anew, or write a rule for exactly this name in plain letters."


def test_what_a_name_looks_like_is_told() -> None:
    config = sources().files[0].config
    rule = replace(config.rules[1], name="y" * 81)
    assert similar("Pr\u043ed", config.rules[1], config) == (
        "The environment's name Pr\u043ed (U+043E) looks like Prod (.jira-ci.yml line 5), which is change controlled, "
        f"and no rule says so of it. {ANEW}"
    )
    assert similar("x" * 81, rule, config) == (
        f"The environment's name {'x' * 80}… (in plain letters) looks like {'y' * 80}… (.jira-ci.yml line 5), which is "
        f"change controlled, and no rule says so of it. {ANEW}"
    )
    assert alike_tenant("Aur\u043era", sources().files) == (
        "The tenant's name Aur\u043era (U+043E) looks like Aurora (.jira-ci.yml line 8), which has a rule of its own, "
        f"and no rule says so of it. {ANEW}"
    )
    assert [alike_tenant(name, sources().files) for name in ("", "Aurora", "Boreas", "Corvus")] == [""] * 4
    assert alike_tenant("Aur\u043era", sources(LIKE).files) == ""
    looked_at = "tenants: {Aurora: {change-controlled: true}, Aur0ra: {change-controlled: false}}"
    assert alike_tenant("Aur0ra", sources(looked_at).files) == ""
    assert alike_tenant("", sources('tenants: {"*\\u200b": {change-controlled: true}}').files) == ""


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Prod", "in plain letters"),
        ("Pr\u043ed", "U+043E"),
        ("a\tb", "U+0009"),
        ("\u0430\u0430\u0431\u0432\u0433\u0434\u0435", "U+0430, U+0431, U+0432, U+0433, U+0434"),
    ],
)
def test_what_is_not_seen_in_a_name_at_first_sight(name: str, seen: str) -> None:
    assert named_characters(name) == seen


OF_NONE = "and this project is change controlled."


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("Prodd", FILE, "Prodd, {} The nearest is Prod (line 5): correct the name, or add a rule."),
        ("zzz", FILE, "zzz, {} The nearest is Stage (line 6): correct the name, or add a rule."),
        ("x" * 81, FILE, "x" * 80 + "…, {} The nearest is Stage (line 6): correct the name, or add a rule."),
        (
            "y",
            f"environments: {{{'y' * 81}: production}}",
            f"y, {{}} The nearest is {'y' * 80}… (line 1): correct the name, or add a rule.",
        ),
        ("Other", "jira: {site: acme.atlassian.net}", "Other, {} Add it to environments."),
    ],
)
def test_the_nearest_rule_is_named_where_none_matches(name: str, text: str, told: str) -> None:
    assert unmatched(name, sources(text).files) == (
        f"No rule in .jira-ci.yml matches the environment {told.format(OF_NONE)}"
    )


def test_invisible_characters_are_told_first() -> None:
    assert unmatched("Pr\u200bod", sources().files) == (
        "The environment's name Pr\u200bod holds invisible characters. Type it anew."
    )


def test_a_tenant_s_rule_loosens_nothing_that_the_project_says() -> None:
    found = settled("Stage", "Boreas", FILE + "  minimum-approvals: 3\n  reuse: open\n")
    assert isinstance(found, Policy)
    assert (found.minimum_approvals, found.reuse, found.origins["minimum-approvals"]) == (
        3,
        "once",
        ".jira-ci.yml line 17",
    )
    assert "enabled" not in found.in_force


BLOCK = """\
jira: {site: acme.atlassian.net}
environments:
  Prod:
    change-controlled: true
    change-control:
      comments: off
      title: "T {project} {version} {environment} {tenant}"
  Stage: {change-controlled: true}
tenants:
  Aurora:
    change-control:
      minimum-approvals: 2
      request-type: Aurora's change
      fields:
        A: tenant
change-control:
  enabled: true
  service-desk: OPS
  edits: deny
"""


def test_each_value_says_the_line_of_its_key() -> None:
    found = settled("Prod", "Aurora", BLOCK)
    assert isinstance(found, Policy)
    assert found.in_force["fields"] == {"A": "tenant"}
    keys = ("comments", "title", "minimum-approvals", "request-type", "fields", "service-desk", "edits", "reuse")
    lines = [found.origins[key].removeprefix(".jira-ci.yml line ") for key in keys]
    assert lines == ["6", "7", "12", "13", "14", "18", "19", "default"]
    other = settled("Stage", "Aurora", BLOCK)
    assert isinstance(other, Policy)
    assert (other.origins["title"], other.origins["comments"]) == ("default", "default")


def test_fields_and_the_lines_of_all_three_places() -> None:
    text = FILE.replace("minimum-approvals: 1, title", "minimum-approvals: 1, fields: {C: place}, title")
    text = text.replace("minimum-approvals: 2,", "minimum-approvals: 2, fields: {B: tenant, C: tenant},")
    found = settled("Prod", "Aurora", text + "  fields: {A: all, B: all, C: all}\n")
    assert isinstance(found, Policy)
    assert found.in_force["fields"] == {"A": "all", "B": "tenant", "C": "place"}
    lines = {key: found.origins[key] for key in ("title", "request-type", "edits")}
    assert lines == {
        "title": ".jira-ci.yml line 5",
        "request-type": ".jira-ci.yml line 10",
        "edits": ".jira-ci.yml line 16",
    }
