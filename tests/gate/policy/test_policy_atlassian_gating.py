"""Atlassian's own file gates as it did in the app, as long as no file of ours speaks of change control."""

from __future__ import annotations

import pytest

from jira_ci.config.policy_files import Sources, load
from jira_ci.config.trusted_ref import Place
from jira_ci.errors import UsageError
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle

A = "a" * 40
THEIRS = "deployments:\n  deploymentGating:\n    enabled: true\n    environments:\n    - shop-prod\n    - Production\n"
SITE = Asked(site="https://acme.atlassian.net")
NAMES = [".jira/config.yml", ".jira/config.yaml"]


def found(**files: str) -> Sources:
    contents = {path: text.encode() for path, text in files.items()}
    return load([Place("acme/shop", A, "the default branch main", (), contents.get)])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ours", ["", "environments: {Production: production}\n"])
def test_its_environments_are_gated_by_jira_and_no_other(name: str, ours: str) -> None:
    loaded = found(**{name: THEIRS}, **({".jira-ci.yml": ours} if ours else {}))
    assert loaded.files
    for environment in ("Production", "PRODUCTION", "shop-prod"):
        policy = settle(loaded, environment, SITE, gate=False)
        assert isinstance(policy, Policy)
        assert (policy.gate_by, policy.source, policy.service_desk) == ("jira", f"acme/shop@{A}:{name}", "")
    for environment in ("Staging", "Dev"):
        decision = settle(loaded, environment, SITE, gate=False)
        assert isinstance(decision, Decision)
        assert decision.row == 3
    assert loaded.files[0].config.where("environments", "Production") == f"{name}@aaaaaaaa line 6"


def test_our_file_names_the_site_and_the_project() -> None:
    ours = "project-name: Web\njira: {site: acme.atlassian.net}\n"
    policy = settle(found(**{NAMES[0]: THEIRS, ".jira-ci.yml": ours}), "Production", Asked(), gate=True)
    assert isinstance(policy, Policy)
    assert (policy.site, policy.project) == ("https://acme.atlassian.net", "Web")


@pytest.mark.parametrize(
    "ours",
    [
        "change-control: {enabled: false}\n",
        "change-control: {enabled: true, gate-by: jira}\nenvironments: {Production: {change-controlled: false}}\n",
    ],
)
def test_what_ours_says_of_change_control_counts_alone(ours: str) -> None:
    decision = settle(found(**{NAMES[0]: THEIRS, ".jira-ci.yml": ours}), "Production", SITE, gate=False)
    assert isinstance(decision, Decision)
    assert decision.row == 3


@pytest.mark.parametrize("asked", [Asked(change_controlled=False), Asked(gate_by="change")])
def test_settings_cannot_loosen_it(asked: Asked) -> None:
    decision = settle(found(**{NAMES[0]: THEIRS}), "Production", asked, gate=False)
    assert isinstance(decision, Decision)
    assert decision.row == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "deployments: {deploymentGating: {enabled: true}}",
        "deployments: {deploymentGating: {enabled: on, environments: [Prod]}}",
        "deployments:\n  deploymentGating:\n\tenabled: true\n",
        "deployments: {deploymentGating: {enabled: true, enabled: false, environments: [Prod]}}",
    ],
)
def test_what_nobody_can_tell_is_refused_with_what_to_write(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(**{name: text})
    assert name in caught.value.message
    assert "gate-by: jira" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["deployments: {deploymentGating: {enabled: false, environments: [Prod]}}", "deployments: [\n", "a: 1", "", "- b"],
)
def test_a_file_that_gates_nothing_is_no_policy(text: str) -> None:
    assert found(**{NAMES[0]: text}).files == ()


def test_the_second_file_counts_where_the_first_gates_nothing() -> None:
    loaded = found(**{NAMES[0]: "deployments: {services: {ids: [a]}}", NAMES[1]: THEIRS})
    assert loaded.files
    assert loaded.source.endswith(NAMES[1])


def test_a_name_that_looks_like_a_gated_one_does_not_slip_through() -> None:
    loaded = found(**{NAMES[0]: THEIRS})
    decision = settle(loaded, "Prod\u200buction", SITE, gate=False)
    assert isinstance(decision, Decision)
    assert decision.result == "deny"
