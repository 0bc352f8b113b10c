"""The default workflow, and statuses of a site of its own."""

from __future__ import annotations

import pytest

from pretend import Pretend

ISSUE = "/rest/api/3/issue"


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


def walk(site: Pretend, key: str, name: str) -> int:
    found = {one["name"]: one["id"] for one in site.get(f"{ISSUE}/{key}/transitions")["transitions"]}
    site.refused("POST", f"{ISSUE}/{key}/transitions", {"transition": {"id": found.get(name, "999")}})
    return site.last.status


def test_a_status_can_be_renamed_and_added(site: Pretend, key: str) -> None:
    workflow = site.desk.desk.workflow
    workflow.rename("Review", "Prüfung")
    assert site.issue(key)["fields"]["status"]["name"] == "Prüfung"
    workflow.add("On hold", "undefined")
    site.desk.transition(key, "on hold")
    assert site.issue(key)["fields"]["status"]["statusCategory"]["key"] == "undefined"


def test_the_default_workflow_is_walked_by_its_transitions(site: Pretend, key: str) -> None:
    assert walk(site, key, "Implement") == 400
    assert [walk(site, key, name) for name in ("Start planning", "Request approval")] == [204, 204]
    assert walk(site, key, "Approve") == 400  # only the approval approves
    site.desk.approve(key)
    assert [walk(site, key, name) for name in ("Approve", "Implement", "Complete")] == [204, 204, 204]
    assert site.issue(key)["fields"]["status"]["name"] == "Completed"
    assert site.get(f"{ISSUE}/{key}/transitions")["transitions"] == []
