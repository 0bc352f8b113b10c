"""Deployment gating in the sandbox: which deployments get a change, and what its status says about them."""

from __future__ import annotations

from typing import Any

import pytest

from jira_sandbox.routing import CLOUD_ID
from jira_sandbox.site_state import Site
from pretend import Pretend
from submissions import deployment

BASE = f"/jira/deployments/0.1/cloud/{CLOUD_ID}"
STATUS = f"{BASE}/pipelines/release/environments/prod%2Feu/deployments/7/gating-status"
SERVICE = {"associationType": "serviceIdOrKeys", "values": ["svc-1"]}


PENDING: dict[str, Any] = {
    "state": "pending",
    "commands": [{"command": "initiate_deployment_gating"}],
    "associations": [SERVICE],
}


@pytest.fixture
def site() -> Pretend:
    made = Pretend()
    credentials = made.context.credentials
    made.authorization = f"Bearer {credentials.grant(credentials.client_id, credentials.client_secret)}"
    made.context.site.gating.arriving = 0
    return made


def submit(site: Pretend, **changes: Any) -> None:
    site.post(f"{BASE}/bulk", {"deployments": [deployment(**{**PENDING, **changes})]})


def word(site: Pretend) -> str:
    answer = site.get(STATUS)
    return str(answer["gatingStatus"]) if site.last.status == 200 else str(site.last.status)


def gate(site: Pretend) -> str:
    ((_, key),) = site.context.site.gating.dump()
    return str(key)


def test_a_pending_deployment_with_the_command_gets_a_change_that_decides(site: Pretend) -> None:
    submit(site)
    assert word(site) == "awaiting"
    answer = site.get(STATUS)
    assert (answer["pipelineId"], answer["environmentId"], answer["deploymentSequenceNumber"]) == (
        "release",
        "prod/eu",
        7,
    )
    assert answer["details"][0]["issueKey"] == gate(site)
    site.desk.approve(gate(site))
    assert word(site) == "allowed"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Review", "awaiting"),
        ("Awaiting implementation", "awaiting"),
        ("Implementing", "allowed"),
        ("Declined", "prevented"),
        ("Canceled", "prevented"),
        ("Completed", "prevented"),
    ],
)
def test_the_status_of_the_change_decides(site: Pretend, status: str, expected: str) -> None:
    submit(site)
    site.desk.transition(gate(site), status)
    assert word(site) == expected


def test_declined_is_prevented_and_deleted_is_invalid(site: Pretend) -> None:
    submit(site)
    site.desk.decline(gate(site))
    assert word(site) == "prevented"
    site.desk.delete(gate(site))
    assert word(site) == "invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "in_progress"},
        {"commands": None},
        {"commands": [{"command": "another"}]},
        {"associations": [{"associationType": "issueIdOrKeys", "values": ["WEB-12"]}]},
    ],
)
def test_other_deployments_are_not_gated(site: Pretend, changes: dict[str, Any]) -> None:
    submit(site, **changes)
    assert word(site) == "404"


def test_only_services_that_are_connected_are_gated_and_in_their_own_project(site: Pretend) -> None:
    gating = site.context.site.gating
    gating.connected = {"svc-2": "OPS"}
    submit(site)
    assert word(site) == "404"
    gating.connected = {"svc-1": "OPS"}
    submit(site, updateSequenceNumber=2)
    assert word(site) == "awaiting"


def test_the_same_deployment_again_gets_no_second_change(site: Pretend) -> None:
    submit(site)
    first = gate(site)
    submit(site, updateSequenceNumber=2)
    assert gate(site) == first


def test_a_new_deployment_is_not_known_at_first(site: Pretend) -> None:
    site.context.site.gating.arriving = 2
    submit(site)
    assert [word(site) for _ in range(4)] == ["404", "404", "awaiting", "awaiting"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_site_may_keep_it_to_apps(site: Pretend, status: int) -> None:
    submit(site)
    site.context.site.gating.refused = status
    assert word(site) == str(status)


def test_what_is_gated_outlives_a_restart(site: Pretend) -> None:
    submit(site)
    again = Site()
    again.restore(site.context.site.dump())
    key = ("release", "prod/eu", 7)
    assert again.gating.change(key) == gate(site)
    again.trials.approve(gate(site))
    status = again.gating.status(key, "http://127.0.0.1")
    assert status is not None
    assert status["gatingStatus"] == "allowed"
