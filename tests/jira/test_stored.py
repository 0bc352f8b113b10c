"""A stored record: asked for, sent again, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest

import submissions
from jira_ci.errors import AccessError, NetworkError, RejectedError
from jira_ci.exchange import Answer
from jira_ci.jira.stored import Key, Stored, again, deleting, deleting_all, read, reading
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS
from jira_ci.run import CI, Run

RUN = Run(CI.GITHUB, "acme/shop", "77", "https://github.com/acme/shop", "a" * 40, 9, "")
BUILD = Key(BUILDS, "github:42:ci.yml", 7)
DEPLOYMENT = Key(DEPLOYMENTS, "release", 7, "prod/eu")
NOW = 1_795_000_000.0


def answered(key: Key, document: Any, status: int = 200) -> Stored | None:
    request = reading(key)("https://api.example", "c1", "t")
    return read(key, request, Answer(status, {"content-type": "application/json"}, json.dumps(document).encode()))


def shown(key: Key, document: Any) -> Stored:
    found = answered(key, document)
    assert found is not None
    return found


def test_addresses_are_those_of_the_documents_with_every_part_encoded() -> None:
    base = "https://api.example/jira"
    made = [make("https://api.example", "c1", "t") for make in (reading(BUILD), deleting(BUILD), deleting(DEPLOYMENT))]
    build = f"{base}/builds/0.1/cloud/c1/pipelines/github%3A42%3Aci.yml/builds/7"
    assert [(one.method, one.url) for one in made] == [
        ("GET", build),
        ("DELETE", build),
        ("DELETE", f"{base}/deployments/0.1/cloud/c1/pipelines/release/environments/prod%2Feu/deployments/7"),
    ]
    by = deleting_all(BUILDS, [("repository", "77"), ("team", "a&b= c")])("https://api.example", "", "t")
    assert by.url == f"{base}/builds/0.1/cloud/{{cloudId}}/bulkByProperties?repository=77&team=a%26b%3D%20c"
    assert {one.bearer for one in (*made, by)} == {"t"}


def test_no_property_would_be_everything() -> None:
    with pytest.raises(AssertionError):
        deleting_all(BUILDS, [])


def test_a_record_goes_back_as_it_came_but_for_state_time_and_number() -> None:
    record = submissions.deployment(label="1.4", duration=5, schemaVersion="1.0")
    found = again(shown(DEPLOYMENT, record), RUN, "failed", NOW)
    assert found == {
        **record,
        "state": "failed",
        "lastUpdated": "2026-11-18T11:06:40.000+00:00",
        "updateSequenceNumber": (3 << 48) | int(NOW * 1000),
    }


def test_fields_that_the_schema_does_not_have_and_commands_stay_behind() -> None:
    record = submissions.build(
        testInfo={"totalNumber": 3, "numberPassed": 2, "numberFailed": 1, "numberSkipped": 0, "secret": 1},
        references=[{"commit": {"id": "a", "repositoryUri": "https://x.example"}, "_links": {}}],
        commands=[{"command": "x"}],
        _links={"self": "x"},
        description=None,
    )
    found = again(shown(BUILD, {**record, "label": 7, "description": None}), RUN, "failed", NOW)
    assert found["testInfo"] == {"totalNumber": 3, "numberPassed": 2, "numberFailed": 1, "numberSkipped": 0}
    assert found["references"] == [{"commit": {"id": "a", "repositoryUri": "https://x.example"}}]
    assert found["associations"] == [{"associationType": "issueIdOrKeys", "values": ["WEB-12"]}]
    assert found.keys() == {*submissions.build(), "testInfo", "references", "associations"} - {"issueKeys"}


def test_issues_come_first_and_once_and_services_stay() -> None:
    service = {"associationType": "serviceIdOrKeys", "values": ["ari:1"]}
    commit = {"associationType": "commit", "values": [{"commitHash": "a", "repositoryId": "77"}]}
    issues = {"associationType": "issueKeys", "values": ["WEB-1", "WEB-2", "WEB-1"]}
    record = submissions.deployment(associations=[service, commit, issues], issueKeys=["WEB-1", "WEB-2"])
    found = again(shown(DEPLOYMENT, record), RUN, "failed", NOW)
    assert found["associations"] == [
        {"associationType": "issueIdOrKeys", "values": ["WEB-1", "WEB-2"]},
        service,
        commit,
    ]
    assert "issueKeys" not in found


def test_a_record_of_a_service_without_issues_stays_one() -> None:
    service = {"associationType": "serviceIdOrKeys", "values": ["ari:1"]}
    record = submissions.deployment(associations=[service, {"associationType": "issueKeys"}])
    assert again(shown(DEPLOYMENT, record), RUN, "failed", NOW)["associations"] == [service]


def test_without_associations_the_keys_have_to_be_given() -> None:
    found = shown(BUILD, submissions.build(issueKeys=None))
    with pytest.raises(RejectedError, match="which issues the build #7 of pipeline"):
        again(found, RUN, "failed", NOW)
    assert again(found, RUN, "failed", NOW, keys=["WEB-3"])["associations"][0]["values"] == ["WEB-3"]


@pytest.mark.parametrize("number", [0, 1, 1 << 50, (7 << 50) | (3 << 48) | (1 << 47), (1 << 63) - 2])
def test_the_number_is_always_larger(number: int) -> None:
    record = submissions.build(updateSequenceNumber=number)
    assert again(shown(BUILD, record), RUN, "failed", NOW)["updateSequenceNumber"] > number


def test_no_number_is_larger_than_the_largest() -> None:
    with pytest.raises(RejectedError, match="no larger one can be sent"):
        again(shown(BUILD, submissions.build(updateSequenceNumber=(1 << 63) - 1)), RUN, "failed", NOW)


WRONG: list[Any] = [
    [],
    None,
    "text",
    {},
    submissions.build(buildNumber=8),
    submissions.build(pipelineId="another"),
    submissions.build(state=None),
    submissions.build(state=["in_progress"]),
    submissions.build(updateSequenceNumber="1"),
    submissions.build(updateSequenceNumber=True),
    submissions.build(displayName=7),
    submissions.build(url=None),
]


@pytest.mark.parametrize("document", WRONG)
def test_what_is_not_this_record_is_not_jira_s(document: Any) -> None:
    with pytest.raises(NetworkError, match="is not one of Jira's"):
        answered(BUILD, document)


def test_absent_and_refused() -> None:
    assert answered(BUILD, {}, 404) is None
    with pytest.raises(AccessError):
        answered(BUILD, {}, 403)
    with pytest.raises(NetworkError):
        answered(BUILD, {}, 503)


@pytest.mark.parametrize(
    ("state", "going"), [("pending", True), ("in_progress", True), ("failed", False), ("x", False)]
)
def test_what_is_going_on(state: str, going: bool) -> None:
    assert shown(BUILD, submissions.build(state=state)).going is going
