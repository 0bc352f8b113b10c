"""Reports of what went past the gate: kept by the account itself, and read for the auditor's list."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import fastjsonschema
import pytest

from evidence_scenes import Desk, at, listed, on_github
from gate_jobs import POLICY, commit
from jira_ci.config.schema import published
from jira_ci.evidence.kept_reports import PREFIX, of
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from providers.github_graphql_server import GitHubGraph
from scenes import reach

OLD = listed(9, "05-02 10:00")
LATER = datetime(2026, 10, 2, 12, tzinfo=timezone.utc)
REPORT = ("deployment", "--environment", "Prod", "--version", "1.2.3", "--state", "success", "--issue-keys", "WEB-12")


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox, github: GitHubGraph) -> Desk:
    github.listed = [OLD]
    made = on_github(tmp_path, sandbox, github, LATER.replace(month=8))
    made.job.environ |= {**reach(sandbox), "TMPDIR": str(tmp_path), "GITHUB_ACTOR": "octocat"}
    return made


def report(desk: Desk, *arguments: str, **environ: str) -> str:
    ended = desk.job.jira_ci(*(arguments or REPORT), now=desk.now, **environ)
    assert ended.code == 0, ended.err
    return ended.out


def later(desk: Desk, sandbox: Sandbox) -> Desk:
    desk.now = at(sandbox, LATER)
    return desk


def test_a_job_without_an_environment_is_listed(desk: Desk, sandbox: Sandbox) -> None:
    assert "jira-ci evidence lists it so." in report(desk)
    report(desk)
    found, ended = later(desk, sandbox).found()
    assert ended.code == 0, ended.err
    fastjsonschema.compile(published("evidence"))(found)
    [one] = found["deployments"]
    assert (one["environment"], one["version"], one["finding"], one["state"]) == (
        "Prod",
        "1.2.3",
        "no-change",
        "successful",
    )
    assert (one["known-to"], one["provider-id"], one["actor"]) == (["Jira"], None, "octocat")
    assert one["started"] == "2026-08-02T12:00:00Z"
    assert desk.found("--from", "2026-07-01", "--to", "2026-07-31")[0]["known"] == 0


def for_tenants(desk: Desk, github: GitHubGraph) -> None:
    title = 'title: "{project} {version} to {environment} for {tenant}"'
    text = POLICY.format(site=desk.sandbox.address, more=title)
    github.files = {".jira-ci.yml": text.encode()}
    commit(desk.job, text)


def test_what_the_provider_knows_is_listed_once(desk: Desk, sandbox: Sandbox, github: GitHubGraph) -> None:
    for_tenants(desk, github)
    report(desk, *REPORT, "--tenant", "Aurora")
    told = [("success", "2026-08-02T12:00:00Z", int(desk.job.environ["GITHUB_RUN_ID"]))]
    github.listed = [listed(1, "08-02 11:59", told=told), OLD]
    found, _ = later(desk, sandbox).found()
    assert [one["known-to"] for one in found["deployments"]] == [["GitHub"]]


def test_each_tenant_is_one_and_other_repositories_are_none(desk: Desk, sandbox: Sandbox, github: GitHubGraph) -> None:
    for_tenants(desk, github)
    report(desk, *REPORT, "--tenant", "Aurora, Boreas")
    own = sandbox.site.desk.extras
    account = next(key for key in own.dump()["properties"] if key.startswith("user "))
    kept = next(iter(own.properties(account).values()))
    own.set_property(account, f"{PREFIX}20260802.{'0' * 16}", {**kept, "repository": "acme/other"})
    own.set_property(account, f"{PREFIX}20260802.{'1' * 16}", ["nothing", "of", "ours"])
    own.set_property(account, f"{PREFIX}20269902.{'2' * 16}", kept)
    found, ended = later(desk, sandbox).found()
    assert ended.code == 0, ended.err
    assert sorted(one["tenant"] for one in found["deployments"]) == ["Aurora", "Boreas"]


def test_what_cannot_be_kept_is_said_and_fails_nothing(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.before = lambda request: Answer(403) if "/user/properties" in request.path else None
    assert "could not be kept for jira-ci evidence" in report(desk)
    found, ended = later(desk, sandbox).found()
    assert (ended.code, found["known"]) == (7, 0)
    assert "Reports of deployments past a gate could not be read" in found["not-provable"][0]["why"]


def test_it_is_known_by_its_run_and_place() -> None:
    assert of("Acme/Shop", "7", "PROD ") == of("acme/shop", "7", "prod")
    names = {
        of(*one) for one in (("a", "7", "p"), ("a", "8", "p"), ("b", "7", "p"), ("a", "7", "q"), ("a", "7", "p", "t"))
    }
    assert len(names) == 5
