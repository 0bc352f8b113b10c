"""Approvals: who is asked, when, and what follows."""

from __future__ import annotations

from jira_sandbox.accounts import ANA, BEN, CLEO
from jira_sandbox.desk.change_issue import Stage
from pretend import Pretend


def decisions(site: Pretend, key: str) -> list[tuple[str, str]]:
    return [(one["name"], one["finalDecision"]) for one in site.approvals(key)["values"]]


def test_an_approval_opens_with_authorize_and_approving_moves_nothing(site: Pretend) -> None:
    key = site.raised()
    assert decisions(site, key) == []
    site.desk.transition(key, "Authorize")
    assert decisions(site, key) == [("Authorize", "pending")]
    site.desk.approve(key, "Ana")
    assert decisions(site, key) == [("Authorize", "approved")]
    shown = site.approvals(key)["values"][0]
    assert shown["approvers"][0]["approver"]["displayName"] == "Ana Souza"
    assert shown["completedDate"]["epochMillis"] >= shown["createdDate"]["epochMillis"]
    assert site.issue(key)["fields"]["status"]["name"] == "Authorize"


def test_the_approvers_of_the_change_itself_are_asked_first(site: Pretend) -> None:
    key = site.raised(customfield_10303=[{"accountId": BEN.account}])
    site.desk.transition(key, "Authorize")
    assert [one["approver"]["accountId"] for one in site.approvals(key)["values"][0]["approvers"]] == [BEN.account]


def test_a_second_stage_opens_when_the_first_is_approved(site: Pretend) -> None:
    desk = site.desk.desk
    desk.stages = (Stage("Peer", (BEN.account,)), Stage("CAB", (ANA.account, CLEO.account), 0))
    desk.on_approved, desk.on_declined = "Awaiting implementation", "Declined"
    key = site.raised()
    site.desk.transition(key, "Authorize")
    site.desk.approve(key)
    assert decisions(site, key) == [("Peer", "approved"), ("CAB", "pending")]
    assert site.issue(key)["fields"]["status"]["name"] == "Authorize"
    site.desk.approve(key)
    assert site.issue(key)["fields"]["status"]["name"] == "Awaiting implementation"


def test_who_enters_authorize_again_is_asked_again(site: Pretend) -> None:
    site.desk.desk.on_declined = "Planning"
    key = site.raised()
    site.desk.transition(key, "Authorize")
    site.desk.decline(key)
    assert site.issue(key)["fields"]["status"]["name"] == "Planning"
    site.desk.transition(key, "Authorize")
    shown = site.approvals(key)["values"]
    assert [one["finalDecision"] for one in shown] == ["declined", "pending"]
    assert shown[0]["createdDate"]["epochMillis"] < shown[1]["createdDate"]["epochMillis"]
