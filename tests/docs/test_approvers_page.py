"""The pages about who must have approved, shared changes, tenants and standard changes: each example is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate_jobs import Scene, commit, scene
from gate_subjects import known
from jira_ci.gate.gate_result import GateResult
from jira_sandbox.accounts import ANA, BEN, CLEO
from jira_sandbox.desk.catalogue import IssueType, RequestType
from jira_sandbox.desk.change_issue import Stage
from jira_sandbox.server import Sandbox

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


def examples(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (GUIDES / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def govern(here: Scene, example: str) -> None:
    commit(here.job, example.replace("acme.atlassian.net", f'"{here.sandbox.address}"'))


def ask(here: Scene, *flags: str) -> GateResult:
    with here.gate(*flags) as gate:
        return gate.ask()


def implementing(sandbox: Sandbox, key: str, *people: str) -> None:
    sandbox.desk.transition(key, "Authorize")
    for one in people:
        sandbox.desk.approve(key, one)
    sandbox.desk.transition(key, "Implementing")


def test_cab_and_security(here: Scene) -> None:
    govern(here, examples("approvers.md")[0])
    stages = (Stage("CAB", (ANA.account,)), Stage("Security", (CLEO.account,)))
    here.sandbox.site.desk.stages = stages[:1]
    key = ask(here).records[0]["change"]["key"]
    implementing(here.sandbox, key, "ana")
    found = ask(here)
    assert found.decision.row == 27
    assert "The approval Security (required-approvals) is not there" in found.decision.reason
    assert "Ben Okafor or Cleo Martin can" in found.decision.reason
    assert [(one["name"], one["met"]) for one in found.records[0]["required"]] == [
        ("CAB", True),
        ("Security", False),
        ("release-managers", False),
    ]
    assert found.records[0]["required"][2]["could"] == [BEN.account, CLEO.account]
    here.sandbox.site.desk.stages = stages
    implementing(here.sandbox, key, "ana", "cleo")
    assert ask(here).decision.row == 31


def test_one_approval_for_three_regions(here: Scene) -> None:
    govern(here, examples("one-approval.md")[0])
    keys = {ask(here, f"environment=Prod-{one}").records[0]["change"]["key"] for one in ("EU", "US", "AP")}
    (key,) = keys
    assert known(here.sandbox, key).summary.endswith('version 1.2.3 to "Prod-EU, Prod-US, Prod-AP"')
    implementing(here.sandbox, key, "ana")
    assert [ask(here, f"environment=Prod-{one}").decision.row for one in ("EU", "US", "AP")] == [31, 31, 31]


def test_rules_of_a_tenant(here: Scene) -> None:
    govern(here, examples("tenants.md")[0])
    assert ask(here, "environment=Dev", "tenant=Boreas").decision.row == 3
    found = ask(here, "environment=Dev", "tenant=Aurora")
    assert found.decision.row == 15
    assert found.records[0]["policy"]["in-force"]["minimum-approvals"] == 2
    key = ask(here, "environment=Prod", "tenant=Boreas").records[0]["change"]["key"]
    implementing(here.sandbox, key, "ana")
    assert ask(here, "environment=Prod", "tenant=Boreas").decision.row == 31


def test_a_standard_change_opens_no_other(here: Scene) -> None:
    govern(here, examples("standard-change.md")[0])
    catalogue = here.sandbox.site.desk.catalogue
    catalogue.issue_types.append(IssueType("10060", "Standard change"))
    form = catalogue.request_types[0].fields
    catalogue.request_types.append(RequestType("40", "1", "Standard change", "Approved.", "10060", form))
    title = 'Deploy "shop" version 1.2.3 to "Prod-Content"'
    normal = here.sandbox.desk.create(title).key
    here.sandbox.desk.transition(normal, "Implementing")
    found = ask(here, "environment=Prod-Content")
    key = found.records[0]["change"]["key"]
    assert (found.decision.row, key != normal) == (15, True)
    here.sandbox.desk.transition(key, "Implementing")
    found = ask(here, "environment=Prod-Content")
    assert (found.decision.row, found.decision.approved) == (31, False)
    other = ask(here).records[0]["change"]["key"]
    here.sandbox.desk.transition(other, "Implementing")
    assert ask(here).decision.row == 27
    tightened = ask(here, "environment=Prod-Content", "minimum-approvals=1")
    assert tightened.decision.row == 27


def test_a_standing_change(here: Scene) -> None:
    here.sandbox.site.desk.stages = (Stage("CAB", (ANA.account,)),)
    standing = here.sandbox.desk.create("Content of the shop").key
    govern(here, examples("standard-change.md")[1].replace("OPS-7", standing))
    assert ask(here, "environment=Prod-Content").decision.row == 24
    implementing(here.sandbox, standing, "ana")
    for version in ("1.2.3", "1.2.4"):
        assert ask(here, "environment=Prod-Content", f"version={version}").decision.row == 31
