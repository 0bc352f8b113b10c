"""Operations on many issues: what they change, which issues they name, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from pretend import Pretend

API = "/rest/api/3"


@pytest.fixture
def many(site: Pretend) -> Pretend:
    site.desk.desk.denied.clear()
    site.desk.desk.catalogue.ensure_project("WEB")
    return site


def progress(site: Pretend, started: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = site.get(f"{API}/bulk/queue/{started['taskId']}")
    return found


def transition(site: Pretend, name: str) -> str:
    found = site.get(f"{API}/issue/WEB-1/transitions")["transitions"]
    return str(next(one["id"] for one in found if one["name"] == name))


def test_many_move_and_each_is_told(many: Pretend) -> None:
    many.desk.desk.enter("WEB-2", "Done", "somebody")
    given = {"selectedIssueIdsOrKeys": ["WEB-1", "WEB-2", "WEB-5000"], "transitionId": transition(many, "Done")}
    body = {"bulkTransitionInputs": [given], "sendBulkNotification": False}
    ended = progress(many, many.post(f"{API}/bulk/issues/transition", body))
    ids = {key: many.get(f"{API}/issue/{key}?fields=status")["id"] for key in ("WEB-1", "WEB-2")}
    assert ended["status"] == "COMPLETE"
    assert ended["processedAccessibleIssues"] == [int(ids["WEB-1"])]
    assert list(ended["failedAccessibleIssues"]) == [ids["WEB-2"]]
    assert ended["invalidOrInaccessibleIssueCount"] == 1


def test_many_get_a_version_and_lose_it(many: Pretend) -> None:
    desk = many.desk.desk
    version = desk.releases.create(desk.catalogue.project("WEB").id, "Shop 1.4").id

    def edit(option: str) -> list[list[str]]:
        field = {
            "bulkEditMultiSelectFieldOption": option,
            "fieldId": "fixVersions",
            "versions": [{"versionId": version}],
        }
        body = {
            "selectedActions": ["fixVersions"],
            "selectedIssueIdsOrKeys": ["WEB-1", "WEB-2", "OPS-3"],
            "editedFieldsInput": {"multipleVersionPickerFields": [field]},
        }
        progress(many, many.post(f"{API}/bulk/issues/fields", body))
        shown = [many.get(f"{API}/issue/{key}?fields=fixVersions")["fields"] for key in ("WEB-1", "WEB-2")]
        return [[one["name"] for one in fields["fixVersions"]] for fields in shown]

    assert edit("ADD") == [["Shop 1.4"], ["Shop 1.4"]]
    assert edit("REMOVE") == [[], []]


def test_many_get_a_property(many: Pretend) -> None:
    identity = int(many.get(f"{API}/issue/WEB-1?fields=status")["id"])
    many.ask("PUT", f"{API}/issue/properties/mine", {"value": {"a": 1}, "filter": {"entityIds": [identity]}})
    assert many.last.status == 303
    assert "/task/" in many.last.headers["Location"]
    assert many.get(f"{API}/issue/WEB-1/properties/mine")["value"] == {"a": 1}


def test_who_may_not_and_how_many_may_not(many: Pretend) -> None:
    body = {"bulkTransitionInputs": [{"selectedIssueIdsOrKeys": ["WEB-1"] * 1001, "transitionId": "1"}]}
    assert many.refused("POST", f"{API}/bulk/issues/transition", body)[0] == 400
    body["bulkTransitionInputs"][0]["selectedIssueIdsOrKeys"] = ["WEB-1"]
    many.desk.desk.denied.add("BULK_CHANGE")
    many.post(f"{API}/bulk/issues/transition", body)
    assert many.last.status == 403
    assert many.refused("GET", f"{API}/bulk/queue/1")[0] == 404


@pytest.mark.parametrize("body", [{}, {"bulkTransitionInputs": [{}]}, {"bulkTransitionInputs": {}}])
def test_what_is_no_operation_is_refused(many: Pretend, body: dict[str, Any]) -> None:
    assert many.refused("POST", f"{API}/bulk/issues/transition", body)[0] == 400


def test_data_center_has_none() -> None:
    site = Pretend("data-center")
    assert site.refused("POST", "/rest/api/2/bulk/issues/transition", {"bulkTransitionInputs": []})[0] == 404
