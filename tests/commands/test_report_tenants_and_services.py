"""Deployments for tenants and of services, and what they say, from the job's variables to what Jira shows."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import scenes
from gate_jobs import scene
from jira_ci.jira.identity import keys_of, services_of
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
SERVICES = """\
services:
  billing: {ids: ["ari:cloud:graph::service/1/billing"], paths: ["services/billing/**"]}
  web: {ids: [WEB-SVC, WEB-SVC-2], paths: ["services/web/**"]}
  all: {ids: [ALL]}
"""


@pytest.fixture
def monorepo(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A push to GitHub of two commits, each to a service of its own."""
    made = scenes.github(tmp_path, PATH, {})
    before = made.git("rev-parse", "HEAD")
    made.write(".jira-ci.yml", SERVICES)
    for key, folder in (("WEB-12", "billing"), ("WEB-13", "web")):
        made.write(f"services/{folder}/code", "x")
        made.git("add", ".")
        made.commit(f"{key} Change {folder}")
    head = made.git("rev-parse", "HEAD")
    push = {"before": before, "after": head, "ref": "refs/heads/main", "commits": []}
    (made.folder.parent / "event.json").write_text(json.dumps(push), encoding="utf-8")
    made.environ |= {"GITHUB_SHA": head, **scenes.reach(sandbox)}
    return made


