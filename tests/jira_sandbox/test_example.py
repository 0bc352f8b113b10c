"""The example's data."""

from __future__ import annotations

import pytest

from jira_sandbox import example
from jira_sandbox.moments import moment
from jira_sandbox.report_rules import DEPLOYMENTS
from jira_sandbox.server import Sandbox


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the example's data."""
    example.fill(sandbox.site)
    return sandbox


def test_the_example_is_believable(shop: Sandbox) -> None:
    times = [record["lastUpdated"] for record, _ in shop.site.stored(DEPLOYMENTS)]
    now = f"{moment(shop.clock.milliseconds()):%Y-%m-%dT%H:%M:%SZ}"
    assert max(times) <= now
    assert {record["state"] for record, _ in shop.site.stored(DEPLOYMENTS)} > {"failed", "in_progress", "rolled_back"}
    assert {one.status for one in shop.site.desk.ledger.all()} >= {"10102", "10105", "10106"}
