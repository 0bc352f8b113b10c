"""The platform's look-ups: permissions, statuses, what can be edited."""

from __future__ import annotations

import pytest

from pretend import Pretend

ISSUE = "/rest/api/3/issue"


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


def test_permissions_are_told_for_those_that_are_asked_for(site: Pretend, key: str) -> None:
    site.desk.desk.denied.add("ADD_COMMENTS")
    path = "/rest/api/3/mypermissions"
    told = site.get(f"{path}?permissions=ADD_COMMENTS,BROWSE_PROJECTS&issueKey={key}")["permissions"]
    assert {name: one["havePermission"] for name, one in told.items()} == {
        "ADD_COMMENTS": False,
        "BROWSE_PROJECTS": True,
    }
    assert site.refused("GET", path)[0] == 400
    assert site.refused("GET", f"{path}?permissions=FLY")[0] == 400
    assert site.refused("GET", f"{path}?permissions=ADD_COMMENTS&projectKey=NO")[0] == 404


def test_statuses_are_told_by_issue_type(site: Pretend) -> None:
    kinds = {one["name"]: one for one in site.get("/rest/api/3/project/OPS/statuses")}
    assert [one["name"] for one in kinds["[System] Change"]["statuses"]][:3] == ["Review", "Planning", "Authorize"]
    assert [one["name"] for one in site.get("/rest/api/3/project/WEB/statuses")] == ["Story", "Sub-task"]
    assert site.refused("GET", "/rest/api/3/project/NO/statuses")[0] == 404


def test_what_can_be_edited_is_told(site: Pretend, key: str) -> None:
    fields = site.get(f"{ISSUE}/{key}/editmeta")["fields"]
    assert fields["summary"]["required"]
    assert [one["value"] for one in fields["customfield_10306"]["allowedValues"]] == [
        "Critical",
        "High",
        "Medium",
        "Low",
    ]
    assert list(site.get(f"{ISSUE}/WEB-1/editmeta")["fields"]) == [
        "summary",
        "description",
        "labels",
        "fixVersions",
    ]
