"""The default workflow, and statuses of a site of its own."""

from __future__ import annotations

from pretend import Pretend

ISSUE = "/rest/api/3/issue"


def test_a_status_can_be_renamed_and_added(site: Pretend, key: str) -> None:
    workflow = site.desk.desk.workflow
    workflow.rename("Review", "Prüfung")
    assert site.issue(key)["fields"]["status"]["name"] == "Prüfung"
    workflow.add("On hold", "undefined")
    site.desk.transition(key, "on hold")
    assert site.issue(key)["fields"]["status"]["statusCategory"]["key"] == "undefined"


def test_the_default_workflow_is_walked_by_its_transitions(site: Pretend, key: str) -> None:
    assert site.walk(key, "Implement") == 400
    assert [site.walk(key, name) for name in ("Start planning", "Request approval")] == [204, 204]
    assert site.walk(key, "Approve") == 400  # only the approval approves
    site.desk.approve(key)
    assert [site.walk(key, name) for name in ("Approve", "Implement", "Complete")] == [204, 204, 204]
    assert site.issue(key)["fields"]["status"]["name"] == "Completed"
    assert site.get(f"{ISSUE}/{key}/transitions")["transitions"] == []
