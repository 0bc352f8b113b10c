"""``check --policy``, and the organisation's policy from the setting to the decision."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci.servers import Api, serving
from gate_jobs import POLICY, commit, scene
from gate_subjects import approved
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
STRICTER = "change-control: {minimum-approvals: 2, exclude-approvers: [reporter]}\n"
GATE = ("gate", "--environment", "Prod", "--version", "1.2.3")
COMMIT = "c" * 40


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        yield found


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A push to main with change control; an approved change is there."""
    approved(sandbox)
    return scene(tmp_path, sandbox, "minimum-approvals: 1").job


def serve(api: Api, job: Job, text: str, **changed: Any) -> dict[str, Any]:
    """GitHub, where main is the run's commit and acme/policies has the organisation's policy."""
    data = text.encode()
    api.json("/repos/acme/shop", {"default_branch": "main"})
    api.json("/repos/acme/shop/git/ref/heads/main", {"object": {"sha": job.environ["GITHUB_SHA"]}})
    api.json("/repos/acme/policies/commits/main", {"sha": COMMIT})
    blob = {
        "type": "file",
        "path": "jira-ci.yml",
        "sha": hashlib.sha1(b"blob %d\0%s" % (len(data), data)).hexdigest(),  # noqa: S324 - git's own
        "size": len(data),
        "encoding": "base64",
        "content": base64.b64encode(data).decode(),
    }
    api.json("/repos/acme/policies/contents/jira-ci.yml", {**blob, **changed})
    return {
        "GITHUB_API_URL": api.url,
        "GITHUB_TOKEN": "t0ken",
        "JIRA_CI_ORGANISATION_POLICY": "acme/policies@main:jira-ci.yml",
    }


def test_the_policy_is_shown_line_by_line_and_nobody_is_asked(job: Job, sandbox: Sandbox) -> None:
    before = len(sandbox.exchanges)
    ended = job.jira_ci("check", "--policy", "--environment", "Prod", JIRA_CI_MINIMUM_APPROVALS="2")
    assert ended.code == 0, ended.out
    lines = ended.out.splitlines()
    own = job.environ["GITHUB_SHA"]
    assert "Prod is change controlled, by" in lines
    assert any(line.startswith(f"  acme/shop@{own}:.jira-ci.yml (SHA-256 ") for line in lines)
    assert f"  service-desk: OPS  (.jira-ci.yml@{own[:8]} line 9)" in lines
    assert "  minimum-approvals: 2  (the setting minimum-approvals)" in lines
    assert '  proceed-statuses: ["Implementing"]  (default)' in lines
    assert any(line.startswith("  relaxed: the default branch could not be asked") for line in lines)
    assert len(sandbox.exchanges) == before


def test_without_an_environment_all_of_the_file_are_shown(job: Job) -> None:
    ended = job.jira_ci("check", "--policy", "--format", "json")
    found = {one["environment"]: one for one in ended.json["policy"]}
    assert {name: one["change-controlled"] for name, one in found.items()} == {
        "Dev": False,
        "Stage": True,
        "Prod": True,
    }
    assert "No rule in" in found["Dev"]["reason"]
    assert found["Prod"]["in-force"]["minimum-approvals"]["value"] == 1
    assert set(found["Prod"]["in-force"]["title"]) == {"value", "from"}


def test_a_policy_that_is_invalid_or_none_ends_with_its_code(job: Job) -> None:
    misspelt = job.jira_ci("check", "--policy", "--environment", "Prodution", "--format", "json")
    assert (misspelt.code, misspelt.json["policy"][0]["change-controlled"]) == (2, True)
    assert job.jira_ci("check", "--policy", JIRA_CI_ORGANISATION_POLICY="inline").code == 2
    assert job.jira_ci("check", "--polcy").code == 2


