"""The state: what is stored, ignored, named unknown, rejected and forgotten, and the file that keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.server import Sandbox
from jira_sandbox.site_state import Site, StateFileError
from sandbox_socket import REQUEST, ask, connect, report_over, send
from submissions import build, deployment


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state with spaces.json"
    yield path
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".new")] == []


KEY = {"pipelineId": "github:42:ci.yml", "buildNumber": 7}


def submit(site: Site, *records: dict[str, Any], **more: Any) -> dict[str, Any]:
    family = BUILDS if "buildNumber" in records[0] else DEPLOYMENTS
    return site.submit(family, {family.name: list(records), **more})


def titles(site: Site, key: str) -> list[str]:
    issue = site.issues.find(key)
    assert issue
    return [record["displayName"] for records in site.on_issue(issue).values() for record in records]


def lost(number: int) -> dict[str, Any]:
    values = [f"NO{number}-{i}" for i in range(1, 401)]
    return build(buildNumber=number, issueKeys=None, associations=[{"associationType": "issueKeys", "values": values}])


def test_a_second_start_knows_every_change(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    state = tmp_path / "state.json"
    first = start_sandbox(state_file=state)
    key = ask(first, "POST", "/rest/servicedeskapi/request", REQUEST)[0]["issueKey"]
    first.desk.transition(key, "Authorize")
    first.desk.approve(key)
    first.desk.window(key, "2026-03-01T10:00Z")
    ask(first, "POST", f"/rest/servicedeskapi/request/{key}/comment", {"body": "Begun", "public": False})
    ask(first, "PUT", f"/rest/api/3/issue/{key}/properties/p", {"a": 1})
    link = {"object": {"url": "https://ci.example.com/1", "title": "Run"}}
    ask(first, "POST", f"/rest/api/3/issue/{key}/remotelink", link)
    linked = {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": "WEB-1"}}
    ask(first, "POST", "/rest/api/3/issueLink", linked)
    first.desk.move(key, "FIN")
    before = ask(first, "GET", f"/sandbox/changes/{key}")[0]
    first.stop()
    second = start_sandbox(state_file=state)
    assert ask(second, "GET", f"/sandbox/changes/{key}")[0] == before
    assert before["links"] == ["WEB-1"]
    assert ask(second, "POST", "/rest/servicedeskapi/request", REQUEST)[0]["issueKey"] == "OPS-1001"


@pytest.mark.parametrize(
    "desk", ["x", {"issues": []}, {"issues": [{}], "counters": {}}, {"issues": 5, "counters": {}}, {"counters": []}]
)
def test_a_state_file_with_a_damaged_desk_is_said(tmp_path: Path, desk: Any) -> None:
    state = tmp_path / "state.json"
    document = {"format": "jira-ci sandbox, 1", "builds": [], "deployments": [], "desk": desk}
    state.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(StateFileError, match="is damaged"):
        Sandbox(state_file=state)


def test_a_state_file_of_before_there_were_desks_is_read(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"format": "jira-ci sandbox, 1", "builds": [], "deployments": []}', encoding="utf-8")
    assert start_sandbox(state_file=state).desk.create("Deploy").key == "OPS-1000"


def test_a_second_start_knows_what_the_first_was_told(state: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    for number, known in [(7, 1), (8, 2)]:
        sandbox = start_sandbox(state_file=state)
        with connect(sandbox) as connection:
            report_over(sandbox, connection, build(buildNumber=number, displayName="Bücher"))
            seen = send(connection, "GET", "/sandbox/issues/WEB-12")[1]["builds"]
        sandbox.stop()
        assert [record["displayName"] for record in seen] == ["Bücher"] * known


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no JSON"),
        (b"\xff\xfe", "holds no JSON"),
        (b"[" * 100_000, "holds no JSON"),
        (b"[]", "is not a state file"),
        (b'{"format": "other"}', "is not a state file"),
        (b'{"format": "jira-ci sandbox, 1"}', "lacks its builds or deployments"),
        (b'{"format": "jira-ci sandbox, 1", "builds": [], "deployments": [{}]}', "number 1 of its deployments"),
        (
            b'{"format": "jira-ci sandbox, 1", "builds": [{"record": {}, "issues": [], "properties": []}]}',
            "number 1 of its builds",
        ),
    ],
)
def test_a_state_file_that_is_none_is_said_and_left_alone(state: Path, content: bytes, sentence: str) -> None:
    state.write_bytes(content)
    with pytest.raises(StateFileError, match=sentence):
        Sandbox(state_file=state)
    assert state.read_bytes() == content


def test_a_place_where_no_state_file_can_be_is_said(state: Path) -> None:
    with pytest.raises(StateFileError, match="cannot be written"):
        Sandbox(state_file=state / "deeper" / "state.json")
    state.mkdir()
    with pytest.raises(StateFileError, match="cannot be read"):
        Sandbox(state_file=state)


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
    site = Site()
    submit(site, build())
    before = site.dump()
    site.delete(BUILDS, ("nothing", 1))
    assert site.dump() == before


def test_more_than_500_unknown_values_are_told_in_lists_of_500() -> None:
    records = [lost(1), lost(2)]
    lists = submit(Site(), *records)["unknownAssociations"]
    assert [len(one["values"]) for one in lists] == [500, 300]
