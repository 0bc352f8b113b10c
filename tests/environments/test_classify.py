"""Name -> type: which rule wins, what it is called, and which names are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.config.model import Config, parse
from jira_ci.environments import atlassian_mapping
from jira_ci.environments.classify import Environment, classify, collisions
from jira_ci.errors import UsageError

RULES = """\
environments:
  Azure-Dev: development
  "qa*": testing
  "*-live": staging
  "shop-*": testing
  "shop-live-*": production
  Prod-EU: {type: production, change-controlled: false}
  "prod*": {type: production, change-controlled: true, change-control: {minimum-approvals: 2}}
  "*eu*": {change-controlled: true}
  Dev [blue]: development
  "stage[0-9]": staging
"""


def config(text: str) -> Config:
    return parse(text.encode(), ".jira-ci.yml")


@pytest.mark.parametrize(
    ("name", "type_", "rule", "controlled"),
    [
        ("Azure-Dev", "development", ".jira-ci.yml line 2: Azure-Dev", False),
        ("AZURE-dev", "development", ".jira-ci.yml line 2: Azure-Dev", False),
        (" azure-dev ", "development", ".jira-ci.yml line 2: Azure-Dev", False),
        ("QA-7", "testing", ".jira-ci.yml line 3: qa*", False),
        ("pay-live", "staging", ".jira-ci.yml line 4: *-live", False),
        ("shop-live-1", "production", ".jira-ci.yml line 6: shop-live-*", False),
        ("Prod-EU", "production", ".jira-ci.yml line 7: Prod-EU", False),
        ("Prod-EU-2", "production", ".jira-ci.yml line 8: prod*", True),
        ("Prod-US", "production", ".jira-ci.yml line 8: prod*", True),
        ("eu-uat", "testing", 'inferred from the word "uat"', True),
        ("dev [BLUE]", "development", ".jira-ci.yml line 10: Dev [blue]", False),
        ("stage7", "staging", ".jira-ci.yml line 11: stage[0-9]", False),
        ("uat", "testing", 'inferred from the word "uat"', None),
        ("Blue", "unmapped", "no rule matches (unmatched-environments: infer)", None),
        (
            "dev-test",
            "unmapped",
            'its words "dev" and "test" disagree, and no rule matches (unmatched-environments: infer)',
            None,
        ),
    ],
)
def test_the_closest_rule_decides_and_is_named(name: str, type_: str, rule: str, controlled: bool | None) -> None:
    found = classify(name, config(RULES))
    assert (found.name, found.type, found.rule, found.change_controlled) == (name, type_, rule, controlled)


def test_the_closest_rules_own_change_control_comes_along() -> None:
    assert classify("prod-us", config(RULES)).control == {"minimum-approvals": 2}
    assert classify("qa1", config(RULES)).control == {}


@pytest.mark.parametrize(
    ("rules", "name", "said"),
    [
        (
            '  "a*": testing\n  "*b": staging\n',
            "ab",
            "ab matches a* (.jira-ci.yml line 2) and *b (line 3) equally, and they disagree.",
        ),
        (
            '  "a*": {type: testing, change-control: {create: false}}\n'
            '  "*b": {type: testing, change-control: {create: true}}\n',
            "ab",
            "equally, and they disagree",
        ),
    ],
)
def test_two_rules_that_match_equally_and_disagree_are_an_error(rules: str, name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        classify(name, config(f"environments:\n{rules}"))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "rules",
    [
        '  "a*": testing\n  "*b": testing\n',
        '  "a*": testing\n  "*b": {change-controlled: false}\n',
        '  "a*": testing\n  "*b": staging\n  ab: testing\n',
        '  "ab*": testing\n  "*b": staging\n',
    ],
)
def test_rules_that_agree_or_differ_in_closeness_are_none(rules: str) -> None:
    assert classify("ab", config(f"environments:\n{rules}")).type == "testing"


@pytest.mark.parametrize(
    ("rules", "controlled"),
    [
        ("  prod: production\n", False),
        ("  prod: {type: production, change-controlled: true}\n", True),
        ('  prod: production\n  "p*": {change-controlled: true}\n', True),
        ('  prod: {change-controlled: false}\n  "p*": {change-controlled: true}\n', False),
        ('  "pr*": {change-controlled: false}\n  "p*": {change-controlled: true}\n', True),
        ('  "pr*": {change-controlled: false}\n', False),
        ("  other: {change-controlled: true}\n", None),
    ],
)
def test_control_holds_when_any_rule_says_so_and_only_the_exact_name_lifts_it(
    rules: str, controlled: bool | None
) -> None:
    assert classify("Prod", config(f"environments:\n{rules}")).change_controlled is controlled


@pytest.mark.parametrize(
    ("unmatched", "name", "tier", "type_"),
    [
        ("infer", "uat", "", "testing"),
        ("unmapped", "uat", "", "unmapped"),
        ("unmapped", "prod", "production", "unmapped"),
    ],
)
def test_a_name_without_a_rule_is_treated_as_the_file_says(unmatched: str, name: str, tier: str, type_: str) -> None:
    found = classify(name, config(f"unmatched-environments: {unmatched}\n"), tier=tier)
    assert found.type == type_


def test_a_name_without_a_rule_may_be_an_error_that_names_the_nearest() -> None:
    some = config("environments:\n  Production: production\nunmatched-environments: error\n")
    with pytest.raises(UsageError) as caught:
        classify("Prodution", some, tier="production")
    assert str(caught.value) == (
        "No rule in .jira-ci.yml matches the environment Prodution, and unmatched-environments is error "
        "(.jira-ci.yml line 3). Did you mean Production?"
    )


@pytest.mark.parametrize(
    ("name", "tier", "type_", "rule"),
    [
        ("customer-portal", "production", "production", "GitLab's deployment tier production"),
        ("customer-portal", "staging", "staging", "GitLab's deployment tier staging"),
        ("uat", "staging", "staging", "GitLab's deployment tier staging"),
        ("prod", "production", "production", "GitLab's deployment tier production"),
        ("sandbox", "production", "production", "GitLab's deployment tier production"),
        ("prod", "development", "development", "GitLab's deployment tier development"),
        ("pre-prod", "production", "staging", 'inferred from the word "pre-prod"'),
        ("uat", "other", "testing", 'inferred from the word "uat"'),
        ("portal", "other", "unmapped", "no rule matches (unmatched-environments: infer)"),
        ("prod", "other", "unmapped", "GitLab's deployment tier other"),
        ("prod", "nonsense", "production", 'inferred from the word "prod"'),
        (
            "product-demo",
            "production",
            "unmapped",
            "GitLab guesses the tier production from letters in the name, and no rule matches "
            "(unmatched-environments: infer)",
        ),
    ],
)
def test_gitlabs_tier_stands_unless_gitlab_may_have_guessed_it(name: str, tier: str, type_: str, rule: str) -> None:
    found = classify(name, None, tier=tier)
    assert (found.type, found.rule) == (type_, rule)


@pytest.mark.parametrize("name", ["non-prod", "product", "delivery", "olive", "reproduction", "prod-copy", "dev-prod"])
def test_a_guessed_tier_makes_nothing_production(name: str) -> None:
    assert classify(name, None, tier="production").type == "unmapped"


def test_a_rule_wins_over_gitlabs_tier() -> None:
    assert classify("qa1", config(RULES), tier="production").type == "testing"


def test_the_mapping_of_atlassians_app_counts_only_without_a_file_of_ours() -> None:
    mapping, _ = atlassian_mapping.parse(b"deployments:\n  environmentMapping:\n    staging: ['Prod*']\n")
    assert classify("prod-1", None, fallback=mapping) == Environment(
        "prod-1", "staging", ".jira/config.yml line 3: Prod*"
    )
    assert classify("prod-1", None, tier="testing", fallback=mapping).type == "staging"
    assert classify("uat", None, fallback=mapping).type == "testing"
    assert classify("prod-1", config("jira: {}\n"), fallback=mapping).type == "production"


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "a\0", "\x1b[31m", "a\u202eb", "a\u2028b", "\ud800"])
def test_a_name_that_nobody_could_show_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="environment's name"):
        classify(name, None)


@pytest.mark.parametrize("name", ["x" * 500, "🚀", "../prod", "Dev 'a' \"b\"", "${{ x }}", "::error::", "開発"])
def test_a_strange_name_is_classified(name: str) -> None:
    assert classify(name, config(RULES)).name == name


@given(st.text("abX-1*?[]", min_size=1, max_size=8), st.text("abX-1", min_size=1, max_size=8))
def test_a_rule_and_a_name_match_in_any_case(rule: str, name: str) -> None:
    text = f'environments: {{"{rule}": staging}}\nunmatched-environments: unmapped\n'
    types = {classify(one, config(text)).type for one in (name, name.upper(), name.lower(), name.swapcase())}
    assert len(types) == 1


def test_names_that_are_one_environment_in_jira_are_told() -> None:
    assert collisions(["Prod", "qa", "uat"]) == []
    assert collisions(["Prod-EU", "qa", "prod-eu", "QA", "qa"]) == [
        '"Prod-EU" and "prod-eu" are one environment in Jira; only the first is reported.',
        '"qa" and "QA" are one environment in Jira; only the first is reported.',
        'The environment "qa" is named twice; it is reported once.',
    ]
    assert len(collisions(["ｐrod", "prod"])) == 1


def test_a_name_longer_than_any_is_refused() -> None:
    assert classify("ü" * 500, None).type == "unmapped"
    with pytest.raises(UsageError, match=r"The environment's name ü+… has 501 characters; 500 are allowed\. Give it"):
        classify("ü" * 501, None)