def test_the_organisations_policy_tightens_the_repositorys(job: Job, api: Api) -> None:
    assert job.jira_ci(*GATE).code == 0
    given = serve(api, job, STRICTER)
    ended = job.jira_ci(*GATE, **given)
    assert ended.code == 4, ended.out
    assert len([path for path in api.paths if "/acme/policies/" in path]) == 2
    shown = job.jira_ci("check", "--policy", "--environment", "Prod", **given).out
    assert "  minimum-approvals: 2  (acme/policies:jira-ci.yml@cccccccc line 1)" in shown
    assert f"  acme/policies@{COMMIT}:jira-ci.yml (SHA-256 " in shown
    assert "relaxed" not in shown


def test_the_organisations_policy_may_stand_in_a_variable(job: Job) -> None:
    ended = job.jira_ci(*GATE, JIRA_CI_ORGANISATION_POLICY="inline", JIRA_CI_ORGANISATION_POLICY_TEXT=STRICTER)
    assert ended.code == 4
    assert "no setting of jira-ci" not in ended.out + ended.err


@pytest.mark.parametrize(
    "changed", [{"type": "dir"}, {"content": "", "size": 0}, {"content": base64.b64encode(b"loose").decode()}]
)
def test_an_organisations_policy_that_cannot_be_read_lets_nothing_through(
    job: Job, api: Api, changed: dict[str, Any]
) -> None:
    given = serve(api, job, STRICTER, **changed)
    ended = job.jira_ci(*GATE, **given)
    assert ended.code == 2
    assert "The organisation's policy, acme/policies@main:jira-ci.yml, could not be read." in ended.out
    assert "organisation-token" in ended.out


@pytest.mark.parametrize("setting", ["acme/other@main:jira-ci.yml", "acme/policies@main:none.yml", "x", "inline"])
def test_one_that_is_nowhere_lets_nothing_through_either(job: Job, api: Api, setting: str) -> None:
    given = {**serve(api, job, STRICTER), "JIRA_CI_ORGANISATION_POLICY": setting}
    assert job.jira_ci(*GATE, **given).code == 2
    assert job.jira_ci(*GATE, JIRA_CI_ORGANISATION_POLICY=setting).code == 2


def test_its_own_token_goes_to_its_own_repository(job: Job, api: Api) -> None:
    given = {**serve(api, job, STRICTER), "JIRA_CI_ORGANISATION_TOKEN": "0rganisation"}
    ended = job.jira_ci(*GATE, "--log-level", "debug", **given)
    used = {path.split("?")[0]: headers["Authorization"] for path, headers in api.requests}
    assert used["/repos/acme/policies/commits/main"] == "token 0rganisation"
    assert used["/repos/acme/shop"] == "token t0ken"
    assert "0rganisation" not in ended.out + ended.err


def test_check_says_that_the_organisations_policy_cannot_be_read(job: Job) -> None:
    ended = job.jira_ci("check", JIRA_CI_ORGANISATION_POLICY="inline")
    assert ended.code == 2
    assert "gate policy: organisation-policy is inline, and JIRA_CI_ORGANISATION_POLICY_TEXT is empty" in ended.out


def test_a_tenants_rule_is_shown_with_the_line_that_says_it(job: Job, sandbox: Sandbox) -> None:
    rules = "\ntenants: {Aurora: {change-control: {minimum-approvals: 2}}}\n"
    commit(job, POLICY.format(site=sandbox.address, more="minimum-approvals: 1") + rules)
    flags = ("--environment", "Prod", "--tenant", "Aurora, Boreas")
    lines = job.jira_ci("check", "--policy", *flags).out.splitlines()
    own = job.environ["GITHUB_SHA"][:8]
    assert "Prod for Aurora is change controlled, by" in lines
    assert [line for line in lines if "minimum-approvals" in line] == [
        f"  minimum-approvals: 2  (.jira-ci.yml@{own} line 12)",
        f"  minimum-approvals: 1  (.jira-ci.yml@{own} line 10)",
    ]
    everywhere = job.jira_ci("check", "--policy").out.splitlines()
    assert {"Prod is change controlled, by", "Prod for Aurora is change controlled, by"} <= {*everywhere}
    assert "the title of its changes for Stage lacks {tenant}" in job.jira_ci("check", "--environment", "Prod").out
