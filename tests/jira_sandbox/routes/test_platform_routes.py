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


MEMBERS = "/rest/api/3/group/member"


def test_who_is_in_a_group_is_told_page_by_page(site: Pretend) -> None:
    people = site.desk.desk.people
    people.deactivate("ben")
    first = site.get(f"{MEMBERS}?groupname=Release-Managers&maxResults=1&includeInactiveUsers=true")
    assert (first["total"], first["isLast"], first["values"][0]["active"]) == (2, False, False)
    last = site.get(f"{MEMBERS}?groupname=release-managers&startAt=1&includeInactiveUsers=true")
    assert ([one["displayName"] for one in last["values"]], last["isLast"]) == (["Cleo Martin"], True)
    active = site.get(f"{MEMBERS}?groupId=9c1d2e3f-4a5b-4c6d-8e7f-0123456789ab")
    assert [one["displayName"] for one in active["values"]] == ["Cleo Martin"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?groupname=release-managers&groupId=1", 400),
        ("?groupname=nobody", 404),
        ("?groupname=release-managers&startAt=-1", 400),
        ("?groupname=release-managers&maxResults=x", 400),
    ],
)
def test_a_group_that_is_not_there_or_not_named_is_refused(site: Pretend, query: str, status: int) -> None:
    assert site.refused("GET", f"{MEMBERS}{query}")[0] == status


def test_groups_are_for_who_may_browse_users_and_groups(site: Pretend) -> None:
    site.desk.desk.denied.add("USER_PICKER")
    assert site.refused("GET", f"{MEMBERS}?groupname=release-managers")[0] == 403


def test_a_translated_site_shows_its_own_names_in_lists_alone(site: Pretend, key: str) -> None:
    site.desk.desk.language = "de"
    (change,) = [one for one in site.get("/rest/api/3/project/OPS/statuses") if one["name"] == "[System] Change"]
    told = {one["name"]: one["untranslatedName"] for one in change["statuses"]}
    assert told["In Umsetzung"] == "Implementing"
    status = site.get(f"{ISSUE}/{key}")["fields"]["status"]
    assert (status["name"], status["statusCategory"]["key"], "untranslatedName" in status) == (
        "Überprüfung",
        "new",
        False,
    )
    assert site.get("/rest/api/3/myself")["locale"] == "de_DE"
    names = [one["name"] for one in site.get("/rest/servicedeskapi/servicedesk/1/requesttype")["values"]]
    assert names[0] == "Änderung anfordern"
