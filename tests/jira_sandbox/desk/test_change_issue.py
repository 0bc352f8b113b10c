"""How many have to approve."""

from __future__ import annotations

import pytest

from jira_sandbox.accounts import ANA, BEN, CLEO
from jira_sandbox.desk.change_issue import Stage
from pretend import Pretend


def decisions(site: Pretend, key: str) -> list[tuple[str, str]]:
    return [(one["name"], one["finalDecision"]) for one in site.approvals(key)["values"]]


@pytest.mark.parametrize(("needed", "final"), [(1, "approved"), (2, "approved"), (3, "pending"), (0, "pending")])
def test_one_two_or_all_have_to_approve(site: Pretend, needed: int, final: str) -> None:
    site.desk.desk.stages = (Stage("Authorize", (ANA.account, BEN.account, CLEO.account), needed),)
    key = site.raised()
    site.desk.transition(key, "Authorize")
    site.desk.approve(key, "ana")
    if needed != 1:
        site.desk.approve(key, "ben")
    assert decisions(site, key) == [("Authorize", final)]
    if final == "pending":
        site.desk.decline(key, "cleo")
        assert decisions(site, key) == [("Authorize", "declined")]