def sent(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The records of every bulk request."""
    bodies = [json.loads(exchange.body) for exchange in sandbox.exchanges if exchange.path.endswith("/bulk")]
    return [record for body in bodies for record in (*body.get("deployments", ()), *body.get("builds", ()))]


def bulks(sandbox: Sandbox) -> int:
    return sum(exchange.path.endswith("/bulk") for exchange in sandbox.exchanges)


def deploy(job: Job, *arguments: str) -> Any:
    ended = job.jira_ci("deployment", "--state", "success", "--format", "json", *arguments)
    assert ended.code == 0, ended.err
    return ended.json


def test_each_tenant_has_a_record_in_each_environment(job: Job, sandbox: Sandbox) -> None:
    deploy(job, "--environment", "Dev", "--version", "0.0.5")
    said = deploy(job, "--environment", "Dev,Prod", "--tenant", "Tenant A\nTenant B", "--version", "0.0.5")
    found = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert sorted((one["environment"]["displayName"], one["environment"]["type"]) for one in found) == [
        ("Dev", "development"),
        ("Dev for Tenant A", "development"),
        ("Dev for Tenant B", "development"),
        ("Prod for Tenant A", "production"),
        ("Prod for Tenant B", "production"),
    ]
    assert {one["description"] for one in sent(sandbox)} >= {"0.0.5 to Dev for Tenant A", "0.0.5 to Dev"}
    assert (said["environment"], said["environment-type"]) == (["Dev", "Prod"], ["development", "production"])
    assert said["accepted"] == 4


def test_a_tenants_record_is_updated_in_any_spelling(job: Job, sandbox: Sandbox) -> None:
    arguments = ("deployment", "--environment", "Dev", "--tenant")
    job.jira_ci(*arguments, "Tenant A", "--state", "in_progress")
    job.jira_ci(*arguments, " tenant  a", "--state", "failed")
    [one] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert one["state"] == "failed"


def test_two_hundred_tenants_in_three_environments_go_into_six_requests(job: Job, sandbox: Sandbox) -> None:
    tenants = ",".join(f"Tenant {number}" for number in range(200))
    said = deploy(job, "--environment", "Dev,QA,Prod", "--tenant", tenants)
    assert (said["accepted"], bulks(sandbox)) == (600, 6)
    assert len({one["environment"]["id"] for one in sent(sandbox)}) == 600
    assert said["environment"] == ["Dev", "QA", "Prod"]


def test_names_that_mean_one_tenant_are_said_and_reported_once(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("deployment", "--state", "success", "--environment", "Dev", "--tenant", "Acme,ACME,Acme,b")
    assert '"Acme" and "ACME" are one tenant in Jira; only the first is reported.' in ended.out
    assert 'The tenant "Acme" is named twice; it is reported once.' in ended.out
    assert [one["environment"]["displayName"] for one in sent(sandbox)] == ["Dev for Acme", "Dev for b"]


@pytest.mark.parametrize("name", ["x" * 500, 'say "hi"', "🚀", "🚀 north", "a/b", "../", "a';--", "<b>", "%2e"])
def test_whatever_a_tenant_is_called_jira_takes_it(job: Job, sandbox: Sandbox, name: str) -> None:
    for _ in range(2):
        deploy(job, "--environment", "Dev", "--tenant", name)
    assert len(scenes.stored(sandbox, "WEB-12")["deployments"]) == 1
    assert all(len(one["environment"]["id"]) <= 255 for one in sent(sandbox))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (" ", "tenant (--tenant) is empty"),
        (",", "tenant (--tenant) is a list of nothing"),
        ("\u200b", "hint: Give it a name, such as tenant: Acme."),
        ("a\x1bb", "The tenant's name a\\x1bb holds the control character U+001B."),
        ("a\u2028b", "holds the control character U+2028"),
    ],
)
def test_a_tenant_that_nobody_could_read_is_refused(job: Job, sandbox: Sandbox, name: str, said: str) -> None:
    ended = job.jira_ci("deployment", "--state", "success", "--environment", "Dev", "--tenant", name)
    assert ended.code == 2
    assert said in ended.err + ended.out
    assert bulks(sandbox) == 0


def test_an_environment_that_nobody_can_see_is_refused(job: Job) -> None:
    assert job.jira_ci("deployment", "--state", "success", "--environment", "\u200b").code == 2


def test_a_build_has_no_tenant_and_says_so(job: Job) -> None:
    ended = job.jira_ci("build", "--state", "success", JIRA_CI_TENANT="Acme")
    assert ended.code == 0
    assert "tenant is set, but a build has none: give an environment as well." in ended.out


def test_each_service_has_a_record_with_its_ids_and_its_own_issues(monorepo: Job, sandbox: Sandbox) -> None:
    deploy(monorepo, "--environment", "Prod", "--service", "billing,web")
    billing, web = sent(sandbox)
    assert (billing["pipeline"]["displayName"], web["pipeline"]["displayName"]) == ("CI (billing)", "CI (web)")
    assert billing["pipeline"]["id"] != web["pipeline"]["id"]
    assert (keys_of(billing), keys_of(web)) == (["WEB-12"], ["WEB-13"])
    assert services_of(web) == ["WEB-SVC", "WEB-SVC-2"]
    assert billing["associations"][-1] == {
        "associationType": "commit",
        "values": [{"commitHash": monorepo.environ["GITHUB_SHA"], "repositoryId": "77"}],
    }


def test_environments_tenants_and_services_are_all_combined(monorepo: Job, sandbox: Sandbox) -> None:
    said = deploy(
        monorepo, "--environment", "Dev,Prod", "--tenant", "A,B", "--service", "billing,web", "--version", "2"
    )
    assert (said["accepted"], bulks(sandbox)) == (8, 1)
    identities = {(one["pipeline"]["id"], one["environment"]["id"]) for one in sent(sandbox)}
    assert len(identities) == 8
    assert {one["description"] for one in sent(sandbox)} == {
        f"2 to {environment} for {tenant}" for environment in ("Dev", "Prod") for tenant in "AB"
    }


def test_a_service_without_any_issue_is_reported_all_the_same(monorepo: Job, sandbox: Sandbox) -> None:
    monorepo.environ["GITHUB_EVENT_PATH"] = os.devnull
    monorepo.git("checkout", "--quiet", "--orphan", "empty")
    head = monorepo.commit("Nothing to do with an issue")
    monorepo.environ |= {"GITHUB_SHA": head, "GITHUB_REF": "refs/heads/empty"}
    deploy(monorepo, "--environment", "Prod", "--service", "all")
    [one] = sent(sandbox)
    assert [association["associationType"] for association in one["associations"]] == ["serviceIdOrKeys", "commit"]
    monorepo.jira_ci("build", "--state", "success", "--service", "all")
    assert bulks(sandbox) == 1, "a build can be associated with issues only"


def test_a_build_of_a_service_claims_its_issues_only(monorepo: Job, sandbox: Sandbox) -> None:
    ended = monorepo.jira_ci("build", "--state", "success", "--service", "web")
    assert ended.code == 0, ended.err
    [one] = sent(sandbox)
    assert one["displayName"] == "CI (web) #41"
    assert [association["associationType"] for association in one["associations"]] == ["issueIdOrKeys"]
    assert keys_of(one) == ["WEB-13"]


def test_a_service_that_jira_does_not_know_is_said_and_is_an_error_when_it_is_all(
    monorepo: Job, sandbox: Sandbox
) -> None:
    sandbox.site.services = frozenset({"WEB-SVC"})
    arguments = ("deployment", "--environment", "Prod", "--state", "success", "--on-error", "fail", "--service")
    some = monorepo.jira_ci(*arguments, "web")
    assert some.code == 0
    assert "Services that Jira does not know: WEB-SVC-2" in some.out
    none = monorepo.jira_ci(*arguments, "billing")
    assert none.code == 8
    assert "Jira knows none of the services ari:cloud:graph::service/1/billing" in none.out


def test_a_refused_key_leaves_the_service_associated(monorepo: Job, sandbox: Sandbox) -> None:
    sandbox.site.refuse("WEB-13")
    said = deploy(monorepo, "--environment", "Prod", "--service", "web")
    assert said["accepted"] == 1
    assert [keys_of(one) for one in sent(sandbox)] == [["WEB-13"], []]
    assert services_of(sent(sandbox)[1]) == ["WEB-SVC", "WEB-SVC-2"]


def test_many_ids_leave_room_for_the_commit_and_keys_are_cut(monorepo: Job, sandbox: Sandbox) -> None:
    ids = json.dumps([f"id-{number}" for number in range(495)])
    monorepo.write(".jira-ci.yml", f"services: {{many: {{ids: {ids}}}}}\n")
    keys = ",".join(f"WEB-{number}" for number in range(1, 9))
    ended = monorepo.jira_ci(
        *("deployment", "--environment", "Prod", "--state", "success"), *("--service", "many", "--issue-keys", keys)
    )
    [one] = sent(sandbox)
    assert keys_of(one) == ["WEB-1", "WEB-2", "WEB-3", "WEB-4"]
    assert len(services_of(one)) == 495
    assert "6 more keys are left out" in ended.out  # of these eight, and of the commits' two


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([f"id-{number}" for number in range(501)], "services.many.ids has 501; Jira takes 500 in one deployment."),
        (["x" * 256], "services.many.ids[0] holds characters that Jira refuses, or more than 255."),
        (["🚀"], "services.many.ids[0] holds characters that Jira refuses"),
    ],
)
def test_ids_that_jira_would_refuse_are_an_error_of_the_file(monorepo: Job, ids: list[str], said: str) -> None:
    monorepo.write(".jira-ci.yml", f"services: {{many: {{ids: {json.dumps(ids, ensure_ascii=False)}}}}}\n")
    ended = monorepo.jira_ci("deployment", "--environment", "Prod", "--state", "success", "--service", "many")
    assert ended.code == 2
    assert said in ended.out + ended.err


def test_what_the_record_says_is_filled_for_each(monorepo: Job, sandbox: Sandbox) -> None:
    deploy(
        monorepo,
        *("--environment", "Dev", "--tenant", "A,B", "--service", "billing", "--version", "2"),
        *("--description", "{service} {version} for {tenant}: {state}", "--label", "{environment}/{tenant}"),
        *("--url", "https://octopus.example/app#/{tenant}/{number}"),
    )
    assert [(one["description"], one["label"], one["url"]) for one in sent(sandbox)] == [
        ("billing 2 for A: successful", "Dev/A", "https://octopus.example/app#/A/41"),
        ("billing 2 for B: successful", "Dev/B", "https://octopus.example/app#/B/41"),
    ]


def test_a_text_that_comes_out_blank_counts_as_none(job: Job, sandbox: Sandbox) -> None:
    deploy(job, "--environment", "Dev", "--version", "2", "--description", "{tenant}", "--label", " {tenant}")
    [one] = sent(sandbox)
    assert (one["description"], one["label"]) == ("2 to Dev", "2")


def test_a_text_with_an_unknown_word_is_an_error_with_its_origin(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("report", "--state", "success", JIRA_CI_DESCRIPTION="{verison}")
    assert ended.code == 2
    assert "description (JIRA_CI_DESCRIPTION) holds {verison}" in ended.out + ended.err
    assert bulks(sandbox) == 0


def test_an_expression_that_nobody_evaluated_is_sent_as_it_stands_and_said(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("report", "--state", "success", "--description", "${{ github.actor }}")
    assert "description holds ${{ github.actor }}, which was not evaluated" in ended.out
    assert sent(sandbox)[0]["description"] == "${{ github.actor }}"


def test_at_the_end_of_deploy_the_state_is_said_anew(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scene(tmp_path, sandbox).job
    job.environ |= {**scenes.reach(sandbox), "JIRA_CI_ISSUE_KEYS": "WEB-12"}
    texts = ("--description", "{state} for {tenant}", "--url", "https://x.example/{state}", "--label", "{version}")
    command = ("--", sys.executable, "-c", "raise SystemExit(3)")
    ended = job.jira_ci("deploy", "--environment", "Dev", "--tenant", "A", "--version", "2", *texts, *command)
    assert ended.code == 3
    assert [(one["description"], one["url"], one["label"]) for one in sent(sandbox)] == [
        ("in_progress for A", "https://x.example/in_progress", "2"),
        ("failed for A", "https://x.example/failed", "2"),
    ]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("--tenant", "\u200b", "The tenant's name is empty."),
        ("--label", "{x}", "label (--label) holds {x}"),
        ("--url", "https://{tenant}/", "leaves its host to {tenant}"),
        ("--property", "x", "is not of the form name=value"),
        ("--service", "x", "service is 'x'"),
    ],
)
def test_deploy_starts_nothing_with_a_setting_that_cannot_be_meant(
    tmp_path: Path, sandbox: Sandbox, setting: str, value: str, said: str
) -> None:
    job = scene(tmp_path, sandbox).job
    job.environ |= scenes.reach(sandbox)
    command = ("--", sys.executable, "-c", "open('started', 'w')")
    ended = job.jira_ci("deploy", "--environment", "Dev", setting, value, *command)
    assert (ended.code, said in ended.out + ended.err) == (2, True)
    assert not (job.folder / "started").exists()
    assert bulks(sandbox) == 0


def test_the_users_properties_go_with_the_report_and_show_in_a_dry_run(job: Job, sandbox: Sandbox) -> None:
    arguments = ("--environment", "Dev", "--property", "train=2026-11")
    [request] = deploy(job, *arguments, "--dry-run")["requests"]
    assert request["body"]["properties"] == {
        "train": "2026-11",
        "repository": "77",
        "run": "9001",
        "deployed-to": "dev",
    }
    deploy(job, *arguments)
    [exchange] = [one for one in sandbox.exchanges if one.path.endswith("/bulk")]
    assert json.loads(exchange.body)["properties"] == request["body"]["properties"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", "pending"),
        ("in_progress", "in_progress"),
        ("success", "successful"),
        ("failure", "failed"),
        ("cancelled", "cancelled"),
        ("rolled_back", "rolled_back"),
        ("Rolled-Back", "rolled_back"),
    ],
)
def test_a_deployment_has_any_of_jiras_states(job: Job, sandbox: Sandbox, word: str, state: str) -> None:
    assert job.jira_ci("report", "--environment", "Prod", "--state", word).code == 0
    [one] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert one["state"] == state


def test_a_build_cannot_be_rolled_back(job: Job) -> None:
    ended = job.jira_ci("build", "--state", "rolled_back")
    assert ended.code == 2
    assert "Jira knows for deployments only" in ended.out + ended.err


CHOICES = [("skip", 0, "There"), ("warn", 0, "::warning"), ("fail", 8, "::error")]


@pytest.mark.parametrize(("choice", "code", "begins"), CHOICES)
def test_a_service_without_a_key_is_sent_and_on_no_keys_decides(
    monorepo: Job, sandbox: Sandbox, choice: str, code: int, begins: str
) -> None:
    start = monorepo.git("rev-parse", "HEAD~1")  # since then only web was touched
    services = ("--service", "billing,web", "--since", start, "--on-no-keys", choice)
    ended = monorepo.jira_ci("deployment", "--environment", "Prod", "--state", "success", *services)
    assert ended.code == code, ended.out
    assert [(keys_of(one), services_of(one) != []) for one in sent(sandbox)] == [([], True), (["WEB-13"], True)]
    [said] = [line for line in ended.out.splitlines() if "no issue key for" in line]
    assert said.startswith(begins)
    assert "There is no issue key for Prod (billing): shown on services only." in said


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_build_of_a_service_without_a_key_is_said_not_to_be_reported(
    monorepo: Job, sandbox: Sandbox, dry: list[str]
) -> None:
    start = monorepo.git("rev-parse", "HEAD~1")
    asked = ("--service", "billing,web", "--since", start, "--on-no-keys", "fail", "--format", "json", *dry)
    ended = monorepo.jira_ci("build", "--state", "success", *asked)
    assert ended.code == 8
    assert ended.json["error"]["message"] == "There is no issue key for CI (billing) #41: not reported."
    assert ended.json["issue-keys"] == ["WEB-13"]
    assert [keys_of(one) for one in sent(sandbox)] == ([] if dry else [["WEB-13"]])


def test_what_jira_refuses_decides_before_a_missing_key(monorepo: Job, sandbox: Sandbox) -> None:
    sandbox.before = lambda request: Answer(403) if request.path.endswith("/bulk") else None
    start = monorepo.git("rev-parse", "HEAD~1")
    asked = ("--service", "billing,web", "--since", start, "--on-no-keys", "fail", "--on-error", "fail")
    ended = monorepo.jira_ci("deployment", "--environment", "Prod", "--state", "success", *asked)
    assert ended.code == 6
    assert "There is no issue key for Prod (billing)" in ended.out
