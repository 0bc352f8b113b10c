"""The state: what is stored, ignored, named unknown, rejected and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from jira_sandbox.issue_rules import IssueRule, from_options
from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.site_state import Site
from submissions import build, deployment

KEY = {"pipelineId": "github:42:ci.yml", "buildNumber": 7}


def submit(site: Site, *records: dict[str, Any], **more: Any) -> dict[str, Any]:
    family = BUILDS if "buildNumber" in records[0] else DEPLOYMENTS
    return site.submit(family, {family.name: list(records), **more})


def titles(site: Site, key: str) -> list[str]:
    issue = site.issues.find(key)
    assert issue
    return [record["displayName"] for records in site.on_issue(issue).values() for record in records]


def test_a_build_is_seen_on_its_issue_and_given_back_by_key() -> None:
    site = Site()
    answer = submit(site, build())
    assert answer == {"acceptedBuilds": [KEY], "rejectedBuilds": [], "unknownIssueKeys": [], "unknownAssociations": []}
    assert titles(site, "WEB-12") == ["CI #7"]
    assert site.get(BUILDS, KEY.values()) == {"schemaVersion": "1.0", **build()}


@pytest.mark.parametrize(("second", "shown"), [(0, "first"), (5, "first"), (6, "second")])
def test_an_update_that_is_not_newer_is_ignored_without_a_word(second: int, shown: str) -> None:
    site = Site()
    submit(site, build(updateSequenceNumber=5, displayName="first"))
    answer = submit(site, build(updateSequenceNumber=second, displayName="second"))
    assert answer["acceptedBuilds"] == [KEY]
    assert titles(site, "WEB-12") == [shown]


def test_an_update_that_names_other_issues_moves_the_build() -> None:
    site = Site()
    submit(site, build())
    submit(site, build(updateSequenceNumber=2, issueKeys=["OPS-3"]))
    assert (titles(site, "WEB-12"), titles(site, "OPS-3")) == ([], ["CI #7"])


def test_a_deployment_is_another_one_in_another_environment_or_pipeline() -> None:
    site = Site()
    elsewhere = {"id": "qa", "displayName": "QA", "type": "testing"}
    other = {"id": "other", "displayName": "Other", "url": "https://ci.example/"}
    submit(site, deployment(), deployment(environment=elsewhere), deployment(pipeline=other))
    assert len(titles(site, "WEB-12")) == 3


def test_unknown_issues_come_back_by_the_way_they_were_named() -> None:
    values = [{"associationType": "issueIdOrKeys", "values": ["WEB-12", "SHA-256", "999", "web-13"]}]
    answer = submit(Site(), build(issueKeys=["UTF-8", "WEB-1"], associations=values))
    assert answer["acceptedBuilds"] == [KEY]
    assert answer["unknownIssueKeys"] == ["UTF-8", "SHA-256", "web-13"]
    assert answer["unknownAssociations"] == [
        {"associationType": "issueIdOrKeys", "values": ["SHA-256", "999", "web-13"]},
    ]


def test_what_is_unknown_is_not_stored_and_the_rest_is() -> None:
    site = Site()
    services = {"associationType": "serviceIdOrKeys", "values": ["", "billing"]}
    issues = {"associationType": "issueIdOrKeys", "values": ["WEB-12", "UTF-8"]}
    answer = submit(site, deployment(associations=[issues, services]))
    assert answer["unknownAssociations"] == [
        {"associationType": "issueIdOrKeys", "values": ["UTF-8"]},
        {"associationType": "serviceIdOrKeys", "values": [""]},
    ]
    stored = site.get(DEPLOYMENTS, ("release", "prod/eu", 7))
    assert stored
    assert stored["associations"] == [
        {"associationType": "issueIdOrKeys", "values": ["WEB-12"]},
        {"associationType": "serviceIdOrKeys", "values": ["billing"]},
    ]


def test_an_issue_can_be_named_by_its_id() -> None:
    site = Site()
    issue = site.issues.find("OPS-7")
    assert issue
    submit(site, build(issueKeys=None, associations=[{"associationType": "issueIdOrKeys", "values": [issue.id]}]))
    assert titles(site, "OPS-7") == ["CI #7"]


@pytest.mark.parametrize("naming", [{"issueKeys": ["UTF-8"]}, {}, {"associations": []}])
def test_a_build_of_no_known_issue_is_accepted_and_not_stored(naming: dict[str, Any]) -> None:
    site = Site()
    assert submit(site, {**build(issueKeys=None), **naming})["acceptedBuilds"] == [KEY]
    assert site.get(BUILDS, KEY.values()) is None


def test_a_site_can_reject_records_of_no_known_issue() -> None:
    site = Site()
    site.without_known = "rejected"
    answer = submit(site, build(issueKeys=["UTF-8"]), build(buildNumber=8))
    assert answer["rejectedBuilds"] == [
        {"key": KEY, "errors": [{"message": "No valid associations found for build"}]},
    ]
    assert answer["acceptedBuilds"] == [{**KEY, "buildNumber": 8}]
    assert answer["unknownIssueKeys"] == ["UTF-8"]


def test_one_bad_record_is_rejected_and_the_others_are_stored() -> None:
    site = Site()
    answer = submit(site, build(), build(buildNumber=8, state="done"))
    assert answer["acceptedBuilds"] == [KEY]
    assert [one["key"]["buildNumber"] for one in answer["rejectedBuilds"]] == [8]
    assert titles(site, "WEB-12") == ["CI #7"]


def test_a_refused_key_rejects_the_whole_record_until_it_is_sent_without_it() -> None:
    site = Site()
    site.refuse("WEB-13")
    bad = deployment(associations=[{"associationType": "issueIdOrKeys", "values": ["WEB-12", "WEB-13"]}])
    answer = submit(site, bad)
    assert answer["rejectedDeployments"][0]["errors"] == [{"message": "Issue key 'WEB-13' is not valid"}]
    assert (answer["acceptedDeployments"], titles(site, "WEB-12")) == ([], [])
    assert submit(site, deployment())["rejectedDeployments"] == []


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ([("team", "a")], [9]),
        ([("team", "a"), ("tool", "x")], [8, 9]),
        ([("team", "c")], [7, 8, 9]),
        ([("tool", "x")], [8]),
    ],
)
def test_records_are_deleted_by_all_the_properties_given(wanted: list[tuple[str, str]], left: list[int]) -> None:
    site = Site()
    submit(site, build(), properties={"team": "a", "tool": "x"})
    submit(site, build(buildNumber=8), properties={"team": "a"})
    submit(site, build(buildNumber=9), properties={"team": "b", "tool": "x"})
    site.delete_by(BUILDS, wanted)
    assert [number for number in (7, 8, 9) if site.get(BUILDS, ("github:42:ci.yml", number))] == left


def test_properties_are_never_given_back() -> None:
    site = Site()
    submit(site, build(), properties={"account": "somebody"})
    assert "somebody" not in str(site.dump())


def test_deleting_what_is_not_there_is_no_error() -> None:
    Site().delete(BUILDS, ("nothing", 1))


def lost(number: int) -> dict[str, Any]:
    values = [f"NO{number}-{i}" for i in range(1, 401)]
    return build(buildNumber=number, issueKeys=None, associations=[{"associationType": "issueKeys", "values": values}])


def test_more_than_500_unknown_values_are_told_in_lists_of_500() -> None:
    records = [lost(1), lost(2)]
    lists = submit(Site(), *records)["unknownAssociations"]
    assert [len(one["values"]) for one in lists] == [500, 300]


@pytest.mark.parametrize(
    ("projects", "issues", "there", "not_there"),
    [
        (None, None, "WEB-1 WEB-999 OPS-5 MOB-1", "WEB-0 WEB-1000 WEB-01 web-1 UTF-8 WEB WEB-1x"),
        ("WEB:50,OPS", None, "WEB-50 OPS-999", "WEB-51 MOB-1"),
        (None, "WEB-1000,ÄÖ_2-7", "WEB-1000 ÄÖ_2-7", "WEB-1 OPS-1"),
        ("OPS:2", "WEB-5", "OPS-1 OPS-2 WEB-5", "WEB-4 OPS-3"),
    ],
)
def test_the_options_say_which_issues_exist(
    projects: str | None, issues: str | None, there: str, not_there: str
) -> None:
    rule = from_options(projects, issues)
    for key in there.split():
        found = rule.find(key)
        assert found
        assert (found.key, rule.find(found.id)) == (key, found)
    assert [key for key in not_there.split() if rule.find(key)] == []


def test_ids_tell_issues_apart_and_unknown_ids_are_none() -> None:
    rule = IssueRule({"WEB": 2, "OPS": 2})
    ids = {issue.id for key in ("WEB-1", "WEB-2", "OPS-1", "OPS-2") if (issue := rule.find(key))}
    assert len(ids) == 4
    assert [rule.find(text) for text in ("0", "1", "1000003", "9000001", "9" * 30)] == [None] * 5


def test_titles_can_be_given() -> None:
    issue = IssueRule(titles={"WEB-12": "Pay by invoice"}).find("web-12", any_case=True)
    assert issue
    assert (issue.key, issue.title) == ("WEB-12", "Pay by invoice")


@pytest.mark.parametrize(
    ("projects", "issues", "sentence"),
    [
        ("web", None, "'web' is not a project"),
        ("WEB:0", None, "'WEB:0' does not say how many issues"),
        ("WEB:many", None, "'WEB:many' does not say how many issues"),
        ("WEB,,OPS", None, "'' is not a project"),
        (None, "WEB", "'WEB' is not an issue key"),
        (None, "web-1", "'web-1' is not an issue key"),
        (None, "", "'' is not an issue key"),
    ],
)
def test_options_that_cannot_be_meant_are_named(projects: str | None, issues: str | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        from_options(projects, issues)
