"""One change for several environments and tenants: made once, bound to each of them, and for no other."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from gate_jobs import Scene, commit, scene
from gate_subjects import known
from jira_ci.gate.bindings import ChangeProperty, Outcome, read
from jira_ci.gate.gate_result import GateResult
from jira_ci.jira.change_endpoints import PROPERTY
from jira_sandbox.server import Sandbox

POLICY = """\
project-name: Web Site
jira: {{site: "{site}"}}
environments:
  "Prod-*": {{type: production, change-controlled: true}}
change-control:
  enabled: true
  service-desk: OPS
  minimum-approvals: 1
  one-change-for: {group}
  {more}
"""
TITLE = 'Deploy "Web Site" version 1.2.3 to "Prod-EU, Prod-US"'
EU, US, AP = ("environment=Prod-EU", "environment=Prod-US", "environment=Prod-AP")


def govern(here: Scene, group: str = "[Prod-EU, Prod-US]", more: str = "comments: internal") -> None:
    commit(here.job, POLICY.format(site=here.sandbox.address, group=group, more=more))


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    found = scene(tmp_path, sandbox)
    govern(found)
    return found


def ask(here: Scene, *flags: str) -> GateResult:
    with here.gate(*flags) as gate:
        return gate.ask()


def made(sandbox: Sandbox) -> list[str]:
    return [one.key for one in sandbox.site.desk.ledger.all()]


def held(sandbox: Sandbox, key: str) -> ChangeProperty:
    return read(sandbox.site.desk.extras.properties(known(sandbox, key).id).get(PROPERTY))


def approve(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")


def test_matrix_legs_that_ask_at_once_share_one_change(here: Scene, tmp_path: Path) -> None:
    found: dict[str, GateResult] = {}

    def leg(environment: str) -> None:
        found[environment] = ask(here, environment)

    legs = [Thread(target=leg, args=(one,)) for one in (EU, US, EU, US)]
    for thread in legs:
        thread.start()
    for thread in legs:
        thread.join()
    (key,) = {one.change.key for one in found.values() if one.change}
    assert known(here.sandbox, key).summary == TITLE
    bound = [(one.scope.environment, one.version, one.commit) for one in held(here.sandbox, key).bindings]
    assert bound == [(name, "1.2.3", here.job.environ["GITHUB_SHA"]) for name in ("Prod-EU", "Prod-US")]
    assert "Prod-EU, Prod-US" in known(here.sandbox, key).description
    approve(here.sandbox, key)
    for one in (EU, US, "environment=prod-us"):
        again = ask(here, one)
        assert (again.decision.row, again.change and again.change.key) == (31, key)
    assert key == min(made(here.sandbox), key=lambda one: int(one.rpartition("-")[2]))


def test_another_environment_has_a_change_of_its_own(here: Scene) -> None:
    ask(here, EU)
    ask(here, AP)
    titles = [known(here.sandbox, key).summary for key in made(here.sandbox)]
    assert titles == [TITLE, 'Deploy "Web Site" version 1.2.3 to "Prod-AP"']


def test_each_member_is_held_to_the_commit_that_was_approved(here: Scene) -> None:
    ask(here, EU)
    (key,) = made(here.sandbox)
    approve(here.sandbox, key)
    here.job.environ["GITHUB_SHA"] = here.job.commit("WEB-3 Too late")
    for one in (EU, US):
        assert ask(here, one).decision.row == 21


def test_a_change_of_peoples_is_pinned_for_every_member_at_once(here: Scene) -> None:
    key = here.sandbox.desk.create(TITLE).key
    here.sandbox.desk.transition(key, "Authorize")
    assert ask(here, US).decision.row == 24
    assert [one.scope.environment for one in held(here.sandbox, key).bindings] == ["Prod-EU", "Prod-US"]
    (told,) = here.sandbox.site.desk.extras.comments(known(here.sandbox, key).id)
    assert [line.rpartition(" in ")[2] for line in told.body.splitlines()[:2]] == ["Prod-EU.", "Prod-US."]
    assert ask(here, EU).decision.row == 24
    assert len(here.sandbox.site.desk.extras.comments(known(here.sandbox, key).id)) == 1


def test_who_is_added_after_the_approval_is_denied_until_all_is_approved_anew(here: Scene) -> None:
    key = here.sandbox.desk.create(f"{TITLE} and Prod-AP").key
    given = f"change={key}"
    ask(here, EU, given)
    approve(here.sandbox, key)
    assert ask(here, US, given).decision.row == 31
    first = here.job.environ["GITHUB_SHA"]
    govern(here, "[Prod-EU, Prod-US, Prod-AP]")
    # The same commit is deployed, of a branch that nobody protects, so that today's policy alone counts.
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    here.job.git("checkout", "-q", first)
    here.job.environ |= {"GITHUB_SHA": first, "GITHUB_REF": "refs/heads/feature/x"}
    denied = ask(here, AP, given)
    assert (denied.decision.row, denied.decision.exit) == (21, 3)
    assert "was approved for Prod-EU, Prod-US, and not for what is deployed here" in denied.decision.reason
    assert [one.scope.environment for one in held(here.sandbox, key).bindings] == ["Prod-EU", "Prod-US"]
    # Without the key there is a change that names all three.
    assert ask(here, AP).decision.row == 15


def test_one_job_for_both_tells_the_change_once_with_a_line_for_each(here: Scene) -> None:
    ask(here, EU)
    (key,) = made(here.sandbox)
    approve(here.sandbox, key)
    with here.gate("environment=Prod-EU,Prod-US") as gate:
        assert gate.confirm().decision.result == "proceed"
        gate.comment("started")
        gate.comment("successful")
    told = [one.body for one in here.sandbox.site.desk.extras.comments(known(here.sandbox, key).id)]
    assert len(told) == 2
    assert [line for line in told[0].splitlines() if "has begun" in line] == [
        f"The deployment of 1.2.3 to {name} has begun." for name in ("Prod-EU", "Prod-US")
    ]
    assert len([line for line in told[0].splitlines() if line.startswith("Run")]) == 1


def test_the_change_goes_on_with_its_last_member(here: Scene) -> None:
    govern(here, more="end-status: {successful: Completed, failed: Failed}")
    ask(here, EU)
    (key,) = made(here.sandbox)
    approve(here.sandbox, key)
    closed, ends = [], tuple[tuple[str, Outcome], ...](((EU, "failed"), (US, "successful"), (EU, "successful")))
    for one, kind in ends:
        with here.gate(one) as gate:
            assert gate.confirm().decision.result == "proceed"
            gate.comment(kind)
            closed.append([found.end_status.get(kind) for found in gate.closable(kind)])
    assert closed == [[], ["Failed"], ["Completed"]]
    assert f"{key} stays open for Prod-US." in here.log.getvalue()


def test_two_members_that_end_at_once_leave_no_change_open(here: Scene) -> None:
    govern(here, more="end-status: {successful: Completed}")
    ask(here, EU)
    (key,) = made(here.sandbox)
    approve(here.sandbox, key)
    with here.gate(EU) as first, here.gate(US) as second:
        for gate in (first, second):
            assert gate.confirm().decision.result == "proceed"
            gate.comment("started")
        before = here.sandbox.site.desk.extras.properties(known(here.sandbox, key).id)[PROPERTY]
        first.comment("successful")
        here.sandbox.site.desk.extras.set_property(
            known(here.sandbox, key).id, PROPERTY, before
        )  # what second had read
        second.comment("successful")
        assert second.closable("successful") == []
        assert [one.key for one in first.closable("successful")] == [key]
    assert [one.outcome for one in held(here.sandbox, key).deployments] == ["successful", "successful"]


def test_by_hand_as_well_it_goes_on_with_its_last_member(here: Scene) -> None:
    govern(here, more="end-status: {successful: Completed}")
    ask(here, EU)
    (key,) = made(here.sandbox)
    approve(here.sandbox, key)

    def release(environments: str) -> str:
        given = ("--environment", environments, "--version", "1.2.3", "--issue-keys", "WEB-12")
        ended = here.job.jira_ci("release", *given)
        assert ended.code == 0, ended.out + ended.err
        return ended.out

    def status() -> str:
        return here.sandbox.site.desk.workflow.status(known(here.sandbox, key).status).name

    assert f"{key} stays open for Prod-US." in release("Prod-EU")
    with here.gate(US) as gate:
        gate.confirm()
        gate.comment("failed")
    assert "one has failed, for which end-status names nothing" in release("Prod-EU")
    assert status() == "Implementing"
    assert f"{key} was moved to Completed." in release("Prod-EU,Prod-US")
    assert status() == "Completed"
