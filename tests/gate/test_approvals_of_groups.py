"""Groups and approvals that a policy names, read from a site that has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate_subjects import Policy, Subject, approved, asking, known, reader
from jira_ci.gate.approvals import Wanted
from jira_ci.gate.change_property import Change
from jira_ci.gate.decision import Decision
from jira_sandbox.accounts import ANA, BEN, CLEO, Person
from jira_sandbox.desk.change_issue import Stage
from jira_sandbox.server import Sandbox


def asked(sandbox: Sandbox, *wanted: Wanted, rounds: int = 1) -> Decision:
    """The decision about an approved change; Ana approved."""
    issue = known(sandbox, approved(sandbox))
    change = Change(issue.id, issue.key, "OPS", "[System] Change", issue.summary, "title", False)
    with asking(sandbox) as service:
        one = reader(service, change, required_approvers=wanted)
        return [one.read()[0] for _ in range(rounds)][-1]


def questions(sandbox: Sandbox) -> list[str]:
    return [seen.query for seen in sandbox.exchanges if seen.path.endswith("/group/member")]


@pytest.mark.parametrize("name", ["change-advisory-board", "276f955c-63d7-42c8-9520-92d01dca0625"])
def test_a_group_is_named_by_name_or_id_and_read_once_a_conversation(sandbox: Sandbox, name: str) -> None:
    assert asked(sandbox, Wanted(group=name), Wanted(ANA.account), rounds=3).row == 31
    assert len(questions(sandbox)) == 1
    assert questions(sandbox)[0].startswith("groupId=" if "-63d7-" in name else "groupname=")


def test_somebody_of_another_group_is_waited_for_by_name(sandbox: Sandbox) -> None:
    decision = asked(sandbox, Wanted(group="release-managers"))
    assert decision.row == 27
    assert "Ben Okafor or Cleo Martin can" in decision.reason


def test_whoever_is_not_active_any_more_is_in_no_group(sandbox: Sandbox) -> None:
    sandbox.site.desk.people.deactivate("ana")
    assert asked(sandbox, Wanted(group="change-advisory-board")).row == 27


def test_a_group_is_read_to_its_last_page(sandbox: Sandbox) -> None:
    crowd = [sandbox.site.desk.people.add(Person(f"account-{n}", f"n{n}", f"N {n}", "")) for n in range(120)]
    sandbox.site.desk.people.group("crowd", *(one.account for one in crowd), "ana")
    assert asked(sandbox, Wanted(group="crowd")).row == 31
    assert len(questions(sandbox)) == 3


def _without_group(sandbox: Sandbox) -> None:
    sandbox.site.desk.people.groups.clear()


def _without_right(sandbox: Sandbox) -> None:
    sandbox.site.desk.denied |= {"USER_PICKER"}


@pytest.mark.parametrize(
    ("prepare", "row", "told"),
    [
        (_without_group, 17, "Jira shows the gate's account no group 'change-advisory-board'"),
        (_without_right, 6, "needs the global permission Browse users and groups"),
    ],
)
def test_a_group_that_cannot_be_read_never_lets_a_deployment_begin(
    sandbox: Sandbox, prepare: Callable[[Sandbox], None], row: int, told: str
) -> None:
    prepare(sandbox)
    decision = asked(sandbox, Wanted(group="change-advisory-board"), Wanted(ANA.account))
    assert decision.row == row
    assert told in decision.reason


def test_data_center_lists_its_groups_for_administrators() -> None:
    with Sandbox(edition="data-center") as sandbox:
        key, token = approved(sandbox), sandbox.credentials.personal_token
        issue = known(sandbox, key)
        change = Change(issue.id, key, "OPS", "[System] Change", issue.summary, "title", False)
        policy = Policy(required_approvers=(Wanted(group="change-advisory-board"),))
        with asking(sandbox, user="", token=token) as service:
            one = reader(service, change, subject=Subject(), required_approvers=policy.required_approvers)
            assert one.read()[0].row == 6
            sandbox.site.desk.denied -= {"ADMINISTER"}
            assert one.read()[0].row == 31


def test_every_stage_of_a_workflow_is_an_approval_of_its_own(sandbox: Sandbox) -> None:
    board = tuple(sandbox.site.desk.people.in_groups(["change-advisory-board"]))
    sandbox.site.desk.stages = (Stage("CAB", board), Stage("Security", (CLEO.account,)))
    key = sandbox.desk.create(Subject().title).key
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key, "ben")
    sandbox.desk.transition(key, "Implementing")
    issue = known(sandbox, key)
    change = Change(issue.id, key, "OPS", "[System] Change", issue.summary, "title", False)
    with asking(sandbox) as service:
        one = reader(service, change, required_approvals=("CAB", "Security"))
        assert one.read()[0].row == 26
        sandbox.desk.approve(key, "cleo")
        assert one.read()[0].row == 31
    assert BEN.account in board
