"""The policy for one environment: the file's, tightened at most."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.config.policy_files import Sources, load
from jira_ci.config.trusted_ref import Place
from jira_ci.errors import Exit, UsageError
from jira_ci.gate.decision import Decision
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle

A = "a" * 40
FILE = """\
project-name: Web Site
jira: {site: acme.atlassian.net}
connections:
  emea: {site: acme-emea.atlassian.net, credentials: EMEA}
environments:
  Dev: development
  "qa*": {type: testing, change-controlled: false}
  "prod*": {type: production, change-controlled: true}
  Prod-Sandbox: {change-controlled: false}
  Prod-EU: {change-control: {request-type: Emergency, minimum-approvals: 2, change: OPS-7, proceed-statuses: [Go]}}
change-control:
  enabled: true
  service-desk: OPS
  minimum-approvals: 1
"""


def loaded(text: str = FILE, **files: str) -> Sources:
    found = load([committed({".jira-ci.yml": text, **files})])
    assert len(found.files) == 1
    return found


def committed(files: dict[str, str], relaxed: tuple[str, ...] = ()) -> Place:
    contents = {path: text.encode() for path, text in files.items()}
    return Place("acme/shop", A, "the default branch main", relaxed, contents.get)


def policy(environment: str = "Prod", text: str = FILE, **asked: Any) -> Policy:
    found = settle(loaded(text), environment, Asked(**asked), gate=True)
    assert isinstance(found, Policy), found
    return found


def decision(environment: str = "Prod", text: str = FILE, gate: bool = True, **asked: Any) -> Decision:
    found = settle(loaded(text), environment, Asked(**asked), gate=gate)
    assert isinstance(found, Decision), found
    return found


def test_the_policy_of_a_controlled_environment_is_the_files_with_the_defaults() -> None:
    found = policy()
    assert replace(found, sha256="") == Policy(
        source=f"acme/shop@{A}:.jira-ci.yml",
        sha256="",
        project="Web Site",
        connection="default",
        credentials="",
        site="https://acme.atlassian.net",
        service_desk="OPS",
        request_type="Request a change",
        issue_types=("[System] Change", "Change"),
        title='Deploy "{project}" version {version} to "{environment}"',
        change="",
        create=True,
        binding="mention",
        bind="commit",
        reuse="open",
        proceed_statuses=("Implementing",),
        wait_statuses=("Review", "Preview", "Planning", "Authorize", "Awaiting implementation"),
        waiting_somewhere=("Review", "Preview", "Planning", "Authorize", "Awaiting implementation"),
        minimum_approvals=1,
        window=("Planned start", "Planned end"),
        window_required=False,
        edits="say",
        watched_fields=(),
        exclude_approvers=(),
        deployers={},
        fields={},
        description="",
        comments="internal",
        gate_by="change",
        relaxed=(),
    )
    assert len(found.sha256) == 64


def test_an_environments_own_values_win_over_the_projects() -> None:
    found = policy("prod-eu")
    assert (found.request_type, found.minimum_approvals, found.change, found.proceed_statuses, found.service_desk) == (
        "Emergency",
        2,
        "OPS-7",
        ("Go",),
        "OPS",
    )


@pytest.mark.parametrize(
    ("environment", "row"),
    [
        ("Prod", 0),
        ("PROD", 0),
        ("production-7", 0),
        ("Prod-EU", 0),  # its own rule says nothing about it, and a glob says true
        ("Dev", 3),
        ("dev", 3),
        ("qa1", 3),
        ("Prod-Sandbox", 3),  # an explicit false on the exact name
        ("Prod-Sandbox-2", 0),
        ("Prd", 2),
        ("Prpd", 2),
        ("", 1),
        ("  ", 1),
        ("Prod\n", 1),
        ("Pr\u200bod", 2),
        ("prod-\u2060eu", 2),
        ("D\u00adev", 2),
    ],
)
def test_which_environments_are_controlled(environment: str, row: int) -> None:
    found = settle(loaded(), environment, Asked(), gate=True)
    assert (found.row if isinstance(found, Decision) else 0) == row


def test_a_catch_all_rule_does_not_take_a_name_with_invisible_characters() -> None:
    text = FILE.replace("  Dev: development", '  "*": development')
    assert decision("pr\u200bod", text).row == 2
    assert decision("anything", text).row == 3


@pytest.mark.parametrize(
    ("environment", "nearest"),
    [("Prodution", "productive-* (line 8)"), ("DEVV", "Dev (line 6)"), ("qqq", "(line"), ("x" * 500, "(line")],
)
def test_a_misspelt_environment_is_refused_with_the_nearest_rule(environment: str, nearest: str) -> None:
    text = FILE if environment != "Prodution" else FILE.replace('"prod*"', '"productive-*"')
    found = decision(environment, text)
    assert (found.row, found.exit) == (2, Exit.USAGE)
    assert nearest in found.reason
    assert len(found.reason) < 400


@pytest.mark.parametrize("unmatched", ["infer", "unmapped", "error"])
def test_an_inferred_type_does_not_make_a_match(unmatched: str) -> None:
    text = FILE.replace('  "prod*"', '  "live*"') + f"unmatched-environments: {unmatched}\n"
    assert decision("production", text).row == 2
    assert decision("production", text, gate=False).row == 2


def test_without_any_rule_nothing_can_be_deployed_in_a_controlled_project() -> None:
    text = "jira: {site: a.example}\nchange-control: {enabled: true, service-desk: OPS}\n"
    assert decision("Prod", text).reason.endswith("Add it to environments.")


def test_a_project_that_is_not_controlled_proceeds_whatever_the_environment() -> None:
    text = FILE.replace("enabled: true", "enabled: false")
    for environment in ("Prod", "Prodution"):
        found = decision(environment, text)
        assert (found.row, found.result, found.approved) == (3, "proceed", False)
    assert ".jira-ci.yml@aaaaaaaa line 12" in found.reason


@pytest.mark.parametrize("text", ["{}", "environments: {Prod: {change-controlled: true}}\n"])
def test_gate_without_a_policy_is_an_error_and_deploy_proceeds(text: str) -> None:
    assert (decision(text=text).row, decision(text=text).exit) == (1, Exit.USAGE)
    assert decision(text=text, gate=False).row == 3
    assert decision(text=text, gate=False, change_controlled=True).row == 1


def test_no_file_at_all() -> None:
    none = Sources((), "acme/shop", missing="acme/shop@x:.jira-ci.yml")
    gate, deploy = (settle(none, "Prod", Asked(), gate=gate) for gate in (True, False))
    assert isinstance(gate, Decision)
    assert isinstance(deploy, Decision)
    assert (gate.row, gate.exit, deploy.row, deploy.result) == (1, Exit.USAGE, 3, "proceed")
    assert "There is no change control" in deploy.reason
    told = settle(none, "Prod", Asked(change_controlled=True), gate=False)
    assert isinstance(told, Decision)
    assert told.row == 1


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        ({"minimum_approvals": 3}, "minimum_approvals", 3),
        ({"minimum_approvals": 1}, "minimum_approvals", 1),
        ({"create": False}, "create", False),
        ({"create": True}, "create", True),
        ({"change_controlled": True}, "site", "https://acme.atlassian.net"),
        ({"gate_by": "change"}, "gate_by", "change"),
        ({"comments": "off"}, "comments", "off"),
        ({"site": "https://acme.atlassian.net"}, "site", "https://acme.atlassian.net"),
        ({"site": "https://ACME.atlassian.net:443/jira/"}, "site", "https://acme.atlassian.net"),
        ({"site": "acme.atlassian.net."}, "site", "https://acme.atlassian.net"),
        ({"change": "OPS-12"}, "change", "OPS-12"),
        ({"project_name": "Web Site"}, "project", "Web Site"),
    ],
)
def test_what_may_be_asked_for(asked: dict[str, Any], field: str, value: object) -> None:
    assert getattr(policy(**asked), field) == value


@pytest.mark.parametrize(
    "asked",
    [
        {"minimum_approvals": 0},
        {"minimum_approvals": -1},
        {"minimum_approvals": 101},
        {"minimum_approvals": True},
        {"gate_by": "jira"},
        {"comments": "public"},
        {"gate_by": "nobody"},
        {"site": "https://evil.atlassian.net"},
        {"site": "https://acme.atlassian.net:8443"},
        {"site": "http://127.0.0.1:8080"},
        {"site": "https://acme-emea.atlassian.net"},
        {"site": "https://acme.atlassian.net.evil.example"},
        {"site": "https://user@acme.atlassian.net"},
        {"change_controlled": False},
        {"project_name": "Billing"},
        {"change": "latest"},
        {"change": "OPS-12 OR 1=1"},
        {"change": "../OPS-12"},
    ],
)
def test_whatever_else_is_asked_for_is_refused(asked: dict[str, Any]) -> None:
    found = decision(**asked)
    assert (found.row, found.result, found.exit) == (1, "deny", Exit.USAGE)
    assert next(iter(asked)).replace("_", "-") in found.reason


def test_a_looser_value_is_refused_where_the_environment_is_stricter() -> None:
    assert decision("Prod-EU", minimum_approvals=1).row == 1
    assert policy("Prod-EU", minimum_approvals=2).minimum_approvals == 2
    assert decision("Prod-EU", change="OPS-8").row == 1
    assert policy("Prod-EU", change="OPS-7").change == "OPS-7"
    assert decision(text=FILE + "  create: false\n", create=True).row == 1
    assert policy(text=FILE + "  create: false\n").create is False


def test_a_looser_value_is_refused_for_an_environment_that_is_not_controlled_too() -> None:
    assert decision("Dev", minimum_approvals=0).row == 1
    assert decision("Dev", minimum_approvals=1).row == 3
    assert decision("Dev", change_controlled=False).row == 3


def test_control_can_be_asked_for_where_the_file_does_not_demand_it() -> None:
    assert policy("Dev", change_controlled=True).minimum_approvals == 1
    assert policy("Prod-Sandbox", change_controlled=True).minimum_approvals == 1
    assert policy("Anything", FILE.replace("enabled: true", "enabled: false"), change_controlled=True).create
    assert decision("Prodution".swapcase() + "!", change_controlled=True, text=FILE.replace("prod*", "x*")).row == 2
    bare = "jira: {site: a.example}\nchange-control: {enabled: false}\n"
    assert "service-desk" in decision("Prod", bare, change_controlled=True).reason


def test_the_policys_connection_decides_the_site_and_the_credentials() -> None:
    text = FILE + "  connection: emea\n"
    found = policy(text=text)
    assert (found.connection, found.site, found.credentials) == ("emea", "https://acme-emea.atlassian.net", "EMEA")
    # the setting is the reports' site; it may say what the file says and never moves the gate
    for site in ("https://acme.atlassian.net", "https://acme-emea.atlassian.net"):
        assert policy(text=text, site=site).site == "https://acme-emea.atlassian.net"
    assert decision(text=text, site="https://evil.example").row == 1
    unnamed = text.replace("jira: {site: acme.atlassian.net}\n", "")
    assert policy(text=unnamed, site="https://evil.example").site == "https://acme-emea.atlassian.net"


def test_without_a_site_in_the_file_the_settings_is_taken() -> None:
    text = FILE.replace("jira: {site: acme.atlassian.net}\n", "")
    assert policy(text=text, site="acme.atlassian.net").site == "https://acme.atlassian.net"
    assert (decision(text=text).row, decision("Dev", text).row) == (1, 3)


@pytest.mark.parametrize(
    ("repository", "expected"), [("acme/shop", "shop"), ("group/sub/shop", "shop"), ("shop", "shop")]
)
def test_the_project_is_called_like_the_repository_unless_somebody_says_otherwise(
    repository: str, expected: str
) -> None:
    text = FILE.replace("project-name: Web Site\n", "")
    found = settle(replace(loaded(text), repository=repository), "Prod", Asked(), gate=True)
    assert isinstance(found, Policy)
    assert (found.project, found.relaxed) == (expected, ())
    named = policy(text=text, project_name="Billing")
    assert (named.project, named.relaxed) == ("Billing", ("project-name: a setting, and not in the file",))


def test_what_is_relaxed_is_listed() -> None:
    text = FILE + "  change-binding: any\n  window: off\n"
    place = committed({".jira-ci.yml": text}, relaxed=("outside CI: the policy is the one of HEAD",))
    found = settle(load([place]), "Prod", Asked(), gate=True)
    assert isinstance(found, Policy)
    assert found.relaxed == ("outside CI: the policy is the one of HEAD", "change-binding: any", "window: off")
    assert found.window is None
    for_nobody = policy(text=FILE.replace("minimum-approvals: 1", "minimum-approvals: 0"))
    assert for_nobody.relaxed == ("minimum-approvals: 0",)
    elsewhere = policy(text=FILE.replace("jira: {site: acme.atlassian.net}\n", ""), site="acme.atlassian.net")
    assert elsewhere.relaxed == ("site: a setting, and not in the file",)


@pytest.mark.parametrize(
    "line",
    [
        "  proceed-statuses: []",
        "  wait-statuses: [Implementing]",
        "  wait-statuses: [IMPLEMENTING]",
        "  title: Deploy {project} to {environment}",
        "  window: off\n  window-required: true",
        "  minimum-approvals: -1",
        "  minimum-approvals: 1.0",
        "  gate-by: nobody",
        "  conection: emea",
        "  connection: asia",
    ],
)
def test_values_that_cannot_be_meant_are_an_error(line: str) -> None:
    text = FILE.replace("  minimum-approvals: 1\n", "") + line + "\n"
    with pytest.raises(UsageError, match=r"jira-ci\.yml@aaaaaaaa"):
        loaded(text)


def test_values_that_only_an_environment_makes_impossible_are_an_error_too() -> None:
    with pytest.raises(UsageError, match="window"):
        loaded(FILE.replace("change: OPS-7", "window: off") + "  window-required: true\n")


def test_two_rules_that_match_equally_and_disagree_are_an_error() -> None:
    rules = '  "ab*": {change-control: {minimum-approvals: 1}}\n  "*bc": {change-control: {minimum-approvals: 2}}\n'
    text = FILE.replace("  Dev: development\n", rules)
    assert decision("abc", text).row == 1


def test_a_file_of_another_name_has_to_be_there() -> None:
    with pytest.raises(UsageError, match=r"acme/shop@a+:ci/jira\.yml, which config names, does not exist"):
        load([committed({})], "ci/jira.yml")
    with pytest.raises(UsageError, match="does not exist"):
        load([committed({".jira-ci.yml": FILE})], "none.yml")


def test_a_file_of_another_name_cannot_lead_away_from_a_controlled_one() -> None:
    free = "change-control: {enabled: false}\n"
    beside = load([committed({".jira-ci.yml": FILE, "free.yml": free})], "free.yml")
    found = settle(beside, "Prod", Asked(), gate=True)
    assert isinstance(found, Policy)
    assert (found.minimum_approvals, found.service_desk, found.relaxed) == (1, "OPS", ("config: free.yml",))
    with pytest.raises(UsageError):
        load([committed({".jira-ci.yml": "change-control: [", "free.yml": free})], "free.yml")


@pytest.mark.parametrize("usual", [{}, {".jira-ci.yml": "{}"}, {".jira-ci.yml": "change-control: {enabled: false}\n"}])
def test_a_file_of_another_name_counts_where_the_usual_one_demands_nothing(usual: dict[str, str]) -> None:
    found = load([committed({**usual, "ci/jira.yml": FILE})], "./ci/jira.yml")
    assert (found.files[-1].source, found.relaxed) == (f"acme/shop@{A}:ci/jira.yml", ("config: ci/jira.yml",))
    policy = settle(found, "Prod", Asked(), gate=True)
    assert isinstance(policy, Policy)
    assert (policy.minimum_approvals, policy.project) == (1, "Web Site")


def test_a_file_of_another_name_tightens_the_usual_one() -> None:
    more = "change-control: {minimum-approvals: 3, create: false}\nenvironments: {Dev: {change-controlled: true}}\n"
    found = load([committed({".jira-ci.yml": FILE, "more.yml": more})], "more.yml")
    policy = settle(found, "Dev", Asked(), gate=True)
    assert isinstance(policy, Policy)
    assert (policy.minimum_approvals, policy.create, policy.service_desk) == (3, False, "OPS")


def test_the_usual_file_by_its_path_is_no_other_one() -> None:
    assert load([committed({".jira-ci.yml": FILE})], "./.jira-ci.yml").relaxed == ()


def test_a_file_with_the_wrong_ending_is_not_taken_for_none() -> None:
    with pytest.raises(UsageError, match=r"\.jira-ci\.yaml is on the default branch main"):
        load([committed({".jira-ci.yaml": FILE})])
    assert load([committed({}, relaxed=("x",))]) == Sources((), "acme/shop", ("x",), f"acme/shop@{A}:.jira-ci.yml")


def test_an_empty_file_is_no_absent_one() -> None:
    with pytest.raises(UsageError, match=r"jira-ci\.yml@aaaaaaaa"):
        load([committed({".jira-ci.yml": ""})])


SITES = ("", "acme.atlassian.net", "https://acme.atlassian.net", "evil.example", "https://acme-emea.atlassian.net")
READERS = ["off", "internal", "public"]
ASKED = st.builds(
    Asked,
    change_controlled=st.none() | st.booleans(),
    create=st.none() | st.booleans(),
    minimum_approvals=st.none() | st.integers(-3, 200),
    gate_by=st.sampled_from(["", "change", "jira", "Change", "x"]),
    comments=st.sampled_from(["", *READERS, "Public", "x"]),
    site=st.sampled_from(SITES),
    change=st.sampled_from(["", "OPS-7", "OPS-8", "ops-7", "x"]),
    project_name=st.sampled_from(["", "Web Site", "web site", "Billing"]),
)
TIGHTENED = ("create", "minimum_approvals", "change", "comments", "in_force", "origins")
VARIANTS = [
    FILE,
    FILE + "  create: false\n",
    FILE + "  connection: emea\n",
    FILE.replace("minimum-approvals: 1", "gate-by: jira"),
]


@given(asked=ASKED, environment=st.sampled_from(["Prod", "Prod-EU"]), text=st.sampled_from(VARIANTS))
def test_nothing_that_is_asked_for_makes_a_policy_looser(asked: Asked, environment: str, text: str) -> None:
    own, found = (
        settle(loaded(text), environment, Asked(), gate=True),
        settle(loaded(text), environment, asked, gate=True),
    )
    if isinstance(own, Decision):  # minimum-approvals of Prod-EU and gate-by: jira
        assert isinstance(found, Decision)
        return
    if isinstance(found, Decision):
        assert (found.row, found.result) == (1, "deny")
        return
    assert found.minimum_approvals >= own.minimum_approvals
    assert not found.create or own.create
    assert READERS.index(found.comments) <= READERS.index(own.comments)
    assert found.change == own.change or own.change == ""
    for field in fields(Policy):
        if field.name not in TIGHTENED:
            assert getattr(found, field.name) == getattr(own, field.name)


@given(
    asked=ASKED, environment=st.sampled_from(["Prod", "Dev", "Prodution", "Prod-Sandbox", "qa1"]), gate=st.booleans()
)
def test_nothing_that_is_asked_for_lets_a_controlled_environment_proceed(
    asked: Asked, environment: str, gate: bool
) -> None:
    own, found = (settle(loaded(), environment, one, gate=gate) for one in (Asked(), asked))
    proceeds = isinstance(found, Decision) and found.result == "proceed"
    assert not proceeds or (isinstance(own, Decision) and own.result == "proceed" and not asked.change_controlled)
