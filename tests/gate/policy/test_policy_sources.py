"""The organisation's file, the default branch's and the run's own: together they allow no more than any of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.test_decision_properties import ANY
from jira_ci.config.model import parse
from jira_ci.config.policy_files import Sources, load, organisation_file
from jira_ci.config.trusted_ref import Place
from jira_ci.errors import Exit
from jira_ci.gate.decision import Decision, decide
from jira_ci.gate.policy.lint import Controlled, lint
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.requirements import Snapshot, Status

NOW, THEN = "a" * 40, "b" * 40
NAME = ".jira-ci.yml"
OURS = """\
jira: {site: acme.atlassian.net}
environments:
  Dev: development
  "prod*": {type: production, change-controlled: true}
change-control: {enabled: true, service-desk: OPS}
"""
ANYTHING = OURS.replace("  Dev: development", '  "*": development')


def sources(*texts: str, organisation: str = "", config: str = NAME) -> Sources:
    commits = (NOW, THEN)
    files: list[dict[str, bytes]] = [{NAME: text.encode()} for text in texts] or [{}]
    places = [
        Place("acme/shop", commit, "the default branch main", (), contents.get)
        for commit, contents in zip(commits, files, strict=False)
    ]
    if not organisation:
        return load(places, config)
    return load(
        places, config, organisation_file(organisation.encode(), "acme/policies@c:p.yml", "acme/policies:p.yml@c")
    )


def policy(found: Sources, environment: str = "Prod", **asked: Any) -> Policy:
    settled = settle(found, environment, Asked(**asked), gate=True)
    assert isinstance(settled, Policy), settled
    return settled


def decision(found: Sources, environment: str = "Prod", *, gate: bool = True, **asked: Any) -> Decision:
    settled = settle(found, environment, Asked(**asked), gate=gate)
    assert isinstance(settled, Decision), settled
    return settled


def test_a_run_of_last_month_does_not_bring_last_months_policy() -> None:
    then = OURS.replace("OPS}", "OPS, minimum-approvals: 0, proceed-statuses: [Implementing, Ready]}")
    now = OURS.replace("OPS}", "OPS, minimum-approvals: 2}")
    found = policy(sources(now, then))
    assert (found.minimum_approvals, found.proceed_statuses) == (2, ("Implementing",))
    free = OURS.replace("enabled: true", "enabled: false")
    assert policy(sources(OURS, free)).service_desk == "OPS"
    assert policy(sources(OURS, free.replace("true}", "false}"))).service_desk == "OPS"


def test_what_the_run_itself_demands_counts_besides() -> None:
    release = OURS.replace("OPS}", "OPS, minimum-approvals: 3, create: false}").replace("Dev: development", "Dev: x")
    release = release.replace("Dev: x", "Dev: {change-controlled: true}")
    found = policy(sources(OURS, release), "Dev")
    assert (found.minimum_approvals, found.create) == (3, False)
    assert policy(sources(OURS.replace("enabled: true", "enabled: false"), release)).minimum_approvals == 3
    assert policy(sources("{}\n", release)).minimum_approvals == 3


def test_an_old_key_of_the_change_and_an_old_desk_are_left_where_they_were() -> None:
    then = OURS.replace("OPS}", "PLAY, title: '{project} {version} {environment}', request-type: Easy}")
    then += "connections: {emea: {site: emea.atlassian.net, credentials: EMEA}}\n"
    then = then.replace('"prod*": {', '"prod*": {change-control: {change: OPS-1}, ')
    found = policy(sources(OURS, then.replace("PLAY", "PLAY, connection: emea")))
    assert (found.service_desk, found.request_type, found.change) == ("OPS", "Request a change", "")
    assert (found.connection, found.site) == ("default", "https://acme.atlassian.net")
    said = " ".join(found.differences)
    assert all(one in said for one in ("service-desk: what .jira-ci.yml@aaaaaaaa line 5", "says PLAY", "says OPS-1"))
    assert "site: what .jira-ci.yml@aaaaaaaa line 1 says counts" in said


def test_no_status_in_common_is_an_error_that_names_both() -> None:
    now, then = (OURS.replace("OPS}", f"OPS, proceed-statuses: [{one}]}}") for one in ("Go", "Ready"))
    found = decision(sources(now, then))
    assert (found.row, found.exit) == (1, Exit.USAGE)
    assert "No status is among the proceed-statuses of all" in found.reason
    assert ".jira-ci.yml@aaaaaaaa line 5 and .jira-ci.yml@bbbbbbbb line 5" in found.reason


def test_a_status_that_one_waits_in_and_another_one_proceeds_in_is_an_error() -> None:
    ours = OURS.replace("OPS}", "OPS, proceed-statuses: [Go], wait-statuses: [Review]}")
    found = decision(sources(ours, organisation="change-control: {wait-statuses: [GO]}\n"))
    assert (found.row, "'Go' is among the proceed-statuses" in found.reason) == (1, True)


def test_an_environment_has_to_match_a_rule_of_any_of_them() -> None:
    theirs = 'environments: {"live*": {change-controlled: true}, Lab: testing}\nchange-control: {enabled: true}\n'
    found = sources(OURS, organisation=theirs)
    assert policy(found, "live-eu").service_desk == "OPS"
    assert decision(found, "Lab").row == 3
    unmatched = decision(found, "Prd").reason
    assert "acme/policies:p.yml@c and .jira-ci.yml@aaaaaaaa" in unmatched
    assert "The nearest is prod* (line 4)" in unmatched
    # a repository lifts nothing that the organisation controls
    lifted = OURS.replace("  Dev: development", "  live-eu: {change-controlled: false}")
    assert policy(sources(lifted, organisation=theirs), "live-eu").service_desk == "OPS"


def test_a_repository_without_a_file_obeys_the_organisations() -> None:
    whole = OURS.replace("OPS}", "OPS, minimum-approvals: 2}")
    found = policy(sources(organisation=whole))
    assert (found.minimum_approvals, found.project, found.source) == (2, "shop", "acme/policies@c:p.yml")
    assert (found.emergency, found.in_force["emergency"]) == (None, "off")
    assert decision(sources(organisation=whole), "Prd", gate=False).row == 2
    partial = "change-control: {enabled: true, minimum-approvals: 2}\nenvironments: {'*': {change-controlled: true}}\n"
    assert "names no service-desk" in decision(sources(organisation=partial), gate=False).reason


def test_the_organisation_decides_where_nothing_has_an_order() -> None:
    theirs = (
        "jira: {site: corp.atlassian.net}\n"
        "change-control: {service-desk: CORP, proceed-statuses: [Approved], window: off, title: 'x {project} {version} "
        "{environment}', fields: {Risk: High}, minimum-approvals: 1}\n"
    )
    found = policy(sources(OURS.replace("OPS}", "OPS, fields: {Risk: Low, Team: web}}"), organisation=theirs))
    assert (found.site, found.service_desk, found.proceed_statuses) == (
        "https://corp.atlassian.net",
        "CORP",
        ("Approved",),
    )
    assert (found.window, found.fields, found.minimum_approvals) == (None, {"Risk": "High", "Team": "web"}, 1)
    assert found.origins["minimum-approvals"] == "acme/policies:p.yml@c line 2"
    assert found.origins["wait-statuses"] == "default"
    assert [one.partition(":")[0] for one in found.differences] == ["service-desk", "fields", "site"]
    assert decision(sources(OURS, organisation=theirs), site="https://evil.example").row == 1


def test_what_the_organisation_says_of_a_tenant_stands_in_for_defaults_too() -> None:
    found = sources(OURS, organisation="tenants: {Aurora: {change-control: {proceed-statuses: [Go]}}}\n")
    both = [settle(found, "Prod", Asked(), gate=True, tenant=tenant) for tenant in ("Aurora", "")]
    assert [one.proceed_statuses for one in both if isinstance(one, Policy)] == [("Go",), ("Implementing",)]


def test_every_value_in_force_says_where_it_comes_from() -> None:
    found = policy(sources(OURS, OURS), minimum_approvals=2, change="OPS-9", project_name="Shop")
    assert set(found.in_force) == set(found.origins)
    assert found.origins["minimum-approvals"] == "the setting minimum-approvals"
    assert (found.in_force["change"], found.origins["change"]) == ("OPS-9", "the setting change")
    assert found.origins["service-desk"] == ".jira-ci.yml@aaaaaaaa line 5"
    assert (found.in_force["site"], found.origins["site"]) == (
        "https://acme.atlassian.net",
        ".jira-ci.yml@aaaaaaaa line 1",
    )
    assert [source for source, _ in found.sources] == [f"acme/shop@{NOW}:{NAME}", f"acme/shop@{THEN}:{NAME}"]


LOOKALIKES = [
    "\u0420rod",  # Cyrillic
    "Pr\u043ed-EU",
    "\u03a1rod",  # Greek
    "\uff30rod",  # fullwidth
    "Pr0d-EU",
    "Prod\u2010EU",
    " Prod-EU",
    "Prod-EU\u00a0",
    "P rod",
    "Pr\u00f3d",
]


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_name_that_looks_like_a_controlled_one_gets_through_no_catch_all(name: str) -> None:
    found = settle(sources(ANYTHING), name, Asked(), gate=False)
    if isinstance(found, Policy):  # a glob takes it for what it looks like
        return
    assert (found.row, found.exit) == (2, Exit.USAGE)
    assert "looks like prod* (.jira-ci.yml@aaaaaaaa line 4)" in found.reason


@pytest.mark.parametrize(
    "name", ["Production-Demo", "Preprod", "Product", "QA", "\u041f\u0440\u043e\u0434", "D\u00e9v"]
)
def test_a_name_of_its_own_is_not_taken_for_a_look_alike(name: str) -> None:
    text = ANYTHING.replace('"prod*"', '"prod-*"')
    assert decision(sources(text), name, gate=False).row == 3


def test_a_rule_for_exactly_this_name_in_plain_letters_has_been_looked_at() -> None:
    plain = ANYTHING.replace('  "prod*"', '  Pr0d-Lab: testing\n  "prod*"')
    assert decision(sources(plain), "Pr0d-Lab", gate=False).row == 3
    odd = ANYTHING.replace('  "prod*"', '  "\u0420rod-Lab": testing\n  "prod*"')
    assert decision(sources(odd), "\u0420rod-Lab", gate=False).row == 2


STATUSES = st.lists(st.sampled_from(["Implementing", "IMPLEMENTING", "Shelved"]), min_size=1, unique=True, max_size=2)
CONTROL = st.fixed_dictionaries(
    {
        "enabled": st.just(True),
        "service-desk": st.just("OPS"),
        "wait-statuses": st.sampled_from([["Review"], [], ["2"]]),
    },
    optional={
        "minimum-approvals": st.integers(0, 3),
        "proceed-statuses": STATUSES,
        "window-required": st.booleans(),
        "window": st.just("off"),
    },
)
FILES = st.builds(
    lambda control, controlled: yaml.safe_dump(
        {
            "jira": {"site": "acme.atlassian.net"},
            "environments": {"Prod": {"change-controlled": controlled}},
            "change-control": control,
        }
    ),
    CONTROL.filter(lambda one: not (one.get("window") == "off" and one.get("window-required"))),
    st.booleans(),
)
SEVERAL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def proceeds(found: Sources, read: Snapshot) -> bool:
    settled = settle(found, "Prod", Asked(), gate=False)
    if isinstance(settled, Decision):
        return settled.result == "proceed"
    return decide(read, settled.requirements).result == "proceed"


def test_a_status_that_one_of_them_waits_in_by_its_id_is_none_to_proceed() -> None:
    lists = ("['10']", "[Review]")
    found = policy(sources(*(OURS.replace("OPS}", f"OPS, wait-statuses: {one}}}") for one in lists)))
    assert found.wait_statuses == ()
    assert found.requirements.standing(Status("10", "Implementing", "indeterminate")) == "both"
    assert found.requirements.standing(Status("11", "Implementing", "indeterminate")) == "proceed"


@SEVERAL
@given(now=FILES, then=FILES, read=ANY)
def test_what_they_allow_together_each_of_them_allows(now: str, then: str, read: Snapshot) -> None:
    if proceeds(sources(now, then), read):
        assert proceeds(sources(now), read)
        assert proceeds(sources(then), read)
    assert proceeds(sources(now, then), read) == proceeds(sources(then, now), read)
    assert proceeds(sources(now, now), read) == proceeds(sources(now), read)


@SEVERAL
@given(ours=FILES, approvals=st.integers(0, 3), statuses=STATUSES, read=ANY)
def test_an_organisations_policy_only_takes_away(
    ours: str, approvals: int, statuses: list[str], read: Snapshot
) -> None:
    theirs = yaml.safe_dump({"change-control": {"minimum-approvals": approvals, "proceed-statuses": statuses}})
    document = yaml.safe_load(ours)
    alone = proceeds(sources(ours), read)
    if "proceed-statuses" in document["change-control"] and proceeds(sources(ours, organisation=theirs), read):
        assert alone
    found = settle(sources(ours, organisation=theirs), "Prod", Asked(), gate=False)
    if isinstance(found, Policy):
        assert found.minimum_approvals >= approvals
        own = {one.lower() for one in statuses}
        assert {one.lower() for one in found.proceed_statuses} <= own
        strict = replace(found.requirements, proceed_statuses=tuple(statuses), minimum_approvals=approvals)
        if decide(read, found.requirements).result == "proceed":
            assert decide(read, strict).result == "proceed"


@pytest.mark.parametrize(
    ("ours", "theirs", "left"),
    [
        ("", ", proceed-statuses: [Go, Implementing]", ("Implementing",)),
        (", proceed-statuses: [Go]", ", proceed-statuses: [Implementing, Go]", ("Go",)),
        (", proceed-statuses: [Go]", "", ("Go",)),
    ],
)
def test_what_an_emergency_leaves_out_is_said_as_well(ours: str, theirs: str, left: tuple[str, ...]) -> None:
    emergency = "emergency: {request-type: E, who: [ana]"
    found = policy(
        sources(
            OURS.replace("OPS}", f"OPS, wait-statuses: [Draft]{ours}, {emergency}}}}}"),
            organisation=f"change-control: {{{emergency}{theirs}}}}}\n",
        )
    )
    assert found.emergency
    assert found.emergency.proceed_statuses == left


@pytest.mark.parametrize(
    ("organisation", "who"),
    [
        ("minimum-approvals: 2", None),
        ("emergency: off", None),
        ("emergency: {request-type: E, who: [bob, ana]}", ("ana",)),
    ],
)
def test_no_repository_makes_itself_a_way_past_the_organisation_s_policy(
    organisation: str, who: tuple[str, ...] | None
) -> None:
    ours = OURS.replace("OPS}", "OPS, emergency: {request-type: E, minimum-approvals: 0, who: [ana]}}")
    found = policy(sources(ours, organisation=f"change-control: {{{organisation}}}\n"))
    assert (found.emergency.who if found.emergency else None) == who
    assert who or found.origins["emergency"].startswith("acme/policies:p.yml@c")
    assert found.emergency is None or found.emergency.minimum_approvals == 1
    doubts = [one.problem for one in lint(parse(ours.encode(), NAME), [Controlled("Prod", found, "production")])]
    assert any("there is no emergency for Prod all the same" in one for one in doubts) == (who is None), doubts
